import { isFloats } from "../core/brand.js";
import { checkInteger, checkNumber, checkOptions, checkWord } from "../core/check.js";
import type { PointsInput } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { fillNormals, streams } from "../numeric/random.js";
import { bridge } from "../process/bridge.js";
import { checkIsotropic, unsupported } from "../score/line.js";
import { checkRows } from "./laws/grid.js";
import type { Estimate } from "./objectives.js";

export interface BridgeOptions {
  /** The time that the reverse process starts from. */
  from: number;
  /** The time at which it is looked at, from 0 to `from`. */
  to: number;
  /**
   * Whether to take the drift of Cao et al. 2025, Eq. 4.8, (x_0 - x) / t, for the exact one: a Brownian bridge, Eq. 4.9 corrected, for
   * processes of constant D. False by default.
   */
  approximate?: boolean;
}

/** Where the reverse process of one training point is at a time: state x + point x_0 + sqrt(variance) eps. */
export interface BridgeLaw {
  readonly from: number;
  readonly to: number;
  readonly state: number;
  readonly point: number;
  readonly variance: number;
  /** The mean from starts x, `[count, dim]`, to points x_0, as many or one. */
  mean(x: PointsInput, x0: PointsInput): Float64Array;
  /** Draws one exact state per row, without steps. */
  draw(x: PointsInput, x0: PointsInput, options?: { seed?: number }): Float64Array;
}

/** A step number of its own. */
const BRIDGE_STEP = 2;

/**
 * The reverse process when all comes from one x_0, exactly: Gaussian at every time. It is p(x_to | x_from, x_0) of the forward
 * process, DDPM's posterior and a step of `ancestral()`. Cao et al. 2025, Theorem 2, Eq. 4.12, for `ou`; A.2 to A.4; here for any
 * isotropic process.
 *
 * @throws {VkernelError} E_RANGE, E_TYPE, E_USAGE, E_UNSUPPORTED (noise with a direction; `approximate` where D varies)
 * @example
 * const { mean, variance } = bridgeLaw(ou(), { from: 2, to: 0.5 });
 * mean([[0.3, -1]], [[1, 1]]);
 */
