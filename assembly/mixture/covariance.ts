// The weighted covariance of one row for D >= 4. Some points at a time become two panels, the differences B = mu - mean and
// A = w B; A' B is summed in registers, 4 coordinates by up to 3 vectors of them, and added in float64.
//
// Weights reach down to the smallest normal number, and where one point has nearly all the weight the others' small shares
// are all there is. So nothing may underflow: differences are divided by a power of two, at most twice the largest of
// the panel, and weights are multiplied by `lift`. Both are exact.
import { laneCount, madd, splat } from "../simd/vector";

/** Points of a panel. */
export const PANEL: u32 = 64;

type One = u8;
type Two = u16;
type Three = u32;

// @ts-ignore: decorator
@inline
function vectorsOf<N>(): u32 {
  return sizeof<N>() == 4 ? 3 : sizeof<N>();
}

// @ts-ignore: decorator
@inline
function lift<T>(): f64 {
  return sizeof<T>() == 4 ? 18446744073709551616.0 : 1.3407807929942597e154;
}

/** What differences of size x are divided by: 1 where neither squares nor products with weights leave the range. */
// @ts-ignore: decorator
@inline
function powerFor<T>(x: f64): f64 {
  if (sizeof<T>() == 4 ? x > 9.5367431640625e-7 && x < 1048576.0 : x > 6.3e-61 && x < 1.6e60) return 1.0;
  const power = reinterpret<f64>(reinterpret<u64>(x) & 0x7ff0000000000000);
  return max(power, sizeof<T>() == 4 ? 8.673617379884035e-19 : 6.223015277861142e-61);
}

/** b = mu - mean of the point at p, about a mean in two parts of T, and a = share b; the larger of |b| and `most`, lane by lane. */
// @ts-ignore: decorator
@inline
function differences<T>(a: u32, b: u32, p: u32, high: u32, low: u32, rowBytes: u32, share: v128, most: v128): v128 {
  let large = most;
  for (let o: u32 = 0; o < rowBytes; o += 16) {
    const e = v128.sub<T>(v128.sub<T>(v128.load(p + o), v128.load(high + o)), v128.load(low + o));
    v128.store(b + o, e);
    v128.store(a + o, v128.mul<T>(e, share));
    large = v128.pmax<T>(large, v128.abs<T>(e));
  }
  return large;
}

/** The largest lane. */
// @ts-ignore: decorator
@inline
function largestLane<T>(v: v128): f64 {
  if (sizeof<T>() == 8) return max(f64x2.extract_lane(v, 0), f64x2.extract_lane(v, 1));
  return max(
    max(<f64>f32x4.extract_lane(v, 0), <f64>f32x4.extract_lane(v, 1)),
    max(<f64>f32x4.extract_lane(v, 2), <f64>f32x4.extract_lane(v, 3)),
  );
}

/** Adds `factor` v to the float64 numbers at p: as many of its lanes as `count`. */
// @ts-ignore: decorator
@inline
function add<T>(p: u32, v: v128, factor: v128, count: u32): void {
  const low = f64x2.mul(sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v) : v, factor);
  if (count == 1) {
    store<f64>(p, load<f64>(p) + f64x2.extract_lane(low, 0));
    return;
  }
  v128.store(p, f64x2.add(v128.load(p), low));
  if (sizeof<T>() == 8 || count == 2) return;
  const high = f64x2.mul(f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3)), factor);
  if (count == 3) store<f64>(p, load<f64>(p, 16) + f64x2.extract_lane(high, 0), 16);
  else v128.store(p, f64x2.add(v128.load(p, 16), high), 16);
}

/** Adds N vectors of one row of the matrix. */
// @ts-ignore: decorator
@inline
function addRow<T, N>(p: u32, u: v128, v: v128, z: v128, factor: v128, count: u32): void {
  const lanes = laneCount<T>();
  add<T>(p, u, factor, min(count, lanes));
  if (vectorsOf<N>() > 1) add<T>(p + 8 * lanes, v, factor, min(count - lanes, lanes));
  if (vectorsOf<N>() > 2) add<T>(p + 16 * lanes, z, factor, min(count - 2 * lanes, lanes));
}

