import type { DenseJob } from "./dense.js";
import { OP_WIDTH, type ProgramNeeds } from "./ops.js";

/** What a block of work is made of: plain data with pointers, so that it can be posted to a worker. */

/** The points of a mixture in Wasm memory. */
export interface MixtureLayout {
  /** Bytes of a number: 4 or 8. */
  bytes: 4 | 8;
  dim: number;
  /** Numbers in a row of points, queries or particles: dim, for dim >= 4 padded with zeros to a whole vector. */
  width: number;
  /** Points that weigh something. */
  size: number;
  /** Rows in memory: size, for dim >= 4 rounded up to a multiple of 4. */
  rows: number;
  points: number;
  /** log2 weights (T for dim <= 3, float64 for more), or 0 where all are equal. */
  logWeights: number;
}

/** Scores `count` given queries. Every output pointer but `mean` may be 0: not wanted. */
export interface ScoreJob {
  kind: "score";
  mixture: MixtureLayout;
  count: number;
  block: number;
  /** Queries divided by alpha: count x width, T. */
  queries: number;
  /** alpha^2 log2(e) / (2 V), float64: one (stride 0) or one per query (stride 8). */
  k: number;
  kStride: number;
  /** Weighted mean of the points: count x dim, T. */
  mean: number;
  /** count x 4 float64: best point, sum of relative weights, sum of w log2 w, sum of w^2. */
  stats: number;
  /** dim <= 3: count x dim(dim+1)/2, T; else count x dim x dim, float64. */
  covariance: number;
  /** dim >= 4: weighted mean square distance of the points to their mean: count float64. */
  trace: number;
  /** count x size, T. */
  weights: number;
}

/** Runs a program on `count` particles. */
export interface SampleJob {
  kind: "sample";
  mixture: MixtureLayout;
  count: number;
  block: number;
  /** The number of the first particle, which random numbers are counted from. */
  particle: number;
  seedLow: number;
  seedHigh: number;
  registers: number;
  /** Scalar registers. */
  scalars: number;
  /** What the operations need scratch for. */
  needs: ProgramNeeds;
  /** `OP_WIDTH` numbers per operation, by `ops.ts`. */
  ops: Float64Array;
  /** count x width, T: the start. */
  state: number;
  /** count x width, T: where the end goes; `state` itself, or elsewhere. */
  end: number;
  /** What an earlier part of the program left, and what this one leaves for a later. */
  loads: CarriedAt[];
  saves: CarriedAt[];
  /** slots x count x width, T, or 0. */
  record: number;
  /** steps x count x width, T: normals that the caller supplied, or 0. */
  noise: number;
  /** SCALAR_OUTPUTS x count, float64, or 0. */
  outputs: number;
}

/** A function of rows x `[n, dim]`: gives as many rows, or numbers, at once or later; where it takes long it looks at the signal. */
export interface RowFunction {
  /** Rows of the particles from `first` on, at time t. */
  (x: Float64Array, t: number, first: number, signal?: AbortSignal): Float64Array | Promise<Float64Array>;
  /** Rows each at a time and of a particle of its own, in one call. */
  readonly each?: (
    x: Float64Array,
    times: Float64Array,
    particles: Int32Array,
    signal?: AbortSignal,
  ) => Float64Array | Promise<Float64Array>;
}

/** Slopes of rows `[n, dim]`, and of the log likelihood of each. */
export interface Slopes {
  readonly rows: Float64Array;
  readonly logLikelihood?: Float64Array | undefined;
}

/** dy/dlog2(sigma) of rows y = x / alpha `[n, dim]`, each at a log2 noise level of its own, of the particles of these numbers. */
export type SlopeFunction = (
  y: Float64Array,
  levels: Float64Array,
  particles: Int32Array,
  logLikelihood: boolean,
) => Slopes | Promise<Slopes>;

/** A field that a program calls: its score, the trace of its derivative, and its slopes in y = x / alpha. */
export interface CalledField {
  readonly score: RowFunction;
  readonly trace?: RowFunction | undefined;
  readonly slopes: SlopeFunction;
}

/** Whether noise of a weighted covariance is made without its matrix: exact either way, cheaper for many dimensions. */
export function factorFree({ dim, size }: MixtureLayout): boolean {
  return dim > 3 && (dim > 64 || size < dim);
}

/** A job on the points of a mixture. */
export type PointsJob = ScoreJob | SampleJob;

export type Job = PointsJob | DenseJob;

/** Int32 words that main thread and workers share while a job runs. */
export const Control = { Cursor: 0, Done: 1, Stop: 2, Heartbeat: 3 } as const;
/** Int32 words before the heartbeats (one per worker). */
export const controlBytes = (threads: number): number => 4 * (Control.Heartbeat + threads);

/** The number of work units of a job, as counted in Control.Done. */
export function jobUnits(job: Job): number {
  const blocks = Math.ceil(job.count / job.block);
  if (job.kind === "dense") return job.count;
  return job.kind === "score" ? blocks : (blocks * job.ops.length) / OP_WIDTH;
}

/** Distances and weights of a tile: an odd number of cache lines per row, so that rows do not collide. */
export function tileStride(rows: number): number {
  const lines = Math.ceil((rows * 8) / 64);
  return (lines + (lines % 2 === 0 ? 1 : 0)) * 8;
}

/** A register (or a scalar one) whose values outlive a part of a program. The state, register 0, always does. */
export interface Carried {
  readonly register: number;
  readonly scalar: boolean;
}

/** One at its place in memory: count x width T, or count float64. */
export interface CarriedAt extends Carried {
  readonly at: number;
}
