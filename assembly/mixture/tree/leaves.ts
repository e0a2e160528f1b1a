// The points of each leaf in float32, from its middle and in its own size: sums over a leaf are then four points at a time, off by a
// few units in the last place of float32, whatever the data's place and size.
import { exp2 } from "../../simd/exp2";
import { madd } from "../../simd/vector";
import { dimOf, firstOf, LARGEST, nodeAt } from "./nodes";

/** The most points of a leaf. */
const MOST: u32 = 64;
const FOUR: u32 = 16;
// A block: its middle (3 float64), its size h (a power of two, no less than half its box's diagonal) and the size of its weights, also a
// power of two; then for every four points, side by side so that memory is read in one go, D vectors of coordinates over h and one of
// weights. Points that are not there weigh 0.
const SIZE: u32 = 24;
const WEIGHTS: u32 = 32;
const HEADER: u32 = 64;

// @ts-ignore: decorator
@inline
export function blockBytes<D>(): u32 {
  return HEADER + (dimOf<D>() + 1) * 4 * MOST;
}

/** A power of two above x / 2 and no more than x, where both can be squared; 0 for 0. */
// @ts-ignore: decorator
@inline
function powerBelow(x: f64): f64 {
  return reinterpret<f64>(reinterpret<u64>(x) & 0xfff0000000000000);
}

/** Writes the blocks of leaves `first` ... */
export function treeLeaves<D>(first: u32, count: u32, leaves: u32, nodes: u32, points: u32, row: u32, M: u32, depth: u32): void {
  const dim = dimOf<D>();
  for (let j = first; j < first + count; j++) {
    const block = leaves + j * blockBytes<D>();
    memory.fill(block, 0, blockBytes<D>());
    const node = nodeAt(nodes, (1 << depth) + j);
    let square: f64 = 0;
    for (let d: u32 = 0; d < dim; d++) {
      const least = load<f64>(node + 16 * d);
      const half = 0.5 * (load<f64>(node + 16 * d, LARGEST) - least);
      store<f64>(block + 8 * d, least + half);
      square += half * half;
    }
    // Where squares are lost the leaf is one place to float64 sums as well, or so they find.
    const size = square > 1e-280 ? 2 * powerBelow(1.01 * sqrt(square)) : 1;
    const from = firstOf(j, depth, M);
    const n = firstOf(j + 1, depth, M) - from;
    let heaviest: f64 = 0;
    for (let i: u32 = 0; i < n; i++) heaviest = max(heaviest, load<f64>(points + dim * row + 8 * (from + i)));
    const weights = heaviest > 1e-280 ? powerBelow(heaviest) : 1;
    store<f64>(block, size, SIZE);
    store<f64>(block, weights, WEIGHTS);
    for (let i: u32 = 0; i < n; i++) {
      const p = points + 8 * (from + i);
      const to = block + HEADER + (dim + 1) * FOUR * (i >> 2) + 4 * (i & 3);
      for (let d: u32 = 0; d < dim; d++) {
        const offset = (load<f64>(p + d * row) - load<f64>(block + 8 * d)) / size;
        store<f32>(to + d * FOUR, <f32>offset);
      }
      store<f32>(to + dim * FOUR, <f32>(load<f64>(p + dim * row) / weights));
    }
  }
}

/** Half an ulp of 1 in float32. */
export const UNIT: f64 = 5.9604644775390625e-8;

/** Weights in float32 are relative to the nearest point's. Those below 2^-100 count as that much, so that their products stay normal numbers. */
const LEAST_EXPONENT: f64 = 100.0;
export const LEAST_WEIGHT: f64 = 7.888609052210118e-31;

// @ts-ignore: decorator
@inline
function lanes(v: v128): f64 {
  return <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) + (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3));
}

// @ts-ignore: decorator
@inline
function add(sums: u32, i: u32, x: f64): void {
  store<f64>(sums + 16 * i, load<f64>(sums + 16 * i) + x);
}

