import { cholesky, multiply, solve, symmetricOf, timesInverse } from "../numeric/linear.js";
import type { Process, ProcessMatrices } from "./process.js";

/**
 * x_s = a x + b x_0 + sqrt(c) eps, the law of x_s given x_t and a prediction of x_0 with noise of variance
 * eta^2 S_s v / S_t (r, v: the transition from s to t); eta 1 is the bridge p(x_s | x_t, x_0). All are without
 * cancellation: S_t = r^2 S_s + v, alpha_t = r alpha_s. Song et al. 2021 (DDIM), Eq. 12; Cao et al. 2025, Eq. 4.21.
 * Upward, s > t, without noise: what takes the step from s to t back.
 */
export function bridge(
  process: Process,
  t: number,
  s: number,
  eta: number,
): { a: number; b: number; c: number } {
  if (s > t) {
    const { a, b } = bridge(process, s, t, 0);
    return { a: 1 / a, b: -b / a, c: 0 };
  }
  const { scale, variance } = process.transition(s, t);
  const from = process.variance(t);
  const to = process.variance(s);
  const alpha = process.alpha(s);
  const kept = scale * scale * to;
  const square = eta * eta;
  const a = Math.sqrt((to / from) * ((1 - square) * (variance / from) + kept / from));
  // alpha_s - alpha_t a, by the difference of squares.
  const b = (alpha * (variance / from) * ((from + square * kept) / from)) / (1 + scale * a);
  return { a, b, c: square * to * (variance / from) };
}

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
