import { checkNumber, checkOptions } from "../core/check.js";
import { badArgument, messageOf, VkernelError } from "../core/errors.js";
import { exp, log } from "../numeric/elementary.js";
import { derivative } from "./derivative.js";
import type { Process } from "./process.js";
import { integral } from "../numeric/quadrature.js";
import { checkSigma, checkTime, checkTimes } from "./time.js";

type TimeFunction = (t: number) => number;

export interface CustomProcessOptions {
  /** beta_t, the drift rate: a function of t in (0, end]. */
  beta: TimeFunction;
  /** D_t, half the squared diffusion coefficient; not negative. */
  diffusion: TimeFunction;
  /** The largest time; Infinity where there is none. */
  end: number;
  /** alpha_t, above 0, 1 at time 0. Left out, it is exp(-int_0^t beta) by quadrature. */
  alpha?: TimeFunction;
  /** S_t, 0 at time 0. Left out, it is alpha_t^2 int_0^t 2 D_u / alpha_u^2 du by quadrature. */
  variance?: TimeFunction;
  /** The name of the process. Default "custom". */
  name?: string;
  /** alpha_t / alpha_s and S_t - scale^2 S_s for 0 <= s <= t; else computed where it does not cancel. */
  transition?: (s: number, t: number) => { scale: number; variance: number };
  /** sqrt(S_t) / alpha_t; else computed so. */
  sigma?: TimeFunction;
  /** The inverse of sigma; else found by Newton's method between safe bounds. */
  timeOfSigma?: TimeFunction;
}

const known = ["alpha", "variance", "beta", "diffusion", "end", "name", "transition", "sigma", "timeOfSigma"];

/**
 * Your own process, dx = -beta_t x dt + sqrt(2 D_t) dW, from functions of t. It is checked when it is made: alpha(0) = 1
 * and S_0 = 0, alpha' = -beta alpha and S' = -2 beta S + 2 D (Vastola 2025, Sec. 2; S_t := int 2 D alpha^2 there is right
 * for its own table only) by differences at times from 1e-6 of the end up, to a millionth of the terms. Where `end` is
 * Infinity, the check goes up to 10^6 or as far as all values are finite and alpha is above 1e-100.
 *
 * The functions run at every use, on the calling thread, and must give the same numbers each time. If they use Math.exp
 * of the host, so do the samples: the same bits on another host are then not promised.
 *
 * `timeOfSigma` gives Infinity for a noise level that no time has.
 *
 * @throws {VkernelError} E_RANGE, naming the equation, the time and both sides, if they contradict each other; E_USAGE
 *   for a function that throws; E_TYPE, E_NONFINITE, E_RANGE for one that gives no number, or a bad one
 * @example
 * customProcess({ beta: () => 1, diffusion: (t) => t, end: 5 }).variance(0.8); // 0.400948
 */
export function customProcess(options: CustomProcessOptions): Process {
  checkOptions(options, known);
  if (options === undefined) throw badArgument("E_TYPE", "options", "an object", options);
  const end: unknown = options.end;
  if (end !== Number.POSITIVE_INFINITY) checkNumber(end, "end", { above: 0 });
  const name: unknown = options.name ?? "custom";
  if (typeof name !== "string") throw badArgument("E_TYPE", "name", "a word", name);
  if (name === "") throw badArgument("E_RANGE", "name", "a word", name);
  for (const key of ["beta", "diffusion"] as const) checkFunction(options[key], key);
  for (const key of ["alpha", "variance", "transition", "sigma", "timeOfSigma"] as const) {
    if (options[key] !== undefined) checkFunction(options[key], key);
  }
  const process = makeProcess(options, name, end as number);
  checkConsistent(process, options);
  return process;
}

function checkFunction(value: unknown, argument: string): void {
  if (typeof value !== "function") throw badArgument("E_TYPE", argument, "a function of t", value);
}

/** Calls a user's function; what it throws and what is no number become errors that name it. */
function call(
  argument: string,
  f: TimeFunction,
  t: number,
  range?: { min?: number; above?: number },
): number {
  let value: unknown;
  try {
    value = f(t);
  } catch (cause) {
    throw thrown(argument, `t = ${t}`, cause);
  }
  const { min = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY } = range ?? {};
  // Words are only made for an error: quadrature comes here often.
  if (typeof value === "number" && Number.isFinite(value) && value >= min && value > above) return value;
  return checkNumber(value, `${argument}(${t})`, range);
}

