import { checkInteger, checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, PointsInput } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { checkSamples } from "./input.js";
import { distinctPositions } from "../data/neighbours.js";
import { shareOf } from "../numeric/statistics.js";
import { inSlices, unitOfWork } from "../core/scheduler.js";

export interface HullOptions {
  /**
   * Samples this near to the hull count as inside. Default: the precision's rounding (1e-6 for f32, 1e-9 for f64)
   * times the largest extent of the data along a coordinate (times their largest coordinate, if they have no extent).
   */
  tolerance?: number;
  /** Whether to go on until the two bounds of every distance are `tolerance` apart; false by default. */
  distances?: boolean;
  /** The most steps per sample. Default 1,000 + 10 dim. */
  iterations?: number;
  signal?: AbortSignal;
}

export interface Hull {
  /** The share of decided samples that are outside; NaN where there are none. */
  readonly fraction: number;
  /** Binomial: the samples vary, the data are fixed. */
  readonly standardError: number;
  readonly count: number;
  /** Samples that the cap left without a certificate, or that lie on the tolerance to the last digits. */
  readonly undecided: number;
  readonly tolerance: number;
  /** 1 outside, 0 inside, -1 undecided. */
  readonly outside: Int8Array<ArrayBuffer>;
  /** What is proven of each distance to the hull: from a hyperplane that separates ... */
  readonly atLeast: Float64Array<ArrayBuffer>;
  /** ... and from a point of the hull. */
  readonly atMost: Float64Array<ArrayBuffer>;
}

/**
 * The share of samples outside the convex hull of the training points: whether a model extrapolates.
 *
 * Every verdict is certified, up to the rounding of sums over dim, which is allowed for. Outside: a hyperplane has all
 * points on its other side, farther than `tolerance`. Inside: a convex combination of points is within `tolerance`.
 * In one dimension from the two ends, in two from the corners of the hull (monotone chain, Andrew 1979), beyond by
 * Wolfe's nearest point in a polytope (1976), with an orthogonal basis of the current face. What neither certificate
 * settles within `iterations` is counted as undecided; if `undecided` is u of n, the share of all samples lies between
 * those of u inside and u outside.
 *
 * Cost: a few to some 10 dim scans of the data per sample, size x dim multiply-adds each; deep inside a hull of many
 * dimensions most. On the calling thread in slices of 12 ms.
 *
 * @param samples `[count, dim]` row-major
 * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT, E_ABORT, E_DISPOSED
 * @example
 * const { fraction, undecided } = await hullFraction(run.samples, data);
 */
export async function hullFraction(
  samples: PointsInput,
  data: Mixture,
  options: HullOptions = {},
): Promise<Hull> {
  checkOptions(options, ["tolerance", "distances", "iterations", "signal"]);
  checkLongCall(options);
  const { distances = false } = options;
  if (typeof distances !== "boolean") throw badArgument("E_TYPE", "distances", "true or false", distances);
  if (options.tolerance !== undefined) checkNumber(options.tolerance, "tolerance", { above: 0 });
  if (options.iterations !== undefined) checkInteger(options.iterations, "iterations", 1, 1e9);
  const input = checkSamples(samples, data);
  const settings = {
    tolerance: options.tolerance ?? defaultTolerance(data),
    distances,
    iterations: options.iterations ?? 1000 + 10 * data.dim,
  };
  return inSlices(judge(input.samples, data, settings), options.signal);
}

interface Settings {
  readonly tolerance: number;
  readonly distances: boolean;
  readonly iterations: number;
}

function defaultTolerance({ dim, packed, precision }: Mixture): number {
  const { points } = packed;
  let extent = 0;
  let largest = 0;
  for (let d = 0; d < dim; d++) {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let at = d; at < points.length; at += dim) {
      low = Math.min(low, points[at]);
      high = Math.max(high, points[at]);
    }
    extent = Math.max(extent, high - low);
    largest = Math.max(largest, high, -low);
  }
  return (precision === "f32" ? 1e-6 : 1e-9) * (extent || largest || 1);
}

