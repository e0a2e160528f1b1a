// Neural tangent kernels of fully connected networks of infinite width, from a recursion over layers that keeps
// 1 - rho and 1 + rho (rho: the correlation of two units) instead of rho, so that no angle is taken of a number near 1.
import { madd } from "../simd/vector";
import { at, c } from "../simd/elementary";
import { atanOf, atanTable } from "./elementary";

/** Bytes of scratch: 32 numbers of tables and constants, then the state of up to 16 vectors of pairs. */
export const NTK_SCRATCH: u32 = 1280;

const INVERSE_PI: f64 = 0.3183098861837907;
const PI: f64 = 3.141592653589793;

// Places in the table; atan's come first.
const HALF: u32 = 15;
const SERIES: u32 = 16;
const TWO: u32 = 25;
const ANGLE: u32 = 26;
const INVERSE: u32 = 27;
const WEIGHT: u32 = 28;
const BIAS: u32 = 29;
const SLOPE: u32 = 30;
const NEAR: u32 = 31;
const STATE: u32 = 256;

// What is kept of a vector of pairs between layers, 64 bytes each.
const MINUS: u32 = 0;
const PLUS: u32 = 16;
const KERNEL: u32 = 32;

// What `kind` says, bit by bit: erf in place of relu; the covariance of the outputs before training (each layer's
// own, no sum over layers) in place of the tangent kernel.
const ERF: u32 = 1;
const COVARIANCE: u32 = 2;

function fillTable(table: u32, kind: u32, weight: f64, bias: f64): void {
  const erf = kind & ERF;
  atanTable(table);
  // sum over m >= 1 of (-1)^(m + 1) 2 m / (2 m + 1)! x^(2 m + 1)
  let term = 1.0;
  for (let m: u32 = 1; m <= 9; m++) {
    term = -term / (<f64>(2 * m) * <f64>(2 * m + 1));
    store<f64>(table + (SERIES + m - 1) * 8, -term * <f64>(2 * m));
  }
  store<f64>(table + TWO * 8, 2.0);
  store<f64>(table + ANGLE * 8, erf ? 0.5 * PI : PI);
  store<f64>(table + INVERSE * 8, erf ? 2.0 * INVERSE_PI : INVERSE_PI);
  store<f64>(table + WEIGHT * 8, weight);
  store<f64>(table + BIAS * 8, bias);
  const slope = kind & COVARIANCE ? 0.0 : INVERSE_PI * weight;
  store<f64>(table + SLOPE * 8, erf ? 4.0 * slope : 0.5 * slope);
  store<f64>(table + NEAR * 8, 0.8);
}

/** (2 / pi) asin of the arcsine kernel: atan(x / root) for x of any sign. */
// @ts-ignore: decorator
@inline
function arcsine(x: v128, root: v128, table: u32): v128 {
  const size = f64x2.abs(x);
  const steep = f64x2.gt(size, root);
  const small = atanOf(f64x2.pmin(size, root), f64x2.pmax(size, root), table);
  const angle = v128.bitselect(f64x2.sub(at(table, ANGLE), small), small, steep);
  // The sign of x.
  return f64x2.mul(at(table, INVERSE), v128.or(angle, v128.and(x, c(-0.0))));
}

/**
 * Rows made ready, first ... first + count - 1 of psi (n x N0): u (width numbers per row; N0 and, with bias, one more) of
 * length 1, and `sizes`, for each layer n numbers at stride `stride`: the standard deviation of a unit (relu) or its
 * variance (erf). A row of zeros without bias stays zero.
 */
