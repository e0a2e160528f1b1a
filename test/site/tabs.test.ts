// The tabs 1-D, Digits and PDE in a real Chromium: their numbers are the library's, computed here in Node, or closed forms.
import { deflateSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createEngine,
  digits,
  edm,
  type Engine,
  euler,
  exactScore,
  flowMap,
  fokkerPlanck,
  heun,
  karras,
  type Mixture,
  ou,
  piecewiseScore,
  posterior,
  sample,
  smoothedScore,
  squareRoot,
  terminalLaw,
  times,
  ve,
} from "vkernel";
import { decodeState } from "../../site/state/decode.js";
import { encodeState } from "../../site/state/hash.js";
import type { Patch } from "../../site/state/store.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { axe, bundle, type OpenPage, openPage } from "./open.js";
import type { PageGlobals } from "./page/tabs.js";
import { framesOf } from "./site.js";

type Cell = string | number;

/** float64, formulas of a dozen operations on scores up to 1 / S: relative to the largest of them. */
const CURVES = 1e-12;
/** float32 squares of 64 differences of at most 1, and their root. */
const FLOAT = 2e-6;
/** Cell averages of 384 cells, h = 0.03, at t = 0.1: h^2 / 24 times second derivatives of up to 2, and steps: 2.2e-4 measured. */
const VOLUMES = 1e-3;
/** A mode of 1e-13 of the largest has three digits beside its rounding; Runge and Kutta's steps lose 1e-5. */
const GROWTH = 5e-3;
/** float64 runs of a hundred steps in Wasm: the same bits in Node. */
const SAME = 0;

/** The part of a panel's table below a name, without its head. */
function part(table: readonly Cell[][], name: string): Cell[][] {
  const start = table.findIndex((row) => row.length === 1 && row[0] === name);
  expect([name, start]).not.toEqual([name, -1]);
  const rest = table.slice(start + 2);
  const end = rest.findIndex((row) => row.length === 1);
  return end < 0 ? rest : rest.slice(0, end);
}

const column = (rows: readonly Cell[][], at: number): number[] => rows.map((row) => row[at] as number);

async function show(page: Page, tab: string, patch: Patch): Promise<void> {
  await page.waitForFunction(() => "openTab" in globalThis);
  await page.evaluate(
    async ([name, change]) => (globalThis as PageGlobals).openTab(name as never, change as never),
    [tab, patch] as const,
  );
  await idle(page);
}

/** Waits until the panel has what it asked for. */
async function idle(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector(".tab-panel")?.getAttribute("aria-busy") === "false" &&
      (globalThis as PageGlobals).opened?.asked.length > 0,
  );
}

const tableOf = (page: Page): Promise<Cell[][]> =>
  page.evaluate(() => (globalThis as PageGlobals).opened.panel.table?.() ?? []);

const set = (page: Page, patch: Patch): Promise<void> =>
  page.evaluate((change) => (globalThis as PageGlobals).opened.store.set(change), patch);

const PNG = [0x89, 0x50, 0x4e, 0x47];
/** The first bytes of a panel's picture. */
const signature = (page: Page): Promise<number[] | undefined> =>
  page.evaluate(async () => {
    const blob = await (globalThis as PageGlobals).opened.panel.picture?.();
    return blob && [...new Uint8Array(await blob.slice(0, 4).arrayBuffer())];
  });

/** A grey PNG of 8 bits, made by hand: signature, IHDR, IDAT, IEND. */
function png(width: number, height: number, grey: Uint8Array): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(grey.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const chunk = (name: string, data: Uint8Array): Uint8Array => {
    const out = new Uint8Array(12 + data.length);
    const view = new DataView(out.buffer);
    view.setUint32(0, data.length);
    out.set(new TextEncoder().encode(name), 4);
    out.set(data, 8);
    view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
    return out;
  };
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head[8] = 8;
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  const all = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of parts) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}

/** The sum of PNG's chunks, bit by bit: Node 20 has none of its own. */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

