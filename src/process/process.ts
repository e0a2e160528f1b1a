/**
 * A forward process dx = -beta_t x dt + G_t dW, D_t = G_t G_t' / 2, with
 * x_t = alpha_t x_0 + S_t^(1/2) eps. Time runs from `end` (noise) down to 0 (data).
 *
 * All functions are scalar; with `covariance` A, the matrices of the process are
 * S_t = variance(t) A and D_t = diffusion(t) A. Where A depends on time, `covariance` is left out, the scalars are
 * those of `base`, and `matrices` gives S_t and D_t.
 */
export interface Process {
  readonly name: string;
  /** The parameters that the process was made with, to print and to send elsewhere. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** The largest time; Infinity where there is none. */
  readonly end: number;
  /** alpha_t, the factor of the data at time t. */
  alpha(t: number): number;
  /** S_t, the variance of the noise at time t. */
  variance(t: number): number;
  /** beta_t, the drift rate. */
  beta(t: number): number;
  /** D_t, half the squared diffusion coefficient. */
  diffusion(t: number): number;
  /** sigma = sqrt(S_t) / alpha_t, the noise level in units of the data. */
  sigma(t: number): number;
  /** The time at which the noise level is sigma; the inverse of `sigma`. */
  timeOfSigma(sigma: number): number;
  /**
   * The transition from s up to t (0 <= s <= t): x_t = scale x_s + sqrt(variance) eps,
   * scale = alpha_t / alpha_s, variance = S_t - scale^2 S_s, without cancellation.
   */
  transition(s: number, t: number): { scale: number; variance: number };
  /** The isotropic process that an anisotropic one is made from. */
  readonly base?: Process;
  /** Row-major dim x dim matrix A of an anisotropic process, where it is the same at all times. */
  readonly covariance?: Float64Array;
  /** The dimension that an anisotropic process asks for. */
  readonly dim?: number;
  /** The matrices of an anisotropic process at time t: fresh arrays. */
  matrices?(t: number): ProcessMatrices;
  /**
   * `transition` of an anisotropic process: x_t = scale x_s + variance^(1/2) eps with the matrix
   * S_t - scale^2 S_s, row-major `[dim, dim]`.
   */
  transitionMatrix?(s: number, t: number): { scale: number; variance: Float64Array };
}

/** The matrices of an anisotropic process at one time, symmetric, row-major `[dim, dim]`. */
export interface ProcessMatrices {
  /** A_t, positive definite. */
  readonly covariance: Float64Array;
  /** S_t = variance(t) A_t */
  readonly variance: Float64Array;
  /** D_t = diffusion(t) A_t + variance(t) A_t' / 2, for which S' = -2 beta S + 2 D. */
  readonly diffusion: Float64Array;
}
