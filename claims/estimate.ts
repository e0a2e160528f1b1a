import { shareOf } from "vkernel/internal";

/** A number with its standard error; 0 where it is computed and not sampled. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  /** Degrees of freedom of the error, where it is known from a few repeats. */
  readonly degrees?: number;
}

/** The share of i below count for which something holds. */
export function shareIf(count: number, holds: (i: number) => boolean): Estimate {
  let hits = 0;
  for (let i = 0; i < count; i++) if (holds(i)) hits++;
  const { fraction, standardError } = shareOf(hits, count);
  return { value: fraction, standardError };
}

/** A mean with its standard error. */
export function meanOf(values: ArrayLike<number>): Estimate {
  const n = values.length;
  const first = values[0];
  // Equal numbers have no error; rounding would give them one.
  if (first !== undefined && Array.prototype.every.call(values, (value) => value === first))
    return exactly(first);
  let value = 0;
  for (let i = 0; i < n; i++) value += values[i] / n;
  let square = 0;
  for (let i = 0; i < n; i++) square += (values[i] - value) ** 2;
  return { value, standardError: Math.sqrt(square / Math.max(1, n - 1) / n) };
}

/** A mean over a few repeats, such as trainings, with the degrees of freedom of its error. */
export function meanOfRepeats(values: ArrayLike<number>): Estimate {
  const mean = meanOf(values);
  return mean.standardError > 0 ? { ...mean, degrees: values.length - 1 } : mean;
}

/** The variance of values about their mean, divided by their count, with the error that their own fourth moment gives it. */
export function varianceOf(values: ArrayLike<number>): Estimate {
  const n = values.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  let [second, fourth] = [0, 0];
  for (let i = 0; i < n; i++) {
    const square = (values[i] - mean) ** 2;
    second += square / n;
    fourth += (square * square) / n;
  }
  return { value: second, standardError: Math.sqrt(Math.max(0, fourth - second * second) / n) };
}

/** The trace of the covariance of rows `[count, 2]`, and their mean. */
export function totalVariance(
  rows: ArrayLike<number>,
): Estimate & { readonly mean: readonly [number, number] } {
  const count = rows.length / 2;
  const along = (axis: 0 | 1): number =>
    meanOf(Float64Array.from({ length: count }, (_, i) => rows[2 * i + axis])).value;
  const mean = [along(0), along(1)] as const;
  const squares = Float64Array.from(
    { length: count },
    (_, i) => (rows[2 * i] - mean[0]) ** 2 + (rows[2 * i + 1] - mean[1]) ** 2,
  );
  return { ...meanOf(squares), mean };
}

/** A number that is computed, not sampled. */
export const exactly = (value: number): Estimate => ({ value, standardError: 0 });

/** A share as it is written: 39.5%. */
export const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;

/** Numbers of a map in five digits, for JSON. */
export const rounded = (values: ArrayLike<number>): number[] =>
  Array.from(values, (value) => Number(value.toPrecision(5)));
