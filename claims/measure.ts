/** What cards share: bounds that chance leaves, shares and chi-squares held to a law, and the same run again in other numbers. */
import {
  type Grid,
  type Mixture,
  type PointsInput,
  type Precision,
  sample,
  type SampleOptions,
  type Sampler,
  type ScoreField,
  type StepEstimator,
} from "vkernel";
import { chiSquare, upperGamma } from "vkernel/internal";
import type { ReferenceMixture } from "vkernel/reference";
import type { Bench } from "./bench.js";
import type { Held } from "./held.js";

/** What a test at 5 standard errors lets through in vain, two-sided; every other statistical bound of the cards has it too. */
export const falseAlarm = 5.7e-7;
/** The unit roundoff of float32. */
export const u32 = 2 ** -24;

/** Number i of a list that is known to have it. */
export const at = (list: ArrayLike<number>, i: number): number => list[i];

/** Makes a mixture, works with it, gives it back. */
export async function withData<P extends Precision, T>(
  { engine }: Bench,
  points: PointsInput,
  precision: P,
  work: (data: Mixture<P>) => Promise<T>,
  dim = 2,
): Promise<T> {
  const data = engine.mixture(points, { precision, dim });
  try {
    return await work(data);
  } finally {
    data.dispose();
  }
}

/** Points of equal weight, for the plain formulas of the reference. */
export const plainOf = (points: Float64Array, dim = 2): ReferenceMixture => {
  const size = points.length / dim;
  return { points, dim, weights: new Float64Array(size).fill(1 / size), sigma0: 0 };
};

/** A share of `count` draws whose expectation is `theory`: the error is that of the expectation, never 0 by luck. */
export function shareClaim(
  hits: number,
  count: number,
  theory: number,
  tolerance: number,
  more: Partial<Held> = {},
): Held {
  const standardError = Math.sqrt((theory * (1 - theory)) / count);
  return { measured: hits / count, theory, standardError, tolerance, ...more };
}

/** How many rows do. */
export function countIf(count: number, does: (i: number) => boolean): number {
  let hits = 0;
  for (let i = 0; i < count; i++) if (does(i)) hits++;
  return hits;
}

/** One coordinate of rows `[count, dim]`. */
export function column(rows: ArrayLike<number>, dim: number, d: number): Float64Array {
  return Float64Array.from({ length: rows.length / dim }, (_, i) => at(rows, i * dim + d));
}

/** The largest of `count` numbers; NaN where one of them is. */
export function largest(count: number, value: (i: number) => number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const one = value(i);
    if (!(one <= most)) most = one;
    if (Number.isNaN(one)) return one;
  }
  return most;
}

/** The nearest of points `[size, dim]` to row i of `rows`, and the distance. */
export function nearestTo(
  points: ArrayLike<number>,
  rows: ArrayLike<number>,
  dim: number,
  i: number,
): { index: number; distance: number } {
  let [index, least] = [0, Number.POSITIVE_INFINITY];
  for (let m = 0; m * dim < points.length; m++) {
    let square = 0;
    for (let d = 0; d < dim; d++) square += (at(rows, i * dim + d) - at(points, m * dim + d)) ** 2;
    if (square < least) [index, least] = [m, square];
  }
  return { index, distance: Math.sqrt(least) };
}

/** What the Kolmogorov-Smirnov distance exceeds by chance at `falseAlarm`, for any law: Dvoretzky, Kiefer, Wolfowitz with Massart's constant. */
export const ksBound = (n: number): number => Math.sqrt(Math.log(2 / falseAlarm) / (2 * n));

/** Counts against the probabilities of a law, all at once: chi-square, whose mean is its degrees of freedom. */
export function chiSquareClaim(
  counts: ArrayLike<number>,
  law: ArrayLike<number>,
  more: Partial<Held> & { readonly slack?: number } = {},
): Held {
  const { slack = 0, ...rest } = more;
  const total = Array.from(counts).reduce((sum, value) => sum + value, 0);
  const { statistic: measured, degrees } = chiSquare(
    counts,
    Array.from(law, (p) => total * p),
  );
  // What chance exceeds with `falseAlarm`, to 0.01.
  let bound = degrees;
  while (upperGamma(degrees / 2, bound / 2) > falseAlarm) bound += 0.01;
  return { measured, theory: degrees, relation: "at most", tolerance: bound - degrees + slack, ...rest };
}

/** Places on a square grid, `[side * side, 2]`, each rounded to float32 so that every precision sees the same ones. */
export function gridOf(side: number, half: number): Float64Array {
  const out = new Float64Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    out[2 * i] = Math.fround(half * ((2 * (i % side)) / (side - 1) - 1));
    out[2 * i + 1] = Math.fround(half * ((2 * Math.floor(i / side)) / (side - 1) - 1));
  }
  return out;
}

/** A run as it can be made again: in another precision, at other steps. */
export interface Rerun {
  readonly points: PointsInput;
  readonly dim?: number;
  readonly field: (data: Mixture) => ScoreField | StepEstimator;
  readonly sampler: Sampler;
  readonly grid: (steps: number) => Grid;
  readonly steps: number;
  readonly count: number;
  readonly initial?: "noise" | "normal" | "marginal";
  /** Of samplers with noise: the same Brownian path for every grid. */
  readonly noise?: SampleOptions["noise"];
}

/**
 * The numerical error of a run: the same seed at twice the steps, and in float64. Distances between where a particle ends, in the
 * units of the data.
 */
export async function errorOf(bench: Bench, run: Rerun): Promise<readonly (readonly [string, number])[]> {
  const { dim = 2, steps, count, noise, initial = "marginal" } = run;
  const end = (precision: Precision, n: number): Promise<Float64Array> =>
    withData(
      bench,
      run.points,
      precision,
      async (data) => {
        const { samples } = await sample(run.field(data), {
          sampler: run.sampler,
          grid: run.grid(n),
          count,
          initial,
          seed: bench.seed,
          signal: bench.signal,
          ...(noise !== undefined && { noise }),
        });
        return Float64Array.from(samples);
      },
      dim,
    );
  const base = await end("f32", steps);
  bench.done(0.25);
  const finer = await end("f32", 2 * steps);
  bench.done(0.75);
  const exact = await end("f64", steps);
  bench.done(1);
  const apart = (other: Float64Array, name: string): (readonly [string, number])[] => {
    const distances = Float64Array.from({ length: count }, (_, i) => {
      let square = 0;
      for (let d = 0; d < dim; d++) square += (at(base, i * dim + d) - at(other, i * dim + d)) ** 2;
      return Math.sqrt(square);
    }).sort();
    return [
      [`${name}: median distance`, at(distances, count >> 1)],
      [`${name}: distance that 1 in 100 exceeds`, at(distances, Math.floor(0.99 * count))],
    ];
  };
  return [...apart(finer, `${2 * steps} steps for ${steps}`), ...apart(exact, "float64 for float32")];
}
