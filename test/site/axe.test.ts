// WCAG 2.2 AA as far as a program can tell: axe finds nothing, in every tab, light and dark, with a story, dialogs, menus.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AxeResults, RunOptions } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VkernelExplorer } from "../../site/element.js";
import { tabs } from "../../site/state/state.js";
import { root } from "../browser/bundle.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { type OpenSite, openSite } from "./site.js";

const axeSource = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const options: RunOptions = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
};

/** What axe complains about, in words. */
async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(
    (options) =>
      (globalThis as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } }).axe.run(options),
    options,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.flat().join(" ")}: ${node.failureSummary}`),
  );
}

let browser: Browser;

describe.skipIf(skipReason !== undefined)(browserTitle("axe finds nothing"), () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  async function onPage(
    address: string,
    colorScheme: "light" | "dark",
    work: (site: OpenSite) => Promise<void>,
  ): Promise<void> {
    const site = await openSite(browser, { address, context: { colorScheme, reducedMotion: "reduce" } });
    try {
      await site.page.locator(".below").scrollIntoViewIfNeeded();
      await site.page.locator(".index, article").first().waitFor();
      await work(site);
      expect(site.errors).toEqual([]);
    } finally {
      await site.close();
    }
  }

  describe.each(["light", "dark"] as const)("%s", (scheme) => {
    it.each(tabs)("%s", { tags: ["long"] }, (tab) =>
      onPage(`#v1;tab=${tab}`, scheme, async ({ page }) => {
        expect(await complaints(page)).toEqual([]);
      }),
    );

    it("a story with its cards and their table", { tags: ["long"] }, () =>
      onPage("#v1;story=smoothed-score", scheme, async ({ page }) => {
        await page.evaluate(() => (document.querySelector("vkernel-explorer") as VkernelExplorer).verify());
        await page.getByRole("button", { name: "Table" }).last().click();
        expect(await complaints(page)).toEqual([]);
      }),
    );
  });

  it("help, the table of points, the menu", { tags: ["long"] }, () =>
    onPage("", "light", async ({ page }) => {
      await page.getByRole("button", { name: "Help" }).click();
      await page.locator("dialog").waitFor();
      expect(await complaints(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Table" }).first().click();
      await page.locator("dialog").waitFor();
      expect(await complaints(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Save" }).click();
      expect(await complaints(page)).toEqual([]);
    }),
  );

  it("320 px wide", { tags: ["long"] }, () =>
    onPage("", "light", async ({ page }) => {
      await page.setViewportSize({ width: 320, height: 640 });
      expect(await complaints(page)).toEqual([]);
    }),
  );

  it("every target is 24 px or more", { tags: ["long"] }, () =>
    onPage("", "light", async ({ page }) => {
      const small = await page.evaluate(() => {
        const { shadowRoot } = document.querySelector("vkernel-explorer") as VkernelExplorer;
        return [
          ...(shadowRoot?.querySelectorAll<HTMLElement>("button, select, input, summary, a[href]") ?? []),
        ]
          .filter((one) => one.checkVisibility() && !one.matches(".hidden"))
          .map((one) => {
            // A box in a label is hit by the whole of it.
            const { width, height } = (one.closest("label") ?? one).getBoundingClientRect();
            return { name: one.getAttribute("aria-label") ?? one.textContent, width, height };
          })
          .filter(({ width, height }) => width < 24 || height < 24);
      });
      expect(small).toEqual([]);
    }),
  );
});
