import { type Carried, carriedAcross } from "../../bindings/carry.js";
import { OP_WIDTH, type Op, type SampleJob, Scalar } from "../../bindings/job.js";
import { aborted, runAtOnce, Turns } from "../core/scheduler.js";
import type { Mixture, Numbers, Precision } from "../data/mixture.js";
import { VkernelError } from "../errors.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import type { Frames } from "./frames.js";
import { Blocks, uploadJob, writeStart } from "./kernelRun.js";
import { batchOf, type Block, opWork, referenceOps, startBlock } from "./referenceRun.js";
import type { Run } from "./run.js";
import { checkEnds, checkEvaluations, type Written } from "./written.js";
import { callsOf, isCalled } from "./called.js";

/** Steps of a run that are made at a time, of a field or an estimator whose program they belong to. */
export interface Part<P extends Precision> {
  readonly field: ScoreField<P> | StepEstimator<P>;
  readonly run: Run;
  /** The time of the grid to go on from; undefined: from the start, which is drawn anew. */
  readonly from: number | undefined;
  readonly to: number;
}

export interface PartOptions {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

/** A program run part by part, with what its particles know between parts. Work that fails changes nothing. */
export interface Steps<P extends Precision> {
  run(part: Part<P>, options: PartOptions): Promise<void>;
  runSync(part: Part<P>): void;
  /** A copy of the states, `[count, dim]`. */
  read(): Numbers<P>;
  /** Where they lie in Wasm memory; undefined without Wasm. */
  readonly pointer: number | undefined;
  dispose(): void;
}

/** What a program is, however it is run. */
interface Whole<P extends Precision> {
  readonly data: Mixture<P>;
  readonly written: Written;
  readonly frames: Frames | undefined;
  readonly run: Run;
}

/** Yields units of work. */
export function* makeSteps<P extends Precision>(whole: Whole<P>): Generator<number, Steps<P>, void> {
  if (whole.data.engine.runtime === undefined) return new ReferenceSteps(whole);
  const blocks = new Blocks(whole.data.runtime.memory);
  try {
    const { data, written, frames, run } = whole;
    const job = yield* uploadJob(data, written.program, frames, run, blocks);
    return new KernelSteps(whole, job, blocks);
  } catch (error) {
    blocks.free();
    throw error;
  }
}

const waits = (): VkernelError =>
  new VkernelError("E_UNSUPPORTED", {
    argument: "advanceSync",
    expected: "advance, which waits, for a field whose score is computed on the pool",
    got: "advanceSync",
  });

/** States and what else lives between parts, in Wasm memory. */
interface Kept {
  readonly state: number;
  readonly carried: ReadonlyMap<string, number>;
}

const nameOf = ({ register, scalar }: Carried): string => `${scalar ? "scalar" : "register"} ${register}`;

/** On the kernels: every part reads one of two sets of buffers and writes the other. */
class KernelSteps<P extends Precision> implements Steps<P> {
  readonly #data: Mixture<P>;
  readonly #cuts: readonly number[];
  readonly #blocks: Blocks;
  readonly #job: SampleJob;
  /** What a program that stops at a cut has to keep. */
  readonly #carried: readonly Carried[][];
  #now: Kept;
  #spare: Kept;

