import { exp, expm1 } from "../numeric/elementary.js";
import type { Process } from "./process.js";
import { checkSigma, checkTime, checkTimes, halfLog1pSquare } from "./time.js";

/**
 * The Ornstein-Uhlenbeck process of Cao et al. 2025: beta = D = 1, alpha = e^-t, S = 1 - e^-2t.
 *
 * @example
 * ou().alpha(0); // 1
 */
export function ou(): Process {
  const end = Number.POSITIVE_INFINITY;
  return Object.freeze({
    name: "ou",
    parameters: Object.freeze({}),
    end,
    alpha(t: number) {
      return exp(-checkTime(t, end));
    },
    variance(t: number) {
      return 0 - expm1(-2 * checkTime(t, end));
    },
    beta(t: number) {
      checkTime(t, end);
      return 1;
    },
    diffusion(t: number) {
      checkTime(t, end);
      return 1;
    },
    sigma(t: number) {
      checkTime(t, end);
      return Math.sqrt(0 - expm1(-2 * t)) * exp(t);
    },
    timeOfSigma(sigma: number) {
      return halfLog1pSquare(checkSigma(sigma));
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      return { scale: exp(s - t), variance: 0 - expm1(-2 * (t - s)) };
    },
  });
}
