import { checkNumber } from "../../core/check.js";
import type { PointsInput } from "../../data/mixture.js";
import type { EvaluateOptions } from "../../score/field.js";
import type { Estimate } from "../objectives.js";
import { checkRows } from "./grid.js";
import type { Past } from "./past.js";

/** Values at rows, with standard errors (Monte Carlo) or their change when the last panels were halved (quadrature). */
export interface LawValues {
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

/** The law of the exact reverse process. Times are those of the forward process: T* is the start and 0 the end. */
export interface GeneratedDensity {
  readonly horizon: number;
  /** "exact": it starts from p_T itself, and all laws are those of the forward process. */
  readonly method: "exact" | "quadrature" | "monteCarlo";
  /** The nodes or starts that it is made of. */
  readonly nodes: number;
  /**
   * The distance from the law of the data, 0 to 1, with its error; for mixtures, of the masses from the weights. By Monte Carlo
   * it cannot be below what the errors of the masses make of 0.
   */
  readonly totalVariation: Estimate;
  /**
   * q(x, T* - t) / rho(x, t) at rows. At time 0 also for points of no width: there it is mass over weight at a point, and
   * between them the limit.
   */
  ratio(x: PointsInput, t: number, options?: EvaluateOptions): Promise<LawValues>;
  /** q(x, T* - t) at rows; at time 0 for data that has a density. */
  density(x: PointsInput, t: number, options?: EvaluateOptions): Promise<LawValues>;
}

/** The law of the exact reverse process where the data is a mixture. */
export interface GeneratedLaw extends GeneratedDensity {
  /** What ends at each training point (or in the Gaussian about it), `[size]`, of sum 1. */
  readonly masses: Float64Array;
  /** Their standard errors (Monte Carlo), or their change when the last panels were halved (quadrature). */
  readonly massErrors: Float64Array;
}

/** What is asked for, checked. */
export interface LawCall extends EvaluateOptions {
  readonly past: Past;
  readonly horizon: number;
  readonly tolerance: number;
}

/** How a law is computed: what a method has to bring. */
export interface LawParts {
  readonly method: GeneratedDensity["method"];
  readonly nodes: number;
  /** Of a mixture. */
  readonly masses?: { values: Float64Array; errors: Float64Array; totalVariation: Estimate };
  ratio(rows: Float64Array, t: number, options: EvaluateOptions): Promise<LawValues>;
}

/** A law from its parts: densities are rho_t times ratios. */
export function lawOf({ past, horizon }: LawCall, parts: LawParts, variation?: Estimate): GeneratedDensity {
  const { dim } = past;
  const ratio = async (x: PointsInput, t: number, options: EvaluateOptions = {}) => {
    const rows = checkRows(x, dim);
    checkNumber(t, "t", { min: 0, max: horizon });
    const values =
      rows.length === 0
        ? { values: new Float64Array(0), errors: new Float64Array(0) }
        : await parts.ratio(rows, t, options);
    return { rows, ...values };
  };
  const { masses } = parts;
  const none = { value: Number.NaN, standardError: Number.NaN };
  return {
    horizon,
    method: parts.method,
    nodes: parts.nodes,
    ...(masses && { masses: masses.values, massErrors: masses.errors }),
    totalVariation: masses?.totalVariation ?? variation ?? none,
    async ratio(x, t, options) {
      const { values, errors } = await ratio(x, t, options);
      return { values, errors };
    },
    async density(x, t, options) {
      const { rows, values, errors } = await ratio(x, t, options);
      const marginal = (await past.logDensity(rows, t, options)).map(Math.exp);
      const times = (list: Float64Array): Float64Array =>
        list.map((value, q) => (marginal[q] === 0 ? 0 : value * marginal[q]));
      return { values: times(values), errors: times(errors) };
    },
  };
}

export const variationOf = (masses: ArrayLike<number>, weights: Float64Array): number =>
  weights.reduce((sum, w, m) => sum + 0.5 * Math.abs(masses[m] - w), 0);
