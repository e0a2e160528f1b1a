/** Bits of a coordinate in a place's number on the curve: those of three coordinates are an integer. */
const BITS = 10;
const CELLS = 2 ** BITS;

/** The order of rows along a curve that keeps neighbours together (Morton's): a query finds in the caches what the one before it read. */
export function alongCurve(rows: Float64Array, dim: number): Int32Array {
  const count = rows.length / dim;
  const keys = new Float64Array(count);
  const apart = Int32Array.from({ length: CELLS }, (_, cell) => {
    let bits = 0;
    for (let bit = 0; bit < BITS; bit++) bits |= ((cell >> bit) & 1) << (bit * dim);
    return bits;
  });
  for (let d = 0; d < dim; d++) {
    let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = d; i < rows.length; i += dim) {
      if (rows[i] < least) least = rows[i];
      if (rows[i] > largest) largest = rows[i];
    }
    const cells = largest > least ? (CELLS - 1) / (largest - least) : 0;
    for (let q = 0; q < count; q++) keys[q] += apart[((rows[q * dim + d] - least) * cells) | 0] << d;
  }
  // A key and its row in one number, which is sorted without a function.
  for (let q = 0; q < count; q++) keys[q] = keys[q] * count + q;
  return Int32Array.from(keys.sort(), (key) => key % count);
}
