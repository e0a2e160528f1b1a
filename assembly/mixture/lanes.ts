// Particles across lanes, for D = 1, 2, 3. Dimension and flags are types, so that every `if` on them is
// decided by the compiler: D is u8, u16 or u32 for 1, 2 or 3 coordinates, a flag is Yes or No.
//
// Every function treats one group of particles (4 float32 or 2 float64). In it
//   y      the query divided by alpha, in units of the data
//   k      alpha^2 log2(e) / (2 V), so that log2 of a weight is -k |y - mu|^2 + logWeight
//   best   the point whose weight is largest; log2 weights are taken relative to it by
//          |y - r|^2 - |y - mu|^2 = sum_d (mu_d - r_d) (2 y_d - r_d - mu_d),
//          which keeps the digits that the difference of two rounded squares loses far away.
import { exp2, exp2Floor, exp2Table, squareFloor } from "../simd/exp2";
import { CHUNK, clear, flush, gather, laneCount, madd, scatter, splat, totals } from "../simd/vector";

type Yes = u8;
type No = u16;

// @ts-ignore: decorator
@inline
function dim<D>(): u32 {
  return sizeof<D>() == 4 ? 3 : sizeof<D>();
}

// Slots of float64 totals in `scratch`, 32 bytes each; behind them the table of exp2.
const SLOT: u32 = 32;
const TABLE: u32 = 12 * SLOT;
/** Where draws keep the running totals of w, one slot per chunk: the caller's scratch reaches that far. */
const RUNNING: u32 = 1024;

// @ts-ignore: decorator
@inline
function coordinate<T>(base: u32, stride: u32, last: u32, first: u32, d: u32): v128 {
  const offset: u32 = d * sizeof<T>();
  const i1 = min(first + 1, last);
  const i2 = min(first + 2, last);
  const i3 = min(first + 3, last);
  return gather<T>(
    base + first * stride + offset,
    base + i1 * stride + offset,
    base + i2 * stride + offset,
    base + i3 * stride + offset,
  );
}

/** The float64 numbers of a group, as T (k of each particle; stride 0 where all share one). */
// @ts-ignore: decorator
@inline
function scalars<T>(base: u32, stride: u32, last: u32, first: u32): v128 {
  const a = load<f64>(base + first * stride);
  const b = load<f64>(base + min(first + 1, last) * stride);
  if (sizeof<T>() == 8) return f64x2.replace_lane(f64x2.splat(a), 1, b);
  const c = load<f64>(base + min(first + 2, last) * stride);
  const d = load<f64>(base + min(first + 3, last) * stride);
  let v = f32x4.splat(<f32>a);
  v = f32x4.replace_lane(v, 1, <f32>b);
  v = f32x4.replace_lane(v, 2, <f32>c);
  return f32x4.replace_lane(v, 3, <f32>d);
}

// @ts-ignore: decorator
@inline
function indexSplat<T>(i: u32): v128 {
  return sizeof<T>() == 4 ? i32x4.splat(i) : i64x2.splat(i);
}

// @ts-ignore: decorator
@inline
function indexLane<T>(v: v128, lane: u32): u32 {
  if (sizeof<T>() == 8) return lane == 0 ? <u32>i64x2.extract_lane(v, 0) : <u32>i64x2.extract_lane(v, 1);
  if (lane == 0) return i32x4.extract_lane(v, 0);
  if (lane == 1) return i32x4.extract_lane(v, 1);
  if (lane == 2) return i32x4.extract_lane(v, 2);
  return i32x4.extract_lane(v, 3);
}

/** Coordinate d of the points whose indices are in `index`. */
// @ts-ignore: decorator
@inline
function pointCoordinate<T, D>(points: u32, index: v128, d: u32): v128 {
  const stride: u32 = dim<D>() * sizeof<T>();
  const base = points + d * sizeof<T>();
  const p0 = base + indexLane<T>(index, 0) * stride;
  const p1 = base + indexLane<T>(index, 1) * stride;
  if (sizeof<T>() == 8) return gather<T>(p0, p1, p0, p0);
  return gather<T>(p0, p1, base + indexLane<T>(index, 2) * stride, base + indexLane<T>(index, 3) * stride);
}

// @ts-ignore: decorator
@inline
function squaredDistance<T, D>(p: u32, y0: v128, y1: v128, y2: v128): v128 {
  let e = v128.sub<T>(y0, v128.load_splat<T>(p));
  let sum = v128.mul<T>(e, e);
  if (sizeof<D>() > 1) {
    e = v128.sub<T>(y1, v128.load_splat<T>(p + sizeof<T>()));
    sum = madd<T>(e, e, sum);
  }
  if (sizeof<D>() > 2) {
    e = v128.sub<T>(y2, v128.load_splat<T>(p + 2 * sizeof<T>()));
    sum = madd<T>(e, e, sum);
  }
  return sum;
}

