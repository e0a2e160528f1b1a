import type { Process } from "./process.js";
import { checkSigma, checkTime, checkTimes } from "./time.js";

/**
 * Brownian motion, the variance-exploding process of Chen 2025: beta = 0, D = 1/2, alpha = 1, S = t.
 *
 * @example
 * ve().sigma(0.25); // 0.5
 */
export function ve(): Process {
  const end = Number.POSITIVE_INFINITY;
  return Object.freeze({
    name: "ve",
    parameters: Object.freeze({}),
    end,
    alpha(t: number) {
      checkTime(t, end);
      return 1;
    },
    variance(t: number) {
      return checkTime(t, end);
    },
    beta(t: number) {
      checkTime(t, end);
      return 0;
    },
    diffusion(t: number) {
      checkTime(t, end);
      return 0.5;
    },
    sigma(t: number) {
      return Math.sqrt(checkTime(t, end));
    },
    timeOfSigma(sigma: number) {
      return checkSigma(sigma) * sigma;
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      return { scale: 1, variance: t - s };
    },
  });
}
