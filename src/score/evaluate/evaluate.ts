import { isFloat64 } from "../../core/brand.js";
import { exp, log } from "../../numeric/elementary.js";
import type { MixtureLayout, ScoreJob } from "../../../bindings/job.js";
import { scoreBlock } from "../../../bindings/blocks.js";
import { unknownName } from "../../core/check.js";
import {
  checkFinite,
  checkSize,
  checkTable,
  coordinateLimit,
  type Mixture,
  type Numbers,
  type PointsInput,
  type Precision,
} from "../../data/mixture.js";
import { copyInParts, writeInParts } from "../../data/parts.js";
import { runAtOnce } from "../../core/scheduler.js";
import { badArgument } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import { cholesky, solveLower, solveUpper } from "../../numeric/linear.js";
import { evaluatePoint, levelAt, type ReferenceLevel } from "./plain.js";
import {
  type Evaluation,
  matrixQuantities,
  type Quantity,
  quantities as allQuantities,
  scalarQuantities,
} from "../field.js";
import { kernelScale, type Level, levelOf } from "../level.js";

export const MAX_MATRIX_DIM = 64;

/** A checked request. */
export interface Request<P extends Precision, Q extends Quantity> {
  readonly data: Mixture<P>;
  readonly process: Process;
  /** The queries as given, a copy. */
  readonly given: Float32Array | Float64Array;
  /** The queries x less alpha times the data's centre: what everything is computed from. */
  readonly x: Float32Array | Float64Array;
  readonly count: number;
  /** One time, or one a query. */
  readonly times: Float64Array;
  readonly quantities: readonly Q[];
}

/** Units of a piece of work on the calling thread: some tenths of a millisecond. */
const PIECE = 2 ** 18;

/** Ranges of queries, of so many units each, that make a piece; yields the units of each after it. */
function* inPieces(
  count: number,
  units: number,
  work: (first: number, last: number) => void,
): Generator<number, void, void> {
  const step = Math.max(1, Math.floor(PIECE / units));
  for (let first = 0; first < count; first += step) {
    const last = Math.min(count, first + step);
    work(first, last);
    yield (last - first) * units;
  }
}

export function checkRequest<P extends Precision, Q extends Quantity>(
  data: Mixture<P>,
  process: Process,
  x: PointsInput,
  t: number | ArrayLike<number>,
  quantities: readonly Q[],
): Request<P, Q> {
  return runAtOnce(requestInPieces(data, process, x, t, quantities));
}

/** The same in pieces; what the caller gave is copied in the first. */
export function* requestInPieces<P extends Precision, Q extends Quantity>(
  data: Mixture<P>,
  process: Process,
  x: PointsInput,
  t: number | ArrayLike<number>,
  quantities: readonly Q[],
): Generator<number, Request<P, Q>, void> {
  data.check();
  const { dim, precision } = data;
  if (!Array.isArray(quantities)) throw badArgument("E_TYPE", "quantities", "a list of names", quantities);
  for (const name of quantities) {
    if (!(allQuantities as readonly string[]).includes(name))
      throw unknownName(String(name), allQuantities, "quantity");
  }
  if (dim > MAX_MATRIX_DIM) {
    const matrix = quantities.find((name) => (matrixQuantities as readonly string[]).includes(name));
    if (matrix !== undefined) {
      throw badArgument("E_LIMIT", matrix, `dim at most ${MAX_MATRIX_DIM} (traces exist for every dim)`, dim);
    }
  }
  const table = checkTable(x, "x", dim);
  const count = table.rows;
  checkSize("x", count, dim);
  for (const name of quantities) checkSize(name, count, numbersOf(name, dim, data.size));
  const end = process.end;
  const expected = `a time above 0${end === Number.POSITIVE_INFINITY ? "" : ` and at most ${end}`}`;
  const many = typeof t === "object" && t !== null && "length" in t;
  if (!many && typeof t !== "number") throw badArgument("E_TYPE", "t", "a number or one number a query", t);
  const times = many ? Float64Array.from(t, Number) : Float64Array.of(t);
  if (many && times.length !== count)
    throw badArgument("E_SHAPE", "t", `one number, or ${count} of them`, times.length);
  if (many) {
    const stranger = Array.prototype.findIndex.call(t, (value: unknown) => typeof value !== "number");
    if (stranger >= 0) {
      throw badArgument("E_TYPE", `t[${stranger}]`, "a number", (t as ArrayLike<unknown>)[stranger]);
    }
  }
  // A copy: what the caller does to the array during the call changes nothing.
  const given = table.data.slice();
  const names = [...quantities];
  yield count * dim;
  let smallest = Number.POSITIVE_INFINITY;
  yield* inPieces(times.length, TIME, (first, last) => {
    for (let i = first; i < last; i++) {
      const time = times[i];
      const argument = many ? `t[${i}]` : "t";
      if (Number.isNaN(time) || Math.abs(time) === Number.POSITIVE_INFINITY) {
        throw badArgument("E_NONFINITE", argument, expected, time);
      }
      const variance = time > 0 && time <= end ? process.variance(time) : 0;
      if (!(variance > 0 && Number.isFinite(variance)))
        throw badArgument("E_RANGE", argument, expected, time);
      smallest = Math.min(smallest, process.alpha(time));
    }
  });
  const limit = coordinateLimit(precision, dim);
  const most = Math.min(limit, limit * (count > 0 ? smallest : 1));
  yield* inPieces(count * dim, 2, (first, last) => checkFinite(given, "x", most, precision, first, last));
  const local = yield* localQueries(data, process, given, times);
  return { data, process, given, x: local, count, times, quantities: names };
}

