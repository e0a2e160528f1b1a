import { exp, expm1 } from "../numeric/elementary.js";
import { checkNumber, checkOptions } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "./process.js";
import { checkSigma, checkTime, checkTimes, halfLog1pSquare } from "./time.js";

export interface VpOptions {
  /** beta at time 0; 0.1 by default. At most 100. */
  betaMin?: number;
  /** How much beta grows from time 0 to time 1; 19.9 by default. At most 200. */
  betaD?: number;
}

export interface SongVpOptions {
  /** Song's beta at time 0; 0.1 by default. At most 200. */
  betaMin?: number;
  /** Song's beta at time 1; 20 by default. At most 200. */
  betaMax?: number;
}

/**
 * The variance-preserving process of Vastola 2025, Table 1: beta = D = betaMin + betaD t,
 * alpha = exp(-betaMin t - betaD t^2 / 2), S = 1 - alpha^2, 0 <= t <= 1.
 *
 * This is not Song's VP, whose drift is half of it: see `songVp`.
 *
 * @throws {VkernelError} E_RANGE for a negative rate, or if both are 0
 * @example
 * vp().alpha(1); // 4.3e-5
 */
export function vp(options: VpOptions = {}): Process {
  checkOptions(options, ["betaMin", "betaD"]);
  const betaMin = checkNumber(options.betaMin ?? 0.1, "betaMin", { min: 0, max: 100 });
  const betaD = checkNumber(options.betaD ?? 19.9, "betaD", { min: 0, max: 200 });
  if (betaMin === 0 && betaD === 0) {
    throw badArgument("E_RANGE", "betaD", "a number above 0 where betaMin is 0", betaD);
  }
  return linearRate("vp", { betaMin, betaD }, betaMin, betaD);
}

/**
 * The variance-preserving process of Song et al. (2021), dx = -beta x / 2 dt + sqrt(beta) dW with beta from
 * betaMin to betaMax: `vp` with half of each rate, so (0.05, 9.95) for the usual (0.1, 20).
 *
 * @throws {VkernelError} E_RANGE for a negative rate, or if betaMax < betaMin or both are 0
 * @example
 * songVp().alpha(1); // 6.6e-3
 */
export function songVp(options: SongVpOptions = {}): Process {
  checkOptions(options, ["betaMin", "betaMax"]);
  const betaMin = checkNumber(options.betaMin ?? 0.1, "betaMin", { min: 0, max: 200 });
  const betaMax = checkNumber(options.betaMax ?? 20, "betaMax", { min: betaMin, max: 200 });
  if (betaMax === 0) throw badArgument("E_RANGE", "betaMax", "a number above 0", betaMax);
  return linearRate("songVp", { betaMin, betaMax }, betaMin / 2, (betaMax - betaMin) / 2);
}

function linearRate(name: string, parameters: Record<string, number>, b0: number, b1: number): Process {
  const end = 1;
  /** The integral of beta from s to t; the factored form keeps t - s exact. */
  const integral = (s: number, t: number) => (t - s) * (b0 + 0.5 * b1 * (t + s));
  const rate = (t: number) => b0 + b1 * checkTime(t, end);
  return Object.freeze({
    name,
    parameters: Object.freeze(parameters),
    end,
    alpha(t: number) {
      return exp(-integral(0, checkTime(t, end)));
    },
    variance(t: number) {
      return 0 - expm1(-2 * integral(0, checkTime(t, end)));
    },
    beta: rate,
    diffusion: rate,
    sigma(t: number) {
      const total = integral(0, checkTime(t, end));
      return Math.sqrt(0 - expm1(-2 * total)) * exp(total);
    },
    timeOfSigma(sigma: number) {
      // sigma^2 = exp(2 B) - 1 with B = b0 t + b1 t^2 / 2: the root of the quadratic that does not cancel.
      const total = halfLog1pSquare(checkSigma(sigma));
      return total === 0 ? 0 : (2 * total) / (b0 + Math.sqrt(b0 * b0 + 2 * b1 * total));
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      const total = integral(s, t);
      return { scale: exp(-total), variance: 0 - expm1(-2 * total) };
    },
  });
}
