import { isFloats } from "../../core/brand.js";
import { badArgument } from "../../core/errors.js";
import { exp, expm1, log } from "../../numeric/elementary.js";
import type { Process } from "../../process/process.js";

/** Checks the times of a run: at least two, in [0, end], in one order. */
export function checkRunTimes(value: unknown, process: Process, ascending: boolean): Float64Array {
  const order = ascending ? "ascending" : "descending";
  const expected = `at least two ${order} times`;
  if (!Array.isArray(value) && !isFloats(value)) {
    throw badArgument("E_TYPE", "times", expected, value);
  }
  if (value.length < 2) throw badArgument("E_SHAPE", "times", expected, value);
  for (let k = 0; k < value.length; k++) {
    const t: unknown = value[k];
    const name = `times[${k}]`;
    if (typeof t !== "number") throw badArgument("E_TYPE", name, "a number", t);
    if (!Number.isFinite(t)) throw badArgument("E_NONFINITE", name, "a finite number", t);
    if (t < 0 || t > process.end) {
      const most =
        process.end === Number.POSITIVE_INFINITY
          ? "a time of at least 0"
          : `a time from 0 to ${process.end}, the end of ${process.name}`;
      throw badArgument("E_RANGE", name, most, t);
    }
    if (k > 0 && !(ascending ? t > (value[k - 1] as number) : t < (value[k - 1] as number))) {
      throw badArgument(
        "E_RANGE",
        name,
        `a time ${ascending ? "above" : "below"} times[${k - 1}] = ${value[k - 1]}`,
        t,
      );
    }
  }
  return Float64Array.from(value as ArrayLike<number>);
}

/** Steps for each factor e of the noise level, where their number is left open. */
const STEPS_A_FOLD = 64;

/**
 * The times between which steps are taken, for each pair of `times`: even in ln sqrt(sigma^2 + floor), so that a step changes
 * the noise level by about the same factor wherever it is; below the floor, which nothing resolves, even in sigma^2.
 *
 * @param steps in all; left open, 64 for each factor e
 */
export function stepTimes(
  process: Process,
  times: Float64Array,
  floor: number,
  steps: number | undefined,
): Float64Array[] {
  const level = (t: number): number => {
    const sigma = process.sigma(t);
    return 0.5 * log(sigma * sigma + floor);
  };
  const levels = times.map(level);
  const whole = Math.abs((levels.at(-1) as number) - levels[0]);
  const pieces: Float64Array[] = [];
  let passed = 0;
  let taken = 0;
  for (let k = 1; k < times.length; k++) {
    const [from, to] = [levels[k - 1], levels[k]];
    const [start, end] = [times[k - 1], times[k]];
    passed += Math.abs(to - from);
    // Rounded in sum, so that they add up.
    const reached =
      steps === undefined
        ? taken + Math.ceil(STEPS_A_FOLD * Math.abs(to - from))
        : Math.round(whole > 0 ? (steps * passed) / whole : (steps * k) / (times.length - 1));
    const count = Math.max(1, reached - taken);
    taken += count;
    const piece = new Float64Array(count + 1);
    piece[0] = start;
    for (let i = 1; i < count; i++) {
      const square = exp(2 * (from + ((to - from) * i) / count)) - floor;
      const t = process.timeOfSigma(Math.sqrt(Math.max(0, square)));
      const last = piece[i - 1];
      // Rounding, and processes whose noise level stands still: then evenly in time.
      const inside = start < end ? t > last && t < end : t < last && t > end;
      piece[i] = inside ? t : last + (end - last) / (count - i + 1);
    }
    piece[count] = end;
    pieces.push(piece);
  }
  return pieces;
}

/**
 * What the coefficients are between two times: int beta dt exactly; for int D dt, what makes the variance that the process adds
 * right if D / beta stands still (of second order otherwise), so that stationary laws stay; and where the score is taken.
 */
export function stepOf(
  process: Process,
  from: number,
  to: number,
): { drift: number; diffusion: number; middle: number } {
  const { scale, variance } = process.transition(Math.min(from, to), Math.max(from, to));
  const drift = -log(scale);
  const share = drift === 0 ? 0.5 : drift / -expm1(-2 * drift);
  return { drift, diffusion: variance * share, middle: 0.5 * (from + to) };
}