/** What is known of a distance. */
interface Bounds {
  atLeast: number;
  atMost: number;
}

function* judge(samples: Float64Array, data: Mixture, settings: Settings): Generator<void, Hull, void> {
  const { dim } = data;
  const { tolerance } = settings;
  const count = samples.length / dim;
  const { points } = yield* distinctPositions(data);
  const corners = dim === 1 ? ends(points) : dim === 2 ? yield* monotoneChain(points) : points;
  const outside = new Int8Array(count);
  const atLeast = new Float64Array(count);
  const atMost = new Float64Array(count);
  let hits = 0;
  let undecided = 0;
  let work = 0;
  for (let i = 0; i < count; i++) {
    const sample = samples.subarray(i * dim, (i + 1) * dim);
    const { bounds, slack } =
      dim <= 2 ? toPolygon(sample, corners, dim) : yield* nearestInHull(sample, corners, dim, settings);
    atLeast[i] = Math.max(0, bounds.atLeast - slack);
    atMost[i] = bounds.atMost + slack;
    outside[i] = atLeast[i] > tolerance ? 1 : atMost[i] <= tolerance ? 0 : -1;
    if (outside[i] === 1) hits++;
    if (outside[i] === -1) undecided++;
    work += corners.length * 4;
    if (work >= unitOfWork) {
      work = 0;
      yield;
    }
  }
  return { ...shareOf(hits, count - undecided), count, undecided, tolerance, outside, atLeast, atMost };
}

/** What rounding may add to a distance between numbers of this size, over dim coordinates. */
const rounding = (dim: number, scale: number): number => 8 * (dim + 4) * Number.EPSILON * scale;

/** The smallest and the largest number. */
function ends(points: Float64Array): Float64Array {
  let low = points[0];
  let high = low;
  for (const x of points) {
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  return low === high ? Float64Array.of(low) : Float64Array.of(low, high);
}

/** The corners of a hull in the plane, counterclockwise. */
function* monotoneChain(points: Float64Array): Generator<void, Float64Array, void> {
  const size = points.length / 2;
  const order = Int32Array.from({ length: size }, (_, m) => m).sort(
    (a, b) => points[2 * a] - points[2 * b] || points[2 * a + 1] - points[2 * b + 1],
  );
  yield;
  if (size < 3) return points;
  /** Twice the signed area of a triangle. */
  const turn = (a: number, b: number, c: number): number => {
    const ax = points[2 * a];
    const ay = points[2 * a + 1];
    return (points[2 * b] - ax) * (points[2 * c + 1] - ay) - (points[2 * b + 1] - ay) * (points[2 * c] - ax);
  };
  const half = (list: Iterable<number>): number[] => {
    const chain: number[] = [];
    for (const m of list) {
      while (chain.length > 1 && turn(chain.at(-2) as number, chain.at(-1) as number, m) <= 0) chain.pop();
      chain.push(m);
    }
    chain.pop();
    return chain;
  };
  const corners = half(order);
  yield;
  corners.push(...half(order.slice().reverse()));
  const out = new Float64Array(2 * corners.length);
  corners.forEach((m, k) => {
    out.set(points.subarray(2 * m, 2 * m + 2), 2 * k);
  });
  return out;
}

/** The distance to an interval or a convex polygon, counterclockwise; a point and a segment are polygons too. */
function toPolygon(
  sample: Float64Array,
  corners: Float64Array,
  dim: number,
): { bounds: Bounds; slack: number } {
  let scale = 0;
  for (let at = 0; at < corners.length; at++) {
    scale = Math.max(scale, Math.abs(corners[at] - sample[at % dim]));
  }
  const slack = rounding(dim, scale);
  const exactly = (distance: number) => ({ bounds: { atLeast: distance, atMost: distance }, slack });
  if (dim === 1) {
    const x = sample[0];
    return exactly(Math.max(0, corners[0] - x, x - (corners.at(-1) as number)));
  }
  const size = corners.length / 2;
  const [x, y] = sample as unknown as [number, number];
  let inside = size > 2;
  let nearest = Number.POSITIVE_INFINITY;
  for (let k = 0; k < size; k++) {
    const next = (k + 1) % size;
    const ax = corners[2 * k];
    const ay = corners[2 * k + 1];
    const ex = corners[2 * next] - ax;
    const ey = corners[2 * next + 1] - ay;
    if (ex * (y - ay) - ey * (x - ax) < 0) inside = false;
    const length = ex * ex + ey * ey;
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, (ex * (x - ax) + ey * (y - ay)) / length));
    nearest = Math.min(nearest, Math.hypot(x - ax - along * ex, y - ay - along * ey));
  }
  return exactly(inside ? 0 : nearest);
}

