// Standard normals: Box-Muller in float64 from 53-bit uniforms, so both precisions see the same noise
// and the tail reaches 8.6 standard deviations. Every operation is ours: the bits are the same everywhere.
import {
  COS_F64_0, COS_F64_1, COS_F64_2, COS_F64_3, COS_F64_4, COS_F64_5, COS_F64_6, COS_F64_7, COS_F64_8,
  LN2, LOG_F64_0, LOG_F64_1, LOG_F64_2, LOG_F64_3, LOG_F64_4, LOG_F64_5, LOG_F64_6, LOG_F64_7, LOG_F64_8,
  SIN_F64_0, SIN_F64_1, SIN_F64_2, SIN_F64_3, SIN_F64_4, SIN_F64_5, SIN_F64_6, SIN_F64_7,
} from "../simd/coefficients";
import { madd } from "../simd/vector";
import { philoxLanes, TWO_TO_MINUS_53 } from "./philox";

// @ts-ignore: decorator
@inline
function c(x: f64): v128 {
  return f64x2.splat(x);
}

/** Bytes of scratch that `normals` needs. */
export const NORMAL_SCRATCH: u32 = 384;

// Where the coefficients lie in the scratch: a load costs less than making a constant anew in every turn.
const TABLE: u32 = 128;
const LOG_TABLE: u32 = TABLE;
const SIN_TABLE: u32 = TABLE + 9 * 8;
const COS_TABLE: u32 = TABLE + 17 * 8;

// @ts-ignore: decorator
@inline
function coefficient(p: u32, i: u32): v128 {
  return v128.load64_splat(p + 8 * i);
}

function fillTable(scratch: u32): void {
  store<f64>(scratch + LOG_TABLE + 0, LOG_F64_0);
  store<f64>(scratch + LOG_TABLE + 8, LOG_F64_1);
  store<f64>(scratch + LOG_TABLE + 16, LOG_F64_2);
  store<f64>(scratch + LOG_TABLE + 24, LOG_F64_3);
  store<f64>(scratch + LOG_TABLE + 32, LOG_F64_4);
  store<f64>(scratch + LOG_TABLE + 40, LOG_F64_5);
  store<f64>(scratch + LOG_TABLE + 48, LOG_F64_6);
  store<f64>(scratch + LOG_TABLE + 56, LOG_F64_7);
  store<f64>(scratch + LOG_TABLE + 64, LOG_F64_8);
  store<f64>(scratch + SIN_TABLE + 0, SIN_F64_0);
  store<f64>(scratch + SIN_TABLE + 8, SIN_F64_1);
  store<f64>(scratch + SIN_TABLE + 16, SIN_F64_2);
  store<f64>(scratch + SIN_TABLE + 24, SIN_F64_3);
  store<f64>(scratch + SIN_TABLE + 32, SIN_F64_4);
  store<f64>(scratch + SIN_TABLE + 40, SIN_F64_5);
  store<f64>(scratch + SIN_TABLE + 48, SIN_F64_6);
  store<f64>(scratch + SIN_TABLE + 56, SIN_F64_7);
  store<f64>(scratch + COS_TABLE + 0, COS_F64_0);
  store<f64>(scratch + COS_TABLE + 8, COS_F64_1);
  store<f64>(scratch + COS_TABLE + 16, COS_F64_2);
  store<f64>(scratch + COS_TABLE + 24, COS_F64_3);
  store<f64>(scratch + COS_TABLE + 32, COS_F64_4);
  store<f64>(scratch + COS_TABLE + 40, COS_F64_5);
  store<f64>(scratch + COS_TABLE + 48, COS_F64_6);
  store<f64>(scratch + COS_TABLE + 56, COS_F64_7);
  store<f64>(scratch + COS_TABLE + 64, COS_F64_8);
}

/** -ln u for u in (0, 1]: u = 2^e m, m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m - 1) / (m + 1)). */
// @ts-ignore: decorator
@inline
function minusLog(u: v128, scratch: u32): v128 {
  // Adding the bits of 1 - sqrt(1/2) moves the exponent's step to sqrt(1/2).
  const bits = i64x2.add(u, i64x2.splat(0x00095f619980c433));
  const e = i64x2.sub(i64x2.shr_u(bits, 52), i64x2.splat(1023));
  const m = i64x2.sub(u, i64x2.shl(e, 52));
  const n = f64x2.convert_low_i32x4_s(i32x4.shuffle(e, e, 0, 2, 0, 2));
  const s = f64x2.div(f64x2.sub(m, c(1.0)), f64x2.add(m, c(1.0)));
  const z = f64x2.mul(s, s);
  let p = coefficient(scratch + LOG_TABLE, 8);
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 7));
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 6));
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 5));
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 4));
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 3));
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 2));
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 1));
  p = madd<f64>(p, z, coefficient(scratch + LOG_TABLE, 0));
  const log = f64x2.mul(f64x2.add(s, s), p);
  return f64x2.neg(madd<f64>(n, c(LN2), log));
}

