// ln, sine and cosine of two float64 from IEEE operations alone, as all kernels take them. Coefficients are read from tables of
// the caller's scratch: a load costs less than making a constant anew in every turn.
import {
  COS_F64_0, COS_F64_1, COS_F64_2, COS_F64_3, COS_F64_4, COS_F64_5, COS_F64_6, COS_F64_7, COS_F64_8,
  LN2, LOG_F64_0, LOG_F64_1, LOG_F64_2, LOG_F64_3, LOG_F64_4, LOG_F64_5, LOG_F64_6, LOG_F64_7, LOG_F64_8,
  SIN_F64_0, SIN_F64_1, SIN_F64_2, SIN_F64_3, SIN_F64_4, SIN_F64_5, SIN_F64_6, SIN_F64_7,
} from "./coefficients";
import { madd } from "./vector";

// @ts-ignore: decorator
@inline
export function c(x: f64): v128 {
  return f64x2.splat(x);
}

/** Number i of a table. */
// @ts-ignore: decorator
@inline
export function at(table: u32, i: u32): v128 {
  return v128.load64_splat(table + 8 * i);
}

/** Numbers of `logTable`. */
export const LOG_TABLE_LENGTH: u32 = 9;

/** Fills the table of `log`. */
export function logTable(table: u32): void {
  store<f64>(table, LOG_F64_0);
  store<f64>(table, LOG_F64_1, 8);
  store<f64>(table, LOG_F64_2, 16);
  store<f64>(table, LOG_F64_3, 24);
  store<f64>(table, LOG_F64_4, 32);
  store<f64>(table, LOG_F64_5, 40);
  store<f64>(table, LOG_F64_6, 48);
  store<f64>(table, LOG_F64_7, 56);
  store<f64>(table, LOG_F64_8, 64);
}

/** ln x of normal numbers: x = 2^e m, m in [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m - 1) / (m + 1)). */
// @ts-ignore: decorator
@inline
export function log(x: v128, table: u32): v128 {
  // Adding the bits of 1 - sqrt(1/2) moves the exponent's step to sqrt(1/2).
  const bits = i64x2.add(x, i64x2.splat(0x00095f619980c433));
  const e = i64x2.sub(i64x2.shr_u(bits, 52), i64x2.splat(1023));
  const m = i64x2.sub(x, i64x2.shl(e, 52));
  const n = f64x2.convert_low_i32x4_s(i32x4.shuffle(e, e, 0, 2, 0, 2));
  const s = f64x2.div(f64x2.sub(m, c(1.0)), f64x2.add(m, c(1.0)));
  const z = f64x2.mul(s, s);
  let p = at(table, 8);
  p = madd<f64>(p, z, at(table, 7));
  p = madd<f64>(p, z, at(table, 6));
  p = madd<f64>(p, z, at(table, 5));
  p = madd<f64>(p, z, at(table, 4));
  p = madd<f64>(p, z, at(table, 3));
  p = madd<f64>(p, z, at(table, 2));
  p = madd<f64>(p, z, at(table, 1));
  p = madd<f64>(p, z, at(table, 0));
  return madd<f64>(n, c(LN2), f64x2.mul(f64x2.add(s, s), p));
}

/** Fills the table of `sineOf` and `cosineOf`. */
export function sineTable(table: u32): void {
  store<f64>(table, SIN_F64_0);
  store<f64>(table, SIN_F64_1, 8);
  store<f64>(table, SIN_F64_2, 16);
  store<f64>(table, SIN_F64_3, 24);
  store<f64>(table, SIN_F64_4, 32);
  store<f64>(table, SIN_F64_5, 40);
  store<f64>(table, SIN_F64_6, 48);
  store<f64>(table, SIN_F64_7, 56);
  store<f64>(table, COS_F64_0, 64);
  store<f64>(table, COS_F64_1, 72);
  store<f64>(table, COS_F64_2, 80);
  store<f64>(table, COS_F64_3, 88);
  store<f64>(table, COS_F64_4, 96);
  store<f64>(table, COS_F64_5, 104);
  store<f64>(table, COS_F64_6, 112);
  store<f64>(table, COS_F64_7, 120);
  store<f64>(table, COS_F64_8, 128);
}

/** sin(pi f / 2) for |f| <= 1/2, z = f^2. */
// @ts-ignore: decorator
@inline
export function sineOf(f: v128, z: v128, table: u32): v128 {
  let s = at(table, 7);
  s = madd<f64>(s, z, at(table, 6));
  s = madd<f64>(s, z, at(table, 5));
  s = madd<f64>(s, z, at(table, 4));
  s = madd<f64>(s, z, at(table, 3));
  s = madd<f64>(s, z, at(table, 2));
  s = madd<f64>(s, z, at(table, 1));
  s = madd<f64>(s, z, at(table, 0));
  return f64x2.mul(s, f);
}

/** cos(pi f / 2) for |f| <= 1/2, z = f^2. */
// @ts-ignore: decorator
@inline
export function cosineOf(z: v128, table: u32): v128 {
  let k = at(table, 16);
  k = madd<f64>(k, z, at(table, 15));
  k = madd<f64>(k, z, at(table, 14));
  k = madd<f64>(k, z, at(table, 13));
  k = madd<f64>(k, z, at(table, 12));
  k = madd<f64>(k, z, at(table, 11));
  k = madd<f64>(k, z, at(table, 10));
  k = madd<f64>(k, z, at(table, 9));
  k = madd<f64>(k, z, at(table, 8));
  return k;
}

/** A whole number of quarter turns with its low bits where integers have them: the magic addition of 1.5 * 2^52. */
// @ts-ignore: decorator
@inline
export function quadrantOf(q: v128): v128 {
  return f64x2.add(q, c(6755399441055744.0));
}

/** Whether a quadrant is odd, where sine and cosine change places. */
// @ts-ignore: decorator
@inline
export function isOdd(quadrant: v128): v128 {
  return i64x2.ne(v128.and(quadrant, i64x2.splat(1)), i64x2.splat(0));
}

/** The sign bit of the cosine in a quadrant. */
// @ts-ignore: decorator
@inline
export function cosineSign(quadrant: v128): v128 {
  return i64x2.shl(v128.and(i64x2.add(quadrant, i64x2.splat(1)), i64x2.splat(2)), 62);
}

/** The sign bit of the sine in a quadrant. */
// @ts-ignore: decorator
@inline
export function sineSign(quadrant: v128): v128 {
  return i64x2.shl(v128.and(quadrant, i64x2.splat(2)), 62);
}
