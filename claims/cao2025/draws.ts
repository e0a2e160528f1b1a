import type { Mixture, Process } from "vkernel";
import { normalCdf } from "vkernel/internal";
import { categorical, fillNormals, streams, uniform } from "vkernel/reference";
import { type Estimate, shareIf } from "../estimate.js";

/** Draws of p_t, `[count, dim]`: the forward process at a time. Steps of the counter: 4 `slot` and on. */
export function forwardDraws(
  data: Mixture,
  process: Process,
  t: number,
  { count, seed, slot }: { count: number; seed: number; slot: number },
): Float64Array {
  const { dim, points, sigma0, weights } = data;
  const normals = (step: number): Float64Array =>
    fillNormals(new Float64Array(count * dim), dim, count, 0, seed, 4 * slot + step, streams.tuples);
  const [inner, outer] = [normals(0), normals(1)];
  const alpha = t === 0 ? 1 : process.alpha(t);
  const spread = t === 0 ? 0 : Math.sqrt(process.variance(t));
  return Float64Array.from({ length: count * dim }, (_, i) => {
    const row = Math.floor(i / dim);
    const m = categorical(weights, uniform(seed, row, 4 * slot + 2, streams.tuples, 0));
    const start = points[m * dim + (i % dim)] + sigma0 * inner[i];
    return alpha * start + spread * outer[i];
  });
}

/** P(X_t <= x) of data on a line. */
export function marginalCdf(data: Mixture, process: Process, t: number): (x: number) => number {
  const alpha = t === 0 ? 1 : process.alpha(t);
  const spread = Math.sqrt((t === 0 ? 0 : process.variance(t)) + (alpha * data.sigma0) ** 2);
  return (x) => {
    let sum = 0;
    for (const [m, w] of data.weights.entries()) {
      sum += w * normalCdf((x - alpha * data.points[m]) / spread);
    }
    return sum;
  };
}

/** The total variation of a density in cells from a law: half the integral of their difference. */
export const totalVariation = (
  density: ArrayLike<number>,
  edges: ArrayLike<number>,
  cdf: (x: number) => number,
): number => {
  const width = edges[1] - edges[0];
  let sum = 0;
  for (let i = 0; i < density.length; i++)
    sum += 0.5 * Math.abs(density[i] * width - cdf(edges[i + 1]) + cdf(edges[i]));
  return sum;
};

/** Counts of values between edges of equal distance. */
export function counted(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  const [low, high] = [edges[0], edges.at(-1) as number];
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    if (!(x >= low && x < high)) continue;
    let k = Math.min(counts.length - 1, Math.floor(((x - low) / (high - low)) * counts.length));
    if (x < edges[k]) k--;
    else if (x >= edges[k + 1]) k++;
    counts[k] = counts[k] + 1;
  }
  return counts;
}

/** A histogram as a density, with binomial errors. */
export const histogram = (counts: readonly number[], total: number, width: number): Estimate[] =>
  counts.map((hits) => {
    const { value, standardError } = shareIf(total, (i) => i < hits);
    return { value: value / width, standardError: standardError / width };
  });

export const edgesBetween = (low: number, high: number, cells: number): number[] =>
  Array.from({ length: cells + 1 }, (_, k) => low + (k * (high - low)) / cells);
