import { badArgument } from "../core/errors.js";
import { cholesky, multiply, semidefiniteRoot, solve } from "../numeric/linear.js";
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

/** x_s = state x + point x_0 + root eps, by row-major matrices. */
export interface BridgeMatrices {
  readonly state: Float64Array;
  readonly point: Float64Array;
  readonly root: Float64Array;
}

/**
 * The bridge p(x_s | x_t, x_0) where S_t is a matrix of its own at every time: with the transition's r and v of S_t = r^2 S_s + v
 * its mean is r S_s S_t^-1 x + alpha_s v S_t^-1 x_0, its covariance S_s S_t^-1 v. Only eta 1 is given by matrices alone: what has
 * less noise is a flow between matrices that do not commute.
 *
 * @throws {VkernelError} E_RANGE where v has a negative direction: then there is no such process
 */
export function bridgeMatrices(process: Process, t: number, s: number, dim: number): BridgeMatrices {
  // Every process that comes here has them.
  const matricesOf = process.matrices as (t: number) => ProcessMatrices;
  const { scale, variance } = (process.transitionMatrix as NonNullable<Process["transitionMatrix"]>)(s, t);
  const from = cholesky(matricesOf(t).variance, dim);
  const to = matricesOf(s).variance;
  const alpha = process.alpha(s);
  const state = new Float64Array(dim * dim);
  const point = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    // Row i of S_s S_t^-1 and of v S_t^-1: both S_t and what it is taken to are symmetric.
    const row = i * dim;
    state.set(
      solve(from, dim, to.slice(row, row + dim)).map((value) => scale * value),
      row,
    );
    point.set(
      solve(from, dim, variance.slice(row, row + dim)).map((value) => alpha * value),
      row,
    );
  }
  const covariance = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    // Column i of S_s S_t^-1 v.
    const column = multiply(to, dim, solve(from, dim, variance.slice(i * dim, i * dim + dim)));
    for (let j = 0; j < dim; j++) covariance[j * dim + i] = column[j];
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) {
      const mean = 0.5 * (covariance[i * dim + j] + covariance[j * dim + i]);
      covariance[i * dim + j] = mean;
      covariance[j * dim + i] = mean;
    }
  }
  const { root, semidefinite } = semidefiniteRoot(covariance, dim);
  if (semidefinite) return { state, point, root };
  throw badArgument(
    "E_RANGE",
    "process",
    "a covariance that shrinks no faster than noise is added, for a sampler with noise (euler, heun and rk4 take any)",
    `a transition from t = ${s} to t = ${t} that would take noise away`,
  );
}
