import { cholesky, solve, symmetricOf, timesInverse } from "../numeric/linear.js";
import { multiply } from "../numeric/multiply.js";
import type { Process, ProcessMatrices } from "./process.js";

/** x_s = state x + point x_0 + noise, by row-major matrices. */
export interface BridgeMatrices {
  readonly state: Float64Array;
  readonly point: Float64Array;
  /** Of the noise. */
  readonly covariance: Float64Array;
}

/**
 * The bridge p(x_s | x_t, x_0) where S_t is a matrix of its own at every time: with the transition's r and v of S_t = r^2 S_s + v
 * its mean is r S_s S_t^-1 x + alpha_s v S_t^-1 x_0, its covariance S_s S_t^-1 v. Only eta 1 is given by matrices alone: what has
 * less noise is a flow between matrices that do not commute.
 */
export function bridgeMatrices(process: Process, t: number, s: number, dim: number): BridgeMatrices {
  // Every process that comes here has them.
  const matricesOf = process.matrices as (t: number) => ProcessMatrices;
  const { scale, variance } = (process.transitionMatrix as NonNullable<Process["transitionMatrix"]>)(s, t);
  const from = cholesky(matricesOf(t).variance, dim);
  const to = matricesOf(s).variance;
  const alpha = process.alpha(s);
  const state = timesInverse(to, from, dim).map((value) => scale * value);
  const point = timesInverse(variance, from, dim).map((value) => alpha * value);
  const covariance = symmetricOf(dim, (unit) =>
    multiply(to, dim, solve(from, dim, multiply(variance, dim, unit))),
  );
  return { state, point, covariance };
}
