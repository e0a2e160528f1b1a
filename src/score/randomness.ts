/**
 * How a step draws its score: the average of `draws` proxy scores, or one whose noise is scaled by a time, `noiseTime`; with
 * `gaussian`, Gaussian noise of the same covariance in its place.
 */
export type Randomness =
  | { readonly draws: number; readonly gaussian?: "matched" | "literal" }
  | { readonly noiseTime: number; readonly gaussian?: "matched" };

/** How large an estimator's noise is in a step of dt, in units of the covariance of x_0 given x. */
export function noiseSize(randomness: Randomness, dt: number): number {
  if ("noiseTime" in randomness) return Math.sqrt(randomness.noiseTime / dt);
  return 1 / Math.sqrt(randomness.gaussian === "literal" ? randomness.draws * dt : randomness.draws);
}
