import { log } from "../../numeric/elementary.js";
import type { ScoreJob } from "../../../bindings/job.js";
import type { Mixture } from "../../data/mixture.js";
import { kernelScale, type Level } from "../level.js";
import { runScore } from "./score.js";

/**
 * log p(x + shift) - log p(x - shift) at one time, row by row, without what two large logarithms would cancel: the difference
 * of the two best points' exponents as a product, and that of the sums relative to them. Isotropic noise only.
 *
 * @param given `[count, dim]`
 * @param shift `[count, dim]`
 */
export function* logRatios(
  data: Mixture,
  level: Level,
  absolute: Float64Array,
  shift: Float64Array,
): Generator<ScoreJob | number, Float64Array, void> {
  const { dim } = data;
  const packed = { points: data.packed.local, weights: data.packed.weights };
  const count = absolute.length / dim;
  const x = data.inward(absolute, level.alpha);
  const y = new Float64Array(2 * count * dim);
  for (let i = 0; i < count * dim; i++) {
    y[i] = (x[i] + shift[i]) / level.alpha;
    y[count * dim + i] = (x[i] - shift[i]) / level.alpha;
  }
  const scale = Float64Array.of(kernelScale(level, data.precision));
  const want = { stats: true, covariance: false, trace: false, weights: false };
  const { stats } = yield* runScore(data, data.layout, y, scale, want);
  const seen = (q: number): Seen => ({ best: stats[4 * q], sum: stats[4 * q + 1] });
  const out = new Float64Array(count);
  for (let q = 0; q < count; q++) {
    out[q] = logRatio(packed, dim, level, x, shift, q, seen(q), seen(count + q));
  }
  return out;
}

/** The likeliest point, and the sum of all weights in units of its own. */
export interface Seen {
  readonly best: number;
  readonly sum: number;
}

/** The logarithm of the ratio for row q, from what is seen at its two places. */
export function logRatio(
  { points, weights }: { points: ArrayLike<number>; weights: Float64Array },
  dim: number,
  { alpha, total }: Level,
  x: Float64Array,
  shift: Float64Array,
  q: number,
  up: Seen,
  down: Seen,
): number {
  let product = 0;
  for (let d = 0; d < dim; d++) {
    const i = q * dim + d;
    const mu = alpha * points[up.best * dim + d];
    const nu = alpha * points[down.best * dim + d];
    product += less(2 * shift[i], mu, -nu) * less(2 * x[i], mu, nu);
  }
  const [own, other] = [weights[up.best], weights[down.best]];
  const share = own === other ? 0 : log(own) - log(other);
  const sums = up.sum === down.sum ? 0 : log(up.sum) - log(down.sum);
  return share + sums - product / (2 * total);
}

/** a - (b + c), with what b + c loses put back (Knuth's two-sum). */
function less(a: number, b: number, c: number): number {
  const sum = b + c;
  const part = sum - b;
  return a - sum - (b - (sum - part) + (c - part));
}
