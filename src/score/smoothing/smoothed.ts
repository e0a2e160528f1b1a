import type { RowFunction } from "../../../bindings/job.js";
import { atOnce, checkInteger, checkNumber, checkOptions, checkWord } from "../../core/check.js";
import type { Mixture, PointsInput, Precision } from "../../data/mixture.js";
import { badArgument } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import { checkPlaces } from "../checkPlaces.js";
import { RowField } from "../custom.js";
import { checkMixture, checkProcess } from "../exact.js";
import type { ScoreField } from "../field.js";
import { checkIsotropic, findLine } from "../line.js";
import { byRows, picked } from "../rows.js";
import { averageScore, averageTrace, type Smoothed } from "./average.js";
import { boxMean, boxTrace, takesPanels, varyingAxes } from "./box.js";
import { shortestInPlane, shortestInSpace, shortestOnLine, shortestTrace } from "./minimumNorm.js";
import { type CubeRule, drawnRule, normalRule, quasiRule, SHIFTS } from "./rules.js";
import { Values } from "./values.js";

export interface SmoothedOptions {
  /** The width tau: half the box's side, half the segment's length, or the standard deviation; a function of t, or one number. */
  width: number | ((t: number) => number);
  /**
   * "box" (default): the mean over the cube (Chen 2025, Eq. 7, 18). "minimumNorm": the shortest of the means over segments in
   * all directions (Eq. 37; beyond the plane and lines by a seeded search). "gaussian": sigma-CFDM, the mean over Gaussian draws (Scarvelis et al. 2023).
   */
  kernel?: "box" | "minimumNorm" | "gaussian";
  /**
   * How a box is averaged: by ratios of densities at its ends and panels along its faces ("panels"; the default where the data
   * vary along three axes or fewer; along one it is exact), by quasi-random places ("quasi", the default beyond), or by
   * uniform draws as in the paper's Section 4.2 ("draws").
   */
  rule?: "panels" | "quasi" | "draws";
  /** Places or draws of "quasi", "draws" and the Gaussian kernel, the same at every query; 512 by default. */
  count?: number;
  /** Scores that are drawn are shortened to this length; Infinity by default. */
  truncate?: number;
  seed?: number;
}

const names = ["width", "kernel", "rule", "count", "truncate", "seed"];
const MOST = 2 ** 16;

type Rows = (values: Values, x: Float64Array, t: number, width: number, error: boolean) => Promise<Smoothed>;

/** Numbers of rows at a time: each becomes hundreds of places. */
const PART = 2 ** 12;

/** The exact score, averaged around every place. */
export interface SmoothedScore<P extends Precision = Precision> extends ScoreField<P> {
  /**
   * How far off the averages may be, each number of the score: 0 where they are in closed form, the change when the panels are
   * halved, or the standard error of quasi-random places (8 shifted copies) and of draws.
   *
   * @returns `[count, dim]`
   */
  errorEstimate(x: PointsInput, t: number): Promise<Float64Array>;
}

class SmoothedField<P extends Precision> extends RowField<P> implements SmoothedScore<P> {
  readonly #estimate: (x: Float64Array, t: number) => Promise<Float64Array>;

  constructor(
    data: Mixture<P>,
    process: Process,
    estimate: (x: Float64Array, t: number) => Promise<Float64Array>,
    plain: RowFunction,
    trace: RowFunction | undefined,
  ) {
    const untraced = {
      reason:
        "the shortest mean jumps from one direction to another, and a field that jumps has no divergence there",
      way: 'kernel "box" or "gaussian" has one',
    };
    super(data, process, plain, { trace, untraced, part: PART });
    this.#estimate = estimate;
  }

  async errorEstimate(x: PointsInput, t: number): Promise<Float64Array> {
    const { x: rows } = checkPlaces(this.data, this.process, { x, t }, "places");
    return this.#estimate(rows, t);
  }
}

/**
 * The exact score smoothed over `width`: what a network that cannot follow sharp turns may learn. Chen 2025, Eq. 7, 18, 37.
 *
 * @example
 * const field = smoothedScore(data, ve(), { width: (t) => 1 - Math.sqrt(0.4 * t) });
 * const { score } = await field.evaluate([[0.3]], 0.1, ["score"]);
 * @throws {VkernelError} E_USAGE, E_TYPE, E_RANGE (a negative width), E_NONFINITE, E_LIMIT, E_UNSUPPORTED (anisotropic noise)
 */