/** What the best point minimises: |y - mu|^2 - logWeight / k. */
// @ts-ignore: decorator
@inline
function cost<T, D, W>(p: u32, q: u32, minusInverse: v128, y0: v128, y1: v128, y2: v128): v128 {
  const square = squaredDistance<T, D>(p, y0, y1, y2);
  return sizeof<W>() == 1 ? madd<T>(minusInverse, v128.load_splat<T>(q), square) : square;
}

/** From this many points on, the best one is looked for in two stages. */
const TWO_STAGE: u32 = 1024;

/** The index of the point of largest weight, ties to the first. */
// @ts-ignore: decorator
@inline
function bestPoint<T, D, W>(points: u32, lw: u32, M: u32, k: v128, y0: v128, y1: v128, y2: v128): v128 {
  const minusInverse = sizeof<W>() == 1 ? v128.div<T>(splat<T>(-1.0), k) : k;
  const row = dim<D>() * sizeof<T>();
  let least = splat<T>(Infinity);
  let index = indexSplat<T>(0);
  if (M < TWO_STAGE) {
    let current = indexSplat<T>(0);
    const one = indexSplat<T>(1);
    for (let m: u32 = 0; m < M; m++) {
      const u = cost<T, D, W>(points + m * row, lw + m * sizeof<T>(), minusInverse, y0, y1, y2);
      index = v128.bitselect(current, index, v128.lt<T>(u, least));
      least = v128.pmin<T>(least, u);
      current = sizeof<T>() == 4 ? i32x4.add(current, one) : i64x2.add(current, one);
    }
    return index;
  }
  // First the least value and its chunk, then the point in it: fewer operations per point.
  for (let start: u32 = 0; start < M; start += CHUNK) {
    const stop = points + min(M, start + CHUNK) * row;
    let low = splat<T>(Infinity);
    let q = lw + start * sizeof<T>();
    for (let p = points + start * row; p < stop; p += row) {
      low = v128.pmin<T>(low, cost<T, D, W>(p, q, minusInverse, y0, y1, y2));
      if (sizeof<W>() == 1) q += sizeof<T>();
    }
    index = v128.bitselect(indexSplat<T>(start), index, v128.lt<T>(low, least));
    least = v128.pmin<T>(least, low);
  }
  for (let lane: u32 = 0; lane < laneCount<T>(); lane++) {
    const start = indexLane<T>(index, lane);
    const stop = min(M, start + CHUNK);
    const own = laneMask<T>(lane);
    for (let m = start; m < stop; m++) {
      const u = cost<T, D, W>(points + m * row, lw + m * sizeof<T>(), minusInverse, y0, y1, y2);
      const hit = v128.and(v128.eq<T>(u, least), own);
      if (v128.any_true(hit)) {
        index = v128.bitselect(indexSplat<T>(m), index, own);
        break;
      }
    }
  }
  return index;
}

/**
 * From this |log2 weight| that rounding alone may make of the best point's cost (as 8 eps k |y - mu|^2), another point
 * may be better by enough to overflow: then the best one is looked for by relative log weights, which do not cancel.
 */
const FAR: f64 = 32.0;

// @ts-ignore: decorator
@inline
function isFar<T, D>(k: v128, y0: v128, y1: v128, y2: v128, r0: v128, r1: v128, r2: v128): v128 {
  let e = v128.sub<T>(y0, r0);
  let sum = v128.mul<T>(e, e);
  if (sizeof<D>() > 1) {
    e = v128.sub<T>(y1, r1);
    sum = madd<T>(e, e, sum);
  }
  if (sizeof<D>() > 2) {
    e = v128.sub<T>(y2, r2);
    sum = madd<T>(e, e, sum);
  }
  const limit = FAR / (sizeof<T>() == 4 ? 4.76837158203125e-7 : 1.7763568394002505e-15);
  return v128.gt<T>(v128.mul<T>(k, sum), splat<T>(limit));
}

