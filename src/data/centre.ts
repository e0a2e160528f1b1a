import { type Doubled, productOf } from "../numeric/doubled.js";

/** Data within so many of its extents of the origin stays where it is; a single position counts as of extent 1. */
const NEAR = 2;

/**
 * What data far from the origin is shifted by before it is rounded, so that scores lose nothing there: in each coordinate a
 * multiple of a power of two not below the data's extent, whose subtraction is exact but for what is far below one unit of the
 * extent; a single position beyond 2 is its own centre. Undefined where every coordinate's is 0.
 *
 * @param points `[size, dim]`
 * @param weights those of weight 0 do not count
 */
export function centreOf(
  points: Float32Array | Float64Array,
  dim: number,
  weights: Float64Array,
): Float64Array | undefined {
  const low = new Float64Array(dim).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(dim).fill(Number.NEGATIVE_INFINITY);
  for (let m = 0; m < weights.length; m++) {
    if (weights[m] === 0) continue;
    for (let d = 0; d < dim; d++) {
      const x = points[m * dim + d];
      if (x < low[d]) low[d] = x;
      if (x > high[d]) high[d] = x;
    }
  }
  let extent = 0;
  for (let d = 0; d < dim; d++) extent = Math.max(extent, high[d] - low[d]);
  if (extent === 0) return low.some((x) => Math.abs(x) > NEAR) ? low : undefined;
  let unit = 1;
  while (unit < extent) unit *= 2;
  while (unit >= 2 * extent && unit > 2 ** -1000) unit /= 2;
  const centre = low.map((x, d) => {
    const middle = x + 0.5 * (high[d] - x);
    return Math.abs(middle) <= NEAR * extent ? 0 : unit * Math.round(middle / unit);
  });
  return centre.some((x) => x !== 0) ? centre : undefined;
}

/** `scale` times a centre, of which nothing is lost. */
export const scaledCentre = (centre: Float64Array, scale: number): Doubled[] =>
  Array.from(centre, (c) => productOf(scale, c));

/** Rows less a shift, in float64. */
export function centred(
  rows: Float32Array | Float64Array,
  shift: readonly Doubled[],
): Float64Array<ArrayBuffer> {
  const dim = shift.length;
  const out = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; ) {
    for (let d = 0; d < dim; d++, i++) {
      const { high, low } = shift[d];
      out[i] = rows[i] - high - low;
    }
  }
  return out;
}
