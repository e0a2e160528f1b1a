// The Gaussian window by which points and queries reach a lattice: standard deviation s = sqrt(1.6) spacings, 20 nodes an axis.
import { exp2 } from "../../simd/exp2";

/** Nodes of a window, and those before the one at or below its centre. */
export const TAPS: u32 = 20;
export const BEFORE: u32 = 9;
/** Bytes of a window. */
export const WINDOW: u32 = 8 * TAPS;

/** log2(e) / (2 s^2) and log2(e) / s^2, in spacings. */
const HALF: f64 = 0.45084220027780106;
const WHOLE: f64 = 0.9016844005556021;

/**
 * The window of a place `u` spacings above node 9 of 20, 0 <= u < 1, at out: node j has exp(-(u - (j - 9))^2 / (2 s^2)) times what
 * `table` scales by. The exponential is split in a factor of u, a power of another and one of j alone (Greengard and Lee, 2004).
 */
// @ts-ignore: decorator
@inline
export function windowAt(out: u32, u: f64, table: u32, exponents: u32): void {
  const e = exp2<f64>(f64x2.replace_lane(f64x2.splat(-HALF * u * u), 1, WHOLE * u), exponents);
  const peak = f64x2.extract_lane(e, 0);
  const growth = f64x2.extract_lane(e, 1);
  const decay = 1.0 / growth;
  let up = peak;
  for (let j = BEFORE; j < TAPS; j++) {
    store<f64>(out + 8 * j, up * load<f64>(table + 8 * j));
    up *= growth;
  }
  let down = peak * decay;
  for (let j = BEFORE; j > 0; j--) {
    store<f64>(out + 8 * (j - 1), down * load<f64>(table + 8 * (j - 1)));
    down *= decay;
  }
}
