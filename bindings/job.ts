import { kernelScratch } from "./abi.js";

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
  /** alpha^2 log2(e) / (2 V), float64: one (stride 0) or one a query (stride 8). */
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

export const OpCode = { Score: 0, Draw: 1, Normal: 2, Affine: 3, Record: 4 } as const;

/**
 * One operation on a block of particles. A sampler is a list of these: score a block, then one
 * affine-plus-noise step.
 */
export type Op =
  /** mean <- weighted mean of the points seen from x. */
  | { code: typeof OpCode.Score; x: Register; mean: Register; k: number; inverseAlpha: number }
  /** As Score, and out <- average of `draws` points drawn from the weights. */
  | {
      code: typeof OpCode.Draw;
      x: Register;
      mean: Register;
      out: Register;
      k: number;
      inverseAlpha: number;
      draws: number;
      step: number;
      stream: number;
    }
  /** out <- standard normals. */
  | { code: typeof OpCode.Normal; out: Register; step: number; stream: number }
  /** out <- sum of factor * register, at most four terms. */
  | { code: typeof OpCode.Affine; out: Register; terms: [Register, number][] }
  /** Copies x to a slot of the record. */
  | { code: typeof OpCode.Record; x: Register; slot: number };

/** Numbers an operation takes where a program is posted: the largest has a target and four terms. */
export const OP_WIDTH = 11;

/** A program as plain numbers: quick to post, however long it is. Fields in the order of `Op`. */
export function encodeOps(ops: readonly Op[]): Float64Array<ArrayBuffer> {
  const out = new Float64Array(ops.length * OP_WIDTH);
  ops.forEach((op, i) => {
    const fields: number[] =
      op.code === OpCode.Score
        ? [op.x, op.mean, op.k, op.inverseAlpha]
        : op.code === OpCode.Draw
          ? [op.x, op.mean, op.k, op.inverseAlpha, op.out, op.draws, op.step, op.stream]
          : op.code === OpCode.Normal
            ? [op.out, op.step, op.stream]
            : op.code === OpCode.Affine
              ? [op.out, op.terms.length, ...op.terms.flat()]
              : [op.x, op.slot];
    out[i * OP_WIDTH] = op.code;
    out.set(fields, i * OP_WIDTH + 1);
  });
  return out;
}

/** Runs a program on `count` particles. */
export interface SampleJob {
  kind: "sample";
  mixture: MixtureLayout;
  count: number;
  block: number;
  seedLow: number;
  seedHigh: number;
  registers: number;
  /** The most draws that an operation makes. */
  draws: number;
  /** From `encodeOps`. */
  ops: Float64Array;
  /** count x width, T: the start, then the end. */
  state: number;
  /** slots x count x width, T, or 0. */
  record: number;
}

export type Job = ScoreJob | SampleJob;

/** Int32 words that main thread and workers share while a job runs. */
export const Control = { Cursor: 0, Done: 1, Stop: 2, Heartbeat: 3 } as const;
/** Int32 words before the heartbeats (one a worker). */
export const controlBytes = (threads: number): number => 4 * (Control.Heartbeat + threads);

/** The number of work units of a job, as counted in Control.Done. */
export function jobUnits(job: Job): number {
  const blocks = Math.ceil(job.count / job.block);
  return job.kind === "score" ? blocks : (blocks * job.ops.length) / OP_WIDTH;
}

/** Distances and weights of a tile: an odd number of cache lines a row, so that rows do not collide. */
export function tileStride(rows: number): number {
  const lines = Math.ceil((rows * 8) / 64);
  return (lines + (lines % 2 === 0 ? 1 : 0)) * 8;
}

/** Query-point pairs of a block: for dim >= 4 they take 12 to 16 bytes of scratch each. */
const BLOCK_PAIRS = 2 ** 20;
/** Coordinate differences of a block: some 10 ms of work, between two looks at the stop flag. */
const BLOCK_WORK = 2 ** 27;

/** Queries a block: enough to amortize calls, few enough that its scratch stays in cache. No bits depend on it. */
export function defaultBlock({ dim, width, size, rows }: MixtureLayout): number {
  const upTo = (limit: number, step: number, most: number): number =>
    Math.max(step, Math.min(most, Math.floor(limit / step) * step));
  if (dim <= 3) return upTo((2 * BLOCK_PAIRS) / size, 4, 512);
  return upTo(Math.min(BLOCK_PAIRS / rows, BLOCK_WORK / (rows * width)), 2, 32);
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64 + 64;

/** Where a job's scratch lies, relative to its start, and how many bytes it takes. */
export interface ScratchLayout {
  bytes: number;
  /** The k of a whole block. */
  level: number;
  lanes: number;
  table: number;
  words: number;
  uniforms: number;
  scaled: number;
  registers: number[];
  tile:
    | { stride: number; d2: number; weights: number; stats: number; total: number; row: number }
    | undefined;
}

export function scratchLayout(job: Job): ScratchLayout {
  const { bytes: size, width, rows, dim } = job.mixture;
  let at = 0;
  const take = (bytes: number): number => {
    const start = at;
    at += align(bytes);
    return start;
  };
  const n = job.block;
  const draws = job.kind === "sample" ? job.draws : 0;
  const level = take(8);
  // Running totals of draws: 32 bytes for every 64 points.
  const lanes = take(kernelScratch.lanes + (draws > 0 ? 32 * Math.ceil(job.mixture.size / 64) : 0));
  const table = take(kernelScratch.exp2Table);
  const words = take(kernelScratch.normals);
  const uniforms = take(8 * n * draws);
  const registerBytes = n * width * size;
  const scaled = take(registerBytes);
  const registers: number[] = [];
  if (job.kind === "sample") for (let r = 0; r < job.registers; r++) registers.push(take(registerBytes));
  let tile: ScratchLayout["tile"];
  if (dim > 3) {
    const stride = tileStride(rows);
    tile = {
      stride,
      d2: take(n * stride * 8),
      weights: take(n * stride * size),
      stats: take(n * 32),
      total: take(n * width * 8),
      row: take(width * 8),
    };
  }
  return { bytes: at, level, lanes, table, words, uniforms, scaled, registers, tile };
}