/** A better best point for the lanes in `far`: the largest log weight relative to the one so far, until none is larger. */
function refineBest<T, D>(
  points: u32, lw: u32, M: u32, k: v128, far: v128, start: v128, y0: v128, y1: v128, y2: v128,
): v128 {
  const two = splat<T>(2.0);
  let best = start;
  for (let round = 0; round < 4; round++) {
    const r0 = pointCoordinate<T, D>(points, best, 0);
    const r1 = sizeof<D>() > 1 ? pointCoordinate<T, D>(points, best, 1) : r0;
    const r2 = sizeof<D>() > 2 ? pointCoordinate<T, D>(points, best, 2) : r0;
    const q0 = v128.sub<T>(v128.mul<T>(two, y0), r0);
    const q1 = sizeof<D>() > 1 ? v128.sub<T>(v128.mul<T>(two, y1), r1) : q0;
    const q2 = sizeof<D>() > 2 ? v128.sub<T>(v128.mul<T>(two, y2), r2) : q0;
    const lwBest = lw ? pointCoordinate<T, u8>(lw, best, 0) : splat<T>(0.0);
    let top = splat<T>(0.0);
    let index = best;
    for (let m: u32 = 0; m < M; m++) {
      const p = points + m * dim<D>() * sizeof<T>();
      const log = lw
        ? relativeLog<T, D, Yes>(p, lw + m * sizeof<T>(), k, lwBest, r0, r1, r2, q0, q1, q2)
        : relativeLog<T, D, No>(p, 0, k, lwBest, r0, r1, r2, q0, q1, q2);
      const better = v128.and(v128.gt<T>(log, top), far);
      index = v128.bitselect(indexSplat<T>(m), index, better);
      top = v128.bitselect(log, top, better);
    }
    if (!v128.any_true(v128.xor(index, best))) break;
    best = index;
  }
  return best;
}

/** All ones in one lane. */
// @ts-ignore: decorator
@inline
function laneMask<T>(lane: u32): v128 {
  if (sizeof<T>() == 4) return i32x4.eq(i32x4.splat(lane), i32x4(0, 1, 2, 3));
  return i64x2.eq(i64x2.splat(lane), i64x2(0, 1));
}

/** log2 of the weight of the point at p relative to the best one, clamped for exp2. */
// @ts-ignore: decorator
@inline
function relativeLog<T, D, W>(
  p: u32, q: u32, k: v128, lwBest: v128,
  r0: v128, r1: v128, r2: v128, q0: v128, q1: v128, q2: v128,
): v128 {
  let mu = v128.load_splat<T>(p);
  let sum = v128.mul<T>(v128.sub<T>(mu, r0), v128.sub<T>(q0, mu));
  if (sizeof<D>() > 1) {
    mu = v128.load_splat<T>(p + sizeof<T>());
    sum = madd<T>(v128.sub<T>(mu, r1), v128.sub<T>(q1, mu), sum);
  }
  if (sizeof<D>() > 2) {
    mu = v128.load_splat<T>(p + 2 * sizeof<T>());
    sum = madd<T>(v128.sub<T>(mu, r2), v128.sub<T>(q2, mu), sum);
  }
  const log = sizeof<W>() == 1
    ? madd<T>(k, sum, v128.sub<T>(v128.load_splat<T>(q), lwBest))
    : v128.mul<T>(k, sum);
  return v128.pmax<T>(log, splat<T>(exp2Floor<T>()));
}

/**
 * Sums over all points of w, w mu_d and, with `full`, w log2 w and w^2, into the totals
 * 0: w, 1..3: w mu_d, 4: w log2 w, 5: w^2. Where `running` is not 0 the totals of w after each chunk go there.
 */
// @ts-ignore: decorator
@inline
function sumWeights<T, D, W, F>(
  scratch: u32, running: u32, points: u32, lw: u32, M: u32, k: v128, lwBest: v128,
  r0: v128, r1: v128, r2: v128, q0: v128, q1: v128, q2: v128,
): void {
  const table = scratch + TABLE;
  clear(scratch, 6 * SLOT);
  let p = points;
  let q = lw;
  const end = points + M * dim<D>() * sizeof<T>();
  while (p < end) {
    const stop = min(end, p + CHUNK * dim<D>() * sizeof<T>());
    let s = splat<T>(0.0);
    let s0 = s;
    let s1 = s;
    let s2 = s;
    let sl = s;
    let sw = s;
    while (p < stop) {
      const log = relativeLog<T, D, W>(p, q, k, lwBest, r0, r1, r2, q0, q1, q2);
      const w = exp2<T>(log, table);
      s = v128.add<T>(s, w);
      s0 = madd<T>(w, v128.load_splat<T>(p), s0);
      if (sizeof<D>() > 1) s1 = madd<T>(w, v128.load_splat<T>(p + sizeof<T>()), s1);
      if (sizeof<D>() > 2) s2 = madd<T>(w, v128.load_splat<T>(p + 2 * sizeof<T>()), s2);
      if (sizeof<F>() == 1) {
        sl = madd<T>(w, log, sl);
        // Squares that would be subnormal (slow, and below 2^-120 of a sum of at least 1) are left out.
        const large = v128.and(w, v128.gt<T>(w, splat<T>(squareFloor<T>())));
        sw = madd<T>(large, large, sw);
      }
      p += dim<D>() * sizeof<T>();
      if (sizeof<W>() == 1) q += sizeof<T>();
    }
    flush<T>(scratch, s);
    if (running) {
      v128.store(running, v128.load(scratch));
      v128.store(running, v128.load(scratch, 16), 16);
      running += SLOT;
    }
    flush<T>(scratch + SLOT, s0);
    if (sizeof<D>() > 1) flush<T>(scratch + 2 * SLOT, s1);
    if (sizeof<D>() > 2) flush<T>(scratch + 3 * SLOT, s2);
    if (sizeof<F>() == 1) {
      flush<T>(scratch + 4 * SLOT, sl);
      flush<T>(scratch + 5 * SLOT, sw);
    }
  }
}

