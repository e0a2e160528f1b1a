// Coordinates across lanes, for D >= 4: small kernels over a block of n queries that together give
// what lanes.ts gives at once. Rows (queries, points, values) are padded with zeros to a whole number
// of vectors, points to a multiple of 4 rows. The scratch holds squared distances in float64
// (n x d2Stride) and weights relative to the best point (n x d2Stride, T).
import { exp2, exp2Floor, exp2Table, squareFloor } from "../simd/exp2";
import { CHUNK, laneCount, madd, splat } from "../simd/vector";

/** Coordinates summed in T before they are added in float64. */
const BLOCK: u32 = 64;

// @ts-ignore: decorator
@inline
function addSums<T>(target: u32, fresh: bool, a: v128, b: v128, c: v128, d: v128): void {
  let low: v128;
  let high: v128;
  if (sizeof<T>() == 4) {
    // Transposed sum: lane i of the result is the sum over the lanes of the i-th argument.
    const ab = f32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
    const sums = f32x4.add(i32x4.shuffle(ab, cd, 0, 1, 4, 5), i32x4.shuffle(ab, cd, 2, 3, 6, 7));
    low = f64x2.promote_low_f32x4(sums);
    high = f64x2.promote_low_f32x4(i32x4.shuffle(sums, sums, 2, 3, 2, 3));
  } else {
    low = f64x2.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3));
    high = f64x2.add(i64x2.shuffle(c, d, 0, 2), i64x2.shuffle(c, d, 1, 3));
  }
  if (!fresh) {
    low = f64x2.add(low, v128.load(target));
    high = f64x2.add(high, v128.load(target, 16));
  }
  v128.store(target, low);
  v128.store(target, high, 16);
}

/** d2[i, m] = |x_i - mu_m|^2 by direct differences; `rows` points (a multiple of 4) of `width` coordinates. */
// @ts-ignore: decorator
@inline
export function distances<T>(
  d2: u32, d2Stride: u32, x: u32, xStride: u32, points: u32, n: u32, rows: u32, width: u32,
): void {
  const rowBytes: u32 = width * sizeof<T>();
  const xBytes: u32 = xStride * sizeof<T>();
  for (let m: u32 = 0; m < rows; m += 4) {
    const base = points + m * rowBytes;
    for (let c: u32 = 0; c < rowBytes; c += BLOCK * sizeof<T>()) {
      const bytes = min<u32>(BLOCK * sizeof<T>(), rowBytes - c);
      for (let i: u32 = 0; i < n; i += 2) {
        // An odd last query is paired with itself.
        const j = min(i + 1, n - 1);
        const xi = x + i * xBytes + c;
        const xj = x + j * xBytes + c;
        let a0 = splat<T>(0.0);
        let a1 = a0;
        let a2 = a0;
        let a3 = a0;
        let b0 = a0;
        let b1 = a0;
        let b2 = a0;
        let b3 = a0;
        let p = base + c;
        for (let o: u32 = 0; o < bytes; o += 16) {
          const u = v128.load(xi + o);
          const v = v128.load(xj + o);
          let mu = v128.load(p);
          let e = v128.sub<T>(u, mu);
          let f = v128.sub<T>(v, mu);
          a0 = madd<T>(e, e, a0);
          b0 = madd<T>(f, f, b0);
          mu = v128.load(p + rowBytes);
          e = v128.sub<T>(u, mu);
          f = v128.sub<T>(v, mu);
          a1 = madd<T>(e, e, a1);
          b1 = madd<T>(f, f, b1);
          mu = v128.load(p + 2 * rowBytes);
          e = v128.sub<T>(u, mu);
          f = v128.sub<T>(v, mu);
          a2 = madd<T>(e, e, a2);
          b2 = madd<T>(f, f, b2);
          mu = v128.load(p + 3 * rowBytes);
          e = v128.sub<T>(u, mu);
          f = v128.sub<T>(v, mu);
          a3 = madd<T>(e, e, a3);
          b3 = madd<T>(f, f, b3);
          p += 16;
        }
        // The second of a query paired with itself is written first, so that the sum is added once.
        const target = d2 + (i * d2Stride + m) * 8;
        if (j != i) addSums<T>(d2 + (j * d2Stride + m) * 8, c == 0, b0, b1, b2, b3);
        addSums<T>(target, c == 0, a0, a1, a2, a3);
      }
    }
  }
}

