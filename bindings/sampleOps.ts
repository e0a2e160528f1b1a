import type { KernelSet } from "./abi.js";
import { integrate, settled } from "./adaptive.js";
import type { CalledField, SampleJob } from "./job.js";
import { type OpView, type OpViewHandlers, type Register, reader } from "./ops.js";
import { BrownianPath } from "./path.js";
import type { Posterior, Seen } from "./posterior.js";
import type { AdaptiveScratch, ScratchLayout } from "./scratch.js";
import { NORMAL, PATH, PIECE, type WorkCount } from "./work.js";

/** What a block of particles is worked on with. */
export interface BlockOptions {
  /** The kernels of the job's precision, and those of float64. */
  readonly kernels: KernelSet;
  readonly kernels64: KernelSet;
  readonly memory: WebAssembly.Memory;
  readonly posterior: Posterior;
  readonly work: WorkCount;
  readonly calledFields: readonly CalledField[];
  readonly job: SampleJob;
  readonly layout: ScratchLayout;
  readonly scratch: number;
  /** The first particle of the block among those of the job, and how many there are. */
  readonly first: number;
  readonly n: number;
}

/** Particles first ... first + n - 1 of a job while a program runs on them: where their registers lie. */
export interface SampleBlock extends BlockOptions {
  /** The number that random numbers of the first particle are counted from. */
  readonly particle: number;
  readonly rowBytes: number;
  readonly blockBytes: number;
  readonly path: BrownianPath | undefined;
  register(r: Register): number;
  scalarAt(r: number): number;
  scalar(r: number): Float64Array;
  /** A register's numbers, row by row with what pads them. */
  rows(r: Register): Float32Array | Float64Array;
  f64(pointer: number, length: number): Float64Array;
  copy(to: number, from: number, bytes: number): void;
}

export function sampleBlock(options: BlockOptions): SampleBlock {
  const { job, layout, scratch, first, n, memory, kernels64 } = options;
  const { bytes, width } = job.mixture;
  const particle = job.particle + first;
  const register = (r: Register): number => scratch + layout.registers[r];
  const scalarAt = (r: number): number => scratch + layout.scalars[r];
  // Views are made anew each time: memory may have grown.
  const f64 = (pointer: number, length: number) => new Float64Array(memory.buffer, pointer, length);
  return {
    ...options,
    particle,
    rowBytes: width * bytes,
    blockBytes: n * width * bytes,
    path: layout.path && new BrownianPath(kernels64, memory, job, layout.path, scratch, particle, n),
    register,
    scalarAt,
    scalar: (r) => f64(scalarAt(r), n),
    rows: (r) =>
      bytes === 4 ? new Float32Array(memory.buffer, register(r), n * width) : f64(register(r), n * width),
    f64,
    copy(to, from, length) {
      new Uint8Array(memory.buffer).copyWithin(to, from, from + length);
    },
  };
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
    block.work.units += NORMAL * n * dim;
    return undefined;
  },

  Supplied({ out, step }, block) {
    const { job, first, rowBytes, blockBytes } = block;
    block.copy(block.register(out), job.noise + (step * job.count + first) * rowBytes, blockBytes);
    return undefined;
  },

  *Path({ out, t, s, exponent }, block) {
    const { path, n, work, job } = block;
    if (!path) return;
    for (const _ of path.increment(block.register(out), t, s, exponent)) {
      work.units += (PATH / 2) * n * job.mixture.dim;
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
    block.work.units += size;
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
    block.work.units += 8 * n;
    return undefined;
  },

  Adaptive(op, block) {
    const { job, layout, scratch, n, posterior, kernels, kernels64, memory, particle } = block;
    const { mixture } = job;
    return integrate({
      kernels,
      exp2: kernels64.exp2,
      memory,
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
    const { n, particle, work, job } = block;
    const { dim, width } = job.mixture;
    const { score, trace } = block.calledFields[op.field];
    const x = new Float64Array(n * dim);
    const from = block.rows(op.x);
    for (let i = 0; i < n; i++) x.set(from.subarray(i * width, i * width + dim), i * dim);
    const values = yield* settled(score(x, op.t, particle));
    const to = block.rows(op.out);
    for (let i = 0; i < n; i++) to.set(values.subarray(i * dim, (i + 1) * dim), i * width);
    work.units += 4 * n * width;
    if (trace && op.trace >= 0) {
      const traces = yield* settled(trace(x, op.t, particle));
      block.scalar(op.trace).set(traces);
    }
  },

  Fill({ out, row }, block) {
    const { n, rowBytes } = block;
    for (let i = 0; i < n; i++) block.copy(block.register(out) + i * rowBytes, row, rowBytes);
    block.work.units += n * block.job.mixture.width;
    return undefined;
  },

  Record({ x, slot }, block) {
    const { job, first, n, rowBytes, blockBytes } = block;
    block.work.units += n * job.mixture.width;
    block.copy(job.record + (slot * job.count + first) * rowBytes, block.register(x), blockBytes);
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
  block.work.units += 0.5 * count * dim * width;
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
