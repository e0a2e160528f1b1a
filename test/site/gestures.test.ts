// Hands on the built page, in a real Chromium: zooming, moving, overlays held to formulas, files of points, the points' table.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "vkernel/io";
import type { VkernelExplorer } from "../../site/element.js";
import { defaultView, type State, type View } from "../../site/state/state.js";
import type { Probe } from "../../site/worker/protocol.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { type OpenSite, openSite } from "./site.js";
import { hexagon, oracle, stateWith } from "./states.js";

type Place = readonly [number, number];

/** A pointer's place is whole pixels of the screen, a picture's too. */
const PIXEL = 1;

/** Points without a symmetry: an edge, an arrow or an ellipse that is mirrored is somewhere else. */
const five: readonly number[] = [-1.1, 0.4, 0.9, 1.2, 1.3, -0.6, -0.3, -1.3, 0.1, 0.2];

const placesOf = (flat: readonly number[]): Place[] =>
  flat.flatMap((x, i) => (i % 2 === 0 ? [[x, flat[i + 1]] as const] : []));

let browser: Browser;
/** One page for all: each test puts its own state there first. */
let site: OpenSite;
let page: Page;

/** Asks the element on the page. */
const ask = <R, A>(what: (explorer: VkernelExplorer, argument: A) => R, argument?: A): Promise<Awaited<R>> =>
  page.locator("vkernel-explorer").evaluate(what as never, argument) as Promise<Awaited<R>>;

const stateOf = (): Promise<State> => ask((explorer) => explorer.getState());
const pointsOf = async (): Promise<readonly number[]> => (await stateOf()).view.points;
const seek = (step: number): Promise<void> => ask((explorer, step) => explorer.seek(step), step);
const probe = (places: readonly Place[]): Promise<Probe[]> =>
  ask((explorer, places) => Promise.all(places.map((place) => explorer.probe(place))), places);

/** Puts the page in a state, with no hand on it, and waits until it is drawn. */
async function show(view: Partial<View>, rest: Partial<Omit<State, "view">> = {}): Promise<void> {
  await page.mouse.move(0, 0);
  await ask(
    async (explorer, state) => {
      scrollTo(0, 0);
      (explorer.shadowRoot?.activeElement as HTMLElement | null)?.blur();
      explorer.setState(state);
      await explorer.getParticles();
    },
    stateWith(view, { tab: "map", t: 0.3, ...rest }),
  );
}

/** The stage on the screen: between the plane and pixels of the page. */
async function lens() {
  const box = await page.locator(".surface").boundingBox();
  const { camera } = await stateOf();
  const { x: left, y: top, width, height } = box as NonNullable<typeof box>;
  const scale = Math.min(width, height) / (2 * camera.half);
  const [midX, midY] = [left + width / 2, top + height / 2];
  return {
    camera,
    scale,
    width,
    left,
    top,
    toPixel: ([x, y]: Place): [number, number] => [
      midX + (x - camera.x) * scale,
      midY - (y - camera.y) * scale,
    ],
    toPlane: ([px, py]: Place): [number, number] => [
      camera.x + (px - midX) / scale,
      camera.y - (py - midY) / scale,
    ],
  };
}

/** How far a place of the plane is from a pixel, in pixels. */
async function missed(place: Place, [px, py]: Place): Promise<number> {
  const [x, y] = (await lens()).toPixel(place);
  return Math.hypot(x - px, y - py);
}

/** The middle of a point's handle on the screen. */
async function handleAt(point: number): Promise<[number, number]> {
  const box = await page.getByRole("button", { name: new RegExp(`^Training point ${point}:`) }).boundingBox();
  const { x, y, width, height } = box as NonNullable<typeof box>;
  return [x + width / 2, y + height / 2];
}