/** Rows less alpha_t times the centre of the data, in float64; the rows themselves where there is none. */
function* localQueries(
  data: Mixture,
  process: Process,
  rows: Float32Array | Float64Array,
  times: Float64Array,
): Generator<number, Float32Array | Float64Array, void> {
  if (data.centre === undefined) return rows;
  const { dim } = data;
  const single = times.length === 1 ? process.alpha(times[0]) : 0;
  const out = new Float64Array(rows.length);
  yield* inPieces(rows.length / dim, 8 * dim + (single === 0 ? TIME : 20), (first, last) => {
    if (single !== 0) {
      out.set(data.inward(rows.subarray(first * dim, last * dim), single), first * dim);
      return;
    }
    for (let q = first; q < last; q++) {
      const row = rows.subarray(q * dim, (q + 1) * dim);
      out.set(data.inward(row, process.alpha(times[q])), q * dim);
    }
  });
  return out;
}

/** Units of what a process says of a time. */
const TIME = 200;

function numbersOf(name: Quantity, dim: number, size: number): number {
  if ((scalarQuantities as readonly string[]).includes(name)) return 1;
  if (name === "posteriorWeights") return size;
  return (matrixQuantities as readonly string[]).includes(name) ? dim * dim : dim;
}

function outputs<P extends Precision, Q extends Quantity>(request: Request<P, Q>): Evaluation<P, Q> {
  const { data, count, quantities } = request;
  const out: Partial<Record<Quantity, unknown>> = {};
  for (const name of quantities) {
    const length = count * numbersOf(name, data.dim, data.size);
    out[name] = name === "nearest" ? new Int32Array(length) : data.array(length);
  }
  return out as Evaluation<P, Q>;
}

/** Views of all that was asked for, undefined where it was not. */
type Targets = { [K in Quantity]?: { [index: number]: number; readonly length: number } };

/**
 * Evaluates a request. It yields the jobs that have to run; the caller runs each, at once or on the pool, and
 * resumes. Kernels give weighted means and covariances; what follows from them is computed here in float64.
 */
export function* evaluation<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
): Generator<ScoreJob | number, Evaluation<P, Q>, void> {
  const out = outputs(request);
  const { data, process, count, times, quantities } = request;
  if (count === 0 || quantities.length === 0) return out;
  const targets = out as Targets;
  const wants = (...names: Quantity[]): boolean => names.some((name) => name in out);
  const nearest = wants("nearest", "nearestDistance");
  const others = quantities.some((name) => name !== "nearest" && name !== "nearestDistance");
  if (isIsotropic(process)) {
    const levels = yield* levelsOf(process, times, data.sigma0);
    const alone = data.uniform;
    if (others || alone) yield* isotropic(request, targets, levels, nearest && alone);
    if (nearest && !alone) yield* findNearest(request, targets, levels);
  } else {
    if (others) yield* anisotropic(request, targets);
    if (nearest) yield* findNearest(request, targets, yield* levelsOf(process, times, data.sigma0));
  }
  return out;
}

