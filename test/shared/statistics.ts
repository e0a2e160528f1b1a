import { normalCdf } from "../../src/numeric/special.js";

/** What the statistical tests share: distribution functions that are known, and bounds whose false alarms are known. */

/**
 * A standard normal variable is further than this from 0 with probability 1.2e-8: the two-sided false-alarm rate of
 * every assertion on a mean or a variance.
 */
export const standardErrors = 5.7;

/** The false-alarm rate of every Kolmogorov-Smirnov assertion and of every count. */
export const rareRate = 1e-8;

/**
 * The largest distance of an empirical distribution function of n draws from the true one, exceeded with probability
 * `rareRate` at most, for any law and any n (Dvoretzky, Kiefer, Wolfowitz with Massart's constant).
 */
export function distanceBound(n: number): number {
  return Math.sqrt(Math.log(2 / rareRate) / (2 * n));
}

/** The Kolmogorov-Smirnov distance of draws (sorted in place) from a distribution function. */
export function ksDistance(draws: Float64Array, distribution: (z: number) => number): number {
  draws.sort();
  const n = draws.length;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    const f = distribution(draws[i] as number);
    worst = Math.max(worst, f - i / n, (i + 1) / n - f);
  }
  return worst;
}

/** Every row projected on a direction. */
export function project(rows: ArrayLike<number>, dim: number, direction: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: rows.length / dim }, (_, i) => {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += (rows[i * dim + d] as number) * (direction[d] as number);
    return sum;
  });
}

/** The distribution function of sum_m w_m N(mean_m, deviation^2). */
export function mixtureDistribution(
  means: ArrayLike<number>,
  weights: ArrayLike<number>,
  deviation: number,
): (z: number) => number {
  return (z) => {
    let sum = 0;
    for (let m = 0; m < means.length; m++) {
      sum += (weights[m] as number) * normalCdf((z - (means[m] as number)) / deviation);
    }
    return sum;
  };
}

/**
 * Whether a count of rare events is possible where `expected` were to be seen: Chernoff's bound on both tails of a
 * binomial variable, each of probability `rareRate / 2` at most.
 */
export function possibleCount(count: number, expected: number): boolean {
  const cost = count === 0 ? expected : count * Math.log(count / expected) - count + expected;
  return cost <= Math.log(2 / rareRate);
}
