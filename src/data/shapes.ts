import { checkInteger, checkNumber, checkOptions } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import { type DataSet, MAX_COUNT } from "./builtin.js";
import { circlePoint, turn } from "./circle.js";
import { checkSize, MAX_DIM } from "./mixture.js";
import { addNoise, place } from "./noise.js";

/** What every generated set takes. */
export interface ShapeOptions {
  /** Number of points. */
  count?: number;
  /** Standard deviation of Gaussian noise on every coordinate; 0 (default) puts the points on the shape. */
  noise?: number;
  /** 0 to 2^53 - 1; the same seed gives the same bits on every host (default 0). */
  seed?: number;
}

/** The largest coordinate or width whose square does not overflow in float64 sums. */
const LARGEST = 1e150;

function checkShape(
  options: ShapeOptions,
  defaultCount: number,
  more: readonly string[] = [],
): { count: number; noise: number; seed: number } {
  checkOptions(options, ["count", "noise", "seed", ...more]);
  return {
    count: checkInteger(options.count ?? defaultCount, "count", 1, MAX_COUNT),
    noise: checkNumber(options.noise ?? 0, "noise", { min: 0, max: LARGEST }),
    seed: checkInteger(options.seed ?? 0, "seed", 0, 2 ** 53 - 1),
  };
}

const withNoise = (noise: number) => (noise === 0 ? "" : `, noise ${noise}`);

/**
 * Two points on the first axis, at plus and minus half the distance.
 *
 * @param options.distance of the two (default 2)
 * @param options.dim coordinates of a point, 1 to 4096 (default 2)
 * @returns `points` `[2, dim]`, the left one first
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE or E_RANGE: a wrong option
 * @example twoPoints({ distance: 2 }).points // -1, 0, 1, 0
 * Source: the smallest set of Chen 2025; Vastola 2025 has its boundary in closed form.
 */
export function twoPoints(options: { distance?: number; dim?: number } = {}): DataSet {
  checkOptions(options, ["distance", "dim"]);
  const distance = checkNumber(options.distance ?? 2, "distance", { above: 0, max: LARGEST });
  const dim = checkInteger(options.dim ?? 2, "dim", 1, MAX_DIM);
  const points = new Float64Array(2 * dim);
  points[0] = -distance / 2;
  points[dim] = distance / 2;
  return {
    name: "two",
    points,
    dim,
    description: `two points, ${distance} apart`,
    source: "Chen 2025",
  };
}

/**
 * Points evenly spaced from -1 to 1 on the first axis (one point: 0).
 *
 * @param options.count number of points (default 4)
 * @param options.dim coordinates of a point, 1 to 4096 (default 2)
 * @returns `points` `[count, dim]`, from left to right
 * @throws {VkernelError} E_USAGE, E_TYPE or E_RANGE: a wrong option; E_LIMIT: 2^31 numbers or more
 * @example linePoints({ count: 3 }).points // -1, 0, 0, 0, 1, 0
 * Source: Chen 2025: n points of a line (D = 1) in the plane (d = 2).
 */
export function linePoints(options: { count?: number; dim?: number } = {}): DataSet {
  checkOptions(options, ["count", "dim"]);
  const count = checkInteger(options.count ?? 4, "count", 1, MAX_COUNT);
  const dim = checkInteger(options.dim ?? 2, "dim", 1, MAX_DIM);
  checkSize("count", count, dim);
  const points = new Float64Array(count * dim);
  // One division each: -1/3 and 1/3 are the nearest numbers to them, and the set is symmetric to the bit.
  for (let k = 0; k < count; k++) points[k * dim] = count === 1 ? 0 : (2 * k - (count - 1)) / (count - 1);
  return {
    name: "linePoints",
    points,
    dim,
    description: `${count} points evenly on a line, from -1 to 1`,
    source: "Chen 2025",
  };
}

/**
 * Four points evenly on a line: -1, -1/3, 1/3, 1.
 *
 * @param options.dim coordinates of a point, 1 to 4096 (default 2)
 * @returns `points` `[4, dim]`
 * @throws {VkernelError} E_USAGE, E_TYPE or E_RANGE: a wrong option
 * @example fourPoints({ dim: 1 }).points // -1, -1/3, 1/3, 1
 * Source: Chen 2025, Fig. 3: n = 4, D = 1, d = 2.
 */
