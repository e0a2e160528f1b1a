import { checkInteger, checkLongCall, checkNumber, checkOptions, checkWord } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import { aborted, TimeSlices } from "../core/scheduler.js";
import { checkSize, type Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import { pathsOf } from "../run/sample.js";
import { heun, type Sampler, times as timesGrid } from "../sampler/index.js";
import type { ScoreField } from "../score/field.js";
import { gridTimes, trainingTuples } from "../score/learned/training.js";
import { checkIsotropic } from "../score/line.js";
import { type BothPaths, type Departures, departuresOf, statesAt } from "./departures.js";
import { type Compared, emptyErrors, errorsAt, type FieldErrors, type Scores } from "./fieldErrors.js";
import { fitSmoothing, type SmoothingFit, type SmoothingKernel } from "./smoothingFit.js";

export interface CompareOptions {
  /** The noise levels to compare at: descending times above 0. Paths begin at the first and go on from the last to 0. */
  times: ArrayLike<number>;
  /** The number of draws of p_t at each time, and of paths. Default 2,000. */
  count?: number;
  /** Seed of the draws and the paths. Default 0. */
  seed?: number;
  /** The sampler of the paths. Default `heun()`. */
  sampler?: Sampler;
  /** The number of steps of the paths between two times, uniform in log sigma. Default 16. */
  steps?: number;
  /** Where paths start, at the first time: "marginal" (default), "noise" or "normal". */
  initial?: "marginal" | "noise" | "normal";
  /** Paths have departed when they are farther apart than this share of the points' spacing; 0.1 by default. */
  departure?: number;
  /** The kernel of the smoothed scores that are fitted; by default "box" of up to two dimensions, else none (`false`). */
  smoothing?: SmoothingKernel | false;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface FieldComparison {
  readonly times: Float64Array<ArrayBuffer>;
  readonly count: number;
  /** The errors at draws of p_t. */
  readonly marginal: FieldErrors;
  /** The errors on the field's own paths. */
  readonly along: FieldErrors;
  readonly departures: Departures;
  /** The smoothed score that is nearest to the field, by time; undefined where none is fitted. */
  readonly smoothing: readonly SmoothingFit[] | undefined;
  /** Warnings about the field's paths, in sentences, as in the result of `sample`. */
  readonly notes: readonly string[];
}

const optionNames = [
  "times",
  "count",
  "seed",
  "sampler",
  "steps",
  "initial",
  "departure",
  "smoothing",
  "signal",
  "onProgress",
];
/** Draws that a width is fitted to at most. */
const FITTED = 256;
/** How far alpha and S of two processes may be apart to be one. */
const SAME = 1e-12;

/**
 * Where a field departs from the exact one: by noise level, along its paths, and which smoothing of the exact score it is most
 * like. Cao et al. 2025, Sec. 5 ("identify when the practical flow starts to deviate from the exact flow"); Chen 2025, Sec. 4.1.
 *
 * @param mine any field: `mlpScore`, a realization or the average of an ensemble, `smoothedScore`, `customScore`
 * @param exact a field of the same process, such as `exactScore(data, process)`; its data are the points
 * @throws {VkernelError} E_USAGE (fields of two processes too), E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_LIMIT, E_MEMORY, E_ABORT,
 * E_UNSUPPORTED (smoothing of anisotropic noise), E_DISPOSED
 * @example
 * const { marginal, departures } = await compareFields(net, exactScore(data, ou()), { times: [2, 1, 0.5, 0.1, 0.01] });
 * console.log(marginal.prediction.mean, departures.elsewhere);
 */
export async function compareFields(
  mine: ScoreField<Precision>,
  exact: ScoreField<Precision>,
  options: CompareOptions,
): Promise<FieldComparison> {
  const asked = askedOf(mine, exact, options);
  const { times, count, kernel, signal } = asked;
  const { onProgress } = options;
  const total = times.length + 2;
  let done = 0;
  const slices = new TimeSlices(signal, () => exact.data.check());
  const step = async (): Promise<void> => {
    if (signal?.aborted) throw aborted(signal);
    if (onProgress) slices.report(() => onProgress({ done: ++done, total }));
    await slices.settle();
  };
  const fields = { mine, exact, signal };
  const marginal = emptyErrors(times.length);
  const smoothing: SmoothingFit[] = [];
  for (const [row, t] of times.entries()) {
    const x = await drawsAt(exact, t, row, asked);
    const scores = await errorsAt(fields, x, t, row, marginal);
    if (kernel !== undefined) smoothing.push(await fitAt(exact, kernel, t, x, scores, count));
    await step();
  }
  const paths = await bothPaths(fields, asked, step);
  const along = emptyErrors(times.length);
  for (const [row, t] of times.entries())
    await errorsAt(fields, Float64Array.from(statesAt(paths.mine, row * asked.steps, paths)), t, row, along);
  return {
    times,
    count,
    marginal,
    along,
    departures: await departuresOf(paths, exact.data, asked),
    smoothing: kernel === undefined ? undefined : smoothing,
    notes: paths.notes,
  };
}

/** What is compared, checked. */
interface Asked {
  readonly times: Float64Array<ArrayBuffer>;
  readonly count: number;
  readonly seed: number;
  readonly steps: number;
  readonly sampler: Sampler;
  /** The share of the points' spacing from which on paths have departed. */
  readonly departure: number;
  readonly initial: "marginal" | "noise" | "normal";
  readonly kernel: SmoothingKernel | undefined;
  readonly signal: AbortSignal | undefined;
}

function askedOf(mine: ScoreField, exact: ScoreField, options: CompareOptions): Asked {
  for (const [field, name] of [
    [mine, "mine"],
    [exact, "exact"],
  ] as const) {
    const kind: unknown = (field as { kind?: unknown } | null | undefined)?.kind;
    if (kind !== "field")
      throw badArgument("E_TYPE", name, "a score field such as exactScore(data, process)", field);
    field.data.check();
  }
  checkOptions(options, optionNames);
  checkLongCall(options ?? {});
  const times = checkLevels(options?.times, mine, exact);
  const count = checkInteger(options.count ?? 2000, "count", 2, 2 ** 31 - 1);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const steps = checkInteger(options.steps ?? 16, "steps", 1, 10_000);
  checkSize("count", count, exact.data.dim, steps * (times.length - 1) + 2);
  const departure = checkNumber(options.departure ?? 0.1, "departure", { above: 0 });
  const starts = ["marginal", "noise", "normal"] as const;
  const initial = checkWord(options.initial ?? "marginal", starts, "initial");
  const kernel = checkKernel(options.smoothing, exact);
  const { signal, sampler = heun() } = options;
  return { times, count, seed, steps, sampler, departure, initial, kernel, signal };
}

/** Draws of p_t, others at each time. */
async function drawsAt(
  { data, process }: ScoreField,
  t: number,
  row: number,
  { count, seed }: Asked,
): Promise<Float64Array> {
  const times = gridTimes([t]);
  const options = { samples: count, first: row * count, seed, weighting: "one", times } as const;
  return (await trainingTuples(data, process, options)).x;
}

/** The smoothed score that is nearest to the field at a time. */
function fitAt(
  { data, process }: ScoreField,
  kernel: SmoothingKernel,
  t: number,
  x: Float64Array,
  { mine, exact }: Scores,
  count: number,
): Promise<SmoothingFit> {
  const some = Math.min(count, FITTED) * data.dim;
  const [places, own, truth] = [x, mine, exact].map((all) => all.subarray(0, some)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return fitSmoothing(data, process, kernel, t, places, own, truth);
}

/** Paths of both fields from the same starts with the same noise. */
async function bothPaths(
  { mine, exact }: Compared,
  { times, count, seed, steps, sampler, initial, signal }: Asked,
  step: () => Promise<void>,
): Promise<BothPaths & { readonly notes: readonly string[] }> {
  const grid = pathTimes(times, steps, exact.process);
  const run = { sampler, grid: timesGrid(grid), seed, ...(signal && { signal }) } as const;
  const { paths: own, notes } = await pathsOf(mine, { ...run, initial, count });
  await step();
  const rows = count * exact.data.dim;
  const { paths: truth } = await pathsOf(exact, { ...run, initial: own.subarray(0, rows).slice() });
  await step();
  return { mine: own, exact: truth, grid, rows, notes };
}

/** Times, descending and above 0, at which both fields have the same noise. */
function checkLevels(given: unknown, mine: ScoreField, exact: ScoreField): Float64Array<ArrayBuffer> {
  if (typeof given !== "object" || given === null || !("length" in given)) {
    throw badArgument("E_TYPE", "times", "a descending list of times", given);
  }
  const list = given as ArrayLike<number>;
  if (list.length === 0) throw badArgument("E_SHAPE", "times", "at least one time", list);
  const { process } = exact;
  if (mine.data.dim !== exact.data.dim) {
    throw badArgument("E_SHAPE", "mine", `a field of ${exact.data.dim} coordinates`, mine.data.dim);
  }
  const times = Float64Array.from(list, (t, i) =>
    checkNumber(t, `times[${i}]`, { above: 0, max: process.end }),
  );
  times.forEach((t, i) => {
    if (i > 0 && !(t < times[i - 1])) throw badArgument("E_RANGE", `times[${i}]`, "descending times", t);
    const same = (["alpha", "variance"] as const).every((name) => {
      const [a, b] = [t <= mine.process.end ? mine.process[name](t) : Number.NaN, process[name](t)];
      return Math.abs(a - b) <= SAME * Math.abs(b);
    });
    if (!same)
      throw badArgument("E_USAGE", "mine", `a field of the process ${process.name}`, mine.process.name);
  });
  return times;
}

function checkKernel(given: unknown, exact: ScoreField): SmoothingKernel | undefined {
  const { data, process } = exact;
  if (given === false) return undefined;
  if (given === undefined) {
    const isotropic = process.covariance === undefined && process.matrices === undefined;
    return isotropic && data.dim <= 2 ? "box" : undefined;
  }
  checkIsotropic(process);
  return checkWord(given, ["box", "minimumNorm", "gaussian"] as const, "smoothing");
}

/** The times of the paths: `steps` between two levels, then 0. */
function pathTimes(levels: Float64Array, steps: number, process: Process): number[] {
  const grid: number[] = [levels[0]];
  for (let i = 1; i < levels.length; i++) {
    const [from, to] = [levels[i - 1], levels[i]];
    const [high, low] = [process.sigma(from), process.sigma(to)];
    for (let k = 1; k < steps; k++) grid.push(process.timeOfSigma(high * (low / high) ** (k / steps)));
    grid.push(to);
  }
  grid.push(0);
  return grid;
}
