import { type Abi, type Kernel, type KernelSet, kernelSet } from "./abi.js";
import {
  type Job,
  type MixtureLayout,
  OP_WIDTH,
  OpCode,
  type SampleJob,
  type ScoreJob,
  type ScratchLayout,
  scratchLayout,
} from "./job.js";

/**
 * Runs blocks of jobs on one instance of the kernels: in a worker or on the calling thread.
 * It owns no memory; `scratch` is the start of a region of `scratchLayout(job).bytes`.
 */
export class Machine {
  readonly #sets: { 4: KernelSet; 8: KernelSet };
  readonly #memory: WebAssembly.Memory;

  constructor(exports: Abi, memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#sets = { 4: kernelSet(exports, 4), 8: kernelSet(exports, 8) };
  }

  kernels(bytes: 4 | 8): KernelSet {
    return this.#sets[bytes];
  }

  /** Runs one block; yields after every unit of work (`jobUnits`), where the caller may stop. */
  *run(job: Job, block: number, scratch: number): Generator<void, void, void> {
    const first = block * job.block;
    const n = Math.min(job.block, job.count - first);
    const layout = scratchLayout(job);
    if (job.kind === "score") {
      this.#score(job, first, n, scratch, layout);
      yield;
    } else {
      yield* this.#sample(job, first, n, scratch, layout);
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
  ): Generator<void, void, void> {
    const { mixture } = job;
    const { bytes, dim, width, size, points, logWeights } = mixture;
    const kernels = this.#sets[bytes];
    const rowBytes = width * bytes;
    const blockBytes = n * rowBytes;
    const register = (r: number): number => scratch + (layout.registers[r] as number);
    const level = scratch + layout.level;
    // Padding must be zero in every register: it takes part in distances.
    if (width > dim) {
      const start = register(0);
      new Uint8Array(this.#memory.buffer).fill(0, start, register(job.registers - 1) + job.block * rowBytes);
    }
    this.#copy(register(0), job.state + first * rowBytes, blockBytes);
    const { ops } = job;
    for (let at = 0; at < ops.length; at += OP_WIDTH) {
      const field = (i: number): number => ops[at + i] as number;
      const code = field(0);
      switch (code) {
        case OpCode.Score:
        case OpCode.Draw: {
          let y = register(field(1));
          if (field(4) !== 1) {
            y = scratch + layout.scaled;
            kernels.affine(y, n * width, 1, register(field(1)), field(4), 0, 0, 0, 0, 0, 0);
          }
          new Float64Array(this.#memory.buffer, level, 1)[0] = field(3);
          const mean = register(field(2));
          const draw = code === OpCode.Draw;
          const out = draw ? register(field(5)) : 0;
          const draws = draw ? field(6) : 0;
          if (draw) {
            kernels.uniforms(
              scratch + layout.uniforms,
              n,
              draws,
              first,
              field(7),
              field(8),
              job.seedLow,
              job.seedHigh,
              scratch + layout.words,
            );
          }
          if (dim <= 3) {
            lanesKernel(kernels, dim)(
              mean,
              0,
              0,
              0,
              out,
              scratch + layout.uniforms,
              draws,
              scratch + layout.lanes,
              y,
              level,
              0,
              points,
              logWeights,
              n,
              size,
            );
          } else {
            const tile = layout.tile as NonNullable<ScratchLayout["tile"]>;
            this.#tile(mixture, y, width, level, 0, mean, width, n, scratch, layout, false);
            if (draw) {
              kernels.drawRows(
                out,
                width,
                scratch + layout.uniforms,
                draws,
                scratch + tile.weights,
                tile.stride,
                scratch + tile.stats,
                points,
                n,
                size,
                width,
              );
            }
          }
          break;
        }
        case OpCode.Normal:
          kernels.normals(
            register(field(1)),
            dim,
            width,
            n,
            first,
            field(2),
            field(3),
            job.seedLow,
            job.seedHigh,
            scratch + layout.words,
          );
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
        case OpCode.Record:
          this.#copy(job.record + (field(2) * job.count + first) * rowBytes, register(field(1)), blockBytes);
          break;
      }
      yield;
    }
    this.#copy(job.state + first * rowBytes, register(0), blockBytes);
  }
}

function lanesKernel(kernels: KernelSet, dim: number): Kernel {
  return kernels[`posteriorLanes${dim as 1 | 2 | 3}`];
}
