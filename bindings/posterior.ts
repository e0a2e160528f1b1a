import { type Abi, type Kernel, type KernelSet, kernelSet } from "./abi.js";
import { factorFree, type MixtureLayout, type SampleJob, type ScoreJob } from "./job.js";
import type { ScratchLayout } from "./scratch.js";
import {
  averageWork,
  CHUNK,
  colourWork,
  covarianceWork,
  distanceWork,
  drawWork,
  PANEL,
  PIECE,
  posteriorWork,
  scoreWork,
  spreadWork,
  traceWork,
  weightWork,
} from "./work.js";

/**
 * What kernels say of the points seen from rows: weighted means, covariances, weights, draws and noise of their law. Work that
 * is long comes in pieces, to be done one by one; what is soon done is done at once, and gives none.
 */
export class PosteriorKernels {
  /** All kernels, by the bytes of their numbers, and the memory that they work on. */
  readonly sets: { readonly 4: KernelSet; readonly 8: KernelSet };
  readonly memory: WebAssembly.Memory;
  /** Units of work done so far on that memory, by `work.ts`, whoever did it. */
  work = 0;

  constructor(exports: Abi, memory: WebAssembly.Memory) {
    this.sets = { 4: kernelSet(exports, 4), 8: kernelSet(exports, 8) };
    this.memory = memory;
  }

  #copy(to: number, from: number, bytes: number): void {
    // The view is made anew each time: memory may have grown.
    new Uint8Array(this.memory.buffer).copyWithin(to, from, from + bytes);
  }

  /** Scores rows first ... first + n - 1 of a job. */
  score(
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
      lanesKernel(this.sets[bytes], dim)(
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
    const kernels = this.sets[bytes];
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
        this.#covariance(tile, first, last);
        break;
      case Stage.Spreads: {
        // Distances to the mean take the place of those to the queries.
        let centre = mean;
        if (tile.meanStride !== width) {
          centre = scratch + layout.scaled;
          const rowBytes = width * bytes;
          if (first === 0) {
            new Uint8Array(this.memory.buffer).fill(0, centre, centre + n * rowBytes);
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

  /** Panels `first` to `last` of a tile's covariances, row after row. */
  #covariance(tile: Tile, first: number, last: number): void {
    const { mixture, layout, scratch, points } = tile;
    const { bytes, dim, width, size } = mixture;
    const at = layout.tile as NonNullable<ScratchLayout["tile"]>;
    const panels = panelsOf(mixture);
    for (let from = first; from < last; ) {
      const i = Math.floor(from / panels);
      const to = Math.min(last, (i + 1) * panels);
      this.sets[bytes].covariance(
        tile.covariance + 8 * i * dim * dim,
        scratch + at.panels,
        scratch + at.total + 8 * i * width,
        scratch + at.weights + i * at.stride * bytes,
        scratch + at.stats + 32 * i,
        points,
        size,
        dim,
        width,
        (from - i * panels) * PANEL,
        Math.min(size, (to - i * panels) * PANEL),
      );
      from = to;
    }
  }

  /** Weighted means of the points seen from n rows y, and on request draws, the covariance or its trace. */
  seen(
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
      lanesKernel(this.sets[bytes], dim)(
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
    const { buffer } = this.memory;
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

  /** Gaussian noise of the weighted covariance that `seen` left behind. */
  spread(
    job: SampleJob,
    layout: ScratchLayout,
    scratch: number,
    { out, points, first, n, step, stream }: SpreadTarget,
  ): Generator<number, void, void> | undefined {
    const { mixture, seedLow, seedHigh } = job;
    const { bytes, dim, width, size } = mixture;
    const kernels = this.sets[bytes];
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

/** Panels of points that a row's covariance is summed by. */
const panelsOf = ({ size }: MixtureLayout): number => Math.ceil(size / PANEL);

/** Points, rows, draws or panels of a stage; 0 where it is not wanted. */
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
      return covariance ? n * panelsOf(mixture) : 0;
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
      return PANEL * covarianceWork(mixture);
    default:
      return mixture.size;
  }
}

/** A block of rows to be scored, and what is wanted of it. */
export interface Seen {
  y: number;
  k: number;
  kStride: number;
  points: number;
  mean: number;
  n: number;
  trace?: number;
  covariance?: boolean;
  draw?: { out: number; uniforms: number; draws: number } | undefined;
}

export interface SpreadTarget {
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
