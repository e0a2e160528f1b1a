// How soon the built page shows what it computes, and how long it holds up its own thread: page.md, Budget.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VkernelExplorer } from "../../site/element.js";
import { stories } from "../../site/stories/entries.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { busyShare, IDLE } from "./idle.js";
import { openSite } from "./site.js";

/** The first computed frame is there so soon after the address was asked for, in milliseconds. */
const FIRST = 500;
/** No task of the page's own thread is longer, in milliseconds. */
const TASK = 50;
/** On a machine that others use, times are that much longer at most. */
const BUSY = 20;

interface Pace {
  first?: number;
  phase: string;
  tasks: [string, number][];
}
type PaceGlobals = typeof globalThis & { pace: Pace };

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;

let browser: Browser;

describe.skipIf(skipReason !== undefined)(browserTitle("pace of the page"), () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** Runs before the page's own scripts. */
  const watch = (): void => {
    const pace: Pace = { phase: "start", tasks: [] };
    (globalThis as PaceGlobals).pace = pace;
    document.addEventListener("vkernel-frame", () => {
      pace.first ??= performance.now();
    });
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) pace.tasks.push([pace.phase, duration]);
    });
    observer.observe({ type: "longtask", buffered: true });
  };
  const paceOf = (page: Page): Promise<Pace> => page.evaluate(() => (globalThis as PaceGlobals).pace);

  // Medians over visits, and some more tries: what else a machine does now and then is no fault of the page. On two cores the
  // median is 430 to 480 ms, and one in five is above 500.
  it("shows its first computed frame within half a second, and no task is long", { retry: 4 }, async () => {
    const busy = await busyShare();
    const firsts: number[] = [];
    const longest: number[] = [];
    // The browser's own first page is no measure of ours, and what follows the first frame is watched for half a second.
    for (let visit = 0; visit < 10; visit++) {
      const site = await openSite(browser, { init: watch });
      await site.page.waitForFunction(() => (globalThis as PaceGlobals).pace.first !== undefined);
      await site.page.waitForTimeout(500);
      const { first, tasks } = await paceOf(site.page);
      if (visit > 0) {
        firsts.push(first as number);
        longest.push(Math.max(0, ...tasks.map(([, time]) => time)));
      }
      await site.close();
    }
    const [first, task] = [median(firsts), median(longest)];
    console.log(
      `first computed frame, median of ${firsts.length}: ${first.toFixed(0)} ms (${Math.min(...firsts).toFixed(0)} to ` +
        `${Math.max(...firsts).toFixed(0)}; ${(100 * busy).toFixed(0)}% of the machine was busy before); ` +
        `longest tasks over 50 ms: ${longest.filter((time) => time > 0).join(", ") || "none"}`,
    );
    expect(first).toBeLessThan(busy < IDLE ? FIRST : BUSY * FIRST);
    expect(task).toBeLessThan(busy < IDLE ? TASK : BUSY * TASK);
  });

  it("holds its own thread up by no task over 50 ms in any tab and story", { retry: 2 }, async () => {
    const busy = await busyShare();
    const site = await openSite(browser, { init: watch });
    const { page } = site;
    const phase = (name: string): Promise<void> =>
      page.evaluate((phase) => {
        (globalThis as PaceGlobals).pace.phase = phase;
      }, name);
    /** So long it is watched after each opening, in milliseconds. */
    const watched = 1000;
    for (const tab of ["1-D", "PDE", "Digits", "Compare", "Map", "Particles"]) {
      await phase(tab);
      await page.getByRole("tab", { name: tab, exact: true }).click();
      await page.waitForTimeout(watched);
    }
    for (const { name } of stories) {
      await phase(name);
      await page.evaluate(
        (story) => (document.querySelector("vkernel-explorer") as VkernelExplorer).openStory(story),
        name,
      );
      await page.waitForTimeout(watched);
    }
    // A task that does block is seen: the watch works.
    await phase("blocked");
    await page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve));
      const until = performance.now() + 120;
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    const { tasks } = await paceOf(page);
    await site.close();
    expect(tasks.filter(([where]) => where === "blocked")).not.toEqual([]);
    // The first visit's start is what the test above measures.
    const ours = tasks.filter(([where]) => where !== "blocked" && where !== "start");
    console.log(
      `tasks over 50 ms (${(100 * busy).toFixed(0)}% of the machine was busy before): ` +
        (ours.map(([where, time]) => `${where} ${time}`).join(", ") || "none"),
    );
    const bound = busy < IDLE ? TASK : BUSY * TASK;
    expect(ours.filter(([, time]) => time > bound)).toEqual([]);
  });
});