function thrown(argument: string, where: string, cause: unknown): VkernelError {
  return new VkernelError("E_USAGE", {
    argument,
    expected: "a function that returns",
    got: `one that throws at ${where}: ${messageOf(cause)}`,
    cause,
  });
}

function makeProcess(options: CustomProcessOptions, name: string, end: number): Process {
  const beta = (t: number) => call("beta", options.beta, t);
  const diffusion = (t: number) => call("diffusion", options.diffusion, t, { min: 0 });
  /** alpha_t / alpha_s */
  const ratio = (s: number, t: number): number =>
    options.alpha === undefined ? exp(-integral(beta, s, t, false)) : alpha(t) / alpha(s);
  const alpha = (t: number): number =>
    options.alpha === undefined
      ? checkNumber(exp(-integral(beta, 0, t, false)), `alpha(${t})`, { above: 0 })
      : call("alpha", options.alpha, t, { above: 0 });
  /** S_t - scale^2 S_s = int_s^t 2 D_u (alpha_t / alpha_u)^2 du */
  const gained = (s: number, t: number): number => {
    const last = options.alpha === undefined ? 0 : alpha(t);
    return integral(
      (u) => {
        const scale = options.alpha === undefined ? ratio(u, t) : last / alpha(u);
        return 2 * diffusion(u) * scale * scale;
      },
      s,
      t,
    );
  };
  const variance = (t: number): number =>
    options.variance === undefined ? gained(0, t) : call("variance", options.variance, t, { min: 0 });
  const sigma = (t: number): number =>
    options.sigma === undefined
      ? Math.sqrt(variance(t)) / alpha(t)
      : call("sigma", options.sigma, t, { min: 0 });
  return Object.freeze({
    name,
    parameters: Object.freeze({}),
    end,
    alpha: (t: number) => alpha(checkTime(t, end)),
    variance: (t: number) => variance(checkTime(t, end)),
    beta: (t: number) => beta(checkTime(t, end)),
    diffusion: (t: number) => diffusion(checkTime(t, end)),
    sigma: (t: number) => sigma(checkTime(t, end)),
    timeOfSigma(level: number) {
      checkSigma(level);
      if (options.timeOfSigma !== undefined) {
        return call("timeOfSigma", options.timeOfSigma, level, { min: 0 });
      }
      return level === 0 ? 0 : inverse(sigma, (t) => (t * diffusion(t)) / variance(t), level, end);
    },
    transition(s: number, t: number) {
      checkTimes(s, t, end);
      if (options.transition !== undefined) {
        const own = options.transition;
        let got: { scale: number; variance: number };
        try {
          got = own(s, t);
        } catch (cause) {
          throw thrown("transition", `s = ${s}, t = ${t}`, cause);
        }
        const where = `transition(${s}, ${t})`;
        if (got === null || typeof got !== "object") {
          throw badArgument("E_TYPE", where, "{ scale, variance }", got);
        }
        return {
          scale: checkNumber(got.scale, `${where}.scale`, { above: 0 }),
          variance: checkNumber(got.variance, `${where}.variance`, { min: 0 }),
        };
      }
      if (s === t) return { scale: 1, variance: 0 };
      const scale = ratio(s, t);
      if (s === 0) return { scale, variance: variance(t) };
      if (options.variance !== undefined) {
        const whole = variance(t);
        const direct = whole - scale * scale * variance(s);
        // At most one bit cancels.
        if (direct >= 0.5 * whole) return { scale, variance: direct };
      }
      return { scale, variance: gained(s, t) };
    },
  });
}

/**
 * The t in (0, end] with sigma(t) = level: bounds that close in, with Newton's steps in log t for log sigma, whose slope
 * is t D / S, and halving where they leave the bounds or fail to halve the step. Infinity where sigma stays below level.
 */
