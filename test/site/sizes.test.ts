// The first visit stays within its budget, and a real browser loads just what the table says.
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { budget, gzipped, importsOf, siteSizes, totals } from "../../scripts/site-sizes.js";
import { stories } from "../../site/stories/index.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { openSite, siteFolder, savesData } from "./site.js";

/** Bytes that a story adds, gzipped: its texts, the index of stories, what presets share. As measured: 2.0 kB. */
const MOST_STORY = 3000;

describe("the explorer's sizes", () => {
  it("the first visit's scripts and kernels are within their budgets", async () => {
    const sums = totals(await siteSizes());
    expect(sums.script).toBeGreaterThan(20_000);
    expect(sums.script).toBeLessThanOrEqual(budget.script);
    expect(sums.wasm).toBeGreaterThan(10_000);
    expect(sums.wasm).toBeLessThanOrEqual(budget.wasm);
  });

  it("a story that opens is text: the page's thread loads nothing of the library with it", () => {
    const code = (name: string) => readFileSync(join(siteFolder, name), "utf8");
    /** A script and all that loads with it. */
    const loaded = (name: string, all = new Set<string>()): Set<string> => {
      if (all.has(name)) return all;
      all.add(name);
      for (const other of importsOf(code(name))) loaded(posix.join(posix.dirname(name), other), all);
      return all;
    };
    const there = loaded("explorer.js");
    const opened = readdirSync(join(siteFolder, "chunks")).filter((name) => /^story-/.test(name));
    expect(opened).toHaveLength(stories.length);
    for (const name of opened) {
      const more = [...loaded(`chunks/${name}`)].filter((one) => !there.has(one));
      const bytes = more.map((one) => gzipped(readFileSync(join(siteFolder, one))));
      expect(
        bytes.reduce((sum, size) => sum + size, 0),
        more.join(),
      ).toBeLessThan(MOST_STORY);
    }
  });

  it.skipIf(skipReason !== undefined)(
    browserTitle("a browser loads no more before it runs"),
    { tags: ["long"] },
    async () => {
      const browser = await launch();
      const site = await openSite(browser, { server: { isolated: true }, init: savesData });
      try {
        const loaded = await site.page.evaluate(() =>
          performance
            .getEntriesByType("resource")
            .map(({ name }) => name)
            .concat(location.href),
        );
        const ofPage = new Set(
          loaded.map((name) => name.slice(site.url.length)).filter((name) => /\.js$/.test(name)),
        );
        const table = new Map((await siteSizes()).map((one) => [one.name, one]));
        // What a page loads for itself; its workers load the rest of the table.
        const late = [...ofPage].filter((name) => table.get(name)?.first !== true);
        expect(late.filter((name) => !/^chunks\/(decode|stories|late|pointer)/.test(name))).toEqual([]);
        const early = [...ofPage].filter((name) => !late.includes(name));
        const bytes = early.map((name) => gzipped(readFileSync(join(siteFolder, name))));
        expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(budget.script);
      } finally {
        await site.close();
        await browser.close();
      }
    },
  );

  describe.skipIf(skipReason !== undefined)(browserTitle("threads, whose script is a chunk"), () => {
    const engineOf = async (init: () => void) => {
      const browser = await launch();
      const site = await openSite(browser, { server: { isolated: true }, init });
      try {
        return await site.page.evaluate(
          () => document.querySelector("vkernel-explorer")?.shadowRoot?.querySelector(".engine")?.textContent,
        );
      } finally {
        await site.close();
        await browser.close();
      }
    };

    it("start, as many as the machine has cores for", { tags: ["long"] }, async () => {
      const expected = availableParallelism() === 1 ? / 1 thread\.$/ : / [2-9] threads\.$/;
      expect(await engineOf(savesData)).toMatch(expected);
    });
  });
});