  constructor({ data, written, run }: Whole<P>, job: SampleJob, blocks: Blocks) {
    const { program, cuts } = written;
    const { layout } = data;
    this.#data = data;
    this.#cuts = cuts;
    this.#carried = carriedAcross(program.ops, cuts);
    this.#blocks = blocks;
    this.#job = job;
    const all = new Map(this.#carried.flat().map((one) => [nameOf(one), one]));
    const rowBytes = layout.width * layout.bytes;
    const keep = (): Kept => ({
      state: this.#blocks.take(run.count * rowBytes, "count"),
      carried: new Map(
        Array.from(all, ([name, { scalar }]) => [
          name,
          this.#blocks.take(run.count * (scalar ? 8 : rowBytes), "count"),
        ]),
      ),
    });
    this.#now = keep();
    this.#spare = keep();
  }

  get pointer(): number {
    return this.#now.state;
  }

  async run(part: Part<P>, options: PartOptions): Promise<void> {
    const calls = callsOf(part.field);
    const turns = new Turns(options.signal, () => this.#data.check());
    if (part.run.count > 0) {
      const job = await turns.run(this.#jobOf(part));
      await this.#data.runtime.run(job, { ...options, calls });
    }
    this.#commit(part);
  }

  runSync(part: Part<P>): void {
    const calls = callsOf(part.field);
    if (part.run.count > 0) this.#data.runtime.runSync(runAtOnce(this.#jobOf(part)), calls, waits);
    this.#commit(part);
  }

  *#jobOf({ run, from, to }: Part<P>): Generator<number, SampleJob, void> {
    const at = (kept: Kept, step: number) =>
      (this.#carried[step] as Carried[]).map((one) => ({
        ...one,
        at: kept.carried.get(nameOf(one)) as number,
      }));
    const [now, spare] = [this.#now, this.#spare];
    if (from === undefined) yield* writeStart(this.#data, spare.state, run);
    const first = from === undefined ? 0 : (this.#cuts[from] as number);
    return {
      ...this.#job,
      seedLow: run.seed >>> 0,
      seedHigh: Math.floor(run.seed / 2 ** 32),
      ops: this.#opsOf(first, this.#cuts[to] as number),
      state: (from === undefined ? spare : now).state,
      end: spare.state,
      loads: from === undefined ? [] : at(now, from),
      saves: at(spare, to),
    };
  }

  #opsOf(first: number, last: number): Float64Array {
    const { ops } = this.#job;
    const [from, to] = [first * OP_WIDTH, last * OP_WIDTH];
    // Of one that is not shared a part of its own: a view would be posted with all that is behind it.
    return this.#data.runtime.memory.shared ? ops.subarray(from, to) : ops.slice(from, to);
  }

  /** Takes what a part has made for the present, unless something is wrong with it. */
  #commit({ field, run }: Part<P>): void {
    const { count } = run;
    const { layout, dim } = this.#data;
    const made = this.#spare;
    const evaluations = made.carried.get(nameOf({ register: Scalar.Evaluations, scalar: true }));
    if (evaluations !== undefined) {
      checkEvaluations(this.#data.runtime.memory.f64(evaluations, count) as Float64Array);
    }
    if (isCalled(field)) {
      checkEnds(this.#data.readRows(made.state, count, dim, layout.width), dim);
    }
    [this.#now, this.#spare] = [made, this.#now];
  }

  read(): Numbers<P> {
    const { width } = this.#job.mixture;
    return this.#data.readRows(this.#now.state, this.#job.count, this.#data.dim, width);
  }

  dispose(): void {
    this.#blocks.free();
  }
}

/** By the reference's functions: float64 in every register, whatever the precision. */
class ReferenceSteps<P extends Precision> implements Steps<P> {
  readonly #whole: Whole<P>;
  readonly pointer = undefined;
  #blocks: Block[] = [];

  constructor(whole: Whole<P>) {
    this.#whole = whole;
  }

  async run(part: Part<P>, { signal, onProgress }: PartOptions): Promise<void> {
    const { data } = this.#whole;
    const blocks = this.#blocksOf(part);
    const ops = this.#opsOf(part);
    const turns = new Turns(signal, () => data.check());
    let done = 0;
    if (signal?.aborted) throw aborted(signal);
    for (const { later, work } of this.#work(part, blocks, ops)) {
      if (later) await later;
      done++;
      const wait = turns.take(work);
      if (!wait) continue;
      await wait;
      if (onProgress) turns.tell(() => onProgress(done, blocks.length * ops.length));
    }
    if (onProgress) turns.tell(() => onProgress(done, done));
    await turns.end();
    this.#commit(part, blocks);
  }

  runSync(part: Part<P>): void {
    const blocks = this.#blocksOf(part);
    for (const { later } of this.#work(part, blocks, this.#opsOf(part))) {
      if (!later) continue;
      later.catch(() => {});
      throw waits();
    }
    this.#commit(part, blocks);
  }

  /** Blocks to work on: fresh ones, or copies of those there are. */
  #blocksOf({ run, from }: Part<P>): Block[] {
    const { data, written } = this.#whole;
    if (from === undefined) {
      const batch = batchOf(data);
      return Array.from({ length: Math.ceil(run.count / batch) }, (_, i) =>
        startBlock(data, written.program, run, i * batch),
      );
    }
    return this.#blocks.map(({ registers, scalars, ...rest }) => ({
      ...rest,
      registers: registers.map((values) => values.slice()),
      scalars: scalars.map((values) => values.slice()),
    }));
  }

  #opsOf({ from, to }: Part<P>): Op[] {
    const { cuts, program } = this.#whole.written;
    return program.ops.slice(from === undefined ? 0 : (cuts[from] as number), cuts[to]);
  }

  *#work(
    { field, run }: Part<P>,
    blocks: Block[],
    ops: Op[],
  ): Generator<{ later: Promise<void> | undefined; work: number }> {
    const runOp = referenceOps(field, this.#whole.data, this.#whole.frames, run);
    for (const block of blocks) {
      for (const op of ops) yield { later: runOp(op, block), work: block.n * opWork(this.#whole.data, op) };
    }
  }

  #commit({ field }: Part<P>, blocks: Block[]): void {
    for (const { scalars } of blocks) checkEvaluations(scalars[Scalar.Evaluations] as Float64Array);
    if (isCalled(field)) checkEnds(this.#rows(blocks), this.#whole.data.dim);
    this.#blocks = blocks;
  }

  #rows(blocks: Block[]): Numbers<P> {
    const { data, run } = this.#whole;
    const out = data.array(run.count * data.dim);
    for (const { first, registers } of blocks) out.set(registers[0] as Float64Array, first * data.dim);
    return out;
  }

  read(): Numbers<P> {
    return this.#rows(this.#blocks);
  }

  dispose(): void {
    this.#blocks = [];
  }
}
