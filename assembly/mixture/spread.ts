// Gaussian noise whose covariance is the weighted covariance of the points: of a factor of the matrix, or without one.
import { normals } from "../random/normal";

/**
 * out[i] = F z[i] with F F' = C_i, by pivoted Cholesky in float64: positive semidefinite matrices are at home. C is
 * D x D float64, or with `packed` the upper triangle in T (00 01 02 11 12 22). Columns end where what is left of the
 * diagonal is rounding. out may not be z; `scratch` takes (D + 1) D float64.
 */
// @ts-ignore: decorator
@inline
export function colour<T>(
  out: u32, z: u32, stride: u32, cov: u32, packed: u32, scratch: u32, n: u32, D: u32,
): void {
  const factor = scratch;
  const diagonal = scratch + D * D * 8;
  for (let i: u32 = 0; i < n; i++) {
    const target = out + i * stride * sizeof<T>();
    const normal = z + i * stride * sizeof<T>();
    let largest = 0.0;
    const matrix = cov + i * (packed ? ((D * (D + 1)) >> 1) * sizeof<T>() : D * D * 8);
    for (let d: u32 = 0; d < D; d++) {
      const value = entry<T>(matrix, packed, d, d, D);
      store<f64>(diagonal + d * 8, value);
      largest = max(largest, value);
    }
    const least = largest * <f64>D * (packed && sizeof<T>() == 4 ? 1.2e-7 : 2.3e-16);
    for (let d: u32 = 0; d < D; d++) store<T>(target + d * sizeof<T>(), <T>0);
    for (let k: u32 = 0; k < D; k++) {
      let pivot: u32 = 0;
      let best = -1.0;
      for (let d: u32 = 0; d < D; d++) {
        const value = load<f64>(diagonal + d * 8);
        if (value > best) {
          best = value;
          pivot = d;
        }
      }
      if (!(best > least)) break;
      const root = sqrt(best);
      const column = factor + k * D * 8;
      const xi = <f64>load<T>(normal + k * sizeof<T>());
      for (let d: u32 = 0; d < D; d++) {
        let value = 0.0;
        if (d == pivot) value = root;
        else if (load<f64>(diagonal + d * 8) >= 0.0) {
          value = entry<T>(matrix, packed, d, pivot, D);
          for (let j: u32 = 0; j < k; j++) {
            value -= load<f64>(factor + (j * D + d) * 8) * load<f64>(factor + (j * D + pivot) * 8);
          }
          value /= root;
          store<f64>(diagonal + d * 8, max(0.0, load<f64>(diagonal + d * 8) - value * value));
        }
        store<f64>(column + d * 8, value);
        const p = target + d * sizeof<T>();
        store<T>(p, <T>(<f64>load<T>(p) + value * xi));
      }
      store<f64>(diagonal + pivot * 8, -1.0);
    }
  }
}

// @ts-ignore: decorator
@inline
function entry<T>(matrix: u32, packed: u32, d: u32, e: u32, D: u32): f64 {
  if (!packed) return load<f64>(matrix + (d * D + e) * 8);
  const low = min(d, e);
  const index = low * D - ((low * (low - 1)) >> 1) + max(d, e) - low;
  return <f64>load<T>(matrix + index * sizeof<T>());
}

/**
 * out[i] = sum_m sqrt(w_m) (mu_m - mean) xi_m over sqrt(sum of w): covariance without a matrix. xi_m is normal m of
 * particle i. `mean` is n x width float64; `numbers` is scratch for M + 1 and `sums` for D float64. Points `first` to `last`
 * alone are added, in order; parts of a call are for one row (n = 1).
 */
// @ts-ignore: decorator
@inline
export function spreadRows<T>(
  out: u32, outStride: u32, mean: u32, w: u32, wStride: u32, stats: u32, points: u32, n: u32, M: u32, D: u32,
  width: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32, numbers: u32, sums: u32, words: u32,
  first: u32, last: u32,
): void {
  for (let i: u32 = 0; i < n; i++) {
    if (first == 0) {
      normals<f64>(numbers, M, M, 1, particle + i, step, stream, seedLow, seedHigh, words);
      memory.fill(sums, 0, D * 8);
    }
    const inverse = 1.0 / load<f64>(stats + i * 32 + 8);
    for (let m = first; m < last; m++) {
      const weight = <f64>load<T>(w + (i * wStride + m) * sizeof<T>());
      if (weight == 0.0) continue;
      const factor = sqrt(weight * inverse) * load<f64>(numbers + m * 8);
      const row = points + m * width * sizeof<T>();
      const centre = mean + i * width * 8;
      for (let d: u32 = 0; d < D; d++) {
        const e = <f64>load<T>(row + d * sizeof<T>()) - load<f64>(centre + d * 8);
        store<f64>(sums + d * 8, load<f64>(sums + d * 8) + factor * e);
      }
    }
    if (last < M) continue;
    const target = out + i * outStride * sizeof<T>();
    for (let d: u32 = 0; d < D; d++) store<T>(target + d * sizeof<T>(), <T>load<f64>(sums + d * 8));
  }
}