/** The index of the point of least d2 - lw / k in a row of distances, ties to the first. */
// @ts-ignore: decorator
@inline
function bestOfRow(row: u32, lw: u32, inverse: f64, M: u32): u32 {
  // First the least value and its chunk, two points at a time; then the point in the chunk.
  let best: u32 = 0;
  let least = f64.MAX_VALUE;
  const factor = f64x2.splat(inverse);
  for (let start: u32 = 0; start < M; start += CHUNK) {
    const stop = min(M, start + CHUNK);
    let low = f64x2.splat(f64.MAX_VALUE);
    let m = start;
    for (; m + 2 <= stop; m += 2) {
      let u = v128.load(row + m * 8);
      if (lw) u = f64x2.sub(u, f64x2.mul(v128.load(lw + m * 8), factor));
      low = f64x2.pmin(low, u);
    }
    let value = min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
    if (m < stop) value = min(value, costOf(row, lw, inverse, m));
    if (value < least) {
      least = value;
      best = start;
    }
  }
  while (best + 1 < M && costOf(row, lw, inverse, best) > least) best++;
  return best;
}

// @ts-ignore: decorator
@inline
function costOf(row: u32, lw: u32, inverse: f64, m: u32): f64 {
  const u = load<f64>(row + m * 8);
  return lw ? u - load<f64>(lw + m * 8) * inverse : u;
}

/** log2 weights of two points relative to the best, clamped for exp2. */
// @ts-ignore: decorator
@inline
function relativeLogs<T>(row: u32, lw: u32, m: u32, scale: v128, d2Best: v128, lwBest: v128): v128 {
  let log = f64x2.mul(scale, f64x2.sub(d2Best, v128.load(row + m * 8)));
  if (lw) log = f64x2.add(log, f64x2.sub(v128.load(lw + m * 8), lwBest));
  return f64x2.pmax(log, f64x2.splat(exp2Floor<T>()));
}

/** One row of `relativeWeights`; F is u8 for all sums, u16 for the sum of w alone. */
// @ts-ignore: decorator
@inline
function rowWeights<T, F>(target: u32, out: u32, table: u32, row: u32, k: f64, lw: u32, M: u32): void {
  const padded = (M + 3) & ~3;
  const best = bestOfRow(row, lw, 1.0 / k, M);
  const d2Best = f64x2.splat(load<f64>(row + best * 8));
  const lwBest = f64x2.splat(lw ? load<f64>(lw + best * 8) : 0.0);
  const scale = f64x2.splat(k);
  let sum = 0.0;
  let sumLog = 0.0;
  let sumSquare = 0.0;
  for (let start: u32 = 0; start < padded; start += CHUNK) {
    const stop = min(padded, start + CHUNK);
    let s = splat<T>(0.0);
    let sl = s;
    let sw = s;
    for (let m = start; m < stop; m += laneCount<T>()) {
      let log = relativeLogs<T>(row, lw, m, scale, d2Best, lwBest);
      if (sizeof<T>() == 4) {
        const upper = relativeLogs<T>(row, lw, m + 2, scale, d2Best, lwBest);
        log = i32x4.shuffle(f32x4.demote_f64x2_zero(log), f32x4.demote_f64x2_zero(upper), 0, 1, 4, 5);
      }
      let e = exp2<T>(log, table);
      if (m + laneCount<T>() > M) e = keepFirst<T>(e, M - m);
      v128.store(target + m * sizeof<T>(), e);
      s = v128.add<T>(s, e);
      if (sizeof<F>() == 1) {
        sl = madd<T>(e, log, sl);
        // As in lanes.ts: squares that would be subnormal are left out.
        const large = v128.and(e, v128.gt<T>(e, splat<T>(squareFloor<T>())));
        sw = madd<T>(large, large, sw);
      }
    }
    sum += laneSum<T>(s);
    if (sizeof<F>() == 1) {
      sumLog += laneSum<T>(sl);
      sumSquare += laneSum<T>(sw);
    }
  }
  store<f64>(out, <f64>best);
  store<f64>(out, sum, 8);
  store<f64>(out, sumLog, 16);
  store<f64>(out, sumSquare, 24);
}

/**
 * Weights relative to the best point and their sums: w (n x d2Stride, T; 0 beyond M) and stats
 * (n x 4 float64: index of the best point, sum of w and, with `full`, sum of w log2 w, sum of w^2).
 * `lw` holds log2 weights in float64, or is 0 where all are equal.
 */
