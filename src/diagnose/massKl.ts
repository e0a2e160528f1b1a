import { isFloats } from "../core/brand.js";
import { checkInteger } from "../core/check.js";
import { badArgument } from "../core/errors.js";

export interface MassKl {
  /** The divergence in nats, less its bias of first order: it can be below 0. */
  readonly value: number;
  readonly standardError: number;
  /** The sum with the masses as they are, never below 0. */
  readonly plugIn: number;
}

/**
 * KL(p || w) = sum_m p_m log(p_m / w_m) of the law p over Voronoi cells that the masses estimate, against weights.
 * Infinity where a cell of weight 0 has mass, NaN of no samples.
 *
 * Of n samples in K cells that are not empty, the plain sum is too large by (K - 1) / (2 n) (Miller 1955), which is
 * taken off. This needs some samples in every cell that matters, say n above 5 K: cells of p that got none are not seen,
 * and then the value is too small. The standard error is sqrt(v / n + (K - 1) / (2 n^2)): v, the variance of
 * log(p / w) under p with its own noise (K - 1) / n taken off, rules where p and w differ; where they are equal,
 * 2 n times the plain sum is a chi-square of K - 1 degrees.
 *
 * Data with duplicates: all mass of a position falls to one of its points, so merge them first. Cost: size.
 *
 * @param masses what `voronoiMass` returned: `mass` of sum 1 and `count`
 * @param weights one per point, such as `data.weights`; they are divided by their sum
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE
 * @example
 * const { value, standardError } = massKl(await voronoiMass(run.samples, data), data.weights);
 */
export function massKl(
  masses: { readonly mass: ArrayLike<number>; readonly count: number },
  weights: ArrayLike<number>,
): MassKl {
  const { mass, count } = (masses ?? {}) as Partial<typeof masses>;
  const p = checkMasses(mass, "masses.mass");
  checkInteger(count, "masses.count", 0, Number.MAX_SAFE_INTEGER);
  const w = checkMasses(weights, "weights");
  if (w.length !== p.length) throw badArgument("E_SHAPE", "weights", `${p.length} numbers`, w.length);
  const n = count as number;
  if (n === 0) return { value: Number.NaN, standardError: Number.NaN, plugIn: Number.NaN };
  const total = sumOf(p);
  // Sums of shares of n are 1 up to the rounding of as many additions.
  if (Math.abs(total - 1) > 1e-9) throw badArgument("E_RANGE", "masses.mass", "numbers of sum 1", total);
  const sum = sumOf(w);
  if (!(sum > 0)) throw badArgument("E_RANGE", "weights", "at least one above 0", "only zeros");
  let plugIn = 0;
  let squares = 0;
  let cells = 0;
  for (let m = 0; m < p.length; m++) {
    const here = p[m];
    if (here === 0) continue;
    const ratio = Math.log(here) - Math.log(w[m] / sum);
    plugIn += here * ratio;
    squares += here * ratio * ratio;
    cells++;
  }
  if (plugIn === Number.POSITIVE_INFINITY) return { value: plugIn, standardError: Number.NaN, plugIn };
  const v = Math.max(0, squares - plugIn * plugIn - (cells - 1) / n);
  return {
    value: plugIn - (cells - 1) / (2 * n),
    standardError: Math.sqrt(v / n + (cells - 1) / (2 * n * n)),
    plugIn: Math.max(0, plugIn),
  };
}

function checkMasses(list: unknown, argument: string): Float64Array {
  const isList = Array.isArray(list) || isFloats(list);
  if (!isList) throw badArgument("E_TYPE", argument, "a list of numbers", list);
  return Float64Array.from(list as ArrayLike<number>, (x: unknown, m) => {
    if (typeof x !== "number") throw badArgument("E_TYPE", `${argument}[${m}]`, "a number", x);
    if (!Number.isFinite(x)) throw badArgument("E_NONFINITE", `${argument}[${m}]`, "a finite number", x);
    if (x < 0) throw badArgument("E_RANGE", `${argument}[${m}]`, "a number that is not negative", x);
    return x;
  });
}

function sumOf(list: Float64Array): number {
  let sum = 0;
  for (const x of list) sum += x;
  return sum;
}
