import { type Abi, type Kernel, type KernelSet, kernelSet } from "./abi.js";
import { integrate, settled } from "./adaptive.js";
import type { CarriedAt } from "./job.js";
import { runDense } from "./dense.js";
import {
  type CalledField,
  factorFree,
  type Job,
  type MixtureLayout,
  OP_WIDTH,
  OpCode,
  type PointsJob,
  SCALAR_OUTPUTS,
  type SampleJob,
  Scalar,
  type ScoreJob,
} from "./job.js";
import { type ScratchLayout, scratchLayout } from "./scratch.js";
import { BrownianPath } from "./path.js";
import {
  averageWork,
  CHUNK,
  colourWork,
  covarianceWork,
  distanceWork,
  drawWork,
  NORMAL,
  PATH,
  PIECE,
  posteriorWork,
  scoreWork,
  spreadWork,
  traceWork,
  weightWork,
} from "./work.js";

/**
 * Runs blocks of jobs on one instance of the kernels: in a worker or on the calling thread.
 * It owns no memory; `scratch` is the start of a region of `scratchLayout(job).bytes`.
 */
export class Executor {
  readonly #sets: { 4: KernelSet; 8: KernelSet };
  readonly #memory: WebAssembly.Memory;
  /** Units of work done so far, by `work.ts`. */
  work = 0;
  /** The job of the block before, whose scratch is laid out once. */
  #last: { job: PointsJob; layout: ScratchLayout } | undefined;

  constructor(exports: Abi, memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#sets = { 4: kernelSet(exports, 4), 8: kernelSet(exports, 8) };
  }