/**
 * Wolfe's method: the point nearest to 0 in the hull of q_m = mu_m - x. A face (`corral`) holds the current point y;
 * the point with the least y.q_m joins it, and the nearest point of the face's affine hull follows, cut to the face.
 * |y| bounds the distance from above and min_m y.q_m / |y| from below, whatever y is.
 */
function* nearestInHull(
  sample: Float64Array,
  points: Float64Array,
  dim: number,
  { tolerance, distances, iterations }: Settings,
): Generator<void, { bounds: Bounds; slack: number }, void> {
  const size = points.length / dim;
  let scale = 0;
  let start = 0;
  let least = Number.POSITIVE_INFINITY;
  let work = 0;
  for (let m = 0; m < size; m++) {
    let square = 0;
    for (let d = 0; d < dim; d++) square += (points[m * dim + d] - sample[d]) ** 2;
    if (square < least) {
      least = square;
      start = m;
    }
    scale = Math.max(scale, square);
    work += dim;
    if (work >= unitOfWork) {
      work = 0;
      yield;
    }
  }
  scale = Math.sqrt(scale);
  const slack = rounding(dim, scale);
  const face = new Face(sample, points, dim, start);
  const y = face.at();
  const bounds: Bounds = { atLeast: 0, atMost: Math.sqrt(least) };
  for (let step = 0; step < iterations; step++) {
    const norm = Math.sqrt(dot(y, y));
    bounds.atMost = Math.min(bounds.atMost, norm);
    if (bounds.atMost + slack <= tolerance) break;
    let worst = 0;
    let lowest = Number.POSITIVE_INFINITY;
    const chunk = Math.max(1, Math.floor(unitOfWork / dim));
    for (let first = 0; first < size; first += chunk) {
      const last = Math.min(size, first + chunk);
      for (let m = first; m < last; m++) {
        let product = 0;
        const row = m * dim;
        for (let d = 0; d < dim; d++) {
          product += y[d] * (points[row + d] - sample[d]);
        }
        if (product < lowest) {
          lowest = product;
          worst = m;
        }
      }
      yield;
    }
    if (norm > 0) bounds.atLeast = Math.max(bounds.atLeast, lowest / norm);
    if (!distances && bounds.atLeast - slack > tolerance) break;
    if (distances && bounds.atMost - bounds.atLeast <= tolerance / 2) break;
    if (!face.add(worst)) break;
    face.descend();
    y.set(face.at());
    // The norm falls at every step, up to rounding: where it does not, no step is left.
    if (!(dot(y, y) < norm * norm)) break;
  }
  return { bounds, slack };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}

/** Affinely independent points with positive weights of sum 1, and an orthonormal basis of their differences. */
class Face {
  readonly #sample: Float64Array;
  readonly #points: Float64Array;
  readonly #dim: number;
  #members: number[];
  #weights: number[];
  /** Of the differences from the first member: vector j of the basis, and column j of R. */
  readonly #basis: Float64Array[] = [];
  readonly #columns: Float64Array[] = [];

  constructor(sample: Float64Array, points: Float64Array, dim: number, member: number) {
    this.#sample = sample;
    this.#points = points;
    this.#dim = dim;
    this.#members = [member];
    this.#weights = [1];
  }