// @ts-ignore: decorator
@inline
export function relativeWeights<T>(
  w: u32, stats: u32, table: u32, d2: u32, d2Stride: u32, kPointer: u32, kStride: u32, lw: u32, n: u32, M: u32, full: u32,
): void {
  exp2Table<T>(table);
  for (let i: u32 = 0; i < n; i++) {
    const row = d2 + i * d2Stride * 8;
    const target = w + i * d2Stride * sizeof<T>();
    const k = load<f64>(kPointer + i * kStride);
    if (full) rowWeights<T, u8>(target, stats + i * 32, table, row, k, lw, M);
    else rowWeights<T, u16>(target, stats + i * 32, table, row, k, lw, M);
  }
}

/** Sets the lanes from `count` on to 0. */
// @ts-ignore: decorator
@inline
function keepFirst<T>(v: v128, count: i32): v128 {
  if (sizeof<T>() == 4) return v128.and(v, i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3)));
  return v128.and(v, i64x2.gt_s(i64x2.splat(count), i64x2(0, 1)));
}

// @ts-ignore: decorator
@inline
function laneSum<T>(v: v128): f64 {
  if (sizeof<T>() == 8) return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
  const low = f64x2.promote_low_f32x4(v);
  const high = f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3));
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Whether all of `bytes` at p are 0. */
// @ts-ignore: decorator
@inline
function allZero(p: u32, bytes: u32): bool {
  for (let o: u32 = 0; o < bytes; o += 16) if (v128.any_true(v128.load(p + o))) return false;
  return true;
}

/** Adds a vector of T to float64 totals at p. */
// @ts-ignore: decorator
@inline
function accumulate<T>(p: u32, v: v128): void {
  v128.store(p, f64x2.add(v128.load(p), sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v) : v));
  if (sizeof<T>() == 4) {
    const high = f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3));
    v128.store(p, f64x2.add(v128.load(p, 16), high), 16);
  }
}

/**
 * out[i] = sum_m w[i, m] values[m] / sum_m w[i, m]; rows of `width` coordinates, of which D are
 * written. `total` (n x width
 * float64) keeps the same in float64. A chunk of points none of which weighs anything is skipped:
 * it would add exact zeros. Points `first` to `last` alone are added (`first` is a multiple of CHUNK): parts of a call, in
 * order, that together have the bits of the whole; the one that ends at M divides and writes.
 */
// @ts-ignore: decorator
@inline
export function average<T>(
  out: u32, outStride: u32, total: u32, w: u32, wStride: u32, stats: u32, values: u32, n: u32, M: u32, width: u32,
  D: u32, first: u32, last: u32,
): void {
  if (first == 0) memory.fill(total, 0, <u32>n * width * 8);
  const padded = (last + 3) & ~3;
  const rowBytes: u32 = width * sizeof<T>();
  for (let start = first; start < padded; start += CHUNK) {
    const stop = min(padded, start + CHUNK);
    for (let i: u32 = 0; i < n; i += 2) {
      const j = min(i + 1, n - 1);
      const wi = w + i * wStride * sizeof<T>();
      const wj = w + j * wStride * sizeof<T>();
      const bytes: u32 = (stop - start) * sizeof<T>();
      if (allZero(wi + start * sizeof<T>(), bytes) && allZero(wj + start * sizeof<T>(), bytes)) continue;
      let c: u32 = 0;
      for (; c + 64 <= rowBytes; c += 64) {
        let a0 = splat<T>(0.0);
        let a1 = a0;
        let a2 = a0;
        let a3 = a0;
        let b0 = a0;
        let b1 = a0;
        let b2 = a0;
        let b3 = a0;
        let p = values + start * rowBytes + c;
        for (let m = start; m < stop; m++) {
          const u = v128.load_splat<T>(wi + m * sizeof<T>());
          const v = v128.load_splat<T>(wj + m * sizeof<T>());
          let mu = v128.load(p);
          a0 = madd<T>(u, mu, a0);
          b0 = madd<T>(v, mu, b0);
          mu = v128.load(p, 16);
          a1 = madd<T>(u, mu, a1);
          b1 = madd<T>(v, mu, b1);
          mu = v128.load(p, 32);
          a2 = madd<T>(u, mu, a2);
          b2 = madd<T>(v, mu, b2);
          mu = v128.load(p, 48);
          a3 = madd<T>(u, mu, a3);
          b3 = madd<T>(v, mu, b3);
          p += rowBytes;
        }
        const step: u32 = 16 * (8 / sizeof<T>());
        const ti = total + i * width * 8 + c * (8 / sizeof<T>());
        accumulate<T>(ti, a0);
        accumulate<T>(ti + step, a1);
        accumulate<T>(ti + 2 * step, a2);
        accumulate<T>(ti + 3 * step, a3);
        if (j != i) {
          const tj = total + j * width * 8 + c * (8 / sizeof<T>());
          accumulate<T>(tj, b0);
          accumulate<T>(tj + step, b1);
          accumulate<T>(tj + 2 * step, b2);
          accumulate<T>(tj + 3 * step, b3);
        }
      }
      for (; c < rowBytes; c += 16) {
        let a0 = splat<T>(0.0);
        let b0 = a0;
        let p = values + start * rowBytes + c;
        for (let m = start; m < stop; m++) {
          const mu = v128.load(p);
          a0 = madd<T>(v128.load_splat<T>(wi + m * sizeof<T>()), mu, a0);
          b0 = madd<T>(v128.load_splat<T>(wj + m * sizeof<T>()), mu, b0);
          p += rowBytes;
        }
        accumulate<T>(total + i * width * 8 + c * (8 / sizeof<T>()), a0);
        if (j != i) accumulate<T>(total + j * width * 8 + c * (8 / sizeof<T>()), b0);
      }
    }
  }
  if (last < M) return;
  for (let i: u32 = 0; i < n; i++) {
    const sum = load<f64>(stats + i * 32 + 8);
    for (let d: u32 = 0; d < width; d++) {
      const p = total + (i * width + d) * 8;
      const value = load<f64>(p) / sum;
      store<f64>(p, value);
      if (d < D) store<T>(out + (i * outStride + d) * sizeof<T>(), <T>value);
    }
  }
}

