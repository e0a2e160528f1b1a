import { checkInteger, checkLongCall, checkNumber, checkOptions, checkWord } from "../core/check.js";
import { checkSize, type Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { multiply } from "../numeric/multiply.js";
import { heun, type Sampler, times as timesGrid } from "../sampler/index.js";
import { pathsOf } from "../run/sample.js";
import { aborted, inSlices, TimeSlices } from "../core/scheduler.js";
import type { ScoreField } from "../score/field.js";
import { checkIsotropic } from "../score/line.js";
import { gridTimes, trainingTuples } from "../score/learned/training.js";
import type { Shares } from "./capture.js";
import { nearestPoints } from "./nearest.js";
import { distinctPositions, spacingOf } from "../data/neighbours.js";
import { fitSmoothing, type SmoothingFit, type SmoothingKernel, squaredDistances } from "./smoothingFit.js";
import { momentsOf, shareOf } from "../numeric/statistics.js";

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

/** Means over draws, one per time, with their standard errors. */
export interface Means {
  readonly mean: Float64Array<ArrayBuffer>;
  readonly standardError: Float64Array<ArrayBuffer>;
}

/** How far a score is from the exact one, by time. */
export interface FieldErrors {
  /** The mean square error of the score, E |s-hat - s|^2. */
  readonly score: Means;
  /** The same relative to the score, E |s-hat - s|^2 over E |s|^2. */
  readonly relative: Means;
  /** The same of predicted ends, E |x0-hat - x0|^2, in units of the data: S^2 / alpha^2 times that of the score. */
  readonly prediction: Means;
}

export interface FieldComparison {
  readonly times: Float64Array<ArrayBuffer>;
  readonly count: number;
  /** The errors at draws of p_t. */
  readonly marginal: FieldErrors;
  /** The errors on the field's own paths. */
  readonly along: FieldErrors;
  readonly departures: {
    /** The distance |x - x'| from which on two paths count as parted; and the points' spacing. */
    readonly threshold: number;
    readonly spacing: number;
    /** When each path first is farther than that from the exact one of the same start and noise; NaN if it never is. */
    readonly time: Float64Array<ArrayBuffer>;
    /** The share that has departed by each of `times`, and by the end. */
    readonly departed: Shares;
    readonly departedAtEnd: { readonly fraction: number; readonly standardError: number };
    /** The distance of the two, |x - x'|, by time. */
    readonly distance: Means;
    /** The share of paths whose end is nearest to another point than the exact one's. */
    readonly elsewhere: { readonly fraction: number; readonly standardError: number };
    /** The nearest point at the end of each path. */
    readonly ends: { readonly mine: Int32Array<ArrayBuffer>; readonly exact: Int32Array<ArrayBuffer> };
  };
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
  const { data, process } = exact;
  const times = checkLevels(options?.times, mine, exact);
  const count = checkInteger(options.count ?? 2000, "count", 2, 2 ** 31 - 1);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const steps = checkInteger(options.steps ?? 16, "steps", 1, 10_000);
  checkSize("count", count, data.dim, steps * (times.length - 1) + 2);
  const departure = checkNumber(options.departure ?? 0.1, "departure", { above: 0 });
  const initial = checkWord(
    options.initial ?? "marginal",
    ["marginal", "noise", "normal"] as const,
    "initial",
  );
  const kernel = checkKernel(options.smoothing, exact);
  const { signal, onProgress } = options;
  const asked = signal ? { signal } : {};
  const total = times.length + 2;
  let done = 0;
  const slices = new TimeSlices(signal, () => data.check());
  const step = async (): Promise<void> => {
    if (signal?.aborted) throw aborted(signal);
    if (onProgress) slices.report(() => onProgress({ done: ++done, total }));
    await slices.settle();
  };

  const statesOf = (paths: Float32Array | Float64Array, index: number): Float32Array | Float64Array =>
    paths.subarray(index * count * data.dim, (index + 1) * count * data.dim);
  const marginal = emptyErrors(times.length);
  const smoothing: SmoothingFit[] = [];
  for (const [row, t] of times.entries()) {
    const { x } = await trainingTuples(data, process, {
      samples: count,
      first: row * count,
      seed,
      weighting: "one",
      times: gridTimes([t]),
    });
    const own = await errorsAt(x, t, row, marginal);
    if (kernel !== undefined) {
      const some = Math.min(count, FITTED) * data.dim;
      smoothing.push(
        await fitSmoothing(
          data,
          process,
          kernel,
          t,
          x.subarray(0, some),
          own.mine.subarray(0, some),
          own.exact.subarray(0, some),
        ),
      );
    }
    await step();
  }

  // The same starts and the same noise under both fields.
  const grid = pathTimes(times, steps, process);
  const run = {
    sampler: options.sampler ?? heun(),
    grid: timesGrid(grid),
    seed,
    ...asked,
  } as const;
  const { paths: a, notes } = await pathsOf(mine, { ...run, initial, count });
  await step();
  const { paths: b } = await pathsOf(exact, { ...run, initial: statesOf(a, 0).slice() });
  await step();
  const along = emptyErrors(times.length);
  for (const [row, t] of times.entries())
    await errorsAt(Float64Array.from(statesOf(a, row * steps)), t, row, along);
  return {
    times,
    count,
    marginal,
    along,
    departures: await departuresOf(),
    smoothing: kernel === undefined ? undefined : smoothing,
    notes,
  };

  /** Writes a row of errors; returns the scores themselves. */
  async function errorsAt(x: Float64Array, t: number, row: number, to: FieldErrors) {
    const [own, truth] = [
      await mine.evaluate(x, t, ["score", "posteriorMean"], asked),
      await exact.evaluate(x, t, ["score", "posteriorMean"], asked),
    ];
    const { dim } = data;
    const squares = squaredDistances(own.score, truth.score, dim);
    write(to.score, row, squares);
    write(to.prediction, row, predictionErrors(own, truth, t));
    const sizes = squaredDistances(truth.score, new Float64Array(x.length), dim);
    const [mean, size] = [momentsOf(squares).mean, momentsOf(sizes).mean];
    const ratio = size > 0 ? mean / size : 0;
    const parts = squares.map((value, i) => (size > 0 ? (value - ratio * sizes[i]) / size : 0));
    to.relative.mean[row] = ratio;
    to.relative.standardError[row] = Math.sqrt(momentsOf(parts).variance / parts.length);
    return { mine: Float64Array.from(own.score), exact: Float64Array.from(truth.score) };
  }

  /** Far from the origin predictions have few digits of what tells them apart: there it is S / alpha times that of the scores. */
  function predictionErrors(own: Predicted, truth: Predicted, t: number): Float64Array {
    const { dim, centre } = data;
    if (centre === undefined) return squaredDistances(own.posteriorMean, truth.posteriorMean, dim);
    const alpha = process.alpha(t);
    const matrices = process.matrices?.(t);
    const variance = process.variance(t);
    return Float64Array.from({ length: own.score.length / dim }, (_, i) => {
      const apart = Float64Array.from(
        { length: dim },
        (_, d) => own.score[i * dim + d] - truth.score[i * dim + d],
      );
      const moved = matrices
        ? multiply(matrices.variance, dim, apart)
        : apart.map((value) => variance * value);
      return moved.reduce((sum, value) => sum + (value / alpha) ** 2, 0);
    });
  }

  async function departuresOf(): Promise<FieldComparison["departures"]> {
    const { dim } = data;
    const spacing = await inSlices(
      (function* () {
        return yield* spacingOf(yield* distinctPositions(data));
      })(),
      signal,
    );
    const threshold = departure * spacing;
    const time = new Float64Array(count).fill(Number.NaN);
    const gone = new Uint8Array(count);
    const departed = emptyMeans(times.length);
    const distance = emptyMeans(times.length);
    for (const [index, t] of grid.entries()) {
      const apart = squaredDistances(statesOf(a, index), statesOf(b, index), dim).map(Math.sqrt);
      for (const [i, value] of apart.entries()) {
        if (gone[i] === 1 || !(value > threshold)) continue;
        gone[i] = 1;
        time[i] = t;
      }
      if (t === 0 || index % steps !== 0) continue;
      write(distance, index / steps, apart);
      const { fraction, standardError } = shareOf(sum(gone), count);
      departed.mean[index / steps] = fraction;
      departed.standardError[index / steps] = standardError;
    }
    const ends = {
      mine: (await nearestPoints(Float64Array.from(statesOf(a, grid.length - 1)), data, asked)).index,
      exact: (await nearestPoints(Float64Array.from(statesOf(b, grid.length - 1)), data, asked)).index,
    };
    const others = ends.mine.reduce((hits, end, i) => hits + Number(end !== ends.exact[i]), 0);
    return {
      threshold,
      spacing,
      time,
      departed: { fraction: departed.mean, standardError: departed.standardError },
      departedAtEnd: shareOf(sum(gone), count),
      distance,
      elsewhere: shareOf(others, count),
      ends,
    };
  }
}

interface Predicted {
  readonly score: ArrayLike<number>;
  readonly posteriorMean: Float32Array | Float64Array;
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

const emptyMeans = (rows: number): Means => ({
  mean: new Float64Array(rows),
  standardError: new Float64Array(rows),
});

const emptyErrors = (rows: number): FieldErrors => ({
  score: emptyMeans(rows),
  relative: emptyMeans(rows),
  prediction: emptyMeans(rows),
});

function write(to: Means, row: number, values: Float64Array): void {
  const { mean, variance } = momentsOf(values);
  to.mean[row] = mean;
  to.standardError[row] = Math.sqrt(variance / values.length);
}

const sum = (flags: Uint8Array): number => flags.reduce((total, flag) => total + flag, 0);
