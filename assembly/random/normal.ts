// Standard normals: Box-Muller in float64 from 53-bit uniforms, so both precisions see the same noise
// and the tail reaches 8.6 standard deviations. Every operation is ours: the bits are the same everywhere.
import {
  COS_F64_0, COS_F64_1, COS_F64_2, COS_F64_3, COS_F64_4, COS_F64_5, COS_F64_6, COS_F64_7, COS_F64_8,
  LN2, LOG_F64_0, LOG_F64_1, LOG_F64_2, LOG_F64_3, LOG_F64_4, LOG_F64_5, LOG_F64_6, LOG_F64_7, LOG_F64_8,
  SIN_F64_0, SIN_F64_1, SIN_F64_2, SIN_F64_3, SIN_F64_4, SIN_F64_5, SIN_F64_6, SIN_F64_7,
} from "../simd/coefficients";
import { madd } from "../simd/vector";
import { openUniform, philox, uniform } from "./philox";

// @ts-ignore: decorator
@inline
function c(x: f64): v128 {
  return f64x2.splat(x);
}

/** -ln u for u in (0, 1]: u = 2^e m, m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m - 1) / (m + 1)). */
// @ts-ignore: decorator
@inline
function minusLog(u: v128): v128 {
  // Adding the bits of 1 - sqrt(1/2) moves the exponent's step to sqrt(1/2).
  const bits = i64x2.add(u, i64x2.splat(0x00095f619980c433));
  const e = i64x2.sub(i64x2.shr_u(bits, 52), i64x2.splat(1023));
  const m = i64x2.sub(u, i64x2.shl(e, 52));
  const n = f64x2.convert_low_i32x4_s(i32x4.shuffle(e, e, 0, 2, 0, 2));
  const s = f64x2.div(f64x2.sub(m, c(1.0)), f64x2.add(m, c(1.0)));
  const z = f64x2.mul(s, s);
  let p = c(LOG_F64_8);
  p = madd<f64>(p, z, c(LOG_F64_7));
  p = madd<f64>(p, z, c(LOG_F64_6));
  p = madd<f64>(p, z, c(LOG_F64_5));
  p = madd<f64>(p, z, c(LOG_F64_4));
  p = madd<f64>(p, z, c(LOG_F64_3));
  p = madd<f64>(p, z, c(LOG_F64_2));
  p = madd<f64>(p, z, c(LOG_F64_1));
  p = madd<f64>(p, z, c(LOG_F64_0));
  const log = f64x2.mul(f64x2.add(s, s), p);
  return f64x2.neg(madd<f64>(n, c(LN2), log));
}

/** Two pairs of normals from uniforms u (radius) and v (angle / 2 pi): cosines and sines at p. */
// @ts-ignore: decorator
@inline
function boxMuller(p: u32, u: v128, v: v128): void {
  const radius = f64x2.sqrt(f64x2.mul(c(2.0), minusLog(u)));
  const quarters = f64x2.mul(v, c(4.0));
  const q = f64x2.nearest(quarters);
  const f = f64x2.sub(quarters, q);
  const z = f64x2.mul(f, f);
  let s = c(SIN_F64_7);
  s = madd<f64>(s, z, c(SIN_F64_6));
  s = madd<f64>(s, z, c(SIN_F64_5));
  s = madd<f64>(s, z, c(SIN_F64_4));
  s = madd<f64>(s, z, c(SIN_F64_3));
  s = madd<f64>(s, z, c(SIN_F64_2));
  s = madd<f64>(s, z, c(SIN_F64_1));
  s = madd<f64>(s, z, c(SIN_F64_0));
  s = f64x2.mul(s, f);
  let k = c(COS_F64_8);
  k = madd<f64>(k, z, c(COS_F64_7));
  k = madd<f64>(k, z, c(COS_F64_6));
  k = madd<f64>(k, z, c(COS_F64_5));
  k = madd<f64>(k, z, c(COS_F64_4));
  k = madd<f64>(k, z, c(COS_F64_3));
  k = madd<f64>(k, z, c(COS_F64_2));
  k = madd<f64>(k, z, c(COS_F64_1));
  k = madd<f64>(k, z, c(COS_F64_0));
  // Quadrant q = 0..4: rotate (cos, sin) by q quarter turns; q's low bits by the magic addition.
  const quadrant = f64x2.add(q, c(6755399441055744.0));
  const odd = i64x2.ne(v128.and(quadrant, i64x2.splat(1)), i64x2.splat(0));
  const flipCos = i64x2.shl(v128.and(i64x2.add(quadrant, i64x2.splat(1)), i64x2.splat(2)), 62);
  const flipSin = i64x2.shl(v128.and(quadrant, i64x2.splat(2)), 62);
  const cosine = v128.xor(v128.bitselect(s, k, odd), flipCos);
  const sine = v128.xor(v128.bitselect(k, s, odd), flipSin);
  v128.store(p, f64x2.mul(radius, cosine));
  v128.store(p, f64x2.mul(radius, sine), 16);
}

/**
 * Standard normals for particles `particle` ... + n - 1 in rows of `stride` T, `dim` of them a row.
 * Coordinates 2 j and 2 j + 1 come from block j: radius from its words 0, 1, angle from its words 2, 3.
 */
// @ts-ignore: decorator
@inline
export function normals<T>(
  out: u32, dim: u32, stride: u32, n: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32,
  scratch: u32,
): void {
  const pairs = (dim + 1) >> 1;
  const total = n * pairs;
  let i0: u32 = 0;
  let j0: u32 = 0;
  for (let a: u32 = 0; a < total; a += 2) {
    let i1 = i0;
    let j1 = j0 + 1;
    if (j1 == pairs) {
      j1 = 0;
      i1++;
    }
    philox(scratch, particle + i0, step, stream, j0, seedLow, seedHigh);
    philox(scratch + 16, particle + i1, step, stream, j1, seedLow, seedHigh);
    const u = f64x2.replace_lane(f64x2.splat(openUniform(scratch)), 1, openUniform(scratch + 16));
    const v = f64x2.replace_lane(f64x2.splat(uniform(scratch + 8)), 1, uniform(scratch + 24));
    boxMuller(scratch, u, v);
    const p0 = out + (i0 * stride + 2 * j0) * sizeof<T>();
    store<T>(p0, <T>load<f64>(scratch));
    if (j0 * 2 + 1 < dim) store<T>(p0 + sizeof<T>(), <T>load<f64>(scratch, 16));
    if (a + 1 < total) {
      const p1 = out + (i1 * stride + 2 * j1) * sizeof<T>();
      store<T>(p1, <T>load<f64>(scratch, 8));
      if (j1 * 2 + 1 < dim) store<T>(p1 + sizeof<T>(), <T>load<f64>(scratch, 24));
    }
    i0 = i1;
    j0 = j1 + 1;
    if (j0 == pairs) {
      j0 = 0;
      i0++;
    }
  }
}
