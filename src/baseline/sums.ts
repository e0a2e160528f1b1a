import type { BaselinePoints, Kept } from "./weights.js";

/** The weighted mean of what is kept, to `out` at `at`. */
export function meanOf({ points, dim }: BaselinePoints, kept: Kept, out: Float64Array, at: number): void {
  const { places, weights, count, sum } = kept;
  if (dim <= 3) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    for (let i = 0; i < count; i++) {
      const w = weights[i];
      const p = places[i];
      s0 += w * points[p];
      if (dim > 1) s1 += w * points[p + 1];
      if (dim > 2) s2 += w * points[p + 2];
    }
    out[at] = s0 / sum;
    if (dim > 1) out[at + 1] = s1 / sum;
    if (dim > 2) out[at + 2] = s2 / sum;
    return;
  }
  out.fill(0, at, at + dim);
  // Four points at a time: a sum is read and written once for all of them.
  for (let i = 0; i < count; i += 4) {
    const w0 = weights[i];
    const w1 = weights[i + 1];
    const w2 = weights[i + 2];
    const w3 = weights[i + 3];
    const p0 = places[i];
    const p1 = places[i + 1];
    const p2 = places[i + 2];
    const p3 = places[i + 3];
    for (let d = 0; d < dim; d++) {
      out[at + d] += w0 * points[p0 + d] + w1 * points[p1 + d] + w2 * points[p2 + d] + w3 * points[p3 + d];
    }
  }
  for (let d = 0; d < dim; d++) out[at + d] /= sum;
}

/**
 * The weighted covariance about `mean`, a symmetric matrix, to `out` at `at`.
 *
 * @param deviations `[4, dim]`, room for the deviations of four points
 */
export function covarianceOf(
  { points, dim }: BaselinePoints,
  kept: Kept,
  mean: Float64Array,
  deviations: Float64Array,
  out: Float64Array,
  at: number,
): void {
  const { places, weights, count, sum } = kept;
  out.fill(0, at, at + dim * dim);
  for (let i = 0; i < count; i += 4) {
    for (let k = 0; k < 4; k++) {
      const p = places[i + k];
      const e = k * dim;
      for (let d = 0; d < dim; d++) deviations[e + d] = points[p + d] - mean[d];
    }
    const w0 = weights[i];
    const w1 = weights[i + 1];
    const w2 = weights[i + 2];
    const w3 = weights[i + 3];
    for (let r = 0; r < dim; r++) {
      const row = at + r * dim;
      const u0 = w0 * deviations[r];
      const u1 = w1 * deviations[dim + r];
      const u2 = w2 * deviations[2 * dim + r];
      const u3 = w3 * deviations[3 * dim + r];
      for (let c = 0; c <= r; c++) {
        out[row + c] +=
          u0 * deviations[c] +
          u1 * deviations[dim + c] +
          u2 * deviations[2 * dim + c] +
          u3 * deviations[3 * dim + c];
      }
    }
  }
  for (let r = 0; r < dim; r++) {
    for (let c = 0; c <= r; c++) {
      const value = out[at + r * dim + c] / sum;
      out[at + r * dim + c] = value;
      out[at + c * dim + r] = value;
    }
  }
}

/** The same in the plane, where three sums are enough. */
export function planeCovarianceOf(
  { points }: BaselinePoints,
  { places, weights, count, sum }: Kept,
  mean: Float64Array,
  out: Float64Array,
  at: number,
): void {
  const x = mean[0];
  const y = mean[1];
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let i = 0; i < count; i++) {
    const w = weights[i];
    const u = points[places[i]] - x;
    const v = points[places[i] + 1] - y;
    xx += w * u * u;
    xy += w * u * v;
    yy += w * v * v;
  }
  out[at] = xx / sum;
  out[at + 1] = xy / sum;
  out[at + 2] = xy / sum;
  out[at + 3] = yy / sum;
}
