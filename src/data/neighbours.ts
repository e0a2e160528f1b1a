import type { Mixture } from "./mixture.js";
import { quantileOf } from "../numeric/statistics.js";
import { unitOfWork } from "../core/scheduler.js";

/** The distinct positions of a mixture's points, heaviest point first. */
export interface Positions {
  /** `[size, dim]`. */
  readonly points: Float64Array;
  readonly size: number;
  /** The weight of all points at a position. */
  readonly weights: Float64Array;
  /** The heaviest point at a position, as an index into the mixture's points. */
  readonly index: Int32Array;
}

/** Merges the points of a mixture that lie at one position; points without weight are left out. Linear in size. */
export function* distinctPositions(data: Mixture): Generator<void, Positions, void> {
  const { dim, order } = data;
  const { points, weights } = data.packed;
  const size = weights.length;
  // Irrational multiples of the coordinates: equal rows have equal sums, others hardly ever.
  const factors = Float64Array.from({ length: dim }, (_, d) => 0.5 + ((d * 0.6180339887498949) % 1));
  const bySum = new Map<number, number[]>();
  const kept: number[] = [];
  const keptWeights: number[] = [];
  let work = 0;
  for (let m = 0; m < size; m++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += factors[d] * points[m * dim + d];
    const bucket = bySum.get(sum);
    const slot = bucket?.find((k) => {
      const other = kept[k] * dim;
      for (let d = 0; d < dim; d++) if (points[m * dim + d] !== points[other + d]) return false;
      return true;
    });
    if (slot !== undefined) keptWeights[slot] = keptWeights[slot] + weights[m];
    else {
      if (bucket) bucket.push(kept.length);
      else bySum.set(sum, [kept.length]);
      kept.push(m);
      keptWeights.push(weights[m]);
    }
    work += dim + 64;
    if (work >= unitOfWork) {
      work = 0;
      yield;
    }
  }
  const out = new Float64Array(kept.length * dim);
  kept.forEach((m, k) => {
    out.set(points.subarray(m * dim, (m + 1) * dim), k * dim);
  });
  return {
    points: out,
    size: kept.length,
    weights: Float64Array.from(keptWeights),
    index: Int32Array.from(kept, (m) => order[m]),
  };
}

/** The k nearest points of each query, `[count, k]`: which, and their squared distances. */
export interface Neighbours {
  /** -1 where there are fewer than k points. */
  readonly index: Int32Array<ArrayBuffer>;
  /** Infinity there. */
  readonly squared: Float64Array<ArrayBuffer>;
}

/**
 * The k nearest points of each query by direct differences in float64; of equal distances the first point. With
 * `self`, queries are the points and none is its own neighbour. Cost: count x size x dim.
 */
export function* neighbours(
  queries: Float64Array,
  points: Float64Array,
  dim: number,
  k: number,
  self = false,
): Generator<void, Neighbours, void> {
  const count = queries.length / dim;
  const size = points.length / dim;
  const found = {
    index: new Int32Array(count * k).fill(-1),
    squared: new Float64Array(count * k).fill(Number.POSITIVE_INFINITY),
  };
  const chunk = Math.max(1, Math.floor(unitOfWork / dim));
  let work = 0;
  for (let q = 0; q < count; q++) {
    for (let first = 0; first < size; first += chunk) {
      const last = Math.min(size, first + chunk);
      scan(queries, q, points, first, last, dim, k, self ? q : -1, found);
      work += (last - first) * dim;
      if (work >= unitOfWork) {
        work = 0;
        yield;
      }
    }
  }
  return found;
}

/** The median distance of a position from its nearest other one; Infinity of a single position. */
export function* spacingOf({ points, size }: Positions): Generator<void, number, void> {
  const { squared } = yield* neighbours(points, points, points.length / size, 1, true);
  return quantileOf(squared.map(Math.sqrt).sort(), 0.5);
}

function scan(
  queries: Float64Array,
  q: number,
  points: Float64Array,
  first: number,
  last: number,
  dim: number,
  k: number,
  skip: number,
  found: Neighbours,
): void {
  const { index, squared } = found;
  const at = q * dim;
  const base = q * k;
  const end = base + k - 1;
  let worst = squared[end];
  const x0 = queries[at];
  const x1 = queries[at + 1];
  for (let m = first; m < last; m++) {
    if (m === skip) continue;
    const row = m * dim;
    let sum: number;
    if (dim <= 2) {
      const d0 = x0 - points[row];
      sum = d0 * d0;
      if (dim === 2) {
        const d1 = x1 - points[row + 1];
        sum += d1 * d1;
      }
    } else {
      sum = 0;
      // Sums only grow: a point that is too far after some coordinates stays so.
      for (let d = 0; d < dim && sum < worst; ) {
        const stop = Math.min(dim, d + 16);
        for (; d < stop; d++) {
          const difference = queries[at + d] - points[row + d];
          sum += difference * difference;
        }
      }
    }
    if (!(sum < worst)) continue;
    let slot = end;
    for (; slot > base && squared[slot - 1] > sum; slot--) {
      squared[slot] = squared[slot - 1];
      index[slot] = index[slot - 1];
    }
    squared[slot] = sum;
    index[slot] = m;
    worst = squared[end];
  }
}
