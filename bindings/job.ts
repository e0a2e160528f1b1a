import type { DenseJob } from "./dense.js";

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

/** Registers of a program: 0 is the state, the others scratch. */
export type Register = number;

/** Scalar registers: one float64 per particle. The first `ScalarOutputs` are results of a run. */
export const Scalar = { LogDensity: 0, Evaluations: 1 } as const;
export const SCALAR_OUTPUTS = 2;

export const OpCode = {
  Score: 0,
  Draw: 1,
  Normal: 2,
  Affine: 3,
  Record: 4,
  Spread: 5,
  Linear: 6,
  Supplied: 7,
  Path: 8,
  Scalar: 9,
  Adaptive: 10,
  Call: 11,
  Fill: 12,
} as const;

/** The points seen from a register: x times inverseAlpha is in the units of the points. */
interface Seen {
  x: Register;
  mean: Register;
  k: number;
  inverseAlpha: number;
  /** Other points in Wasm memory than the job's, of the same shape and weights; 0: those of the job. */
  points: number;
}

/**
 * One operation on a block of particles. A sampler is a list of these: score a block, then one
 * affine-plus-noise step.
 */
export type Op =
  /** mean <- weighted mean of the points seen from x; scalar `trace` <- the trace of their covariance (-1: not). */
  | ({ code: typeof OpCode.Score; trace: number } & Seen)
  /** As Score, and out <- average of `draws` points drawn from the weights. */
  | ({ code: typeof OpCode.Draw; out: Register; draws: number; step: number; stream: number } & Seen)
  /** As Score, and out <- Gaussian noise of the points' weighted covariance. */
  | ({ code: typeof OpCode.Spread; out: Register; step: number; stream: number } & Seen)
  /** out <- standard normals. */
  | { code: typeof OpCode.Normal; out: Register; step: number; stream: number }
  /** out <- the standard normals that the caller supplied for a step. */
  | { code: typeof OpCode.Supplied; out: Register; step: number }
  /** out <- (W_t - W_s) / sqrt(t - s) of the particle's Brownian path; every s is at least 2^exponent. */
  | { code: typeof OpCode.Path; out: Register; t: number; s: number; exponent: number }
  /** out <- sum of factor * register, at most four terms. */
  | { code: typeof OpCode.Affine; out: Register; terms: [Register, number][] }
  /** out <- A x, A at a pointer, column by column. */
  | { code: typeof OpCode.Linear; out: Register; x: Register; matrix: number }
  /** scalar out <- constant + sum of factor * scalar, at most four terms. */
  | { code: typeof OpCode.Scalar; out: number; constant: number; terms: [number, number][] }
  /**
   * Carries y = x / alpha along dy/dlog2(sigma) = ln 2 sigma^2 / (sigma^2 + sigma0^2) (y - mean) by Dormand and Prince's
   * pair, with steps of each particle's own. `size` is the scalar that holds its next step.
   */
  | {
      code: typeof OpCode.Adaptive;
      x: Register;
      from: number;
      to: number;
      rtol: number;
      atol: number;
      sigma0: number;
      size: number;
      /** 1: scalar 0 gains the change of the log density of y. */
      density: number;
      /** The called field whose slopes take the place of the exact ones; -1: the exact ones. */
      index: number;
    }
  /**
   * out <- the score of called field `index` at (x, t), and scalar `trace` <- the trace of its derivative (-1: not): the
   * caller's own, so that the job runs on the calling thread.
   */
  | { code: typeof OpCode.Call; x: Register; out: Register; t: number; index: number; trace: number }
  /** out <- one row for all particles, `[width]` T, at a pointer. */
  | { code: typeof OpCode.Fill; out: Register; row: number }
  /** Copies x to a slot of the record. */
  | { code: typeof OpCode.Record; x: Register; slot: number };

/** Numbers an operation takes where a program is posted: the largest has a target and four terms. */
export const OP_WIDTH = 11;

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
  /** The most draws that an operation makes. */
  draws: number;
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

/** Slopes of rows `[n, dim]`, and of the log densities of each. */
export interface Slopes {
  readonly rows: Float64Array;
  readonly density?: Float64Array | undefined;
}

/** dy/dlog2(sigma) of rows y = x / alpha `[n, dim]`, each at a log2 noise level of its own, of the particles of these numbers. */
export type SlopeFunction = (
  y: Float64Array,
  levels: Float64Array,
  particles: Int32Array,
  density: boolean,
) => Slopes | Promise<Slopes>;

/** A field that a program calls: its score, the trace of its derivative, and its slopes in y = x / alpha. */
export interface CalledField {
  readonly score: RowFunction;
  readonly trace?: RowFunction | undefined;
  readonly slopes: SlopeFunction;
}

/** Which kinds of operations a program has. */
export interface ProgramNeeds {
  covariance: boolean;
  spread: boolean;
  linear: boolean;
  path: boolean;
  adaptive: boolean;
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
