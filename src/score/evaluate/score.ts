import { isFloat64 } from "../../core/brand.js";
import { log } from "../../numeric/elementary.js";
import type { MixtureLayout, ScoreJob } from "../../../bindings/job.js";
import { scoreBlock } from "../../../bindings/blocks.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import { copyInParts, writeInParts } from "../../data/parts.js";
import type { Process } from "../../process/process.js";
import type { Quantity } from "../field.js";
import { type Level, levelOf } from "../level.js";
import { type Request, inPieces, TIME, type Targets } from "./request.js";

/** One level per query, or one for all; equal times share theirs. */
export function* levelsOf(
  process: Process,
  times: Float64Array,
  sigma0: number,
): Generator<number, (q: number) => Level, void> {
  if (times.length === 1) {
    const level = levelOf(process, times[0], sigma0);
    return () => level;
  }
  const known = new Map<number, Level>();
  const levels: Level[] = [];
  yield* inPieces(times.length, TIME, (first, last) => {
    for (const t of times.subarray(first, last)) {
      let level = known.get(t);
      if (level === undefined) {
        level = levelOf(process, t, sigma0);
        known.set(t, level);
      }
      levels.push(level);
    }
  });
  return (q) => levels[q];
}

/** What a score job leaves behind, copied out of Wasm memory. */
export interface Raw {
  mean: Float32Array | Float64Array;
  stats: Float64Array;
  covariance: Float32Array | Float64Array | undefined;
  trace: Float64Array | undefined;
  weights: Float32Array | Float64Array | undefined;
}

/** Runs one job over `count` queries y (already divided by alpha) and copies its results. */
export function* runScore(
  data: Mixture,
  layout: MixtureLayout,
  y: Float64Array,
  scale: Float64Array,
  want: { stats: boolean; covariance: boolean; trace: boolean; weights: boolean },
): Generator<ScoreJob | number, Raw, void> {
  const { memory } = data.runtime;
  const { dim, width, bytes, size } = layout;
  const count = y.length / dim;
  const blocks: number[] = [];
  const take = (numbers: number, each: number, what: string): number => {
    const pointer = memory.alloc(numbers * each, what);
    blocks.push(pointer);
    return pointer;
  };
  try {
    const queries = take(count * width, bytes, "x");
    yield* writeInParts(data, queries, y, dim, width);
    const k = take(scale.length, 8, "t");
    memory.f64(k, scale.length).set(scale);
    const entries = dim <= 3 ? (dim * (dim + 1)) / 2 : dim * dim;
    const covarianceBytes = dim <= 3 ? bytes : 8;
    const job: ScoreJob = {
      kind: "score",
      mixture: layout,
      count,
      block: 1,
      queries,
      k,
      kStride: scale.length === 1 ? 0 : 8,
      mean: take(count * dim, bytes, "posteriorMean"),
      stats: want.stats ? take(count * 4, 8, "x") : 0,
      covariance: want.covariance ? take(count * entries, covarianceBytes, "proxyCovariance") : 0,
      trace: want.trace ? take(count, 8, "proxyVariance") : 0,
      weights: want.weights ? take(count * size, bytes, "posteriorWeights") : 0,
    };
    job.block = scoreBlock(job, data.engine.blockSize);
    yield job;
    return {
      mean: yield* copyInParts(data, bytes, job.mean, count * dim),
      stats: job.stats ? yield* copyInParts(data, 8, job.stats, count * 4) : new Float64Array(0),
      covariance: job.covariance
        ? yield* copyInParts(data, covarianceBytes, job.covariance, count * entries)
        : undefined,
      trace: job.trace ? yield* copyInParts(data, 8, job.trace, count) : undefined,
      weights: job.weights ? yield* copyInParts(data, bytes, job.weights, count * size) : undefined,
    };
  } finally {
    for (const pointer of blocks) memory.free(pointer);
  }
}

/** x / alpha; where nothing shrinks, x itself. */
export function* shrunk(
  { data, x, count, times }: Request<Precision, Quantity>,
  levels: (q: number) => Level,
): Generator<number, Float64Array, void> {
  const { dim } = data;
  if (isFloat64(x) && times.length === 1 && levels(0).alpha === 1) return x;
  const y = new Float64Array(count * dim);
  yield* inPieces(count, 2 * dim + 8, (first, last) => {
    for (let q = first; q < last; q++) {
      const { alpha } = levels(q);
      for (let d = 0; d < dim; d++) y[q * dim + d] = x[q * dim + d] / alpha;
    }
  });
  return y;
}

/** Expands the packed upper triangle of the small dimensions to a full matrix. */
export function unpack(raw: Float32Array | Float64Array, q: number, dim: number, matrix: Float64Array): void {
  if (dim > 3) {
    for (let i = 0; i < dim * dim; i++) matrix[i] = raw[q * dim * dim + i];
    return;
  }
  let at = (q * (dim * (dim + 1))) / 2;
  for (let i = 0; i < dim; i++) {
    for (let j = i; j < dim; j++) {
      matrix[i * dim + j] = raw[at];
      matrix[j * dim + i] = raw[at];
      at++;
    }
  }
}

/** What follows from the sums of weights alone: result i of a job is query q. `best` gives the log density of the best point and is called once. */
export function scalars(
  request: Request<Precision, Quantity>,
  out: Targets,
  raw: Raw,
  i: number,
  q: number,
  always: boolean,
  best: () => number,
): void {
  const { data } = request;
  const index = raw.stats[4 * i];
  const sum = raw.stats[4 * i + 1];
  const sumLog = raw.stats[4 * i + 2];
  const sumSquare = raw.stats[4 * i + 3];
  if (out.logDensity) {
    out.logDensity[q] = best() + log(sum) + log(data.weights[data.order[index]]);
  } else if (always) best();
  if (out.posteriorEntropy) out.posteriorEntropy[q] = Math.max(0, log(sum) - (Math.LN2 * sumLog) / sum);
  if (out.effectiveCount) out.effectiveCount[q] = (sum * sum) / sumSquare;
  if (out.posteriorWeights && raw.weights) {
    const size = data.counted;
    for (let m = 0; m < size; m++) {
      out.posteriorWeights[q * data.size + data.order[m]] = raw.weights[i * size + m];
    }
  }
}
