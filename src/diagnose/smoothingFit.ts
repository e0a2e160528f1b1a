import type { Mixture } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import { smoothedScore } from "../score/smoothing/index.js";
import { leastOf } from "../numeric/minimize.js";
import { momentsOf } from "../numeric/statistics.js";

export type SmoothingKernel = "box" | "minimumNorm" | "gaussian";

/** The width of a smoothed score that is nearest to a field at one time. */
export interface SmoothingFit {
  readonly width: number;
  /** Of the width, over draws of the places; NaN of a width at an end of the range searched, 0 where the fields agree. */
  readonly standardError: number;
  /** The mean square of what smoothing leaves, over that of the field's difference from the exact score. */
  readonly unexplained: number;
  readonly unexplainedError: number;
}

/** Widths looked at first, by some of the draws: geometric, from and to these shares of the data's extent, and 0. */
const SCAN = { count: 12, from: 1e-3, to: 1, draws: 48 };
const ROUGH = { rule: "quasi", count: 256 } as const;
const TOLERANCE = 1e-5;
/** A width that takes less than this share of the difference is none. */
const NOTHING = 1e-6;
/** Slopes by the width are differences over this share of it. */
const SHIFT = 0.02;

/**
 * The least squares width among `smoothedScore`s. Its standard error is the sandwich of least squares: the spread of the slopes
 * of single terms over the curvature of their mean.
 *
 * @param x `[count, dim]` draws of p_t
 * @param mine scores of the field there
 * @param exact those of the exact field
 */
export async function fitSmoothing(
  data: Mixture,
  process: Process,
  kernel: SmoothingKernel,
  t: number,
  x: Float64Array,
  mine: ArrayLike<number>,
  exact: ArrayLike<number>,
): Promise<SmoothingFit> {
  const { dim } = data;
  const count = x.length / dim;
  const atZero = squaredDistances(mine, exact, dim);
  if (atZero.every((value) => value === 0)) {
    return { width: 0, standardError: 0, unexplained: 0, unexplainedError: 0 };
  }
  /** Exactly for all draws, or roughly for some: panels over a wide box are many where there is little noise. */
  const at = async (width: number, rough?: number): Promise<Float64Array> => {
    if (width === 0) return atZero;
    const options = { width, kernel, ...(rough && kernel === "box" && dim > 1 && ROUGH) };
    const field = smoothedScore(data, process, options);
    const { score } = await field.evaluate(rough ? x.subarray(0, rough * dim) : x, t, ["score"]);
    return squaredDistances(mine, score, dim);
  };
  const reach = process.alpha(t) * (extentOf(data) || Math.sqrt(process.variance(t)));
  const { count: places, from, to, draws } = SCAN;
  const scan = [
    0,
    ...Array.from({ length: places }, (_, k) => reach * from * (to / from) ** (k / (places - 1))),
  ];
  const some = Math.min(draws, count);
  let best = 0;
  let least = momentsOf(atZero.subarray(0, some)).mean;
  for (const [k, width] of scan.entries()) {
    if (k === 0) continue;
    const { mean } = momentsOf(await at(width, some));
    if (mean < least) [best, least] = [k, mean];
  }
  const search = leastOf(scan.slice(Math.max(0, best - 1), best + 2), TOLERANCE * reach);
  let next = search.next();
  while (!next.done) next = search.next(momentsOf(await at(next.value)).mean);
  const found = await at(next.value);
  const better = momentsOf(found).mean < (1 - NOTHING) * momentsOf(atZero).mean;
  const [width, left] = better ? [next.value, found] : [0, atZero];
  const ratio = momentsOf(left).mean / momentsOf(atZero).mean;
  const spread = left.map((value, i) => (value - ratio * atZero[i]) / momentsOf(atZero).mean);
  const atEnd = width === 0 || width >= reach * to * (1 - SHIFT);
  return {
    width,
    standardError: atEnd ? Number.NaN : await errorOf(at, width, count),
    unexplained: ratio,
    unexplainedError: Math.sqrt(momentsOf(spread).variance / count),
  };
}

async function errorOf(
  at: (width: number) => Promise<Float64Array>,
  width: number,
  count: number,
): Promise<number> {
  const shift = SHIFT * width;
  const [below, here, above] = [await at(width - shift), await at(width), await at(width + shift)];
  const slopes = above.map((value, i) => (value - below[i]) / (2 * shift));
  const bends = above.map((value, i) => (value - 2 * here[i] + below[i]) / (shift * shift));
  const curvature = momentsOf(bends).mean;
  return curvature > 0 ? Math.sqrt(momentsOf(slopes).variance / count) / curvature : Number.NaN;
}

/** |a - b|^2 by rows, as many as b has. */
export function squaredDistances(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  dim: number,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(b.length / dim);
  for (let i = 0; i < b.length; i++) {
    const row = Math.floor(i / dim);
    out[row] = out[row] + (a[i] - b[i]) ** 2;
  }
  return out;
}

/** The longest side of the box around the points. */
function extentOf({ local: points, dim, size }: Mixture): number {
  let longest = 0;
  for (let d = 0; d < dim; d++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let m = 0; m < size; m++) {
      const value = points[m * dim + d];
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    longest = Math.max(longest, high - low);
  }
  return longest;
}
