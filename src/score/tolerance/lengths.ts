/** The Euclidean length. */
export function lengthOf(row: Float64Array): number {
  let square = 0;
  for (let d = 0; d < row.length; d++) square += row[d] * row[d];
  return Math.sqrt(square);
}
