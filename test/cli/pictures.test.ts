// The pictures of reports, by facts that can be computed: how large marks are, how much of the frame they cover, what it leaves
// out. Seeds are fixed; nothing here is statistical.
import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { pageTheme } from "../../cli/report/charts.js";
import { commonView, leftOut, lineView, robustRange, twoOf, widestAxes } from "../../cli/report/frames.js";
import type { Measures } from "../../cli/report/measure.js";
import { imageUri } from "../../cli/report/png.js";
import { cards } from "../../cli/report/parts.js";
import {
  barShares,
  cellCounts,
  dotLook,
  lineHistogram,
  MAX_DOTS,
  MAX_MARKS,
  markLook,
  scatter,
} from "../../cli/report/pictures.js";
import { normalPair, uniform } from "../../src/numeric/random.js";

const ring = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: 2 * count }, (_, k) => {
    const i = k >> 1;
    const angle = 2 * Math.PI * uniform(seed, i, 0, 1, 0);
    const [noise] = normalPair(seed, i, 1, 1, 0);
    return (1 + 0.03 * noise) * (k % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });

const WIDTH = 420;
const frame = { width: WIDTH, theme: pageTheme, label: "a picture" };
/** The inner side of a picture, in its own units. */
const SIDE = WIDTH - 48;

const layer = (svg: string, name: string): string =>
  new RegExp(`<g [^>]*data-layer="${name}".*?</g>`, "s").exec(svg)?.[0] ?? "";
const attribute = (text: string, name: string): number =>
  Number(new RegExp(`${name}="([\\d.]+)"`).exec(text)?.[1]);

const nothing = (count: number): Measures => ({
  count,
  distance: new Float64Array(count).fill(0.1),
  nearest: new Int32Array(count),
  mass: new Float64Array(1),
  standardError: new Float64Array(1),
});
const cardsOf = (points: Float64Array, samples: Float64Array, dim: number): string => {
  const count = samples.length / dim;
  const panel = { key: "A", title: "Samples", about: "", samples, measures: nothing(count) };
  const size = points.length / dim;
  return cards([panel], { points, weights: new Float64Array(size).fill(1 / size), size, dim, spacing: 0.1 })
    .text;
};

describe("marks", () => {
  it.each([2, 6, 50, 500, 2000])(
    "%i training points cover little of the frame, hollow, below the samples",
    (size) => {
      const points = ring(size, 1);
      const samples = ring(1000, 2);
      const svg = scatter(points, samples, commonView(points, [samples]), frame);
      const marks = layer(svg, "points");
      expect(marks).toContain('fill="none"');
      expect(marks.match(/M/g)).toHaveLength(size);
      expect(svg.indexOf('data-layer="points"')).toBeLessThan(svg.indexOf('data-layer="samples"'));
      const radius = attribute(marks, "data-radius");
      expect(radius).toBeCloseTo(markLook(size).radius, 2);
      // The outline of a diamond of these half axes.
      const inked = size * 4 * Math.hypot(1.64 * radius, 0.95 * radius) * attribute(marks, "stroke-width");
      expect(inked / SIDE ** 2).toBeLessThan(0.15);
      expect(layer(svg, "samples").match(/M/g)).toHaveLength(1000);
    },
  );

  it("are smaller and fainter the more there are, and never too small to see", () => {
    for (const look of [markLook, dotLook]) {
      let before = look(1);
      for (const count of [2, 6, 50, 500, 2000, 4000]) {
        const now = look(count);
        expect(now.radius).toBeLessThanOrEqual(before.radius);
        expect(now.opacity).toBeLessThanOrEqual(before.opacity);
        expect(now.radius).toBeGreaterThanOrEqual(1.2);
        expect(now.opacity).toBeGreaterThanOrEqual(0.5);
        before = now;
      }
    }
  });

  it.each([
    [MAX_MARKS + 1, 1000],
    [5000, MAX_DOTS + 1],
    [100_000, 100_000],
  ])("%i training points and %i samples: densities, of all of them", (size, count) => {
    const points = ring(size, 1);
    const samples = ring(count, 2);
    const view = commonView(points, [samples]);
    const svg = scatter(points, samples, view, frame);
    // Shades, not marks: text does not grow with the number.
    expect(layer(svg, "points")).toContain("fill-opacity");
    expect(svg.length).toBeLessThan(150_000);
    if (count > MAX_DOTS) expect(layer(svg, "samples")).toContain("fill-opacity");
    const shown = cellCounts(samples, view).reduce((a, b) => a + b, 0);
    expect(shown + leftOut(samples, view).count).toBe(count);
  });
});

