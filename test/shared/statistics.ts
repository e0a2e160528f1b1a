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

/** Nodes of the table of the normal distribution function: every 1/256 in [-9, 9]. */
const perUnit = 256;
const reach = 9;

const density = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

const table = (() => {
  const values = new Float64Array(2 * reach * perUnit + 1);
  const width = 1 / perUnit;
  // Phi(-9) = 1.1e-19; each cell by Simpson's rule on its halves, which is wrong by less than 1e-16.
  for (let i = 1; i < values.length; i++) {
    const at = (u: number): number => density(-reach + (i - 1 + u) * width);
    const cell = (width / 12) * (at(0) + 4 * at(0.25) + 2 * at(0.5) + 4 * at(0.75) + at(1));
    values[i] = (values[i - 1] as number) + cell;
  }
  return values;
})();

/** The standard normal distribution function, to 1e-12: cubic Hermite interpolation of a table. */
export function normalDistribution(z: number): number {
  if (z <= -reach) return 0;
  if (z >= reach) return 1;
  const at = (z + reach) * perUnit;
  const i = Math.min(Math.floor(at), table.length - 2);
  const u = at - i;
  const left = i / perUnit - reach;
  const a = table[i] as number;
  const b = table[i + 1] as number;
  const slopeA = density(left) / perUnit;
  const slopeB = density(left + 1 / perUnit) / perUnit;
  const c = 3 * (b - a) - 2 * slopeA - slopeB;
  const d = 2 * (a - b) + slopeA + slopeB;
  return a + u * (slopeA + u * (c + u * d));
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
      sum += (weights[m] as number) * normalDistribution((z - (means[m] as number)) / deviation);
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
