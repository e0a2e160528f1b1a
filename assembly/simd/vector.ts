// Vectors of float32 (4 lanes) or float64 (2 lanes), one source for both.

/** Points are summed in chunks of this many; chunk sums are added in float64. */
export const CHUNK: u32 = 64;

// @ts-ignore: decorator
@inline
export function laneCount<T>(): u32 {
  return 16 / sizeof<T>();
}

/** a b + c: the only place where the relaxed build (fused) and the simd build differ. */
// @ts-ignore: decorator
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** A constant vector. */
// @ts-ignore: decorator
@inline
export function splat<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}

/** Loads one element from each of 4 (float32) or 2 (float64) addresses. */
// @ts-ignore: decorator
@inline
export function gather<T>(p0: u32, p1: u32, p2: u32, p3: u32): v128 {
  if (sizeof<T>() == 4) {
    let v = v128.load32_zero(p0);
    v = v128.load32_lane(p1, v, 1);
    v = v128.load32_lane(p2, v, 2);
    return v128.load32_lane(p3, v, 3);
  }
  return v128.load64_lane(p1, v128.load64_zero(p0), 1);
}

/** Stores lane i at base + i stride for i < count. */
// @ts-ignore: decorator
@inline
export function scatter<T>(base: u32, stride: u32, v: v128, count: u32): void {
  if (sizeof<T>() == 4) {
    v128.store32_lane(base, v, 0);
    if (count > 1) v128.store32_lane(base + stride, v, 1);
    if (count > 2) v128.store32_lane(base + 2 * stride, v, 2);
    if (count > 3) v128.store32_lane(base + 3 * stride, v, 3);
  } else {
    v128.store64_lane(base, v, 0);
    if (count > 1) v128.store64_lane(base + stride, v, 1);
  }
}

/** Adds the lanes of a chunk's sum to float64 totals at p (4 or 2 of them). */
// @ts-ignore: decorator
@inline
export function flush<T>(p: u32, v: v128): void {
  if (sizeof<T>() == 4) {
    v128.store(p, f64x2.add(v128.load(p), f64x2.promote_low_f32x4(v)));
    const high = i32x4.shuffle(v, v, 2, 3, 2, 3);
    v128.store(p, f64x2.add(v128.load(p, 16), f64x2.promote_low_f32x4(high)), 16);
  } else {
    v128.store(p, f64x2.add(v128.load(p), v));
  }
}

/** The totals at p, rounded to T. */
// @ts-ignore: decorator
@inline
export function totals<T>(p: u32): v128 {
  if (sizeof<T>() == 4) {
    const low = f32x4.demote_f64x2_zero(v128.load(p));
    const high = f32x4.demote_f64x2_zero(v128.load(p, 16));
    return i32x4.shuffle(low, high, 0, 1, 4, 5);
  }
  return v128.load(p);
}

/** Zeroes a few vectors in place: memory.fill is a call, and costs more than these. */
// @ts-ignore: decorator
@inline
export function clear(p: u32, bytes: u32): void {
  for (let o: u32 = 0; o < bytes; o += 16) v128.store(p + o, i64x2.splat(0));
}
