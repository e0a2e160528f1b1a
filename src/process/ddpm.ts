import { checkInteger, checkNumber, checkOptions, checkWord } from "../core/check.js";
import { VkernelError } from "../core/errors.js";
import { exp, expm1, log1p } from "../numeric/elementary.js";
import type { Process } from "./process.js";
import { sineOfQuarter } from "../numeric/sine.js";
import { checkSigma, checkTime, checkTimes, halfLog1pSquare } from "./time.js";

const schedules = ["linear", "scaledLinear", "cosine"] as const;

export type DdpmSchedule = (typeof schedules)[number];

export interface DdpmOptions {
  /** How the betas run: "linear", "scaledLinear" (their square roots are linear) or "cosine". */
  schedule: DdpmSchedule;
  /** The number of levels, 1 to 1e6; 1,000 by default. */
  steps?: number;
  /** The first beta, above 0 and below 1; 1e-4 by default, 0.00085 for "scaledLinear". Not for "cosine". */
  betaStart?: number;
  /** The last beta, above 0 and below 1; 0.02 by default, 0.012 for "scaledLinear". Not for "cosine". */
  betaEnd?: number;
}

/** What the law of x_{i-1} is made of, given x_i and x_0. */
export interface DdpmPosterior {
  readonly meanCoefficientX0: number;
  readonly meanCoefficientX: number;
  readonly variance: number;
}

/** A process of discrete levels. */
export interface DdpmProcess extends Process {
  readonly schedule: DdpmSchedule;
  /** beta_1 to beta_steps, a copy; `betas[i - 1]` leads from t = i - 1 to t = i. */
  readonly betas: Float64Array;
  /** alpha_t^2 at t = 1 to steps, a copy; `alphasCumprod[k]` is that of t = k + 1, diffusers' timestep k. */
  readonly alphasCumprod: Float64Array;
  /**
   * x_{i-1} | x_i, x_0 = N(meanCoefficientX0 x_0 + meanCoefficientX x_i, variance), i = 1 to steps.
   * Ho et al. (2020), Eq. 7.
   * @throws {VkernelError} E_TYPE, E_RANGE for an i that is no level
   */
  posterior(i: number): DdpmPosterior;
}

/** The s of Nichol and Dhariwal (2021), Eq. 17, and their largest beta. */
const cosineOffset = 0.008;
const largestCosineBeta = 0.999;
/** log of the largest signal-to-noise loss: alpha stays above e^-300, whose square is a float64. */
const mostDecay = 600;

/**
 * The discrete levels of DDPM (Ho et al., 2020) as a process: time t from 0 to `steps`, and at whole t = i
 * alpha_t^2 = (1 - beta_1) ... (1 - beta_i), S_t = 1 - alpha_t^2. Level t = i is timestep i - 1 of Hugging Face
 * diffusers, which counts from 0; t = 0 is the data.
 *
 * Schedules and their defaults are those of diffusers: "linear" 1e-4 to 0.02 (DDPM), "scaledLinear" 0.00085 to 0.012
 * (Stable Diffusion), "cosine" `squaredcos_cap_v2` (Nichol and Dhariwal, 2021, s = 0.008, no beta above 0.999).
 *
 * Between whole times log alpha_t^2 is linear, so beta(t) = D(t) = -(1/2) d/dt log alpha_t^2 is constant there. At
 * t = i it is that of the piece (i - 1, i] which ends there: the piece that a step down from i covers.
 *
 * @throws {VkernelError} E_USAGE, E_TYPE, E_NONFINITE, E_RANGE for bad options
 * @example
 * ddpm({ schedule: "linear" }).alpha(1000) ** 2; // 4.04e-5, diffusers' alphas_cumprod[999]
 */
export function ddpm(options: DdpmOptions): DdpmProcess {
  checkOptions(options, ["schedule", "steps", "betaStart", "betaEnd"]);
  const schedule = checkWord(options?.schedule, schedules, "schedule");
  const steps = checkInteger(options.steps ?? 1000, "steps", 1, 1e6);
  const parameters: Record<string, number | string> = { schedule, steps };
  let betas: Float64Array;
  if (schedule === "cosine") {
    for (const name of ["betaStart", "betaEnd"] as const) {
      if (options[name] === undefined) continue;
      throw new VkernelError("E_USAGE", {
        argument: name,
        expected: 'schedule "linear" or "scaledLinear" with it (the cosine has no ends)',
        got: `${options[name]}`,
      });
    }
    betas = cosineBetas(steps);
  } else {
    const scaled = schedule === "scaledLinear";
    const range = { above: 0, below: 1 };
    const first = checkNumber(options.betaStart ?? (scaled ? 0.00085 : 1e-4), "betaStart", range);
    const last = checkNumber(options.betaEnd ?? (scaled ? 0.012 : 0.02), "betaEnd", range);
    parameters.betaStart = first;
    parameters.betaEnd = last;
    betas = scaled
      ? spaced(Math.sqrt(first), Math.sqrt(last), steps).map((root) => root * root)
      : spaced(first, last, steps);
  }
  return discreteProcess(schedule, Object.freeze(parameters), betas);
}

