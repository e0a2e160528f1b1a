// Pieces of an embedded Runge-Kutta step with a step size of its own for every particle. Arrays are flat, so that
// rows of any width go through whole vectors; what belongs to a particle is repeated for each of its numbers.
import { madd, splat } from "../simd/vector";

/** out = g (y - mean), element by element over `count` (the buffers reach the next whole vector). */
// @ts-ignore: decorator
@inline
export function slope<T>(out: u32, g: u32, y: u32, mean: u32, count: u32): void {
  for (let o: u32 = 0; o < count * sizeof<T>(); o += 16) {
    const e = v128.sub<T>(v128.load(y + o), v128.load(mean + o));
    v128.store(out + o, v128.mul<T>(v128.load(g + o), e));
  }
}

/** out = y + h sum_j a_j K_j: `terms` coefficients (float64) at a, slopes `stride` bytes apart. */
// @ts-ignore: decorator
@inline
export function stage<T>(
  out: u32, y: u32, h: u32, slopes: u32, stride: u32, a: u32, terms: u32, count: u32,
): void {
  for (let o: u32 = 0; o < count * sizeof<T>(); o += 16) {
    let sum = splat<T>(0.0);
    let k = slopes + o;
    for (let j: u32 = 0; j < terms; j++) {
      sum = madd<T>(splat<T>(load<f64>(a + j * 8)), v128.load(k), sum);
      k += stride;
    }
    v128.store(out + o, madd<T>(v128.load(h + o), sum, v128.load(y + o)));
  }
}

/** x^(-1/5) for x in [1e-30, 1e30]: Newton's method from the exponent, IEEE operations only. */
// @ts-ignore: decorator
@inline
function inverseFifthRoot(x: f64): f64 {
  // The exponent of the root is -1/5 of that of x; the constant is 6/5 of the bits of 1. A step takes an error e to 3 e^2:
  // from a tenth six are needed (five leave 3e-10).
  let y = reinterpret<f64>(<i64>0x4cb3333333333333 - reinterpret<i64>(x) / 5);
  for (let i = 0; i < 6; i++) {
    const square = y * y;
    y = (y * (6.0 - x * square * square * y)) / 5.0;
  }
  return y;
}

/**
 * What a step's error allows: out (n x 2 float64) gets the root mean square of the errors h sum_j e_j K_j in units of
 * atol + rtol max(|y|, |yNew|), and its power -1/5. One row of `width` T per particle, D of them used; `extra` (n float64)
 * is the square of one more scaled error per particle, which bounds the norm from below, or 0.
 */
// @ts-ignore: decorator
@inline
export function errorNorm<T>(
  out: u32, y: u32, yNew: u32, h: u32, slopes: u32, stride: u32, e: u32, terms: u32, extra: u32, atol: f64, rtol: f64,
  n: u32, D: u32, width: u32,
): void {
  for (let i: u32 = 0; i < n; i++) {
    let sum = 0.0;
    for (let d: u32 = 0; d < D; d++) {
      const o = (i * width + d) * sizeof<T>();
      let error = 0.0;
      for (let j: u32 = 0; j < terms; j++) {
        error += load<f64>(e + j * 8) * <f64>load<T>(slopes + j * stride + o);
      }
      error *= <f64>load<T>(h + o);
      const size = max(abs(<f64>load<T>(y + o)), abs(<f64>load<T>(yNew + o)));
      const scaled = error / (atol + rtol * size);
      sum += scaled * scaled;
    }
    // The worse of the two, so that neither is lost in an average over many coordinates.
    const norm = sqrt(max(sum / <f64>D, extra ? load<f64>(extra + i * 8) : 0.0));
    store<f64>(out + i * 16, norm);
    // min and max give NaN for NaN; the caller takes that for a step that failed.
    store<f64>(out + i * 16, inverseFifthRoot(min(max(norm, 1e-30), 1e30)), 8);
  }
}
