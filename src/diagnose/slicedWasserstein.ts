import { checkInteger, checkLongCall, checkOptions } from "../core/check.js";
import { checkSize, type Mixture, type PointsInput } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { fillNormals } from "../numeric/random.js";
import { checkSides, type Side } from "./input.js";
import { momentsOf } from "../numeric/statistics.js";
import { inSlices, unitOfWork } from "../core/scheduler.js";

export interface SlicedOptions {
  /** The number of random directions. Default 128, or 1 in one dimension. */
  projections?: number;
  /** The order p of the distance, 1 or 2 (default). */
  order?: 1 | 2;
  /** Seed of the directions, 0 to 2^53 - 1. Default 0. */
  seed?: number;
  /** Coordinates of a sample. Needed where both sides are flat. */
  dim?: number;
  signal?: AbortSignal;
}

export interface SlicedWasserstein {
  readonly value: number;
  /** The standard error of `value`, from the two errors below together. */
  readonly standardError: number;
  /** The part of the error that comes from the draws, the directions given. */
  readonly samplingError: number;
  /** The part of the error that comes from the directions, the draws given. */
  readonly projectionError: number;
  readonly projections: number;
}

/** Counters 0 to 3 are those of runs. */
const directionStream = 64;

/**
 * The sliced Wasserstein distance (E W_p(theta.X, theta.Y)^p)^(1/p) over uniform directions theta (Bonneel et al.
 * 2015), each W_p exact for any counts and weights. Samples are taken as draws; a mixture is taken as the law itself,
 * with its weights and without sampling error.
 *
 * `samplingError` comes from the optimal potentials: W_p^p is about a mean of them over the draws (del Barrio and
 * Loubes 2019), averaged over the directions. It holds for laws that differ by more than their sampling noise; between
 * draws of equal laws the value is all bias, about n^(-1/2), and the error no guide: there compare with the value of two
 * sets of draws of one law, or use `energyDistance`. `projectionError` is the spread over the directions. Order 1
 * has its potentials only up to ties of quantiles. With equal sides all are 0; of no samples all are NaN.
 *
 * Cost: projections x (n + m) (dim + log(n + m)) on the calling thread, in slices of 12 ms.
 *
 * @param a `[n, dim]` row-major, or a mixture of sigma0 0
 * @param b `[m, dim]` row-major, or a mixture of sigma0 0
 * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT, E_UNSUPPORTED, E_ABORT, E_DISPOSED
 * @example
 * const { value, standardError } = await slicedWasserstein(run.samples, data, { order: 2, seed: 1 });
 */
export async function slicedWasserstein(
  a: PointsInput | Mixture,
  b: PointsInput | Mixture,
  options: SlicedOptions = {},
): Promise<SlicedWasserstein> {
  checkOptions(options, ["projections", "order", "seed", "dim", "signal"]);
  checkLongCall(options);
  const projections = checkInteger(options.projections ?? 128, "projections", 1, 1_000_000);
  const order = options.order ?? 2;
  if (order !== 1 && order !== 2)
    throw badArgument(typeof order === "number" ? "E_RANGE" : "E_TYPE", "order", "1 or 2", order);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const sides = checkSides(a, b, options.dim);
  checkSize("projections", projections, sides.dim);
  return inSlices(sliced(sides, sides.dim === 1 ? 1 : projections, order, seed), options.signal);
}

function* sliced(
  { a, b, dim }: { a: Side; b: Side; dim: number },
  projections: number,
  order: 1 | 2,
  seed: number,
): Generator<void, SlicedWasserstein, void> {
  if (a.count === 0 || b.count === 0) {
    const none = Number.NaN;
    return { value: none, standardError: none, samplingError: none, projectionError: none, projections };
  }
  const powers = new Float64Array(projections);
  const potentials = { a: new Float64Array(a.count), b: new Float64Array(b.count) };
  const direction = new Float64Array(dim);
  for (let p = 0; p < projections; p++) {
    if (dim === 1) direction[0] = 1;
    else fillNormals(direction, dim, 1, p, seed, 0, directionStream);
    let norm = 0;
    for (const z of direction) norm += z * z;
    for (let d = 0; d < dim; d++) direction[d] = direction[d] / Math.sqrt(norm);
    const onA = yield* projected(a, direction);
    const onB = yield* projected(b, direction);
    powers[p] = yield* transport(onA, onB, order, potentials);
  }
  const { mean, variance } = momentsOf(powers);
  const value = order === 1 ? mean : Math.sqrt(mean);
  const errorOf = (side: Side, sums: Float64Array): number =>
    side.weights ? 0 : momentsOf(sums.map((sum) => sum / projections)).variance / side.count;
  // The error of the p-th power over the derivative of the p-th power.
  const ofPower = (square: number): number =>
    square === 0 ? 0 : Math.sqrt(square) / (order === 1 ? 1 : 2 * value);
  const ofSamples = errorOf(a, potentials.a) + errorOf(b, potentials.b);
  const ofDirections = dim === 1 ? 0 : variance / projections;
  return {
    value,
    standardError: ofPower(ofSamples + ofDirections),
    samplingError: ofPower(ofSamples),
    projectionError: ofPower(ofDirections),
    projections,
  };
}