/** The totals 1..3 divided by total 0, in float64. */
// @ts-ignore: decorator
@inline
function divideMean<D>(scratch: u32): void {
  const low = v128.load(scratch);
  const high = v128.load(scratch, 16);
  for (let d: u32 = 1; d <= dim<D>(); d++) {
    const p = scratch + d * SLOT;
    v128.store(p, f64x2.div(v128.load(p), low));
    v128.store(p, f64x2.div(v128.load(p, 16), high), 16);
  }
}

/** Whole groups of rows side by side: coordinate d of the group at p. */
// @ts-ignore: decorator
@inline
function split<T, D>(p: u32, d: u32): v128 {
  const a = v128.load(p);
  if (sizeof<D>() == 1) return a;
  const b = v128.load(p, 16);
  if (sizeof<T>() == 4) {
    if (sizeof<D>() == 2) return d == 0 ? i32x4.shuffle(a, b, 0, 2, 4, 6) : i32x4.shuffle(a, b, 1, 3, 5, 7);
    const c = v128.load(p, 32);
    if (d == 0) return i32x4.shuffle(i32x4.shuffle(a, b, 0, 3, 6, 6), c, 0, 1, 2, 5);
    if (d == 1) return i32x4.shuffle(i32x4.shuffle(a, b, 1, 4, 7, 7), c, 0, 1, 2, 6);
    return i32x4.shuffle(i32x4.shuffle(a, b, 2, 5, 5, 5), c, 0, 1, 4, 7);
  }
  if (sizeof<D>() == 2) return d == 0 ? i64x2.shuffle(a, b, 0, 2) : i64x2.shuffle(a, b, 1, 3);
  const c = v128.load(p, 32);
  if (d == 0) return i64x2.shuffle(a, b, 0, 3);
  return d == 1 ? i64x2.shuffle(a, c, 1, 2) : i64x2.shuffle(b, c, 0, 3);
}

/** The other way: a whole group of rows to p. */
// @ts-ignore: decorator
@inline
function join<T, D>(p: u32, x: v128, y: v128, z: v128): void {
  if (sizeof<D>() == 1) {
    v128.store(p, x);
  } else if (sizeof<T>() == 4) {
    const low = i32x4.shuffle(x, y, 0, 4, 1, 5);
    const high = i32x4.shuffle(x, y, 2, 6, 3, 7);
    if (sizeof<D>() == 2) {
      v128.store(p, low);
      v128.store(p, high, 16);
    } else {
      v128.store(p, i32x4.shuffle(low, z, 0, 1, 4, 2));
      v128.store(p, i32x4.shuffle(i32x4.shuffle(low, z, 3, 5, 3, 5), high, 0, 1, 4, 5), 16);
      v128.store(p, i32x4.shuffle(z, high, 2, 6, 7, 3), 32);
    }
  } else if (sizeof<D>() == 2) {
    v128.store(p, i64x2.shuffle(x, y, 0, 2));
    v128.store(p, i64x2.shuffle(x, y, 1, 3), 16);
  } else {
    v128.store(p, i64x2.shuffle(x, y, 0, 2));
    v128.store(p, i64x2.shuffle(z, x, 0, 3), 16);
    v128.store(p, i64x2.shuffle(y, z, 1, 3), 32);
  }
}

/** The weighted mean of a whole group for points of one chunk, in registers. */
// @ts-ignore: decorator
@inline
function groupMean<T, D, W>(
  out: u32, points: u32, end: u32, lw: u32, k: v128, lwBest: v128,
  r0: v128, r1: v128, r2: v128, q0: v128, q1: v128, q2: v128, table: u32,
): void {
  let s = splat<T>(0.0);
  let s0 = s;
  let s1 = s;
  let s2 = s;
  let q = lw;
  for (let p = points; p < end; p += dim<D>() * sizeof<T>()) {
    const w = exp2<T>(relativeLog<T, D, W>(p, q, k, lwBest, r0, r1, r2, q0, q1, q2), table);
    s = v128.add<T>(s, w);
    s0 = madd<T>(w, v128.load_splat<T>(p), s0);
    if (sizeof<D>() > 1) s1 = madd<T>(w, v128.load_splat<T>(p + sizeof<T>()), s1);
    if (sizeof<D>() > 2) s2 = madd<T>(w, v128.load_splat<T>(p + 2 * sizeof<T>()), s2);
    if (sizeof<W>() == 1) q += sizeof<T>();
  }
  join<T, D>(
    out, v128.div<T>(s0, s), sizeof<D>() > 1 ? v128.div<T>(s1, s) : s0, sizeof<D>() > 2 ? v128.div<T>(s2, s) : s0,
  );
}

