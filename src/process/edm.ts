import type { Process } from "./process.js";
import { checkSigma, checkTime, checkTimes } from "./time.js";

/**
 * The process of EDM: beta = 0, D = t, alpha = 1, S = t^2, so that t is the noise level sigma itself.
 * Vastola 2025, Table 1.
 *
 * @example
 * edm().variance(0.5); // 0.25
 */
export function edm(): Process {
  const end = Number.POSITIVE_INFINITY;
  return Object.freeze({
    name: "edm",
    parameters: Object.freeze({}),
    end,
    alpha(t: number) {
      checkTime(t, end);
      return 1;
    },
    variance(t: number) {
      return checkTime(t, end) * t;
    },
    beta(t: number) {
      checkTime(t, end);
      return 0;
    },
    diffusion(t: number) {
      return checkTime(t, end);
    },
    sigma(t: number) {
      return checkTime(t, end);
    },
    timeOfSigma(sigma: number) {
      return checkSigma(sigma);
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      return { scale: 1, variance: (t - s) * (t + s) };
    },
  });
}
