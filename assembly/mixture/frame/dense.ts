// Sums over all points where nearly all of them count: their products with a query by bytes, four queries at a time, and the rest as
// everywhere (tiles.ts). A query is two integers a coordinate, of a large step and a small one, so that its products are as good as float64's.
import { EXP2_TABLE } from "../../simd/exp2";
import { average, relativeWeights } from "../tiles";
import { sumsOf } from "./stages";

/** Queries that share a point's bytes. */
export const TOGETHER: u32 = 4;

/** |mu - o|^2 - 2 (y - o) . (mu - o) of point m and up to four queries, from their coarse and fine sums of products. */
// @ts-ignore: decorator
@inline
function put(d2: u32, row: u32, m: u32, norm: f64, coarse: v128, fine: v128, factors: u32, n: u32): void {
  let high = f64x2.convert_low_i32x4_s(coarse);
  let low = f64x2.convert_low_i32x4_s(fine);
  let sum = f64x2.add(f64x2.mul(high, v128.load(factors)), f64x2.mul(low, v128.load(factors, 32)));
  sum = f64x2.sub(f64x2.splat(norm), sum);
  store<f64>(d2 + 8 * m, f64x2.extract_lane(sum, 0));
  if (n > 1) store<f64>(d2 + row + 8 * m, f64x2.extract_lane(sum, 1));
  if (n < 3) return;
  high = f64x2.convert_low_i32x4_s(i32x4.shuffle(coarse, coarse, 2, 3, 2, 3));
  low = f64x2.convert_low_i32x4_s(i32x4.shuffle(fine, fine, 2, 3, 2, 3));
  sum = f64x2.add(f64x2.mul(high, v128.load(factors, 16)), f64x2.mul(low, v128.load(factors, 48)));
  sum = f64x2.sub(f64x2.splat(norm), sum);
  store<f64>(d2 + 2 * row + 8 * m, f64x2.extract_lane(sum, 0));
  if (n > 3) store<f64>(d2 + 3 * row + 8 * m, f64x2.extract_lane(sum, 1));
}

/**
 * Squared distances of M points from n queries, less what is the query's alone. `queries`: where the integers of each begin, the fine ones
 * after the coarse ones; `factors`: twice the product of steps of each, for coarse and for fine sums.
 */
function products(d2: u32, row: u32, bytes: u32, norms: u32, vectors: u32, queries: u32, factors: u32, n: u32, M: u32): void {
  const span = vectors * 16;
  const q0 = load<u32>(queries);
  const q1 = load<u32>(queries, 4);
  const q2 = load<u32>(queries, 8);
  const q3 = load<u32>(queries, 12);
  for (let m: u32 = 0; m < M; m++) {
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    let p = bytes + m * vectors * 8;
    for (let o: u32 = 0; o < span; o += 16) {
      const x = v128.load_ext<i8>(p);
      a = i32x4.add(a, i32x4.dot_i16x8_s(x, v128.load(q0 + o)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(x, v128.load(q1 + o)));
      c = i32x4.add(c, i32x4.dot_i16x8_s(x, v128.load(q2 + o)));
      d = i32x4.add(d, i32x4.dot_i16x8_s(x, v128.load(q3 + o)));
      e = i32x4.add(e, i32x4.dot_i16x8_s(x, v128.load(q0 + o + span)));
      f = i32x4.add(f, i32x4.dot_i16x8_s(x, v128.load(q1 + o + span)));
      g = i32x4.add(g, i32x4.dot_i16x8_s(x, v128.load(q2 + o + span)));
      h = i32x4.add(h, i32x4.dot_i16x8_s(x, v128.load(q3 + o + span)));
      p += 8;
    }
    put(d2, row, m, load<f64>(norms + 8 * m), sumsOf(a, b, c, d), sumsOf(e, f, g, h), factors, n);
  }
}

// Scratch: where the integers of each query begin, their numbers in the call, factors of coarse and of fine sums, k, statistics as of
// `relativeWeights`; the table of exp2; float64 totals, which end as means; squared distances; weights.
const NUMBERS: u32 = 16;
const FACTORS: u32 = 32;
const SCALES: u32 = FACTORS + 64;
const STATS: u32 = SCALES + 32;
const TABLE: u32 = STATS + 32 * TOGETHER;
const MEANS: u32 = TABLE + EXP2_TABLE;

// @ts-ignore: decorator
@inline
export function meansAt(scratch: u32, i: u32, width: u32): u32 {
  return scratch + MEANS + i * width * 8;
}
// @ts-ignore: decorator
@inline
export function statsAt(scratch: u32, i: u32): u32 {
  return scratch + STATS + 32 * i;
}

// @ts-ignore: decorator
@inline
export function numberOf(scratch: u32, i: u32): u32 {
  return load<u32>(scratch + NUMBERS + 4 * i);
}
// @ts-ignore: decorator
@inline
export function scaleOf(scratch: u32, i: u32): f64 {
  return load<f64>(scratch + SCALES + 8 * i);
}

/** Writes what is known of query i, `number` of the call. */
export function denseQuery(scratch: u32, i: u32, number: u32, integers: u32, coarse: f64, fine: f64, k: f64): void {
  store<u32>(scratch + 4 * i, integers);
  store<u32>(scratch + NUMBERS + 4 * i, number);
  store<f64>(scratch + FACTORS + 8 * i, coarse);
  store<f64>(scratch + FACTORS + 32 + 8 * i, fine);
  store<f64>(scratch + SCALES + 8 * i, k);
}

/** Means of n queries and, in `statsAt`, the best point of each and the sum of weights relative to it. */
export function denseSums<T>(
  scratch: u32, bytes: u32, norms: u32, vectors: u32, points: u32, width: u32, lw: u32, n: u32, M: u32,
): void {
  const stride = (M + 3) & ~3;
  // Of fewer than four the last comes again, and is not written.
  for (let i = n; i < TOGETHER; i++) store<u32>(scratch + 4 * i, load<u32>(scratch + 4 * (n - 1)));
  const d2 = meansAt(scratch, TOGETHER, width);
  const w = d2 + TOGETHER * stride * 8;
  products(d2, stride * 8, bytes, norms, vectors, scratch, scratch + FACTORS, n, M);
  relativeWeights<T>(w, statsAt(scratch, 0), scratch + TABLE, d2, stride, scratch + SCALES, 8, lw, n, M, 0);
  average<T>(0, 0, meansAt(scratch, 0, width), w, stride, statsAt(scratch, 0), points, n, M, width, 0, 0, M);
}