/**
 * The weighted means of two whole groups at once, for points of one chunk: all in registers, and the two hide each
 * other's latency. The bits are those of the way below: a chunk's sums are the totals, and a float64 quotient rounded to
 * float32 is the float32 quotient (53 >= 2 x 24 + 2 bits). False, with nothing written, where the best point of a
 * particle has to be looked for more closely.
 */
// @ts-ignore: decorator
@inline
function twoGroups<T, D, W>(out: u32, y: u32, k: v128, points: u32, lw: u32, M: u32, table: u32): bool {
  const row: u32 = dim<D>() * sizeof<T>();
  const group: u32 = 16 * dim<D>();
  const two = splat<T>(2.0);
  const zero = splat<T>(0.0);
  const end = points + M * row;
  const y0 = split<T, D>(y, 0);
  const y1 = sizeof<D>() > 1 ? split<T, D>(y, 1) : y0;
  const y2 = sizeof<D>() > 2 ? split<T, D>(y, 2) : y0;
  const z0 = split<T, D>(y + group, 0);
  const z1 = sizeof<D>() > 1 ? split<T, D>(y + group, 1) : z0;
  const z2 = sizeof<D>() > 2 ? split<T, D>(y + group, 2) : z0;
  const minusInverse = sizeof<W>() == 1 ? v128.div<T>(splat<T>(-1.0), k) : k;
  const one = indexSplat<T>(1);
  let leastY = splat<T>(Infinity);
  let leastZ = leastY;
  let bestY = indexSplat<T>(0);
  let bestZ = bestY;
  let current = bestY;
  let q = lw;
  for (let p = points; p < end; p += row) {
    const costY = cost<T, D, W>(p, q, minusInverse, y0, y1, y2);
    const costZ = cost<T, D, W>(p, q, minusInverse, z0, z1, z2);
    bestY = v128.bitselect(current, bestY, v128.lt<T>(costY, leastY));
    bestZ = v128.bitselect(current, bestZ, v128.lt<T>(costZ, leastZ));
    leastY = v128.pmin<T>(leastY, costY);
    leastZ = v128.pmin<T>(leastZ, costZ);
    current = sizeof<T>() == 4 ? i32x4.add(current, one) : i64x2.add(current, one);
    if (sizeof<W>() == 1) q += sizeof<T>();
  }
  const r0 = pointCoordinate<T, D>(points, bestY, 0);
  const r1 = sizeof<D>() > 1 ? pointCoordinate<T, D>(points, bestY, 1) : r0;
  const r2 = sizeof<D>() > 2 ? pointCoordinate<T, D>(points, bestY, 2) : r0;
  const s0 = pointCoordinate<T, D>(points, bestZ, 0);
  const s1 = sizeof<D>() > 1 ? pointCoordinate<T, D>(points, bestZ, 1) : s0;
  const s2 = sizeof<D>() > 2 ? pointCoordinate<T, D>(points, bestZ, 2) : s0;
  const lwY = sizeof<W>() == 1 ? pointCoordinate<T, u8>(lw, bestY, 0) : zero;
  const lwZ = sizeof<W>() == 1 ? pointCoordinate<T, u8>(lw, bestZ, 0) : zero;
  const far = v128.or(isFar<T, D>(k, y0, y1, y2, r0, r1, r2), isFar<T, D>(k, z0, z1, z2, s0, s1, s2));
  if (v128.any_true(far)) return false;
  const q0 = v128.sub<T>(v128.mul<T>(two, y0), r0);
  const q1 = sizeof<D>() > 1 ? v128.sub<T>(v128.mul<T>(two, y1), r1) : q0;
  const q2 = sizeof<D>() > 2 ? v128.sub<T>(v128.mul<T>(two, y2), r2) : q0;
  const t0 = v128.sub<T>(v128.mul<T>(two, z0), s0);
  const t1 = sizeof<D>() > 1 ? v128.sub<T>(v128.mul<T>(two, z1), s1) : t0;
  const t2 = sizeof<D>() > 2 ? v128.sub<T>(v128.mul<T>(two, z2), s2) : t0;
  groupMean<T, D, W>(out, points, end, lw, k, lwY, r0, r1, r2, q0, q1, q2, table);
  groupMean<T, D, W>(out + group, points, end, lw, k, lwZ, s0, s1, s2, t0, t1, t2, table);
  return true;
}

