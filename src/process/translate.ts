import { isFloats } from "../core/brand.js";
import { badArgument } from "../core/errors.js";
import { exp, log } from "../numeric/elementary.js";
import type { Process } from "./process.js";
import { checkNumber } from "../core/check.js";

/** Noisy states and the time that they are at. */
export interface Translated<X extends Float32Array | Float64Array> {
  /** `[count, dim]`, of the type that came. */
  readonly x: X;
  readonly t: number;
}

/**
 * The same noisy states under another process: x_t / alpha_t and the noise level sigma = sqrt(S_t) / alpha_t are kept,
 * so x' = x alpha'(t') / alpha(t) with sigma'(t') = sigma(t). All posteriors are the same there; a score is multiplied
 * by alpha(t) / alpha'(t'). Karras et al. (2022), Eq. 8 and 9, with s = alpha.
 *
 * @param x `[count, dim]`, any dim: every number is scaled alike
 * @throws {VkernelError} E_RANGE if `to` never is as noisy as `from` at t; E_USAGE if their noise differs in shape;
 *   E_UNSUPPORTED where that depends on time
 * @example
 * translate(Float64Array.of(0.3, -0.1), 0.5, vp(), edm()); // x / alpha(0.5) at t = sigma(0.5)
 */
export function translate<X extends Float32Array | Float64Array>(
  x: X,
  t: number,
  from: Process,
  to: Process,
): Translated<X> {
  if (!isFloats(x)) {
    throw badArgument("E_TYPE", "x", "a Float32Array or Float64Array", x);
  }
  for (const [argument, process] of Object.entries({ from, to })) checkProcess(process, argument);
  checkSameShape(from, to);
  const time = timeOf(to, from.sigma(t), "t", t);
  const before = from.alpha(t);
  const after = to.alpha(time);
  const scaled = x.slice() as X;
  for (let i = 0; i < scaled.length; i++) scaled[i] = (x[i] / before) * after;
  return { x: scaled, t: time };
}

/**
 * The log signal-to-noise ratio log(alpha_t^2 / S_t) = -2 log sigma; Infinity at time 0.
 *
 * @example
 * logSnrAt(edm(), 1); // 0
 */
export function logSnrAt(process: Process, t: number): number {
  checkProcess(process, "process");
  return 0 - 2 * log(process.sigma(t));
}

/**
 * The time at which the log signal-to-noise ratio is `value`; 0 for Infinity.
 *
 * @throws {VkernelError} E_RANGE for a ratio below that of the end
 * @example
 * timeOfLogSnr(edm(), 0); // 1
 */
export function timeOfLogSnr(process: Process, value: number): number {
  checkProcess(process, "process");
  if (value === Number.POSITIVE_INFINITY) return 0;
  checkNumber(value, "value", { min: -1400 });
  return timeOf(process, exp(-0.5 * value), "value", value);
}

/** The time of a level; the level of the end itself may map to a time that is larger by a rounding. */
function timeOf(process: Process, sigma: number, argument: string, got: number): number {
  const time = process.timeOfSigma(sigma);
  if (time <= process.end && time < Number.POSITIVE_INFINITY) return time;
  const largest = process.end === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : process.sigma(process.end);
  // Two processes may end at one level and differ there by their own roundings.
  if (sigma <= largest * (1 + 8 * Number.EPSILON) && process.end < Number.POSITIVE_INFINITY)
    return process.end;
  const expected = `a noise level at most ${largest} (the end of ${process.name})`;
  throw badArgument("E_RANGE", argument, expected, `${got}, where it is ${sigma}`);
}

function checkProcess(process: unknown, argument: string): void {
  const { sigma, timeOfSigma } = (process ?? {}) as Partial<Process>;
  if (typeof sigma !== "function" || typeof timeOfSigma !== "function") {
    throw badArgument("E_TYPE", argument, "a process such as edm()", process);
  }
}

function checkSameShape(from: Process, to: Process): void {
  for (const [argument, { covariance, matrices }] of Object.entries({ from, to })) {
    if (covariance === undefined && matrices !== undefined) {
      throw badArgument(
        "E_UNSUPPORTED",
        argument,
        "noise whose shape is the same at all times",
        "a covariance of t",
      );
    }
  }
  const a = from.covariance;
  const b = to.covariance;
  if (a === undefined && b === undefined) return;
  if (a === undefined || b === undefined || a.length !== b.length || a.some((value, i) => value !== b[i])) {
    throw badArgument("E_USAGE", "to", `a process of the covariance of "${from.name}"`, to.name);
  }
}
