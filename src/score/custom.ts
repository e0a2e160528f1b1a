import { isThenable } from "../../bindings/host.js";
import type { RowFunction } from "../../bindings/job.js";
import { atOnce, checkLongCall, checkOptions, checkWord } from "../core/check.js";
import type { Mixture, Numbers, PointsInput, Precision } from "../data/mixture.js";
import { badArgument, VkernelError } from "../core/errors.js";
import type { Process, ProcessMatrices } from "../process/process.js";
import { multiply } from "../numeric/multiply.js";
import { requestInPieces } from "./evaluate/request.js";
import { aborted, runAtOnce, TimeSlices } from "../core/scheduler.js";
import { checkMixture, checkProcess } from "./exact.js";
import type { EvaluateOptions, Evaluation, Lack, Quantity, ScoreField, TimeRange } from "./field.js";
import { beyondFit } from "./fitted.js";
import { checkIsotropic } from "./line.js";
import { type Prediction, predictions, scoreOf } from "./learned/prediction.js";

/** The quantities that follow from a score alone. */
export const scoreQuantities = ["score", "velocity", "posteriorMean"] as const;

/** What a field by rows has beside its score: the trace of its derivative, and the times that it was fitted on. */
export interface RowFieldParts {
  readonly trace?: RowFunction | undefined;
  /** Why the trace is not known, where it is left out. */
  readonly untraced?: Lack | undefined;
  readonly fitted?: TimeRange | undefined;
  /** How many numbers of rows the function is given at a time: fewer where each takes long. */
  readonly part?: number | undefined;
}

const PART = 2 ** 17;
/** Units of a row of a function that nothing is known of, and of one that is sorted or put in its place. */
const ROW = 200;
const MOVE = 40;

/** A field by a function of rows: everything that follows from a score alone. */
export class RowField<P extends Precision = Precision> implements ScoreField<P> {
  readonly kind = "field";
  readonly data: Mixture<P>;
  readonly process: Process;
  readonly scoreRows: RowFunction;
  readonly traceRows: RowFunction | undefined;
  readonly untraced: Lack | undefined;
  readonly fitted: TimeRange | undefined;
  readonly #part: number;

  /** @internal */
  constructor(data: Mixture<P>, process: Process, rows: RowFunction, more: RowFieldParts = {}) {
    this.data = data;
    this.process = process;
    this.scoreRows = rows;
    this.traceRows = more.trace;
    this.untraced = more.untraced;
    this.fitted = more.fitted;
    this.#part = more.part ?? PART;
  }

