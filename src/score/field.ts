import type { Mixture, Numbers, PointsInput, Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";

/** One number a query. */
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
/** `[count, dim]`. */
export const vectorQuantities = ["score", "posteriorMean", "velocity"] as const;
/** `[count, size]`. */
export const weightQuantities = ["posteriorWeights"] as const;
/** `[count, dim, dim]`, for dim up to 64. */
export const matrixQuantities = ["hessian", "proxyCovariance", "posteriorCovariance"] as const;

export const quantities = [
  ...scalarQuantities,
  ...vectorQuantities,
  ...weightQuantities,
  ...matrixQuantities,
] as const;

export type Quantity = (typeof quantities)[number];

/** `nearest` is an Int32Array of indices; all else has the mixture's precision. */
export type Evaluation<P extends Precision, Q extends Quantity> = {
  [K in Q]: K extends "nearest" ? Int32Array<ArrayBuffer> : Numbers<P>;
};

export interface EvaluateOptions {
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** A score at every (x, t): what every sampler integrates. */
export interface ScoreField<P extends Precision = Precision> {
  readonly kind: "field";
  readonly data: Mixture<P>;
  readonly process: Process;
  /**
   * Evaluates quantities at queries x, `[count, dim]` row-major, at one time for all or one for each.
   * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_LIMIT, E_MEMORY, E_ABORT, E_DISPOSED
   */
  evaluate<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
    options?: EvaluateOptions,
  ): Promise<Evaluation<P, Q>>;
  /** The same on the calling thread, at once. */
  evaluateSync<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
  ): Evaluation<P, Q>;
}

/**
 * How a step draws its score: the average of `draws` proxy scores, or one whose noise is scaled by kappa (a time); with
 * `gaussian`, Gaussian noise of the same covariance in its place.
 */
export type Randomness =
  | { readonly draws: number; readonly gaussian?: "matched" | "literal" }
  | { readonly kappa: number; readonly gaussian?: "matched" };

/** An estimator of the score with fresh randomness at every step of a sampler. */
export interface StepEstimator<P extends Precision = Precision> {
  readonly kind: "step";
  readonly data: Mixture<P>;
  readonly process: Process;
  /** Its mean, a field. */
  readonly average: ScoreField<P>;
  /** How a step draws it. */
  readonly randomness: Randomness;
}
