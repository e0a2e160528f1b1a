import {
  EXP2_F32_0, EXP2_F32_1, EXP2_F32_2, EXP2_F32_3, EXP2_F32_4, EXP2_F32_5, EXP2_F32_6,
  EXP2_F64_0, EXP2_F64_1, EXP2_F64_2, EXP2_F64_3, EXP2_F64_4, EXP2_F64_5, EXP2_F64_6,
  EXP2_F64_7, EXP2_F64_8, EXP2_F64_9, EXP2_F64_10, EXP2_F64_11,
} from "./coefficients";
import { madd, splat } from "./vector";

/** Bytes of scratch that exp2 needs for its table. */
export const EXP2_TABLE: u32 = 12 * 16;

/** 1.5 * 2^23 + 127: see exp2. */
export const EXP2_MAGIC_F32: f64 = 12583039.0;

/** Below this exponent 2^x is 0 here: the smallest normal numbers are kept, subnormals are not. */
// @ts-ignore: decorator
@inline
export function exp2Floor<T>(): f64 {
  return sizeof<T>() == 4 ? -127.0 : -1023.0;
}

/** A weight whose square stays normal. */
// @ts-ignore: decorator
@inline
export function squareFloor<T>(): f64 {
  return sizeof<T>() == 4 ? 8.673617379884035e-19 : 3.054936363499605e-151;
}

/**
 * Writes the coefficients as vectors. As constants they would fill the 16 registers of x86-64 and the
 * compiler would spill the caller's sums instead; a load is free beside the arithmetic.
 */
// @ts-ignore: decorator
@inline
export function exp2Table<T>(table: u32): void {
  if (sizeof<T>() == 4) {
    v128.store(table, splat<T>(EXP2_F32_0));
    v128.store(table, splat<T>(EXP2_F32_1), 16);
    v128.store(table, splat<T>(EXP2_F32_2), 32);
    v128.store(table, splat<T>(EXP2_F32_3), 48);
    v128.store(table, splat<T>(EXP2_F32_4), 64);
    v128.store(table, splat<T>(EXP2_F32_5), 80);
    v128.store(table, splat<T>(EXP2_F32_6), 96);
  } else {
    v128.store(table, splat<T>(EXP2_F64_0));
    v128.store(table, splat<T>(EXP2_F64_1), 16);
    v128.store(table, splat<T>(EXP2_F64_2), 32);
    v128.store(table, splat<T>(EXP2_F64_3), 48);
    v128.store(table, splat<T>(EXP2_F64_4), 64);
    v128.store(table, splat<T>(EXP2_F64_5), 80);
    v128.store(table, splat<T>(EXP2_F64_6), 96);
    v128.store(table, splat<T>(EXP2_F64_7), 112);
    v128.store(table, splat<T>(EXP2_F64_8), 128);
    v128.store(table, splat<T>(EXP2_F64_9), 144);
    v128.store(table, splat<T>(EXP2_F64_10), 160);
    v128.store(table, splat<T>(EXP2_F64_11), 176);
  }
}

/**
 * 2^x for exp2Floor <= x <= 127 (float32) or 1023 (float64). The caller clamps; `table` as above.
 * x = n + f with n the nearest integer, f in [-1/2, 1/2] exact, so there is no range reduction error;
 * adding 1.5 * 2^23 + 127 (1.5 * 2^52 + 1023) rounds x and leaves n + bias in the low bits, which a
 * shift turns into 2^n (0 at the floor); 2^f by a polynomial of degree 6 (11).
 * Error below 1.3 ulp in float32, 1.5 in float64 (test/unit/kernels/kernels.test.ts measures it).
 */
// @ts-ignore: decorator
@inline
export function exp2<T>(x: v128, table: u32): v128 {
  const magic = splat<T>(sizeof<T>() == 4 ? EXP2_MAGIC_F32 : 6755399441056767.0);
  const shifted = v128.add<T>(x, magic);
  const f = v128.sub<T>(x, v128.sub<T>(shifted, magic));
  let p: v128;
  if (sizeof<T>() == 4) {
    // Estrin's scheme: half the latency of Horner's, which bounds the loop on wide cores. 1 is added last, to a
    // sum of at most 0.42, so that little but its own rounding remains.
    const f2 = v128.mul<T>(f, f);
    const p23 = madd<T>(f, v128.load(table, 48), v128.load(table, 32));
    const p45 = madd<T>(f, v128.load(table, 80), v128.load(table, 64));
    const p46 = madd<T>(f2, v128.load(table, 96), p45);
    const rest = madd<T>(f2, madd<T>(f2, p46, p23), v128.mul<T>(f, v128.load(table, 16)));
    p = v128.add<T>(rest, v128.load(table));
  } else {
    p = v128.load(table, 176);
    p = madd<T>(p, f, v128.load(table, 160));
    p = madd<T>(p, f, v128.load(table, 144));
    p = madd<T>(p, f, v128.load(table, 128));
    p = madd<T>(p, f, v128.load(table, 112));
    p = madd<T>(p, f, v128.load(table, 96));
    p = madd<T>(p, f, v128.load(table, 80));
    p = madd<T>(p, f, v128.load(table, 64));
    p = madd<T>(p, f, v128.load(table, 48));
    p = madd<T>(p, f, v128.load(table, 32));
    p = madd<T>(p, f, v128.load(table, 16));
    p = madd<T>(p, f, v128.load(table));
  }
  const scale = sizeof<T>() == 4 ? i32x4.shl(shifted, 23) : i64x2.shl(shifted, 52);
  return v128.mul<T>(p, scale);
}

/** At least 2^-x, at most 6 % above it: between whole numbers 2^-x is below its chord, which the bits of a float64 are. */
// @ts-ignore: decorator
@inline
export function exp2Above(x: f64): f64 {
  return x < 1022 ? reinterpret<f64>(<u64>((1023.0 - x) * 4503599627370496.0)) : 4.5e-308;
}

/** At least log2 x, at most 0.09 above it, of a normal number: log2 is below its chord plus 0.0861. */
// @ts-ignore: decorator
@inline
export function log2Above(x: f64): f64 {
  return <f64>reinterpret<u64>(x) * 2.220446049250313e-16 - 1022.9138;
}
