import { gather, laneCount, splat as constant } from "../simd/vector";

/** 2^23 or 2^52: added to a smaller whole number, it leaves it in the low bits. */
// @ts-ignore: decorator
@inline
function magic<T>(): f64 {
  return sizeof<T>() == 4 ? 8388608.0 : 4503599627370496.0;
}

/** Cells of particles, or `outside`: floor(v) width + floor(u) with u = a x + c y + e, v = b x + d y + f. */
// @ts-ignore: decorator
@inline
function cells<T>(
  x: v128, y: v128, a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, width: v128, height: v128, outside: v128,
): v128 {
  const u = v128.add<T>(v128.add<T>(v128.mul<T>(a, x), v128.mul<T>(c, y)), e);
  const v = v128.add<T>(v128.add<T>(v128.mul<T>(b, x), v128.mul<T>(d, y)), f);
  const zero = constant<T>(0.0);
  // No comparison holds for a number that is none.
  const inside = v128.and(
    v128.and(v128.ge<T>(u, zero), v128.lt<T>(u, width)), v128.and(v128.ge<T>(v, zero), v128.lt<T>(v, height)),
  );
  const cell = v128.add<T>(v128.mul<T>(v128.floor<T>(v), width), v128.floor<T>(u));
  return v128.add<T>(v128.bitselect(cell, outside, inside), constant<T>(magic<T>()));
}

// @ts-ignore: decorator
@inline
function count<T>(counts: u32, cell: v128, lane: u32): void {
  let index: u32;
  if (sizeof<T>() == 8) {
    index = lane == 0 ? i32x4.extract_lane(cell, 0) : i32x4.extract_lane(cell, 2);
  } else {
    const bits: u32 = lane == 0
      ? i32x4.extract_lane(cell, 0)
      : lane == 1 ? i32x4.extract_lane(cell, 1) : lane == 2 ? i32x4.extract_lane(cell, 2) : i32x4.extract_lane(cell, 3);
    index = bits & 0x7fffff;
  }
  const p = counts + (index << 2);
  store<u32>(p, load<u32>(p) + 1);
}

/**
 * Particles on a grid of counts: slice s of `slices` (a task each) zeroes and fills the counts at s x countsStride, width x
 * height uint32 and one more, where all those outside go. Particles are rows of `stride` bytes, coordinates at byte
 * offsets x and y of a row; the camera is that of a canvas, in the arithmetic of T. width x height is below 2^23. Of each slice
 * part `part` of `parts` is counted, the first after the zeroing.
 */
// @ts-ignore: decorator
@inline
export function splat<T>(
  first: u32, tasks: u32, counts: u32, countsStride: u32, slices: u32, width: u32, height: u32,
  rows: u32, n: u32, stride: u32, xOffset: u32, yOffset: u32, a: f64, b: f64, c: f64, d: f64, e: f64, f: f64,
  part: u32, parts: u32,
): void {
  const sa = constant<T>(a);
  const sb = constant<T>(b);
  const sc = constant<T>(c);
  const sd = constant<T>(d);
  const se = constant<T>(e);
  const sf = constant<T>(f);
  const w = constant<T>(<f64>width);
  const h = constant<T>(<f64>height);
  const outside = constant<T>(<f64>(width * height));
  const packed = stride == 2 * sizeof<T>() && xOffset == 0 && yOffset == sizeof<T>();
  for (let s = first; s < first + tasks; s++) {
    const target = counts + s * countsStride;
    if (part == 0) memory.fill(target, 0, 4 * (width * height + 1));
    const start = <u32>((<u64>n * s) / slices);
    const size = <u32>((<u64>n * (s + 1)) / slices) - start;
    let i = start + <u32>((<u64>size * part) / parts);
    const end = start + <u32>((<u64>size * (part + 1)) / parts);
    if (packed) {
      // Pairs side by side, a group of particles at a time.
      for (; i + laneCount<T>() <= end; i += laneCount<T>()) {
        const p = rows + i * stride;
        const low = v128.load(p);
        const high = v128.load(p, 16);
        const x = sizeof<T>() == 4 ? i32x4.shuffle(low, high, 0, 2, 4, 6) : i64x2.shuffle(low, high, 0, 2);
        const y = sizeof<T>() == 4 ? i32x4.shuffle(low, high, 1, 3, 5, 7) : i64x2.shuffle(low, high, 1, 3);
        const cell = cells<T>(x, y, sa, sb, sc, sd, se, sf, w, h, outside);
        count<T>(target, cell, 0);
        count<T>(target, cell, 1);
        if (sizeof<T>() == 4) {
          count<T>(target, cell, 2);
          count<T>(target, cell, 3);
        }
      }
    }
    for (; i < end; i += laneCount<T>()) {
      const p0 = rows + i * stride;
      const last = rows + (end - 1) * stride;
      const p1 = min(p0 + stride, last);
      const p2 = min(p0 + 2 * stride, last);
      const p3 = min(p0 + 3 * stride, last);
      const x = gather<T>(p0 + xOffset, p1 + xOffset, p2 + xOffset, p3 + xOffset);
      const y = gather<T>(p0 + yOffset, p1 + yOffset, p2 + yOffset, p3 + yOffset);
      const cell = cells<T>(x, y, sa, sb, sc, sd, se, sf, w, h, outside);
      count<T>(target, cell, 0);
      if (i + 1 < end) count<T>(target, cell, 1);
      if (sizeof<T>() == 4) {
        if (i + 2 < end) count<T>(target, cell, 2);
        if (i + 3 < end) count<T>(target, cell, 3);
      }
    }
  }
}

/** Adds the counts of all slices to those of the first, for some rows (a task each); the largest of a row to `peaks`. */
export function sumCounts(
  first: u32, tasks: u32, counts: u32, countsStride: u32, slices: u32, width: u32, peaks: u32,
): void {
  for (let row = first; row < first + tasks; row++) {
    const start = counts + row * width * 4;
    let o: u32 = 0;
    let high = i32x4.splat(0);
    for (; o + 16 <= width * 4; o += 16) {
      let sum = v128.load(start + o);
      for (let s: u32 = 1; s < slices; s++) sum = i32x4.add(sum, v128.load(start + s * countsStride + o));
      if (slices > 1) v128.store(start + o, sum);
      high = i32x4.max_u(high, sum);
    }
    let peak = max<u32>(
      max<u32>(i32x4.extract_lane(high, 0), i32x4.extract_lane(high, 1)),
      max<u32>(i32x4.extract_lane(high, 2), i32x4.extract_lane(high, 3)),
    );
    for (; o < width * 4; o += 4) {
      let sum = load<u32>(start + o);
      for (let s: u32 = 1; s < slices; s++) sum += load<u32>(start + s * countsStride + o);
      store<u32>(start + o, sum);
      peak = max(peak, sum);
    }
    store<u32>(peaks + row * 4, peak);
  }
}