function spaced(first: number, last: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) =>
    i === 0 ? first : first + (i * (last - first)) / (count - 1),
  );
}

/**
 * 1 - abar_i / abar_{i-1} with abar_i = sin^2 c_i, c_i = (pi / 2) (n - i) / (n (1 + s)), the complement of diffusers'
 * cosine: sin(c_{i-1} - c_i) sin(c_{i-1} + c_i) / sin^2 c_{i-1}, where nothing cancels.
 */
function cosineBetas(count: number): Float64Array {
  const total = count * (1 + cosineOffset);
  const step = sineOfQuarter(1 / total);
  return Float64Array.from({ length: count }, (_, k) => {
    const sum = (2 * (count - k) - 1) / total;
    const top = sineOfQuarter((count - k) / total);
    const beta = ((step / top) * sineOfQuarter(sum <= 1 ? sum : 2 - sum)) / top;
    return Math.min(beta, largestCosineBeta);
  });
}

function discreteProcess(
  schedule: DdpmSchedule,
  parameters: Readonly<Record<string, number | string>>,
  betas: Float64Array,
): DdpmProcess {
  const end = betas.length;
  /** -log(1 - beta_i), the rate of piece (i - 1, i], at i - 1. */
  const rates = betas.map((beta) => 0 - log1p(-beta));
  // -log alpha_i^2 at i = 0 to end as a sum of two float64: their differences keep their digits.
  const high = new Float64Array(end + 1);
  const low = new Float64Array(end + 1);
  for (let i = 0; i < end; i++) {
    const before = high[i];
    const rate = rates[i];
    const sum = before + rate;
    const part = sum - before;
    high[i + 1] = sum;
    low[i + 1] = low[i] + (before - (sum - part) + (rate - part));
  }
  if (!(high[end] <= mostDecay)) {
    throw new VkernelError("E_RANGE", {
      argument: "betaEnd",
      expected: `betas that leave -log(alpha^2) at most ${mostDecay} at the end`,
      got: `${high[end]} after ${end} steps`,
    });
  }

  /** The piece (i - 1, i] that a time lies in, as i. */
  const piece = (t: number): number => Math.max(1, Math.ceil(t));
  const rate = (i: number): number => rates[i - 1];
  /** -log alpha_t^2 */
  const decay = (t: number): number => {
    const i = piece(t);
    return high[i - 1] + (low[i - 1] + (t - (i - 1)) * rate(i));
  };
  /** decay(t) - decay(s) as a sum of what lies between. */
  const between = (s: number, t: number): number => {
    const last = piece(t);
    const first = Math.floor(s) + 1;
    if (first >= last) return (t - s) * rate(last);
    const whole = high[last - 1] - high[first] + (low[last - 1] - low[first]);
    return (first - s) * rate(first) + whole + (t - (last - 1)) * rate(last);
  };
  const halfRate = (t: number): number => 0.5 * rate(piece(checkTime(t, end)));
  const variance = (t: number): number => 0 - expm1(-decay(t));

  return Object.freeze({
    name: "ddpm",
    parameters,
    schedule,
    end,
    alpha(t: number) {
      return exp(-0.5 * decay(checkTime(t, end)));
    },
    variance(t: number) {
      return variance(checkTime(t, end));
    },
    beta: halfRate,
    diffusion: halfRate,
    sigma(t: number) {
      const total = decay(checkTime(t, end));
      return Math.sqrt(0 - expm1(-total)) * exp(0.5 * total);
    },
    timeOfSigma(sigma: number) {
      // sigma^2 = exp(decay) - 1: the piece by halving, then a line. Beyond the end the last line goes on.
      const total = 2 * halfLog1pSquare(checkSigma(sigma));
      let below = 0;
      let above = end;
      while (above - below > 1) {
        const middle = (below + above) >> 1;
        if (high[middle] + low[middle] < total) below = middle;
        else above = middle;
      }
      return below + (total - high[below] - low[below]) / rate(below + 1);
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      const total = between(s, t);
      return { scale: exp(-0.5 * total), variance: 0 - expm1(-total) };
    },
    get betas() {
      return betas.slice();
    },
    get alphasCumprod() {
      return Float64Array.from({ length: end }, (_, k) => exp(-decay(k + 1)));
    },
    posterior(i: number) {
      checkInteger(i, "i", 1, end);
      if (i === 1) return { meanCoefficientX0: 1, meanCoefficientX: 0, variance: 0 };
      const beta = betas[i - 1];
      const share = variance(i - 1) / variance(i);
      return {
        meanCoefficientX0: exp(-0.5 * decay(i - 1)) * (beta / variance(i)),
        meanCoefficientX: Math.sqrt(1 - beta) * share,
        variance: share * beta,
      };
    },
  });
}
