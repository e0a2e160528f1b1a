import { Ownership } from "../core/ownership.js";
import { checkInteger, checkLongCall, checkOptions } from "../core/check.js";
import { TimeSlices } from "../core/scheduler.js";
import type { Mixture, Numbers, Precision } from "../data/mixture.js";
import type { Kernels } from "../core/kernels.js";
import { badArgument, VkernelError } from "../core/errors.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import { notesOf } from "./notes.js";
import { type CalledFields, calledFieldsOf } from "./calledFields.js";
import { isDirected, localStart } from "./start.js";
import type { RunSpec } from "./spec.js";
import { checkedRun } from "./checked.js";
import { tolerantOf } from "./within.js";
import type { SampleOptions } from "./options.js";
import { Blocks, uploadJob } from "./wasm/upload.js";
import { WasmParts } from "./wasm/parts.js";
import type { Part, Parts, Whole } from "./parts.js";
import type { Whitened } from "./whiten.js";
import { compileProgram } from "./compile.js";

/** The options of `sample` without `record` and `logLikelihood`, which only a run that ends has. */
export type LiveOptions = Pick<
  SampleOptions,
  | "sampler"
  | "grid"
  | "count"
  | "seed"
  | "initial"
  | "noise"
  | "particlesPerRealization"
  | "tolerance"
  | "signal"
  | "onProgress"
>;

export interface StepOptions {
  /** Where it aborts, the call is rejected and the run stays where it stood. */
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface RestartOptions extends StepOptions {
  /** The seed to go on with; the present one by default. */
  seed?: number;
}

const known = [
  "sampler",
  "grid",
  "count",
  "seed",
  "initial",
  "noise",
  "particlesPerRealization",
  "tolerance",
  "signal",
  "onProgress",
];
const longCall = ["signal", "onProgress"];

/**
 * A run of `sample` that goes on when it is told to, and stands still between: what a page draws, and a loop that looks
 * at every step. At each time of the grid the particles have the very bits that `sample` records there.
 *
 * Its program is written once; what particles know between steps stays in Wasm memory until `dispose()` or the engine's
 * `close()`. Calls wait for each other, and one that fails or is aborted leaves the run where it stood.
 */
export class LiveRun<P extends Precision = Precision> {
  /** The times of the grid, descending, `[steps + 1]`. */
  readonly times: Float64Array;
  readonly count: number;
  readonly dim: number;
  readonly precision: P;
  /** Warnings about the run, as in the result of `sample`. */
  readonly notes: readonly string[];
  /** Numbers from one row of `view()` to the next: dim, from dim 4 on rounded up to a whole vector of 16 bytes. */
  readonly stride: number;
  /** @internal */
  readonly engine: Kernels;
  readonly #data: Mixture<P>;
  readonly #steps: Parts<P>;
  readonly #white: Whitened<P> | undefined;
  readonly #shifts: readonly number[];
  /** Draws what a seed stands for: the field, and the run with its start. */
  readonly #errorBound: (() => number) | undefined;
  readonly #begin: (seed: number, signal: AbortSignal | undefined) => Promise<Seeded<P>>;
  #seeded: Seeded<P>;
  #step = 0;
  /** Rows in x, in Wasm memory, where those of the steps are in other coordinates; and the step they are of. */
  #shown: { readonly pointer: number; fresh: boolean } | undefined;
  readonly #ownership = new Ownership(
    () => this.#check(),
    () => this.#release(),
  );

