import { isFloat64 } from "../core/brand.js";
import { checkInteger, checkOptions } from "../core/check.js";
import { badArgument, messageOf, VkernelError } from "../core/errors.js";
import { derivative } from "./derivative.js";
import type { Process } from "./process.js";
import { checkTime, checkTimes } from "./time.js";

/** A matrix: dim x dim numbers, row-major if flat. */
export type MatrixInput = Float64Array | readonly (readonly number[])[];

/** The options of a process whose covariance is the same at all times. */
export interface AnisotropicOptions {
  /** A: symmetric, positive definite, dim x dim; row-major if flat. */
  covariance: MatrixInput;
}

/** The options of a process whose covariance depends on time. */
export interface TimeAnisotropicOptions {
  /** A_t: symmetric, positive definite, dim x dim at every t of the process; the same matrix each time it is asked for. */
  covariance: (t: number) => MatrixInput;
  /** The number of coordinates, 1 to 4096. */
  dim: number;
  /** A_t' = dA/dt, symmetric; by differences of `covariance` where it is left out. */
  derivative?: (t: number) => MatrixInput;
}

/** A process whose matrices are no multiples of the identity. */
export type AnisotropicProcess = Process &
  Required<Pick<Process, "base" | "dim" | "matrices" | "transitionMatrix">>;

/** The largest dimension of a full covariance: its factor takes dim^2 numbers. */
const maxDim = 4096;

/** |A_ij - A_ji| up to this times sqrt(A_ii A_jj) is rounding (a product B B' leaves a few eps) and is averaged away. */
const symmetryTolerance = 1e-12;

/** The first step of differences in time, as a share of t: extrapolation halves it seven times. */
const reach = 1 / 16;

/** What `anisotropic` of `score/` makes; its options are described there. */
export function anisotropicProcess(
  base: Process,
  options: AnisotropicOptions | TimeAnisotropicOptions,
): AnisotropicProcess {
  if (base === null || typeof base !== "object" || typeof base.transition !== "function") {
    throw badArgument("E_TYPE", "base", "a process, such as edm()", base);
  }
  if (base.covariance !== undefined || base.matrices !== undefined) {
    throw badArgument("E_USAGE", "base", "an isotropic process", `"${base.name}", which has a covariance`);
  }
  checkOptions(options, ["covariance", "dim", "derivative"]);
  return typeof options?.covariance === "function"
    ? timeVarying(base, options as TimeAnisotropicOptions)
    : constant(base, options as AnisotropicOptions);
}

function constant(base: Process, options: AnisotropicOptions): AnisotropicProcess {
  for (const name of ["dim", "derivative"] as const) {
    const got = (options as { dim?: unknown; derivative?: unknown } | undefined)?.[name];
    if (got !== undefined) throw badArgument("E_USAGE", name, "a covariance that is a function of t", got);
  }
  const { values, dim } = readMatrix(options?.covariance, "covariance");
  symmetrize(values, dim, "covariance", true);
  checkPositive(values, dim, "covariance");
  const times = (factor: number) => values.map((value) => factor * value);
  return Object.freeze({
    ...scalarsOf(base),
    transition: (s: number, t: number) => base.transition(s, t),
    /** A copy: nothing that a caller does to it changes the process. */
    get covariance() {
      return values.slice();
    },
    dim,
    matrices(t: number) {
      return {
        covariance: values.slice(),
        variance: times(base.variance(t)),
        diffusion: times(base.diffusion(t)),
      };
    },
    transitionMatrix(s: number, t: number) {
      const { scale, variance } = base.transition(s, t);
      return { scale, variance: times(variance) };
    },
  });
}

