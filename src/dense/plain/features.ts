import type { Matrix } from "../../numeric/linear.js";
import { exp } from "../../numeric/elementary.js";
import { cos } from "../../numeric/trigonometric.js";

/** n x F features, each from a query, a row of parameters and the index of the feature. */
function each(
  x: Matrix,
  parameters: Matrix,
  times: Matrix | undefined,
  value: (query: Float64Array, row: Float64Array, f: number) => number,
): Matrix {
  const [n, F, D] = [x.rows, parameters.rows, x.columns];
  const data = new Float64Array(n * F);
  for (let i = 0; i < n; i++) {
    const query = x.data.subarray(i * D, (i + 1) * D);
    for (let f = 0; f < F; f++) {
      const factor = times ? times.data[i * F + f] : 1;
      data[i * F + f] = factor * value(query, parameters.data.subarray(f * D, (f + 1) * D), f);
    }
  }
  return { data, rows: n, columns: F };
}

/** exp(-|x - c|^2 scale) */
export function rbf(x: Matrix, centres: Matrix, scales: Float64Array, times?: Matrix): Matrix {
  return each(x, centres, times, (query, row, f) => {
    let sum = 0;
    for (let k = 0; k < query.length; k++) {
      const apart = query[k] - row[k];
      sum += apart * apart;
    }
    return exp(0 - sum * scales[f]);
  });
}

/** cos(w . x + b) */
export function fourier(x: Matrix, w: Matrix, phases: Float64Array, times?: Matrix): Matrix {
  return each(x, w, times, (query, row, f) => {
    let sum = 0;
    for (let k = 0; k < query.length; k++) sum += query[k] * row[k];
    return cos(sum + phases[f]);
  });
}

/** Products of polynomials by the plan of src/learn/features.ts. */
export function polynomial(x: Matrix, plan: Int32Array, degree: number, hermite: boolean): Matrix {
  const [n, F, D] = [x.rows, plan.length / 2, x.columns];
  const data = new Float64Array(n * F);
  const table = new Float64Array(D * (degree + 1));
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < D; d++) {
      const value = x.data[i * D + d];
      const line = d * (degree + 1);
      table[line] = 1;
      for (let k = 1; k <= degree; k++) {
        let next = value * table[line + k - 1];
        if (hermite && k > 1) next -= Math.sqrt(k - 1) * table[line + k - 2];
        table[line + k] = hermite ? next / Math.sqrt(k) : next;
      }
    }
    data[i * F] = 1;
    for (let f = 1; f < F; f++) {
      data[i * F + f] = data[i * F + plan[2 * f]] * table[plan[2 * f + 1]];
    }
  }
  return { data, rows: n, columns: F };
}