describe.skipIf(skipReason !== undefined)(browserTitle("hands on the page"), () => {
  beforeAll(async () => {
    browser = await launch();
    site = await openSite(browser, { context: { hasTouch: true, reducedMotion: "reduce" } });
    page = site.page;
  });
  afterAll(async () => {
    await site?.close();
    await browser?.close();
  });
  afterEach(() => {
    expect(site.errors.splice(0)).toEqual([]);
  });
  // What a test that failed may have left.
  afterEach(async () => {
    for (const key of ["Control", "Shift"]) await page?.keyboard.up(key);
    for (const one of (await page?.locator("dialog").all()) ?? [])
      await one.evaluate((open: HTMLDialogElement) => open.close());
  });

  describe("the wheel", () => {
    it("with Ctrl zooms about the pointer, as far as the range goes and no further", {
      tags: ["long"],
    }, async () => {
      await show({});
      const { toPixel } = await lens();
      const pixel = toPixel([1, 0]).map(Math.round) as [number, number];
      const place = (await lens()).toPlane(pixel);
      await page.mouse.move(...pixel);
      await page.keyboard.down("Control");
      const turn = async (by: number, half: number): Promise<void> => {
        await page.mouse.wheel(0, by);
        await expect.poll(async () => (await stateOf()).camera.half).toBeCloseTo(half, 9);
        expect(await missed(place, pixel)).toBeLessThan(PIXEL);
        // The point is where the pointer is, on the screen too.
        const [x, y] = await handleAt(1);
        expect(Math.hypot(x - pixel[0], y - pixel[1])).toBeLessThan(2 * PIXEL);
      };
      await turn(-200, 2 * Math.exp(-0.5));
      await turn(300, 2 * Math.exp(0.25));
      // Beyond the ends nothing moves, however far the wheel is turned.
      for (const by of [-3000, -400]) await turn(by, 0.01);
      for (const by of [5000, 400]) await turn(by, 200);
      await page.keyboard.up("Control");
    });

    it("alone scrolls the page and leaves the picture as it is", async () => {
      await show({});
      const { camera } = await stateOf();
      await page.mouse.move(...(await lens()).toPixel([0.2, 0.3]));
      await page.mouse.wheel(0, 120);
      await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(0);
      expect((await stateOf()).camera).toEqual(camera);
    });
  });

  describe("fingers", () => {
    type Touch = "touchStart" | "touchMove" | "touchEnd" | "touchCancel";
    const fingers = async () => {
      const session = await page.context().newCDPSession(page);
      return (type: Touch, ...at: Place[]) =>
        session.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: at.map(([x, y], id) => ({ x: Math.round(x), y: Math.round(y), id })),
        });
    };

    it.each([
      ["one of them moves", [0, 0], [140, -60]],
      ["both move apart, and along", [-90, 70], [60, 110]],
      ["they move towards each other", [60, 20], [-50, -40]],
    ] as const)("two of them zoom, and what was between them stays there: %s", async (_, first, second) => {
      await show({});
      const { toPixel, toPlane, camera } = await lens();
      const a = toPixel([-0.5, -0.4]).map(Math.round) as [number, number];
      const b = toPixel([0.4, 0.3]).map(Math.round) as [number, number];
      const place = toPlane([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
      const touch = await fingers();
      await touch("touchStart", a);
      await touch("touchStart", a, b);
      // In few steps: what is lost in each would be seen.
      const along = ([x, y]: Place, [dx, dy]: Place, u: number): Place => [x + u * dx, y + u * dy];
      for (const u of [0.25, 0.5, 0.75, 1]) await touch("touchMove", along(a, first, u), along(b, second, u));
      const [c, d] = [along(a, first, 1), along(b, second, 1)];
      const apart = ([x1, y1]: Place, [x2, y2]: Place): number => Math.hypot(x1 - x2, y1 - y2);
      await expect
        .poll(async () => (await stateOf()).camera.half * (apart(c, d) / apart(a, b)))
        .toBeCloseTo(camera.half, 2);
      await touch("touchEnd");
      expect(await missed(place, [(c[0] + d[0]) / 2, (c[1] + d[1]) / 2])).toBeLessThan(PIXEL);
      // No point came of it.
      expect((await stateOf()).view.set).toBe("polygon");
    });

    it("one that rests adds a point, and undo takes it back", async () => {
      await show({});
      const touch = await fingers();
      const { toPixel, scale } = await lens();
      await touch("touchStart", toPixel([-1.2, 1.4]));
      // While it is still down.
      await expect.poll(pointsOf).toHaveLength(14);
      await touch("touchEnd");
      const points = await pointsOf();
      expect(points.slice(0, 12)).toEqual(hexagon.map((value) => expect.closeTo(value, 3)));
      const [x, y] = points.slice(12) as [number, number];
      expect(Math.hypot(x + 1.2, y - 1.4) * scale).toBeLessThan(PIXEL);
      await page.getByRole("button", { name: /^Undo/ }).click();
      expect((await stateOf()).view).toMatchObject({ set: "polygon", points: [] });
    });

    it("one that moves over empty ground scrolls the page, and adds nothing", async () => {
      await show({});
      const before = await stateOf();
      const touch = await fingers();
      const [x, y] = (await lens()).toPixel([-1.2, 0.2]);
      await touch("touchStart", [x, y]);
      for (const by of [20, 60, 100, 140]) await touch("touchMove", [x, y - by]);
      await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(50);
      // Not lifted: the page would glide on.
      await touch("touchCancel");
      expect(await stateOf()).toEqual(before);
    });
  });

  it.each([
    ["Shift held", "left", "Shift"],
    ["the middle button", "middle", undefined],
  ] as const)(
    "a drag with %s moves the picture with the hand, without a step of undo",
    async (_, button, key) => {
      await show({});
      const undo = page.getByRole("button", { name: /^Undo/ });
      const could = await undo.isEnabled();
      const { toPixel } = await lens();
      // From a point, even: it is the picture that is taken.
      const [x, y] = toPixel([1, 0]).map(Math.round) as [number, number];
      await page.mouse.move(x, y);
      if (key) await page.keyboard.down(key);
      await page.mouse.down({ button });
      await page.mouse.move(x - 120, y + 75, { steps: 5 });
      await page.mouse.up({ button });
      if (key) await page.keyboard.up(key);
      await expect.poll(() => missed([1, 0], [x - 120, y + 75])).toBeLessThan(PIXEL);
      const state = await stateOf();
      expect([state.camera.half, state.view.set]).toEqual([2, "polygon"]);
      const [hx, hy] = await handleAt(1);
      expect(Math.hypot(hx - x + 120, hy - y - 75)).toBeLessThan(2 * PIXEL);
      expect(await undo.isEnabled()).toBe(could);
    },
  );

  it("a drag over empty ground is nothing", async () => {
    await show({});
    const before = await stateOf();
    const { toPixel } = await lens();
    await page.mouse.move(...toPixel([-0.5, 1.4]));
    await page.mouse.down();
    await page.mouse.move(...toPixel([0.5, 1.5]), { steps: 5 });
    await page.mouse.up();
    expect(await stateOf()).toEqual(before);
  });

  it("values are of the points that were set last, also where they are asked for at once", async () => {
    await show({});
    const found = await ask((explorer, points) => {
      explorer.setPoints(points);
      return explorer.probe([0.2, 0.4]);
    }, five);
    const want = oracle(five, "edm", [0.2, 0.4], 0.3);
    expect(found.weights).toHaveLength(5);
    expect([found.nearest, found.fraction]).toEqual([want.nearest, expect.closeTo(want.fraction, 9)]);
  });

  describe("overlays", () => {
    interface Image {
      readonly width: number;
      readonly bytes: Buffer;
    }

    /** The marks over the picture: RGBA, from the top left. */
    const marks = async (pane = 0): Promise<Image> => {
      const { width, text } = await ask(({ shadowRoot }, pane) => {
        const canvas = shadowRoot?.querySelectorAll("canvas.layer")[3 * pane + 2] as HTMLCanvasElement;
        const { width, height } = canvas;
        const context = canvas.getContext("2d") as CanvasRenderingContext2D;
        const { data } = context.getImageData(0, 0, width, height);
        let text = "";
        for (let i = 0; i < data.length; i += 8192)
          text += String.fromCharCode(...data.subarray(i, i + 8192));
        return { width, text: btoa(text) };
      }, pane);
      return { width, bytes: Buffer.from(text, "base64") };
    };

    /** How many pixels are fully drawn. */
    const opaque = ({ bytes }: Image): number => {
      let count = 0;
      for (let i = 3; i < bytes.length; i += 4) if (bytes[i] === 255) count++;
      return count;
    };

    /** What an overlay adds: for each pixel that was clear before, how opaque it is with it. */
    async function added(name: keyof View["overlays"]) {
      const before = await marks();
      await page
        .getByRole("checkbox", {
          name: { arrows: "Score", voronoi: "Cells", trajectories: "Paths", ellipses: "C" }[name],
          exact: true,
        })
        .check();
      let after = before;
      await expect
        .poll(async () => {
          after = await marks();
          return after.bytes.equals(before.bytes);
        })
        .toBe(false);
      expect((await stateOf()).view.overlays[name]).toBe(true);
      return { ...pixelsOf(before, after), after };
    }

    function pixelsOf(before: Image, after: Image) {
      const { width } = before;
      const list: { x: number; y: number; alpha: number }[] = [];
      for (let i = 0; 4 * i < before.bytes.length; i++) {
        if (before.bytes[4 * i + 3] !== 0) continue;
        const alpha = after.bytes[4 * i + 3] as number;
        // The middle of a pixel, as canvases count.
        list.push({ x: (i % width) + 0.5, y: Math.floor(i / width) + 0.5, alpha });
      }
      return { width, pixels: list };
    }

    it("a point is drawn larger while the pointer is on it, and no longer", async () => {
      await show({ quantity: "none" });
      const before = await marks();
      await page.mouse.move(...(await lens()).toPixel([1, 0]));
      await expect.poll(async () => opaque(await marks())).toBeGreaterThan(opaque(before) + 20);
      // Away at once, over no empty ground.
      await page.mouse.move(0, 0);
      expect((await marks()).bytes.equals(before.bytes)).toBe(true);
    });

    it("cells: lines along the bisectors of neighbours, and nothing within a cell", async () => {
      await show({ set: "own", points: five, quantity: "none" });
      const points = placesOf(five);
      const { width, pixels } = await added("voronoi");
      const scale = width / 4;
      const wrong: unknown[] = [];
      let on = 0;
      for (const { x, y, alpha } of pixels) {
        const place = [(x - width / 2) / scale, (width / 2 - y) / scale] as const;
        const squares = points.map(([px, py]) => (place[0] - px) ** 2 + (place[1] - py) ** 2);
        const near = squares.indexOf(Math.min(...squares));
        const [nx, ny] = points[near];
        // How far the edge of its cell is: a cell is what lies before all bisectors.
        const bisectors = points.map(
          ([px, py], m) => ((squares[m] - squares[near]) / (2 * Math.hypot(px - nx, py - ny))) * scale,
        );
        const edge = Math.min(...bisectors.filter((_, m) => m !== near));
        // A line and its halo, 3 wide; a pixel reaches 0.71 from its middle.
        if (edge < 0.75) on++;
        if (edge < 0.75 ? alpha === 0 : edge > 2.25 && alpha > 0) wrong.push([place, edge, alpha]);
      }
      expect(wrong.slice(0, 5)).toEqual([]);
      expect(on).toBeGreaterThan(width);
    });

    /** The middles of 20 x 20 squares of the stage, with what an overlay adds in each; those that were clear before. */
    async function squares(name: "arrows" | "ellipses") {
      const { width, pixels } = await added(name);
      const cell = width / 20;
      const all = new Map<number, (typeof pixels)[0][]>();
      for (const pixel of pixels) {
        const key = 20 * Math.floor(pixel.y / cell) + Math.floor(pixel.x / cell);
        all.set(key, [...(all.get(key) ?? []), pixel]);
      }
      const whole = Math.floor(cell) ** 2;
      return {
        cell,
        list: [...all]
          .filter(([, inside]) => inside.length >= whole)
          .map(([key, inside]) => {
            const [x, y] = [((key % 20) + 0.5) * cell, (Math.floor(key / 20) + 0.5) * cell];
            const place: Place = [(x / width - 0.5) * 4, (0.5 - y / width) * 4];
            /** Those that are drawn, from the middle, y upward. */
            const drawn = inside
              .filter(({ alpha }) => alpha > 0)
              .map((pixel): Place => [pixel.x - x, y - pixel.y]);
            return { place, drawn };
          }),
      };
    }

    const dot = ([a, b]: Place, [c, d]: Place): number => a * c + b * d;
    const unit = ([x, y]: Place): Place => [x / Math.hypot(x, y), y / Math.hypot(x, y)];
    const turned = ([x, y]: Place): Place => [-y, x];

    it("arrows: along the score, their heads ahead, longer where it is larger", {
      tags: ["long"],
    }, async () => {
      await show({ set: "own", points: five, quantity: "none" }, { t: 0.8 });
      const { list, cell } = await squares("arrows");
      expect(list.length).toBeGreaterThan(250);
      const scores = (await probe(list.map(({ place }) => place))).map(
        ({ score }) => score as unknown as Place,
      );
      const wrong: unknown[] = [];
      const lengths = list.map(({ place, drawn }, i) => {
        const score = scores[i] as Place;
        const way = unit(score);
        const [ahead, aside] = [drawn.map((p) => dot(p, way)), drawn.map((p) => dot(p, turned(way)))];
        const length = Math.max(...ahead) - Math.min(...ahead);
        if (length > cell / 3) {
          // Straight along the score: as much on one side as on the other, all the way.
          const skew = ahead.reduce((sum, a, k) => sum + a * (aside[k] as number), 0);
          const spread = ahead.reduce((sum, a) => sum + a * a, 0);
          const lean = ahead.reduce((sum, a) => sum + a, 0) / ahead.length;
          if (Math.abs(skew / spread) > 0.12 || lean < 0.15) wrong.push([place, score, skew / spread, lean]);
        }
        return length;
      });
      expect(wrong.slice(0, 5)).toEqual([]);
      const order = scores.map((score, i) => [Math.hypot(...score), lengths[i] as number] as const);
      order.sort(([a], [b]) => a - b);
      let longest = 0;
      for (const [, length] of order) {
        // A pixel at either end.
        expect(length).toBeGreaterThan(longest - 3);
        longest = Math.max(longest, length);
      }
      expect(longest).toBeGreaterThan(0.7 * cell);
      expect(order[0]?.[1]).toBeLessThan(0.3 * cell);
    });

    it("ellipses: at their places, with the axes of C on one scale", { tags: ["long"] }, async () => {
      const t = 0.8;
      await show({ set: "own", points: five, quantity: "none" }, { t });
      const { list, cell } = await squares("ellipses");
      /** C = Cov(mu | x) / S^2 of edm: half axes and the direction of the longer. */
      const shapeOf = (place: Place) => {
        const { weights, proxyVariance } = oracle(five, "edm", place, t);
        const mean = (f: (x: number, y: number) => number): number =>
          weights.reduce((sum, w, m) => sum + w * f(five[2 * m], five[2 * m + 1]), 0);
        const [mx, my] = [mean((x) => x), mean((_, y) => y)];
        const a = mean((x) => (x - mx) ** 2) / t ** 4;
        const b = mean((x, y) => (x - mx) * (y - my)) / t ** 4;
        const c = mean((_, y) => (y - my) ** 2) / t ** 4;
        const spread = Math.hypot((a - c) / 2, b);
        const angle = Math.atan2(2 * b, a - c) / 2;
        return {
          trace: proxyVariance,
          long: Math.sqrt((a + c) / 2 + spread),
          short: Math.sqrt(Math.max(0, (a + c) / 2 - spread)),
          way: [Math.cos(angle), Math.sin(angle)] as Place,
        };
      };
      const middles = Array.from(
        { length: 400 },
        (_, i): Place => [((i % 20) + 0.5) / 5 - 2, 2 - (Math.floor(i / 20) + 0.5) / 5],
      );
      const largest = Math.max(...middles.map((place) => shapeOf(place).long));
      const some = list.filter((_, i) => i % 20 === 0);
      (await probe(some.map(({ place }) => place))).forEach(({ proxyVariance }, i) => {
        expect(proxyVariance / shapeOf((some[i] as (typeof some)[0]).place).trace).toBeCloseTo(1, 9);
      });
      const wrong: unknown[] = [];
      let looked = 0;
      for (const { place, drawn } of list) {
        const { long, short, way } = shapeOf(place);
        // The largest fills its square; half a line and its halo, 1.6, comes to it.
        const scale = (0.44 * cell) / largest;
        if (long * scale < 3) continue;
        looked++;
        const reach = (along: Place): number => Math.max(...drawn.map((p) => Math.abs(dot(p, along))));
        const [got, across] = [reach(way) - 1.6, reach(turned(way)) - 1.6];
        if (
          !(Math.abs(got - long * scale) < PIXEL && Math.abs(across - Math.max(0.5, short * scale)) < PIXEL)
        )
          wrong.push([place, got, long * scale, across, short * scale]);
      }
      expect(wrong.slice(0, 5)).toEqual([]);
      expect(looked).toBeGreaterThan(200);
    });

    it("paths: those of the particles themselves, from the first step to the last; what lies ahead is faint", {
      tags: ["long"],
    }, async () => {
      const steps = 12;
      await show(
        { particles: 9, steps, epsilon: 0.5, quantity: "none", sampler: "eulerMaruyama" },
        { tab: "particles", camera: { x: 0, y: 0, half: 8 } },
      );
      /** Where each particle was, by step. */
      const way = await ask(async (explorer, steps) => {
        const all: number[][] = [];
        for (let step = 0; step <= steps; step++) {
          await explorer.seek(step);
          all.push(Array.from((await explorer.getParticles()).data));
        }
        return all;
      }, steps);
      const { width, pixels } = await added("trajectories");
      const scale = width / 16;
      const at = (step: number, p: number): Place => [
        width / 2 + (way[step]?.[2 * p] as number) * scale,
        width / 2 - (way[step]?.[2 * p + 1] as number) * scale,
      ];
      const segments = Array.from(
        { length: 9 * steps },
        (_, i) => [at(i % steps, Math.floor(i / steps)), at((i % steps) + 1, Math.floor(i / steps))] as const,
      );
      const starts = Array.from({ length: 9 }, (_, p) => at(0, p));
      const drawnAt = new Map(pixels.map(({ x, y, alpha }) => [`${Math.floor(x)},${Math.floor(y)}`, alpha]));
      const opacity = ([x, y]: Place): number | undefined => drawnAt.get(`${Math.floor(x)},${Math.floor(y)}`);
      // Each place of each particle is on its path, but for those that other marks hide.
      const missing: unknown[] = [];
      let seen = 0;
      for (let p = 0; p < 9; p++) {
        for (let step = 1; step <= steps; step++) {
          const alpha = opacity(at(step, p));
          if (alpha === undefined) continue;
          seen++;
          if (alpha < 60) missing.push([p, step, alpha]);
        }
        // A ring where it starts.
        const [x, y] = at(0, p);
        const ring = [
          opacity([x - 3.5, y]),
          opacity([x + 3.5, y]),
          opacity([x, y - 3.5]),
          opacity([x, y + 3.5]),
        ];
        if (ring.some((alpha) => alpha === 0)) missing.push([p, "ring", ring]);
      }
      expect(missing.slice(0, 5)).toEqual([]);
      expect(seen).toBeGreaterThan(50);
      // And nothing is anywhere else.
      const stray = pixels.filter(
        ({ x, y, alpha }) =>
          alpha > 0 &&
          !segments.some(([a, b]) => distance([x, y], a, b) < 0.9 + 0.75) &&
          !starts.some(([sx, sy]) => Math.abs(Math.hypot(x - sx, y - sy) - 3.5) < 0.9 + 0.75),
      );
      expect(stray.slice(0, 5)).toEqual([]);

      await seek(4);
      const { bytes } = await marks();
      const alphaAt = (x: number, y: number): number =>
        bytes[4 * (Math.floor(y) * width + Math.floor(x)) + 3] as number;
      const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;
      const opacityOf = (step: number): number =>
        median(
          starts.map((_, p) => {
            const [[x1, y1], [x2, y2]] = [at(step, p), at(step + 1, p)];
            return alphaAt((x1 + x2) / 2, (y1 + y2) / 2);
          }),
        );
      expect([opacityOf(1) > 200, opacityOf(5) > 60 && opacityOf(5) < 140]).toEqual([true, true]);
      // The very end of each, to a pixel, where at step 12 the particle itself was.
      const ends = starts.map((_, p) => at(steps, p));
      const around = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [dx, dy] as const));
      expect(ends.filter(([x, y]) => around.every(([dx, dy]) => alphaAt(x + dx, y + dy) < 40))).toEqual([]);

      // The map has no particles, and no paths.
      await ask((explorer) => {
        explorer.setState({ tab: "map" });
        return explorer.getParticles();
      });
      const map = await marks();
      const left = pixels.filter(
        ({ x, y, alpha }) => alpha > 0 && map.bytes[4 * (Math.floor(y) * width + Math.floor(x)) + 3] !== 0,
      );
      expect(left.slice(0, 5)).toEqual([]);
    });

    it("follow what moves: none is of what was there before", { tags: ["long"] }, async () => {
      await show(
        { quantity: "none", particles: 600 },
        { tab: "particles", camera: { x: 0.2, y: -0.1, half: 1.7 } },
      );
      await added("arrows");
      const { after: want } = await added("trajectories");
      for (let round = 0; round < 4; round++) {
        // Like a hand that pans: the state is new in each frame, while those before it are drawn.
        await ask(async (explorer, round) => {
          for (let i = 10; i >= 0; i--) {
            explorer.setState({ camera: { x: 0.2 + i / 30, y: -0.1 - (i * round) / 50, half: 1.7 } });
            await new Promise((resolve) => requestAnimationFrame(resolve));
          }
        }, round);
        await expect.poll(async () => (await marks()).bytes.equals(want.bytes)).toBe(true);
      }
    });

    it("are in each pane of Compare, also when it comes back", async () => {
      const state = { panes: [{}], camera: { x: 0, y: 0, half: 2.5 } };
      const view = { quantity: "none", particles: 600 } as const;
      await show(view, { tab: "compare", ...state });
      const bare = opaque(await marks(1));
      const arrows = { ...view, overlays: { ...defaultView.overlays, arrows: true } };
      await show(arrows, { tab: "compare", ...state });
      await expect.poll(async () => opaque(await marks(1))).toBeGreaterThan(bare + 1000);
      const want = await marks(1);
      await show(arrows, { tab: "particles", ...state });
      expect(await page.locator(".pane").count()).toBe(1);
      await show(arrows, { tab: "compare", ...state });
      await expect.poll(async () => (await marks(1)).bytes.equals(want.bytes)).toBe(true);
    });

    function distance([x, y]: Place, [ax, ay]: Place, [bx, by]: Place): number {
      const [dx, dy] = [bx - ax, by - ay];
      const u = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
      return Math.hypot(x - ax - u * dx, y - ay - u * dy);
    }

    it("a click starts a trajectory there; other data take it away", { tags: ["long"] }, async () => {
      await show({ quantity: "none", particles: 600 }, { tab: "particles", t: 1 });
      const before = await marks();
      const { toPixel, left, top } = await lens();
      const pixel = toPixel([-1.4, 0.9]).map(Math.round) as [number, number];
      await page.mouse.click(...pixel);
      /** Pixels of the colour that such a trajectory has, on light ground. */
      const own = async (): Promise<Place[]> => {
        const { width, bytes } = await marks();
        const found: Place[] = [];
        for (let i = 0; i < bytes.length; i += 4)
          if (bytes.readUInt32BE(i) === 0xa8397aff) found.push([(i / 4) % width, Math.floor(i / 4 / width)]);
        return found;
      };
      const near = (some: readonly Place[], [px, py]: Place, reach: number): number =>
        some.filter(([x, y]) => Math.hypot(x + left - px, y + top - py) < reach).length;
      // A ring where it starts; what lies ahead is faint.
      await expect.poll(async () => near(await own(), pixel, 5)).toBeGreaterThan(8);
      expect((await stateOf()).view.set).toBe("polygon");
      await seek(100);
      // To one of the points, whose diamond is 9 wide with its halo.
      const whole = await own();
      const ends = placesOf(hexagon).map(toPixel);
      expect(ends.filter((end) => near(whole, end, 14) > 0)).toHaveLength(1);
      await ask((explorer) => explorer.setState({ seed: 2 }));
      await expect.poll(async () => (await marks()).bytes.equals(before.bytes)).toBe(true);
    });
  });

  describe("a file", () => {
    const upload = (name: string, content: string | Uint8Array) =>
      page
        .getByLabel("A table of points")
        .setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(content) });
    const said = (text: string | RegExp) =>
      expect.poll(() => page.locator(".notices").textContent()).toMatch(text);
    /** What `work` gives to say, of points that stay as they are. */
    async function refused(work: Promise<unknown>, text: RegExp): Promise<void> {
      const before = await stateOf();
      await work;
      await said(text);
      expect(await stateOf()).toEqual(before);
    }

    it("of comma-separated values becomes the points; undo brings back what was there", async () => {
      await show({});
      await upload("three.csv", "x,y\n0.5,-0.25\n-1,1e0\n 1.5 , 0\n");
      await expect
        .poll(async () => (await stateOf()).view)
        .toMatchObject({
          set: "own",
          points: [0.5, -0.25, -1, 1, 1.5, 0],
        });
      const [found] = await probe([[0.3, 0.4]]);
      expect(found?.fraction).toBeCloseTo(
        oracle([0.5, -0.25, -1, 1, 1.5, 0], "edm", [0.3, 0.4], 0.3).fraction,
        9,
      );
      await expect.poll(() => page.locator(".handle").count()).toBe(3);
      await page.getByRole("button", { name: /^Undo/ }).click();
      expect((await stateOf()).view.set).toBe("polygon");
    });

    it.each([
      ["float64", encodeNpy(Float64Array.of(0.5, 1, -1, 0.25), [2, 2]), [0.5, 1, -1, 0.25], undefined],
      ["float32, one column", encodeNpy(Float32Array.of(0.5, -0.25), [2]), [0.5, 0, -0.25, 0], undefined],
      [
        "three columns",
        encodeNpy(Float32Array.of(1, 0, 9, -1, 0.5, 9), [2, 3]),
        [1, 0, -1, 0.5],
        /The first two of the 3 columns/,
      ],
      [
        "NaN in a row",
        encodeNpy(Float64Array.of(Number.NaN, 1, 2, 0.5), [2, 2]),
        [2, 0.5],
        /no numbers are left out/,
      ],
      [
        "beyond the range",
        encodeNpy(Float64Array.of(1e9, 1, 2, 0.5), [2, 2]),
        [100, 1, 2, 0.5],
        /from -100 to 100/,
      ],
    ] as const)("of NumPy becomes the points: %s", async (_, bytes, points, notice) => {
      await show({});
      await upload("some.npy", bytes);
      await expect.poll(pointsOf).toEqual(points);
      if (notice) await said(notice);
    });

    it("with more points than there may be: the first of them, and it says so", async () => {
      await show({ quantity: "none" });
      await upload("many.csv", Array.from({ length: 2500 }, (_, i) => `${i / 2500},0.5\n`).join(""));
      await expect.poll(async () => (await pointsOf()).length).toBe(4000);
      expect((await pointsOf()).slice(-2)).toEqual([0.7996, 0.5]);
      await said("The first 2000 of the 2500 points of many.csv are taken.");
    });

    it.each([
      ["a word", "word.csv", "1,2\n3,four\n", /word\.csv:2:2: expected a number, got "four"/],
      ["NaN", "nan.csv", "1,2\nnan,4\n", /nan\.csv:2:1: expected a finite number, got "nan"/],
      [
        "row numbers",
        "pandas.csv",
        ",x,y\n0,1,2\n1,3,4\n",
        /pandas\.csv:1:1: expected coordinates in the first column, got a column without a name: row numbers, as pandas and R write them\. Take that column out of the file and choose it again\.$/,
      ],
      ["a short row", "ragged.csv", "1,2\n3\n", /ragged\.csv:2:2: expected 2 cells, got 1/],
      ["nothing", "empty.csv", "", /empty\.csv:1:1: expected rows of numbers, got an empty file/],
      ["a head alone", "head.csv", "x,y\n", /head\.csv has no points/],
      ["words, named .npy", "words.npy", "1,2\n3,4\n", /"words\.npy" at byte 0: expected the npy magic/],
      [
        "half an array",
        "half.npy",
        encodeNpy(new Float64Array(8), [4, 2]).slice(0, 150),
        /"half\.npy" at byte 150: .*end of the file/,
      ],
      ["rows of nothing", "thin.npy", encodeNpy(new Float64Array(0), [3, 0]), /"thin\.npy" expected a table/],
      ["no rows", "none.npy", encodeNpy(new Float64Array(0), [0, 2]), /none\.npy has no points/],
    ])("of %s changes nothing, and it says why", async (_, name, content, text) => {
      await show({ set: "own", points: five });
      await refused(upload(name, content), text);
    });

    it("larger than a table of points changes nothing", async () => {
      await show({ set: "own", points: five });
      // Made on the page: it need not be carried there.
      const choose = page.getByLabel("A table of points").evaluate((input: HTMLInputElement) => {
        const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(2 ** 24 + 1)], "large.npy"));
        input.files = files.files;
        input.dispatchEvent(new Event("change"));
      });
      await refused(choose, /large\.npy has more than 16 MiB/);
    });
  });

  describe("the table of points", () => {
    /** The name of what has the focus. */
    const focused = (): Promise<string | null | undefined> =>
      ask(({ shadowRoot }) => {
        const one = shadowRoot?.activeElement;
        return one?.getAttribute("aria-label") ?? one?.textContent;
      });
    const dialog = () => page.getByRole("dialog", { name: "Points" });
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    async function openTable(points: readonly number[]): Promise<void> {
      await show({ set: "own", points });
      await page.getByRole("button", { name: "Table", exact: true }).focus();
      await press("Enter");
      await dialog().waitFor();
    }

    it("by keys: a number is changed, a row deleted, a point added; Escape leads back", {
      tags: ["long"],
    }, async () => {
      await openTable(five);
      expect(
        await dialog()
          .locator("input")
          .evaluateAll((all) => all.map((one) => Number((one as HTMLInputElement).value))),
      ).toEqual(five);
      await press("Tab");
      expect(await focused()).toBe("x of point 1");
      // Letters and signs are text here: none of them is a key of the page.
      await press("Control+a");
      await page.keyboard.type("-.375");
      await press("Tab");
      expect(await focused()).toBe("y of point 1");
      await expect.poll(pointsOf).toEqual([-0.375, ...five.slice(1)]);
      const [moved] = await probe([[0.2, 0.4]]);
      expect(moved?.fraction).toBeCloseTo(
        oracle([-0.375, ...five.slice(1)], "edm", [0.2, 0.4], 0.3).fraction,
        9,
      );

      await press("Tab", "Tab", "Tab", "Tab");
      expect(await focused()).toBe("Delete point 2");
      await press("Enter");
      const rest = [-0.375, 0.4, ...five.slice(4)];
      await expect.poll(pointsOf).toEqual(rest);
      // The focus is on what took its place, and the rows are counted anew.
      expect(await focused()).toBe("Delete point 2");
      expect(await dialog().getByRole("rowheader").allTextContents()).toEqual(["1", "2", "3", "4"]);
      expect((await probe([[0, 0]]))[0]?.weights).toHaveLength(4);

      await dialog().getByRole("button", { name: "Add a point" }).focus();
      await press("Enter");
      await expect.poll(pointsOf).toEqual([...rest, 0, 0]);
      expect(await focused()).toBe("x of point 5");
      await press("Escape");
      expect(await dialog().count()).toBe(0);
      expect(await focused()).toBe("Table");
      // Each change is a step of undo.
      for (const points of [rest, [-0.375, ...five.slice(1)], five]) {
        await press("Control+z");
        expect(await pointsOf()).toEqual(points);
      }
    });

    it("shows what the state holds of a number out of range, and keeps what is no number as it was", async () => {
      await openTable(five);
      const x = dialog().getByLabel("x of point 1", { exact: true });
      await x.fill("5000");
      await press("Tab");
      await expect.poll(pointsOf).toEqual([100, ...five.slice(1)]);
      expect(await x.inputValue()).toBe("100");
      await x.fill("");
      await press("Tab");
      expect(await x.inputValue()).toBe("100");
      // Later changes leave it there.
      await dialog().getByLabel("y of point 2", { exact: true }).fill("0.12345678");
      await press("Tab");
      await expect.poll(pointsOf).toEqual([100, 0.4, 0.9, 0.1235, ...five.slice(4)]);
      await press("Escape");
    });
  });
});
