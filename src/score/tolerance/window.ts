import { exp } from "../../numeric/elementary.js";

/** The Gaussian window by which points and queries reach a lattice, in its spacings: `assembly/mixture/lattice/window.ts`. */

/** s^2, its variance. */
export const WINDOW = 1.6;
/** Nodes of a window an axis, and those before the one at or below its centre. */
export const TAPS = 20;
export const BEFORE = 9;
/** A Gaussian between nodes ends at so many standard deviations. */
const REACH = 7.8;

/** The normal density of a variance. */
const density = (x: number, variance: number): number =>
  exp(-(x * x) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);

/** The window of a place that is a node. */
export function windowTable(): Float64Array {
  return Float64Array.from({ length: TAPS }, (_, j) => density(j - BEFORE, WINDOW));
}

/** A normal density at whole numbers, to REACH standard deviations on either side. */
export function gaussianTable(variance: number): Float64Array {
  const half = Math.ceil(REACH * Math.sqrt(variance));
  return Float64Array.from({ length: 2 * half + 1 }, (_, t) => density(t - half, variance));
}

/** What makes the windows of a lattice of twice the spacing, whose s^2 is four times as large. */
export const coarserTable = /* @__PURE__ */ gaussianTable(3 * WINDOW);

/** What a symmetric table of a Gaussian leaves out: less than a geometric series after its last terms. */
export function tailOf(table: Float64Array): number {
  const [last, before] = table;
  const ratio = last / before;
  return (2 * last * ratio) / (1 - ratio);
}

/** What a window leaves out: all that is 10 spacings and more from its centre. */
export const windowTail = (): number => 2.02 * density(BEFORE + 1, WINDOW);
