import type { KernelSet } from "./abi.js";
import { integrate, settled } from "./adaptive.js";
import type { CalledField, SampleJob } from "./job.js";
import { type OpView, type OpViewHandlers, type Register, reader } from "./ops.js";
import { BrownianPath } from "./path.js";
import type { PosteriorKernels, Seen } from "./posterior.js";
import type { AdaptiveScratch, ScratchLayout } from "./scratch.js";
import { NORMAL, PATH, PIECE } from "./work.js";

/** Particles first ... first + n - 1 of a job while a program runs on them: where their registers lie. */
export class SampleBlock {
  readonly posterior: PosteriorKernels;
  /** Those of the job's precision. */
  readonly kernels: KernelSet;
  readonly job: SampleJob;
  readonly layout: ScratchLayout;
  readonly scratch: number;
  readonly first: number;
  readonly n: number;
  readonly calledFields: readonly CalledField[];
  /** The number that random numbers of the first particle are counted from. */
  readonly particle: number;
  readonly rowBytes: number;
  readonly path: BrownianPath | undefined;

  constructor(
    posterior: PosteriorKernels,
    job: SampleJob,
    layout: ScratchLayout,
    scratch: number,
    first: number,
    n: number,
    calledFields: readonly CalledField[],
  ) {
    const { bytes, width } = job.mixture;
    this.posterior = posterior;
    this.kernels = posterior.sets[bytes];
    this.job = job;
    this.layout = layout;
    this.scratch = scratch;
    this.first = first;
    this.n = n;
    this.calledFields = calledFields;
    this.particle = job.particle + first;
    this.rowBytes = width * bytes;
    this.path =
      layout.path &&
      new BrownianPath(posterior.sets[8], posterior.memory, job, layout.path, scratch, this.particle, n);
  }

  register(r: Register): number {
    return this.scratch + this.layout.registers[r];
  }

  scalarAt(r: number): number {
    return this.scratch + this.layout.scalars[r];
  }

  scalar(r: number): Float64Array {
    return this.f64(this.scalarAt(r), this.n);
  }

  /** A register's numbers, row by row with what pads them. */
  rows(r: Register): Float32Array | Float64Array {
    const { bytes, width } = this.job.mixture;
    const [at, length] = [this.register(r), this.n * width];
    return bytes === 4 ? new Float32Array(this.posterior.memory.buffer, at, length) : this.f64(at, length);
  }

  // Views are made anew each time: memory may have grown.
  f64(pointer: number, length: number): Float64Array {
    return new Float64Array(this.posterior.memory.buffer, pointer, length);
  }

  copy(to: number, from: number, bytes: number): void {
    new Uint8Array(this.posterior.memory.buffer).copyWithin(to, from, from + bytes);
  }

  /** Counts work that has been done. */
  spend(work: number): void {
    this.posterior.work += work;
  }
}

/** What is left to do of an operation, one by one: units of the job that are done, or what to wait for. */
type Pieces = Generator<number | Promise<void>, void, void> | undefined;

