/** Statistics and fits. For diagnosis: the host's Math.exp and Math.log serve. */
import { upperGamma } from "./special.js";

/** Pearson's statistic of counts against expected counts and its p-value with one degree less than there are cells. */
export function chiSquare(
  counts: ArrayLike<number>,
  expected: ArrayLike<number>,
): { statistic: number; degrees: number; p: number } {
  let statistic = 0;
  for (let i = 0; i < counts.length; i++) {
    const e = expected[i];
    statistic += (counts[i] - e) ** 2 / e;
  }
  const degrees = counts.length - 1;
  return { statistic, degrees, p: upperGamma(degrees / 2, statistic / 2) };
}

/**
 * The Kolmogorov-Smirnov distance of draws from a distribution function, and the bound on its p-value that holds for any
 * law and any n: 2 exp(-2 n d^2) (Massart 1990).
 */
export function kolmogorov(draws: Float64Array, cdf: (z: number) => number): { distance: number; p: number } {
  const sorted = draws.slice().sort();
  const n = sorted.length;
  let distance = 0;
  for (let i = 0; i < n; i++) {
    const f = cdf(sorted[i]);
    distance = Math.max(distance, f - i / n, (i + 1) / n - f);
  }
  return { distance, p: Math.min(1, 2 * Math.exp(-2 * n * distance * distance)) };
}

/** A straight line by least squares, each point with a weight: its slope and the slope's standard error. */
export function fitLine(
  x: readonly number[],
  y: readonly number[],
  sigma?: readonly number[],
): { slope: number; standardError: number } {
  const w = x.map((_, i) => 1 / (sigma?.[i] ?? 1) ** 2);
  const total = w.reduce((a, b) => a + b, 0);
  const mean = (v: readonly number[]) => v.reduce((a, b, i) => a + w[i] * b, 0) / total;
  const [mx, my] = [mean(x), mean(y)];
  let [sxx, sxy] = [0, 0];
  x.forEach((xi, i) => {
    sxx += w[i] * (xi - mx) ** 2;
    sxy += w[i] * (xi - mx) * (y[i] - my);
  });
  const slope = sxy / sxx;
  let residual = 0;
  x.forEach((xi, i) => {
    residual += w[i] * (y[i] - my - slope * (xi - mx)) ** 2;
  });
  const scatter = x.length > 2 ? residual / (x.length - 2) : 0;
  // With known errors these count, and the scatter where it is larger.
  const factor = sigma === undefined ? scatter : Math.max(1, scatter);
  return { slope, standardError: Math.sqrt(factor / sxx) };
}

/** Mean and standard error of the mean of a few repeats. */
export function meanOf(values: readonly number[]): { value: number; standardError: number } {
  const n = values.length;
  const value = values.reduce((a, b) => a + b, 0) / n;
  const square = values.reduce((a, b) => a + (b - value) ** 2, 0);
  return { value, standardError: n > 1 ? Math.sqrt(square / (n - 1) / n) : 0 };
}

/**
 * The Wasserstein-1 distance of draws (equal weights) from points with weights, on the line: the area between the two
 * distribution functions.
 */
export function wasserstein(draws: Float64Array, points: Float64Array, weights: Float64Array): number {
  const sorted = draws.slice().sort();
  const order = Array.from(points.keys()).sort((a, b) => points[a] - points[b]);
  const n = sorted.length;
  let [i, j] = [0, 0];
  let [f, g] = [0, 0];
  let at = Math.min(sorted[0], points[order[0]]);
  let sum = 0;
  while (i < n || j < order.length) {
    const a = i < n ? sorted[i] : Number.POSITIVE_INFINITY;
    const b = j < order.length ? points[order[j]] : Number.POSITIVE_INFINITY;
    const next = Math.min(a, b);
    sum += Math.abs(f - g) * (next - at);
    at = next;
    if (a <= b) f = ++i / n;
    else g += weights[order[j++]];
  }
  return sum;
}

/** The levels of every list of quantiles. */
export const quantileLevels: readonly number[] = Object.freeze([0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]);

/**
 * The share of a number of draws, with its binomial standard error sqrt(p (1 - p) / count): of draws that all agree it
 * is 0, and then the true share differs by more than 4.6 / count with probability 0.01. NaN of no draws.
 */
export function shareOf(hits: number, count: number): { fraction: number; standardError: number } {
  const fraction = hits / count;
  return { fraction, standardError: Math.sqrt((fraction * (1 - fraction)) / count) };
}

/** Quantiles at `quantileLevels`, linear between order statistics; NaN of no values. */
export function quantilesOf(values: ArrayLike<number>): Float64Array<ArrayBuffer> {
  const sorted = Float64Array.from(values).sort();
  return Float64Array.from(quantileLevels, (level) => quantileOf(sorted, level));
}

/** A quantile of values in ascending order. */
export function quantileOf(sorted: Float64Array, level: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = level * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below];
  if (at === below) return low;
  return low + (at - below) * (sorted[below + 1] - low);
}

/** Mean and variance (with n - 1), in two passes; NaN where there are too few values. */
export function momentsOf(values: ArrayLike<number>): { mean: number; variance: number } {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i];
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] - mean) ** 2;
  return { mean, variance: n > 1 ? squares / (n - 1) : Number.NaN };
}
