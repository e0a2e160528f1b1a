import { log, log1p } from "../numeric/elementary.js";
import { checkNumber } from "../core/check.js";
import { badArgument } from "../core/errors.js";

/** Checks that a time lies in [0, end]. */
export function checkTime(t: number, end: number, argument = "t"): number {
  return checkNumber(t, argument, end === Number.POSITIVE_INFINITY ? { min: 0 } : { min: 0, max: end });
}

/** Checks 0 <= s <= t <= end, the times of a transition. */
export function checkTimes(s: number, t: number, end: number): void {
  checkTime(s, end, "s");
  checkTime(t, end, "t");
  if (s > t) throw badArgument("E_RANGE", "s", `a time at most t = ${t}`, s);
}

/** Checks a noise level sigma >= 0. */
export function checkSigma(sigma: number): number {
  return checkNumber(sigma, "sigma", { min: 0 });
}

/** log(1 + sigma^2) / 2 without overflow: minus the log of alpha where S = 1 - alpha^2. */
export function halfLog1pSquare(sigma: number): number {
  return sigma < 1e8 ? 0.5 * log1p(sigma * sigma) : log(sigma);
}
