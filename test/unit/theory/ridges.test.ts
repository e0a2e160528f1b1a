// Maps of the explorer: a band thinner than a pixel is drawn as a line, wherever it falls between pixels' middles.
import { edm, ou } from "vkernel";
import { describe, expect, it } from "vitest";
import { toRidges } from "../../../site/worker/ridges.js";

const two = { points: Float32Array.of(-0.9, -0.3, 0.8, 0.5), weights: Float64Array.of(0.3, 0.7), size: 2 };

/** tr C under edm for two points: |dmu|^2 w (1 - w) / t^4, by its own formula. */
function trC(x: number, y: number, t: number): number {
  const [ax, ay, bx, by] = two.points as unknown as [number, number, number, number];
  const [wa, wb] = two.weights as unknown as [number, number];
  const logit =
    Math.log(wa / wb) + ((x - bx) ** 2 + (y - by) ** 2 - (x - ax) ** 2 - (y - ay) ** 2) / (2 * t * t);
  const apart = (ax - bx) ** 2 + (ay - by) ** 2;
  return apart / (2 + Math.exp(logit) + Math.exp(-logit)) / t ** 4;
}

const side = 100;
const pixel = 4 / side;
const centres = (): Float64Array =>
  Float64Array.from({ length: 2 * side * side }, (_, k) => {
    const i = k >> 1;
    return -2 + pixel * ((k % 2 === 0 ? i % side : Math.floor(i / side)) + 0.5);
  });

describe("thin bands", () => {
  it("give every row that they cross one value of the ridge, whatever the middles of pixels miss", () => {
    const t = 0.01;
    const places = centres();
    const missed = places.slice();
    toRidges(places, pixel, two, edm(), t);
    const [dx, dy] = [two.points[2] - two.points[0], two.points[3] - two.points[1]] as [number, number];
    const top = (dx * dx + dy * dy) / 4 / t ** 4;
    let rows = 0;
    let dim = 0;
    for (let j = 0; j < side; j++) {
      let best = 0;
      let before = 0;
      for (let i = 0; i < side; i++) {
        const at = 2 * (j * side + i);
        best = Math.max(best, trC(places[at] as number, places[at + 1] as number, t));
        before = Math.max(before, trC(missed[at] as number, missed[at + 1] as number, t));
      }
      // The ridge leaves the picture at the top and the bottom of its sides.
      if (best > 0.5 * top) rows++;
      if (before < 0.5 * top) dim++;
      expect(best === 0 || best > 0.999 * top || best < 1e-6 * top).toBe(true);
    }
    expect(rows).toBe(side);
    expect(dim).toBeGreaterThan(side / 2);
  });

  it("move no place by more than its pixel, and none of a band wider than a pixel", {
    tags: ["slow"],
  }, () => {
    const places = centres();
    const moved = places.slice();
    toRidges(moved, pixel, two, edm(), 0.01);
    let farthest = 0;
    for (let i = 0; i < places.length; i++) {
      farthest = Math.max(farthest, Math.abs((moved[i] as number) - (places[i] as number)));
    }
    expect(farthest).toBeGreaterThan(0);
    expect(farthest).toBeLessThanOrEqual(pixel);
    // S / |A - B| = 0.36 / 1.88 at t = 0.6.
    const wide = places.slice();
    toRidges(wide, pixel, two, edm(), 0.6);
    expect(wide).toEqual(places);
  });

  it("on the border of two pixels give one of them the ridge, in every row", () => {
    // x = 0 lies between two columns of middles; y differs, so that rounding does from row to row.
    const pair = { points: Float32Array.of(-1, 0.1, 1, 0.1), weights: Float64Array.of(0.5, 0.5), size: 2 };
    const places = centres();
    toRidges(places, pixel, pair, edm(), 0.01);
    const columns = new Set<number>();
    for (let j = 0; j < side; j++) {
      const moved = Array.from({ length: side }, (_, i) => i).filter(
        (i) => Math.abs(places[2 * (j * side + i)] as number) < 1e-9,
      );
      expect(moved).toHaveLength(1);
      columns.add(moved[0] as number);
    }
    expect(columns.size).toBe(1);
  });

  it("follow the points as a process shrinks them", () => {
    const t = 2e-5;
    const places = centres();
    toRidges(places, pixel, two, ou(), t);
    const alpha = ou().alpha(t);
    const [ax, ay, bx, by] = Array.from(two.points, (value) => alpha * value) as [
      number,
      number,
      number,
      number,
    ];
    const shift = 2 * ou().variance(t) * Math.log(0.7 / 0.3);
    const before = centres();
    for (let i = 0; i < places.length; i += 2) {
      if (places[i] === before[i]) continue;
      const [x, y] = [places[i] as number, places[i + 1] as number];
      const difference = (x - bx) ** 2 + (y - by) ** 2 - (x - ax) ** 2 - (y - ay) ** 2 - shift;
      expect(Math.abs(difference)).toBeLessThan(1e-12);
    }
  });
});