describe.skipIf(skipReason !== undefined)(browserTitle("tabs"), () => {
  let browser: Browser;
  let files: Map<string, string | Uint8Array>;
  let engine: Engine;
  beforeAll(async () => {
    [browser, files, engine] = await Promise.all([
      launch(),
      bundle("test/site/page/tabs.ts"),
      createEngine({ threads: 1 }),
    ]);
  });
  afterAll(async () => {
    engine?.close();
    await browser?.close();
  });

  describe("1-D", () => {
    /** Chen 2025, Fig. 3: four points, kappa 0.4, t0 = 0.02. */
    const lineView = {
      set: "four",
      process: "ve",
      estimator: "piecewise",
      start: 0.02,
      epsilon: 1e-4,
      sampler: "euler",
      grid: "squareRoot",
      steps: 12,
      particles: 20_000,
      smoothingKappa: 0.4,
    } as const;
    const points = Float64Array.of(-1, -1 / 3, 1 / 3, 1);
    let opened: OpenPage;
    let page: Page;
    beforeAll(async () => {
      opened = await openPage(browser, files);
      ({ page } = opened);
      await show(page, "line", { t: 1e-4, seed: 5, view: lineView });
    });
    afterAll(() => opened?.close());

    it("particles are the library's run of that seed, and the law is the closed one", async () => {
      const rows = part(await tableOf(page), "Particles");
      const data = engine.mixture(points, { dim: 1 });
      const grid = squareRoot({ steps: 12, tMin: 1e-4, tMax: 0.02, last: "sigmaMin" }).times(ve());
      const run = await sample(piecewiseScore(data, { kappa: 0.4, process: ve() }), {
        sampler: euler({ variable: "squareRoot" }),
        grid: times([...grid, 0]),
        count: 20_000,
        seed: 5,
        initial: "marginal",
      });
      const atoms = rows.slice(0, 4);
      const on = (x: number): number => run.samples.filter((place) => Math.abs(place - x) <= 2e-4).length;
      expect(column(atoms, 1)).toEqual(Array.from(points, on));
      const fine = engine.mixture(points, { dim: 1, precision: "f64" });
      const law = terminalLaw(fine, { kappa: 0.4, from: 0.02 });
      for (const [k, mass] of column(atoms, 3).entries())
        expect(mass).toBeCloseTo(law.atoms[k] as number, 14);
      expect(law.atoms[0]).toBeCloseTo(0.18412, 5);
      const bins = rows.slice(4);
      const width = (bins[1]?.[0] as number) - (bins[0]?.[0] as number);
      const counts = bins.map(([x]) => {
        const [low, high] = [(x as number) - width / 2, (x as number) + width / 2];
        return run.samples.filter(
          (place) => place >= low && place < high && !points.some((point) => Math.abs(place - point) <= 2e-4),
        ).length;
      });
      // A sample on an edge, to float64's last bit, may be counted on the other side here.
      const moved = column(bins, 1).reduce((sum, hits, i) => sum + Math.abs(hits - (counts[i] as number)), 0);
      expect(moved).toBeLessThanOrEqual(2);
      const inside = bins.reduce((sum, row) => sum + (row[3] as number) * width, 0);
      expect(inside).toBeCloseTo(law.continuousMass, 9);
      expect(law.continuousMass).toBeCloseTo(0.39528, 5);
      data.dispose();
      fine.dispose();
    });

    it("the flow by Euler in sqrt(t) is the closed form; the exact score's keeps quantiles", async () => {
      const rows = part(await tableOf(page), "Flow map");
      const data = engine.mixture(points, { dim: 1, precision: "f64" });
      const closed = flowMap(data, { kappa: 0.4, from: 0.02 })(Float64Array.from(column(rows, 0)));
      const worst = (at: number, of: ArrayLike<number>): number =>
        Math.max(...column(rows, at).map((value, i) => Math.abs(value - (of[i] as number))));
      expect(worst(4, closed)).toBe(SAME);
      expect(worst(3, closed)).toBeLessThan(1e-13);
      // Off the three steps of the staircase, whose places a few steps of Euler do not meet.
      const off = rows.filter(([, exact, theory]) => Math.abs((exact as number) - (theory as number)) > 1e-9);
      expect(off.length).toBeLessThan(rows.length / 20);
      data.dispose();
    });

    it("density and scores are their formulas, written here", async () => {
      await set(page, { t: 0.01, view: { ...lineView, estimator: "smoothed" } });
      await idle(page);
      const table = await tableOf(page);
      const [t, half] = [0.01, 1 / 3];
      const width = half - Math.sqrt(0.4 * t);
      const p = (x: number): number => {
        let sum = 0;
        for (const mu of points) sum += Math.exp(-((x - mu) ** 2) / (2 * t));
        return sum / 4 / Math.sqrt(2 * Math.PI * t);
      };
      const scoreAt = (x: number): number => {
        const near = Math.min(...points.map((mu) => (x - mu) ** 2));
        let [sum, first] = [0, 0];
        for (const mu of points) {
          const w = Math.exp((near - (x - mu) ** 2) / (2 * t));
          sum += w;
          first += (w * (mu - x)) / t;
        }
        return first / sum;
      };
      const log = (x: number): number => {
        const near = Math.min(...points.map((mu) => (x - mu) ** 2));
        return (
          Math.log(points.reduce((sum, mu) => sum + Math.exp((near - (x - mu) ** 2) / (2 * t)), 0)) -
          near / (2 * t)
        );
      };
      for (const [x, computed] of part(table, "Density") as number[][]) {
        expect(Math.abs((computed as number) - p(x as number))).toBeLessThan(CURVES);
      }
      const scores = part(table, "Score") as number[][];
      expect(scores.length).toBe(401);
      for (const [x, exact, , smoothed] of scores as [number, number, number, number][]) {
        expect(Math.abs(exact - scoreAt(x))).toBeLessThan(CURVES * 200);
        const mean = (log(x + width) - log(x - width)) / (2 * width);
        expect(Math.abs(smoothed - mean)).toBeLessThan(CURVES * 2000);
      }
      const data = engine.mixture(points, { dim: 1, precision: "f64" });
      const field = smoothedScore(data, ve(), { width });
      const { score } = await field.evaluate(Float64Array.from(column(scores, 0)), t, ["score"]);
      expect(Math.max(...score.map((value, i) => Math.abs(value - (scores[i]?.[3] as number))))).toBeLessThan(
        CURVES * 200,
      );
      data.dispose();
    });

    it("the exact score's particles at a time of the run", async () => {
      const view = {
        ...lineView,
        set: "two",
        process: "ve",
        estimator: "exact",
        sampler: "heun",
        grid: "karras",
      };
      await set(page, { t: 0.005, seed: 9, view: { ...view, particles: 4000 } as never });
      await idle(page);
      const rows = part(await tableOf(page), "Particles");
      const data = engine.mixture(Float64Array.of(-1, 1), { dim: 1 });
      const grid = karras({ steps: 12, tMin: 1e-4, tMax: 0.02, last: "sigmaMin" }).times(ve());
      const nearest = grid.reduce(
        (best, t, i) =>
          Math.abs(Math.log(t / 0.005)) < Math.abs(Math.log((grid[best] as number) / 0.005)) ? i : best,
        0,
      );
      const run = await sample(exactScore(data, ve()), {
        sampler: heun(),
        grid: times(grid.slice(0, nearest + 1)),
        count: 4000,
        seed: 9,
        initial: "marginal",
      });
      const width = (rows[1]?.[0] as number) - (rows[0]?.[0] as number);
      let moved = 0;
      for (const [x, hits] of rows as number[][]) {
        const [low, high] = [(x as number) - width / 2, (x as number) + width / 2];
        moved += Math.abs(
          (hits as number) - run.samples.filter((place) => place >= low && place < high).length,
        );
      }
      expect(moved).toBeLessThanOrEqual(2);
      data.dispose();
    });

    it("only the newest of many times is computed in the end; nothing while it is out of sight", async () => {
      const before = await page.evaluate(() => (globalThis as PageGlobals).opened.asked.length);
      const many = 60;
      await page.evaluate((count) => {
        const { store } = (globalThis as PageGlobals).opened;
        for (let i = 0; i < count; i++) store.set({ t: 0.02 - 0.0002 * i });
      }, many);
      await idle(page);
      const asked = (await page.evaluate(() => (globalThis as PageGlobals).opened.asked.length)) - before;
      expect(asked).toBeLessThan(many / 4);
      const rows = part(await tableOf(page), "Density") as number[][];
      const peak = Math.max(...rows.map(([, p]) => p as number));
      const t = 0.02 - 0.0002 * (many - 1);
      expect(peak).toBeCloseTo(0.5 / Math.sqrt(2 * Math.PI * t), 6);

      await page.evaluate(() => {
        (document.querySelector("#host") as HTMLElement).hidden = true;
      });
      await framesOf(page);
      const still = await page.evaluate(() => (globalThis as PageGlobals).opened.asked.length);
      await set(page, { t: 0.003 });
      await framesOf(page, 6);
      expect(await page.evaluate(() => (globalThis as PageGlobals).opened.asked.length)).toBe(still);
      await page.evaluate(() => {
        (document.querySelector("#host") as HTMLElement).hidden = false;
      });
      await page.waitForFunction((count) => (globalThis as PageGlobals).opened.asked.length > count, still);
      await idle(page);
    });

    it("points are typed; what is no number is refused by name", async () => {
      const input = page.getByLabel("Points on the line");
      await input.fill("0.5; -1 2");
      await input.press("Enter");
      await input.blur();
      await idle(page);
      expect(await page.evaluate(() => (globalThis as PageGlobals).opened.store.get().view.points)).toEqual([
        0.5, 0, -1, 0, 2, 0,
      ]);
      await input.fill("1, two");
      await input.press("Enter");
      expect(await input.getAttribute("aria-invalid")).toBe("true");
      expect(await page.locator(".panel-notices").textContent()).toContain('"two" is no number');
    });

    it("keys read values along a curve; the table opens; axe finds nothing; a picture is a PNG", {
      tags: ["long"],
    }, async () => {
      const plot = page.getByRole("slider", { name: /^Density/ });
      await plot.focus();
      await plot.press("Home");
      await plot.press("ArrowRight");
      expect(await plot.getAttribute("aria-valuenow")).toBe("1");
      expect(await plot.getAttribute("aria-valuetext")).toMatch(/^x .*, computed .*, theory /);
      await page.getByText("Numbers", { exact: true }).first().click();
      // Filled when it has opened, which comes a moment after the click.
      await expect.poll(() => page.locator(".numbers-scroller tbody tr").count()).toBe(14);
      expect(await axe(page)).toEqual([]);
      expect(await signature(page)).toEqual(PNG);
      expect(opened.errors).toEqual([]);
    });

    it("has no sideways scroll at 320 px", async () => {
      await page.setViewportSize({ width: 320, height: 640 });
      await framesOf(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    });
  });

  describe("Digits", () => {
    let opened: OpenPage;
    let page: Page;
    beforeAll(async () => {
      opened = await openPage(browser, files);
      ({ page } = opened);
      await show(page, "digits", { t: 0.02, seed: 3, fewSteps: 3, view: { steps: 20 } });
    });
    afterAll(() => opened?.close());

    /** Drops files on the panel, as a hand would. */
    const drop = async (list: readonly { name: string; bytes: Uint8Array }[]): Promise<void> => {
      await page.evaluate(
        (all) => {
          const transfer = new DataTransfer();
          for (const { name, bytes } of all) transfer.items.add(new File([new Uint8Array(bytes)], name));
          const target = document.querySelector(".tab-panel") as HTMLElement;
          for (const type of ["dragover", "drop"]) {
            const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
            target.dispatchEvent(new DragEvent(type, init));
          }
        },
        list.map(({ name, bytes }) => ({ name, bytes: [...bytes] })),
      );
      await idle(page);
    };
    const said = async (): Promise<string> => (await page.locator(".panel-notices").textContent()) ?? "";

    it.each(["exact", "few"] as const)(
      "%s samples are the library's run, their neighbours found by plain loops",
      async (way) => {
        const rows = part(await tableOf(page), "Samples").filter(([name]) => name === way);
        const set = await digits();
        const data = engine.mixture(Float32Array.from(set.points), { dim: 64 });
        const steps = way === "few" ? 3 : 20;
        const grid = karras({ steps, tMin: 0.02, tMax: 80, last: "sigmaMin" }).times(edm());
        const { samples } = await sample(exactScore(data, edm()), {
          sampler: heun(),
          grid: times([...grid, 0]),
          count: 8,
          seed: 3,
          initial: "marginal",
        });
        expect(rows.length).toBe(8);
        rows.forEach(([, , t, step, nearest, , distance, ratio], i) => {
          expect([t, step]).toEqual([0, steps + 1]);
          const away = Array.from({ length: data.size }, (_, m) => {
            let square = 0;
            for (let d = 0; d < 64; d++) {
              square += ((samples[i * 64 + d] as number) - (data.points[m * 64 + d] as number)) ** 2;
            }
            return Math.sqrt(square);
          });
          const sorted = [...away].sort((a, b) => a - b);
          expect(nearest).toBe(1 + away.indexOf(sorted[0] as number));
          expect(Math.abs((distance as number) - (sorted[0] as number))).toBeLessThan(FLOAT);
          expect(Math.abs((ratio as number) - (sorted[0] as number) / (sorted[1] as number))).toBeLessThan(
            FLOAT,
          );
        });
        data.dispose();
      },
    );

    it("the smoothed score's samples are no copies", async () => {
      const rows = part(await tableOf(page), "Samples").filter(([name]) => name === "smoothed");
      expect(rows.length).toBe(8);
      expect(rows.every((row) => (row[7] as number) > 1 / 3)).toBe(true);
    });

    it("a PNG that is dropped is a training point: nearest to itself, at distance 0", async () => {
      const pixels = Uint8Array.from({ length: 64 }, (_, i) => (37 * i + (i >> 3) * 90) % 256);
      await drop([{ name: "mine.png", bytes: png(8, 8, pixels) }]);
      const [row] = part(await tableOf(page), "Your images");
      expect(row?.slice(0, 4)).toEqual(["mine.png", 1798, 1798, 0]);
      expect(row?.[4]).toBeGreaterThan(1);
      expect(await page.locator(".panel-source").textContent()).toContain(
        "1,798 training images, 1 of them yours",
      );
      expect(await said()).toBe("");
    });

    it("another size is resized, and it says so", async () => {
      await drop([{ name: "large.png", bytes: png(16, 12, new Uint8Array(192).fill(200)) }]);
      expect(await said()).toContain("1 of your images is resized to 8 × 8.");
      expect(part(await tableOf(page), "Your images").map(([name]) => name)).toEqual([
        "mine.png",
        "large.png",
      ]);
    });

    it("what is no small PNG is refused by name, and the rest is taken", async () => {
      const good = png(8, 8, new Uint8Array(64).fill(9));
      const huge = png(8, 8, new Uint8Array(64));
      new DataView(huge.buffer).setUint32(16, 5000);
      await drop([
        { name: "notes.txt", bytes: new TextEncoder().encode("no image at all, but long enough") },
        { name: "huge.png", bytes: huge },
        { name: "cut.png", bytes: good.slice(0, 40) },
        { name: "good.png", bytes: good },
      ]);
      const text = await said();
      expect(text).toContain("notes.txt: no PNG image.");
      expect(text).toContain("huge.png: 5000 x 8 pixels, more than 4096 on a side.");
      expect(text).toContain("cut.png: damaged, it cannot be decoded.");
      expect(text).not.toContain("good.png");
      expect(part(await tableOf(page), "Your images").length).toBe(3);
    });

    it("the reader's images alone, then none of them", async () => {
      await page.getByLabel("Training images").selectOption("own");
      await page.getByLabel("Training images").blur();
      await page.waitForFunction(() =>
        /^3 training images/.test(document.querySelector(".panel-source")?.textContent ?? ""),
      );
      await idle(page);
      const rows = part(await tableOf(page), "Samples");
      expect(new Set(rows.map((row) => row[5]))).not.toContain(undefined);
      expect(rows.filter(([way]) => way === "exact").every((row) => (row[7] as number) < 1 / 3)).toBe(true);
      expect(await said()).toContain("1 of your images is resized to 8 × 8.");
      // The choice is part of the state: undo takes it back, and brings it again.
      const select = page.getByLabel("Training images");
      await page.evaluate(() => (globalThis as PageGlobals).opened.store.undo());
      expect(await select.inputValue()).toBe("digits");
      await page.evaluate(() => (globalThis as PageGlobals).opened.store.redo());
      expect(await select.inputValue()).toBe("own");
      await idle(page);
      await page.getByRole("button", { name: "Remove yours" }).click();
      expect(await select.inputValue()).toBe("digits");
      await page.waitForFunction(() =>
        /^1,797 training images/.test(document.querySelector(".panel-source")?.textContent ?? ""),
      );
      await idle(page);
    });

    it("every image has words; axe finds nothing; a picture is a PNG; no sideways scroll at 320 px", async () => {
      const labels = await page
        .locator(".image-pair canvas")
        .evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
      expect(labels.length).toBe(48);
      expect(
        labels.filter((label) =>
          /^(Exact|Smoothed) score.*distance|^nearest training image: a \d/.test(label ?? ""),
        ).length,
      ).toBe(48);
      expect(await axe(page)).toEqual([]);
      expect(await signature(page)).toEqual(PNG);
      await page.setViewportSize({ width: 320, height: 640 });
      await framesOf(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
      expect(opened.errors).toEqual([]);
    });
  });

  describe("PDE", () => {
    const points = Float64Array.of(-1, 0.3, 1.4);
    const [horizon, seed, count] = [0.7, 4, 20_000];
    let opened: OpenPage;
    let page: Page;
    let table: Cell[][];
    let data: Mixture<"f64">;
    beforeAll(async () => {
      data = engine.mixture(points, { dim: 1, precision: "f64" });
      opened = await openPage(browser, files, { height: 1400 });
      ({ page } = opened);
      await show(page, "pde", {
        t: 0.1,
        seed,
        horizon,
        view: {
          set: "own",
          points: [...points].flatMap((x) => [x, 0]),
          process: "ou",
          sampler: "posterior",
          particles: count,
        },
      });
      table = await tableOf(page);
    });
    afterAll(async () => {
      await opened?.close();
      data?.dispose();
    });
    const noise = (t: number): number => 1 - Math.exp(-2 * t);
    /** The law of the data at time t, by its formula. */
    const p = (x: number, t: number): number =>
      points.reduce((sum, mu) => sum + Math.exp(-((x - Math.exp(-t) * mu) ** 2) / (2 * noise(t))), 0) /
      (3 * Math.sqrt(2 * Math.PI * noise(t)));

    it("densities are the library's equations, and the forward one the law of the data", async () => {
      const rows = part(table, "Density at t") as number[][];
      const said = await page.getByRole("slider", { name: /^Density at t/ }).getAttribute("aria-valuetext");
      const heat = part(table, "Forward") as number[][];
      const times = column(heat, 0);
      const t = times.reduce((a, b) => (Math.abs(Math.log(b / 0.1)) < Math.abs(Math.log(a / 0.1)) ? b : a));
      const x = column(rows, 0);
      const h = (x[1] as number) - (x[0] as number);
      const domain = [(x[0] as number) - h / 2, (x.at(-1) as number) + h / 2] as const;
      const shared = { cells: x.length, domain };
      const forward = await fokkerPlanck(data, ou(), {
        ...shared,
        direction: "forward",
        times: [...times].reverse(),
      });
      const reverse = await fokkerPlanck(data, ou(), {
        ...shared,
        direction: "reverse",
        times,
        initial: "normal",
      });
      const k = times.indexOf(t);
      const worst = (at: number, of: Float64Array): number =>
        Math.max(...column(rows, at).map((value, i) => Math.abs(value - (of[i] as number))));
      // The ends of the domain, read back from centres, differ in their last digits.
      expect(worst(1, forward.densities[times.length - 1 - k] as Float64Array)).toBeLessThan(1e-9);
      expect(worst(2, reverse.densities[k] as Float64Array)).toBeLessThan(1e-9);
      expect(
        worst(
          3,
          Float64Array.from(x, (place) => p(place, t)),
        ),
      ).toBeLessThan(1e-12);
      expect(worst(1, Float64Array.from(column(rows, 3)))).toBeLessThan(VOLUMES);
      expect(said).toMatch(
        /Their masses are 1 and 1\.|Their masses are (1|0\.99999999999\d*|1\.00000000000\d*) and /,
      );
    });

    it("particles are the library's run, and spread as the reverse equation says", async () => {
      const rows = part(table, "Particles minus equation") as number[][];
      const kept = column(part(table, "Forward"), 0);
      const fine: number[] = [];
      for (let k = 0; k + 1 < kept.length; k++) {
        const [a, b] = [kept[k] as number, kept[k + 1] as number];
        fine.push(a, a * (b / a) ** 0.5);
      }
      fine.push(kept.at(-1) as number);
      const k = kept.reduce(
        (best, t, i) =>
          Math.abs(Math.log(t / 0.1)) < Math.abs(Math.log((kept[best] as number) / 0.1)) ? i : best,
        0,
      );
      const particles = engine.mixture(points, { dim: 1 });
      const { trajectories } = await sample(exactScore(particles, ou()), {
        sampler: posterior(),
        grid: times(fine),
        count,
        seed,
        initial: "normal",
        record: [2 * k],
      });
      const width = (rows[1]?.[0] as number) - (rows[0]?.[0] as number);
      let moved = 0;
      let [mine, law, distance] = [0, 0, 0];
      for (const [x, hits, found, equation] of rows as [number, number, number, number][]) {
        const inside = (trajectories as Float32Array).filter(
          (y) => y >= x - width / 2 && y < x + width / 2,
        ).length;
        moved += Math.abs(inside - hits);
        mine += found * width;
        law += equation * width;
        distance = Math.max(distance, Math.abs(mine - law));
      }
      expect(moved).toBeLessThanOrEqual(4);
      // Dvoretzky, Kiefer and Wolfowitz at a rate of 1e-6, and what finite volumes are off by.
      expect(distance).toBeLessThan(Math.sqrt(Math.log(2e6) / (2 * count)) + VOLUMES);
      particles.dispose();
    });

    it("the generated law is Corollary 3.2's, by a sum written here; its distance falls with the horizon", async () => {
      const rows = part(table, "Generated law") as number[][];
      const [alpha, variance] = [Math.exp(-horizon), noise(horizon)];
      // q_0 = N(0, 1) over the law of the data at the horizon, averaged over where each point may be then.
      const step = 1e-3;
      points.forEach((mu, m) => {
        let sum = 0;
        for (let x = -12; x <= 12; x += step) {
          const there =
            Math.exp(-((x - alpha * mu) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
          sum += (there * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI) / p(x, horizon);
        }
        const [, law, , weight, ends, error] = rows[m] as number[];
        expect(law).toBeCloseTo((sum * step) / 3, 9);
        expect(weight).toBeCloseTo(1 / 3, 12);
        // Five standard errors: 6e-7 each.
        expect(Math.abs((ends as number) - (law as number))).toBeLessThan(5 * (error as number));
      });
      const distances = column(part(table, "Distance from the data"), 1);
      expect(distances.length).toBe(13);
      for (let i = 1; i < distances.length; i++)
        expect(distances[i]).toBeLessThan(distances[i - 1] as number);
    });

    it("capture: particles in the cell of their end, as the exact law has it", () => {
      const rows = part(table, "Capture") as number[][];
      expect(rows.length).toBe(25);
      for (const [, share, , theory] of rows.slice(1) as [number, number, number, number][]) {
        const error = Math.sqrt((theory * (1 - theory)) / count);
        // Of 24 times each at 6e-7; nearly all are captured at the last ones.
        expect(Math.abs(share - theory)).toBeLessThan(5 * error + 3 / count);
      }
      expect(rows.at(-1)?.[1]).toBe(1);
      expect(rows[1]?.[3]).toBeLessThan(0.9);
    });

    it("the naive reversal grows as the formula says, and where it is stopped is told", async () => {
      const rows = part(table, "Naive reversal") as number[][];
      const head = table[
        table.findIndex((row) => row[0] === "Naive reversal" && row.length === 1) + 1
      ] as string[];
      expect(rows.length).toBeGreaterThan(10);
      expect(head.length).toBe(10);
      for (const [k, ...columns] of rows as [number, ...number[]][]) {
        for (let i = 0; i < 9; i += 3) {
          const [measured, theory, onGrid] = columns.slice(i, i + 3) as [number, number, number];
          // The variance that both formulas have in common.
          if (k > 0) {
            const v = (2 * Math.log(theory)) / (k * k);
            expect(v).toBeGreaterThan(0);
            expect(onGrid).toBeLessThanOrEqual(theory);
          }
          expect(Math.abs(measured / onGrid - 1)).toBeLessThan(GROWTH);
        }
      }
      const text = await page.locator(".chart", { hasText: "What it makes of the density" }).textContent();
      expect(text).toMatch(/on 384 cells stopped at t = 0\.\d+, at 1e150/);
    });

    it("a shorter horizon is farther from the data", { tags: ["long"] }, async () => {
      const before = part(table, "Generated law") as number[][];
      await set(page, { horizon: 0.25 });
      await idle(page);
      const after = part(await tableOf(page), "Generated law") as number[][];
      const away = (rows: number[][]): number =>
        rows.reduce((sum, row) => sum + Math.abs((row[1] as number) - 1 / 3), 0);
      expect(away(after)).toBeGreaterThan(1.2 * away(before));
      expect(opened.errors).toEqual([]);
    });

    it("where the reverse process starts is part of the state: chosen, undone, in links", {
      tags: ["long"],
    }, async () => {
      const select = page.getByLabel("The reverse process starts from");
      // From the law of the data the reverse process generates the data.
      await select.selectOption("marginal");
      await idle(page);
      const rows = part(await tableOf(page), "Generated law") as number[][];
      for (const [, law] of rows) expect(law).toBeCloseTo(1 / 3, 12);
      const chosen = await page.evaluate(() => (globalThis as PageGlobals).opened.store.get());
      expect(chosen.reverseStart).toBe("marginal");
      await page.evaluate(() => (globalThis as PageGlobals).opened.store.undo());
      expect(await select.inputValue()).toBe("normal");

      const other = await openPage(browser, files, { height: 1400 });
      try {
        const { state } = decodeState(`#${encodeState(chosen)}`);
        await show(other.page, "pde", state);
        expect(await other.page.getByLabel("The reverse process starts from").inputValue()).toBe("marginal");
        expect(part(await tableOf(other.page), "Generated law").map((row) => row.slice(0, 4))).toEqual(
          rows.map((row) => row.slice(0, 4)),
        );
      } finally {
        await other.close();
      }
    });

    it("axe finds nothing; a picture is a PNG; no sideways scroll at 320 px", async () => {
      expect(await axe(page)).toEqual([]);
      expect(await signature(page)).toEqual(PNG);
      await page.setViewportSize({ width: 320, height: 640 });
      await framesOf(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
      expect(opened.errors).toEqual([]);
    });
  });
});