function inverse(sigma: TimeFunction, slope: TimeFunction, level: number, end: number): number {
  /** log(sigma(t) / level); what is no number at times far beyond is far above. */
  const excess = (t: number): number => log(sigma(t)) - log(level);
  let low: number;
  let high: number;
  if (end < Number.POSITIVE_INFINITY) {
    high = end;
    const top = excess(end);
    if (top < 0) return Number.POSITIVE_INFINITY;
    if (top === 0) return end;
    low = end / 2;
  } else {
    high = 1;
    low = 0.5;
    while (excessOr(excess, high) < 0) {
      low = high;
      high *= 2;
      if (high > 1e300) return Number.POSITIVE_INFINITY;
    }
  }
  while (excess(low) > 0) {
    high = low;
    low /= 2;
    if (low < 1e-300) return 0;
  }
  let t = Math.sqrt(low) * Math.sqrt(high);
  let before = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 200; round++) {
    const value = excessOr(excess, t);
    if (value === 0) return t;
    if (value > 0) high = t;
    else low = t;
    const newton = value < Number.POSITIVE_INFINITY ? -value / slope(t) : Number.NaN;
    // So close that one step more leaves rounding alone.
    if (Math.abs(value) < 1e-9 && Math.abs(newton) < 1e-6) return Math.min(end, t + t * newton);
    // log(1 + step) is step to first order, and a factor 1 + step keeps t exact.
    let next = Math.abs(newton) < 0.01 ? t + t * newton : t * exp(newton);
    if (!(next > low && next < high) || !(Math.abs(newton) < 0.5 * before)) {
      next = low + 0.5 * (high - low);
      before = Number.POSITIVE_INFINITY;
    } else before = Math.abs(newton);
    if (!(next > low && next < high)) return next;
    t = next;
  }
  return t;
}

/** A level that has overflowed is above every other. */
function excessOr(excess: TimeFunction, t: number): number {
  try {
    return excess(t);
  } catch (error) {
    if (
      t > 1 &&
      error instanceof VkernelError &&
      (error.code === "E_NONFINITE" || error.code === "E_RANGE")
    ) {
      return Number.POSITIVE_INFINITY;
    }
    throw error;
  }
}

/** Sides that differ by less than this share of their terms agree: what a constant of seven digits leaves. */
const agreement = 1e-6;
/** However rough a function is, sides that differ by more than this share of their terms do not agree. */
const roughest = 1e-2;
/** Roundings of a user's exp and of a difference such as 1 - alpha^2, whose terms are as large as alpha^2 + S. */
const roundings = 32 * Number.EPSILON;
/** A check that is to be finite beyond time 1 goes on while alpha is above this. */
const faintest = 1e-100;

/** The times of the check: no multiples of anything that a piecewise function may break at. */
function checkedTimes(end: number): number[] {
  const times: number[] = [];
  if (end === Number.POSITIVE_INFINITY) {
    for (let k = -24; k <= 24; k++) times.push(1.02 * 10 ** (k / 4));
    return times;
  }
  for (let k = 1; k <= 18; k++) times.push(1.02 * end * 10 ** (-k / 3));
  for (let k = 0; k < 24; k++) times.push((end * (k + 0.618)) / 24);
  return times.sort((a, b) => a - b);
}

function checkConsistent(process: Process, options: CustomProcessOptions): void {
  const { end } = process;
  startOf("alpha", process.alpha(0), 1);
  startOf("variance", process.variance(0), 0);
  let before = { t: 0, sigma: 0 };
  for (const t of end < Number.POSITIVE_INFINITY ? [...checkedTimes(end), end] : checkedTimes(end)) {
    // Beyond time 1 of an endless process a value that overflows ends the check; before, it is an error.
    if (end === Number.POSITIVE_INFINITY && t > 1 && !stillFinite(process, 1.2 * t)) break;
    const s = process.variance(t);
    if (!(s > 0)) throw badArgument("E_RANGE", `variance(${t})`, "a number above 0", s);
    const sigma = process.sigma(t);
    if (!(sigma > before.sigma)) {
      throw new VkernelError("E_RANGE", {
        argument: "sigma",
        expected: "a noise level sqrt(S) / alpha that grows with t",
        got: `${before.sigma} at t = ${before.t} and ${sigma} at t = ${t}`,
      });
    }
    if (options.sigma !== undefined) {
      sides("sigma", "sigma = sqrt(S) / alpha", t, sigma, Math.sqrt(s) / process.alpha(t), sigma, 0);
    }
    if (options.timeOfSigma !== undefined) {
      // What rounding sigma by one part in 1e14 does to the time is allowed.
      const spread = (1e-14 * s) / Math.max(process.diffusion(t), Number.MIN_VALUE);
      sides("timeOfSigma", "timeOfSigma(sigma(t)) = t", t, process.timeOfSigma(sigma), t, t, spread);
    }
    if (t < end) equations(process, options, t);
    if (options.transition !== undefined) transitions(process, before.t, t);
    before = { t, sigma };
  }
}