  /** @internal */
  constructor(parts: LiveParts<P>) {
    const { data, seeded, white, shifts, steps, begin } = parts;
    this.times = seeded.run.times;
    this.count = seeded.run.count;
    this.dim = data.dim;
    this.precision = data.precision;
    this.notes = parts.notes;
    this.engine = data.engine;
    this.stride = data.engine.runtime ? data.layout.width : data.dim;
    this.#data = data;
    this.#steps = steps;
    this.#white = white;
    this.#shifts = shifts;
    this.#begin = begin;
    this.#errorBound = parts.errorBound;
    this.#seeded = seeded;
    if ((white || data.centre) && data.engine.runtime) {
      const bytes = this.count * data.layout.width * data.layout.bytes;
      this.#shown = { pointer: data.runtime.memory.alloc(bytes, "count"), fresh: false };
      data.runtime.memory.zero(this.#shown.pointer, bytes);
    }
    data.engine.own(this);
  }

  /** With a tolerance, the largest `errorBound` of any evaluation of the score so far: it bounds scores, not where paths end. */
  get errorBound(): number | undefined {
    return this.#errorBound?.();
  }

  /** The index into `times` where the particles are. */
  get step(): number {
    return this.#step;
  }

  /** The time where they are. */
  get t(): number {
    return this.times[this.#step];
  }

  /** Whether they are at the last time. */
  get done(): boolean {
    return this.#step === this.times.length - 1;
  }

  get seed(): number {
    return this.#seeded.run.seed;
  }

  /** A copy of the particles, `[count, dim]` row-major. */
  get samples(): Numbers<P> {
    this.#check();
    const samples = this.#steps.read();
    this.#white?.outward(samples);
    if (this.#data.centre) samples.set(this.#data.outward(samples, this.#shifts[this.#step]));
    return samples;
  }

  /**
   * The particles where they lie in Wasm memory, rows of `stride` numbers: valid until the next `await`, and not to be
   * written to. A copy where the engine has no Wasm.
   */
  view(): P extends "f32" ? Float32Array : Float64Array {
    type View = P extends "f32" ? Float32Array : Float64Array;
    const pointer = this.pointer();
    if (pointer === undefined) return this.samples as unknown as View;
    const { memory } = this.#data.runtime;
    return memory.numbers(this.#data.bytes, pointer, this.count * this.stride) as View;
  }

  /** @internal Where the rows of `view()` lie; undefined without Wasm. */
  pointer(): number | undefined {
    this.#check();
    if (!this.#shown) return this.#steps.pointer;
    if (!this.#shown.fresh) {
      this.#data.writeRows(this.#shown.pointer, this.samples, this.dim, this.stride);
      this.#shown.fresh = true;
    }
    return this.#shown.pointer;
  }

  /**
   * Goes on by some steps of the grid, as far as it reaches.
   *
   * @throws {VkernelError} E_USAGE, E_TYPE, E_RANGE, E_NONFINITE, E_LIMIT, E_MEMORY, E_ABORT, E_WORKER, E_DISPOSED
   */
  async advance(steps = 1, options: StepOptions = {}): Promise<void> {
    const by = checkInteger(steps, "steps", 0, 2 ** 31 - 1);
    checkOptions(options, longCall);
    checkLongCall(options);
    await this.#add(() => this.#to(Math.min(this.#step + by, this.times.length - 1), options));
  }

  /**
   * The same on the calling thread, at once.
   *
   * @throws {VkernelError} as `advance`; E_USAGE while a call before it is under way, E_UNSUPPORTED for a field that waits
   */
  advanceSync(steps = 1): void {
    const by = checkInteger(steps, "steps", 0, 2 ** 31 - 1);
    this.#check();
    if (this.#ownership.busy) {
      throw new VkernelError("E_USAGE", {
        argument: "advanceSync",
        expected: "the call before it to be awaited",
        got: "one under way",
      });
    }
    const to = Math.min(this.#step + by, this.times.length - 1);
    if (to === this.#step) return;
    this.#steps.runSync(this.#part(this.#step, to, this.#seeded));
    this.#moved(to);
  }

  /**
   * Goes to any time of the grid, by its index: onward by steps, backward by the same run from its start.
   *
   * @throws {VkernelError} as `advance`
   */
  async seek(step: number, options: StepOptions = {}): Promise<void> {
    const to = checkInteger(step, "step", 0, this.times.length - 1);
    checkOptions(options, longCall);
    checkLongCall(options);
    await this.#add(() => this.#to(to, options));
  }

  /**
   * Begins anew: at the first time, from the same start or that of another seed.
   *
   * @throws {VkernelError} as `advance`
   */
  async restart(options: RestartOptions = {}): Promise<void> {
    checkOptions(options, ["seed", ...longCall]);
    checkLongCall(options);
    const seed =
      options.seed === undefined ? undefined : checkInteger(options.seed, "seed", 0, Number.MAX_SAFE_INTEGER);
    await this.#add(async () => {
      const same = seed === undefined || seed === this.#seeded.run.seed;
      const seeded = same ? this.#seeded : await this.#begin(seed, options.signal);
      await this.#run(undefined, 0, seeded, options);
      this.#seeded = seeded;
    });
  }

  async #to(step: number, options: StepOptions): Promise<void> {
    if (step === this.#step) return;
    await this.#run(step > this.#step ? this.#step : undefined, step, this.#seeded, options);
  }

  async #run(
    from: number | undefined,
    to: number,
    seeded: Seeded<P>,
    { signal, onProgress }: StepOptions,
  ): Promise<void> {
    await this.#steps.run(this.#part(from, to, seeded), {
      signal,
      onProgress: onProgress && ((done: number, total: number) => onProgress({ done, total })),
    });
    this.#moved(to);
  }

  #part(from: number | undefined, to: number, { field, run, calledFields }: Seeded<P>): Part<P> {
    return { field, run, calledFields, from, to };
  }

  #moved(step: number): void {
    this.#step = step;
    if (this.#shown) this.#shown.fresh = false;
  }

  #check(): void {
    if (this.#ownership.disposed) {
      throw new VkernelError("E_DISPOSED", { argument: "run", message: "the live run was disposed of" });
    }
    this.#data.check();
  }