/** Whether S_t and D_t are multiples of the identity. */
function isIsotropic(process: Process): boolean {
  return process.covariance === undefined && process.matrices === undefined;
}

/** How many jobs `evaluation` will yield. */
export function partsOf({ data, process, times, quantities }: Request<Precision, Quantity>): number {
  const nearest = quantities.some((name) => name === "nearest" || name === "nearestDistance");
  const others = quantities.some((name) => name !== "nearest" && name !== "nearestDistance");
  if (!isIsotropic(process)) return (others ? new Set(times).size : 0) + (nearest ? 1 : 0);
  return data.uniform ? 1 : (others ? 1 : 0) + (nearest ? 1 : 0);
}

/** One level a query, or one for all; equal times share theirs. */
function* levelsOf(
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
interface Raw {
  mean: Float32Array | Float64Array;
  stats: Float64Array;
  covariance: Float32Array | Float64Array | undefined;
  trace: Float64Array | undefined;
  weights: Float32Array | Float64Array | undefined;
}

/** Runs one job over `count` queries y (already divided by alpha) and copies its results. */
function* runScore(
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
function* shrunk(
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
function unpack(raw: Float32Array | Float64Array, q: number, dim: number, matrix: Float64Array): void {
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

function* isotropic(
  request: Request<Precision, Quantity>,
  out: Targets,
  levels: (q: number) => Level,
  nearest: boolean,
): Generator<ScoreJob | number, void, void> {
  const { data, x, count, times } = request;
  const { dim, sigma0, precision, order, packed } = data;
  const y = yield* shrunk(request, levels);
  const scale = new Float64Array(times.length);
  yield* inPieces(times.length, 50, (first, last) => {
    for (let q = first; q < last; q++) scale[q] = kernelScale(levels(q), precision);
  });
  const wantMatrix = !!(out.hessian ?? out.proxyCovariance ?? out.posteriorCovariance);
  const wantTrace = !!(out.proxyVariance ?? out.divergence);
  const wantStats = nearest || !!(out.logDensity ?? out.posteriorEntropy ?? out.effectiveCount);
  const raw = yield* runScore(data, data.layout, y, scale, {
    stats: wantStats,
    covariance: wantMatrix || (wantTrace && dim <= 3),
    trace: wantTrace && dim > 3,
    weights: out.posteriorWeights !== undefined,
  });
  if (out.posteriorMean && sigma0 === 0) {
    const means = data.centre ? data.outward(raw.mean) : raw.mean;
    (out.posteriorMean as Numbers<Precision>).set(means);
    yield 4 * count * dim;
  }
  if (out.score ?? out.velocity ?? (sigma0 > 0 ? out.posteriorMean : undefined)) {
    yield* inPieces(count, 8 * dim + 8, (first, last) =>
      vectors(request, out, levels, raw.mean, first, last),
    );
  }
  if (!wantStats && !wantMatrix && !wantTrace && !out.posteriorWeights) return;
  const matrix = new Float64Array(dim * dim);
  const units =
    200 + 4 * dim + (out.posteriorWeights ? 4 * data.size : 0) + (wantMatrix ? 12 * dim * dim : 0);
  yield* inPieces(count, units, (first, last) => {
    for (let q = first; q < last; q++) turn(q);
  });

  function turn(q: number): void {
    const { alpha, variance, total, beta, diffusion } = levels(q);
    const row = q * dim;
    const best = raw.stats[4 * q];
    scalars(request, out, raw, q, q, nearest, () => {
      let square = 0;
      for (let d = 0; d < dim; d++) {
        const e = x[row + d] - alpha * packed.local[best * dim + d];
        square += e * e;
      }
      if (nearest) {
        if (out.nearest) out.nearest[q] = order[best];
        if (out.nearestDistance) out.nearestDistance[q] = Math.sqrt(square);
      }
      return 0 - square / (2 * total) - 0.5 * dim * log(2 * Math.PI * total);
    });
    if (!wantMatrix && !wantTrace) return;
    const factor = (alpha / total) * (alpha / total);
    const extra = ((alpha * sigma0) / variance) * ((alpha * sigma0) / total);
    let trace = 0;
    if (raw.covariance) {
      unpack(raw.covariance, q, dim, matrix);
      for (let d = 0; d < dim; d++) trace += matrix[d * (dim + 1)];
    }
    if (raw.trace) trace = raw.trace[q];
    if (out.proxyVariance) out.proxyVariance[q] = factor * trace + dim * extra;
    if (out.divergence) out.divergence[q] = diffusion * (dim / total - factor * trace) - beta * dim;
    if (!wantMatrix) return;
    const shrink = variance / total;
    for (let i = 0; i < dim * dim; i++) {
      const value = matrix[i];
      const diagonal = i % (dim + 1) === 0 ? 1 : 0;
      if (out.hessian) out.hessian[q * dim * dim + i] = factor * value - diagonal / total;
      if (out.proxyCovariance) out.proxyCovariance[q * dim * dim + i] = factor * value + diagonal * extra;
      if (out.posteriorCovariance) {
        out.posteriorCovariance[q * dim * dim + i] =
          shrink * shrink * value + diagonal * sigma0 * sigma0 * shrink;
      }
    }
  }
}

/** What follows from the posterior means alone; of all quantities those that are asked for most often, and of most places. */
function vectors(
  { data, x, times }: Request<Precision, Quantity>,
  out: Targets,
  levels: (q: number) => Level,
  means: Raw["mean"],
  first: number,
  last: number,
): void {
  const { dim, sigma0, centre } = data;
  const { score: scores, velocity } = out;
  const posterior = sigma0 > 0 ? out.posteriorMean : undefined;
  let level = levels(0);
  for (let q = first, at = first * dim; q < last; q++) {
    if (times.length > 1) level = levels(q);
    const { alpha, total, beta, diffusion } = level;
    const pull = (alpha * sigma0 * sigma0) / total;
    for (let d = 0; d < dim; d++, at++) {
      const mean = means[at];
      const query = x[at];
      const residual = query - alpha * mean;
      const score = residual === 0 ? 0 : -residual / total;
      if (scores) scores[at] = score;
      const far = centre === undefined ? 0 : centre[d];
      if (posterior) posterior[at] = centre ? far + (mean + pull * residual) : mean + pull * residual;
      if (velocity) velocity[at] = 0 - beta * (query + alpha * far) - diffusion * score;
    }
  }
}

/** What follows from the sums of weights alone: result i of a job is query q. `best` gives the log density of the best point and is called once. */
function scalars(
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
    out.logDensity[q] = best() + log(sum) + log(data.packed.weights[index]);
  } else if (always) best();
  if (out.posteriorEntropy) out.posteriorEntropy[q] = Math.max(0, log(sum) - (Math.LN2 * sumLog) / sum);
  if (out.effectiveCount) out.effectiveCount[q] = (sum * sum) / sumSquare;
  if (out.posteriorWeights && raw.weights) {
    const size = data.order.length;
    for (let m = 0; m < size; m++) {
      out.posteriorWeights[q * data.size + data.order[m]] = raw.weights[i * size + m];
    }
  }
}

/**
 * log p(x + shift) - log p(x - shift) at one time, row by row, without what two large logarithms would cancel: the difference
 * of the two best points' exponents as a product, and that of the sums relative to them. Isotropic noise only.
 *
 * @param given `[count, dim]`
 * @param shift `[count, dim]`
 */
export function* logRatios(
  data: Mixture,
  level: Level,
  given: Float64Array,
  shift: Float64Array,
): Generator<ScoreJob | number, Float64Array, void> {
  const { dim } = data;
  const packed = { points: data.packed.local, weights: data.packed.weights };
  const count = given.length / dim;
  const x = data.inward(given, level.alpha);
  const y = new Float64Array(2 * count * dim);
  for (let i = 0; i < count * dim; i++) {
    y[i] = (x[i] + shift[i]) / level.alpha;
    y[count * dim + i] = (x[i] - shift[i]) / level.alpha;
  }
  const scale = Float64Array.of(kernelScale(level, data.precision));
  const want = { stats: true, covariance: false, trace: false, weights: false };
  const { stats } = yield* runScore(data, data.layout, y, scale, want);
  const seen = (q: number): Seen => ({ best: stats[4 * q], sum: stats[4 * q + 1] });
  const out = new Float64Array(count);
  for (let q = 0; q < count; q++) {
    out[q] = logRatio(packed, dim, level, x, shift, q, seen(q), seen(count + q));
  }
  return out;
}

/** The likeliest point, and the sum of all weights in units of its own. */
interface Seen {
  readonly best: number;
  readonly sum: number;
}

function logRatio(
  { points, weights }: { points: ArrayLike<number>; weights: Float64Array },
  dim: number,
  { alpha, total }: Level,
  x: Float64Array,
  shift: Float64Array,
  q: number,
  up: Seen,
  down: Seen,
): number {
  let product = 0;
  for (let d = 0; d < dim; d++) {
    const i = q * dim + d;
    const mu = alpha * points[up.best * dim + d];
    const nu = alpha * points[down.best * dim + d];
    product += less(2 * shift[i], mu, -nu) * less(2 * x[i], mu, nu);
  }
  const [own, other] = [weights[up.best], weights[down.best]];
  const share = own === other ? 0 : log(own) - log(other);
  const sums = up.sum === down.sum ? 0 : log(up.sum) - log(down.sum);
  return share + sums - product / (2 * total);
}

/** a - (b + c), with what b + c loses put back (Knuth's two-sum). */
function less(a: number, b: number, c: number): number {
  const sum = b + c;
  const part = sum - b;
  return a - sum - (b - (sum - part) + (c - part));
}

/** The same by plain TypeScript. */
export function referenceLogRatios(
  data: Mixture,
  level: Level,
  given: Float64Array,
  shift: Float64Array,
): Float64Array {
  const { dim, local: points, weights, size } = data;
  const { alpha, total } = level;
  const x = data.inward(given, alpha);
  const row = new Float64Array(dim);
  /** Exponent of point m relative to point b, seen from the row. */
  const relative = (m: number, b: number): number => {
    let sum = 0;
    for (let d = 0; d < dim; d++) {
      const [mu, nu] = [points[m * dim + d], points[b * dim + d]];
      sum += alpha * (mu - nu) * (2 * row[d] - alpha * (mu + nu));
    }
    return sum / (2 * total) + log(weights[m]) - log(weights[b]);
  };
  const seen = (q: number, sign: number): Seen => {
    for (let d = 0; d < dim; d++) row[d] = x[q * dim + d] + sign * shift[q * dim + d];
    let best = weights.findIndex((weight) => weight > 0);
    for (let m = 0; m < size; m++) {
      if (weights[m] > 0 && relative(m, best) > 0) best = m;
    }
    let rest = 0;
    for (let m = 0; m < size; m++) {
      if (m !== best && weights[m] > 0) rest += exp(relative(m, best));
    }
    return { best, sum: 1 + rest };
  };
  return Float64Array.from({ length: x.length / dim }, (_, q) =>
    logRatio({ points, weights }, dim, level, x, shift, q, seen(q, 1), seen(q, -1)),
  );
}

/** The nearest point alone: the best point where all weigh the same. */
function* findNearest(
  request: Request<Precision, Quantity>,
  out: Targets,
  levels: (q: number) => Level,
): Generator<ScoreJob | number, void, void> {
  const { data, x, count } = request;
  const { dim, packed, order } = data;
  const y = yield* shrunk(request, levels);
  const layout = { ...data.layout, logWeights: 0 };
  const none = { stats: true, covariance: false, trace: false, weights: false };
  const raw = yield* runScore(data, layout, y, Float64Array.of(1), none);
  yield* inPieces(count, 4 * dim + 20, (first, last) => {
    for (let q = first; q < last; q++) {
      const best = raw.stats[4 * q];
      const { alpha } = levels(q);
      let square = 0;
      for (let d = 0; d < dim; d++) {
        const e = x[q * dim + d] - alpha * packed.local[best * dim + d];
        square += e * e;
      }
      if (out.nearest) out.nearest[q] = order[best];
      if (out.nearestDistance) out.nearestDistance[q] = Math.sqrt(square);
    }
  });
}

/**
 * Anisotropic S: points and queries are whitened by the Cholesky factor L of V = alpha^2 sigma0^2 I + S, once for each
 * distinct time; the isotropic kernels see unit noise, and what they give is carried back by L.
 */
function* anisotropic(
  request: Request<Precision, Quantity>,
  out: Targets,
): Generator<ScoreJob | number, void, void> {
  const { data, process, x, count, times } = request;
  const { dim, sigma0, packed } = data;
  const groups = new Map<number, number[]>();
  yield* inPieces(count, 20, (first, last) => {
    for (let q = first; q < last; q++) {
      const t = times[times.length === 1 ? 0 : q];
      const group = groups.get(t);
      if (group) group.push(q);
      else groups.set(t, [q]);
    }
  });
  const wantMatrix = !!(out.hessian ?? out.proxyCovariance ?? out.posteriorCovariance);
  const wantTrace = !!(out.proxyVariance ?? out.divergence);
  const small = dim <= MAX_MATRIX_DIM;
  for (const [t, members] of groups) {
    const level = levelAt(process, t);
    const { alpha, variance, beta } = level;
    const a = level.covariance as Float64Array;
    // D = rate E: E is A, or D itself where that is no multiple of A.
    const e = level.spread ?? a;
    const rate = level.spread === undefined ? level.diffusion : 1;
    const v = a.map(
      (value, i) => variance * value + (i % (dim + 1) === 0 ? alpha * alpha * sigma0 * sigma0 : 0),
    );
    const factor = cholesky(v, dim);
    const white = new Float64Array(packed.local.length);
    yield* inPieces(packed.weights.length, dim * dim + 100, (first, last) => {
      for (let m = first; m < last; m++) {
        const row = packed.local.slice(m * dim, (m + 1) * dim).map((mu) => alpha * mu);
        white.set(solveLower(factor, dim, row), m * dim);
      }
    });
    const z = new Float64Array(members.length * dim);
    yield* inPieces(members.length, dim * dim + 100, (first, last) => {
      for (let i = first; i < last; i++) {
        const q = members[i];
        z.set(solveLower(factor, dim, Float64Array.from(x.subarray(q * dim, (q + 1) * dim))), i * dim);
      }
    });
    const layout = data.upload(white, !data.uniform);
    let raw: Raw;
    try {
      raw = yield* runScore(data, layout, z, Float64Array.of(Math.LOG2E / 2), {
        stats: true,
        covariance: (wantMatrix || wantTrace) && small,
        trace: false,
        weights: out.posteriorWeights !== undefined || (wantTrace && !small),
      });
    } finally {
      data.freeLayout(layout);
    }
    let logDet = 0;
    for (let d = 0; d < dim; d++) logDet += 2 * log(factor[d * (dim + 1)]);
    const carry = carriers(level, a, e, rate, factor, dim, sigma0);
    // Congruences and products of matrices, where there are any.
    const units = 4 * dim * dim + 400 + (small && (wantMatrix || wantTrace) ? 6 * dim ** 3 : 0);
    for (let i = 0; i < members.length; i++) {
      yield units;
      const q = members[i];
      const row = q * dim;
      const residual = Float64Array.from({ length: dim }, (_, d) => z[i * dim + d] - raw.mean[i * dim + d]);
      const score = solveUpper(factor, dim, residual).map((value) => 0 - value);
      const spread = multiplied(e, score, dim);
      for (let d = 0; d < dim; d++) {
        if (out.score) out.score[row + d] = score[d];
        if (out.velocity) {
          const far = data.centre === undefined ? 0 : alpha * data.centre[d];
          out.velocity[row + d] = 0 - beta * (x[row + d] + far) - rate * spread[d];
        }
        if (out.posteriorMean) {
          // E[x_0 | x] = (x + S s) / alpha.
          let mean = 0;
          for (let k = 0; k <= d; k++) mean += factor[d * dim + k] * raw.mean[i * dim + k];
          const local = mean / alpha - alpha * sigma0 * sigma0 * score[d];
          out.posteriorMean[row + d] = data.centre ? data.centre[d] + local : local;
        }
      }
      const best = raw.stats[4 * i];
      scalars(request, out, raw, i, q, false, () => {
        let square = 0;
        for (let d = 0; d < dim; d++) {
          const gap = z[i * dim + d] - white[best * dim + d];
          square += gap * gap;
        }
        return 0 - square / 2 - 0.5 * (dim * log(2 * Math.PI) + logDet);
      });
      if (!wantMatrix && !wantTrace) continue;
      if (!small) {
        yield* tracesByWeights(out, raw, i, q, carry, white, level, dim);
        continue;
      }
      const covariance = new Float64Array(dim * dim);
      unpack(raw.covariance as Float64Array, i, dim, covariance);
      // alpha^2 V^-1 Cov V^-1 = L^-T Cov_white L^-1
      const inner = congruence(factor, covariance, dim);
      let innerTrace = 0;
      let spreadTrace = 0;
      for (let d = 0; d < dim; d++) {
        innerTrace += inner[d * (dim + 1)];
        for (let k = 0; k < dim; k++) spreadTrace += e[d * dim + k] * inner[k * dim + d];
      }
      if (out.proxyVariance) out.proxyVariance[q] = innerTrace + carry.extraTrace;
      if (out.divergence) out.divergence[q] = rate * (carry.spreadInverseTrace - spreadTrace) - beta * dim;
      if (!wantMatrix) continue;
      const target = q * dim * dim;
      // S V^-1 Cov V^-1 S = S inner S / alpha^2
      const outer = out.posteriorCovariance
        ? sandwich(a, inner, dim, (variance / alpha) * (variance / alpha))
        : inner;
      for (let k = 0; k < dim * dim; k++) {
        if (out.hessian) out.hessian[target + k] = inner[k] - carry.inverse[k];
        if (out.proxyCovariance) out.proxyCovariance[target + k] = inner[k] + carry.extra[k];
        if (out.posteriorCovariance) {
          out.posteriorCovariance[target + k] = outer[k] + carry.component[k];
        }
      }
    }
  }
}

/** The parts of an anisotropic level that no query changes. */
interface Carriers {
  /** E and rate, with D = rate E. */
  e: Float64Array;
  rate: number;
  factor: Float64Array;
  /** V^-1 */
  inverse: Float64Array;
  /** alpha^2 sigma0^2 S^-1 V^-1 and its trace */
  extra: Float64Array;
  extraTrace: number;
  /** sigma0^2 S V^-1 */
  component: Float64Array;
  /** tr(E V^-1) */
  spreadInverseTrace: number;
}

function carriers(
  level: ReferenceLevel,
  a: Float64Array,
  e: Float64Array,
  rate: number,
  factor: Float64Array,
  dim: number,
  sigma0: number,
): Carriers {
  const { alpha, variance } = level;
  const factorA = cholesky(a, dim);
  const inverse = new Float64Array(dim * dim);
  const extra = new Float64Array(dim * dim);
  const component = new Float64Array(dim * dim);
  let extraTrace = 0;
  let spreadInverseTrace = 0;
  for (let j = 0; j < dim; j++) {
    const unit = new Float64Array(dim);
    unit[j] = 1;
    const column = solveUpper(factor, dim, solveLower(factor, dim, unit));
    const both =
      sigma0 === 0
        ? new Float64Array(dim)
        : solveUpper(factorA, dim, solveLower(factorA, dim, column.slice()));
    const spread = multiplied(a, column, dim);
    spreadInverseTrace += e === a ? spread[j] : multiplied(e, column, dim)[j];
    for (let i = 0; i < dim; i++) {
      inverse[i * dim + j] = column[i];
      extra[i * dim + j] = ((alpha * alpha * sigma0 * sigma0) / variance) * both[i];
      component[i * dim + j] = sigma0 * sigma0 * variance * spread[i];
    }
    extraTrace += extra[j * (dim + 1)];
  }
  for (const matrix of [inverse, extra, component]) symmetrize(matrix, dim);
  return { e, rate, factor, inverse, extra, extraTrace, component, spreadInverseTrace };
}

function symmetrize(matrix: Float64Array, dim: number): void {
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) {
      const mean = 0.5 * (matrix[i * dim + j] + matrix[j * dim + i]);
      matrix[i * dim + j] = mean;
      matrix[j * dim + i] = mean;
    }
  }
}

/** Traces for dim > 64, from the weights: E|L^-T (nu - mean)|^2 without a matrix. */
function* tracesByWeights(
  out: Targets,
  raw: Raw,
  i: number,
  q: number,
  carry: Carriers,
  white: Float64Array,
  level: ReferenceLevel,
  dim: number,
): Generator<number, void, void> {
  const weights = raw.weights as Float32Array | Float64Array;
  const size = white.length / dim;
  let inner = 0;
  let spread = 0;
  for (let m = 0; m < size; m++) {
    const w = weights[i * size + m];
    if (w === 0) continue;
    yield 3 * dim * dim;
    const e = Float64Array.from({ length: dim }, (_, d) => white[m * dim + d] - raw.mean[i * dim + d]);
    const u = solveUpper(carry.factor, dim, e);
    const au = multiplied(carry.e, u, dim);
    for (let d = 0; d < dim; d++) {
      inner += w * u[d] * u[d];
      spread += w * u[d] * au[d];
    }
  }
  if (out.proxyVariance) out.proxyVariance[q] = inner + carry.extraTrace;
  if (out.divergence) {
    out.divergence[q] = carry.rate * (carry.spreadInverseTrace - spread) - level.beta * dim;
  }
}

function multiplied(a: Float64Array, x: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    let sum = 0;
    for (let j = 0; j < dim; j++) sum += a[i * dim + j] * x[j];
    out[i] = sum;
  }
  return out;
}