/**
 * The weighted mean of the points (`out`, n x D) and, where `stats` is not 0, what else a first pass
 * gives (n x 4 float64: index of the best point, sum of relative weights, sum of w log2 w, of w^2);
 * where `cov` is not 0 the weighted covariance about the mean (n x D(D+1)/2: 00 01 02 11 12 22);
 * where `weights` is not 0 the normalised weights (n x M); where `draw` is not 0 the average of `draws` points drawn
 * from the weights (n x D), by `uniforms` (n x draws float64 numbers in (0, 1)).
 */
// @ts-ignore: decorator
@inline
export function posterior<T, D>(
  out: u32, stats: u32, cov: u32, weights: u32, draw: u32, uniforms: u32, draws: u32, scratch: u32,
  y: u32, kPointer: u32, kStride: u32, points: u32, lw: u32, n: u32, M: u32,
): void {
  const stride: u32 = dim<D>() * sizeof<T>();
  exp2Table<T>(scratch + TABLE);
  const two = splat<T>(2.0);
  const last = n - 1;
  const means = M <= CHUNK && kStride == 0 && !(stats | cov | weights | draw);
  const shared = splat<T>(load<f64>(kPointer));
  for (let first: u32 = 0; first < n; first += laneCount<T>()) {
    if (means && first + 2 * laneCount<T>() <= n) {
      const to = out + first * stride;
      const from = y + first * stride;
      const done = lw
        ? twoGroups<T, D, Yes>(to, from, shared, points, lw, M, scratch + TABLE)
        : twoGroups<T, D, No>(to, from, shared, points, lw, M, scratch + TABLE);
      if (done) {
        first += laneCount<T>();
        continue;
      }
    }
    const count = min(laneCount<T>(), n - first);
    const y0 = coordinate<T>(y, stride, last, first, 0);
    const y1 = sizeof<D>() > 1 ? coordinate<T>(y, stride, last, first, 1) : y0;
    const y2 = sizeof<D>() > 2 ? coordinate<T>(y, stride, last, first, 2) : y0;
    const k = scalars<T>(kPointer, kStride, last, first);
    let best = lw
      ? bestPoint<T, D, Yes>(points, lw, M, k, y0, y1, y2)
      : bestPoint<T, D, No>(points, lw, M, k, y0, y1, y2);
    let r0 = pointCoordinate<T, D>(points, best, 0);
    let r1 = sizeof<D>() > 1 ? pointCoordinate<T, D>(points, best, 1) : r0;
    let r2 = sizeof<D>() > 2 ? pointCoordinate<T, D>(points, best, 2) : r0;
    const far = isFar<T, D>(k, y0, y1, y2, r0, r1, r2);
    if (v128.any_true(far)) {
      best = refineBest<T, D>(points, lw, M, k, far, best, y0, y1, y2);
      r0 = pointCoordinate<T, D>(points, best, 0);
      r1 = sizeof<D>() > 1 ? pointCoordinate<T, D>(points, best, 1) : r0;
      r2 = sizeof<D>() > 2 ? pointCoordinate<T, D>(points, best, 2) : r0;
    }
    const q0 = v128.sub<T>(v128.mul<T>(two, y0), r0);
    const q1 = sizeof<D>() > 1 ? v128.sub<T>(v128.mul<T>(two, y1), r1) : q0;
    const q2 = sizeof<D>() > 2 ? v128.sub<T>(v128.mul<T>(two, y2), r2) : q0;
    const lwBest = lw ? pointCoordinate<T, u8>(lw, best, 0) : splat<T>(0.0);
    const full = stats != 0;
    const running: u32 = draw ? scratch + RUNNING : 0;
    if (full) {
      if (lw) sumWeights<T, D, Yes, Yes>(scratch, running, points, lw, M, k, lwBest, r0, r1, r2, q0, q1, q2);
      else sumWeights<T, D, No, Yes>(scratch, running, points, lw, M, k, lwBest, r0, r1, r2, q0, q1, q2);
    } else if (lw) sumWeights<T, D, Yes, No>(scratch, running, points, lw, M, k, lwBest, r0, r1, r2, q0, q1, q2);
    else sumWeights<T, D, No, No>(scratch, running, points, lw, M, k, lwBest, r0, r1, r2, q0, q1, q2);
    divideMean<D>(scratch);
    const m0 = totals<T>(scratch + SLOT);
    const m1 = sizeof<D>() > 1 ? totals<T>(scratch + 2 * SLOT) : m0;
    const m2 = sizeof<D>() > 2 ? totals<T>(scratch + 3 * SLOT) : m0;
    const target = out + first * stride;
    scatter<T>(target, stride, m0, count);
    if (sizeof<D>() > 1) scatter<T>(target + sizeof<T>(), stride, m1, count);
    if (sizeof<D>() > 2) scatter<T>(target + 2 * sizeof<T>(), stride, m2, count);
    if (full) {
      for (let i: u32 = 0; i < count; i++) {
        const row = stats + (first + i) * 32;
        store<f64>(row, <f64>indexLane<T>(best, i));
        store<f64>(row + 8, load<f64>(scratch + 8 * i));
        store<f64>(row + 16, load<f64>(scratch + 4 * SLOT + 8 * i));
        store<f64>(row + 24, load<f64>(scratch + 5 * SLOT + 8 * i));
      }
    }
    if (draw) {
      drawPoints<T, D>(
        draw, scratch, uniforms, draws, first, last, count, points, lw, M, best, k, lwBest, r0, r1, r2, q0, q1, q2,
      );
    }
    if (cov | weights) {
      const packed: u32 = ((dim<D>() * (dim<D>() + 1)) / 2) * sizeof<T>();
      const inverse = v128.div<T>(splat<T>(1.0), totals<T>(scratch));
      spread<T, D>(
        cov ? cov + first * packed : 0, weights ? weights + first * M * sizeof<T>() : 0, scratch + 6 * SLOT,
        scratch + TABLE, points, lw, M, count, k, lwBest, inverse, r0, r1, r2, q0, q1, q2, m0, m1, m2,
      );
    }
  }
}

