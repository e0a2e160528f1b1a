/** Points in float64, row by row, and what they are weighed by. */
export interface BaselinePoints {
  /** `[size, dim]` */
  readonly points: Float64Array;
  readonly dim: number;
  readonly size: number;
  /** Natural logarithms; undefined where all weights are equal. */
  readonly logWeights: Float64Array | undefined;
}

/** Squared distances of two queries, at a and b in x, from all points: on a line, in the plane, in space. */
function smallSquares(
  { points, dim, size }: BaselinePoints,
  x: Float64Array,
  a: number,
  b: number,
  rowA: Float64Array,
  rowB: Float64Array,
): void {
  const a0 = x[a];
  const b0 = x[b];
  if (dim === 1) {
    for (let m = 0; m < size; m++) {
      const p = points[m];
      rowA[m] = (a0 - p) * (a0 - p);
      rowB[m] = (b0 - p) * (b0 - p);
    }
    return;
  }
  const a1 = x[a + 1];
  const b1 = x[b + 1];
  if (dim === 2) {
    for (let m = 0, at = 0; m < size; m++, at += 2) {
      const p = points[at];
      const q = points[at + 1];
      rowA[m] = (a0 - p) * (a0 - p) + (a1 - q) * (a1 - q);
      rowB[m] = (b0 - p) * (b0 - p) + (b1 - q) * (b1 - q);
    }
    return;
  }
  const a2 = x[a + 2];
  const b2 = x[b + 2];
  for (let m = 0, at = 0; m < size; m++, at += 3) {
    const p = points[at];
    const q = points[at + 1];
    const r = points[at + 2];
    rowA[m] = (a0 - p) * (a0 - p) + (a1 - q) * (a1 - q) + (a2 - r) * (a2 - r);
    rowB[m] = (b0 - p) * (b0 - p) + (b1 - q) * (b1 - q) + (b2 - r) * (b2 - r);
  }
}

/** The same in any dimension: two queries and two points at a time, so that each number that is read serves twice. */
function squares(
  { points, dim, size }: BaselinePoints,
  x: Float64Array,
  a: number,
  b: number,
  rowA: Float64Array,
  rowB: Float64Array,
): void {
  for (let m = 0; m < size; m += 2) {
    // Of an odd number the last point is taken twice.
    const next = m + 1 < size ? m + 1 : m;
    const first = m * dim;
    const second = next * dim;
    let a0 = 0;
    let a1 = 0;
    let b0 = 0;
    let b1 = 0;
    for (let d = 0; d < dim; d++) {
      const u = x[a + d];
      const v = x[b + d];
      const p = points[first + d];
      const q = points[second + d];
      a0 += (u - p) * (u - p);
      a1 += (u - q) * (u - q);
      b0 += (v - p) * (v - p);
      b1 += (v - q) * (v - q);
    }
    rowA[m] = a0;
    rowA[next] = a1;
    rowB[m] = b0;
    rowB[next] = b1;
  }
}

export function squaresOf(
  data: BaselinePoints,
  x: Float64Array,
  a: number,
  b: number,
  rowA: Float64Array,
  rowB: Float64Array,
): void {
  if (data.dim <= 3) smallSquares(data, x, a, b, rowA, rowB);
  else squares(data, x, a, b, rowA, rowB);
}

/** Below 2^-126 of the largest a weight is 0, as it is in the kernels for float32: its exponential is not taken. */
const LEAST = -126 * Math.LN2;

/** Points that weigh something at a query, in order, up to a whole four: what fills it up weighs 0. */
export interface Kept {
  /** Where their coordinates begin. */
  readonly places: Int32Array;
  /** Relative to the largest. */
  readonly weights: Float64Array;
  /** How many, a multiple of 4. */
  count: number;
  sum: number;
}

export const roomFor = (size: number): Kept => ({
  places: new Int32Array(size + 3),
  weights: new Float64Array(size + 3),
  count: 0,
  sum: 0,
});

/** Keeps what weighs something at noise sigma, by the squared distances of a query, which are overwritten. */
export function weigh(data: BaselinePoints, row: Float64Array, sigma: number, kept: Kept): void {
  const { dim, size, logWeights } = data;
  const { places, weights } = kept;
  const k = -0.5 / (sigma * sigma);
  let largest = Number.NEGATIVE_INFINITY;
  for (let m = 0; m < size; m++) {
    const log = logWeights === undefined ? k * row[m] : k * row[m] + logWeights[m];
    row[m] = log;
    if (log > largest) largest = log;
  }
  const least = largest + LEAST;
  let count = 0;
  let sum = 0;
  for (let m = 0; m < size; m++) {
    const log = row[m];
    if (log < least) continue;
    const weight = Math.exp(log - largest);
    places[count] = m * dim;
    weights[count++] = weight;
    sum += weight;
  }
  for (; count % 4 !== 0; count++) {
    places[count] = 0;
    weights[count] = 0;
  }
  kept.count = count;
  kept.sum = sum;
}