/** L^-T C L^-1 for symmetric C. */
function congruence(factor: Float64Array, c: Float64Array, dim: number): Float64Array {
  const half = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    // Row i of C, as a column: L^-T of it is row i of C L^-1.
    half.set(solveUpper(factor, dim, c.slice(i * dim, (i + 1) * dim)), i * dim);
  }
  const out = new Float64Array(dim * dim);
  for (let j = 0; j < dim; j++) {
    const column = Float64Array.from({ length: dim }, (_, i) => half[i * dim + j]);
    const solved = solveUpper(factor, dim, column);
    for (let i = 0; i < dim; i++) out[i * dim + j] = solved[i];
  }
  symmetrize(out, dim);
  return out;
}

/** scale A C A for symmetric A and C. */
function sandwich(a: Float64Array, c: Float64Array, dim: number, scale: number): Float64Array {
  const half = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) half.set(multiplied(a, c.slice(i * dim, (i + 1) * dim), dim), i * dim);
  const out = new Float64Array(dim * dim);
  for (let j = 0; j < dim; j++) {
    const column = Float64Array.from({ length: dim }, (_, i) => half[i * dim + j]);
    const product = multiplied(a, column, dim);
    for (let i = 0; i < dim; i++) out[i * dim + j] = scale * product[i];
  }
  symmetrize(out, dim);
  return out;
}