function timeVarying(base: Process, options: TimeAnisotropicOptions): AnisotropicProcess {
  const dim = checkInteger(options.dim, "dim", 1, maxDim);
  const slopeOf: unknown = options.derivative;
  if (slopeOf !== undefined && typeof slopeOf !== "function") {
    throw badArgument("E_TYPE", "derivative", "a function of t", slopeOf);
  }
  const { end } = base;
  const read = (f: (t: number) => MatrixInput, name: string, t: number): Float64Array => {
    const argument = `${name}(${t})`;
    let matrix: unknown;
    try {
      matrix = f(t);
    } catch (cause) {
      throw new VkernelError("E_USAGE", {
        argument: name,
        expected: "a function that returns",
        got: `one that throws at t = ${t}: ${messageOf(cause)}`,
        cause,
      });
    }
    const { values, dim: got } = readMatrix(matrix, argument);
    if (got !== dim) throw badArgument("E_SHAPE", argument, `${dim} x ${dim} numbers`, `${got} x ${got}`);
    symmetrize(values, dim, argument, name === "covariance");
    return values;
  };
  const covariance = (t: number): Float64Array => {
    const values = read(options.covariance, "covariance", t);
    checkPositive(values, dim, `covariance(${t})`);
    return values;
  };
  const slope = (t: number): Float64Array => {
    if (options.derivative !== undefined) return read(options.derivative, "derivative", t);
    const unchecked = (u: number) => read(options.covariance, "covariance", u);
    return derivative(unchecked, t, end, reach * t).slope;
  };
  // Both ends of what there is, so that a function that never worked is refused at once.
  covariance(end < Number.POSITIVE_INFINITY ? end : 1);
  if (options.derivative !== undefined) slope(end < Number.POSITIVE_INFINITY ? end : 1);
  return Object.freeze({
    ...scalarsOf(base),
    transition() {
      throw new VkernelError("E_UNSUPPORTED", {
        argument: "process",
        expected: "a constant covariance (transitionMatrix exists for both forms)",
        got: "one that depends on time",
      });
    },
    dim,
    matrices(t: number) {
      checkTime(t, end);
      const a = covariance(t);
      const variance = base.variance(t);
      const rate = base.diffusion(t);
      // At time 0 there is no noise that could change its shape.
      const change = variance === 0 ? undefined : slope(t);
      const half = 0.5 * variance;
      return {
        covariance: a,
        variance: a.map((value) => variance * value),
        diffusion: a.map((value, i) => rate * value + (change ? half * change[i] : 0)),
      };
    },
    transitionMatrix(s: number, t: number) {
      checkTimes(s, t, end);
      // S_t - r^2 S_s = v A_t + r^2 S_s (A_t - A_s) with the scalar transition's r and v.
      const { scale, variance } = base.transition(s, t);
      const before = covariance(s);
      const kept = scale * scale * base.variance(s);
      return {
        scale,
        variance: covariance(t).map((value, i) => variance * value + kept * (value - before[i])),
      };
    },
  });
}

function scalarsOf(base: Process) {
  return {
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
  };
}

function readMatrix(matrix: unknown, argument: string): { values: Float64Array; dim: number } {
  const expected = "a Float64Array of dim x dim numbers, or dim rows of dim numbers";
  const flat = isFloat64(matrix);
  if (!flat && !Array.isArray(matrix)) throw badArgument("E_TYPE", argument, expected, matrix);
  const dim = flat ? Math.round(Math.sqrt(matrix.length)) : matrix.length;
  if (dim === 0 || (flat && dim * dim !== matrix.length)) {
    throw badArgument("E_SHAPE", argument, expected, matrix);
  }
  if (dim > maxDim) {
    throw new VkernelError("E_LIMIT", {
      argument: argument,
      expected: `at most ${maxDim} dimensions`,
      got: `${dim}`,
    });
  }
  const values = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    const row: unknown = flat ? matrix.subarray(i * dim, (i + 1) * dim) : matrix[i];
    if (!Array.isArray(row) && !isFloat64(row)) {
      throw badArgument("E_TYPE", `${argument}[${i}]`, `a row of ${dim} numbers`, row);
    }
    if (row.length !== dim) throw badArgument("E_SHAPE", `${argument}[${i}]`, `a row of ${dim} numbers`, row);
    for (let j = 0; j < dim; j++) {
      const value: unknown = row[j];
      if (typeof value !== "number") {
        throw badArgument("E_TYPE", `${argument}[${i}][${j}]`, "a finite number", value);
      }
      if (!Number.isFinite(value)) {
        throw badArgument("E_NONFINITE", `${argument}[${i}][${j}]`, "a finite number", value);
      }
      values[i * dim + j] = value;
    }
  }
  return { values, dim };
}

function symmetrize(values: Float64Array, dim: number, argument: string, positive: boolean): void {
  // A derivative has no diagonal to be measured by.
  const size = positive ? 0 : values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < dim; i++) {
    const aii = values[i * dim + i];
    if (positive && !(aii > 0))
      throw badArgument("E_RANGE", `${argument}[${i}][${i}]`, "a variance above 0", aii);
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) {
      const lower = values[i * dim + j];
      const upper = values[j * dim + i];
      const scale = positive ? Math.sqrt(values[i * dim + i]) * Math.sqrt(values[j * dim + j]) : size;
      if (Math.abs(lower - upper) > symmetryTolerance * scale) {
        throw new VkernelError("E_RANGE", {
          argument: argument,
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
function checkPositive(values: Float64Array, dim: number, argument: string): void {
  const factor = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = values[i * dim + j];
      for (let k = 0; k < j; k++) sum -= factor[i * dim + k] * factor[j * dim + k];
      if (i !== j) {
        factor[i * dim + j] = sum / factor[j * dim + j];
      } else if (sum > (dim + 1) * Number.EPSILON * values[i * dim + i]) {
        factor[i * dim + i] = Math.sqrt(sum);
      } else {
        throw new VkernelError("E_RANGE", {
          argument: argument,
          expected: "a positive definite matrix",
          got: `a Cholesky pivot of ${sum} in row ${i}`,
        });
      }
    }
  }
}
