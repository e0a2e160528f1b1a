// The page that measures: it starts, shows rows and can be stopped. Nothing here depends on how fast anything is.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { axe } from "./open.js";
import { siteSizes } from "../../scripts/site-sizes.js";
import { type AsideOptions, crampedOn, onAside, statusOf } from "./aside.js";

let browser: Browser;

const onPage = <R>(options: AsideOptions, work: (page: Page) => Promise<R>): Promise<R> =>
  onAside(browser, "bench.html", options, work);

/** Measures as shortly as may be, and waits for the end. */
async function measure(page: Page, points: number, dim: number): Promise<void> {
  await page.getByRole("spinbutton", { name: "Points" }).fill(String(points));
  await page.getByRole("spinbutton", { name: "Dimensions" }).fill(String(dim));
  await page.getByRole("spinbutton", { name: "Seconds" }).fill("1");
  await page.getByRole("button", { name: "Measure" }).click();
  await expect.poll(() => statusOf(page)).toBe("Done.");
}

/** The cells of every table, by its heading. */
const tablesOf = (page: Page): Promise<[string, string[][]][]> =>
  page.evaluate(() =>
    [...document.querySelectorAll("#measure section")].map((section) => [
      section.querySelector("h2")?.textContent ?? "",
      [...section.querySelectorAll("tbody tr")].map((row) =>
        [...row.children].map((cell) => cell.textContent ?? ""),
      ),
    ]),
  );

describe.skipIf(skipReason !== undefined)(browserTitle("the page that measures"), () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it("measures scores, Hessians and a run, each beside plain TypeScript", { tags: ["long"] }, () =>
    onPage({}, async (page) => {
      expect(await statusOf(page)).toBe("Nothing has been measured yet.");
      await measure(page, 32, 3);
      const tables = await tablesOf(page);
      expect(tables.map(([name]) => name.replace(/[\d,]+ (queries|particles)/, "n $1"))).toEqual([
        "Score, D = 3, 32 points, n queries",
        "Score, D = 3, 6 points, one query, 1,000 times",
        "Hessian, D = 3, 32 points, n queries",
        "Heun, 18 steps, D = 3, 32 points, n particles",
      ]);
      for (const [, rows] of tables) {
        expect(rows.slice(0, 2).map(([name]) => name)).toEqual(["plain TypeScript", "kernels, one thread"]);
        for (const [i, [, milliseconds, spread, ratio, difference]] of rows.entries()) {
          expect(Number(milliseconds)).toBeGreaterThanOrEqual(0);
          expect(spread).toMatch(/^\d+%$/);
          if (i === 0) expect([ratio, difference]).toEqual(["1", ""]);
          else {
            expect(ratio).toMatch(/^[\d.]+ \([\d.]+ to [\d.]+\)$/);
            // float32 beside float64.
            expect(Number(difference)).toBeLessThan(1e-4);
          }
        }
      }
      // Once more: what was there is gone.
      await measure(page, 5, 1);
      expect((await tablesOf(page)).map(([name]) => name)[1]).toBe(
        "Score, D = 1, 5 points, one query, 1,000 times",
      );
      expect(await tablesOf(page)).toHaveLength(4);
    }),
  );

  it("without isolation: one thread, and it says so; over 64 dimensions no Hessian", { tags: ["long"] }, () =>
    onPage({ server: { isolated: false } }, async (page) => {
      await measure(page, 8, 65);
      const tables = await tablesOf(page);
      expect(tables.map(([name]) => name.split(",")[0])).toEqual(["Score", "Score", "Heun"]);
      expect(tables.map(([, rows]) => rows.length)).toEqual([2, 2, 2]);
      expect(await page.locator(".notes").textContent()).toBe(
        "One thread alone: threads need a cross-origin isolated page.No Hessian: matrices are for at most 64 dimensions.",
      );
    }),
  );

  it("can be stopped, and refuses what is too much or no number", { tags: ["long"] }, () =>
    onPage({}, async (page) => {
      const button = page.getByRole("button", { name: "Measure" });
      const status = () => statusOf(page);
      await page.getByRole("spinbutton", { name: "Points" }).fill("65536");
      await page.getByRole("spinbutton", { name: "Dimensions" }).fill("65");
      await button.click();
      expect(await status()).toBe("Nothing has been measured yet.");
      await page.getByRole("spinbutton", { name: "Dimensions" }).fill("");
      await button.click();
      expect(await status()).toBe("Nothing has been measured yet.");
      await page.getByRole("spinbutton", { name: "Dimensions" }).fill("64");
      await page.getByRole("spinbutton", { name: "Seconds" }).fill("600");
      await button.click();
      await expect.poll(status).toMatch(/^Measuring scores, 1 of 4/);
      await page.getByRole("button", { name: "Stop" }).click();
      expect(await status()).toBe("Stopped.");
      await measure(page, 4, 2);
    }),
  );

  it.each([
    [1280, false],
    [390, true],
    [320, false],
  ])(
    "%i px wide: axe finds nothing, and the page is not wider than the screen",
    { tags: ["long"] },
    (width, dark) =>
      onPage({ width, dark }, async (page) => {
        expect(await axe(page)).toEqual([]);
        await measure(page, 16, 2);
        expect(await axe(page)).toEqual([]);
        expect(await crampedOn(page, width)).toEqual([[], 0]);
      }),
  );

  it("is no part of a first visit of the explorer, whose help leads to it", { tags: ["long"] }, async () => {
    const sizes = await siteSizes();
    const own = sizes.filter(({ name }) => /^(bench|aside)/.test(name));
    expect(own.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["bench.html", "bench/page.js", "bench/measure.js", "aside.css"]),
    );
    expect(own.filter(({ first }) => first)).toEqual([]);
    await onPage({}, async (page) => {
      await page.getByRole("link", { name: "The explorer" }).click();
      await page.getByRole("button", { name: "Help (?)" }).click();
      await page.getByRole("link", { name: "What the kernels gain in this browser" }).click();
      await page.getByRole("heading", { level: 1, name: "What the kernels gain in this browser" }).waitFor();
    });
  });
});
