// The stage in a real Chromium, on a page of its own: what hands do, what pixels say, and that bits stay.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEngine, edm, exactScore, heun, karras, loadDataSet, sample } from "vkernel";
import { pagePolicy, type RunningServer } from "../../cli/server.js";
import { fieldTables } from "../../site/worker/colours.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { serve } from "../browser/server.js";
import { stagePage } from "../../scripts/stage-page.js";
import { hashOf } from "./page/hash.js";
import type { StageGlobals } from "./page/main.js";
import { hexagon, oracle } from "./states.js";

let browser: Browser;
let files: ReadonlyMap<string, string | Uint8Array>;
const servers: RunningServer[] = [];

interface Start {
  readonly isolated?: boolean;
  readonly touch?: boolean;
  readonly start?: unknown;
}

/** A page with a stage, and what went wrong on it. */
async function open({ isolated = true, touch = false, start = {} }: Start = {}) {
  let server = servers[isolated ? 1 : 0];
  if (server === undefined) {
    server = await serve({ files, isolated, policy: pagePolicy });
    servers[isolated ? 1 : 0] = server;
  }
  const context = await browser.newContext({ viewport: { width: 700, height: 760 }, hasTouch: touch });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(`${server.url}?${encodeURIComponent(JSON.stringify(start))}`);
  await page.evaluate(async () => void (await (await (globalThis as StageGlobals).vk).stage.getParticles()));
  return {
    page,
    async close() {
      const violations = await page.evaluate(async () => (await (globalThis as StageGlobals).vk).violations);
      await context.close();
      expect([...errors, ...violations]).toEqual([]);
    },
  };
}

/** Where a place of the plane is on the page. */
async function pixelOf(page: Page, x: number, y: number): Promise<[number, number]> {
  const box = await page.locator(".surface").boundingBox();
  const { camera } = await page.evaluate(async () => (await (globalThis as StageGlobals).vk).store.get());
  const { x: left, y: top, width, height } = box as NonNullable<typeof box>;
  const scale = Math.min(width, height) / (2 * camera.half);
  return [left + width / 2 + (x - camera.x) * scale, top + height / 2 - (y - camera.y) * scale];
}

const settled = (page: Page) =>
  page.evaluate(async () => void (await (await (globalThis as StageGlobals).vk).stage.getParticles()));

const pointsOf = (page: Page) =>
  page.evaluate(async () => (await (globalThis as StageGlobals).vk).store.get().view.points);

/** The page's f at a place, and what the formulas say of the page's points. */
async function compareFraction(page: Page, x: readonly [number, number], t: number) {
  const points = await pointsOf(page);
  const got = await page.evaluate(
    async ({ x, t }) => (await (await (globalThis as StageGlobals).vk).stage.probe(x, t)).fraction,
    { x, t },
  );
  const want = oracle(points, "edm", x, t).fraction;
  expect(Math.abs(got - want)).toBeLessThan(1e-11);
  return got;
}

const still = { state: { tab: "map", t: 0.3, view: { particles: 100 } } };