export function fourPoints(options: { dim?: number } = {}): DataSet {
  checkOptions(options, ["dim"]);
  const description = "four points evenly on a line, from -1 to 1";
  return { ...linePoints({ ...options, count: 4 }), name: "four", description };
}

/**
 * Two half circles that reach into each other: the upper half of the unit circle about (0, 0), and the lower half of
 * that about (1, 1/2). Points lie evenly on each arc, ends included, all of the first moon before those of the second.
 *
 * @param options.count number of points (default 1000); the first moon has floor(count / 2) of them
 * @returns `points` `[count, 2]`, `labels` `[count]`: the moon, 0 or 1
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE or E_RANGE: a wrong option
 * @example const { points, labels } = twoMoons({ count: 200, noise: 0.05, seed: 1 });
 * Source: `make_moons` of scikit-learn, with `shuffle=False`; the noise is of this library's generator.
 */
export function twoMoons(options: ShapeOptions = {}): DataSet {
  const { count, noise, seed } = checkShape(options, 1000);
  const first = Math.floor(count / 2);
  const points = new Float64Array(2 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const moon = i < first ? 0 : 1;
    const [k, size] = moon === 0 ? [i, first] : [i - first, count - first];
    const [x, y] = size === 1 ? [1, 0] : circlePoint(k, 2 * (size - 1));
    points[2 * i] = moon === 0 ? x : 1 - x;
    points[2 * i + 1] = moon === 0 ? y : 0.5 - y;
    labels[i] = moon;
  }
  return {
    name: "twoMoons",
    points: addNoise(points, 2, noise, seed),
    dim: 2,
    labels,
    description: `two half circles of ${count} points${withNoise(noise)}`,
    source: "make_moons of scikit-learn",
  };
}

/**
 * A circle of evenly spaced points, the first at (radius, 0), counter-clockwise.
 *
 * @param options.count number of points (default 1000)
 * @param options.radius default 1
 * @returns `points` `[count, 2]`
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE or E_RANGE: a wrong option
 * @example circle({ count: 100, noise: 0.02 }).points
 * Source: the outer circle of scikit-learn's `make_circles`, with `shuffle=False`.
 */
export function circle(options: ShapeOptions & { radius?: number } = {}): DataSet {
  const { count, noise, seed } = checkShape(options, 1000, ["radius"]);
  const radius = checkNumber(options.radius ?? 1, "radius", { above: 0, max: LARGEST });
  const points = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    const [x, y] = circlePoint(k, count);
    points[2 * k] = radius * x;
    points[2 * k + 1] = radius * y;
  }
  return {
    name: "circle",
    points: addNoise(points, 2, noise, seed),
    dim: 2,
    description: `a circle of ${count} points${withNoise(noise)}`,
    source: "the outer circle of make_circles of scikit-learn",
  };
}

/**
 * Spiral arms: a point at angle a = 2 pi turns sqrt(u), u uniform in [0, 1), lies at a / 3 (-cos a, sin a); arm j is
 * that arm turned by j / arms of a full turn. All points of an arm come before those of the next.
 *
 * @param options.count number of points (default 1000), as evenly over the arms as it goes
 * @param options.arms 1 to 100 (default 2)
 * @param options.turns of each arm, above 0 to 100 (default 1.5)
 * @returns `points` `[count, 2]`, `labels` `[count]`: the arm, from 0
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE or E_RANGE: a wrong option
 * @example const { points, labels } = spiral({ count: 500, noise: 0.1 });
 * Source: `2spirals` of FFJORD (Grathwohl et al., 2019) without its jitter along the arm; its `noise` is 0.1.
 */
