import { checkOptions } from "../core/check.js";
import { checkFinite, checkTable, type PointsInput } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";

/** A mean with its standard error. */
interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

export interface Reproducibility {
  /** Mean distance of the two samples that start from the same noise. */
  readonly paired: Estimate;
  /** Mean distance of samples of different noise: what paired distances are to be compared with. */
  readonly unpaired: Estimate;
  /** paired / unpaired: 0 where both models map noise alike, 1 where the noise says nothing. */
  readonly ratio: Estimate;
  /** The share of pairs nearer to each other than `radius`, where it was given. */
  readonly within: Estimate | undefined;
  readonly count: number;
}

/**
 * How far two models agree on the same noise: split-half reproducibility, for samples of two models trained on disjoint
 * halves of the data, row i of both from the same start. Kadkhodaie et al. 2024.
 *
 * @param a `[count, dim]`
 * @param b `[count, dim]`
 */
export function reproducibility(
  a: PointsInput,
  b: PointsInput,
  options: { dim?: number; radius?: number } = {},
): Reproducibility {
  checkOptions(options, ["dim", "radius"]);
  const left = checkTable(a, "a", options.dim);
  const right = checkTable(b, "b", left.dim);
  checkFinite(left.data, "a", Number.MAX_VALUE, "f64");
  checkFinite(right.data, "b", Number.MAX_VALUE, "f64");
  const { dim, rows: count } = left;
  if (right.rows !== count) throw badArgument("E_SHAPE", "b", `${count} rows, as a has`, right.rows);
  if (count < 2) throw badArgument("E_SHAPE", "a", "at least two rows", count);
  const distance = (i: number, j: number): number => {
    let square = 0;
    for (let d = 0; d < dim; d++) {
      const e = left.data[i * dim + d] - right.data[j * dim + d];
      square += e * e;
    }
    return Math.sqrt(square);
  };
  const same = Float64Array.from({ length: count }, (_, i) => distance(i, i));
  // Each sample beside that of the noise half the list away: as many pairs, none of them twice.
  const shift = Math.max(1, count >> 1);
  const other = Float64Array.from({ length: count }, (_, i) => distance(i, (i + shift) % count));
  const paired = meanOf(same);
  const unpaired = meanOf(other);
  const value = paired.value / unpaired.value;
  // To first order, with the covariance of the two over rows.
  const spread = Float64Array.from(same, (d, i) => (d - value * other[i]) / unpaired.value);
  const { radius } = options;
  if (radius !== undefined && !(typeof radius === "number" && radius > 0)) {
    throw badArgument("E_RANGE", "radius", "a number above 0", radius);
  }
  return {
    paired,
    unpaired,
    ratio: { value, standardError: meanOf(spread).standardError },
    within: radius === undefined ? undefined : meanOf(same.map((d) => (d < radius ? 1 : 0))),
    count,
  };
}

function meanOf(values: Float64Array): Estimate {
  const n = values.length;
  let mean = 0;
  for (const value of values) mean += value / n;
  let square = 0;
  for (const value of values) square += (value - mean) ** 2;
  return { value: mean, standardError: Math.sqrt(square / (n - 1) / n) };
}

/**
 * The share of samples within `radius` of each of some places, such as the missing corner of a grid of features (feature
 * blending), with binomial standard errors. A sample near several places counts for each.
 *
 * @param samples `[count, dim]`
 * @param places `[places, dim]`
 */
export function massNear(
  samples: PointsInput,
  places: PointsInput,
  options: { radius: number; dim?: number },
): { mass: Float64Array; standardError: Float64Array; count: number } {
  checkOptions(options, ["radius", "dim"]);
  const table = checkTable(samples, "samples", options?.dim);
  const targets = checkTable(places, "places", table.dim);
  const { dim, rows: count } = table;
  const { radius } = options;
  if (!(typeof radius === "number" && radius > 0))
    throw badArgument("E_RANGE", "radius", "a number above 0", radius);
  const mass = new Float64Array(targets.rows);
  for (let i = 0; i < count; i++) {
    for (let m = 0; m < targets.rows; m++) {
      let square = 0;
      for (let d = 0; d < dim; d++) {
        const e = table.data[i * dim + d] - targets.data[m * dim + d];
        square += e * e;
      }
      if (square <= radius * radius) mass[m] = mass[m] + 1;
    }
  }
  for (let m = 0; m < mass.length; m++) mass[m] = count === 0 ? Number.NaN : mass[m] / count;
  return { mass, standardError: mass.map((p) => Math.sqrt((p * (1 - p)) / count)), count };
}
