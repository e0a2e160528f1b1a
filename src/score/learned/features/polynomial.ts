import { checkInteger, checkNumber, checkOptions } from "../../../core/check.js";
import {
  checkCount,
  type FeatureMap,
  separable,
  slopesBy,
  type TimeFactor,
  timeFactor,
  timeName,
} from "./feature.js";

export interface PolynomialOptions {
  /** The largest total degree, 1 to 20. */
  degree: number;
  /** Coordinates are divided by it first; 1 by default. */
  width?: number;
  time?: TimeFactor;
}

/**
 * Monomials x^a with 1 <= |a| <= degree.
 *
 * @example polynomialFeatures({ degree: 2 }) // x, y, x^2, x y, y^2 in two dimensions
 */
export function polynomialFeatures(options: PolynomialOptions): FeatureMap {
  const fill = (x: number, powers: Float64Array): void => {
    powers[0] = 1;
    for (let n = 1; n < powers.length; n++) powers[n] = powers[n - 1] * x;
  };
  return products("polynomial", options, fill, (powers, n) => (n > 0 ? n * powers[n - 1] : 0));
}

/**
 * Products of the probabilists' Hermite polynomials He_n(x_d / width), normalised to unit variance under a standard
 * normal, of total degree 1 to `degree`.
 */
export function hermiteFeatures(options: PolynomialOptions): FeatureMap {
  const fill = (x: number, values: Float64Array): void => {
    // He_(n+1) = x He_n - n He_(n-1), divided by sqrt(n!)
    values[0] = 1;
    for (let n = 0; n + 1 < values.length; n++) {
      const before = n > 0 ? Math.sqrt(n) * values[n - 1] : 0;
      values[n + 1] = (x * values[n] - before) / Math.sqrt(n + 1);
    }
  };
  return products("hermite", options, fill, (values, n) => (n > 0 ? Math.sqrt(n) * values[n - 1] : 0));
}

function products(
  name: string,
  options: PolynomialOptions,
  fill: (x: number, values: Float64Array) => void,
  slopeOf: (values: Float64Array, n: number) => number,
): FeatureMap {
  checkOptions(options, ["degree", "width", "time"]);
  const degree = checkInteger(options?.degree, "degree", 1, 20);
  const width = checkNumber(options.width ?? 1, "width", { above: 0 });
  return {
    name,
    parameters: { degree, width, time: timeName(options.time) },
    bind(dim, process) {
      const exponents: number[][] = [];
      // By total degree, then with the first coordinates first: x, y, x^2, x y, y^2.
      const extend = (left: number, head: number[]): void => {
        if (head.length === dim - 1) {
          exponents.push([...head, left]);
          checkCount(exponents.length, "degree");
          return;
        }
        for (let n = left; n >= 0; n--) extend(left - n, [...head, n]);
      };
      for (let total = 1; total <= degree; total++) extend(total, []);
      const tables = Array.from({ length: dim }, () => new Float64Array(degree + 1));
      const count = exponents.length;
      const base = (x: Float64Array, out: Float64Array): void => {
        for (let i = 0; i * dim < x.length; i++) {
          for (let d = 0; d < dim; d++) fill(x[i * dim + d] / width, tables[d] as Float64Array);
          for (let j = 0; j < count; j++) {
            let product = 1;
            const row = exponents[j];
            for (let d = 0; d < dim; d++) product *= (tables[d] as Float64Array)[row[d]];
            out[i * count + j] = product;
          }
        }
      };
      /** d/dx_d by the derivative of one factor: n x^(n-1), and sqrt(n) He_(n-1) of normalised ones. */
      const baseSlopes = (x: Float64Array, out: Float64Array): void => {
        for (let d = 0; d < dim; d++) fill(x[d] / width, tables[d] as Float64Array);
        for (let j = 0; j < count; j++) {
          const row = exponents[j];
          for (let d = 0; d < dim; d++) {
            let product = slopeOf(tables[d] as Float64Array, row[d]) / width;
            for (let e = 0; e < dim; e++) {
              if (e !== d) product *= (tables[e] as Float64Array)[row[e]];
            }
            out[j * dim + d] = product;
          }
        }
      };
      const factor = timeFactor(options.time, process);
      const slopes = slopesBy(dim, baseSlopes, (t) => new Float64Array(count).fill(factor(t)));
      return separable(count, base, factor, { slopes });
    },
  };
}
