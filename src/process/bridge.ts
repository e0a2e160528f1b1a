import type { Process } from "./process.js";

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