  readonly #spent = (work: number): void => {
    this.work += work;
  };

  kernels(bytes: 4 | 8): KernelSet {
    return this.#sets[bytes];
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
      yield* runDense(this.#sets[8], job, first, n, scratch, this.#spent);
      return;
    }
    if (this.#last?.job !== job) this.#last = { job, layout: scratchLayout(job) };
    const { layout } = this.#last;
    if (job.kind === "score") {
      const pieces = this.#score(job, first, n, scratch, layout);
      if (pieces) yield* pieces;
      yield 1;
    } else {
      yield* this.#sample(job, first, n, scratch, layout, calledFields);
    }
  }

  #copy(to: number, from: number, bytes: number): void {
    // The view is made anew each time: memory may have grown.
    new Uint8Array(this.#memory.buffer).copyWithin(to, from, from + bytes);
  }

  #score(
    job: ScoreJob,
    first: number,
    n: number,
    scratch: number,
    layout: ScratchLayout,
  ): Generator<number, void, void> | undefined {
    const { mixture } = job;
    const { bytes, dim, width, size, points, logWeights } = mixture;
    const queries = job.queries + first * width * bytes;
    const k = job.k + first * job.kStride;
    const mean = job.mean + first * dim * bytes;
    const stats = job.stats && job.stats + first * 32;
    const weights = job.weights && job.weights + first * size * bytes;
    if (dim <= 3) {
      const covariance = job.covariance && job.covariance + first * ((dim * (dim + 1)) / 2) * bytes;
      lanesKernel(this.#sets[bytes], dim)(
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
      this.work += n * scoreWork(job);
      return undefined;
    }
    return this.#tile({
      mixture,
      layout,
      scratch,
      points,
      y: queries,
      k,
      kStride: job.kStride,
      mean,
      meanStride: dim,
      n,
      stats,
      weights,
      covariance: job.covariance && job.covariance + first * dim * dim * 8,
      trace: job.trace && job.trace + first * 8,
      draw: undefined,
      work: n * scoreWork(job),
    });
  }

  /** Does all stages of a tile (dim >= 4) at once where that is soon done; else gives its pieces, to be done one by one. */
  #tile(tile: Tile): Generator<number, void, void> | undefined {
    if (tile.work > PIECE / 2) return this.#pieces(tile);
    for (let stage = 0; stage < Stage.Count; stage++) {
      const items = itemsOf(tile, stage);
      if (items > 0) this.#stage(tile, stage, 0, items);
    }
    this.work += tile.work;
    return undefined;
  }

  *#pieces(tile: Tile): Generator<number, void, void> {
    for (let stage = 0; stage < Stage.Count; stage++) {
      const items = itemsOf(tile, stage);
      const each = workOf(tile, stage);
      // Whole chunks of points: their sums have the same bits however many a piece has.
      const whole =
        stage === Stage.Distances || stage === Stage.Average || stage === Stage.Spreads ? CHUNK : 1;
      const step = Math.max(whole, whole * Math.floor(PIECE / 2 / each / whole));
      for (let at = 0; at < items; at += step) {
        const end = Math.min(items, at + step);
        this.#stage(tile, stage, at, end);
        this.work += (end - at) * each;
        yield 0;
      }
    }
  }

  /** A part of a stage of a tile: points, rows or draws `first` to `last`. */
  #stage(tile: Tile, stage: number, first: number, last: number): void {
    const { mixture, layout, scratch, points, mean, n } = tile;
    const { bytes, dim, width, size, logWeights } = mixture;
    const kernels = this.#sets[bytes];
    const at = layout.tile as NonNullable<ScratchLayout["tile"]>;
    const { stride } = at;
    const d2 = scratch + at.d2;
    const weights = scratch + at.weights;
    const stats = scratch + at.stats;
    const distancesFrom = (rows: number): void => {
      const some = points + first * width * bytes;
      kernels.distances(d2 + 8 * first, stride, rows, width, some, n, last - first, width);
    };
    switch (stage) {
      case Stage.Distances:
        distancesFrom(tile.y);
        break;
      case Stage.Weights:
        kernels.relativeWeights(
          weights + first * stride * bytes,
          stats + 32 * first,
          scratch + layout.table,
          d2 + 8 * first * stride,
          stride,
          tile.k + first * tile.kStride,
          tile.kStride,
          logWeights,
          last - first,
          size,
          tile.stats ? 1 : 0,
        );
        break;
      case Stage.Average:
        kernels.average(
          mean,
          tile.meanStride,
          scratch + at.total,
          weights,
          stride,
          stats,
          points,
          n,
          size,
          width,
          dim,
          first,
          last,
        );
        break;
      case Stage.Draw:
        if (tile.draw) {
          const { out, uniforms, draws } = tile.draw;
          kernels.drawRows(
            out,
            width,
            uniforms,
            draws,
            weights,
            stride,
            stats,
            points,
            n,
            size,
            width,
            first,
            last,
          );
        }
        break;
      case Stage.Normalise:
        kernels.normalise(
          tile.weights + first * size * bytes,
          weights + first * stride * bytes,
          stride,
          stats + 32 * first,
          last - first,
          size,
        );
        break;
      case Stage.Covariance:
        kernels.covariance(
          tile.covariance,
          scratch + at.row,
          scratch + at.total,
          weights,
          stride,
          stats,
          points,
          n,
          size,
          dim,
          width,
          first,
          last,
        );
        break;
      case Stage.Spreads: {
        // Distances to the mean take the place of those to the queries.
        let centre = mean;
        if (tile.meanStride !== width) {
          centre = scratch + layout.scaled;
          const rowBytes = width * bytes;
          if (first === 0) {
            new Uint8Array(this.#memory.buffer).fill(0, centre, centre + n * rowBytes);
            for (let i = 0; i < n; i++) {
              this.#copy(centre + i * rowBytes, mean + i * tile.meanStride * bytes, dim * bytes);
            }
          }
        }
        distancesFrom(centre);
        break;
      }
      case Stage.Trace:
        kernels.averageDistance(
          tile.trace + 8 * first,
          d2 + 8 * first * stride,
          weights + first * stride * bytes,
          stride,
          stats + 32 * first,
          last - first,
          size,
        );
        break;
      case Stage.Stats:
        this.#copy(tile.stats, stats, n * 32);
        break;
    }
  }

  *#sample(
    job: SampleJob,
    first: number,
    n: number,
    scratch: number,
    layout: ScratchLayout,
    calledFields: readonly CalledField[],
  ): Generator<number | Promise<void>, void, void> {
    const { mixture } = job;
    const { bytes, dim, width } = mixture;
    const kernels = this.#sets[bytes];
    const rowBytes = width * bytes;
    const blockBytes = n * rowBytes;
    const register = (r: number): number => scratch + layout.registers[r];
    const level = scratch + layout.level;
    const f64 = (pointer: number, length: number): Float64Array =>
      new Float64Array(this.#memory.buffer, pointer, length);
    const scalar = (r: number): Float64Array => f64(scratch + layout.scalars[r], n);
    // Padding must be zero in every register: it takes part in distances.
    if (width > dim) {
      const start = register(0);
      new Uint8Array(this.#memory.buffer).fill(0, start, register(job.registers - 1) + job.block * rowBytes);
    }
    for (let r = 0; r < job.scalars; r++) scalar(r).fill(0);
    this.#copy(register(0), job.state + first * rowBytes, blockBytes);
    const carried = ({ scalar, register: r, at }: CarriedAt) =>
      scalar
        ? { inside: scratch + layout.scalars[r], outside: at + 8 * first, size: 8 * n }
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
      const field = (i: number): number => ops[at + i];
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
            const trace = field(6) >= 0 ? scratch + layout.scalars[field(6)] : 0;
            const seen = { y, k: level, kStride: 0, points, mean, n, trace };
            const pieces = this.#posterior(job, layout, scratch, seen);
            if (pieces) yield* pieces;
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
            const seen = { y, k: level, kStride: 0, points, mean, n, draw };
            const pieces = this.#posterior(job, layout, scratch, seen);
            if (pieces) yield* pieces;
          } else {
            const seen = { y, k: level, kStride: 0, points, mean, n, covariance: true };
            const pieces = this.#posterior(job, layout, scratch, seen);
            if (pieces) yield* pieces;
            const target = { out: register(field(6)), points, first: particle, n };
            const more = this.#spread(job, layout, scratch, { ...target, step: field(7), stream: field(8) });
            if (more) yield* more;
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
          this.work += NORMAL * n * dim;
          break;
        case OpCode.Supplied:
          this.#copy(register(field(1)), job.noise + (field(2) * job.count + first) * rowBytes, blockBytes);
          break;
        case OpCode.Path:
          if (path) {
            for (const _ of path.increment(register(field(1)), field(2), field(3), field(4))) {
              this.work += (PATH / 2) * n * dim;
              yield 0;
            }
          }
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
          this.work += n * width;
          break;
        case OpCode.Linear: {
          const [out, x] = [register(field(1)), register(field(2))];
          const step = Math.max(1, Math.floor(PIECE / (0.5 * dim * width)));
          for (let row = 0; row < n; row += step) {
            const rows = Math.min(step, n - row);
            const skip = row * rowBytes;
            kernels.linear(out + skip, x + skip, field(3), scratch + layout.sums, rows, dim, width);
            this.work += 0.5 * rows * dim * width;
            if (row + rows < n) yield 0;
          }
          break;
        }
        case OpCode.Scalar: {
          const sums = new Float64Array(n).fill(field(2));
          for (let j = 3; j < OP_WIDTH; j += 2) {
            const factor = field(j + 1);
            if (factor === 0) continue;
            const term = scalar(field(j));
            for (let i = 0; i < n; i++) sums[i] = sums[i] + factor * term[i];
          }
          scalar(field(1)).set(sums);
          this.work += 8 * n;
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
            size: scratch + layout.scalars[field(7)],
            evaluations: scratch + layout.scalars[Scalar.Evaluations],
            density: field(8) === 1 ? scratch + layout.scalars[Scalar.LogDensity] : 0,
            table: scratch + layout.table,
            called: field(9) >= 0 ? calledFields[field(9)].slopes : undefined,
            particle,
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
          const { score, trace } = calledFields[field(4)];
          const values = yield* settled(score(x, field(3), particle));
          const to = numbers(field(2));
          for (let i = 0; i < n; i++) to.set(values.subarray(i * dim, (i + 1) * dim), i * width);
          this.work += 4 * n * width;
          if (trace && field(5) >= 0) {
            const traces = yield* settled(trace(x, field(3), particle));
            scalar(field(5)).set(traces);
          }
          break;
        }
        case OpCode.Fill:
          for (let i = 0; i < n; i++) this.#copy(register(field(1)) + i * rowBytes, field(2), rowBytes);
          this.work += n * width;
          break;
        case OpCode.Record:
          this.work += n * width;
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
      this.#copy(job.outputs + 8 * (r * job.count + first), scratch + layout.scalars[r], 8 * n);
    }
  }

  /** Weighted means of the points seen from n rows y, and on request draws, the covariance or its trace. */
  #posterior(
    job: SampleJob,
    layout: ScratchLayout,
    scratch: number,
    { y, k, kStride, points, mean, n, trace = 0, covariance = false, draw }: Seen,
  ): Generator<number, void, void> | undefined {
    const { mixture } = job;
    const { bytes, dim, width, size, logWeights } = mixture;
    const work = n * this.#rowWork(job, trace !== 0, covariance, draw?.draws ?? 0);
    if (dim <= 3) {
      const packed = trace || covariance ? scratch + layout.covariance : 0;
      lanesKernel(this.#sets[bytes], dim)(
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
      this.work += work;
      return undefined;
    }
    return this.#tile({
      mixture,
      layout,
      scratch,
      points,
      y,
      k,
      kStride,
      mean,
      meanStride: width,
      n,
      stats: 0,
      weights: 0,
      covariance: covariance && !factorFree(mixture) ? scratch + layout.covariance : 0,
      trace,
      draw,
      work,
    });
  }

  #rowWork({ mixture }: SampleJob, trace: boolean, covariance: boolean, draws: number): number {
    let work = posteriorWork(mixture);
    if (draws > 0) work += drawWork(mixture, draws);
    if (trace) work += traceWork(mixture);
    if (!covariance) return work;
    if (mixture.dim <= 3) return work + posteriorWork(mixture);
    return factorFree(mixture) ? work : work + mixture.size * covarianceWork(mixture);
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
      let sum = from[i * entries];
      if (dim > 1) sum += from[i * entries + dim];
      if (dim > 2) sum += from[i * entries + 5];
      to[i] = sum;
    }
  }

  /** Gaussian noise of the weighted covariance that `#posterior` left behind. */
  #spread(
    job: SampleJob,
    layout: ScratchLayout,
    scratch: number,
    { out, points, first, n, step, stream }: SpreadTarget,
  ): Generator<number, void, void> | undefined {
    const { mixture, seedLow, seedHigh } = job;
    const { bytes, dim, width, size } = mixture;
    const kernels = this.#sets[bytes];
    const words = scratch + layout.words;
    if (factorFree(mixture)) {
      const tile = layout.tile as NonNullable<ScratchLayout["tile"]>;
      const numbers = scratch + layout.matrix;
      const sums = numbers + 8 * (size + 1 + ((size + 1) & 1));
      const rows = (row: number, count: number, from: number, to: number): void => {
        kernels.spreadRows(
          out + row * width * bytes,
          width,
          scratch + tile.total + 8 * row * width,
          scratch + tile.weights + row * tile.stride * bytes,
          tile.stride,
          scratch + tile.stats + 32 * row,
          points,
          count,
          size,
          dim,
          width,
          first + row,
          step,
          stream,
          seedLow,
          seedHigh,
          numbers,
          sums,
          words,
          from,
          to,
        );
        this.work += count * (to - from) * each;
      };
      const each = spreadWork(mixture);
      if (n * size * each > PIECE / 2) return rowByRow();
      rows(0, n, 0, size);
      return undefined;

      function* rowByRow(): Generator<number, void, void> {
        const most = Math.max(1, Math.floor(PIECE / 2 / each));
        for (let row = 0; row < n; row++) {
          for (let from = 0; from < size; from += most) {
            rows(row, 1, from, Math.min(size, from + most));
            yield 0;
          }
        }
      }
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
    this.work += n * colourWork(mixture);
    return undefined;
  }
}

