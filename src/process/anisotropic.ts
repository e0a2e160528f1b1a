import { checkOptions } from "../check.js";
import { badArgument, VkernelError } from "../errors.js";
import type { Process } from "./process.js";

export interface AnisotropicOptions {
  /** A: symmetric, positive definite, dim x dim; row-major if flat. */
  covariance: Float64Array | readonly (readonly number[])[];
}

/** The largest dimension of a full covariance: its factor takes dim^2 numbers. */
const maxDim = 4096;

/** |A_ij - A_ji| up to this times sqrt(A_ii A_jj) is rounding (a product B B' leaves a few eps) and is averaged away. */
const symmetryTolerance = 1e-12;

/**
 * A process whose noise has the covariance A in place of the identity:
 * S_t = variance(t) A and D_t = diffusion(t) A; alpha, beta and all scalars are those of `base`.
 *
 * @throws {VkernelError} E_SHAPE if A is not square, E_RANGE if it is not symmetric and positive definite
 * @example
 * anisotropic(edm(), { covariance: [[1, 0.3], [0.3, 0.5]] });
 */
export function anisotropic(base: Process, options: AnisotropicOptions): Process {
  if (base === null || typeof base !== "object" || typeof base.transition !== "function") {
    throw badArgument("E_TYPE", "base", "a process, such as edm()", base);
  }
  if (base.covariance !== undefined) {
    throw badArgument("E_USAGE", "base", "an isotropic process", `"${base.name}", which has a covariance`);
  }
  checkOptions(options, ["covariance"]);
  const { values, dim } = readMatrix(options?.covariance);
  symmetrize(values, dim);
  checkPositive(values, dim);
  return Object.freeze({
    name: "anisotropic",
    base,
    parameters: base.parameters,
    end: base.end,
    alpha: (t: number) => base.alpha(t),
    variance: (t: number) => base.variance(t),
    beta: (t: number) => base.beta(t),
    diffusion: (t: number) => base.diffusion(t),
    sigma: (t: number) => base.sigma(t),
    timeOfSigma: (sigma: number) => base.timeOfSigma(sigma),
    transition: (s: number, t: number) => base.transition(s, t),
    /** A copy: nothing that a caller does to it changes the process. */
    get covariance() {
      return values.slice();
    },
    dim,
  });
}

function readMatrix(matrix: unknown): { values: Float64Array; dim: number } {
  const expected = "a Float64Array of dim x dim numbers, or dim rows of dim numbers";
  const flat = matrix instanceof Float64Array;
  if (!flat && !Array.isArray(matrix)) throw badArgument("E_TYPE", "covariance", expected, matrix);
  const dim = flat ? Math.round(Math.sqrt(matrix.length)) : matrix.length;
  if (dim === 0 || (flat && dim * dim !== matrix.length)) {
    throw badArgument("E_SHAPE", "covariance", expected, matrix);
  }
  if (dim > maxDim) {
    throw new VkernelError("E_LIMIT", {
      argument: "covariance",
      expected: `at most ${maxDim} dimensions`,
      got: `${dim}`,
    });
  }
  const values = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    const row: unknown = flat ? matrix.subarray(i * dim, (i + 1) * dim) : matrix[i];
    if (!Array.isArray(row) && !(row instanceof Float64Array)) {
      throw badArgument("E_TYPE", `covariance[${i}]`, `a row of ${dim} numbers`, row);
    }
    if (row.length !== dim) throw badArgument("E_SHAPE", `covariance[${i}]`, `a row of ${dim} numbers`, row);
    for (let j = 0; j < dim; j++) {
      const value: unknown = row[j];
      if (typeof value !== "number") {
        throw badArgument("E_TYPE", `covariance[${i}][${j}]`, "a finite number", value);
      }
      if (!Number.isFinite(value)) {
        throw badArgument("E_NONFINITE", `covariance[${i}][${j}]`, "a finite number", value);
      }
      values[i * dim + j] = value;
    }
  }
  return { values, dim };
}

function symmetrize(values: Float64Array, dim: number): void {
  for (let i = 0; i < dim; i++) {
    const aii = values[i * dim + i] as number;
    if (!(aii > 0)) throw badArgument("E_RANGE", `covariance[${i}][${i}]`, "a variance above 0", aii);
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) {
      const lower = values[i * dim + j] as number;
      const upper = values[j * dim + i] as number;
      const scale = Math.sqrt(values[i * dim + i] as number) * Math.sqrt(values[j * dim + j] as number);
      if (Math.abs(lower - upper) > symmetryTolerance * scale) {
        throw new VkernelError("E_RANGE", {
          argument: "covariance",
          expected: "a symmetric matrix",
          got: `[${i}][${j}] = ${lower} and [${j}][${i}] = ${upper}`,
        });
      }
      const mean = lower / 2 + upper / 2;
      values[i * dim + j] = mean;
      values[j * dim + i] = mean;
    }
  }
}

/** Positive definite: a Cholesky factor exists, with pivots above the rounding of their own diagonal entry. */
function checkPositive(values: Float64Array, dim: number): void {
  const factor = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = values[i * dim + j] as number;
      for (let k = 0; k < j; k++) sum -= (factor[i * dim + k] as number) * (factor[j * dim + k] as number);
      if (i !== j) {
        factor[i * dim + j] = sum / (factor[j * dim + j] as number);
      } else if (sum > (dim + 1) * Number.EPSILON * (values[i * dim + i] as number)) {
        factor[i * dim + i] = Math.sqrt(sum);
      } else {
        throw new VkernelError("E_RANGE", {
          argument: "covariance",
          expected: "a positive definite matrix",
          got: `a Cholesky pivot of ${sum} in row ${i}`,
        });
      }
    }
  }
}
