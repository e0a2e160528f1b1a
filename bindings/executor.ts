import type { Abi, KernelSet } from "./abi.js";
import { runDense } from "./dense.js";
import type { CalledField, CarriedAt, Job, PointsJob, SampleJob } from "./job.js";
import { OP_WIDTH, SCALAR_OUTPUTS } from "./ops.js";
import { PosteriorKernels } from "./posterior.js";
import { opsOn, SampleBlock } from "./sampleOps.js";
import { type ScratchLayout, scratchLayout } from "./scratch.js";

/**
 * Runs blocks of jobs on one instance of the kernels: in a worker or on the calling thread.
 * It owns no memory; `scratch` is the start of a region of `scratchLayout(job).bytes`.
 */
export class Executor {
  readonly #posterior: PosteriorKernels;
  /** The job of the block before, whose scratch is laid out once. */
  #last: { job: PointsJob; layout: ScratchLayout } | undefined;

  constructor(exports: Abi, memory: WebAssembly.Memory) {
    this.#posterior = new PosteriorKernels(exports, memory);
  }

  /** Units of work done so far, by `work.ts`. */
  get work(): number {
    return this.#posterior.work;
  }

  readonly #spent = (work: number): void => {
    this.#posterior.work += work;
  };

  kernels(bytes: 4 | 8): KernelSet {
    return this.#posterior.sets[bytes];
  }

  /** Runs one block; yields the units of work done (`jobUnits`) now and then, where the caller may stop. */
  *run(
    job: Job,
    block: number,
    scratch: number,
    calledFields: readonly CalledField[] = [],
  ): Generator<number | Promise<void>, void, void> {
    const first = block * job.block;
    const n = Math.min(job.block, job.count - first);
    if (job.kind === "dense") {
      yield* runDense(this.#posterior.sets[8], job, first, n, scratch, this.#spent);
      return;
    }
    if (this.#last?.job !== job) this.#last = { job, layout: scratchLayout(job) };
    const { layout } = this.#last;
    if (job.kind === "score") {
      const pieces = this.#posterior.score(job, first, n, scratch, layout);
      if (pieces) yield* pieces;
      yield 1;
      return;
    }
    yield* this.#sample(job, new SampleBlock(this.#posterior, job, layout, scratch, first, n, calledFields));
  }

  *#sample(job: SampleJob, block: SampleBlock): Generator<number | Promise<void>, void, void> {
    const { first, n, rowBytes } = block;
    const blockBytes = n * rowBytes;
    const { dim, width } = job.mixture;
    // Padding must be zero in every register: it takes part in distances.
    if (width > dim) {
      const start = block.register(0);
      const end = block.register(job.registers - 1) + job.block * rowBytes;
      new Uint8Array(this.#posterior.memory.buffer).fill(0, start, end);
    }
    for (let r = 0; r < job.scalars; r++) block.scalar(r).fill(0);
    block.copy(block.register(0), job.state + first * rowBytes, blockBytes);
    const carried = ({ scalar, register: r, at }: CarriedAt) =>
      scalar
        ? { inside: block.scalarAt(r), outside: at + 8 * first, size: 8 * n }
        : { inside: block.register(r), outside: at + first * rowBytes, size: blockBytes };
    for (const one of job.loads) {
      const { inside, outside, size } = carried(one);
      block.copy(inside, outside, size);
    }
    const runOp = opsOn(job.ops, block);
    for (let i = 0; i * OP_WIDTH < job.ops.length; i++) {
      const pieces = runOp(i);
      if (pieces) yield* pieces;
      yield 1;
    }
    block.copy(job.end + first * rowBytes, block.register(0), blockBytes);
    for (const one of job.saves) {
      const { inside, outside, size } = carried(one);
      block.copy(outside, inside, size);
    }
    for (let r = 0; job.outputs && r < SCALAR_OUTPUTS; r++) {
      block.copy(job.outputs + 8 * (r * job.count + first), block.scalarAt(r), 8 * n);
    }
  }
}