/** What is done with a tile, in this order. */
const Stage = {
  Distances: 0,
  Weights: 1,
  Average: 2,
  Stats: 3,
  Normalise: 4,
  Draw: 5,
  Covariance: 6,
  Spreads: 7,
  Trace: 8,
  Count: 9,
} as const;

/** Rows seen by the tile kernels (dim >= 4), and what is wanted of them: pointers, 0 where it is not. */
interface Tile {
  mixture: MixtureLayout;
  layout: ScratchLayout;
  scratch: number;
  points: number;
  y: number;
  k: number;
  kStride: number;
  mean: number;
  meanStride: number;
  n: number;
  stats: number;
  weights: number;
  covariance: number;
  trace: number;
  draw: Seen["draw"];
  /** Units of all stages. */
  work: number;
}

/** Points, rows or draws of a stage; 0 where it is not wanted. */
function itemsOf({ mixture, n, stats, weights, covariance, trace, draw }: Tile, stage: number): number {
  switch (stage) {
    case Stage.Distances:
      return mixture.rows;
    case Stage.Weights:
      return n;
    case Stage.Average:
      return mixture.size;
    case Stage.Stats:
      return stats ? 1 : 0;
    case Stage.Normalise:
      return weights ? n : 0;
    case Stage.Draw:
      return draw?.draws ?? 0;
    case Stage.Covariance:
      return covariance ? mixture.size : 0;
    case Stage.Spreads:
      return trace ? mixture.rows : 0;
    default:
      return trace ? n : 0;
  }
}

/** Units of one of them. */
function workOf({ mixture, n }: Tile, stage: number): number {
  switch (stage) {
    case Stage.Distances:
    case Stage.Spreads:
      return n * distanceWork(mixture);
    case Stage.Weights:
      return mixture.size * weightWork(mixture);
    case Stage.Average:
      return n * averageWork(mixture);
    case Stage.Normalise:
      return 2 * mixture.size;
    case Stage.Draw:
      return n * drawWork(mixture, 1);
    case Stage.Covariance:
      return n * covarianceWork(mixture);
    default:
      return mixture.size;
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
