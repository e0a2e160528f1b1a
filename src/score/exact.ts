import { isFloats } from "../core/brand.js";
import type { ScoreJob } from "../../bindings/job.js";
import { checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import { aborted, runAtOnce, TimeSlices } from "../core/scheduler.js";
import type { Mixture, Numbers, PointsInput, Precision } from "../data/mixture.js";
import { badArgument, VkernelError } from "../core/errors.js";
import type { Late } from "../core/late.js";
import type { Process } from "../process/process.js";
import { evaluation, isIsotropic, partsOf } from "./evaluate/evaluate.js";
import { directedScores, plainScores } from "./evaluate/late.js";
import { checkRequest, type Request, requestInPieces } from "./evaluate/request.js";
import type { EvaluateOptions, Evaluation, Quantity, ScoreField } from "./field.js";

const optionNames = ["signal", "onProgress", "tolerance"];

/** The exact score of noised data: the gradient of log p(x | t). Vastola 2025, Eq. 7; `docs/mathematics.md`, Conventions. */
export class ExactScore<P extends Precision = Precision> implements ScoreField<P> {
  readonly kind = "field";
  readonly data: Mixture<P>;
  readonly process: Process;

  /** @internal */
  constructor(data: Mixture<P>, process: Process) {
    this.data = data;
    this.process = process;
  }

  async evaluate<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
    options: EvaluateOptions = {},
  ): Promise<Evaluation<P, Q>> {
    checkOptions(options, optionNames);
    checkLongCall(options);
    const { signal } = options;
    const tolerance = checkNumber(options.tolerance ?? 0, "tolerance", { min: 0 });
    const slices = new TimeSlices(signal, () => this.data.check());
    const request = await slices.run(requestInPieces(this.data, this.process, x, t, quantities));
    if (signal?.aborted) throw aborted(signal);
    if (tolerance === 0) return this.#evaluateFully(request, options, slices);
    const { evaluateTo } = await import("./tolerance/evaluate.js");
    return evaluateTo(request, tolerance, options, slices, (all, given) =>
      this.#evaluateFully(all, given, slices),
    );
  }

  /**
   * Builds what evaluations to a tolerance use of the data, which the first of them would else build: a tree of the points, or a
   * frame of them in four and more dimensions.
   *
   * @param options.onProgress told after each level of the tree
   * @throws {VkernelError} E_USAGE, E_TYPE, E_MEMORY, E_ABORT, E_WORKER, E_DISPOSED
   * @example await field.prepare({ onProgress: ({ done, total }) => console.log(`${done} of ${total}`) });
   */
  async prepare(options: Omit<EvaluateOptions, "tolerance"> = {}): Promise<void> {
    checkOptions(options, ["signal", "onProgress"]);
    checkLongCall(options);
    this.data.check();
    if (options.signal?.aborted) throw aborted(options.signal);
    const { prepare } = await import("./tolerance/prepare.js");
    await prepare(this, options);
  }

  /** By all points. */
  async #evaluateFully<Q extends Quantity>(
    request: Request<P, Q>,
    options: EvaluateOptions,
    slices: TimeSlices,
  ): Promise<Evaluation<P, Q>> {
    const { signal, onProgress } = options;
    const { runtime } = this.data.engine;
    if (runtime === undefined) return (await plainScores.load()).evaluatePlainly(request, options, slices);
    // Progress counts queries; the parts of a call count as equal shares of them.
    const { count } = request;
    const parts = partsOf(request);
    let part = 0;
    const report =
      onProgress &&
      ((done: number, total: number) =>
        onProgress({ done: Math.floor((count * (part + done / total)) / parts), total: count }));
    const directed = isIsotropic(this.process) ? undefined : (await directedScores.load()).anisotropic;
    return this.data.hold(() =>
      runAll(evaluation(request, directed), slices, async (job) => {
        await runtime.run(job, { signal, onProgress: report });
        part++;
      }),
    );
  }

  evaluateSync<Q extends Quantity>(
    x: PointsInput,
    t: number | ArrayLike<number>,
    quantities: readonly Q[],
  ): Evaluation<P, Q> {
    const request = checkRequest(this.data, this.process, x, t, quantities);
    const { runtime } = this.data.engine;
    if (runtime === undefined) return runAtOnce(atOnce(plainScores).referenceEvaluation(request));
    const directed = isIsotropic(this.process) ? undefined : atOnce(directedScores).anisotropic;
    const work = evaluation(request, directed);
    try {
      for (;;) {
        const next = work.next();
        if (next.done) return next.value;
        if (typeof next.value !== "number") runtime.runSync(next.value);
      }
    } finally {
      work.return(undefined as never);
    }
  }

  /**
   * The posterior expectation of any per-point values, such as class memberships.
   *
   * @param values `[size, columns]` row-major, `columns` from its length
   * @returns `[count, columns]` row-major
   */
  async posteriorExpectation(
    x: PointsInput,
    t: number | ArrayLike<number>,
    values: Float32Array | Float64Array | readonly number[],
    options: EvaluateOptions = {},
  ): Promise<Numbers<P>> {
    const { data } = this;
    const isList = Array.isArray(values) || isFloats(values);
    if (!isList) throw badArgument("E_TYPE", "values", "a flat list of numbers", values);
    if (values.length === 0 || values.length % data.size !== 0) {
      throw badArgument(
        "E_SHAPE",
        "values",
        `a multiple of ${data.size} numbers (one row per point)`,
        values.length,
      );
    }
    for (let i = 0; i < values.length; i++) {
      if (typeof values[i] !== "number") throw badArgument("E_TYPE", `values[${i}]`, "a number", values[i]);
      if (!Number.isFinite(values[i]))
        throw badArgument("E_NONFINITE", `values[${i}]`, "a finite number", values[i]);
    }
    checkLongCall(options);
    const { signal } = options;
    const slices = new TimeSlices(signal, () => data.check());
    const table = Float64Array.from(values);
    const request = await slices.run(requestInPieces(data, this.process, x, t, [] as const));
    const { expectationOf } = await import("./expectation.js");
    return expectationOf(this, request, table, options, slices);
  }
}