/** What depends on where the data is, from coordinates less its centre to x. */
function carryOut(
  { posteriorMean, velocity }: { posteriorMean?: Float64Array; velocity?: Float64Array },
  centre: Float64Array,
  { alpha, beta }: ReferenceLevel,
): void {
  centre.forEach((far, d) => {
    if (posteriorMean) posteriorMean[d] = posteriorMean[d] + far;
    if (velocity) velocity[d] = velocity[d] - beta * alpha * far;
  });
}

/** The same by the reference, query by query; yields now and then so that the caller can breathe. */
export function* referenceEvaluation<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
): Generator<number, Evaluation<P, Q>, void> {
  const { data, process, x, count, times, quantities } = request;
  const out = outputs(request);
  const { dim } = data;
  const { centre } = data;
  const mixture = { points: Float64Array.from(data.local), dim, weights: data.weights, sigma0: data.sigma0 };
  const levels = new Map<number, ReferenceLevel>();
  for (let q = 0; q < count; q++) {
    const t = times[times.length === 1 ? 0 : q];
    let level = levels.get(t);
    if (level === undefined) {
      level = levelAt(process, t);
      levels.set(t, level);
    }
    const query = Float64Array.from(x.subarray(q * dim, (q + 1) * dim));
    const result = evaluatePoint(mixture, level, query, quantities);
    if (centre) carryOut(result, centre, level);
    for (const name of quantities) {
      const value: number | Float64Array = result[name];
      const target = out[name] as Numbers<P> | Int32Array;
      if (typeof value === "number") target[q] = value;
      else target.set(value, q * value.length);
    }
    yield q;
  }
  return out;
}
