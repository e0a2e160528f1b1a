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
