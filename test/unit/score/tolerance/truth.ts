// What tests of tolerances compare with: the full sum in float64 by the reference, in units of the scales that bounds are given in.
import type { edm, Mixture, Quantity } from "vkernel";
import { evaluatePoint, levelAt } from "vkernel/reference";

/** Uniform numbers in (0, 1) of a seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** Standard normals of a seed. */
export function normals(seed: number): () => number {
  const uniform = generator(seed);
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** The scale of the data: the root mean square distance from their mean. */
export function scaleOf({ local, weights, dim, size }: Mixture): number {
  const mean = new Float64Array(dim);
  for (let m = 0; m < size; m++) for (let d = 0; d < dim; d++) mean[d] += weights[m] * local[m * dim + d];
  let square = 0;
  for (let m = 0; m < size; m++)
    for (let d = 0; d < dim; d++) square += weights[m] * (local[m * dim + d] - mean[d]) ** 2;
  return Math.sqrt(square);
}

/** Queries of p_t, and some far from all data. */
export function queriesOf(data: Mixture, sigma: number, alpha: number, count: number): Float64Array {
  const normal = normals(6);
  const uniform = generator(7);
  const { dim, size, points } = data;
  const scale = scaleOf(data);
  return Float64Array.from({ length: count * dim }, (_, i) => {
    const q = Math.floor(i / dim);
    const m = Math.floor(generator(q + 1)() * size);
    const far = q % 5 === 4 ? 30 * (uniform() - 0.5) : 0;
    return alpha * (points[m * dim + (i % dim)] + sigma * normal() + far * scale);
  });
}

/** The largest error of each query in units of its scales, by the reference. */
export function errorsOf(
  data: Mixture,
  process: ReturnType<typeof edm>,
  x: Float64Array,
  t: number,
  found: Record<string, ArrayLike<number>>,
  names: readonly Quantity[],
): number[] {
  const { dim } = data;
  const level = levelAt(process, t);
  const scale = scaleOf(data);
  const total = level.alpha ** 2 * data.sigma0 ** 2 + level.variance;
  const per: Partial<Record<Quantity, number>> = {
    posteriorMean: scale,
    score: (scale * level.alpha) / total,
    velocity: (level.diffusion * scale * level.alpha) / total,
    logDensity: 1,
    posteriorCovariance: scale ** 2,
    hessian: (scale * level.alpha) ** 2 / total ** 2,
    proxyCovariance: (scale * level.alpha) ** 2 / total ** 2,
    proxyVariance: (scale * level.alpha) ** 2 / total ** 2,
    divergence: (level.diffusion * (scale * level.alpha) ** 2) / total ** 2,
  };
  const mixture = { points: Float64Array.from(data.points), dim, weights: data.weights, sigma0: data.sigma0 };
  return Array.from({ length: x.length / dim }, (_, q) => {
    const truth = evaluatePoint(
      mixture,
      level,
      x.subarray(q * dim, (q + 1) * dim),
      names,
    ) as unknown as Record<string, number | Float64Array>;
    let worst = 0;
    for (const name of names) {
      if (name === "nearest" || name === "nearestDistance") continue;
      const value = truth[name];
      const wanted = typeof value === "number" ? [value] : value;
      let square = 0;
      for (let i = 0; i < wanted.length; i++) square += (found[name][q * wanted.length + i] - wanted[i]) ** 2;
      worst = Math.max(worst, Math.sqrt(square) / (per[name] as number));
    }
    return worst;
  });
}