/** What a call at once takes: it came with the engine or with the process, unless somebody made that by hand. */
function atOnce<T>(part: Late<T>): T {
  if (part.here !== undefined) return part.here;
  throw new VkernelError("E_UNSUPPORTED", {
    argument: "evaluateSync",
    expected: "evaluate, which waits, for a process with matrices that anisotropic did not make",
    got: "evaluateSync",
  });
}

/** Whether a field is the exact score itself, whose mean, law and divergence the kernels have. */
export function isExact(field: object): boolean {
  return Object.getPrototypeOf(field) === ExactScore.prototype && !Object.hasOwn(field, "evaluate");
}

/** Runs the jobs that a generator yields, work of its own between them, and lets it free what it holds whatever happens. */
export async function runAll<R>(
  work: Generator<ScoreJob | number, R, void>,
  slices: TimeSlices,
  run: (job: ScoreJob) => Promise<void>,
): Promise<R> {
  try {
    for (;;) {
      const next = work.next();
      if (next.done) return next.value;
      if (typeof next.value === "number") {
        const wait = slices.spend(next.value);
        if (wait) await wait;
      } else await run(next.value);
    }
  } finally {
    work.return(undefined as never);
  }
}

/** Checks that an argument is a mixture. */
export function checkMixture(data: unknown): void {
  if (typeof data !== "object" || data === null || !("engine" in data) || !("packed" in data)) {
    throw badArgument("E_TYPE", "data", "a mixture made by engine.mixture", data);
  }
}

/** Checks that an argument is a process that fits the data. */
export function checkProcess(process: unknown, data: Mixture): void {
  const { alpha, variance, dim } = (process ?? {}) as Partial<Process>;
  if (typeof alpha !== "function" || typeof variance !== "function") {
    throw badArgument("E_TYPE", "process", "a process such as edm()", process);
  }
  if (dim !== undefined && dim !== data.dim) {
    throw badArgument("E_SHAPE", "process", `a covariance of ${data.dim} x ${data.dim}`, `${dim} x ${dim}`);
  }
}

/**
 * The exact score of a data set under a process.
 *
 * @example
 * const field = exactScore(engine.mixture([[0, 0], [1, 1]]), edm());
 * const { score } = await field.evaluate([[0.2, 0.3]], 0.5, ["score"]);
 */
export function exactScore<P extends Precision>(data: Mixture<P>, process: Process): ExactScore<P> {
  checkMixture(data);
  checkProcess(process, data);
  data.check();
  return new ExactScore(data, process);
}
