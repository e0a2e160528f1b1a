// The page with kernels that are wrong on purpose: the Wasm file that it is served is one percent off in one output, and the
// cards that hold that kernel say so.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../cli/server.js";
import type { VkernelExplorer } from "../../site/element.js";
import { loadCards } from "../../claims/cards.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { poisoned } from "../shared/poison.js";
import { siteFolder } from "./site.js";

const kernels = new URL("../../build/wasm/simd-local.wasm", import.meta.url);

let browser: Browser;

/** Which cards of a story hold, by name, on a page whose kernels are those of `wasm`, or the built ones. */
async function verdictsOf(story: string, wasm?: Uint8Array): Promise<Record<string, boolean>> {
  const server = await startServer({
    folder: siteFolder,
    isolated: false,
    ...(wasm && { files: new Map([["/wasm/simd-local.wasm", wasm]]) }),
  });
  const context = await browser.newContext({ reducedMotion: "reduce" });
  try {
    const page = await context.newPage();
    await page.goto(server.url);
    return await page.evaluate(async (name) => {
      await customElements.whenDefined("vkernel-explorer");
      const element = document.querySelector("vkernel-explorer") as VkernelExplorer;
      await element.ready;
      await element.openStory(name);
      const verdicts = await element.verify();
      return Object.fromEntries(verdicts.map(({ card, holds }) => [card, holds]));
    }, story);
  } finally {
    await context.close();
    await server.close();
  }
}

const cardsOf = async (story: string) => Object.entries((await loadCards(story))?.measures ?? {});

describe.skipIf(skipReason !== undefined)(
  browserTitle("a page with kernels that are one percent off"),
  () => {
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser?.close());

    // One story a layout: particles across lanes, a run with noise, grids.
    it.each([
      ["boundary-map", "posteriorLanes2.covariance"],
      ["one-sample-bridge", "normals"],
      ["ill-posed-reversal", "logDensityTiles"],
    ])(
      "%s: the cards that name %s fail, and hold with the right kernels",
      { tags: ["long"] },
      async (story, kernel) => {
        const cards = await cardsOf(story);
        const named = cards.filter(([, card]) => card.kernels.includes(kernel)).map(([name]) => name);
        expect(named.length).toBeGreaterThan(0);
        expect(await verdictsOf(story)).toEqual(Object.fromEntries(cards.map(([name]) => [name, true])));
        const verdicts = await verdictsOf(story, poisoned(kernel, kernels));
        expect(named.filter((name) => verdicts[name] !== false)).toEqual([]);
      },
    );
  },
);
