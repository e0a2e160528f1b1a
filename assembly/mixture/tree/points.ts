// Sums over points of a tree in float64.
import { exp2, exp2Floor } from "../../simd/exp2";
import { madd } from "../../simd/vector";
import { dimOf } from "./nodes";

/** log2 of the largest weight relative to the point that weights are relative to. */
export const NEAR_ENOUGH: f64 = 400.0;

/**
 * Adds points `from` to `to` (exclusive) to the sums, by differences from the nearest point r; q = 2 y - r. Pairs of points that are both
 * farther than that one by `beyond` and more, in squares, may be left out.
 */
export function addPoints<D, C>(
  sums: u32, table: u32, points: u32, row: u32, from: u32, to: u32, k: f64, r0: f64, r1: f64, r2: f64, q0: f64, q1: f64, q2: f64,
  beyond: f64,
): void {
  const vk = f64x2.splat(k);
  const lowest = f64x2.splat(exp2Floor<f64>());
  const farthest = f64x2.splat(-beyond);
  const weights = points + dimOf<D>() * row;
  let total = v128.load(sums);
  let n0 = v128.load(sums, 16);
  let n1 = v128.load(sums, 32);
  let n2 = v128.load(sums, 48);
  let c00 = v128.load(sums, 64);
  let c01 = v128.load(sums, 80);
  let c02 = v128.load(sums, 96);
  let c11 = v128.load(sums, 112);
  let c12 = v128.load(sums, 128);
  let c22 = v128.load(sums, 144);
  for (let i = from; i < to; i += 2) {
    const p = points + 8 * i;
    const x = v128.load(p);
    const a0 = f64x2.sub(x, f64x2.splat(r0));
    let e = f64x2.mul(a0, f64x2.sub(f64x2.splat(q0), x));
    let a1 = a0;
    let a2 = a0;
    if (sizeof<D>() > 1) {
      const y = v128.load(p + row);
      a1 = f64x2.sub(y, f64x2.splat(r1));
      e = madd<f64>(a1, f64x2.sub(f64x2.splat(q1), y), e);
    }
    if (sizeof<D>() > 2) {
      const z = v128.load(p + 2 * row);
      a2 = f64x2.sub(z, f64x2.splat(r2));
      e = madd<f64>(a2, f64x2.sub(f64x2.splat(q2), z), e);
    }
    if (i64x2.bitmask(f64x2.gt(e, farthest)) == 0) continue;
    let w = v128.load(weights + 8 * i);
    // One point alone: the other lane is of someone else, or beyond all points.
    if (i + 1 == to) w = f64x2.replace_lane(w, 1, 0);
    w = f64x2.mul(w, exp2<f64>(f64x2.pmin(f64x2.splat(NEAR_ENOUGH + 1), f64x2.pmax(lowest, f64x2.mul(vk, e))), table));
    total = f64x2.add(total, w);
    const b0 = f64x2.mul(w, a0);
    n0 = f64x2.add(n0, b0);
    if (sizeof<C>() == 1) c00 = madd<f64>(b0, a0, c00);
    if (sizeof<D>() > 1) {
      const b1 = f64x2.mul(w, a1);
      n1 = f64x2.add(n1, b1);
      if (sizeof<C>() == 1) {
        c01 = madd<f64>(b0, a1, c01);
        c11 = madd<f64>(b1, a1, c11);
      }
      if (sizeof<D>() > 2) {
        const b2 = f64x2.mul(w, a2);
        n2 = f64x2.add(n2, b2);
        if (sizeof<C>() == 1) {
          c02 = madd<f64>(b0, a2, c02);
          c12 = madd<f64>(b1, a2, c12);
          c22 = madd<f64>(b2, a2, c22);
        }
      }
    }
  }
  v128.store(sums, total);
  v128.store(sums, n0, 16);
  v128.store(sums, n1, 32);
  v128.store(sums, n2, 48);
  if (sizeof<C>() == 1) {
    v128.store(sums, c00, 64);
    v128.store(sums, c01, 80);
    v128.store(sums, c02, 96);
    v128.store(sums, c11, 112);
    v128.store(sums, c12, 128);
    v128.store(sums, c22, 144);
  }
}