/** The second pass: covariance about the mean and the weights themselves. */
function spread<T, D>(
  cov: u32, weights: u32, scratch: u32, table: u32, points: u32, lw: u32, M: u32, count: u32,
  k: v128, lwBest: v128, inverse: v128, r0: v128, r1: v128, r2: v128, q0: v128, q1: v128, q2: v128,
  m0: v128, m1: v128, m2: v128,
): void {
  clear(scratch, 6 * SLOT);
  const lwVector = lw ? lwBest : splat<T>(0.0);
  for (let start: u32 = 0; start < M; start += CHUNK) {
    const stop = min(M, start + CHUNK);
    const zero = splat<T>(0.0);
    let c00 = zero;
    let c01 = zero;
    let c02 = zero;
    let c11 = zero;
    let c12 = zero;
    let c22 = zero;
    for (let m = start; m < stop; m++) {
      const p = points + m * dim<D>() * sizeof<T>();
      const log = lw
        ? relativeLog<T, D, Yes>(p, lw + m * sizeof<T>(), k, lwVector, r0, r1, r2, q0, q1, q2)
        : relativeLog<T, D, No>(p, 0, k, lwVector, r0, r1, r2, q0, q1, q2);
      const w = v128.mul<T>(exp2<T>(log, table), inverse);
      if (weights) scatter<T>(weights + m * sizeof<T>(), M * sizeof<T>(), w, count);
      const e0 = v128.sub<T>(v128.load_splat<T>(p), m0);
      const f0 = v128.mul<T>(w, e0);
      c00 = madd<T>(f0, e0, c00);
      if (sizeof<D>() > 1) {
        const e1 = v128.sub<T>(v128.load_splat<T>(p + sizeof<T>()), m1);
        const f1 = v128.mul<T>(w, e1);
        c01 = madd<T>(f0, e1, c01);
        c11 = madd<T>(f1, e1, c11);
        if (sizeof<D>() > 2) {
          const e2 = v128.sub<T>(v128.load_splat<T>(p + 2 * sizeof<T>()), m2);
          c02 = madd<T>(f0, e2, c02);
          c12 = madd<T>(f1, e2, c12);
          c22 = madd<T>(v128.mul<T>(w, e2), e2, c22);
        }
      }
    }
    flush<T>(scratch, c00);
    if (sizeof<D>() > 1) flush<T>(scratch + SLOT, c01);
    if (sizeof<D>() > 2) flush<T>(scratch + 2 * SLOT, c02);
    if (sizeof<D>() > 1) flush<T>(scratch + 3 * SLOT, c11);
    if (sizeof<D>() > 2) flush<T>(scratch + 4 * SLOT, c12);
    if (sizeof<D>() > 2) flush<T>(scratch + 5 * SLOT, c22);
  }
  if (!cov) return;
  const size: u32 = sizeof<T>();
  const packed: u32 = ((dim<D>() * (dim<D>() + 1)) / 2) * size;
  scatter<T>(cov, packed, totals<T>(scratch), count);
  if (sizeof<D>() == 2) {
    scatter<T>(cov + size, packed, totals<T>(scratch + SLOT), count);
    scatter<T>(cov + 2 * size, packed, totals<T>(scratch + 3 * SLOT), count);
  }
  if (sizeof<D>() == 4) {
    for (let j: u32 = 1; j < 6; j++) scatter<T>(cov + j * size, packed, totals<T>(scratch + j * SLOT), count);
  }
}

/**
 * One draw for each lane from the weights of a group, by inversion in index order; the thresholds u Z (float64) are in
 * slot 7 of `scratch`. The running totals tell the chunk of each lane; only that is summed again.
 */
