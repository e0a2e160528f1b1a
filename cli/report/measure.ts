import { setImmediate } from "node:timers/promises";
import { type Mixture, nearestPoints, voronoiMass } from "vkernel";

/** Where samples lie relative to the training points. */
export interface Measures {
  readonly count: number;
  /** `[count]`, to the nearest training point, and which one that is. */
  readonly distance: Float64Array;
  readonly nearest: Int32Array;
  /** `[size]`, the share of samples nearest to each training point, with binomial standard errors. */
  readonly mass: Float64Array;
  readonly standardError: Float64Array;
}

export async function measure(samples: Float32Array | Float64Array, data: Mixture): Promise<Measures> {
  const { index, distance } = await nearestPoints(samples, data);
  const { mass, standardError, count } = await voronoiMass(samples, data);
  return { count, distance: Float64Array.from(distance), nearest: index, mass, standardError };
}

/** Quantile u of values, by the nearest rank. */
export function quantile(values: Float64Array, u: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(u * sorted.length))] ?? Number.NaN;
}

/** The share of values up to a limit. */
export function shareWithin(values: Float64Array, limit: number): number {
  let n = 0;
  for (const value of values) if (value <= limit) n++;
  return values.length === 0 ? 0 : n / values.length;
}

/** Binomial standard error of a share. */
export const standardErrorOf = (share: number, count: number): number =>
  count === 0 ? 0 : Math.sqrt((share * (1 - share)) / count);

/** The most training points whose distances to all others are measured. */
const MAX_SPACING = 1000;
/** The most numbers that are compared for it. */
const MAX_WORK = 2e9;
/** Numbers that are compared between two breaths, some milliseconds. */
const SLICE = 4e6;

/**
 * The median distance of a training point to its nearest other one: the scale that distances are read against.
 * For large sets the median over the first points.
 */
export async function spacingOf(
  points: Float32Array | Float64Array,
  dim: number,
  signal?: AbortSignal,
): Promise<number> {
  const size = points.length / dim;
  const found: number[] = [];
  const rows = Math.min(size, MAX_SPACING, Math.max(20, Math.floor(MAX_WORK / points.length)));
  let work = 0;
  for (let i = 0; i < rows; i++) {
    work += points.length;
    if (work > SLICE) {
      work = 0;
      await setImmediate();
      signal?.throwIfAborted();
    }
    let best = Number.POSITIVE_INFINITY;
    for (let j = 0; j < size; j++) {
      if (j === i) continue;
      let square = 0;
      for (let d = 0; d < dim && square < best; d++) {
        const e = points[i * dim + d] - points[j * dim + d];
        square += e * e;
      }
      if (square < best) best = square;
    }
    if (best > 0 && best < Number.POSITIVE_INFINITY) found.push(Math.sqrt(best));
  }
  return found.length === 0 ? 1 : quantile(Float64Array.from(found), 0.5);
}

/** Sums the mass of training points by a label: the share of samples nearest to a point of each class. */
export function classMass(
  measures: Measures,
  labels: ArrayLike<number>,
  weights: ArrayLike<number>,
): { label: number; weight: number; mass: number; standardError: number }[] {
  const sums = new Map<number, { weight: number; mass: number }>();
  for (let m = 0; m < measures.mass.length; m++) {
    const label = labels[m];
    const sum = sums.get(label) ?? { weight: 0, mass: 0 };
    sum.weight += weights[m];
    sum.mass += measures.mass[m];
    sums.set(label, sum);
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([label, { weight, mass }]) => ({
      label,
      weight,
      mass,
      standardError: standardErrorOf(mass, measures.count),
    }));
}
