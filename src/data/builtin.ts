import { checkInteger, checkNumber, checkOptions } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import { circlePoint } from "./circle.js";

/** A set of points with what is known about it. */
export interface DataSet {
  /** The name of the set; `loadDataSet` takes the names of `dataSetNames`. */
  name: string;
  /** `[count, dim]`, row-major. */
  points: Float64Array;
  dim: number;
  /** `[count]`, the class of each point. */
  labels?: Int32Array;
  /** `[count]`, a number of each point where it has one: the angle on the Swiss roll. */
  values?: Float64Array;
  /** Set where each point is an image: `[height, width]` pixels, row-major, in `range`. */
  image?: { width: number; height: number; range: [number, number] };
  /** One line of what it shows. */
  description: string;
  /** Where it comes from. */
  source: string;
}

/** @internal The most points of a generated set. */
export const MAX_COUNT = 1_000_000;

/**
 * The corners of a regular polygon: point k at angle 2 pi k / count. The default is the hexagon.
 *
 * The coordinates are the same bits on every host (no `Math.cos`), and multiples of 30 and 45 degrees
 * are correctly rounded: the hexagon's are 0, 1, 0.5 and sqrt(3) / 2.
 *
 * @returns `points` `[count, 2]`
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE or E_RANGE: a wrong option
 * @example polygon({ count: 6, radius: 1 }).points
 * Source: Vastola 2025, Fig. 1.
 */
export function polygon(options: { count?: number; radius?: number } = {}): DataSet {
  checkOptions(options, ["count", "radius"]);
  const count = checkInteger(options.count ?? 6, "count", 1, MAX_COUNT);
  const radius = checkNumber(options.radius ?? 1, "radius", { above: 0, max: 1e150 });
  const points = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    const [x, y] = circlePoint(k, count);
    points[2 * k] = radius * x;
    points[2 * k + 1] = radius * y;
  }
  return {
    name: "polygon",
    points,
    dim: 2,
    description: count === 6 ? "the six corners of a regular hexagon" : `${count} points evenly on a circle`,
    source: "Vastola 2025, Fig. 1",
  };
}

/**
 * Evenly spaced points on the x-axis from -1.25 to 1.25 (one point: 0).
 *
 * @returns `points` `[count, 2]`, y = 0
 * @throws {VkernelError} E_USAGE, E_TYPE or E_RANGE: a wrong option
 * @example line().points // x = -1.25, -0.75, -0.25, 0.25, 0.75, 1.25
 * Source: Vastola 2025, Fig. 1.
 */
export function line(options: { count?: number } = {}): DataSet {
  checkOptions(options, ["count"]);
  const count = checkInteger(options.count ?? 6, "count", 1, MAX_COUNT);
  const points = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) points[2 * k] = count === 1 ? 0 : (2.5 * k) / (count - 1) - 1.25;
  return {
    name: "line",
    points,
    dim: 2,
    description: `${count} points evenly on a line`,
    source: "Vastola 2025, Fig. 1",
  };
}

/**
 * Six points that make an L: four down, two to the right, 0.75 apart.
 *
 * @returns `points` `[6, 2]`
 * @throws {VkernelError} E_USAGE or E_TYPE: any option; it has none
 * Source: the kind of set of Vastola 2025, Fig. 1; the paper gives no coordinates.
 */
export function lShape(options: Record<string, never> = {}): DataSet {
  checkNoOptions(options, "L");
  return {
    name: "L",
    points: Float64Array.of(
      ...[-0.75, 1.125],
      ...[-0.75, 0.375],
      ...[-0.75, -0.375],
      ...[-0.75, -1.125],
      ...[0, -1.125],
      ...[0.75, -1.125],
    ),
    dim: 2,
    description: "six points that make an L",
    source: "Vastola 2025, Fig. 1 (the kind of set; these coordinates are ours)",
  };
}

/**
 * Five random points near the origin and an outlier.
 *
 * @returns `points` `[6, 2]`
 * @throws {VkernelError} E_USAGE or E_TYPE: any option; it has none
 * Source: `random_outlier` of the golden file g2_proxy_variance_maps.json, after Vastola 2025, Fig. 1.
 */
export function randomOutlier(options: Record<string, never> = {}): DataSet {
  checkNoOptions(options, "random");
  return {
    name: "random",
    points: Float64Array.of(
      ...[0.000615, 0.149373],
      ...[-0.137069, -0.445296],
      ...[-0.227335, -0.495823],
      ...[0.030072, 0.670108],
      ...[-0.246103, -0.310237],
      ...[1.75, 1.5],
    ),
    dim: 2,
    description: "five random points and an outlier",
    source: "Vastola 2025, Fig. 1 (the kind of set); coordinates of the golden file g2",
  };
}

function checkNoOptions(options: unknown, set: string): void {
  checkOptions(options, Object.getOwnPropertyNames(options ?? {}));
  const [name] = Object.getOwnPropertyNames(options ?? {});
  if (name !== undefined) throw badArgument("E_USAGE", name, `no option: the set ${set} has none`, name);
}
