import { checkNumber, checkOptions } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import { exp, expm1, log, log1p } from "../numeric/elementary.js";
import type { Process } from "./process.js";
import { checkSigma, checkTime, checkTimes } from "./time.js";
import type { SongVpOptions } from "./vp.js";

/**
 * The sub-VP process of Song et al. (2021), Eq. 28: the drift of `songVp`, and S = (1 - alpha^2)^2, the square of its
 * variance; D = (b / 2) (1 - alpha^4) with Song's b = betaMin + t (betaMax - betaMin), 0 <= t <= 1.
 *
 * @throws {VkernelError} E_RANGE for a negative rate, or if betaMax < betaMin or both are 0
 * @example
 * subVp().variance(0.5) / songVp().variance(0.5) ** 2; // 1
 */
export function subVp(options: SongVpOptions = {}): Process {
  checkOptions(options, ["betaMin", "betaMax"]);
  const betaMin = checkNumber(options.betaMin ?? 0.1, "betaMin", { min: 0, max: 200 });
  const betaMax = checkNumber(options.betaMax ?? 20, "betaMax", { min: betaMin, max: 200 });
  if (betaMax === 0) throw badArgument("E_RANGE", "betaMax", "a number above 0", betaMax);
  const end = 1;
  const b0 = betaMin / 2;
  const b1 = (betaMax - betaMin) / 2;
  /** The integral of beta, b / 2, from s to t. */
  const integral = (s: number, t: number) => (t - s) * (b0 + 0.5 * b1 * (t + s));
  const rate = (t: number) => b0 + b1 * checkTime(t, end);
  /** sqrt(S_t) = 1 - alpha^2 */
  const deviation = (t: number) => 0 - expm1(-2 * integral(0, checkTime(t, end)));
  return Object.freeze({
    name: "subVp",
    parameters: Object.freeze({ betaMin, betaMax }),
    end,
    alpha(t: number) {
      return exp(-integral(0, checkTime(t, end)));
    },
    variance(t: number) {
      const root = deviation(t);
      return root * root;
    },
    beta: rate,
    diffusion(t: number) {
      return rate(t) * (0 - expm1(-4 * integral(0, t)));
    },
    sigma(t: number) {
      return deviation(t) * exp(integral(0, t));
    },
    timeOfSigma(sigma: number) {
      // sigma = 2 sinh B with B = b0 t + b1 t^2 / 2: asinh without its cancellation, then the root of the quadratic.
      const half = checkSigma(sigma) / 2;
      const total =
        half < 1e8 ? log1p(half + (half * half) / (1 + Math.sqrt(1 + half * half))) : log(2) + log(half);
      return total === 0 ? 0 : (2 * total) / (b0 + Math.sqrt(b0 * b0 + 2 * b1 * total));
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      const step = integral(s, t);
      // S_t - r^2 S_s = (sqrt S_t - r sqrt S_s) (sqrt S_t + r sqrt S_s); the first is (1 - r) (1 + r alpha_s^2).
      const scale = exp(-step);
      const before = deviation(s);
      const first = (0 - expm1(-step)) * (1 + scale * exp(-2 * integral(0, s)));
      return { scale, variance: first * (deviation(t) + scale * before) };
    },
  });
}