// @ts-ignore: decorator
@inline
function drawGroup<T, D>(
  scratch: u32, count: u32, points: u32, lw: u32, M: u32, best: v128, k: v128, lwBest: v128,
  r0: v128, r1: v128, r2: v128, q0: v128, q1: v128, q2: v128,
): v128 {
  const running = scratch + RUNNING;
  const last = (M - 1) / CHUNK;
  // Chunk of each lane, and what its threshold leaves in it (slot 6).
  let chunks = indexSplat<T>(0);
  let remainder = scratch + 7 * SLOT;
  if (last > 0) {
    remainder = scratch + 6 * SLOT;
    clear(scratch + 6 * SLOT, SLOT);
    for (let lane: u32 = 0; lane < count; lane++) {
      const threshold = load<f64>(scratch + 7 * SLOT + 8 * lane);
      let low: u32 = 0;
      let high = last;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (load<f64>(running + middle * SLOT + 8 * lane) > threshold) high = middle;
        else low = middle + 1;
      }
      const before = low == 0 ? 0.0 : load<f64>(running + (low - 1) * SLOT + 8 * lane);
      store<f64>(scratch + 6 * SLOT + 8 * lane, threshold - before);
      chunks = v128.bitselect(indexSplat<T>(low), chunks, laneMask<T>(lane));
    }
  }
  const left = totals<T>(remainder);
  const table = scratch + TABLE;
  let index = best;
  // Where there is one chunk, the first turn serves every lane.
  const turns = last > 0 ? count : 1;
  for (let lane: u32 = 0; lane < turns; lane++) {
    const chunk = indexLane<T>(chunks, lane);
    const own = sizeof<T>() == 4 ? i32x4.eq(chunks, i32x4.splat(chunk)) : i64x2.eq(chunks, i64x2.splat(chunk));
    // Lanes of one chunk go together, with the first of them.
    let seen = false;
    for (let other: u32 = 0; other < lane; other++) if (indexLane<T>(chunks, other) == chunk) seen = true;
    if (seen) continue;
    let open = own;
    let sum = splat<T>(0.0);
    const stop = min(M, (chunk + 1) * CHUNK);
    for (let m = chunk * CHUNK; m < stop; m++) {
      const p = points + m * dim<D>() * sizeof<T>();
      const log = lw
        ? relativeLog<T, D, Yes>(p, lw + m * sizeof<T>(), k, lwBest, r0, r1, r2, q0, q1, q2)
        : relativeLog<T, D, No>(p, 0, k, lwBest, r0, r1, r2, q0, q1, q2);
      const w = exp2<T>(log, table);
      sum = v128.add<T>(sum, w);
      // The last point that weighs anything stands where rounding leaves the threshold at the sum itself.
      index = v128.bitselect(indexSplat<T>(m), index, v128.and(open, v128.gt<T>(w, splat<T>(0.0))));
      open = v128.andnot(open, v128.gt<T>(sum, left));
    }
  }
  return index;
}

/** The average of `draws` points drawn from the weights of a group; u Z from the uniforms and the sums in `scratch`. */
function drawPoints<T, D>(
  out: u32, scratch: u32, uniforms: u32, draws: u32, first: u32, last: u32, count: u32, points: u32, lw: u32, M: u32,
  best: v128, k: v128, lwBest: v128, r0: v128, r1: v128, r2: v128, q0: v128, q1: v128, q2: v128,
): void {
  const stride: u32 = dim<D>() * sizeof<T>();
  // Thresholds u Z in float64 (slot 7), draws summed in slots 8..10.
  clear(scratch + 8 * SLOT, 3 * SLOT);
  for (let r: u32 = 0; r < draws; r++) {
    for (let i: u32 = 0; i < laneCount<T>(); i++) {
      const u = load<f64>(uniforms + (min(first + i, last) * draws + r) * 8);
      store<f64>(scratch + 7 * SLOT + 8 * i, u * load<f64>(scratch + 8 * i));
    }
    const index = drawGroup<T, D>(
      scratch, count, points, lw, M, best, k, lwBest, r0, r1, r2, q0, q1, q2,
    );
    flush<T>(scratch + 8 * SLOT, pointCoordinate<T, D>(points, index, 0));
    if (sizeof<D>() > 1) flush<T>(scratch + 9 * SLOT, pointCoordinate<T, D>(points, index, 1));
    if (sizeof<D>() > 2) flush<T>(scratch + 10 * SLOT, pointCoordinate<T, D>(points, index, 2));
  }
  const inverse = f64x2.splat(1.0 / <f64>draws);
  for (let d: u32 = 0; d < dim<D>(); d++) {
    const p = scratch + (8 + d) * SLOT;
    v128.store(p, f64x2.mul(v128.load(p), inverse));
    v128.store(p, f64x2.mul(v128.load(p, 16), inverse), 16);
    scatter<T>(out + first * stride + d * sizeof<T>(), stride, totals<T>(p), count);
  }
}