export function smoothedScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  options: SmoothedOptions,
): SmoothedScore<P> {
  checkMixture(data);
  checkProcess(process, data);
  data.check();
  checkIsotropic(process);
  const smoothing = smoothingOf(data, process, options);
  const { values, widthAt } = smoothing;
  const rows = rowsOf(smoothing);
  const estimate = async (x: Float64Array, t: number): Promise<Float64Array> =>
    (await rows(values, x, t, widthAt(t), true)).error as Float64Array;
  return new SmoothedField(data, process, estimate, scoreRows(smoothing, rows), traceRows(smoothing));
}

/** How a score is smoothed, checked. */
interface Smoothing {
  readonly values: Values;
  readonly data: Mixture;
  readonly kernel: "box" | "minimumNorm" | "gaussian";
  /** The axes along which the data vary. */
  readonly axes: readonly number[];
  readonly widthAt: (t: number) => number;
  /** Where a mean is taken that is no closed form: the same places at every query, and groups of them that tell the error. */
  readonly drawn: { readonly places: CubeRule; readonly groups: number } | undefined;
  readonly truncate: number;
  readonly seed: number;
}

function smoothingOf(data: Mixture, process: Process, options: SmoothedOptions): Smoothing {
  checkOptions(options, names);
  const { width } = options ?? {};
  if (typeof width !== "function") checkNumber(width, "width", { min: 0 });
  const kernel = checkWord(options.kernel ?? "box", ["box", "minimumNorm", "gaussian"] as const, "kernel");
  const values = new Values(data, process);
  const axes = varyingAxes(values);
  const rule = ruleOf(options, kernel, axes);
  const isDrawn = kernel === "gaussian" || (kernel === "box" && rule !== "panels");
  for (const name of ["count", "truncate", "seed"] as const) {
    if (!isDrawn && options[name] !== undefined && !(name === "seed" && kernel === "minimumNorm")) {
      throw badArgument("E_USAGE", name, "nothing where no places are drawn", options[name]);
    }
  }
  const count = checkInteger(options.count ?? 512, "count", SHIFTS, MOST);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const truncate =
    options.truncate === undefined || options.truncate === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : checkNumber(options.truncate, "truncate", { above: 0 });
  const widthAt = (t: number): number => {
    if (typeof width !== "function") return width;
    return checkNumber(atOnce(width(t), "width"), `width at t = ${t}`, { min: 0 });
  };
  const drawn = isDrawn ? drawnOf({ kernel, rule, count, seed }, data.dim, axes) : undefined;
  return { values, data, kernel, axes, widthAt, drawn, truncate, seed };
}

type Rule = "panels" | "quasi" | "draws";

/** How a box is averaged. */
function ruleOf(
  { rule: given }: SmoothedOptions,
  kernel: Smoothing["kernel"],
  axes: readonly number[],
): Rule {
  const panels = takesPanels(axes);
  const rule =
    given === undefined
      ? panels
        ? "panels"
        : "quasi"
      : checkWord(given, ["panels", "quasi", "draws"] as const, "rule");
  if (kernel !== "box" && given !== undefined) {
    throw badArgument("E_USAGE", "rule", "nothing: it is of the box alone", given);
  }
  if (rule === "panels" && !panels) {
    const expected = `"quasi" or "draws" for data that vary along ${axes.length} axes`;
    throw badArgument("E_LIMIT", "rule", expected, rule);
  }
  return rule;
}

function drawnOf(
  { kernel, rule, count, seed }: { kernel: Smoothing["kernel"]; rule: Rule; count: number; seed: number },
  dim: number,
  axes: readonly number[],
): NonNullable<Smoothing["drawn"]> {
  if (kernel === "gaussian") {
    const places = normalRule(dim, count, seed);
    return { places, groups: places.weights.length };
  }
  const make = rule === "quasi" ? quasiRule : drawnRule;
  const places = spread(make(axes.length, count, seed), dim, axes);
  return { places, groups: rule === "quasi" ? SHIFTS : places.weights.length };
}

/** Places over the axes along which the data vary, as places over all. */
function spread(some: CubeRule, dim: number, axes: readonly number[]): CubeRule {
  const places = new Float64Array(some.weights.length * dim);
  for (let j = 0; j < some.weights.length; j++) {
    axes.forEach((d, k) => {
      places[j * dim + d] = some.places[j * axes.length + k];
    });
  }
  return { places, weights: some.weights };
}

const closed = (score: Float64Array): Smoothed => ({ score, error: new Float64Array(score.length) });

