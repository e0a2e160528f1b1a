import { type Op, Scalar } from "../../../bindings/ops.js";
import { aborted, TimeSlices } from "../../core/scheduler.js";
import type { Numbers, Precision } from "../../data/mixture.js";
import { isCalled } from "../calledFields.js";
import { type Block, opWork, plainOps } from "./ops.js";
import { batchOf, startBlock } from "./run.js";
import { type Part, type PartOptions, type Parts, waits, type Whole } from "../parts.js";
import { checkEnds, checkEvaluations } from "../compile.js";

/** By the reference's functions: float64 in every register, whatever the precision. */
export class PlainParts<P extends Precision> implements Parts<P> {
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
    const slices = new TimeSlices(signal, () => data.check());
    let done = 0;
    if (signal?.aborted) throw aborted(signal);
    for (const { later, work } of this.#work(part, blocks, ops, signal)) {
      if (later) await later;
      done++;
      const wait = slices.spend(work);
      if (!wait) continue;
      await wait;
      if (onProgress) slices.report(() => onProgress(done, blocks.length * ops.length));
    }
    if (onProgress) slices.report(() => onProgress(done, done));
    await slices.settle();
    this.#commit(part, blocks);
  }

  runSync(part: Part<P>): void {
    const blocks = this.#blocksOf(part);
    for (const { later } of this.#work(part, blocks, this.#opsOf(part), undefined)) {
      if (!later) continue;
      later.catch(() => {});
      throw waits();
    }
    this.#commit(part, blocks);
  }

  /** Blocks to work on: fresh ones, or copies of those there are. */
  #blocksOf({ run, from }: Part<P>): Block[] {
    const { data, compiled } = this.#whole;
    if (from === undefined) {
      const batch = batchOf(data);
      return Array.from({ length: Math.ceil(run.count / batch) }, (_, i) =>
        startBlock(data, compiled.program, run, i * batch),
      );
    }
    return this.#blocks.map(({ registers, scalars, ...rest }) => ({
      ...rest,
      registers: registers.map((values) => values.slice()),
      scalars: scalars.map((values) => values.slice()),
    }));
  }

  #opsOf({ from, to }: Part<P>): Op[] {
    const { cuts, program } = this.#whole.compiled;
    return program.ops.slice(from === undefined ? 0 : cuts[from], cuts[to]);
  }

  *#work(
    { calledFields, run }: Part<P>,
    blocks: Block[],
    ops: Op[],
    signal: AbortSignal | undefined,
  ): Generator<{ later: Promise<void> | undefined; work: number }> {
    const runOp = plainOps(calledFields(signal), this.#whole.data, this.#whole.frames, run);
    for (const block of blocks) {
      for (const op of ops) yield { later: runOp(op, block), work: block.n * opWork(this.#whole.data, op) };
    }
  }

  #commit({ field }: Part<P>, blocks: Block[]): void {
    for (const { scalars } of blocks) checkEvaluations(scalars[Scalar.Evaluations]);
    if (isCalled(field)) checkEnds(this.#rows(blocks), this.#whole.data.dim);
    this.#blocks = blocks;
  }

  #rows(blocks: Block[]): Numbers<P> {
    const { data, run } = this.#whole;
    const out = data.array(run.count * data.dim);
    for (const { first, registers } of blocks) out.set(registers[0], first * data.dim);
    return out;
  }

  read(): Numbers<P> {
    return this.#rows(this.#blocks);
  }

  dispose(): void {
    this.#blocks = [];
  }
}
