import { checkInteger } from "../core/check.js";
import {
  checkFinite,
  checkSize,
  checkTable,
  coordinateLimit,
  MAX_DIM,
  type Mixture,
  type PointsInput,
} from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { checkMixture } from "../score/exact.js";

/** Checks samples `[count, dim]` against a mixture's dim; the copy is float64, as all diagnosis is. */
export function checkSamples(
  samples: PointsInput,
  data: Mixture,
): { samples: Float64Array<ArrayBuffer>; count: number } {
  checkMixture(data);
  data.check();
  return checkPoints(samples, "samples", data.dim);
}

function checkPoints(
  points: PointsInput,
  argument: string,
  dim: number,
): { samples: Float64Array<ArrayBuffer>; count: number } {
  const table = checkTable(points, argument, dim);
  checkSize(argument, table.rows, dim);
  checkFinite(table.data, argument, coordinateLimit("f64", dim), "f64");
  return { samples: Float64Array.from(table.data), count: table.rows };
}

/** One side of a comparison: draws, or (with weights) a law on points that is known exactly. */
export interface Side {
  readonly points: Float64Array;
  readonly count: number;
  /** Of a law: positive, of sum 1. Of draws: undefined. */
  readonly weights: Float64Array | undefined;
}

/** Checks both sides of a comparison: samples or mixtures, of one dim. */
export function checkSides(
  a: PointsInput | Mixture,
  b: PointsInput | Mixture,
  dimension: unknown,
): { a: Side; b: Side; dim: number } {
  const given = dimension === undefined ? undefined : checkInteger(dimension, "dim", 1, MAX_DIM);
  const dims = [
    given,
    isMixture(a) ? a.dim : undefined,
    isMixture(b) ? b.dim : undefined,
    widthOf(a),
    widthOf(b),
  ];
  const dim = dims.find((one) => one !== undefined);
  // Without any, `checkTable` asks a flat array for its dim, and two empty tables agree in any.
  return { a: checkSide(a, "a", dim), b: checkSide(b, "b", dim), dim: dim ?? 1 };
}

const isMixture = (value: unknown): value is Mixture =>
  typeof value === "object" && value !== null && "engine" in value && "packed" in value;

/** The coordinates of the first row, where there is one with some. */
function widthOf(value: unknown): number | undefined {
  const row: unknown = Array.isArray(value) ? value[0] : undefined;
  return Array.isArray(row) && row.length > 0 ? row.length : undefined;
}

function checkSide(value: PointsInput | Mixture, argument: string, dim: number | undefined): Side {
  if (isMixture(value)) {
    value.check();
    if (value.dim !== dim) throw badArgument("E_SHAPE", argument, `points of ${dim} coordinates`, value.dim);
    if (value.sigma0 !== 0) {
      throw badArgument(
        "E_UNSUPPORTED",
        argument,
        "a mixture of sigma0 0 (of another one, give draws)",
        value.sigma0,
      );
    }
    const { points, weights } = value.packed;
    return { points, count: weights.length, weights };
  }
  if (dim === undefined && Array.isArray(value) && value.length > 0) {
    checkTable(value, argument, undefined);
    throw badArgument("E_SHAPE", `${argument}[0]`, "at least one number", value[0]);
  }
  const table = checkPoints(value, argument, dim ?? checkTable(value, argument, undefined).dim);
  return { points: table.samples, count: table.count, weights: undefined };
}
