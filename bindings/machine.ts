import { type Abi, type Kernel, type KernelSet, kernelSet } from "./abi.js";
import { integrate } from "./adaptive.js";
import type { CarriedAt } from "./carry.js";
import { runDense } from "./dense.js";
import { isThenable } from "./host.js";
import {
  factorFree,
  type Job,
  type MixtureLayout,
  OP_WIDTH,
  OpCode,
  type PointsJob,
  type RowFunction,
  SCALAR_OUTPUTS,
  type SampleJob,
  Scalar,
  type ScoreJob,
  type ScratchLayout,
  scratchLayout,
} from "./job.js";
import { BrownianPath } from "./path.js";

/**
 * Runs blocks of jobs on one instance of the kernels: in a worker or on the calling thread.
 * It owns no memory; `scratch` is the start of a region of `scratchLayout(job).bytes`.
 */
export class Machine {
  readonly #sets: { 4: KernelSet; 8: KernelSet };
  readonly #memory: WebAssembly.Memory;
  /** The job of the block before, whose scratch is laid out once. */
  #last: { job: PointsJob; layout: ScratchLayout } | undefined;

  constructor(exports: Abi, memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#sets = { 4: kernelSet(exports, 4), 8: kernelSet(exports, 8) };
  }

  kernels(bytes: 4 | 8): KernelSet {
    return this.#sets[bytes];
  }

