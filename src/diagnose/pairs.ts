import type { Side } from "./input.js";
import { momentsOf } from "../numeric/statistics.js";
import { unitOfWork } from "../core/scheduler.js";

/** A kernel as a function of the squared distance, shifted to be 0 at 0 (a constant changes no discrepancy). */
export type Kernel = (squared: number) => number;

/** A squared discrepancy E k(X, X') + E k(Y, Y') - 2 E k(X, Y), and its standard error. */
export interface Discrepancy {
  /** Unbiased, so it can be below 0; NaN with fewer than two draws on a side. */
  readonly value: number;
  /** NaN with fewer than four draws on a side. */
  readonly standardError: number;
}

/**
 * The unbiased estimate (U-statistic) of a discrepancy, and its standard error from Hoeffding's decomposition
 * (Hoeffding 1948; Sutherland et al. 2017, "Generative models and model criticism via optimized MMD", for equal
 * counts), exact but for a relative 1 / n in the terms of first order:
 *
 *   Var = 4 v_a / n + 4 v_b / m + 2 z_aa / (n (n - 1)) + 2 z_bb / (m (m - 1)) + 4 z_ab / (n m)
 *
 * v is the variance over x of E k(x, X') - E k(x, Y), z that of what a kernel has beyond a sum of functions of its
 * arguments. The z are estimated without bias (U-centred as in Szekely and Rizzo 2014; two-way analysis of variance),
 * the v after taking their own noise off, and cut at 0. Laws are exact: their terms are 0.
 */
export function* discrepancy(
  a: Side,
  b: Side,
  dim: number,
  kernel: Kernel,
): Generator<void, Discrepancy, void> {
  const n = a.count;
  const m = b.count;
  const inA = yield* within(a, dim, kernel);
  const inB = yield* within(b, dim, kernel);
  const both = yield* across(a, b, dim, kernel);
  const value = inA.mean + inB.mean - 2 * both.mean;
  let variance = 0;
  const crossed = a.weights === undefined && b.weights === undefined;
  const z = crossed ? residual(both, n, m) : 0;
  if (a.weights === undefined) variance += shareOfVariance(inA, both.rows, n, crossed ? z / m : 0);
  if (b.weights === undefined) variance += shareOfVariance(inB, both.columns, m, crossed ? z / n : 0);
  if (crossed) variance += (4 * z) / (n * m);
  return { value, standardError: Math.sqrt(variance) };
}

/** What one side's draws add to the variance, the shared 4 z_ab / (n m) left out. */
function shareOfVariance(own: Within, other: Float64Array, n: number, noise: number): number {
  if (n < 4) return Number.NaN;
  const h = other.map((mean, i) => own.sums[i] / (n - 1) - mean);
  let rows = 0;
  let total = 0;
  for (const sum of own.sums) {
    rows += sum * sum;
    total += sum;
  }
  const z = Math.max(
    0,
    (2 * own.squares - (2 * rows) / (n - 2) + (total * total) / ((n - 1) * (n - 2))) / (n * (n - 3)),
  );
  const first = momentsOf(h).variance - (z * (n - 2)) / (n - 1) ** 2 - noise;
  return (4 * Math.max(0, first)) / n + (2 * z) / (n * (n - 1));
}

/** The variance of what is neither of the row nor of the column. */
function residual(both: Across, n: number, m: number): number {
  if (n < 2 || m < 2) return Number.NaN;
  let rows = 0;
  for (const mean of both.rows) rows += mean * mean;
  let columns = 0;
  for (const mean of both.columns) columns += mean * mean;
  const squares = both.squares - m * rows - n * columns + n * m * both.mean ** 2;
  return Math.max(0, squares / ((n - 1) * (m - 1)));
}

interface Within {
  readonly mean: number;
  /** Of draws: the sum of k(x_i, x_j) over j other than i. */
  readonly sums: Float64Array;
  /** Of draws: the sum of k^2 over pairs. */
  readonly squares: number;
}

function* within(side: Side, dim: number, kernel: Kernel): Generator<void, Within, void> {
  const { points, count, weights } = side;
  const sums = new Float64Array(count);
  let squares = 0;
  let work = 0;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    const weight = weights?.[i] ?? 1;
    for (let j = i + 1; j < count; j++) {
      const k = kernel(squaredDistance(points, i, points, j, dim));
      sum += (weights?.[j] ?? 1) * k;
      sums[j] = sums[j] + weight * k;
      squares += k * k;
      work += dim + 8;
      if (work >= unitOfWork) {
        work = 0;
        yield;
      }
    }
    sums[i] = sums[i] + sum;
  }
  let total = 0;
  for (let i = 0; i < count; i++) total += (weights?.[i] ?? 1) * sums[i];
  // Of a law the diagonal belongs to the mean, and is 0.
  const mean = weights ? total : count < 2 ? Number.NaN : total / (count * (count - 1));
  return { mean, sums, squares };
}

interface Across {
  readonly mean: number;
  /** The mean of k(x_i, Y) of each x_i, and of k(X, y_j) of each y_j. */
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  readonly squares: number;
}

function* across(a: Side, b: Side, dim: number, kernel: Kernel): Generator<void, Across, void> {
  const rows = new Float64Array(a.count);
  const columns = new Float64Array(b.count);
  let squares = 0;
  let mean = 0;
  let work = 0;
  for (let i = 0; i < a.count; i++) {
    const weight = a.weights?.[i] ?? 1 / a.count;
    let sum = 0;
    for (let j = 0; j < b.count; j++) {
      const k = kernel(squaredDistance(a.points, i, b.points, j, dim));
      sum += (b.weights?.[j] ?? 1 / b.count) * k;
      columns[j] = columns[j] + weight * k;
      squares += k * k;
      work += dim + 8;
      if (work >= unitOfWork) {
        work = 0;
        yield;
      }
    }
    rows[i] = sum;
    mean += weight * sum;
  }
  return { mean: a.count > 0 && b.count > 0 ? mean : Number.NaN, rows, columns, squares };
}

export function squaredDistance(x: Float64Array, i: number, y: Float64Array, j: number, dim: number): number {
  let sum = 0;
  const at = i * dim;
  const to = j * dim;
  for (let d = 0; d < dim; d++) {
    const difference = x[at + d] - y[to + d];
    sum += difference * difference;
  }
  return sum;
}
