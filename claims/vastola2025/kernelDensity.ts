import type { Mixture } from "vkernel";
import { kolmogorov, normalCdf } from "vkernel/internal";

/** The Kolmogorov-Smirnov distance of samples from a Gaussian kernel density of a width, along a direction of the plane. */
export function kernelDensityGap(
  samples: ArrayLike<number>,
  { points, weights }: Mixture,
  width: number,
  [a, b]: readonly [number, number],
): number {
  const along = (rows: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: rows.length / 2 }, (_, i) => a * rows[2 * i] + b * rows[2 * i + 1]);
  const centres = along(points);
  const cdf = (x: number): number =>
    weights.reduce((sum, weight, m) => sum + weight * normalCdf((x - centres[m]) / width), 0);
  return kolmogorov(along(samples), cdf).distance;
}
