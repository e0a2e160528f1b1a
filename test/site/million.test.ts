// The page that samples many points in space to a tolerance. Nothing here depends on how fast anything is.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { siteSizes } from "../../scripts/site-sizes.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { type AsideOptions, crampedOn, onAside, statusOf } from "./aside.js";
import { axe } from "./open.js";

let browser: Browser;

const onPage = <R>(options: AsideOptions, work: (page: Page) => Promise<R>): Promise<R> =>
  onAside(browser, "million.html", options, work);

async function run(page: Page, shape: string): Promise<void> {
  await page.locator("#shape").selectOption({ label: shape });
  await page.locator("#points").selectOption("10,000");
  await page.locator("#particles").selectOption("1,000");
  await page.getByRole("button", { name: "Run" }).click();
  await expect.poll(() => statusOf(page)).toBe("Done.");
}

/** Pixels of the picture that are orange, and green: the data and the particles. */
const colours = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.querySelector("canvas") as HTMLCanvasElement;
    const { data } = (canvas.getContext("2d") as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    let [orange, green] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      if (data[i] > data[i + 1]) orange++;
      else green++;
    }
    return { orange, green };
  });

describe.skipIf(skipReason !== undefined)(browserTitle("a million points"), () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it.each([
    ["A trefoil knot", true],
    ["A galaxy of two arms", false],
  ])(
    "%s: the tree is built, every step is drawn and is within the tolerance",
    { tags: ["long"] },
    (shape, isolated) =>
      onPage({ server: { isolated } }, async (page) => {
        const before = await colours(page);
        expect(before.orange).toBeGreaterThan(5000);
        expect(before.green).toBe(0);
        await page.evaluate(() => {
          const told: string[] = [];
          Object.assign(globalThis, { told });
          const status = document.querySelector("[role=status]") as HTMLElement;
          new MutationObserver(() => told.push(status.textContent ?? "")).observe(status, {
            childList: true,
          });
        });
        await run(page, shape);
        const told = await page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
        const steps = told.filter((text) => text.startsWith("Step "));
        expect(steps.length).toBeGreaterThan(0);
        expect(told.some((text) => /^(Building the tree|The tree took)/.test(text))).toBe(true);
        const found = /No score so far is off by more than (\S+) of its scale/.exec(
          (await page.locator(".quiet").textContent()) ?? "",
        );
        expect(Number(found?.[1])).toBeGreaterThan(0);
        expect(Number(found?.[1])).toBeLessThanOrEqual(1e-5);
        // Where the data are: 1,000 particles on about as many pixels.
        const after = await colours(page);
        expect(after.green).toBeGreaterThan(500);
        expect(after.green).toBeLessThanOrEqual(1000);
        // A turn is another picture.
        const picture = () => page.evaluate(() => document.querySelector("canvas")?.toDataURL());
        const still = await picture();
        await page.locator("#turn").fill("120");
        expect(await picture()).not.toBe(still);
      }),
  );

  it("can be stopped, and run again", { tags: ["long"] }, () =>
    onPage({}, async (page) => {
      await page.getByRole("button", { name: "Run" }).click();
      await expect.poll(() => statusOf(page)).toMatch(/^(Building|The tree|Step)/);
      await page.getByRole("button", { name: "Stop" }).click();
      expect(await statusOf(page)).toBe("Stopped.");
      await run(page, "A normal law");
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
        expect(await crampedOn(page, width)).toEqual([[], 0]);
      }),
  );

  it("is no part of a first visit of the explorer, whose help leads to it", { tags: ["long"] }, async () => {
    const own = (await siteSizes()).filter(({ name }) => /^(million|aside)/.test(name));
    expect(own.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["million.html", "million/page.js", "million/run.js", "aside.css"]),
    );
    expect(own.filter(({ first }) => first)).toEqual([]);
    await onPage({}, async (page) => {
      await page.getByRole("link", { name: "The explorer" }).click();
      await page.getByRole("button", { name: "Help (?)" }).click();
      await page.getByRole("link", { name: "a million points in space" }).click();
      await page.getByRole("heading", { level: 1, name: "A million points, to a tolerance" }).waitFor();
    });
  });
});