// What sums over leaves know of a query, float64 numbers: the place y (3) and the nearest point r (3); k; how far r is; the size of
// coordinates.
const PLACE: u32 = 80;
export const NEAREST: u32 = 24;
export const SCALE: u32 = 48;
export const AWAY: u32 = 56;
export const LENGTH: u32 = 64;
/** Bytes of it, with vectors of a leaf. */
export const QUERY_SCRATCH: u32 = PLACE + 6 * 16;

/**
 * Adds the n points of a leaf to the sums in float32, where its size and its distance are numbers of float32, by differences from the nearest point r, and to `rounded` bounds of what rounding
 * does to the sum of weights, to that of differences and to that of products.
 *
 * With c the leaf's middle, h its size, o = (mu - c) / h and z = (y - c) / h, the log2 of a weight over that of r is b - t, t = k h^2
 * |z - o|^2, b = k |y - r|^2. In float32 t is off by (D + 4) u t for its roundings, and 2 t u (1 + 2 g / sqrt(t)), g = h sqrt(k), for those of
 * z and o; the difference by u (t + 2 b) more. So the weights of a leaf, whose sum is P, are off by log(2) u ((D + 7) Q + 4 g sqrt(P Q) +
 * 2 b P) together, Q the sum of weights times t, which is summed beside them; by 3 u P for 2^x, 2 u P for weights and their products, 15 u P for
 * sums of 16. Differences and products have two more roundings each.
 */