function startOf(argument: "alpha" | "variance", got: number, expected: number): void {
  if (Math.abs(got - expected) <= 1e-12) return;
  throw new VkernelError("E_RANGE", {
    argument,
    expected: `${expected} at t = 0, where x_0 is the data`,
    got: `${got}`,
  });
}

function stillFinite(process: Process, t: number): boolean {
  try {
    const values = [process.variance(t), process.beta(t), process.diffusion(t), process.sigma(t)];
    return process.alpha(t) > faintest && values.every(Number.isFinite);
  } catch (error) {
    if (error instanceof VkernelError && (error.code === "E_NONFINITE" || error.code === "E_RANGE")) {
      return false;
    }
    throw error;
  }
}

/** alpha' = -beta alpha and S' = -2 beta S + 2 D at t, where the functions were given. */
function equations(process: Process, options: CustomProcessOptions, t: number): void {
  const { end } = process;
  const own = [options.alpha !== undefined, options.variance !== undefined];
  if (!own[0] && !own[1]) return;
  const beta = process.beta(t);
  const alpha = process.alpha(t);
  const variance = process.variance(t);
  const diffusion = process.diffusion(t);
  const terms = [Math.abs(beta) * alpha, 2 * Math.abs(beta) * variance + 2 * diffusion];
  const values = (u: number) =>
    Float64Array.of(own[0] ? process.alpha(u) : alpha, own[1] ? process.variance(u) : variance);
  const names = ["alpha' = -beta alpha", "S' = -2 beta S + 2 D"];
  const right = [-beta * alpha, -2 * beta * variance + 2 * diffusion];
  for (const k of [0, 1] as const) {
    if (!own[k]) continue;
    // A shorter reach where a break is within a longer one; the shortest leaves rounding alone.
    let last: VkernelError | undefined;
    for (const reach of [0.1, 0.01, 0.001]) {
      const { slope, error } = derivative(values, t, end, reach * t);
      const left = slope[k];
      const scale = terms[k] + Math.abs(left);
      // The last step is reach t / 128; extrapolation adds up roundings of a few steps.
      const rounding = (roundings * (alpha * alpha + variance + (k === 0 ? alpha : 0)) * 128) / (reach * t);
      const allowed = rounding + Math.min(8 * error[k], roughest * scale);
      last = undefined;
      try {
        const argument = k === 0 ? "alpha" : "variance";
        sides(argument, names[k], t, left, right[k], scale, allowed);
        break;
      } catch (wrong) {
        last = wrong as VkernelError;
      }
    }
    if (last !== undefined) throw last;
  }
}

function transitions(process: Process, s: number, t: number): void {
  const { scale, variance } = process.transition(s, t);
  const a = process.alpha(t);
  const whole = process.variance(t);
  sides("transition", "scale alpha_s = alpha_t", t, scale * process.alpha(s), a, a, 0);
  const sum = scale * scale * process.variance(s) + variance;
  sides("transition", "scale^2 S_s + variance = S_t", t, sum, whole, whole, roundings * a * a);
}

function sides(
  argument: string,
  equation: string,
  t: number,
  left: number,
  right: number,
  scale: number,
  allowed: number,
): void {
  if (Math.abs(left - right) <= agreement * scale + allowed) return;
  throw new VkernelError("E_RANGE", {
    argument,
    expected: `${equation} at t = ${t}: ${right} on the right`,
    got: `${left} on the left`,
  });
}
