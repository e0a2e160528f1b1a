// 2^-y of two float64 from IEEE operations alone, for the kernels of pde/.
import {
  EXP2_F64_1, EXP2_F64_10, EXP2_F64_11, EXP2_F64_2, EXP2_F64_3, EXP2_F64_4, EXP2_F64_5, EXP2_F64_6, EXP2_F64_7,
  EXP2_F64_8, EXP2_F64_9,
} from "../simd/coefficients";
import { c } from "../simd/elementary";
import { madd } from "../simd/vector";

/** Bytes of `ratesTable`, and some to spare. */
export const RATES_TABLE: u32 = 304;

/**
 * Fills vectors for `scaleOf` and `tailOf` and what else a step of diffusion takes over and over: constants made anew in
 * every turn cost more than loads.
 */
export function ratesTable(table: u32): void {
  v128.store(table, c(EXP2_F64_1));
  v128.store(table, c(EXP2_F64_2), 16);
  v128.store(table, c(EXP2_F64_3), 32);
  v128.store(table, c(EXP2_F64_4), 48);
  v128.store(table, c(EXP2_F64_5), 64);
  v128.store(table, c(EXP2_F64_6), 80);
  v128.store(table, c(EXP2_F64_7), 96);
  v128.store(table, c(EXP2_F64_8), 112);
  v128.store(table, c(EXP2_F64_9), 128);
  v128.store(table, c(EXP2_F64_10), 144);
  v128.store(table, c(EXP2_F64_11), 160);
  // 1.5 * 2^52 + 1023; the largest exponent; 1; 1/2; what stands for 0.
  v128.store(table, c(6755399441056767.0), 176);
  v128.store(table, c(1000.0), 192);
  v128.store(table, c(-1000.0), 208);
  v128.store(table, c(1.0), 224);
  v128.store(table, c(0.5), 240);
  v128.store(table, c(1.2345678e-290), 256);
}

/** 2^-n for y = n + f, |y| <= 1000, n whole, f in [-1/2, 1/2]. */
// @ts-ignore: decorator
@inline
export function scaleOf(y: v128, table: u32): v128 {
  // The difference rounds -y to -n and leaves -n + 1023 in the low bits.
  return i64x2.shl(f64x2.sub(v128.load(table, 176), y), 52);
}

/**
 * 2^-y - 2^-n for the n of `scaleOf`: 2^-f - 1 is a polynomial without a constant. So with both parts 2^-y is their sum, and
 * 1 - 2^-y = (1 - 2^-n) - tail has a relative error of a few ulp near y = 0 too.
 */
// @ts-ignore: decorator
@inline
export function tailOf(y: v128, scale: v128, table: u32): v128 {
  const magic = v128.load(table, 176);
  const f = f64x2.sub(f64x2.sub(magic, f64x2.sub(magic, y)), y);
  // Two chains in f^2: half the latency of one.
  const f2 = f64x2.mul(f, f);
  let even = madd<f64>(f2, v128.load(table, 160), v128.load(table, 128));
  let odd = madd<f64>(f2, v128.load(table, 144), v128.load(table, 112));
  even = madd<f64>(even, f2, v128.load(table, 96));
  odd = madd<f64>(odd, f2, v128.load(table, 80));
  even = madd<f64>(even, f2, v128.load(table, 64));
  odd = madd<f64>(odd, f2, v128.load(table, 48));
  even = madd<f64>(even, f2, v128.load(table, 32));
  odd = madd<f64>(odd, f2, v128.load(table, 16));
  even = madd<f64>(even, f2, v128.load(table));
  return f64x2.mul(scale, f64x2.mul(f, madd<f64>(f, odd, even)));
}