export function addLeaf<D, C>(sums: u32, rounded: u32, table: u32, block: u32, n: u32, place: u32): bool {
  const dim = dimOf<D>();
  const k = load<f64>(place, SCALE);
  const y0 = load<f64>(place);
  const y1 = load<f64>(place, 8);
  const y2 = load<f64>(place, 16);
  const r0 = load<f64>(place, NEAREST);
  const r1 = load<f64>(place, NEAREST + 8);
  const r2 = load<f64>(place, NEAREST + 16);
  const away = load<f64>(place, AWAY);
  const h = load<f64>(block, SIZE);
  const inverse = 1 / h;
  const c0 = load<f64>(block);
  const c1 = sizeof<D>() > 1 ? load<f64>(block, 8) : 0;
  const c2 = sizeof<D>() > 2 ? load<f64>(block, 16) : 0;
  const d0 = y0 - c0;
  const d1 = sizeof<D>() > 1 ? y1 - c1 : 0;
  const d2 = sizeof<D>() > 2 ? y2 - c2 : 0;
  const g2 = k * h * h;
  const base = k * away * away;
  const distance = sqrt(d0 * d0 + d1 * d1 + d2 * d2);
  if (!(g2 > 1e-30 && g2 < 1e30 && distance * inverse < 1e15)) return false;
  // As vectors in memory: V8 computes what is in registers anew for every four points.
  const vectors = place + PLACE;
  v128.store(vectors, f32x4.splat(<f32>(d0 * inverse)));
  v128.store(vectors, f32x4.splat(<f32>(d1 * inverse)), 16);
  v128.store(vectors, f32x4.splat(<f32>(d2 * inverse)), 32);
  v128.store(vectors, f32x4.splat(<f32>g2), 48);
  v128.store(vectors, f32x4.splat(<f32>base), 64);
  v128.store(vectors, f32x4.splat(<f32>(base + LEAST_EXPONENT)), 80);
  let total = f32x4.splat(0);
  let far = total;
  let n0 = total;
  let n1 = total;
  let n2 = total;
  let c00 = total;
  let c01 = total;
  let c02 = total;
  let c11 = total;
  let c12 = total;
  let c22 = total;
  const end = block + HEADER + (dim + 1) * 4 * ((n + 3) & 0xfffffffc);
  for (let p = block + HEADER; p < end; p += (dim + 1) * FOUR) {
    const x0 = v128.load(p);
    const e0 = f32x4.sub(v128.load(vectors), x0);
    let t = f32x4.mul(e0, e0);
    let x1 = x0;
    let x2 = x0;
    if (sizeof<D>() > 1) {
      x1 = v128.load(p, FOUR);
      const e1 = f32x4.sub(v128.load(vectors, 16), x1);
      t = madd<f32>(e1, e1, t);
    }
    if (sizeof<D>() > 2) {
      x2 = v128.load(p, 2 * FOUR);
      const e2 = f32x4.sub(v128.load(vectors, 32), x2);
      t = madd<f32>(e2, e2, t);
    }
    t = f32x4.pmin(v128.load(vectors, 80), f32x4.mul(v128.load(vectors, 48), t));
    const w = f32x4.mul(v128.load(p + dim * FOUR), exp2<f32>(f32x4.sub(v128.load(vectors, 64), t), table));
    total = f32x4.add(total, w);
    far = madd<f32>(w, t, far);
    const m0 = f32x4.mul(w, x0);
    n0 = f32x4.add(n0, m0);
    if (sizeof<C>() == 1) c00 = madd<f32>(m0, x0, c00);
    if (sizeof<D>() > 1) {
      const m1 = f32x4.mul(w, x1);
      n1 = f32x4.add(n1, m1);
      if (sizeof<C>() == 1) {
        c01 = madd<f32>(m0, x1, c01);
        c11 = madd<f32>(m1, x1, c11);
      }
      if (sizeof<D>() > 2) {
        const m2 = f32x4.mul(w, x2);
        n2 = f32x4.add(n2, m2);
        if (sizeof<C>() == 1) {
          c02 = madd<f32>(m0, x2, c02);
          c12 = madd<f32>(m1, x2, c12);
          c22 = madd<f32>(m2, x2, c22);
        }
      }
    }
  }
  const b0 = c0 - r0;
  const b1 = sizeof<D>() > 1 ? c1 - r1 : 0;
  const b2 = sizeof<D>() > 2 ? c2 - r2 : 0;
  const factor = load<f64>(block, WEIGHTS);
  const P = factor * lanes(total);
  add(sums, 0, P);
  const s = factor * h;
  const q0 = s * lanes(n0);
  add(sums, 1, q0 + P * b0);
  const q1 = s * lanes(n1);
  const q2 = s * lanes(n2);
  if (sizeof<D>() > 1) add(sums, 2, q1 + P * b1);
  if (sizeof<D>() > 2) add(sums, 3, q2 + P * b2);
  if (sizeof<C>() == 1) {
    const t = s * h;
    add(sums, 4, t * lanes(c00) + 2 * q0 * b0 + P * b0 * b0);
    if (sizeof<D>() > 1) {
      add(sums, 5, t * lanes(c01) + (q0 * b1 + q1 * b0) + P * b0 * b1);
      add(sums, 7, t * lanes(c11) + 2 * q1 * b1 + P * b1 * b1);
    }
    if (sizeof<D>() > 2) {
      add(sums, 6, t * lanes(c02) + (q0 * b2 + q2 * b0) + P * b0 * b2);
      add(sums, 8, t * lanes(c12) + (q1 * b2 + q2 * b1) + P * b1 * b2);
      add(sums, 9, t * lanes(c22) + 2 * q2 * b2 + P * b2 * b2);
    }
  }
  // Q's own rounding is of second order; places and the middle are rounded in float64.
  const Q = factor * lanes(far);
  const side = away + distance + h;
  const error =
    UNIT * 1.01 * (0.7 * (<f64>(dim + 7) * Q + 4 * sqrt(g2 * P * Q) + 2 * base * P) + 24 * P) +
    1e-15 * k * side * (side + load<f64>(place, LENGTH)) * P;
  store<f64>(rounded, load<f64>(rounded) + error);
  store<f64>(rounded, load<f64>(rounded, 8) + error * side, 8);
  store<f64>(rounded, load<f64>(rounded, 16) + error * side * side, 16);
  return true;
}
