import { checkNumber, checkOptions } from "../core/check.js";
import { expm1, log, pow } from "../numeric/elementary.js";
import type { Process } from "./process.js";
import { checkSigma, checkTime, checkTimes, halfLog1pSquare } from "./time.js";

export interface SongVeOptions {
  /** The level that S_t leaves out; 0.01 by default, at least 1e-6. */
  sigmaMin?: number;
  /** The upper level; 50 by default, above sigmaMin and at most 1e6. */
  sigmaMax?: number;
}

/**
 * The variance-exploding process of Song et al. (2021), Eq. 30: sigma_t = sigmaMin (sigmaMax / sigmaMin)^t,
 * D_t = (1/2) d sigma_t^2 / dt, alpha = 1, 0 <= t <= 1.
 *
 * S_t = sigma_t^2 - sigmaMin^2, as the SDE has it (their Eq. 29): x_0 is the data itself, and S_0 = 0. Song's code adds
 * noise of the full sigma_t in place of sqrt(S_t); it treats x_0 as data that have noise of sigmaMin already. The same
 * here: a mixture with `sigma0: sigmaMin`, whose V_t = sigma_t^2.
 *
 * @throws {VkernelError} E_RANGE for levels that are not positive and ascending
 * @example
 * songVe().sigma(1); // sqrt(50^2 - 0.01^2)
 */
export function songVe(options: SongVeOptions = {}): Process {
  checkOptions(options, ["sigmaMin", "sigmaMax"]);
  const sigmaMin = checkNumber(options.sigmaMin ?? 0.01, "sigmaMin", { min: 1e-6, max: 1e6 });
  const sigmaMax = checkNumber(options.sigmaMax ?? 50, "sigmaMax", { above: sigmaMin, max: 1e6 });
  const end = 1;
  const ratio = sigmaMax / sigmaMin;
  const rate = log(ratio);
  const square = (t: number) => {
    const level = sigmaMin * pow(ratio, t);
    return level * level;
  };
  const variance = (t: number) => sigmaMin * sigmaMin * expm1(2 * rate * checkTime(t, end));
  return Object.freeze({
    name: "songVe",
    parameters: Object.freeze({ sigmaMin, sigmaMax }),
    end,
    alpha(t: number) {
      checkTime(t, end);
      return 1;
    },
    variance,
    beta(t: number) {
      checkTime(t, end);
      return 0;
    },
    diffusion(t: number) {
      return rate * square(checkTime(t, end));
    },
    sigma(t: number) {
      return Math.sqrt(variance(t));
    },
    timeOfSigma(sigma: number) {
      return halfLog1pSquare(checkSigma(sigma) / sigmaMin) / rate;
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      return { scale: 1, variance: square(s) * expm1(2 * rate * (t - s)) };
    },
  });
}
