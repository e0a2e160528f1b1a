// Firefox and WebKit: the promised bits with and without threads, and the explorer with a story, where particles have the
// bits that they have in Chromium.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../cli/server.js";
import type { VkernelExplorer } from "../../site/element.js";
import { bitsHashes } from "../shared/bits.js";
import { bundlePage, dist, root } from "./bundle.js";
import { launch, skipReason as noChromium } from "./chromium.js";
import { others, type Tab } from "./others.js";
import type { PageGlobals } from "./page/main.js";
import { serve } from "./server.js";

/** Keeps what a page complains about, from before its first script on. */
const recorder = `globalThis.complaints = [];
const keep = (text) => globalThis.complaints.push(String(text));
addEventListener("error", ({ message }) => keep(message));
addEventListener("unhandledrejection", ({ reason }) => keep(reason));
addEventListener("securitypolicyviolation", (event) => keep(event.violatedDirective + " " + event.blockedURI));
console.error = (...values) => keep(values.join(" "));
`;

/** On the page: goes to a step, then opens a story and has its cards measured. */
async function explore([step, name]: readonly [number, string]) {
  await customElements.whenDefined("vkernel-explorer");
  const element = document.querySelector("vkernel-explorer") as VkernelExplorer;
  await element.ready;
  await element.pause();
  await element.seek(step);
  const particles = await element.getParticles();
  const canvas = element.shadowRoot?.querySelector("canvas") as HTMLCanvasElement;
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext("2d") as CanvasRenderingContext2D;
  context.drawImage(canvas, 0, 0);
  const colours = new Set(new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer));
  await element.openStory(name);
  const verdicts = await element.verify();
  return {
    isolated: crossOriginIsolated,
    step: particles.step,
    count: particles.count,
    data: Array.from(particles.data),
    colours: colours.size,
    story: element.getState().story,
    verdicts: verdicts.map(({ story, card, holds }) => ({ story, card, holds })),
    complaints: (globalThis as unknown as { complaints: string[] }).complaints,
  };
}

const asked = [40, "flow-map"] as const;

async function openExplorer(isolated: boolean, onMissing: (path: string) => void) {
  const folder = join(dist, "site");
  const index = await readFile(join(folder, "index.html"), "utf8");
  const recorded = index.replace("<head>", '<head><script src="record.js"></script>');
  expect(recorded).not.toBe(index);
  const files = new Map([
    ["/index.html", recorded],
    ["/", recorded],
    ["/record.js", recorder],
  ]);
  return startServer({ folder, isolated, files, onMissing });
}

for (const browser of others) {
  const { skipReason } = browser;
  const title = skipReason === undefined ? browser.name : `${browser.name} (skipped: ${skipReason})`;
  describe.skipIf(skipReason !== undefined)(title, () => {
    let tab: Tab;
    let files: ReadonlyMap<string, string | Uint8Array>;
    beforeAll(async () => {
      files = await bundlePage(`${root}/test/browser/page/main.ts`);
      tab = await browser.open();
    });
    afterAll(() => tab?.close());

    it.each([
      ["an isolated page, on two threads", true, 2],
      ["an ordinary page, on one", false, 1],
    ])("gives the promised bits on %s", { tags: ["long"] }, async (_, isolated, threads) => {
      const server = await serve({ files, isolated });
      try {
        await tab.goto(server.url);
        const info = await tab.evaluate(() => (globalThis as PageGlobals).vk.info({ threads: 2 }));
        expect(info).toMatchObject({ kernels: "simd", threads, sharedMemory: isolated });
        if (!isolated) expect(info.note).toMatch(/cross-origin isolated/);
        const got = await tab.evaluate(() => (globalThis as PageGlobals).vk.bits({ threads: 2 }));
        expect(got).toEqual(bitsHashes);
      } finally {
        await server.close();
      }
    });

    it.skipIf(noChromium !== undefined).each([
      ["isolated", true],
      ["not isolated", false],
    ])(
      "draws the explorer and opens a story as Chromium does: %s",
      { tags: ["long"] },
      async (_, isolated) => {
        const missing: string[] = [];
        const server = await openExplorer(isolated, (path) => void missing.push(path));
        const chromium = await launch();
        try {
          const page = await chromium.newPage();
          await page.goto(server.url);
          const expected = await page.evaluate(explore, asked);
          await tab.goto(server.url);
          const got = await tab.evaluate(explore, asked);
          expect(got.complaints).toEqual([]);
          expect(got).toMatchObject({ isolated, step: 40, story: "flow-map" });
          expect(got.count).toBeGreaterThan(1000);
          expect(got.colours).toBeGreaterThan(20);
          expect(got.data).toEqual(expected.data);
          expect(got.verdicts.length).toBeGreaterThan(0);
          expect(got.verdicts).toEqual(expected.verdicts);
          expect(missing).toEqual([]);
        } finally {
          await chromium.close();
          await server.close();
        }
      },
    );
  });
}