/** A side along a direction, ascending. */
interface Line {
  readonly values: Float64Array;
  /** Which point each value is of. */
  readonly order: Int32Array;
  /** Positive, of one sum on both sides up to rounding; undefined where equal. */
  readonly weights: Float64Array | undefined;
}

function* projected(side: Side, direction: Float64Array): Generator<void, Line, void> {
  const { points, count } = side;
  const dim = direction.length;
  const along = new Float64Array(count);
  let work = 0;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += direction[d] * points[i * dim + d];
    along[i] = sum;
    work += dim + 8;
    if (work >= unitOfWork) {
      work = 0;
      yield;
    }
  }
  const order = yield* ascending(along);
  const values = new Float64Array(count);
  for (let k = 0; k < count; k++) values[k] = along[order[k]];
  const { weights } = side;
  return { values, order, weights: weights && Float64Array.from(order, (i) => weights[i]) };
}

/** The order of keys, by merging: in slices, unlike the host's sort. */
function* ascending(keys: Float64Array): Generator<void, Int32Array, void> {
  const count = keys.length;
  let from = Int32Array.from({ length: count }, (_, i) => i);
  let to = new Int32Array(count);
  let work = 0;
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(count, start + width);
      const end = Math.min(count, start + 2 * width);
      let i = start;
      let j = middle;
      for (let k = start; k < end; k++) {
        const left = j >= end || (i < middle && keys[from[i]] <= keys[from[j]]);
        to[k] = from[left ? i++ : j++];
      }
      work += 8 * (end - start);
      if (work >= unitOfWork) {
        work = 0;
        yield;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/**
 * W_p^p on a line: quantiles of both sides meet in ascending order. Adds the optimal potentials f, g with
 * f(x) + g(y) = |x - y|^p wherever x meets y. Where both sides go on at once, either may go first; the average of the
 * two ways is taken, optimal too.
 */
function* transport(
  a: Line,
  b: Line,
  order: 1 | 2,
  potentials: { a: Float64Array; b: Float64Array },
): Generator<void, number, void> {
  const n = a.values.length;
  const m = b.values.length;
  const cost = (i: number, j: number): number => {
    const difference = Math.abs(a.values[i] - b.values[j]);
    return order === 1 ? difference : difference * difference;
  };
  // Equal weights of both sides as whole numbers: n of m units against m of n.
  const whole = a.weights === undefined && b.weights === undefined;
  const massA = (i: number): number => (whole ? m : (a.weights?.[i] ?? 1 / n));
  const massB = (j: number): number => (whole ? n : (b.weights?.[j] ?? 1 / m));
  let i = 0;
  let j = 0;
  let left = massA(0);
  let right = massB(0);
  let f = 0;
  let g = cost(0, 0);
  let total = 0;
  let work = 0;
  const add = (sums: Float64Array, at: number, value: number): void => {
    sums[at] = sums[at] + value;
  };
  add(potentials.a, a.order[0], f);
  add(potentials.b, b.order[0], g);
  while (i < n - 1 || j < m - 1) {
    // At the end of a side, the other's rest is its own whatever rounding says.
    const goA = j === m - 1 || (i < n - 1 && left <= right);
    const goB = i === n - 1 || (j < m - 1 && right <= left);
    const moved = goA && goB ? Math.min(left, right) : goA ? left : right;
    total += moved * cost(i, j);
    left -= moved;
    right -= moved;
    if (goA && goB) {
      const corner = cost(i + 1, j + 1);
      const first = cost(i + 1, j) - g;
      const second = cost(i, j + 1) - f;
      f = (first + corner - second) / 2;
      g = (corner - first + second) / 2;
    } else if (goA) f = cost(i + 1, j) - g;
    else g = cost(i, j + 1) - f;
    if (goA) {
      i++;
      left = massA(i);
      add(potentials.a, a.order[i], f);
    }
    if (goB) {
      j++;
      right = massB(j);
      add(potentials.b, b.order[j], g);
    }
    work += 32;
    if (work >= unitOfWork) {
      work = 0;
      yield;
    }
  }
  total += Math.min(left, right) * cost(i, j);
  return whole ? total / (n * m) : total;
}