/** out[i] = sum_m w[i, m] d2[i, m] / sum_m w[i, m]: the trace of a covariance from distances to the mean. */
// @ts-ignore: decorator
@inline
export function averageDistance<T>(
  out: u32, d2: u32, w: u32, stride: u32, stats: u32, n: u32, M: u32,
): void {
  for (let i: u32 = 0; i < n; i++) {
    let sum = 0.0;
    for (let m: u32 = 0; m < M; m++) {
      const weight = <f64>load<T>(w + (i * stride + m) * sizeof<T>());
      if (weight != 0.0) sum += weight * load<f64>(d2 + (i * stride + m) * 8);
    }
    store<f64>(out + i * 8, sum / load<f64>(stats + i * 32 + 8));
  }
}

/** out[i, m] = w[i, m] / sum of w: normalised weights, n x M. */
// @ts-ignore: decorator
@inline
export function normalise<T>(out: u32, w: u32, wStride: u32, stats: u32, n: u32, M: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    const inverse = 1.0 / load<f64>(stats + i * 32 + 8);
    for (let m: u32 = 0; m < M; m++) {
      const weight = <f64>load<T>(w + (i * wStride + m) * sizeof<T>());
      store<T>(out + (i * M + m) * sizeof<T>(), <T>(weight * inverse));
    }
  }
}

/**
 * The average of `draws` points drawn from the weights by inversion in index order (out: n x outStride). Draws `first` to
 * `last` alone are made, in order.
 */
// @ts-ignore: decorator
@inline
export function drawRows<T>(
  out: u32, outStride: u32, uniforms: u32, draws: u32, w: u32, wStride: u32, stats: u32, points: u32,
  n: u32, M: u32, width: u32, first: u32, last: u32,
): void {
  const scale = 1.0 / <f64>draws;
  for (let i: u32 = 0; i < n; i++) {
    const row = w + i * wStride * sizeof<T>();
    const target = out + i * outStride * sizeof<T>();
    for (let r = first; r < last; r++) {
      const threshold = load<f64>(uniforms + (i * draws + r) * 8) * load<f64>(stats + i * 32 + 8);
      let index = <u32>load<f64>(stats + i * 32);
      let sum = 0.0;
      for (let m: u32 = 0; m < M; m++) {
        sum += <f64>load<T>(row + m * sizeof<T>());
        if (sum > threshold) {
          index = m;
          break;
        }
      }
      const point = points + index * width * sizeof<T>();
      for (let d: u32 = 0; d < width; d++) {
        const p = target + d * sizeof<T>();
        const value = load<T>(point + d * sizeof<T>());
        if (draws == 1) store<T>(p, value);
        else store<T>(p, (r == 0 ? <T>0 : load<T>(p)) + <T>(<f64>value * scale));
      }
    }
  }
}
