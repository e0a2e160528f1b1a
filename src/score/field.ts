import type { RowFunction } from "../../bindings/job.js";
import type { Mixture, Numbers, PointsInput, Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import type { Randomness } from "./randomness.js";

/** Quantities that are one number per query. */
export const scalarQuantities = [
  "logDensity",
  "divergence",
  "proxyVariance",
  "nearest",
  "nearestDistance",
  "posteriorEntropy",
  "effectiveCount",
] as const;
export type ScalarQuantity = (typeof scalarQuantities)[number];
/** Quantities that are one vector per query: `[count, dim]`. */
export const vectorQuantities = ["score", "posteriorMean", "velocity"] as const;
/** Quantities that are one number per query and training point: `[count, size]`. */
export const weightQuantities = ["posteriorWeights"] as const;
/** Quantities that are one matrix per query: `[count, dim, dim]`, for dim up to 64. */
export const matrixQuantities = ["hessian", "proxyCovariance", "posteriorCovariance"] as const;

export const quantities = [
  ...scalarQuantities,
  ...vectorQuantities,
  ...weightQuantities,
  ...matrixQuantities,
] as const;

export type Quantity = (typeof quantities)[number];

/**
 * The quantities that were asked for. `nearest` is an Int32Array of indices; all else has the mixture's precision.
 *
 * Data far from the origin is computed with less its centre, so that scores, log densities, weights and covariances are as
 * accurate as at the origin. `posteriorMean` and `velocity` are where the data is, and a float32 array holds them to 2^-24 of
 * their size: x - posteriorMean is better had from the score (-S score where alpha is 1; `predict(..., "noise")` anywhere), or with
 * precision "f64".
 *
 * `proxyVariance` (tr C) is alpha^2 / V^2 times the trace of the points' covariance about their mean. In float32 that mean is
 * rounded, where several points share the weight: by up to 2^-20 |mu| per coordinate (measured: 14 units of 2^-24; mu less the
 * centre). tr C is then no less than what this leaves, up to dim (2^-20 alpha max |mu| / V)^2, however small the exact value is. A
 * float32 array holds it up to 3.4e38 and is Infinity above, that is where V < alpha sqrt(tr Cov / 3.4e38).
 */
export type Evaluation<P extends Precision, Q extends Quantity> = {
  [K in Q]: K extends "nearest" ? Int32Array<ArrayBuffer> : Numbers<P>;
} & {
  /** Warnings, in sentences, where there are any: a learned field at times on which it was not fitted. */
  readonly notes?: readonly string[];
  /**
   * With a tolerance, `[count]`: the most by which any result of a query differs from the full sum in exact arithmetic, in units of
   * its scale.
   */
  readonly errorBound?: Float64Array<ArrayBuffer>;
};

export interface EvaluateOptions {
  /**
   * Of the exact score: results differ from the sum over all points, in exact arithmetic, by no more than this times their scale, proven,
   * and `errorBound` comes along. Scales: log density 1; posterior mean the data's root mean square distance R from their mean; score R alpha / V;
   * covariances R^2, of scores (R alpha / V)^2. 0 (default): every point counts.
   *
   * In up to three dimensions most points are then left out: their part is bounded by a tree, or they are served as smoothed masses
   * where all queries share a time. In more dimensions those are left out that are surely far, where noise is small. Elsewhere all points
   * count, and the bound is that of rounding, which may be above the tolerance.
   */
  tolerance?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** A range of times, ends included. */
export interface TimeRange {
  readonly tMin: number;
  readonly tMax: number;
}

/** Why a field has no divergence, and what has one. */
export interface Lack {
  readonly reason: string;
  readonly way: string;
}

/** A score at every (x, t): what every sampler integrates. */
export interface ScoreField<P extends Precision = Precision> {
  readonly kind: "field";
  readonly data: Mixture<P>;
  readonly process: Process;
  /**
   * Evaluates quantities at queries x, `[count, dim]` row-major, at one time for all or one for each. The queries are copied
   * before it returns, nested rows in one piece, so that nothing that happens to them later counts; all else is work in slices.
   * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_LIMIT, E_MEMORY, E_ABORT, E_DISPOSED
   */
  evaluate<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
    options?: EvaluateOptions,
  ): Promise<Evaluation<P, Q>>;
  /** `evaluate` on the calling thread, at once: nothing else runs there until it is done. */
  evaluateSync<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
  ): Evaluation<P, Q>;
  /** @internal The score of rows, for a field that is not the exact one: what a run calls at every step. */
  readonly scoreRows?: RowFunction;
  /** The times that a learned field was fitted on: beyond them nothing holds it. */
  readonly fitted?: TimeRange | undefined;
  /**
   * @internal The trace of the score's derivative J at rows, one number each, where it is known exactly; under noise with a
   * direction tr(D_t J) over the process's scalar `diffusion`, which is tr(A J) of a constant covariance A.
   */
  readonly traceRows?: RowFunction | undefined;
  /** @internal Why it has no trace. */
  readonly untraced?: Lack | undefined;
}

/** An estimator of the score with fresh randomness at every step of a sampler. */
export interface StepEstimator<P extends Precision = Precision> {
  readonly kind: "step";
  readonly data: Mixture<P>;
  readonly process: Process;
  /** The mean of the estimator, which is a field. */
  readonly average: ScoreField<P>;
  /** How a step draws it: whatever takes the estimator checks it. */
  readonly randomness: Randomness;
}

/** Where a score is looked at: `[count, dim]` places x, at one time or one for each. */
export interface Places {
  readonly x: PointsInput;
  readonly t: number | ArrayLike<number>;
}

/** A score as a random function: one of many that training could have given. Vastola 2025, Sec. 3. */
export interface ScoreEnsemble<P extends Precision = Precision> {
  readonly kind: "ensemble";
  readonly data: Mixture<P>;
  readonly process: Process;
  /** The mean over realizations, which is a field. */
  readonly average: ScoreField<P>;
  /** The times that its realizations were fitted on. */
  readonly fitted?: TimeRange | undefined;
  /** Cov[s-hat(z_a), s-hat(z_b)], `[count of a, count of b, dim, dim]`; b is a where it is left out. */
  covariance(a: Places, b?: Places): Promise<Float64Array>;
  /** Cov[s-hat(z), s-hat(z)] at each place alone, `[count, dim, dim]`: what `covariance` has on its diagonal, for many. */
  variance?(places: Places): Promise<Float64Array>;
  /** Draws a realization; the same seed gives the same one. */
  draw(seed: number): Promise<ScoreField<P>>;
  /** @internal Realizations `first` ... first + count - 1 of a seed, as one function of rows. */
  realizations?(request: RealizationRequest): Promise<RealizedRows>;
}

export interface RealizationRequest {
  /** Draws of the ensemble itself, or Gaussian functions of its mean and covariance. */
  readonly kind: "draws" | "gaussian";
  readonly first: number;
  readonly count: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/** The scores of rows, each by the realization (counted from `first`) that its row number stands for. */
export interface RealizedRows {
  (x: Float64Array, t: number, realization: (row: number) => number): Promise<Float64Array>;
  /** Rows each at a time of its own, in one call. */
  readonly each?: (
    x: Float64Array,
    time: (row: number) => number,
    realization: (row: number) => number,
  ) => Promise<Float64Array>;
}