const handlers: OpViewHandlers<SampleBlock, Pieces> = {
  Score(op, block) {
    return look(op, block, op.trace >= 0 ? block.scalarAt(op.trace) : 0, false, undefined);
  },

  Draw(op, block) {
    const { job, scratch, layout, n } = block;
    const { draws, step, stream } = op;
    const uniforms = scratch + layout.uniforms;
    block.kernels.uniforms(
      uniforms,
      n,
      draws,
      block.particle,
      step,
      stream,
      job.seedLow,
      job.seedHigh,
      scratch + layout.words,
    );
    return look(op, block, 0, false, { out: block.register(op.out), uniforms, draws });
  },

  *Spread(op, block) {
    const { job, layout, scratch, n, posterior } = block;
    const pieces = look(op, block, 0, true, undefined);
    if (pieces) yield* pieces;
    const more = posterior.spread(job, layout, scratch, {
      out: block.register(op.out),
      points: pointsOf(op, block),
      first: block.particle,
      n,
      step: op.step,
      stream: op.stream,
    });
    if (more) yield* more;
  },

  Normal({ out, step, stream }, block) {
    const { job, scratch, layout, n } = block;
    const { dim, width } = job.mixture;
    block.kernels.normals(
      block.register(out),
      dim,
      width,
      n,
      block.particle,
      step,
      stream,
      job.seedLow,
      job.seedHigh,
      scratch + layout.words,
    );
    block.spend(NORMAL * n * dim);
    return undefined;
  },

  Supplied({ out, step }, block) {
    const { job, first, n, rowBytes } = block;
    block.copy(block.register(out), job.noise + (step * job.count + first) * rowBytes, n * rowBytes);
    return undefined;
  },

  *Path({ out, t, s, exponent }, block) {
    const { path, n, job } = block;
    if (!path) return;
    for (const _ of path.increment(block.register(out), t, s, exponent)) {
      block.spend((PATH / 2) * n * job.mixture.dim);
      yield 0;
    }
  },

  Affine({ out, terms }, block) {
    const size = block.n * block.job.mixture.width;
    block.kernels.affine(
      block.register(out),
      size,
      terms.length,
      block.register(terms.register(0)),
      terms.factor(0),
      block.register(terms.register(1)),
      terms.factor(1),
      block.register(terms.register(2)),
      terms.factor(2),
      block.register(terms.register(3)),
      terms.factor(3),
    );
    block.spend(size);
    return undefined;
  },

  Linear(op, block) {
    const { n, job } = block;
    const { dim, width } = job.mixture;
    const step = Math.max(1, Math.floor(PIECE / (0.5 * dim * width)));
    if (n > step) return multiplyInPieces(op, block, step);
    multiply(op, block, 0, n);
    return undefined;
  },

  Scalar({ out, constant, terms }, block) {
    const { n } = block;
    const sums = new Float64Array(n).fill(constant);
    for (let j = 0; j < terms.length; j++) {
      const factor = terms.factor(j);
      const term = block.scalar(terms.register(j));
      for (let i = 0; i < n; i++) sums[i] = sums[i] + factor * term[i];
    }
    block.scalar(out).set(sums);
    block.spend(8 * n);
    return undefined;
  },

  Adaptive(op, block) {
    const { job, layout, scratch, n, posterior, kernels, particle } = block;
    const { mixture } = job;
    return integrate({
      kernels,
      exp2: posterior.sets[8].exp2,
      memory: posterior.memory,
      mixture,
      scratch: layout.adaptive as AdaptiveScratch,
      base: scratch,
      state: block.register(op.x),
      n,
      from: op.from,
      to: op.to,
      rtol: op.rtol,
      atol: op.atol,
      sigma0: op.sigma0,
      size: block.scalarAt(op.size),
      evaluations: block.scalarAt(op.evaluations),
      logLikelihood: op.logLikelihood >= 0 ? block.scalarAt(op.logLikelihood) : 0,
      table: scratch + layout.table,
      called: op.field >= 0 ? block.calledFields[op.field].slopes : undefined,
      particle,
      posterior: (y, k, mean, rows, trace) =>
        posterior.seen(job, layout, scratch, {
          y,
          k,
          kStride: 8,
          points: mixture.points,
          mean,
          n: rows,
          trace,
        }),
    });
  },

  *Call(op, block) {
    const { n, particle, job } = block;
    const { dim, width } = job.mixture;
    const { score, trace } = block.calledFields[op.field];
    const x = new Float64Array(n * dim);
    const from = block.rows(op.x);
    for (let i = 0; i < n; i++) x.set(from.subarray(i * width, i * width + dim), i * dim);
    const values = yield* settled(score(x, op.t, particle));
    const to = block.rows(op.out);
    for (let i = 0; i < n; i++) to.set(values.subarray(i * dim, (i + 1) * dim), i * width);
    block.spend(4 * n * width);
    if (trace && op.trace >= 0) {
      const traces = yield* settled(trace(x, op.t, particle));
      block.scalar(op.trace).set(traces);
    }
  },

  Fill({ out, row }, block) {
    const { n, rowBytes } = block;
    for (let i = 0; i < n; i++) block.copy(block.register(out) + i * rowBytes, row, rowBytes);
    block.spend(n * block.job.mixture.width);
    return undefined;
  },

  Record({ x, slot }, block) {
    const { job, first, n, rowBytes } = block;
    block.spend(n * job.mixture.width);
    block.copy(job.record + (slot * job.count + first) * rowBytes, block.register(x), n * rowBytes);
    return undefined;
  },
};

/** Runs an operation of a job on a block, by its number. */
export const opsOn = reader(handlers);

type Look = OpView<"Score"> | OpView<"Draw"> | OpView<"Spread">;

const pointsOf = ({ points }: Look, { job }: SampleBlock): number => points || job.mixture.points;

/** The weighted means of the points seen from a register, and what else is wanted of them. */
function look(
  op: Look,
  block: SampleBlock,
  trace: number,
  covariance: boolean,
  draw: Seen["draw"],
): Generator<number, void, void> | undefined {
  const { job, layout, scratch, n, kernels } = block;
  const { x, mean, k, inverseAlpha } = op;
  let y = block.register(x);
  if (inverseAlpha !== 1) {
    y = scratch + layout.scaled;
    const size = n * job.mixture.width;
    kernels.affine(y, size, 1, block.register(x), inverseAlpha, 0, 0, 0, 0, 0, 0);
  }
  const level = scratch + layout.level;
  block.f64(level, 1)[0] = k;
  return block.posterior.seen(job, layout, scratch, {
    y,
    k: level,
    kStride: 0,
    points: pointsOf(op, block),
    mean: block.register(mean),
    n,
    trace,
    covariance,
    draw,
  });
}

/** Rows first ... first + count - 1 times a matrix. */
function multiply(
  { out, x, matrix }: OpView<"Linear">,
  block: SampleBlock,
  first: number,
  count: number,
): void {
  const { dim, width } = block.job.mixture;
  const skip = first * block.rowBytes;
  const sums = block.scratch + block.layout.sums;
  block.kernels.linear(block.register(out) + skip, block.register(x) + skip, matrix, sums, count, dim, width);
  block.spend(0.5 * count * dim * width);
}

function* multiplyInPieces(
  op: OpView<"Linear">,
  block: SampleBlock,
  step: number,
): Generator<number, void, void> {
  for (let row = 0; row < block.n; row += step) {
    const rows = Math.min(step, block.n - row);
    multiply(op, block, row, rows);
    if (row + rows < block.n) yield 0;
  }
}