  /** Runs one block; yields the units of work done (`jobUnits`) now and then, where the caller may stop. */
  *run(
    job: Job,
    block: number,
    scratch: number,
    calls: readonly RowFunction[] = [],
  ): Generator<number | Promise<void>, void, void> {
    const first = block * job.block;
    const n = Math.min(job.block, job.count - first);
    if (job.kind === "dense") {
      yield* runDense(this.#sets[8], job, first, n, scratch);
      return;
    }
    if (this.#last?.job !== job) this.#last = { job, layout: scratchLayout(job) };
    const { layout } = this.#last;
    if (job.kind === "score") {
      this.#score(job, first, n, scratch, layout);
      yield 1;
    } else {
      yield* this.#sample(job, first, n, scratch, layout, calls);
    }
  }

  #copy(to: number, from: number, bytes: number): void {
    // The view is made anew each time: memory may have grown.
    new Uint8Array(this.#memory.buffer).copyWithin(to, from, from + bytes);
  }

  #score(job: ScoreJob, first: number, n: number, scratch: number, layout: ScratchLayout): void {
    const { mixture } = job;
    const { bytes, dim, width, size, points, logWeights } = mixture;
    const kernels = this.#sets[bytes];
    const queries = job.queries + first * width * bytes;
    const k = job.k + first * job.kStride;
    const mean = job.mean + first * dim * bytes;
    const stats = job.stats && job.stats + first * 32;
    const weights = job.weights && job.weights + first * size * bytes;
    if (dim <= 3) {
      const covariance = job.covariance && job.covariance + first * ((dim * (dim + 1)) / 2) * bytes;
      lanesKernel(kernels, dim)(
        mean,
        stats,
        covariance,
        weights,
        0,
        0,
        0,
        scratch + layout.lanes,
        queries,
        k,
        job.kStride,
        points,
        logWeights,
        n,
        size,
      );
      return;
    }
    const tile = layout.tile as NonNullable<ScratchLayout["tile"]>;
    this.#tile(mixture, queries, width, k, job.kStride, mean, dim, n, scratch, layout, stats !== 0);
    if (stats) this.#copy(stats, scratch + tile.stats, n * 32);
    if (weights) {
      kernels.normalise(weights, scratch + tile.weights, tile.stride, scratch + tile.stats, n, size);
    }
    if (job.covariance) {
      kernels.covariance(
        job.covariance + first * dim * dim * 8,
        scratch + tile.row,
        scratch + tile.total,
        scratch + tile.weights,
        tile.stride,
        scratch + tile.stats,
        points,
        n,
        size,
        dim,
        width,
      );
    }
    if (job.trace) {
      // Distances to the mean take the place of those to the queries.
      const centre = scratch + layout.scaled;
      new Uint8Array(this.#memory.buffer).fill(0, centre, centre + n * width * bytes);
      for (let i = 0; i < n; i++) this.#copy(centre + i * width * bytes, mean + i * dim * bytes, dim * bytes);
      kernels.distances(scratch + tile.d2, tile.stride, centre, width, points, n, mixture.rows, width);
      kernels.averageDistance(
        job.trace + first * 8,
        scratch + tile.d2,
        scratch + tile.weights,
        tile.stride,
        scratch + tile.stats,
        n,
        size,
      );
    }
  }

  /** Distances, weights and mean of n queries (dim >= 4), into the tile's scratch and `mean`. */
  #tile(
    mixture: MixtureLayout,
    queries: number,
    queryWidth: number,
    k: number,
    kStride: number,
    mean: number,
    meanStride: number,
    n: number,
    scratch: number,
    layout: ScratchLayout,
    full: boolean,
  ): void {
    const { bytes, dim, width, size, rows, points, logWeights } = mixture;
    const kernels = this.#sets[bytes];
    const tile = layout.tile as NonNullable<ScratchLayout["tile"]>;
    kernels.distances(scratch + tile.d2, tile.stride, queries, queryWidth, points, n, rows, width);
    kernels.relativeWeights(
      scratch + tile.weights,
      scratch + tile.stats,
      scratch + layout.table,
      scratch + tile.d2,
      tile.stride,
      k,
      kStride,
      logWeights,
      n,
      size,
      full ? 1 : 0,
    );
    kernels.average(
      mean,
      meanStride,
      scratch + tile.total,
      scratch + tile.weights,
      tile.stride,
      scratch + tile.stats,
      points,
      n,
      size,
      width,
      dim,
    );
  }

  *#sample(
    job: SampleJob,
    first: number,
    n: number,
    scratch: number,
    layout: ScratchLayout,
    calls: readonly RowFunction[],
  ): Generator<number | Promise<void>, void, void> {
    const { mixture } = job;
    const { bytes, dim, width } = mixture;
    const kernels = this.#sets[bytes];
    const rowBytes = width * bytes;
    const blockBytes = n * rowBytes;
    const register = (r: number): number => scratch + (layout.registers[r] as number);
    const level = scratch + layout.level;
    const f64 = (pointer: number, length: number): Float64Array =>
      new Float64Array(this.#memory.buffer, pointer, length);
    const scalar = (r: number): Float64Array => f64(scratch + (layout.scalars[r] as number), n);
    // Padding must be zero in every register: it takes part in distances.
    if (width > dim) {
      const start = register(0);
      new Uint8Array(this.#memory.buffer).fill(0, start, register(job.registers - 1) + job.block * rowBytes);
    }
    for (let r = 0; r < job.scalars; r++) scalar(r).fill(0);
    this.#copy(register(0), job.state + first * rowBytes, blockBytes);
    const carried = ({ scalar, register: r, at }: CarriedAt) =>
      scalar
        ? { inside: scratch + (layout.scalars[r] as number), outside: at + 8 * first, size: 8 * n }
        : { inside: register(r), outside: at + first * rowBytes, size: blockBytes };
    for (const one of job.loads) {
      const { inside, outside, size } = carried(one);
      this.#copy(inside, outside, size);
    }
    const path =
      layout.path &&
      new BrownianPath(this.#sets[8], this.#memory, job, layout.path, scratch, job.particle + first, n);
    const particle = job.particle + first;
    const { ops } = job;
    for (let at = 0; at < ops.length; at += OP_WIDTH) {
      const field = (i: number): number => ops[at + i] as number;
      const code = field(0);
      switch (code) {
        case OpCode.Score:
        case OpCode.Draw:
        case OpCode.Spread: {
          let y = register(field(1));
          if (field(4) !== 1) {
            y = scratch + layout.scaled;
            kernels.affine(y, n * width, 1, register(field(1)), field(4), 0, 0, 0, 0, 0, 0);
          }
          f64(level, 1)[0] = field(3);
          const mean = register(field(2));
          const points = field(5) || mixture.points;
          if (code === OpCode.Score) {
            const trace = field(6) >= 0 ? scratch + (layout.scalars[field(6)] as number) : 0;
            this.#posterior(job, layout, scratch, { y, k: level, kStride: 0, points, mean, n, trace });
          } else if (code === OpCode.Draw) {
            const draws = field(7);
            const uniforms = scratch + layout.uniforms;
            kernels.uniforms(
              uniforms,
              n,
              draws,
              particle,
              field(8),
              field(9),
              job.seedLow,
              job.seedHigh,
              scratch + layout.words,
            );
            const draw = { out: register(field(6)), uniforms, draws };
            this.#posterior(job, layout, scratch, { y, k: level, kStride: 0, points, mean, n, draw });
          } else {
            this.#posterior(job, layout, scratch, {
              y,
              k: level,
              kStride: 0,
              points,
              mean,
              n,
              covariance: true,
            });
            this.#spread(job, layout, scratch, {
              out: register(field(6)),
              points,
              first: particle,
              n,
              step: field(7),
              stream: field(8),
            });
          }
          break;
        }
        case OpCode.Normal:
          kernels.normals(
            register(field(1)),
            dim,
            width,
            n,
            particle,
            field(2),
            field(3),
            job.seedLow,
            job.seedHigh,
            scratch + layout.words,
          );
          break;
        case OpCode.Given:
          this.#copy(register(field(1)), job.noise + (field(2) * job.count + first) * rowBytes, blockBytes);
          break;
        case OpCode.Path:
          path?.increment(register(field(1)), field(2), field(3), field(4));
          break;
        case OpCode.Affine:
          kernels.affine(
            register(field(1)),
            n * width,
            field(2),
            register(field(3)),
            field(4),
            register(field(5)),
            field(6),
            register(field(7)),
            field(8),
            register(field(9)),
            field(10),
          );
          break;
        case OpCode.Linear:
          kernels.linear(
            register(field(1)),
            register(field(2)),
            field(3),
            scratch + layout.sums,
            n,
            dim,
            width,
          );
          break;
        case OpCode.Scalar: {
          const sums = new Float64Array(n).fill(field(2));
          for (let j = 3; j < OP_WIDTH; j += 2) {
            const factor = field(j + 1);
            if (factor === 0) continue;
            const term = scalar(field(j));
            for (let i = 0; i < n; i++) sums[i] = (sums[i] as number) + factor * (term[i] as number);
          }
          scalar(field(1)).set(sums);
          break;
        }
        case OpCode.Adaptive:
          yield* integrate({
            kernels,
            exp2: this.#sets[8].exp2,
            memory: this.#memory,
            mixture,
            scratch: layout.adaptive as NonNullable<ScratchLayout["adaptive"]>,
            base: scratch,
            state: register(field(1)),
            n,
            from: field(2),
            to: field(3),
            rtol: field(4),
            atol: field(5),
            sigma0: field(6),
            size: scratch + (layout.scalars[field(7)] as number),
            evaluations: scratch + (layout.scalars[Scalar.Evaluations] as number),
            density: field(8) === 1 ? scratch + (layout.scalars[Scalar.LogDensity] as number) : 0,
            table: scratch + layout.table,
            posterior: (y, k, mean, rows, trace) =>
              this.#posterior(job, layout, scratch, {
                y,
                k,
                kStride: 8,
                points: mixture.points,
                mean,
                n: rows,
                trace,
              }),
          });
          break;
        case OpCode.Call: {
          const numbers = (r: number): Float32Array | Float64Array =>
            bytes === 4
              ? new Float32Array(this.#memory.buffer, register(r), n * width)
              : new Float64Array(this.#memory.buffer, register(r), n * width);
          const x = new Float64Array(n * dim);
          const from = numbers(field(1));
          for (let i = 0; i < n; i++) x.set(from.subarray(i * width, i * width + dim), i * dim);
          const given = (calls[field(4)] as RowFunction)(x, field(3), particle);
          let values = given as Float64Array;
          if (isThenable(given)) {
            yield Promise.resolve(given).then((later) => {
              values = later;
            });
          }
          const to = numbers(field(2));
          for (let i = 0; i < n; i++) to.set(values.subarray(i * dim, (i + 1) * dim), i * width);
          break;
        }
        case OpCode.Record:
          this.#copy(job.record + (field(2) * job.count + first) * rowBytes, register(field(1)), blockBytes);
          break;
      }
      yield 1;
    }
    this.#copy(job.end + first * rowBytes, register(0), blockBytes);
    for (const one of job.saves) {
      const { inside, outside, size } = carried(one);
      this.#copy(outside, inside, size);
    }
    for (let r = 0; job.outputs && r < SCALAR_OUTPUTS; r++) {
      this.#copy(job.outputs + 8 * (r * job.count + first), scratch + (layout.scalars[r] as number), 8 * n);
    }
  }

  /** Weighted means of the points seen from n rows y, and on request draws, the covariance or its trace. */
  #posterior(
    job: SampleJob,
    layout: ScratchLayout,
    scratch: number,
    { y, k, kStride, points, mean, n, trace = 0, covariance = false, draw }: Seen,
  ): void {
    const { bytes, dim, width, size, rows, logWeights } = job.mixture;
    const kernels = this.#sets[bytes];
    if (dim <= 3) {
      const packed = trace || covariance ? scratch + layout.covariance : 0;
      lanesKernel(kernels, dim)(
        mean,
        0,
        packed,
        0,
        draw?.out ?? 0,
        draw?.uniforms ?? 0,
        draw?.draws ?? 0,
        scratch + layout.lanes,
        y,
        k,
        kStride,
        points,
        logWeights,
        n,
        size,
      );
      if (trace) this.#traces(trace, packed, bytes, dim, n);
      return;
    }
    const mixture = { ...job.mixture, points };
    const tile = layout.tile as NonNullable<ScratchLayout["tile"]>;
    const weights = scratch + tile.weights;
    const stats = scratch + tile.stats;
    this.#tile(mixture, y, width, k, kStride, mean, width, n, scratch, layout, false);
    if (draw) {
      kernels.drawRows(
        draw.out,
        width,
        draw.uniforms,
        draw.draws,
        weights,
        tile.stride,
        stats,
        points,
        n,
        size,
        width,
      );
    }
    if (covariance && !factorFree(mixture)) {
      kernels.covariance(
        scratch + layout.covariance,
        scratch + tile.row,
        scratch + tile.total,
        weights,
        tile.stride,
        stats,
        points,
        n,
        size,
        dim,
        width,
      );
    }
    if (trace) {
      // Distances to the mean take the place of those to the queries.
      kernels.distances(scratch + tile.d2, tile.stride, mean, width, points, n, rows, width);
      kernels.averageDistance(trace, scratch + tile.d2, weights, tile.stride, stats, n, size);
    }
  }

  /** Traces of packed covariances (dim <= 3). */
  #traces(out: number, packed: number, bytes: 4 | 8, dim: number, n: number): void {
    const entries = (dim * (dim + 1)) / 2;
    const { buffer } = this.#memory;
    const from =
      bytes === 4
        ? new Float32Array(buffer, packed, n * entries)
        : new Float64Array(buffer, packed, n * entries);
    const to = new Float64Array(buffer, out, n);
    for (let i = 0; i < n; i++) {
      let sum = from[i * entries] as number;
      if (dim > 1) sum += from[i * entries + dim] as number;
      if (dim > 2) sum += from[i * entries + 5] as number;
      to[i] = sum;
    }
  }

  /** Gaussian noise of the weighted covariance that `#posterior` left behind. */
  #spread(
    job: SampleJob,
    layout: ScratchLayout,
    scratch: number,
    { out, points, first, n, step, stream }: SpreadTarget,
  ): void {
    const { mixture, seedLow, seedHigh } = job;
    const { bytes, dim, width, size } = mixture;
    const kernels = this.#sets[bytes];
    const words = scratch + layout.words;
    if (factorFree(mixture)) {
      const tile = layout.tile as NonNullable<ScratchLayout["tile"]>;
      const numbers = scratch + layout.matrix;
      const sums = numbers + 8 * (size + 1 + ((size + 1) & 1));
      kernels.spreadRows(
        out,
        width,
        scratch + tile.total,
        scratch + tile.weights,
        tile.stride,
        scratch + tile.stats,
        points,
        n,
        size,
        dim,
        width,
        first,
        step,
        stream,
        seedLow,
        seedHigh,
        numbers,
        sums,
        words,
      );
      return;
    }
    const white = scratch + layout.white;
    kernels.normals(white, dim, width, n, first, step, stream, seedLow, seedHigh, words);
    kernels.colour(
      out,
      white,
      width,
      scratch + layout.covariance,
      dim <= 3 ? 1 : 0,
      scratch + layout.matrix,
      n,
      dim,
    );
  }
}

/** A block of rows to be scored, and what is wanted of it. */
interface Seen {
  y: number;
  k: number;
  kStride: number;
  points: number;
  mean: number;
  n: number;
  trace?: number;
  covariance?: boolean;
  draw?: { out: number; uniforms: number; draws: number };
}

interface SpreadTarget {
  out: number;
  points: number;
  first: number;
  n: number;
  step: number;
  stream: number;
}

function lanesKernel(kernels: KernelSet, dim: number): Kernel {
  return kernels[`posteriorLanes${dim as 1 | 2 | 3}`];
}
