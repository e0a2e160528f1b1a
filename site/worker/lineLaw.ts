/**
 * The noised law of equally heavy points on a line by its formulas, in plain float64: what the 1-D tab holds kernels to. Nothing of
 * the library's scoring is used. A law is the mixture of N(alpha mu, variance).
 */
import { normalMass } from "../../src/numeric/special.js";

export interface Law {
  readonly points: ArrayLike<number>;
  readonly alpha: number;
  readonly variance: number;
}

/** log p(x), relative to the nearest term. */
export function logDensity({ points, alpha, variance }: Law, x: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let m = 0; m < points.length; m++) least = Math.min(least, (x - alpha * points[m]) ** 2);
  let sum = 0;
  for (let m = 0; m < points.length; m++) {
    sum += Math.exp((least - (x - alpha * points[m]) ** 2) / (2 * variance));
  }
  return Math.log(sum / points.length) - least / (2 * variance) - 0.5 * Math.log(2 * Math.PI * variance);
}

/** d log p / dx. */
export function score({ points, alpha, variance }: Law, x: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let m = 0; m < points.length; m++) least = Math.min(least, (x - alpha * points[m]) ** 2);
  let sum = 0;
  let first = 0;
  for (let m = 0; m < points.length; m++) {
    const offset = alpha * points[m] - x;
    const weight = Math.exp((least - offset * offset) / (2 * variance));
    sum += weight;
    first += weight * offset;
  }
  return first / (sum * variance);
}

/** The mean of the score over x - width ... x + width. Chen 2025, Eq. 7 in one dimension. */
export function smoothedScore(law: Law, x: number, width: number): number {
  return (logDensity(law, x + width) - logDensity(law, x - width)) / (2 * width);
}

/** P(lo < x <= hi), without cancellation in either tail. */
export function mass({ points, alpha, variance }: Law, lo: number, hi: number): number {
  const sigma = Math.sqrt(variance);
  let sum = 0;
  for (let m = 0; m < points.length; m++) {
    const centre = alpha * points[m];
    sum += normalMass((lo - centre) / sigma, (hi - centre) / sigma);
  }
  return sum / points.length;
}

/** The place with a share `u` (above 0, below 1) of the law to its left, by bisection. */
export function quantile(law: Law, u: number): number {
  const sigma = Math.sqrt(law.variance);
  const centres = Array.from(law.points, (mu) => law.alpha * mu);
  let low = Math.min(...centres) - 40 * sigma;
  let high = Math.max(...centres) + 40 * sigma;
  for (let round = 0; round < 200 && low < high; round++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (mass(law, Number.NEGATIVE_INFINITY, middle) < u) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
