// exp, cos and atan of two float64 from IEEE operations alone. Coefficients are read from a table, as in exp2.ts.
import {
  ATAN_F64_0, ATAN_F64_1, ATAN_F64_2, ATAN_F64_3, ATAN_F64_4, ATAN_F64_5, ATAN_F64_6, ATAN_F64_7, ATAN_F64_8,
  ATAN_F64_9, ATAN_F64_10, ATAN_F64_11,
} from "../simd/coefficients";
import { at, c, cosineOf, cosineSign, isOdd, quadrantOf, sineOf } from "../simd/elementary";
import { exp2 } from "../simd/exp2";
import { madd } from "../simd/vector";

/** Fills 16 numbers for `atanOf`: constants too, for making one anew costs more than a load. */
export function atanTable(table: u32): void {
  store<f64>(table, ATAN_F64_0);
  store<f64>(table, ATAN_F64_1, 8);
  store<f64>(table, ATAN_F64_2, 16);
  store<f64>(table, ATAN_F64_3, 24);
  store<f64>(table, ATAN_F64_4, 32);
  store<f64>(table, ATAN_F64_5, 40);
  store<f64>(table, ATAN_F64_6, 48);
  store<f64>(table, ATAN_F64_7, 56);
  store<f64>(table, ATAN_F64_8, 64);
  store<f64>(table, ATAN_F64_9, 72);
  store<f64>(table, ATAN_F64_10, 80);
  store<f64>(table, ATAN_F64_11, 88);
  // tan(pi / 8), pi / 4, the least number that is divided by, and 1/2.
  store<f64>(table, 0.41421356237309503, 96);
  store<f64>(table, 0.7853981633974483, 104);
  store<f64>(table, 1e-300, 112);
  store<f64>(table, 0.5, 120);
}

/** atan(a / b) for 0 <= a <= b, relative error a few ulp; 0 where both are 0. */
// @ts-ignore: decorator
@inline
export function atanOf(a: v128, b: v128, table: u32): v128 {
  // Above tan(pi / 8): pi / 4 + atan((a - b) / (a + b)).
  const far = f64x2.gt(a, f64x2.mul(b, at(table, 12)));
  const top = v128.bitselect(f64x2.sub(a, b), a, far);
  const bottom = f64x2.pmax(v128.bitselect(f64x2.add(a, b), b, far), at(table, 14));
  const q = f64x2.div(top, bottom);
  const z = f64x2.mul(q, q);
  const z2 = f64x2.mul(z, z);
  // Two chains, in z^2: half the latency of one.
  let even = madd<f64>(z2, at(table, 10), at(table, 8));
  let odd = madd<f64>(z2, at(table, 11), at(table, 9));
  even = madd<f64>(even, z2, at(table, 6));
  odd = madd<f64>(odd, z2, at(table, 7));
  even = madd<f64>(even, z2, at(table, 4));
  odd = madd<f64>(odd, z2, at(table, 5));
  even = madd<f64>(even, z2, at(table, 2));
  odd = madd<f64>(odd, z2, at(table, 3));
  odd = madd<f64>(odd, z2, at(table, 1));
  // 1 last, so that little but its own rounding remains.
  const rest = f64x2.mul(z, madd<f64>(even, z, odd));
  const value = madd<f64>(q, rest, q);
  return f64x2.add(value, v128.and(far, at(table, 13)));
}

/**
 * cos x for |x| up to 10^6, absolute error below 5e-16: pi / 2 in three parts, of which the first two have 33 bits, so
 * that their products with the quadrant are exact. Beyond, the result stays within [-1, 1] and means nothing.
 * `table` from sineTable.
 */
// @ts-ignore: decorator
@inline
export function cosine(x: v128, table: u32): v128 {
  const q = f64x2.nearest(f64x2.mul(x, c(0.6366197723675814)));
  let r = f64x2.sub(x, f64x2.mul(q, c(1.5707963267341256)));
  r = f64x2.sub(r, f64x2.mul(q, c(6.077100506303966e-11)));
  r = f64x2.sub(r, f64x2.mul(q, c(2.0222662487959506e-21)));
  let f = f64x2.mul(r, c(0.6366197723675814));
  f = f64x2.pmin(f64x2.pmax(f, c(-0.5000001)), c(0.5000001));
  const z = f64x2.mul(f, f);
  const s = sineOf(f, z, table);
  const k = cosineOf(z, table);
  const quadrant = quadrantOf(q);
  return v128.xor(v128.bitselect(s, k, isOdd(quadrant)), cosineSign(quadrant));
}

/** e^-x for x >= 0, error below 2 ulp; 0 where the result would be subnormal. `table` from exp2Table<f64>. */
// @ts-ignore: decorator
@inline
export function expMinus(x: v128, table: u32): v128 {
  const kept = f64x2.lt(x, c(708.3));
  const y = f64x2.neg(f64x2.pmin(x, c(708.3)));
  const n = f64x2.nearest(f64x2.mul(y, c(1.4426950408889634)));
  let r = f64x2.sub(y, f64x2.mul(n, c(0.6931471803691238)));
  r = f64x2.sub(r, f64x2.mul(n, c(1.9082149292705877e-10)));
  const p = exp2<f64>(f64x2.mul(r, c(1.4426950408889634)), table);
  const scale = i64x2.shl(f64x2.add(n, c(6755399441056767.0)), 52);
  return v128.and(f64x2.mul(p, scale), kept);
}
