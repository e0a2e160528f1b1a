/** The little dense algebra that an anisotropic process needs: row-major dim x dim matrices. */

/** The lower triangular L with L L' = A, for a symmetric positive definite A. */
export function cholesky(a: Float64Array, dim: number): Float64Array {
  const l = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * dim + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[i * dim + k] as number) * (l[j * dim + k] as number);
      l[i * dim + j] = i === j ? Math.sqrt(Math.max(sum, 0)) : sum / (l[j * dim + j] as number);
    }
  }
  return l;
}

/** Solves L y = b in place. */
export function solveLower(l: Float64Array, dim: number, b: Float64Array): Float64Array {
  for (let i = 0; i < dim; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[i * dim + k] as number) * (b[k] as number);
    b[i] = sum / (l[i * dim + i] as number);
  }
  return b;
}

/** Solves L' y = b in place. */
export function solveUpper(l: Float64Array, dim: number, b: Float64Array): Float64Array {
  for (let i = dim - 1; i >= 0; i--) {
    let sum = b[i] as number;
    for (let k = i + 1; k < dim; k++) sum -= (l[k * dim + i] as number) * (b[k] as number);
    b[i] = sum / (l[i * dim + i] as number);
  }
  return b;
}

/** Solves L L' y = b in place. */
export function solve(l: Float64Array, dim: number, b: Float64Array): Float64Array {
  return solveUpper(l, dim, solveLower(l, dim, b));
}

/** A x. */
export function multiply(a: Float64Array, dim: number, x: Float64Array): Float64Array {
  const y = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += (a[i * dim + k] as number) * (x[k] as number);
    y[i] = sum;
  }
  return y;
}

/** L x for a lower triangular L: noise of covariance L L' where x is standard normal. */
export function multiplyLower(l: Float64Array, dim: number, x: Float64Array): Float64Array {
  const y = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    let sum = 0;
    for (let k = 0; k <= i; k++) sum += (l[i * dim + k] as number) * (x[k] as number);
    y[i] = sum;
  }
  return y;
}

/** The symmetric matrix f(A)'s columns, made by applying a linear map to each unit vector; symmetrized. */
export function symmetricOf(dim: number, map: (unit: Float64Array) => Float64Array): Float64Array {
  const out = new Float64Array(dim * dim);
  for (let j = 0; j < dim; j++) {
    const unit = new Float64Array(dim);
    unit[j] = 1;
    const column = map(unit);
    for (let i = 0; i < dim; i++) {
      out[i * dim + j] = (out[i * dim + j] as number) + 0.5 * (column[i] as number);
      out[j * dim + i] = (out[j * dim + i] as number) + 0.5 * (column[i] as number);
    }
  }
  return out;
}

export function trace(a: Float64Array, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += a[i * dim + i] as number;
  return sum;
}