/** Rows d to d + 3 of the matrix at N vectors from column e: sums of a_d b_e over the panels. */
function tile<T, N>(cov: u32, D: u32, d: u32, e: u32, a: u32, b: u32, rowBytes: u32, points: u32, power: f64): void {
  let a0 = splat<T>(0.0);
  let a1 = a0;
  let a2 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let c0 = a0;
  let c1 = a0;
  let c2 = a0;
  let e0 = a0;
  let e1 = a0;
  let e2 = a0;
  let p = a + d * sizeof<T>();
  let q = b + e * sizeof<T>();
  const end = q + points * rowBytes;
  while (q < end) {
    const u = v128.load(q);
    const v = vectorsOf<N>() > 1 ? v128.load(q, 16) : u;
    const z = vectorsOf<N>() > 2 ? v128.load(q, 32) : u;
    let y = v128.load_splat<T>(p);
    a0 = madd<T>(y, u, a0);
    if (vectorsOf<N>() > 1) a1 = madd<T>(y, v, a1);
    if (vectorsOf<N>() > 2) a2 = madd<T>(y, z, a2);
    y = v128.load_splat<T>(p + sizeof<T>());
    b0 = madd<T>(y, u, b0);
    if (vectorsOf<N>() > 1) b1 = madd<T>(y, v, b1);
    if (vectorsOf<N>() > 2) b2 = madd<T>(y, z, b2);
    y = v128.load_splat<T>(p + 2 * sizeof<T>());
    c0 = madd<T>(y, u, c0);
    if (vectorsOf<N>() > 1) c1 = madd<T>(y, v, c1);
    if (vectorsOf<N>() > 2) c2 = madd<T>(y, z, c2);
    y = v128.load_splat<T>(p + 3 * sizeof<T>());
    e0 = madd<T>(y, u, e0);
    if (vectorsOf<N>() > 1) e1 = madd<T>(y, v, e1);
    if (vectorsOf<N>() > 2) e2 = madd<T>(y, z, e2);
    p += rowBytes;
    q += rowBytes;
  }
  const factor = f64x2.splat(power * power);
  const count = D - e;
  const line = D * 8;
  let target = cov + (d * D + e) * 8;
  addRow<T, N>(target, a0, a1, a2, factor, count);
  if (d + 1 < D) addRow<T, N>((target += line), b0, b1, b2, factor, count);
  if (d + 2 < D) addRow<T, N>((target += line), c0, c1, c2, factor, count);
  if (d + 3 < D) addRow<T, N>((target += line), e0, e1, e2, factor, count);
}

/**
 * cov (D x D float64) = sum_m w (mu - mean)(mu - mean)' / sum_m w for one row of weights, about the float64 `mean` (`width`
 * of them). `panels` is scratch for 2 PANEL + 2 rows of `width` coordinates, of a whole number of fours, and PANEL numbers
 * of T. Points `first` to `last` alone are added (`first` is a multiple of PANEL), in order; the call that ends at M
 * divides, and makes the lower triangle of the upper one.
 */
// @ts-ignore: decorator
@inline
export function covariance<T>(
  cov: u32, panels: u32, mean: u32, w: u32, stats: u32, points: u32, M: u32, D: u32, width: u32, first: u32, last: u32,
): void {
  if (first == 0) memory.fill(cov, 0, D * D * 8);
  const bytes: u32 = width * sizeof<T>();
  const rowBytes: u32 = ((width + 3) & ~3) * sizeof<T>();
  const a = panels;
  const b = a + PANEL * rowBytes;
  const high = b + PANEL * rowBytes;
  const low = high + rowBytes;
  const shares = low + rowBytes;
  for (let d: u32 = 0; d < width; d++) {
    const value = load<f64>(mean + d * 8);
    store<T>(high + d * sizeof<T>(), <T>value);
    store<T>(low + d * sizeof<T>(), <T>(value - <f64><T>value));
  }
  const lanes = laneCount<T>();
  for (let start = first; start < last; start += PANEL) {
    const stop = min(last, start + PANEL);
    // Points without weight are left out: they would add exact zeros.
    let kept: u32 = 0;
    let most = splat<T>(0.0);
    for (let m = start; m < stop; m++) {
      const weight = load<T>(w + m * sizeof<T>());
      if (weight == <T>0) continue;
      const share = weight * <T>lift<T>();
      store<T>(shares + kept * sizeof<T>(), share);
      const at = kept * rowBytes;
      most = differences<T>(a + at, b + at, points + m * bytes, high, low, bytes, v128.splat<T>(share), most);
      kept++;
    }
    const largest = largestLane<T>(most);
    if (largest == 0.0) continue;
    const power = powerFor<T>(largest);
    if (power != 1.0) divide<T>(a, b, shares, kept, rowBytes, bytes, 1.0 / power);
    for (let d: u32 = 0; d < D; d += 4) {
      let e = d;
      while (e < D) {
        if (e + 2 * lanes < D) {
          tile<T, Three>(cov, D, d, e, a, b, rowBytes, kept, power);
          e += 3 * lanes;
        } else if (e + lanes < D) {
          tile<T, Two>(cov, D, d, e, a, b, rowBytes, kept, power);
          e += 2 * lanes;
        } else {
          tile<T, One>(cov, D, d, e, a, b, rowBytes, kept, power);
          e += lanes;
        }
      }
    }
  }
  if (last < M) return;
  const scale = 1.0 / lift<T>() / load<f64>(stats + 8);
  for (let d: u32 = 0; d < D; d++) {
    for (let e: u32 = 0; e < d; e++) store<f64>(cov + (d * D + e) * 8, load<f64>(cov + (e * D + d) * 8));
    for (let e = d; e < D; e++) {
      const p = cov + (d * D + e) * 8;
      store<f64>(p, load<f64>(p) * scale);
    }
  }
}

/** Panels of differences that leave the range of T, divided by a power of two: exact. */
function divide<T>(a: u32, b: u32, shares: u32, rows: u32, rowBytes: u32, bytes: u32, inverse: f64): void {
  for (let r: u32 = 0; r < rows; r++) {
    const share = v128.load_splat<T>(shares + r * sizeof<T>());
    for (let o = r * rowBytes; o < r * rowBytes + bytes; o += 16) {
      const e = v128.mul<T>(v128.load(b + o), splat<T>(inverse));
      v128.store(b + o, e);
      v128.store(a + o, v128.mul<T>(e, share));
    }
  }
}