export function bridgeLaw(process: Process, options: BridgeOptions): BridgeLaw {
  checkOptions(options, ["from", "to", "approximate"]);
  checkBridged(process);
  const from = checkTime(options?.from, "from", process);
  const to = checkNumber(options.to, "to", { min: 0, max: from });
  const approximate = options.approximate ?? false;
  if (typeof approximate !== "boolean") {
    throw badArgument("E_TYPE", "approximate", "true or false", approximate);
  }
  const { a: state, b: point, c: variance } = coefficients(process, from, to, approximate);
  const mean = (x: PointsInput, x0: PointsInput): Float64Array => {
    const dim = widthOf(x0) ?? widthOf(x) ?? 1;
    const rows = checkRows(x, dim);
    const points = checkRows(x0, dim);
    if (points.length !== rows.length && points.length !== dim) {
      throw badArgument("E_SHAPE", "x0", `one row, or ${rows.length / dim}`, points.length / dim);
    }
    return rows.map((value, i) => state * value + point * points[i % points.length]);
  };
  return {
    from,
    to,
    state,
    point,
    variance,
    mean,
    draw(x, x0, own = {}) {
      checkOptions(own, ["seed"]);
      const seed = checkInteger(own.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
      const out = mean(x, x0);
      const dim = widthOf(x0) ?? widthOf(x) ?? 1;
      const count = out.length / dim;
      const noise = fillNormals(new Float64Array(out.length), dim, count, 0, seed, BRIDGE_STEP, streams.law);
      return out.map((value, i) => value + Math.sqrt(variance) * noise[i]);
    },
  };
}

/** Of a table of rows; a flat array stands for one row. */
function widthOf(x: PointsInput): number | undefined {
  if (isFloats(x)) return x.length || undefined;
  return (x as readonly (readonly number[])[] | undefined)?.[0]?.length;
}

function checkBridged(process: unknown): void {
  if (typeof (process as Process | undefined)?.transition !== "function") {
    throw badArgument("E_TYPE", "process", "a process such as ou()", process);
  }
  checkIsotropic(process as Process);
}

function checkTime(value: unknown, argument: string, { end }: Process): number {
  return checkNumber(value, argument, { above: 0, ...(end < Number.POSITIVE_INFINITY && { max: end }) });
}

function coefficients(process: Process, from: number, to: number, approximate: boolean) {
  if (to === from) return { a: 1, b: 0, c: 0 };
  if (!approximate) return bridge(process, from, to, 1);
  const rate = process.diffusion(from);
  if (process.diffusion(from / 2) !== rate) {
    throw unsupported("approximate", "a process whose D is constant, such as ou() or ve()", process.name);
  }
  return { a: to / from, b: (from - to) / from, c: (2 * rate * to * (from - to)) / from };
}

export interface WassersteinCurveOptions {
  /** The training point, `dim` numbers. */
  point: ArrayLike<number>;
  horizon: number;
  /** The times of the forward process at which to look, 0 to `horizon`. */
  times: ArrayLike<number>;
  /**
   * q_0: "noise" N(0, S_T) (default), "normal" N(0, I), "marginal" (the law of x_T), samples `[count, dim]`, or its mean and the
   * trace of its covariance: nothing else of it matters.
   */
  initial?: "noise" | "normal" | "marginal" | PointsInput | { mean: ArrayLike<number>; trace: number };
}

/**
 * W_2(q(., T - t), delta at the point) at each time, exactly: the root of E|X - x_0|^2, since all couplings with a point are one.
 * It goes to 0 with t, whatever the start. Cao et al. 2025, Eq. 4.17 and 4.18.
 *
 * @throws {VkernelError} E_RANGE, E_TYPE, E_SHAPE, E_NONFINITE, E_USAGE, E_UNSUPPORTED
 * @example
 * wassersteinCurve(ou(), { point: [1, 1], horizon: 2, times: [2, 1, 0.1, 0], initial: "normal" });
 */
export function wassersteinCurve(process: Process, options: WassersteinCurveOptions): Float64Array {
  checkOptions(options, ["point", "horizon", "times", "initial"]);
  checkBridged(process);
  const horizon = checkTime(options?.horizon, "horizon", process);
  const point = numbersOf(options.point, "point");
  if (point.length === 0) throw badArgument("E_SHAPE", "point", "at least one number", "none");
  const { mean, trace } = momentsOf(options.initial ?? "noise", process, horizon, point);
  return numbersOf(options.times, "times").map((t, i) => {
    checkNumber(t, `times[${i}]`, { min: 0, max: horizon });
    const { a, b, c } = coefficients(process, horizon, t, false);
    let square = a * a * trace + point.length * c;
    for (let d = 0; d < point.length; d++) {
      square += (a * mean[d] - (1 - b) * point[d]) ** 2;
    }
    return Math.sqrt(square);
  });
}

function numbersOf(list: unknown, argument: string): Float64Array {
  if (typeof list !== "object" || list === null || !("length" in list)) {
    throw badArgument("E_TYPE", argument, "a list of numbers", list);
  }
  return Float64Array.from(list as ArrayLike<number>, (value, i) => checkNumber(value, `${argument}[${i}]`));
}

/** The mean of q_0 and the trace of its covariance. */
function momentsOf(
  initial: NonNullable<WassersteinCurveOptions["initial"]>,
  process: Process,
  horizon: number,
  point: Float64Array,
): { mean: Float64Array; trace: number } {
  const dim = point.length;
  if (typeof initial === "string") {
    const word = checkWord(initial, ["noise", "normal", "marginal"] as const, "initial");
    const alpha = word === "marginal" ? process.alpha(horizon) : 0;
    return {
      mean: point.map((value) => alpha * value),
      trace: dim * (word === "normal" ? 1 : process.variance(horizon)),
    };
  }
  if (typeof initial === "object" && initial !== null && "mean" in initial) {
    checkOptions(initial, ["mean", "trace"], "initial");
    const mean = numbersOf(initial.mean, "initial.mean");
    if (mean.length !== dim) throw badArgument("E_SHAPE", "initial.mean", `${dim} numbers`, mean.length);
    return { mean, trace: checkNumber(initial.trace, "initial.trace", { min: 0 }) };
  }
  const rows = checkRows(initial, dim);
  const count = rows.length / dim;
  if (count === 0) throw badArgument("E_SHAPE", "initial", "at least one sample", "none");
  const mean = new Float64Array(dim);
  rows.forEach((value, i) => {
    mean[i % dim] = mean[i % dim] + value / count;
  });
  const trace = rows.reduce((sum, value, i) => sum + (value - mean[i % dim]) ** 2, 0) / count;
  return { mean, trace };
}

/**
 * The same of samples: the distance W_2 of their law from a point, with its standard error.
 *
 * @param samples `[count, dim]`
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE
 * @example
 * const { value, standardError } = wassersteinToPoint(run.samples, [1, 1]);
 */
export function wassersteinToPoint(samples: PointsInput, point: ArrayLike<number>): Estimate {
  const place = numbersOf(point, "point");
  const dim = place.length;
  if (dim === 0) throw badArgument("E_SHAPE", "point", "at least one number", "none");
  const rows = checkRows(samples, dim);
  const count = rows.length / dim;
  const squares = new Float64Array(count);
  rows.forEach((value, i) => {
    const q = Math.floor(i / dim);
    squares[q] = squares[q] + (value - place[i % dim]) ** 2;
  });
  const mean = squares.reduce((sum, value) => sum + value, 0) / count;
  const spread = squares.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const value = Math.sqrt(mean);
  return { value, standardError: Math.sqrt(spread / (count - 1) / count) / (2 * value) };
}