describe("the frame", () => {
  it("has one scale on both axes and holds all of a set without outliers", () => {
    for (const size of [2, 6, 50, 500, 5000]) {
      const points = Float64Array.from(ring(size, 3), (value, k) => (k % 2 === 0 ? 3 * value : value));
      const view = commonView(points, []);
      expect(view.x[1] - view.x[0]).toBeCloseTo(view.y[1] - view.y[0], 9);
      expect(leftOut(points, view)).toEqual({ count: 0, farthest: undefined });
    }
  });

  it.each([
    [50, 1],
    [500, 3],
    [500, 10],
    [5000, 100],
  ])("of %i training points of which %i are at 1e3 does not follow these, and says so", (size, far) => {
    const points = ring(size, 4);
    for (let i = 0; i < far; i++) points.set([1000, 300 + i], 2 * i);
    const samples = ring(800, 5);
    samples.set([1000, 300], 0);
    const view = commonView(points, [samples]);
    // The ring takes most of the frame.
    expect(2 / (view.x[1] - view.x[0])).toBeGreaterThan(0.7);
    expect(leftOut(points, view)).toEqual({ count: far, farthest: [1000, 299 + far] });
    const text = cardsOf(points, samples, 2);
    const at = `(1000, ${299 + far})`;
    expect(text).toContain(
      `The frame leaves out ${far} of ${size.toLocaleString("en-US")} training points, which lie far away; the farthest is at ${at}.`,
    );
    expect(text).toContain(
      "The frame leaves out 1 of 800 samples, which lie far away; the farthest is at (1000, 300).",
    );
  });

  it("keeps what is a part of the data, far or not", () => {
    const six = Float64Array.from([0, 0, 1, 0, 0, 1, 1, 1, 0.5, 0.5, 1000, 0]);
    expect(leftOut(six, commonView(six, [])).count).toBe(0);
    // A cluster of a tenth.
    const cluster = ring(500, 6);
    for (let i = 0; i < 50; i++) cluster.set([1000, i / 50], 2 * i);
    expect(leftOut(cluster, commonView(cluster, [])).count).toBe(0);
    expect(cardsOf(six, ring(10, 1), 2)).not.toContain("leaves out");
  });

  it("of points in one place, on a line, far from the origin", () => {
    const same = new Float64Array(100).fill(3);
    const view = commonView(same, [same]);
    expect(view.x[0]).toBeLessThan(3);
    expect(view.x[1]).toBeGreaterThan(3);
    const nearly = Float64Array.from(same);
    nearly.set([4, 3], 0);
    // All but one in one place: there is no other scale.
    expect(leftOut(nearly, commonView(nearly, [])).count).toBe(0);
    const line = Float64Array.from({ length: 400 }, (_, k) => (k >> 1) * (k % 2 === 0 ? 1 : 0));
    const along = commonView(line, []);
    expect([along.x[1] - along.x[0], along.y[1] - along.y[0]]).toEqual([1.06 * 199, 1.06 * 199]);
    const moved = Float64Array.from(ring(300, 7), (value) => 1e6 + value);
    const there = commonView(moved, []);
    expect(there.x[1] - there.x[0]).toBeLessThan(2.6);
    expect(scatter(moved, moved, there, frame)).not.toContain("NaN");
  });

  it("of a line: bars of all samples in it, training points beside or as an outline", () => {
    const points = Float64Array.from({ length: 300 }, (_, i) => (i === 0 ? 1000 : i / 300));
    const view = lineView(points, [points]);
    expect(view[1]).toBeLessThan(1.1);
    expect(barShares(points, view).reduce((a, b) => a + b, 0)).toBeCloseTo(299 / 300, 12);
    expect(cardsOf(points, points, 1)).toContain(
      "The frame leaves out 1 of 300 training points, which lie far away; the farthest is at 1000.",
    );
    const few = lineHistogram(points.subarray(1, 50), points.subarray(1), view, { ...frame, height: 240 });
    const many = lineHistogram(points, points.subarray(1), view, { ...frame, height: 240 });
    expect(few.match(/<path/g)?.length).toBeGreaterThanOrEqual(49);
    expect(many.length).toBeLessThan(few.length + 10_000);
  });

  it("of more dimensions: the two coordinates that vary most, and says which", () => {
    const points = Float64Array.from({ length: 20 * 50 }, (_, k) => {
      const axis = k % 20;
      const [value] = normalPair(9, k, 0, 1, 0);
      return (axis === 7 ? 30 : axis === 3 ? 20 : 1) * value;
    });
    expect(widestAxes(points, 20)).toEqual([3, 7]);
    expect(Array.from(twoOf(points, 20, [3, 7]).subarray(0, 2))).toEqual([points[3], points[7]]);
    expect(cardsOf(points, points, 20)).toContain("Drawn are coordinates 3 and 7 of 20 (from 0)");
  });

  it("leaves out at most what it may, whatever the values", () => {
    for (let seed = 0; seed < 40; seed++) {
      const size = 1 + Math.floor(300 * uniform(seed, 0, 0, 2, 0));
      // Tails that have no mean.
      const values = Float64Array.from({ length: size }, (_, i) =>
        Math.tan(Math.PI * (uniform(seed, i, 1, 2, 0) - 0.5)),
      );
      const [low, high] = robustRange([values], 1, 0);
      const below = values.filter((value) => value < low).length;
      const above = values.filter((value) => value > high).length;
      const most = Math.max(size >= 10 ? 1 : 0, Math.floor(0.02 * size));
      expect(below).toBeLessThanOrEqual(most);
      expect(above).toBeLessThanOrEqual(most);
    }
  });
});

describe("images", () => {
  it("of one channel are ink on paper, whether their channels are given or not", () => {
    const image = { width: 2, height: 1, range: [0, 1] as const };
    const bytes = (uri: string): number[] => {
      const png = Buffer.from(uri.split(",")[1] ?? "", "base64");
      const at = png.indexOf("IDAT");
      return [...inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))];
    };
    // Filter 0, then paper for 0 and ink for 1.
    expect(bytes(imageUri([0, 1], image))).toEqual([0, 255, 0]);
    expect(bytes(imageUri([0, 1], { ...image, channels: 1 }))).toEqual([0, 255, 0]);
    expect(bytes(imageUri([0, 1, 0, 1, 0, 1], { ...image, channels: 3 }))).toEqual([
      0, 0, 255, 0, 255, 0, 255,
    ]);
  });
});