  async evaluate<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
    options: EvaluateOptions = {},
  ): Promise<Evaluation<P, Q>> {
    checkOptions(options, ["signal", "onProgress"]);
    checkLongCall(options);
    const { signal, onProgress } = options;
    const slices = new TimeSlices(signal, () => this.data.check());
    const groups = await slices.run(this.#groups(x, t, quantities));
    const values: Float64Array[] = [];
    const traces: Float64Array[] = [];
    const trace = quantities.some((name) => name === "divergence") ? this.traceRows : undefined;
    const { dim } = this.data;
    const step = Math.max(1, Math.floor(this.#part / dim));
    let done = 0;
    for (const group of groups.list) {
      const rows = group.places.length;
      const score = new Float64Array(rows * dim);
      const slopes = new Float64Array(trace ? rows : 0);
      for (let first = 0; first < rows; first += step) {
        if (signal?.aborted) throw aborted(signal);
        const last = Math.min(rows, first + step);
        const some = partOf(group, first, last, dim);
        score.set(await asked(this.scoreRows, some, signal), first * dim);
        if (trace) slopes.set(await asked(trace, some, signal), first);
        const wait = slices.spend((last - first) * (ROW + MOVE * dim));
        if (wait) await wait;
        done += last - first;
        if (!onProgress) continue;
        slices.report(() => onProgress({ done, total: groups.count }));
        await slices.settle();
      }
      values.push(score);
      traces.push(slopes);
    }
    return slices.run(this.#finish(groups, values, traces, quantities));
  }

  evaluateSync<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
  ): Evaluation<P, Q> {
    const groups = runAtOnce(this.#groups(x, t, quantities));
    const now = (values: ReturnType<RowFunction>): Float64Array => {
      if (!isThenable(values)) return values;
      Promise.resolve(values).catch(() => {});
      throw new VkernelError("E_UNSUPPORTED", {
        argument: "evaluateSync",
        expected: "evaluate, which waits, for a field whose score is computed on the pool",
        got: "evaluateSync",
      });
    };
    const trace = quantities.some((name) => name === "divergence") ? this.traceRows : undefined;
    const { dim } = this.data;
    const of = (f: RowFunction): Float64Array[] =>
      groups.list.map((group) => now(asked(f, partOf(group, 0, group.places.length, dim), undefined)));
    return runAtOnce(this.#finish(groups, of(this.scoreRows), trace ? of(trace) : [], quantities));
  }

  /** Rows that are asked for together: those of each time, in the order in which times come; or any, where the field takes that. */
  *#groups(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Quantity[],
  ): Generator<number, Groups, void> {
    const request = yield* requestInPieces(this.data, this.process, x, t, quantities);
    const supported: readonly string[] = this.traceRows
      ? [...scoreQuantities, "divergence"]
      : scoreQuantities;
    for (const name of quantities) {
      if (supported.includes(name)) continue;
      if (name === "divergence" && this.untraced) {
        const { reason, way } = this.untraced;
        throw new VkernelError("E_UNSUPPORTED", {
          argument: name,
          expected: `a field with a known divergence (${way})`,
          got: `one without: ${reason}`,
        });
      }
      throw new VkernelError("E_UNSUPPORTED", {
        argument: name,
        expected: `one of ${supported.join(", ")} for this field: a score alone has no law (exactScore gives that of the data)`,
        got: name,
      });
    }
    const { dim } = this.data;
    const { count, times } = request;
    const all = new Float64Array(request.absolute);
    yield all.length;
    const members = new Map<number, number[]>();
    for (let q = 0; q < count; q++) {
      const time = times[times.length === 1 ? 0 : q];
      const group = members.get(time);
      if (group) group.push(q);
      else members.set(time, [q]);
      if (q % GROUP === GROUP - 1) yield GROUP * MOVE;
    }
    const list: Group[] = [];
    if (members.size > 1 && this.scoreRows.each && (!this.traceRows || this.traceRows.each)) {
      for (let first = 0; first < count; first += TOGETHER) {
        const time = times.slice(first, first + TOGETHER);
        const places = Array.from(time, (_, i) => first + i);
        list.push({ time, places, rows: all.slice(first * dim, (first + places.length) * dim) });
        yield places.length * (MOVE + dim);
      }
      return { list, all, count, times };
    }
    for (const [time, places] of members) {
      const rows = new Float64Array(places.length * dim);
      for (const [i, q] of places.entries()) {
        rows.set(all.subarray(q * dim, (q + 1) * dim), i * dim);
        if (i % GROUP === GROUP - 1) yield GROUP * (MOVE + dim);
      }
      list.push({ time, places, rows });
    }
    return { list, all, count, times };
  }

  *#finish<Q extends Quantity>(
    { list, all: rows, count, times }: Groups,
    values: readonly Float64Array[],
    traces: readonly Float64Array[],
    quantities: readonly Q[],
  ): Generator<number, Evaluation<P, Q>, void> {
    const { dim } = this.data;
    const score = new Float64Array(count * dim);
    for (const [g, { places }] of list.entries()) {
      const some = values[g];
      for (const [i, q] of places.entries()) {
        score.set(some.subarray(i * dim, (i + 1) * dim), q * dim);
        if (i % GROUP === GROUP - 1) yield GROUP * (MOVE + dim);
      }
    }
    const out: Partial<Record<Quantity, Numbers<P>>> = {};
    const timeOf = (q: number): number => times[times.length === 1 ? 0 : q];
    let known = Number.NaN;
    let matrices: ProcessMatrices | undefined;
    for (const name of quantities) {
      if (name === "divergence") {
        const filled = this.data.array(count);
        list.forEach(({ places }, g) => {
          places.forEach((q, i) => {
            const [beta, diffusion] = [this.process.beta(timeOf(q)), this.process.diffusion(timeOf(q))];
            filled[q] = -beta * dim - diffusion * traces[g][i];
          });
        });
        out[name] = filled;
        continue;
      }
      const filled = this.data.array(count * dim);
      for (let q = 0; q < count; q++) {
        if (q % GROUP === GROUP - 1) yield GROUP * (ROW + MOVE * dim);
        const row = score.subarray(q * dim, (q + 1) * dim);
        if (name === "score") {
          filled.set(row, q * dim);
          continue;
        }
        const t = timeOf(q);
        if (t !== known) {
          matrices = this.process.matrices?.(t);
          known = t;
        }
        const at = rows.subarray(q * dim, (q + 1) * dim);
        filled.set(this.#derived(name, at, t, row, matrices), q * dim);
      }
      out[name] = filled;
    }
    const notes = beyondFit(this, times);
    return (notes.length > 0 ? { ...out, notes } : out) as Evaluation<P, Q>;
  }

  /** -beta x - D s, or (x + S s) / alpha. */
  #derived(
    name: Quantity,
    x: Float64Array,
    t: number,
    score: Float64Array,
    matrices: ProcessMatrices | undefined,
  ): Float64Array {
    const { process } = this;
    const velocity = name === "velocity";
    const turned = matrices
      ? multiply(velocity ? matrices.diffusion : matrices.variance, this.data.dim, score)
      : score.map((value) => (velocity ? process.diffusion(t) : process.variance(t)) * value);
    const [beta, alpha] = [process.beta(t), process.alpha(t)];
    return turned.map((value, d) => (velocity ? -beta * x[d] - value : (x[d] + value) / alpha));
  }
}

/** Rows between two yields. */
const GROUP = 256;
/** Rows of different times that are asked for together. */
const TOGETHER = 1024;

interface Group {
  time: number | Float64Array;
  places: number[];
  rows: Float64Array;
}

/** Some rows of a group, counted from the first of them. */
interface Part extends Pick<Group, "time" | "rows"> {
  first: number;
}

const partOf = ({ time, rows }: Group, first: number, last: number, dim: number): Part => ({
  first,
  time: typeof time === "number" ? time : time.subarray(first, last),
  rows: rows.subarray(first * dim, last * dim),
});

function asked(
  f: RowFunction,
  { rows, time, first }: Part,
  signal: AbortSignal | undefined,
): ReturnType<RowFunction> {
  if (typeof time === "number") return f(rows, time, first, signal);
  return (f.each as NonNullable<RowFunction["each"]>)(rows, time, new Int32Array(time.length), signal);
}

interface Groups {
  list: Group[];
  all: Float64Array;
  count: number;
  times: Float64Array;
}

export interface CustomScoreOptions {
  /**
   * The divergence of the score at one row x, the trace of its derivative J, exactly: what log densities and the quantity
   * "divergence" ask for. Under noise with a direction that of A s, tr(A J): A the process's covariance, or D_t over its scalar
   * `diffusion` where the covariance depends on time.
   */
  divergence?: (x: Float64Array, t: number) => number;
  /** What the function gives: "score" (default), or another prediction, as networks are trained for. */
  predicts?: Prediction;
}

/**
 * Your own score as a field: `score(x, t)` gives `dim` numbers for one row x, the score or what `predicts` says. It is called
 * on the calling thread; the rest of a step runs on the kernels.
 *
 * @example
 * const field = customScore(data, edm(), (x, t) => x.map((value) => -value / (1 + t * t)));
 * const own = customScore(data, edm(), (x, t) => network(x, t), { predicts: "noise" });
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE where the function gives no finite numbers, E_USAGE, E_UNSUPPORTED (a
 *   prediction other than the score under noise with a direction)
 */
export function customScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  score: (x: Float64Array, t: number) => ArrayLike<number>,
  options: CustomScoreOptions = {},
): ScoreField<P> {
  checkMixture(data);
  checkProcess(process, data);
  checkOptions(options, ["predicts", "divergence"]);
  const predicts = checkWord(options.predicts ?? "score", predictions, "predicts");
  if (predicts !== "score") checkIsotropic(process);
  if (typeof score !== "function") throw badArgument("E_TYPE", "score", "a function of (x, t)", score);
  const { divergence } = options;
  if (divergence !== undefined && typeof divergence !== "function") {
    throw badArgument("E_TYPE", "divergence", "a function of (x, t)", divergence);
  }
  const { dim } = data;
  const rows: RowFunction = (x, t) => {
    const out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i += dim) {
      const values = atOnce(score(x.slice(i, i + dim), t), "score");
      if (values?.length !== dim)
        throw badArgument("E_SHAPE", "score", `${dim} numbers from score(x, t)`, values?.length);
      for (let d = 0; d < dim; d++) {
        const value: unknown = values[d];
        if (typeof value !== "number" || !Number.isFinite(value)) {
          throw badArgument("E_NONFINITE", "score", `finite numbers from score(x, t), t = ${t}`, value);
        }
        out[i + d] = value;
      }
    }
    if (predicts !== "score") out.set(scoreOf(out, x, t, process, predicts));
    return out;
  };
  if (divergence === undefined) {
    const untraced = {
      reason: "a function that gives the values of a score tells nothing of its derivative",
      way: "customScore takes a divergence of yours",
    };
    return new RowField(data, process, rows, { untraced });
  }
  const trace: RowFunction = (x, t) =>
    Float64Array.from({ length: x.length / dim }, (_, i) => {
      const value: unknown = atOnce(divergence(x.slice(i * dim, (i + 1) * dim), t), "divergence");
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw badArgument(
        "E_NONFINITE",
        "divergence",
        `a finite number from divergence(x, t), t = ${t}`,
        value,
      );
    });
  return new RowField(data, process, rows, { trace });
}