describe.skipIf(skipReason !== undefined)(browserTitle("the stage"), () => {
  beforeAll(async () => {
    [browser, files] = await Promise.all([launch(), stagePage()]);
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server?.close();
  });

  describe("a point", () => {
    const place = [0.2, 0.4] as const;
    const before = oracle(hexagon, "edm", place, 0.3).fraction;

    it("dragged with the mouse changes f as the formulas say; undo is one step", {
      tags: ["long"],
    }, async () => {
      const { page, close } = await open({ start: still });
      await page.mouse.move(...(await pixelOf(page, 1, 0)));
      await page.mouse.down();
      await page.mouse.move(...(await pixelOf(page, 0.6, 0.3)), { steps: 6 });
      await page.mouse.up();
      await settled(page);
      const points = await pointsOf(page);
      expect(points).toHaveLength(12);
      // A drag ends where the hand is, to the pixel.
      expect(Math.hypot((points[0] as number) - 0.6, (points[1] as number) - 0.3)).toBeLessThan(0.01);
      expect(Math.abs((await compareFraction(page, place, 0.3)) - before)).toBeGreaterThan(0.01);
      const set = await page.evaluate(async () => {
        const { store } = await (globalThis as StageGlobals).vk;
        store.undo();
        return store.get().view.set;
      });
      expect(set).toBe("polygon");
      await close();
    });

    it("dragged with a finger", { tags: ["long"] }, async () => {
      const { page, close } = await open({ start: still, touch: true });
      const session = await page.context().newCDPSession(page);
      const touch = async (type: "touchStart" | "touchMove" | "touchEnd", at?: [number, number]) =>
        session.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: at === undefined ? [] : [{ x: at[0], y: at[1] }],
        });
      await touch("touchStart", await pixelOf(page, -1, 0));
      for (const x of [-0.9, -0.8, -0.7, -0.6]) await touch("touchMove", await pixelOf(page, x, -0.2));
      await touch("touchEnd");
      await settled(page);
      const points = await pointsOf(page);
      expect(Math.hypot((points[6] as number) + 0.6, (points[7] as number) + 0.2)).toBeLessThan(0.01);
      await compareFraction(page, place, 0.3);
      await close();
    });

    it("moved with keys, by numbers; deleted, added", { tags: ["long"] }, async () => {
      const { page, close } = await open({ start: still });
      await page.getByRole("button", { name: /^Training point 2:/ }).focus();
      for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Shift+ArrowDown");
      await settled(page);
      let points = await pointsOf(page);
      expect(points[2]).toBeCloseTo(0.5 - 5 * 0.04, 4);
      expect(points[3]).toBeCloseTo(Math.sqrt(0.75) - 0.004, 4);
      expect(Math.abs((await compareFraction(page, place, 0.3)) - before)).toBeGreaterThan(0.01);

      await page.keyboard.press("Enter");
      await page.getByLabel("x of point 2").fill("0.125");
      await page.getByLabel("y of point 2").fill("-0.5");
      await page.keyboard.press("Enter");
      await settled(page);
      points = await pointsOf(page);
      expect(points.slice(2, 4)).toEqual([0.125, -0.5]);
      await compareFraction(page, place, 0.3);

      await page.keyboard.press("Delete");
      await settled(page);
      expect(await pointsOf(page)).toHaveLength(10);
      await page.keyboard.press("a");
      await settled(page);
      expect(await pointsOf(page)).toHaveLength(12);
      await compareFraction(page, place, 0.3);
      await close();
    });

    it("added by a double click, and by a long press; a single click starts a trajectory", {
      tags: ["long"],
    }, async () => {
      const { page, close } = await open({ start: still, touch: true });
      const twice = await pixelOf(page, 0.1, 1.5);
      // Two clicks are near each other: the page's clock stands still between them.
      await page.evaluate(() => {
        const { setTimeout: real } = globalThis;
        const still = (what: () => void, wait = 0): unknown => (wait > 0 ? 2 ** 31 - 1 : real(what));
        Object.assign(globalThis, { real, setTimeout: still });
      });
      await page.mouse.dblclick(...twice);
      await page.evaluate(() =>
        Object.assign(globalThis, { setTimeout: (globalThis as unknown as { real: unknown }).real }),
      );
      await settled(page);
      let points = await pointsOf(page);
      expect(points).toHaveLength(14);
      expect(Math.hypot((points[12] as number) - 0.1, (points[13] as number) - 1.5)).toBeLessThan(0.01);
      const session = await page.context().newCDPSession(page);
      const [x, y] = await pixelOf(page, -1.2, 1.4);
      await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
      // While it is still down.
      await expect.poll(() => pointsOf(page)).toHaveLength(16);
      await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
      await settled(page);
      points = await pointsOf(page);
      expect(points).toHaveLength(16);
      expect(Math.hypot((points[14] as number) + 1.2, (points[15] as number) - 1.4)).toBeLessThan(0.01);
      await close();
    });

    it("in focus or under the pointer says what is known of its place", { tags: ["long"] }, async () => {
      const { page, close } = await open({ start: still });
      const readout = page.locator(".readout");
      await page.getByRole("button", { name: /^Training point 1:/ }).focus();
      await readout.getByText("tr C").waitFor();
      const said = await readout.locator("dd").allTextContents();
      const want = oracle(hexagon, "edm", [1, 0], 0.3);
      expect(Number(said[1])).toBeCloseTo(Math.exp(want.logDensity), 2);
      expect(Number(said[4]) / want.fraction).toBeCloseTo(1, 2);
      await page.mouse.move(...(await pixelOf(page, 0.25, 0.25)));
      await page.waitForFunction(() =>
        document.querySelector(".readout dd")?.textContent?.startsWith("0.25"),
      );
      await close();
    });
  });

  describe("pixels", () => {
    /** Of a colour, the share of the table at which it stands. */
    const levels = (() => {
      const table = fieldTables.cividis;
      const found = new Map<number, number[]>();
      for (let i = 0; i < 256; i++) {
        const key =
          ((table[4 * i] as number) << 16) |
          ((table[4 * i + 1] as number) << 8) |
          (table[4 * i + 2] as number);
        found.set(key, [...(found.get(key) ?? []), i]);
      }
      return found;
    })();

    it.each([
      ["fraction", (o: ReturnType<typeof oracle>) => o.fraction],
      ["proxyVariance", (o: ReturnType<typeof oracle>) => o.proxyVariance],
      ["logDensity", (o: ReturnType<typeof oracle>) => o.logDensity],
    ] as const)(
      "inverted through the colour table are the field: %s",
      { tags: ["long"] },
      async (quantity, of) => {
        const t = 0.3;
        const { page, close } = await open({ start: { state: { tab: "map", t, view: { quantity } } } });
        // Asking for anything would only delay the fine picture.
        await page.waitForFunction(() => {
          const canvas = document.querySelector("canvas") as HTMLCanvasElement;
          return canvas.width >= canvas.clientWidth;
        });
        const { width, height, text, scale } = await page.evaluate(async () => {
          const { client } = await (globalThis as StageGlobals).vk;
          const canvas = document.querySelector("canvas") as HTMLCanvasElement;
          const { width, height } = canvas;
          const context = canvas.getContext("2d") as CanvasRenderingContext2D;
          const bytes = context.getImageData(0, 0, width, height).data;
          let text = "";
          for (let i = 0; i < bytes.length; i += 4) text += String.fromCharCode(...bytes.subarray(i, i + 3));
          const [frame] = await client.call<"frame">({ kind: "frame", advance: 0 });
          return { width, height, text: btoa(text), scale: frame?.scale };
        });
        const data = Buffer.from(text, "base64");
        expect(width).toBeGreaterThan(600);
        const { from = 0, to = 1, log = false } = scale ?? {};
        const pixel = 4 / Math.min(width, height);
        let worst = 0;
        let off = 0;
        let looked = 0;
        for (let j = 3; j < height; j += 7) {
          for (let i = 3; i < width; i += 7) {
            const x = [(i + 0.5 - width / 2) * pixel, -(j + 0.5 - height / 2) * pixel];
            const value = of(oracle(hexagon, "edm", x, t));
            const u = log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
            const want = Math.min(1, Math.max(0, u)) * 255;
            const at = 3 * (j * width + i);
            const key =
              ((data[at] as number) << 16) | ((data[at + 1] as number) << 8) | (data[at + 2] as number);
            const found = levels.get(key);
            looked++;
            if (found === undefined) off++;
            else worst = Math.max(worst, Math.min(...found.map((level) => Math.abs(level - want))));
          }
        }
        expect(looked).toBeGreaterThan(5000);
        expect(off).toBe(0);
        // Half an entry of the table, and float32.
        expect(worst).toBeLessThan(0.51);
        await close();
      },
    );
  });

  describe("bits", () => {
    const state = { seed: 11, view: { particles: 20_000, steps: 60 } };
    /** What the library itself gives at steps of that run. */
    async function expected(steps: readonly number[]): Promise<string[]> {
      const engine = await createEngine({ threads: 1 });
      const { points, dim } = await loadDataSet("polygon");
      const run = await sample(exactScore(engine.mixture(points, { dim }), edm()), {
        sampler: heun(),
        grid: karras({ steps: 60, tMin: 0.02, tMax: 3, last: "sigmaMin" }),
        count: 20_000,
        seed: 11,
        record: [...new Set(steps)].sort((a, b) => a - b),
      });
      engine.close();
      const all = run.trajectories as Float32Array<ArrayBuffer>;
      return Promise.all(
        steps.map((step) => {
          const at = run.recorded.indexOf(step);
          return hashOf(all.slice(40_000 * at, 40_000 * (at + 1)));
        }),
      );
    }

    const hashes = (page: Page, steps: readonly number[]) =>
      page.evaluate(async (steps) => {
        const { stage, hashOf } = await (globalThis as StageGlobals).vk;
        const found: string[] = [];
        for (const step of steps) {
          await stage.seek(step);
          found.push(await hashOf((await stage.getParticles()).data));
        }
        return found;
      }, steps);

    const steps = [60, 20, 40, 60];

    it.each([
      ["cross-origin isolated, threads in a worker", { isolated: true }],
      ["not cross-origin isolated", { isolated: false }],
      ["in the page itself, without a worker", { isolated: false, start: { worker: false, state } }],
    ])(
      "are those of the library, after scrubbing back too, across reloads: %s",
      { tags: ["long"] },
      async (_, options) => {
        const want = await expected(steps);
        const { page, close } = await open({ start: { state }, ...options });
        expect(await hashes(page, steps)).toEqual(want);
        await page.reload();
        expect(await hashes(page, steps)).toEqual(want);
        await close();
      },
    );
  });

  it.each([
    ["another is started", 1, undefined],
    [
      "after three the page itself computes, and says so",
      3,
      /in the page itself.*stopped while it was starting/,
    ],
  ])("where a worker stops for good while it starts, %s", { tags: ["long"] }, async (_, stopping, note) => {
    const { page, close } = await open({ isolated: true, start: { state: { seed: 11 } } });
    let asked = 0;
    await page.route("**/session.js", (route) => {
      if (asked++ >= stopping) return route.continue();
      const body = `onmessage = ({ data }) => {
        postMessage({ id: data.id, progress: 0 });
        Atomics.wait(new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer), 0, 0);
      };`;
      const headers = { "cross-origin-embedder-policy": "require-corp" };
      return route.fulfill({ contentType: "text/javascript", headers, body });
    });
    await page.reload();
    const got = await page.evaluate(async () => {
      const { stage, client } = await (globalThis as StageGlobals).vk;
      await stage.seek(20);
      return { note: client.note, count: (await stage.getParticles()).count };
    });
    expect(asked).toBe(stopping === 3 ? 3 : 2);
    expect(got.count).toBeGreaterThan(1000);
    if (note === undefined) expect(got.note).toBeUndefined();
    else expect(got.note).toMatch(note);
    await close();
  });

  it("where there is no WebAssembly it computes in plain TypeScript, and says so", {
    tags: ["long"],
  }, async () => {
    const { page, close } = await open({ start: { state: { seed: 11, view: { particles: 500 } } } });
    await page.route("**/session.js", async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        body: `delete globalThis.WebAssembly;\n${await response.text()}`,
      });
    });
    await page.reload();
    const got = await page.evaluate(async () => {
      const { stage, client } = await (globalThis as StageGlobals).vk;
      await stage.seek(20);
      return { note: client.note, count: (await stage.getParticles()).count };
    });
    expect(got.note).toMatch(/^plain TypeScript.*no WebAssembly/);
    expect(got.count).toBe(500);
    await close();
  });

  describe("play", () => {
    it("goes from noise to data and holds; nothing runs while it is paused or hidden", {
      tags: ["long"],
    }, async () => {
      const { page, close } = await open({
        start: { autoplay: true, state: { view: { steps: 30, particles: 2000 }, speed: 5 } },
      });
      const after = await page.evaluate(async () => {
        const { events, stage, store, client } = await (globalThis as StageGlobals).vk;
        const frames = async (count: number): Promise<void> => {
          for (let frame = 0; frame < count; frame++) await new Promise(requestAnimationFrame);
        };
        const drawn = (): number => events.filter(([type]) => type === "frame").length;
        while (stage.playing) await frames(1);
        const steps = events.flatMap(([type, detail]) =>
          type === "frame" ? [(detail as { step: number }).step] : [],
        );
        await stage.getParticles();
        const before = events.length;
        await frames(20);
        const quiet = events.length - before;
        const { t } = store.get();
        stage.show(false);
        const rest = drawn();
        stage.play();
        await frames(20);
        const hidden = drawn() - rest;
        stage.show(true);
        while (drawn() === rest) await frames(1);
        stage.pause();
        return { steps, quiet, t, hidden, note: client.note, words: stage.describe() };
      });
      expect(after.steps).toEqual([...after.steps].sort((a, b) => a - b));
      expect(after.steps.at(-1)).toBe(30);
      expect(after.quiet).toBe(0);
      expect(after.t).toBe(0.02);
      expect(after.hidden).toBe(0);
      await close();
    });
  });
});