/** Rows of one time: where there is no width, the exact score. */
function rowsOf(smoothing: Smoothing): Rows {
  const smooth = smoothRows(smoothing);
  return async (values, x, t, w, error) =>
    w === 0 ? closed(await values.score(x, t)) : smooth(values, x, t, w, error);
}

function smoothRows({ data, kernel, axes, drawn, truncate, seed }: Smoothing): Rows {
  if (kernel === "minimumNorm" && data.dim > 1) {
    const line = findLine(data);
    if (!("off" in line))
      return async (values, x, t, w) => closed(await shortestOnLine(values, line, w, x, t));
    if (data.dim === 2) return async (values, x, t, w) => closed(await shortestInPlane(values, w, x, t));
    return async (values, x, t, w) => closed(await shortestInSpace(values, w, x, t, seed));
  }
  if (drawn === undefined) {
    return async (values, x, t, w, error) => {
      const score = await boxMean(values, axes, w, x, t, false);
      if (!error || axes.length <= 1) return closed(score);
      const coarse = await boxMean(values, axes, w, x, t, true);
      return { score, error: score.map((value, i) => Math.abs(value - coarse[i])) };
    };
  }
  const { places, groups } = drawn;
  return (values, x, t, w, error) =>
    averageScore(
      values,
      places,
      () => w,
      x,
      () => t,
      { truncate, groups: error ? groups : 0 },
    );
}

/** The score of rows, each at a time of its own where places are drawn. */
function scoreRows({ values, data, widthAt, drawn, truncate }: Smoothing, rows: Rows): RowFunction {
  if (drawn === undefined) {
    return async (x, t, _, signal) => (await rows(values.during(signal), x, t, widthAt(t), false)).score;
  }
  return byRows((x, time, _, signal) => {
    const own = values.during(signal);
    const widely: Widely = async (some, t) => {
      const options = { truncate, groups: 0 };
      return (await averageScore(own, drawn.places, (i) => widthAt(t(i)), some, t, options)).score;
    };
    return whereWide(
      x,
      time,
      widthAt,
      { dim: data.dim, each: data.dim },
      (some, t) => own.score(some, t),
      widely,
    );
  });
}

/** Of means over fixed places the mean of traces; of the box along one axis the difference of its ends; none that jumps. */
function traceRows({
  values,
  data,
  kernel,
  axes,
  widthAt,
  drawn,
  truncate,
}: Smoothing): RowFunction | undefined {
  if (drawn !== undefined) {
    return byRows((x, time, _, signal) => {
      const own = values.during(signal);
      const widely: Widely = (some, t) =>
        averageTrace(own, drawn.places, (i) => widthAt(t(i)), some, t, truncate);
      return whereWide(
        x,
        time,
        widthAt,
        { dim: data.dim, each: 1 },
        (some, t) => own.traces(some, t),
        widely,
      );
    });
  }
  const narrowOr =
    (wide: (own: Values, w: number, x: Float64Array, t: number) => Promise<Float64Array>): RowFunction =>
    (x, t, _, signal) => {
      const w = widthAt(t);
      const own = values.during(signal);
      return w === 0 ? own.traces(x, t) : wide(own, w, x, t);
    };
  if (kernel === "minimumNorm" && data.dim > 1) {
    const line = findLine(data);
    if ("off" in line) return undefined;
    return narrowOr((own, w, x, t) => shortestTrace(own, line, w, x, t));
  }
  return narrowOr((own, w, x, t) => boxTrace(own, axes, w, x, t));
}

type Widely = (x: Float64Array, time: (row: number) => number) => Promise<Float64Array>;

/** Rows of no width by one function, the others by another; `each` numbers per row of `dim`. */
async function whereWide(
  x: Float64Array,
  time: (row: number) => number,
  widthAt: (t: number) => number,
  { dim, each }: { readonly dim: number; readonly each: number },
  plainly: (x: Float64Array, t: Float64Array | number) => Promise<Float64Array>,
  widely: Widely,
): Promise<Float64Array> {
  const all = Array.from({ length: x.length / dim }, (_, row) => row);
  const out = new Float64Array(all.length * each);
  for (const flat of [true, false]) {
    const mine = all.filter((row) => (widthAt(time(row)) === 0) === flat);
    if (mine.length === 0) continue;
    const times = Float64Array.from(mine, time);
    const one = times.every((t) => t === times[0]);
    const some = picked(x, mine, dim);
    const found = flat ? await plainly(some, one ? times[0] : times) : await widely(some, (i) => times[i]);
    mine.forEach((row, i) => {
      out.set(found.subarray(i * each, (i + 1) * each), row * each);
    });
  }
  return out;
}
