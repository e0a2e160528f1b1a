// Apart from the rest of linear algebra: fields of one's own take this alone.

/** A x, for a row-major dim x dim matrix. */
export function multiply(a: Float64Array, dim: number, x: Float64Array): Float64Array {
  const y = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += a[i * dim + k] * x[k];
    y[i] = sum;
  }
  return y;
}
