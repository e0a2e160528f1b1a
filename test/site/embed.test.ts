// The explorer on other people's pages: three lines, several at once, in frames, under strict policies, attached and detached.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../cli/server.js";
import type { VkernelExplorer } from "../../site/element.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { dist } from "../browser/bundle.js";
import { serve } from "../browser/server.js";
import { framesOf, ready, siteFolder } from "./site.js";

/** A page of the test's own, somewhere else. */
const pageOf = (lines: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>A page</title><body>${lines}</body></html>`;

let browser: Browser;
let site: RunningServer;

describe.skipIf(skipReason !== undefined)(browserTitle("embedding"), () => {
  beforeAll(async () => {
    [browser, site] = await Promise.all([launch(), startServer({ folder: siteFolder, origins: ["*"] })]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** Opens a page with these lines on a server of its own. */
  async function onPage<R>(
    lines: string,
    options: { policy?: string; isolated?: boolean },
    work: (page: Page, errors: string[]) => Promise<R>,
  ): Promise<R> {
    const server = await serve({ files: new Map([["/index.html", pageOf(lines)]]), ...options });
    const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    try {
      await page.goto(server.url);
      return await work(page, errors);
    } finally {
      await context.close();
      await server.close();
    }
  }

  it("three lines on a page of another origin", () => {
    const lines = [
      `<script type="module" src="${site.url}explorer.js"></script>`,
      `<vkernel-explorer data-seed="5" data-t="0.5" data-preset="n=15;set=four" data-controls="min">`,
      `no script here</vkernel-explorer>`,
    ];
    return onPage(lines.join("\n"), {}, async (page, errors) => {
      await ready(page);
      const got = await page.evaluate(async () => {
        const one = document.querySelector("vkernel-explorer") as VkernelExplorer;
        const { count, data } = await one.getParticles();
        return { state: one.getState(), count, finite: data.every(Number.isFinite) };
      });
      expect(got).toMatchObject({
        count: 20_000,
        finite: true,
        state: { seed: 5, view: { steps: 15, set: "four" } },
      });
      // The page's address is its own, and it may have no worker of another origin: that is said.
      expect(new URL(page.url()).hash).toBe("");
      expect(errors.filter((text) => !/worker/i.test(text))).toEqual([]);
    });
  });

  it("two elements, one of them detached and attached again", { tags: ["long"] }, async () => {
    const lines = `<script type="module" src="/site/explorer.js"></script>
<vkernel-explorer id="a" data-controls="none" data-seed="1">A</vkernel-explorer>
<vkernel-explorer id="b" data-controls="none" data-seed="2">B</vkernel-explorer>`;
    const server = await startServer({ folder: dist, files: new Map([["/index.html", pageOf(lines)]]) });
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    try {
      await page.goto(server.url);
      await ready(page);
      const workers = (): number => page.workers().length;
      const first = async (id: string): Promise<number[]> =>
        page.evaluate(async (id) => {
          const one = document.getElementById(id) as VkernelExplorer;
          await one.ready;
          await one.seek(100);
          return Array.from((await one.getParticles()).data.slice(0, 20));
        }, id);
      const [a, b] = [await first("a"), await first("b")];
      expect(a).not.toEqual(b);
      const before = workers();
      expect(before).toBeGreaterThanOrEqual(2);

      await page.evaluate(() => {
        const one = document.getElementById("a") as VkernelExplorer;
        (globalThis as unknown as { kept: Element }).kept = one;
        one.remove();
      });
      await expect.poll(workers).toBeLessThan(before);
      expect(await first("b")).toEqual(b);
      await page.evaluate(() => {
        const { kept } = globalThis as unknown as { kept: Element };
        document.body.append(kept);
      });
      expect(await first("a")).toEqual(a);
      await expect.poll(workers).toBe(before);

      // Moved within the page, as scripts do when they sort things.
      await page.evaluate(() => document.body.prepend(document.getElementById("a") as Element));
      expect(await first("a")).toEqual(a);
      expect(errors).toEqual([]);
    } finally {
      await page.close();
      await server.close();
    }
  });

  it("loading=lazy starts when it comes into view, and shows what is between its tags until then", () =>
    onPage(
      `<script type="module" src="${site.url}explorer.js"></script><div style="height: 5000px"></div>
<vkernel-explorer loading="lazy" data-controls="none"><p id="fallback">not yet</p></vkernel-explorer>`,
      {},
      async (page) => {
        await page.waitForFunction(() => customElements.get("vkernel-explorer") !== undefined);
        const slotted = (): Promise<boolean> =>
          page.evaluate(() => (document.getElementById("fallback") as HTMLElement).checkVisibility());
        const kernels = (): Promise<boolean> =>
          page.evaluate(() =>
            performance.getEntriesByType("resource").some(({ name }) => name.endsWith(".wasm")),
          );
        // An observer has told where the element stands by the frame after the next.
        await framesOf(page);
        const early = await page.evaluate(
          () => document.querySelector("vkernel-explorer")?.shadowRoot?.innerHTML,
        );
        expect([early, await slotted(), await kernels()]).toEqual(["<slot></slot>", true, false]);
        await page.locator("vkernel-explorer").scrollIntoViewIfNeeded();
        await ready(page);
        expect([await slotted(), await kernels()]).toEqual([false, true]);
      },
    ));

  it("tells the page what happens, through shadow trees", { tags: ["long"] }, () =>
    onPage(
      `<script type="module" src="${site.url}explorer.js"></script><div id="host"></div>`,
      {},
      async (page) => {
        type Seen = typeof globalThis & { seen: Set<string> };
        await page.evaluate(async () => {
          const seen = new Set<string>();
          (globalThis as Seen).seen = seen;
          for (const type of ["ready", "frame", "state", "claim", "error"])
            document.addEventListener(`vkernel-${type}`, () => seen.add(type));
          const inner = (document.getElementById("host") as HTMLElement).attachShadow({ mode: "open" });
          const one = document.createElement("vkernel-explorer") as VkernelExplorer;
          inner.append(one);
          await customElements.whenDefined("vkernel-explorer");
          await one.ready;
          one.setState({ seed: 3 });
          await one.openStory("smoothed-score");
        });
        await expect
          .poll(() => page.evaluate(() => [...(globalThis as Seen).seen].sort()))
          .toEqual(["claim", "frame", "ready", "state"]);
      },
    ),
  );

  it.each([
    ["with an origin of its own", "allow-scripts allow-same-origin"],
    ["with an opaque origin", "allow-scripts"],
  ])("in a sandboxed frame %s, under a strict policy", (_, sandbox) =>
    onPage(
      `<iframe title="explorer" sandbox="${sandbox}" src="${site.url}embed.html?seed=4&amp;controls=min" width="800" height="600"></iframe>`,
      { policy: `default-src 'none'; frame-src ${new URL(site.url).origin}` },
      async (page) => {
        await expect.poll(() => page.frames().length).toBe(2);
        const frame = page.frames()[1] as ReturnType<Page["frames"]>[number];
        await ready(frame as unknown as Page);
        const { count, seed } = await frame.evaluate(async () => {
          const one = document.querySelector("vkernel-explorer") as VkernelExplorer;
          return { count: (await one.getParticles()).count, seed: one.getState().seed };
        });
        expect([count, seed]).toEqual([20_000, 4]);
      },
    ),
  );

  it("methods and attributes", () =>
    onPage(
      `<script type="module" src="${site.url}explorer.js"></script><vkernel-explorer></vkernel-explorer>`,
      {},
      async (page) => {
        await ready(page);
        const got = await page.evaluate(async () => {
          const one = document.querySelector("vkernel-explorer") as VkernelExplorer;
          await one.pause();
          one.setPoints([
            [-1, 0],
            [1, 0],
          ]);
          await one.seek(10);
          const { step } = await one.getParticles();
          await one.step(3);
          const after = (await one.getParticles()).step;
          // Half way between two points: each has half the weight, and the score is 0 by symmetry.
          const { weights, score } = await one.probe([0, 0], 0.5);
          one.setAttribute("data-seed", "11");
          one.setAttribute("data-theme", "dark");
          one.setAttribute("data-view", "map");
          const { seed, theme, tab } = one.getState();
          await one.play();
          return { step, after, weights, score, seed, theme, tab, playing: one.playing };
        });
        expect(got).toMatchObject({ step: 10, after: 13, weights: [0.5, 0.5], score: [0, 0] });
        expect(got).toMatchObject({ seed: 11, theme: "dark", tab: "map", playing: true });
      },
    ));

  it("the script's own folder is all that it needs", () => {
    const html = readFileSync(join(siteFolder, "index.html"), "utf8");
    expect(html).not.toMatch(/(src|href)="(https?:)?\//);
  });
});