export function ntkPrepare(
  first: u32, count: u32, table: u32, u: u32, sizes: u32, stride: u32, psi: u32, N0: u32, width: u32, depth: u32,
  kind: u32, weight: f64, bias: f64,
): void {
  fillTable(table, kind, weight, bias);
  const erf = kind & ERF;
  const share = weight / <f64>N0;
  for (let i = first; i < first + count; i++) {
    const row = psi + i * N0 * 8;
    const target = u + i * width * 8;
    let sum = 0.0;
    for (let k: u32 = 0; k < N0; k++) {
      const value = load<f64>(row + k * 8);
      sum += value * value;
    }
    let size = sum * share + bias;
    const scale = size > 0.0 ? sqrt(share) / sqrt(size) : 0.0;
    for (let k: u32 = 0; k < N0; k++) store<f64>(target + k * 8, load<f64>(row + k * 8) * scale);
    if (width > N0) store<f64>(target + N0 * 8, sqrt(bias) / sqrt(size));
    for (let l: u32 = 0; l < depth; l++) {
      store<f64>(sizes + (l * stride + i) * 8, erf ? size : sqrt(size));
      if (erf) {
        size = weight * f64x2.extract_lane(arcsine(c(2.0 * size), c(sqrt(1.0 + 4.0 * size)), table), 0) + bias;
      } else {
        size = weight * (0.5 * size) + bias;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function sizesAt(p: u32, o: u32, one: bool): v128 {
  return one ? v128.load64_splat(p) : v128.load(p + o);
}

/**
 * The kernel values of `count` vectors of two pairs, of which the state holds |u - v|^2 and |u + v|^2. Sizes of the
 * rows at p (one number for all, or as many as pairs) and q. Layer by layer, so that the vectors, which do not need each
 * other, fill the time that divisions and roots take.
 */
function relu(count: u32, p: u32, pStride: u32, one: bool, q: u32, qStride: u32, depth: u32, weight: f64, bias: f64, table: u32): void {
  const state = table + STATE;
  for (let v: u32 = 0; v < count; v++) {
    const o = state + v * 64;
    const delta = f64x2.mul(v128.load(o, MINUS), at(table, HALF));
    const rest = f64x2.mul(v128.load(o, PLUS), at(table, HALF));
    const s = f64x2.mul(sizesAt(p, v * 16, one), v128.load(q + v * 16));
    v128.store(o, delta, MINUS);
    v128.store(o, rest, PLUS);
    v128.store(o, f64x2.mul(s, f64x2.mul(f64x2.sub(rest, delta), at(table, HALF))), KERNEL);
  }
  const root = sqrt(0.5 * weight);
  for (let l: u32 = 1; l < depth; l++) {
    for (let v: u32 = 0; v < count; v++) {
      const o = state + v * 64;
      let delta = v128.load(o, MINUS);
      const rest = v128.load(o, PLUS);
      const a = f64x2.sqrt(delta);
      const b = f64x2.sqrt(rest);
      const half = atanOf(f64x2.pmin(a, b), f64x2.pmax(a, b), table);
      // Of the angle theta and pi - theta, x is the smaller, y the larger.
      const x = f64x2.add(half, half);
      const y = f64x2.sub(at(table, ANGLE), x);
      const wide = f64x2.gt(a, b);
      const sine = f64x2.mul(a, b);
      // cos x, at least 0.
      const cosine = f64x2.abs(f64x2.mul(f64x2.sub(rest, delta), at(table, HALF)));
      // sin x - x cos x: by its series where the difference would cancel.
      const z = f64x2.mul(x, x);
      let g = at(table, SERIES + 8);
      g = madd<f64>(g, z, at(table, SERIES + 7));
      g = madd<f64>(g, z, at(table, SERIES + 6));
      g = madd<f64>(g, z, at(table, SERIES + 5));
      g = madd<f64>(g, z, at(table, SERIES + 4));
      g = madd<f64>(g, z, at(table, SERIES + 3));
      g = madd<f64>(g, z, at(table, SERIES + 2));
      g = madd<f64>(g, z, at(table, SERIES + 1));
      g = madd<f64>(g, z, at(table, SERIES));
      g = f64x2.mul(f64x2.mul(g, z), x);
      const near = v128.bitselect(g, f64x2.sub(sine, f64x2.mul(x, cosine)), f64x2.lt(x, at(table, NEAR)));
      // sin y - y cos y = sin x + y cos x.
      const far = f64x2.add(sine, f64x2.mul(y, cosine));
      const rho = f64x2.mul(v128.bitselect(near, far, wide), at(table, INVERSE));
      // w / 2 sqrt(S11 S22), the size of the new product before the bias.
      let left = sizesAt(p, v * 16, one);
      let right = v128.load(q + v * 16);
      const size = f64x2.mul(f64x2.mul(f64x2.mul(left, right), at(table, HALF)), at(table, WEIGHT));
      const slope = f64x2.mul(v128.bitselect(x, y, wide), at(table, SLOPE));
      const product = f64x2.add(f64x2.mul(size, rho), at(table, BIAS));
      v128.store(o, madd<f64>(v128.load(o, KERNEL), slope, product), KERNEL);
      if (l + 1 == depth) continue;
      // 1 - rho' = (1 - cos theta) - (sin theta - theta cos theta) / pi
      delta = f64x2.sub(delta, f64x2.mul(v128.bitselect(far, near, wide), at(table, INVERSE)));
      if (bias > 0.0) {
        const before = f64x2.mul(f64x2.sub(left, right), c(root));
        left = sizesAt(p + pStride, v * 16, one);
        right = v128.load(q + qStride + v * 16);
        const s = f64x2.mul(left, right);
        // sqrt((a + b)(c + b)) - sqrt(a c) - b = b (sqrt a - sqrt c)^2 / (sqrt((a + b)(c + b)) + sqrt(a c) + b)
        const total = f64x2.add(f64x2.add(s, size), at(table, BIAS));
        const spread = f64x2.div(f64x2.mul(at(table, BIAS), f64x2.mul(before, before)), total);
        delta = f64x2.div(f64x2.add(spread, f64x2.mul(size, delta)), s);
      }
      v128.store(o, delta, MINUS);
      v128.store(o, f64x2.sub(at(table, TWO), delta), PLUS);
    }
    p += pStride;
    q += qStride;
  }
}

/** The same for erf: the arcsine kernel (Williams 1997) and its derivative's; sizes are variances. */
// @ts-ignore: decorator
@inline
function erfKernel(count: u32, p: u32, pStride: u32, one: bool, q: u32, qStride: u32, depth: u32, table: u32): void {
  const state = table + STATE;
  for (let v: u32 = 0; v < count; v++) {
    const o = state + v * 64;
    const delta = f64x2.mul(v128.load(o, MINUS), at(table, HALF));
    const rest = f64x2.mul(v128.load(o, PLUS), at(table, HALF));
    const product = f64x2.mul(sizesAt(p, v * 16, one), v128.load(q + v * 16));
    const s = f64x2.mul(f64x2.sqrt(product), f64x2.mul(f64x2.sub(rest, delta), at(table, HALF)));
    // S11 S22 - S12^2 = S11 S22 (1 - rho) (1 + rho): without cancellation at the first layer.
    v128.store(o, f64x2.mul(product, f64x2.mul(delta, rest)), MINUS);
    v128.store(o, s, PLUS);
    v128.store(o, s, KERNEL);
  }
  for (let l: u32 = 1; l < depth; l++) {
    for (let v: u32 = 0; v < count; v++) {
      const o = state + v * 64;
      const sum = f64x2.add(
        f64x2.add(sizesAt(p, v * 16, one), v128.load(q + v * 16)), f64x2.mul(at(table, TWO), v128.load(o, MINUS)),
      );
      const root = f64x2.sqrt(f64x2.add(c(1.0), f64x2.mul(at(table, TWO), sum)));
      const slope = f64x2.div(at(table, SLOPE), root);
      const angle = arcsine(f64x2.mul(at(table, TWO), v128.load(o, PLUS)), root, table);
      const s = f64x2.add(f64x2.mul(angle, at(table, WEIGHT)), at(table, BIAS));
      v128.store(o, madd<f64>(v128.load(o, KERNEL), slope, s), KERNEL);
      if (l + 1 == depth) continue;
      const product = f64x2.mul(sizesAt(p + pStride, v * 16, one), v128.load(q + qStride + v * 16));
      v128.store(o, f64x2.pmax(f64x2.sub(product, f64x2.mul(s, s)), c(0.0)), MINUS);
      v128.store(o, s, PLUS);
    }
    p += pStride;
    q += qStride;
  }
}

/** Intervals of sqrt(1 - |rho|) on either side of rho = 0, and the coefficients of each. */
const SIDE: u32 = 64;
const DEGREE: u32 = 9;
const CELL: u32 = (DEGREE + 1) * 8;

/**
 * Without biases the kernel of relu is |psi| |psi'| times a function of rho alone, whatever the depth. It is analytic in
 * a = sqrt(1 - rho) up to rho = 0, and in sqrt(1 + rho) beyond (angles are), so 64 polynomials of degree 9 on either side
 * give it to rounding. Cells first ... first + count - 1 of `out` ([128][10]); `sizes`: for each layer 16 numbers, all of
 * them the standard deviation of a unit whose variance is 1 at the first.
 */
export function ntkZonal(
  first: u32, count: u32, table: u32, out: u32, sizes: u32, depth: u32, kind: u32, weight: f64,
): void {
  fillTable(table, kind, weight, 0.0);
  const state = table + STATE;
  // Chebyshev's extrema in [0, 1], past the states of five vectors.
  const nodes = state + 320;
  const values = nodes + CELL;
  store<f64>(nodes, 0.0);
  store<f64>(nodes, 0.030153689607045808, 8);
  store<f64>(nodes, 0.116977778440511, 16);
  store<f64>(nodes, 0.25, 24);
  store<f64>(nodes, 0.41317591116653485, 32);
  store<f64>(nodes, 0.5868240888334652, 40);
  store<f64>(nodes, 0.75, 48);
  store<f64>(nodes, 0.883022221559489, 56);
  store<f64>(nodes, 0.9698463103929542, 64);
  store<f64>(nodes, 1.0, 72);
  for (let cell = first; cell < first + count; cell++) {
    const far = cell >= SIDE;
    const start = <f64>(far ? cell - SIDE : cell);
    for (let k: u32 = 0; k <= DEGREE; k++) {
      const a = (start + load<f64>(nodes + k * 8)) / <f64>SIDE;
      const near = 2.0 * (a * a);
      const o = state + (k >> 1) * 64 + (k & 1) * 8;
      store<f64>(o, far ? 4.0 - near : near, MINUS);
      store<f64>(o, far ? near : 4.0 - near, PLUS);
    }
    relu((DEGREE + 1) / 2, sizes, 128, true, sizes, 128, depth, weight, 0.0, table);
    for (let k: u32 = 0; k <= DEGREE; k++) {
      store<f64>(values + k * 8, load<f64>(state + (k >> 1) * 64 + (k & 1) * 8, KERNEL));
    }
    // Newton's divided differences, then powers of the place in the cell.
    for (let j: u32 = 1; j <= DEGREE; j++) {
      for (let k = DEGREE; k >= j; k--) {
        const rise = load<f64>(values + k * 8) - load<f64>(values + (k - 1) * 8);
        store<f64>(values + k * 8, rise / (load<f64>(nodes + k * 8) - load<f64>(nodes + (k - j) * 8)));
      }
    }
    const p = out + cell * CELL;
    for (let k: u32 = 0; k <= DEGREE; k++) store<f64>(p + k * 8, 0.0);
    for (let j = <i32>DEGREE; j >= 0; j--) {
      // p <- p (t - node_j) + value_j
      const node = load<f64>(nodes + j * 8);
      for (let k = <u32>DEGREE; k >= 1; k--) {
        store<f64>(p + k * 8, load<f64>(p + (k - 1) * 8) - node * load<f64>(p + k * 8));
      }
      store<f64>(p, load<f64>(values + j * 8) - node * load<f64>(p));
    }
  }
}

/** The kernels of two pairs from the cells of ntkZonal: |u - v|^2, |u + v|^2, and the product of sizes. */
// @ts-ignore: decorator
@inline
function zonalOf(minus: v128, plus: v128, size: v128, cells: u32): v128 {
  const side = c(<f64>SIDE);
  const place = f64x2.mul(f64x2.sqrt(f64x2.mul(f64x2.pmin(minus, plus), c(0.5))), side);
  const cell = f64x2.pmin(f64x2.floor(place), c(<f64>(SIDE - 1)));
  const t = f64x2.sub(place, cell);
  // The number of the cell in the low bits.
  const low = f64x2.add(f64x2.add(cell, v128.and(f64x2.gt(minus, plus), side)), c(4503599627370496.0));
  const p = cells + <u32>i32x4.extract_lane(low, 0) * CELL;
  const q = cells + <u32>i32x4.extract_lane(low, 2) * CELL;
  // Even and odd powers apart: half the latency of one chain. t = 0 gives the first coefficient itself.
  const t2 = f64x2.mul(t, t);
  let even = v128.load64_lane(q, v128.load64_zero(p, 64), 1, 64);
  even = madd<f64>(even, t2, v128.load64_lane(q, v128.load64_zero(p, 48), 1, 48));
  let odd = v128.load64_lane(q, v128.load64_zero(p, 72), 1, 72);
  odd = madd<f64>(odd, t2, v128.load64_lane(q, v128.load64_zero(p, 56), 1, 56));
  even = madd<f64>(even, t2, v128.load64_lane(q, v128.load64_zero(p, 32), 1, 32));
  odd = madd<f64>(odd, t2, v128.load64_lane(q, v128.load64_zero(p, 40), 1, 40));
  even = madd<f64>(even, t2, v128.load64_lane(q, v128.load64_zero(p, 16), 1, 16));
  odd = madd<f64>(odd, t2, v128.load64_lane(q, v128.load64_zero(p, 24), 1, 24));
  even = madd<f64>(even, t2, v128.load64_lane(q, v128.load64_zero(p, 0), 1, 0));
  odd = madd<f64>(odd, t2, v128.load64_lane(q, v128.load64_zero(p, 8), 1, 8));
  return f64x2.mul(size, madd<f64>(odd, t, even));
}

/**
 * out (P x Q, rows of ld, padded to 4 columns) = the kernel between the rows u (P, sizes at stride pStride) and the
 * strips v (Q, [strip][width][4], sizes at stride qStride): tiles of 32 x 32, first ... first + count - 1, all of them
 * or those of the lower triangle, which is mirrored. `cells` from ntkZonal, or 0: layer by layer.
 */
export function ntkTiles(
  first: u32, count: u32, table: u32, out: u32, ld: u32, u: u32, uSizes: u32, pStride: u32, P: u32, v: u32, vSizes: u32,
  qStride: u32, Q: u32, width: u32, depth: u32, kind: u32, weight: f64, bias: f64, cells: u32, triangle: u32,
): void {
  fillTable(table, kind, weight, bias);
  const erf = kind & ERF;
  const strips = (Q + 3) >> 2;
  const columns = (strips + 7) >> 3;
  const state = table + STATE;
  for (let t = first; t < first + count; t++) {
    let ti: u32 = 0;
    let tj: u32 = t;
    if (triangle) while (tj > ti) tj -= ++ti;
    else {
      ti = t / columns;
      tj = t - ti * columns;
    }
    const iEnd = min(P, ti * 32 + 32);
    const jEnd = min(strips, tj * 8 + 8);
    const begin = tj * 8;
    for (let i = ti * 32; i < iEnd; i++) {
      const row = u + i * width * 8;
      const stop = triangle ? min(jEnd, (i >> 2) + 1) : jEnd;
      for (let j = begin; j < stop; j++) {
        const strip = v + j * width * 32;
        let d0 = c(0.0);
        let d1 = d0;
        let e0 = d0;
        let e1 = d0;
        for (let k: u32 = 0; k < width; k++) {
          const x = v128.load64_splat(row + k * 8);
          let y = v128.load(strip + k * 32);
          let h = f64x2.sub(x, y);
          d0 = madd<f64>(h, h, d0);
          h = f64x2.add(x, y);
          e0 = madd<f64>(h, h, e0);
          y = v128.load(strip + k * 32, 16);
          h = f64x2.sub(x, y);
          d1 = madd<f64>(h, h, d1);
          h = f64x2.add(x, y);
          e1 = madd<f64>(h, h, e1);
        }
        if (cells) {
          const target = out + (i * ld + j * 4) * 8;
          const size = v128.load64_splat(uSizes + i * 8);
          const sizes = vSizes + j * 32;
          v128.store(target, zonalOf(d0, e0, f64x2.mul(size, v128.load(sizes)), cells));
          v128.store(target, zonalOf(d1, e1, f64x2.mul(size, v128.load(sizes, 16)), cells), 16);
          continue;
        }
        const o = state + (j - begin) * 128;
        v128.store(o, d0, MINUS);
        v128.store(o, e0, PLUS);
        v128.store(o, d1, 64 + MINUS);
        v128.store(o, e1, 64 + PLUS);
      }
      if (cells) continue;
      const vectors = (stop - begin) * 2;
      const p = uSizes + i * 8;
      const q = vSizes + begin * 32;
      if (erf) erfKernel(vectors, p, pStride * 8, true, q, qStride * 8, depth, table);
      else relu(vectors, p, pStride * 8, true, q, qStride * 8, depth, weight, bias, table);
      const target = out + (i * ld + begin * 4) * 8;
      for (let k: u32 = 0; k < vectors; k++) v128.store(target + k * 16, v128.load(state + k * 64, KERNEL));
    }
    if (!triangle) continue;
    // The other triangle, while the tile is in cache.
    for (let i = ti * 32; i < iEnd; i++) {
      const stop = min(i, jEnd * 4);
      for (let j = begin * 4; j < stop; j++) store<f64>(out + (j * ld + i) * 8, load<f64>(out + (i * ld + j) * 8));
    }
  }
}

/** out[i] = the kernel of row i with itself, pairs of rows first ... first + count - 1: the bits of ntkTiles' diagonal. */
export function ntkDiagonal(
  first: u32, count: u32, table: u32, out: u32, u: u32, sizes: u32, stride: u32, width: u32, depth: u32, kind: u32,
  weight: f64, bias: f64, cells: u32,
): void {
  if (cells) {
    // Nothing lies between a row and itself.
    const none = c(0.0);
    for (let k = first; k < first + count; k++) {
      const size = v128.load(sizes + k * 16);
      v128.store(out + k * 16, zonalOf(none, none, f64x2.mul(size, size), cells));
    }
    return;
  }
  fillTable(table, kind, weight, bias);
  const erf = kind & ERF;
  const state = table + STATE;
  for (let begin = first; begin < first + count; begin += 16) {
    const vectors = min<u32>(16, first + count - begin);
    for (let k: u32 = 0; k < vectors; k++) {
      const row = u + 2 * (begin + k) * width * 8;
      let e = c(0.0);
      for (let n: u32 = 0; n < width; n++) {
        const x = v128.load64_lane(row + (width + n) * 8, v128.load64_zero(row + n * 8), 1);
        const h = f64x2.add(x, x);
        e = madd<f64>(h, h, e);
      }
      v128.store(state + k * 64, c(0.0), MINUS);
      v128.store(state + k * 64, e, PLUS);
    }
    const p = sizes + begin * 16;
    if (erf) erfKernel(vectors, p, stride * 8, false, p, stride * 8, depth, table);
    else relu(vectors, p, stride * 8, false, p, stride * 8, depth, weight, bias, table);
    for (let k: u32 = 0; k < vectors; k++) v128.store(out + (begin + k) * 16, v128.load(state + k * 64, KERNEL));
  }
}