/** Two pairs of normals from uniforms u (radius) and v (angle / 2 pi): cosines and sines at p. */
// @ts-ignore: decorator
@inline
function boxMuller(p: u32, u: v128, v: v128, scratch: u32): void {
  const radius = f64x2.sqrt(f64x2.mul(c(2.0), minusLog(u, scratch)));
  const quarters = f64x2.mul(v, c(4.0));
  const q = f64x2.nearest(quarters);
  const f = f64x2.sub(quarters, q);
  const z = f64x2.mul(f, f);
  let s = coefficient(scratch + SIN_TABLE, 7);
  s = madd<f64>(s, z, coefficient(scratch + SIN_TABLE, 6));
  s = madd<f64>(s, z, coefficient(scratch + SIN_TABLE, 5));
  s = madd<f64>(s, z, coefficient(scratch + SIN_TABLE, 4));
  s = madd<f64>(s, z, coefficient(scratch + SIN_TABLE, 3));
  s = madd<f64>(s, z, coefficient(scratch + SIN_TABLE, 2));
  s = madd<f64>(s, z, coefficient(scratch + SIN_TABLE, 1));
  s = madd<f64>(s, z, coefficient(scratch + SIN_TABLE, 0));
  s = f64x2.mul(s, f);
  let k = coefficient(scratch + COS_TABLE, 8);
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 7));
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 6));
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 5));
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 4));
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 3));
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 2));
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 1));
  k = madd<f64>(k, z, coefficient(scratch + COS_TABLE, 0));
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

/** The 53-bit whole numbers of two words, of the two low lanes. */
// @ts-ignore: decorator
@inline
function whole(high: v128, low: v128): v128 {
  const upper = f64x2.mul(f64x2.convert_low_i32x4_u(high), c(2097152.0));
  return f64x2.add(upper, f64x2.convert_low_i32x4_u(i32x4.shr_u(low, 11)));
}

/** Normals of the two low lanes of four words: radius from words 0, 1, angle from words 2, 3. */
// @ts-ignore: decorator
@inline
function pairOfPairs(p: u32, scratch: u32, w0: v128, w1: v128, w2: v128, w3: v128): void {
  const u = f64x2.mul(f64x2.add(whole(w0, w1), c(0.5)), c(TWO_TO_MINUS_53));
  const v = f64x2.mul(whole(w2, w3), c(TWO_TO_MINUS_53));
  boxMuller(p, u, v, scratch);
}

/**
 * Standard normals for particles `particle` ... + n - 1 in rows of `stride` T, `dim` of them per row.
 * Coordinates 2 j and 2 j + 1 come from block j. Four blocks at a time, one per lane; `scratch` takes NORMAL_SCRATCH bytes.
 */
// @ts-ignore: decorator
@inline
export function normals<T>(
  out: u32, dim: u32, stride: u32, n: u32, particle: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32,
  scratch: u32,
): void {
  const pairs = (dim + 1) >> 1;
  const total = n * pairs;
  let i: u32 = 0;
  let j: u32 = 0;
  fillTable(scratch);
  for (let first: u32 = 0; first < total; first += 4) {
    const count = min(4, total - first);
    // Counters of the four blocks; those beyond the end are computed and dropped.
    const i0 = i;
    const j0 = j;
    let c0 = i32x4.splat(particle + i);
    let c3 = i32x4.splat(j);
    if (++j == pairs) j = 0, i++;
    c0 = i32x4.replace_lane(c0, 1, particle + i);
    c3 = i32x4.replace_lane(c3, 1, j);
    if (++j == pairs) j = 0, i++;
    c0 = i32x4.replace_lane(c0, 2, particle + i);
    c3 = i32x4.replace_lane(c3, 2, j);
    if (++j == pairs) j = 0, i++;
    c0 = i32x4.replace_lane(c0, 3, particle + i);
    c3 = i32x4.replace_lane(c3, 3, j);
    if (++j == pairs) j = 0, i++;
    philoxLanes(scratch, c0, i32x4.splat(step), i32x4.splat(stream), c3, seedLow, seedHigh);
    const w0 = v128.load(scratch);
    const w1 = v128.load(scratch, 16);
    const w2 = v128.load(scratch, 32);
    const w3 = v128.load(scratch, 48);
    pairOfPairs(scratch + 64, scratch, w0, w1, w2, w3);
    pairOfPairs(
      scratch + 96, scratch, i32x4.shuffle(w0, w0, 2, 3, 2, 3), i32x4.shuffle(w1, w1, 2, 3, 2, 3),
      i32x4.shuffle(w2, w2, 2, 3, 2, 3), i32x4.shuffle(w3, w3, 2, 3, 2, 3),
    );
    let a = i0;
    let b = j0;
    for (let l: u32 = 0; l < count; l++) {
      const source = scratch + 64 + (l >> 1) * 32 + (l & 1) * 8;
      const target = out + (a * stride + 2 * b) * sizeof<T>();
      store<T>(target, <T>load<f64>(source));
      if (b * 2 + 1 < dim) store<T>(target + sizeof<T>(), <T>load<f64>(source, 16));
      if (++b == pairs) {
        b = 0;
        a++;
      }
    }
  }
}
