import {
  edm,
  euler,
  exactScore,
  gapFraction,
  type Grid,
  lineSet,
  logarithmic,
  lShape,
  type Mixture,
  polygon,
  type Process,
  randomOutlier,
  sample,
  type ScoreEnsemble,
  type ScoreField,
  type StepEstimator,
  times,
} from "vkernel";
import type { SizedBench } from "../bench.js";
import { type Estimate, meanOf, shareIf } from "../estimate.js";
import type { Sizes } from "./sizes.js";

/** What every section works with. */
export type Bench = SizedBench<Sizes>;

/** The four sets of Figure 1, as the library has them. */
export const sets = [polygon, lineSet, lShape, randomOutlier].map((make) => make());

export function mixtureOf(bench: Bench, points: Float64Array): Mixture<"f64"> {
  return bench.engine.mixture(points, { dim: 2, precision: "f64" });
}

export const hexagon = (bench: Bench): Mixture<"f64"> => mixtureOf(bench, polygon().points);

/** Draws of p_t (of edm x_0 + t z): the states that a run from "marginal" starts with. */
export async function drawsOf(
  bench: Bench,
  data: Mixture<"f64">,
  options: { t: number; count: number; seed: number; process?: Process },
): Promise<Float64Array> {
  const { t, count, seed, process = edm() } = options;
  const run = await sample(exactScore(data, process), {
    sampler: euler(),
    grid: times([t, t / 2]),
    initial: "marginal",
    record: [0],
    count,
    seed,
    signal: bench.signal,
  });
  return run.trajectories as Float64Array;
}

/** A grid uniform in log t that ends at `tMin`. */
export const logGrid = (steps: number, tMax: number, tMin: number): Grid =>
  logarithmic({ steps, tMax, tMin, last: "sigmaMin" });

export interface RunOptions {
  readonly grid: Grid;
  readonly seed: number;
  readonly count?: number;
  readonly initial?: "noise" | "marginal" | Float64Array;
}

/** Euler's method, which takes fields, step estimators and ensembles alike. */
export async function runOf(
  bench: Bench,
  score: ScoreField<"f64"> | StepEstimator<"f64"> | ScoreEnsemble<"f64">,
  options: RunOptions,
): Promise<Float64Array> {
  return (await sample(score, { sampler: euler(), ...options, signal: bench.signal })).samples;
}

/** Where samples lie. */
export interface Whereabouts {
  readonly count: number;
  /** The shares within 0.05 and 0.1 of a training point. */
  readonly within005: Estimate;
  readonly within010: Estimate;
  /** Farther than `radius` from all points, and of these the ones that are as near to the segment between their two nearest. */
  readonly gap: Estimate;
  readonly between: Estimate;
  readonly radius: number;
  readonly meanDistance: Estimate;
  /** The share nearest to each training point. */
  readonly masses: readonly Estimate[];
}

/** Measures samples against training points. */
export async function whereabouts(
  bench: Bench,
  samples: Float64Array,
  data: Mixture,
  radius: number,
): Promise<Whereabouts> {
  const gaps = await gapFraction(samples, data, { radius, signal: bench.signal });
  const { distance, segmentDistance, nearest, count } = gaps;
  const within = (limit: number): Estimate => shareIf(count, (i) => distance[i] <= limit);
  return {
    count,
    within005: within(0.05),
    within010: within(0.1),
    gap: shareIf(count, (i) => distance[i] > radius),
    between: shareIf(count, (i) => distance[i] > radius && segmentDistance[i] <= radius),
    radius,
    meanDistance: meanOf(distance),
    masses: Array.from({ length: data.size }, (_, m) => shareIf(count, (i) => nearest[i] === m)),
  };
}

/** Places of a square grid, y from the top, and its side. */
export function squareGrid(side: number, half: number): Float64Array {
  const out = new Float64Array(2 * side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = 2 * (row * side + column);
      out[at] = (2 * half * column) / (side - 1) - half;
      out[at + 1] = half - (2 * half * row) / (side - 1);
    }
  }
  return out;
}