  #add(work: () => Promise<void>): Promise<void> {
    return this.#ownership.add(() => this.#data.hold(work));
  }

  /** @internal Keeps the particles where they are while something reads them. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    this.#check();
    return this.#ownership.hold(work);
  }

  #release(): void {
    this.#steps.dispose();
    this.#white?.dispose();
    if (this.#shown) this.#data.runtime.memory.free(this.#shown.pointer);
    this.#shown = undefined;
  }

  /** Gives its memory back, once a call under way is done with it. Using it afterwards is an error. */
  dispose(): void {
    if (this.#ownership.dispose()) this.engine.disown(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** What a seed stands for. */
interface Seeded<P extends Precision> {
  readonly field: ScoreField<P> | StepEstimator<P>;
  readonly run: RunSpec;
  readonly calledFields: CalledFields;
}

interface LiveParts<P extends Precision> {
  readonly errorBound: (() => number) | undefined;
  readonly notes: readonly string[];
  readonly data: Mixture<P>;
  readonly seeded: Seeded<P>;
  readonly white: Whitened<P> | undefined;
  /** How many centres of the data have been taken from the state at each time of the grid. */
  readonly shifts: readonly number[];
  readonly steps: Parts<P>;
  readonly begin: (seed: number, signal: AbortSignal | undefined) => Promise<Seeded<P>>;
}

/**
 * A run to be gone through step by step, at its first time. Dispose of it when done (`dispose()`, or `using`).
 *
 * @example
 * const live = await liveRun(exactScore(data, edm()), { sampler: heun(), grid: karras({ steps: 100 }), count: 20_000, seed: 1 });
 * while (!live.done) {
 *   await live.advance();
 *   draw(live.samples, live.t);
 * }
 * live.dispose();
 * @throws {VkernelError} E_USAGE, E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_LIMIT, E_MEMORY, E_ABORT, E_WORKER, E_DISPOSED;
 *   E_UNSUPPORTED for an ensemble with more realizations than are held at a time
 */
export async function liveRun<P extends Precision>(
  score: ScoreField<P> | StepEstimator<P> | ScoreEnsemble<P>,
  options: LiveOptions = {},
): Promise<LiveRun<P>> {
  const { run, each, rest } = checkedRun(score, options, known);
  if (rest) await rest();
  const tolerant = await tolerantOf(score, run);
  const field = tolerant?.field ?? score;
  const { data } = field;
  const { signal, onProgress } = run;
  const ensembles = field.kind === "ensemble" ? await import("./ensemble.js") : undefined;
  if (field.kind === "ensemble" && ensembles) {
    checkRealizations(ensembles.realizationsAtOnce(field), Math.ceil(run.count / each));
  }
  /** The field of a seed: the same for all, but for an ensemble. */
  const fieldOf = async (seed: number, aborting: AbortSignal | undefined) =>
    field.kind === "ensemble" && ensembles
      ? await ensembles.realize(field, {
          first: 0,
          count: Math.ceil(run.count / each),
          each,
          seed,
          signal: aborting,
        })
      : (field as ScoreField<P> | StepEstimator<P>);
  return data.hold(async () => {
    const first = await fieldOf(run.seed, signal);
    const directed = isDirected(field.process) ? await import("./directed.js") : undefined;
    const coordinates = directed?.coordinatesOf(first, run);
    const white = coordinates === "white" ? directed?.whiten(first) : undefined;
    const frames =
      directed && coordinates === "framed" ? new directed.RunFrames(data, field.process) : undefined;
    const begin = async (seed: number, aborting: AbortSignal | undefined): Promise<Seeded<P>> => {
      const seeded: RunSpec = localStart(first, { ...run, seed, signal: aborting, onProgress: undefined });
      const own = seed === run.seed ? first : await fieldOf(seed, aborting);
      if (!white || !directed) {
        const driving = directed && frames ? directed.driven(own, run) : own;
        return { field: driving, run: seeded, calledFields: await calledFieldsOf(driving) };
      }
      const inside = own === first ? white.field : white.of(own);
      const initial = await directed.whiteStart(white, seeded, own);
      return { field: inside, run: { ...seeded, initial }, calledFields: await calledFieldsOf(inside) };
    };
    let steps: Parts<P> | undefined;
    try {
      const seeded = await begin(run.seed, signal);
      const slices = new TimeSlices(signal, () => data.check());
      const compiled = await slices.run(compileProgram(seeded.field, seeded.run, frames));
      const whole = { data: seeded.field.data, compiled, frames, run: seeded.run };
      // Without Wasm, which is rare: what runs then loads with it.
      const made =
        data.engine.runtime === undefined
          ? new (await import("./plain/parts.js")).PlainParts(whole)
          : await slices.run(kernelSteps(whole));
      steps = made;
      const options = {
        signal,
        onProgress: onProgress && ((done: number, total: number) => onProgress({ done, total })),
      };
      await made.run({ ...seeded, from: undefined, to: 0 }, options);
      data.check();
      return new LiveRun({
        data,
        seeded,
        white,
        shifts: compiled.shifts,
        steps: made,
        begin,
        notes: notesOf(field, run),
        errorBound: tolerant?.errorBound,
      });
    } catch (error) {
      steps?.dispose();
      white?.dispose();
      throw error;
    }
  });
}

/** All realizations of an ensemble are there at every step. */
function checkRealizations(most: number, count: number): void {
  if (count > most) {
    throw badArgument(
      "E_UNSUPPORTED",
      "count",
      `at most ${most} realizations at a time (a larger particlesPerRealization takes fewer; sample takes any number)`,
      count,
    );
  }
}

/** Yields units of work. */
function* kernelSteps<P extends Precision>(whole: Whole<P>): Generator<number, Parts<P>, void> {
  const blocks = new Blocks(whole.data.runtime.memory);
  try {
    const { data, compiled, frames, run } = whole;
    const job = yield* uploadJob(data, compiled.program, frames, run, blocks);
    return new WasmParts(whole, job, blocks);
  } catch (error) {
    blocks.free();
    throw error;
  }
}