export function spiral(options: ShapeOptions & { arms?: number; turns?: number } = {}): DataSet {
  const { count, noise, seed } = checkShape(options, 1000, ["arms", "turns"]);
  const arms = checkInteger(options.arms ?? 2, "arms", 1, 100);
  const turns = checkNumber(options.turns ?? 1.5, "turns", { above: 0, max: 100 });
  const points = new Float64Array(2 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const arm = Math.floor((i * arms) / count);
    const angle = turns * Math.sqrt(place(seed, i)[0]); // in turns
    const radius = (2 * Math.PI * angle) / 3;
    const [x, y] = turn(angle - arm / arms);
    points[2 * i] = -radius * x;
    points[2 * i + 1] = radius * y;
    labels[i] = arm;
  }
  return {
    name: "spiral",
    points: addNoise(points, 2, noise, seed),
    dim: 2,
    labels,
    description: `${count} points on ${arms === 1 ? "one spiral arm" : `${arms} spiral arms`}${withNoise(noise)}`,
    source: "2spirals of FFJORD (Grathwohl et al., 2019), without its jitter",
  };
}

/**
 * Points uniform on the dark cells of a board over [-4, 4] x [-4, 4]; the cell at the lower left is dark.
 *
 * @param options.count number of points (default 1000)
 * @param options.cells along a side, even, 2 to 100 (default 4)
 * @returns `points` `[count, 2]`, `labels` `[count]`: the dark cell of each point before its noise, counted along the
 *   rows from the lower left, 0 to cells^2 / 2 - 1
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE or E_RANGE: a wrong option
 * @example const { points, labels } = checkerboard({ count: 2000, seed: 3 });
 * Source: `checkerboard` of FFJORD (Grathwohl et al., 2019).
 */
export function checkerboard(options: ShapeOptions & { cells?: number } = {}): DataSet {
  const { count, noise, seed } = checkShape(options, 1000, ["cells"]);
  const cells = checkInteger(options.cells ?? 4, "cells", 2, 100);
  if (cells % 2 === 1) throw badArgument("E_RANGE", "cells", "an even number from 2 to 100", cells);
  const points = new Float64Array(2 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const [u, v] = place(seed, i);
    const column = Math.floor(u * cells);
    const pair = Math.floor((v * cells) / 2);
    const row = 2 * pair + (column % 2);
    const inside = (v * cells) / 2 - pair;
    points[2 * i] = 8 * u - 4;
    points[2 * i + 1] = (8 / cells) * (row + inside) - 4;
    labels[i] = (row * cells) / 2 + Math.floor(column / 2);
  }
  return {
    name: "checkerboard",
    points: addNoise(points, 2, noise, seed),
    dim: 2,
    labels,
    description: `${count} points on the dark cells of a board of ${cells} x ${cells}${withNoise(noise)}`,
    source: "checkerboard of FFJORD (Grathwohl et al., 2019)",
  };
}

/**
 * A rolled-up sheet: at angle a = 1.5 pi (1 + 2 u) and height h = 21 v, u and v uniform in [0, 1), the point
 * (a cos a, h, a sin a); in two dimensions its cross section (a cos a, a sin a).
 *
 * @param options.count number of points (default 1000)
 * @param options.dim 3 (default) or 2
 * @returns `points` `[count, dim]`, `values` `[count]`: the angle a in radians
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE or E_RANGE: a wrong option
 * @example const { points, values } = swissRoll({ count: 1500, noise: 0.1 });
 * Source: `make_swiss_roll` of scikit-learn; the draws and the noise are of this library's generator.
 */
export function swissRoll(options: ShapeOptions & { dim?: 2 | 3 } = {}): DataSet {
  const { count, noise, seed } = checkShape(options, 1000, ["dim"]);
  const dim = checkInteger(options.dim ?? 3, "dim", 2, 3);
  const points = new Float64Array(dim * count);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const [u, v] = place(seed, i);
    const angle = 0.75 * (1 + 2 * u); // in turns
    const radius = 2 * Math.PI * angle;
    const [x, y] = turn(angle);
    points[dim * i] = radius * x;
    if (dim === 3) points[dim * i + 1] = 21 * v;
    points[dim * i + dim - 1] = radius * y;
    values[i] = radius;
  }
  return {
    name: "swissRoll",
    points: addNoise(points, dim, noise, seed),
    dim,
    values,
    description: `${count} points on a ${dim === 3 ? "rolled-up sheet" : "roll, seen from its end"}${withNoise(noise)}`,
    source: "make_swiss_roll of scikit-learn",
  };
}