  /** The point that the weights make, relative to the sample. */
  at(): Float64Array {
    const y = new Float64Array(this.#dim);
    this.#members.forEach((m, k) => {
      const weight = this.#weights[k];
      for (let d = 0; d < y.length; d++) y[d] = y[d] + weight * this.#relative(m, d);
    });
    return y;
  }

  #relative(m: number, d: number): number {
    return this.#points[m * this.#dim + d] - this.#sample[d];
  }

  /** Takes a point in with weight 0; false where it lies in the affine hull of the others. */
  add(m: number): boolean {
    if (!this.#extend(m)) return false;
    this.#members.push(m);
    this.#weights.push(0);
    return true;
  }

  #extend(m: number): boolean {
    const dim = this.#dim;
    const base = this.#members[0] * dim;
    const rank = this.#basis.length;
    if (rank === dim) return false;
    const vector = new Float64Array(dim);
    for (let d = 0; d < dim; d++) vector[d] = this.#points[m * dim + d] - this.#points[base + d];
    const length = Math.sqrt(dot(vector, vector));
    const column = new Float64Array(rank + 1);
    // Gram and Schmidt, twice: once loses orthogonality where a point is near the hull of the others.
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < rank; j++) {
        const along = this.#basis[j];
        const c = dot(along, vector);
        column[j] = column[j] + c;
        for (let d = 0; d < dim; d++) vector[d] = vector[d] - c * along[d];
      }
    }
    const rest = Math.sqrt(dot(vector, vector));
    // What an independent point adds is at least the gap of the bounds, far above this.
    if (!(rest > 1e-13 * length)) return false;
    column[rank] = rest;
    for (let d = 0; d < dim; d++) vector[d] = vector[d] / rest;
    this.#basis.push(vector);
    this.#columns.push(column);
    return true;
  }

  /** Moves to the nearest point of the face, dropping members whose weights would become negative. */
  descend(): void {
    for (;;) {
      const target = this.#affineMinimizer();
      let step = 1;
      let blocking = -1;
      for (let k = 0; k < target.length; k++) {
        const to = target[k];
        if (to > 0) continue;
        const from = this.#weights[k];
        const reach = from / (from - to);
        if (blocking === -1 || reach < step) {
          step = Number.isNaN(reach) ? 0 : reach;
          blocking = k;
        }
      }
      if (blocking === -1) {
        this.#weights = target;
        return;
      }
      const weights = this.#weights.map((from, k) =>
        k === blocking ? 0 : Math.max(0, from + step * (target[k] - from)),
      );
      const first = weights.indexOf(0);
      this.#members = this.#members.filter((_, k) => weights[k] > 0);
      const kept = weights.filter((weight) => weight > 0);
      const sum = kept.reduce((a, b) => a + b, 0);
      this.#weights = kept.map((weight) => weight / sum);
      // What was built on the first that left is built anew: all, if the base left.
      this.#basis.length = Math.max(0, first - 1);
      this.#columns.length = this.#basis.length;
      for (let k = this.#basis.length + 1; k < this.#members.length; k++) {
        this.#extend(this.#members[k]);
      }
    }
  }

  /** The weights, of sum 1 and any sign, of the nearest point of the affine hull. */
  #affineMinimizer(): number[] {
    const rank = this.#basis.length;
    const base = this.#members[0];
    const weights = new Array<number>(rank + 1).fill(0);
    for (let j = rank - 1; j >= 0; j--) {
      const along = this.#basis[j];
      let c = 0;
      for (let d = 0; d < this.#dim; d++) c -= along[d] * this.#relative(base, d);
      for (let k = j + 1; k < rank; k++) c -= this.#columns[k][j] * weights[k + 1];
      weights[j + 1] = c / this.#columns[j][j];
    }
    let rest = 1;
    for (let j = 1; j <= rank; j++) rest -= weights[j];
    weights[0] = rest;
    return weights;
  }
}
