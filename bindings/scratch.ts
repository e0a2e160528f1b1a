import { kernelScratch } from "./abi.js";
import { factorFree, type Job, type PointsJob, tileStride } from "./job.js";
import { PANEL } from "./work.js";

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
  /** Starts of the scalar registers, one float64 per particle each. */
  scalars: number[];
  /** The weighted covariance of each particle (dim <= 3: packed, T; else float64). */
  covariance: number;
  /** Normals that a covariance colours, as a register. */
  white: number;
  /** Numbers of `colour` or `spreadRows`. */
  matrix: number;
  /** Sums of `linear`. */
  sums: number;
  path: PathScratch | undefined;
  adaptive: AdaptiveScratch | undefined;
  tile:
    | { stride: number; d2: number; weights: number; stats: number; total: number; panels: number }
    | undefined;
}

/** Where a Brownian path keeps its ends: rows of dim float64. */
export interface PathScratch {
  left: number;
  right: number;
  normals: number;
  at: number;
  words: number;
}

/** Where an embedded Runge-Kutta step keeps its parts. Rows: n x width T; the others float64, one per particle. */
export interface AdaptiveScratch {
  y: number;
  next: number;
  slopes: number;
  /** Bytes from one slope to the next. */
  stride: number;
  size: number;
  factor: number;
  mean: number;
  norms: number;
  extra: number;
  levels: number;
  powers: number;
  coefficients: number;
}

/** The bytes of scratch that a job needs, for each thread. */
export function scratchBytes(job: Job): number {
  return job.kind === "dense" ? align(job.scratch) : scratchLayout(job).bytes;
}

export function scratchLayout(job: PointsJob): ScratchLayout {
  const { bytes: size, width, rows, dim } = job.mixture;
  let at = 0;
  const take = (bytes: number): number => {
    const start = at;
    at += align(bytes);
    return start;
  };
  const n = job.block;
  const draws = job.kind === "sample" ? job.needs.draws : 0;
  const level = take(8);
  // Running totals of draws: 32 bytes for every 64 points.
  const lanes = take(kernelScratch.lanes + (draws > 0 ? 32 * Math.ceil(job.mixture.size / 64) : 0));
  const table = take(kernelScratch.exp2Table);
  const words = take(kernelScratch.normals);
  const uniforms = take(8 * n * draws);
  const registerBytes = n * width * size;
  const scaled = take(registerBytes);
  const registers: number[] = [];
  const scalars: number[] = [];
  let covariance = 0;
  let white = 0;
  let matrix = 0;
  let sums = 0;
  let path: PathScratch | undefined;
  let adaptive: AdaptiveScratch | undefined;
  if (job.kind === "sample") {
    for (let r = 0; r < job.registers; r++) registers.push(take(registerBytes));
    for (let r = 0; r < job.scalars; r++) scalars.push(take(8 * n));
    const { needs } = job;
    const free = factorFree(job.mixture);
    if (needs.covariance && dim <= 3) covariance = take(n * 6 * size);
    if (needs.spread) {
      if (dim > 3 && !free) covariance = take(n * dim * dim * 8);
      white = take(registerBytes);
      matrix = take(free ? 8 * (job.mixture.size + 2 + dim) : 8 * dim * (dim + 1));
    }
    if (needs.linear) sums = take(8 * (dim + 1));
    if (needs.path) {
      const bytes = 8 * n * dim;
      path = {
        left: take(bytes),
        right: take(bytes),
        normals: take(bytes),
        at: take(bytes),
        words: take(kernelScratch.normals),
      };
    }
    if (needs.adaptive) {
      const stride = align(registerBytes);
      adaptive = {
        y: take(registerBytes),
        next: take(registerBytes),
        slopes: take(7 * stride),
        stride,
        size: take(registerBytes),
        factor: take(registerBytes),
        mean: take(registerBytes),
        norms: take(16 * n),
        extra: take(8 * n),
        levels: take(8 * n),
        powers: take(8 * n),
        coefficients: take(8 * 64),
      };
    }
  }
  let tile: ScratchLayout["tile"];
  if (dim > 3) {
    const stride = tileStride(rows);
    tile = {
      stride,
      d2: take(n * stride * 8),
      weights: take(n * stride * size),
      stats: take(n * 32),
      total: take(n * width * 8),
      panels: take((2 * (PANEL + 1) * 4 * Math.ceil(width / 4) + PANEL) * size),
    };
  }
  return {
    bytes: at,
    level,
    lanes,
    table,
    words,
    uniforms,
    scaled,
    registers,
    scalars,
    covariance,
    white,
    matrix,
    sums,
    path,
    adaptive,
    tile,
  };
}
