// Eigenvalues and vectors of a symmetric matrix: Householder's reduction to three diagonals in panels (Dongarra,
// Hammarling & Sorensen 1989), implicit QL, and its rotations applied to strips of 4 coordinates.
import { madd } from "../simd/vector";

/** sum of a[k] b[k] for whole pairs from `from` to `end` (multiples of 2). */
function dotRange(a: u32, b: u32, from: u32, end: u32): f64 {
  let s = f64x2.splat(0.0);
  let u = s;
  let k = from * 8;
  const stop = end * 8;
  for (; k + 32 <= stop; k += 32) {
    s = madd<f64>(v128.load(a + k), v128.load(b + k), s);
    u = madd<f64>(v128.load(a + k, 16), v128.load(b + k, 16), u);
  }
  for (; k < stop; k += 16) s = madd<f64>(v128.load(a + k), v128.load(b + k), s);
  s = f64x2.add(s, u);
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

/** y += a u + b v for whole pairs from `from` to `end`. */
function addTwo(y: u32, a: f64, u: u32, b: f64, v: u32, from: u32, end: u32): void {
  const p = f64x2.splat(a);
  const q = f64x2.splat(b);
  for (let k = from * 8; k < end * 8; k += 16) {
    v128.store(y + k, madd<f64>(q, v128.load(v + k), madd<f64>(p, v128.load(u + k), v128.load(y + k))));
  }
}

/** One row of `symmetric`: y[i] and y[k > i] gain what row i of the upper triangle gives. */
function symmetricRow(y: u32, row: u32, x: u32, i: u32, width: u32): void {
  const xi = load<f64>(x + i * 8);
  let sum = load<f64>(row + i * 8) * xi;
  for (let k = i + 1; k < width; k++) {
    const value = load<f64>(row + k * 8);
    sum += value * load<f64>(x + k * 8);
    store<f64>(y + k * 8, load<f64>(y + k * 8) + value * xi);
  }
  store<f64>(y + i * 8, load<f64>(y + i * 8) + sum);
}

/** y = A x over the rows and columns from `start` on; A by its upper triangle, padded with zeros to a multiple of 4. */
function symmetric(y: u32, a: u32, ld: u32, x: u32, start: u32, width: u32): void {
  const line: u32 = ld * 8;
  memory.fill(y + start * 8, 0, (width - start) * 8);
  let i = start;
  for (; i < width && (i & 3) != 0; i++) symmetricRow(y, a + i * line, x, i, width);
  for (; i < width; i += 4) {
    const row = a + i * line;
    // The corner on the diagonal, then the four rows together.
    for (let q: u32 = 0; q < 4; q++) symmetricRow(y, row + q * line, x, i + q, i + 4);
    const x0 = v128.load64_splat(x + i * 8);
    const x1 = v128.load64_splat(x + i * 8, 8);
    const x2 = v128.load64_splat(x + i * 8, 16);
    const x3 = v128.load64_splat(x + i * 8, 24);
    let s0 = f64x2.splat(0.0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const stop = width * 8;
    for (let k = (i + 4) * 8; k < stop; k += 16) {
      const v = v128.load(x + k);
      let t = v128.load(y + k);
      const p = row + k;
      let u = v128.load(p);
      s0 = madd<f64>(u, v, s0);
      t = madd<f64>(u, x0, t);
      u = v128.load(p + line);
      s1 = madd<f64>(u, v, s1);
      t = madd<f64>(u, x1, t);
      u = v128.load(p + 2 * line);
      s2 = madd<f64>(u, v, s2);
      t = madd<f64>(u, x2, t);
      u = v128.load(p + 3 * line);
      s3 = madd<f64>(u, v, s3);
      t = madd<f64>(u, x3, t);
      v128.store(y + k, t);
    }
    const target = y + i * 8;
    store<f64>(target, load<f64>(target) + f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1));
    store<f64>(target, load<f64>(target, 8) + f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1), 8);
    store<f64>(target, load<f64>(target, 16) + f64x2.extract_lane(s2, 0) + f64x2.extract_lane(s2, 1), 16);
    store<f64>(target, load<f64>(target, 24) + f64x2.extract_lane(s3, 0) + f64x2.extract_lane(s3, 1), 24);
  }
}

/** A column whose square is below this (of a matrix scaled to 1) counts as zero. */
const TINY: f64 = 1e-280;

/**
 * Columns first ... first + count - 1 of the panel that begins at row `start`: one after another, on one thread.
 * a (n x n, rows of ld; upper triangle as it was when the panel began), reflector c in row c of v, its partner in row
 * c - start of w, the factor t of the panel (`panel` x `panel`: H_0 H_1 ... = 1 - V t V'); d and e get the diagonals.
 */
export function tridiagonalColumns(
  first: u32, count: u32, a: u32, ld: u32, n: u32, start: u32, panel: u32, v: u32, w: u32, t: u32, d: u32, e: u32,
  sums: u32,
): void {
  const line: u32 = ld * 8;
  const width = (n + 3) & ~3;
  for (let j = first; j < first + count; j++) {
    const c = start + j;
    const row = a + c * line;
    const even = c & ~1;
    for (let p: u32 = 0; p < j; p++) {
      const vp = v + (start + p) * line;
      const wp = w + p * line;
      addTwo(row, -load<f64>(vp + c * 8), wp, -load<f64>(wp + c * 8), vp, even, width);
    }
    store<f64>(d + c * 8, load<f64>(row + c * 8));
    const vj = v + c * line;
    const wj = w + j * line;
    memory.fill(wj, 0, line);
    for (let p: u32 = 0; p <= j; p++) store<f64>(t + (p * panel + j) * 8, 0.0);
    if (c + 1 >= n) {
      store<f64>(e + c * 8, 0.0);
      continue;
    }
    const alpha = load<f64>(row + (c + 1) * 8);
    let square = 0.0;
    for (let k = c + 2; k < n; k++) {
      const value = load<f64>(row + k * 8);
      square += value * value;
    }
    if (square < TINY) {
      store<f64>(e + c * 8, alpha);
      continue;
    }
    const norm = sqrt(alpha * alpha + square);
    const beta = alpha > 0.0 ? -norm : norm;
    const tau = (beta - alpha) / beta;
    const scale = 1.0 / (alpha - beta);
    store<f64>(e + c * 8, beta);
    store<f64>(vj + (c + 1) * 8, 1.0);
    for (let k = c + 2; k < n; k++) store<f64>(vj + k * 8, load<f64>(row + k * 8) * scale);
    symmetric(wj, a, ld, vj, c + 1, width);
    const from = (c + 1) & ~1;
    for (let p: u32 = 0; p < j; p++) {
      const vp = v + (start + p) * line;
      const wp = w + p * line;
      const wv = dotRange(wp, vj, from, width);
      const vv = dotRange(vp, vj, from, width);
      store<f64>(sums + p * 8, vv);
      addTwo(wj, -wv, vp, -vv, wp, from, width);
    }
    for (let k = from; k < width; k++) store<f64>(wj + k * 8, load<f64>(wj + k * 8) * tau);
    // The reflector begins at c + 1; an element before it was touched by whole pairs and must not count.
    if (from <= c) store<f64>(wj + from * 8, 0.0);
    const half = -0.5 * tau * dotRange(wj, vj, from, width);
    addTwo(wj, half, vj, 0.0, vj, from, width);
    store<f64>(t + (j * panel + j) * 8, tau);
    for (let p: u32 = 0; p < j; p++) {
      let sum = 0.0;
      for (let q = p; q < j; q++) sum += load<f64>(t + (p * panel + q) * 8) * load<f64>(sums + q * 8);
      store<f64>(t + (p * panel + j) * 8, -tau * sum);
    }
  }
}

/**
 * An off-diagonal element below this is zero: half a unit of roundoff of a matrix scaled to 1. A test against its
 * neighbours alone would never end where those are rounding errors themselves.
 */
const NEGLIGIBLE: f64 = 5.551115123125783e-17;
const EPSILON: f64 = 1.1102230246251565e-16;

/**
 * Implicit QL on the diagonals d and e (scaled to 1) until `capacity` numbers of rotations are full or all is done.
 * `rotations` gets sweeps: m, the number of rotations, then cosine and sine of each, the first on m - 1 and m, then
 * downwards. state: the row under way, its iterations, 0 going on, 1 done or 2 given up, sweeps written, `limit` of
 * iterations per row.
 */
export function qlSweeps(
  first: u32, count: u32, d: u32, e: u32, n: u32, rotations: u32, capacity: u32, state: u32, limit: u32,
): void {
  let l = <u32>load<f64>(state);
  let iterations = <u32>load<f64>(state, 8);
  let sweeps = 0;
  let used: u32 = 0;
  store<f64>(state, 0.0, 16);
  while (l < n) {
    let m = l;
    for (; m + 1 < n; m++) {
      const size = abs(load<f64>(d + m * 8)) + abs(load<f64>(d + m * 8, 8));
      const off = abs(load<f64>(e + m * 8));
      if (off <= EPSILON * size || off <= NEGLIGIBLE) break;
    }
    if (m == l) {
      l++;
      iterations = 0;
      continue;
    }
    if (iterations == limit) {
      store<f64>(state, 2.0, 16);
      break;
    }
    if (used + 2 + 2 * (m - l) > capacity) break;
    iterations++;
    const dl = load<f64>(d + l * 8);
    const el = load<f64>(e + l * 8);
    let g = (load<f64>(d + l * 8, 8) - dl) / (2.0 * el);
    let r = sqrt(g * g + 1.0);
    g = load<f64>(d + m * 8) - dl + el / (g + (g < 0.0 ? -r : r));
    let s = 1.0;
    let c = 1.0;
    let p = 0.0;
    const header = rotations + used * 8;
    used += 2;
    let i = m;
    let broken = false;
    while (i > l) {
      i--;
      const f = s * load<f64>(e + i * 8);
      const b = c * load<f64>(e + i * 8);
      r = sqrt(f * f + g * g);
      store<f64>(e + i * 8, r, 8);
      if (r == 0.0) {
        store<f64>(d + i * 8, load<f64>(d + i * 8, 8) - p, 8);
        store<f64>(e + m * 8, 0.0);
        i++;
        broken = true;
        break;
      }
      s = f / r;
      c = g / r;
      g = load<f64>(d + i * 8, 8) - p;
      r = (load<f64>(d + i * 8) - g) * s + 2.0 * c * b;
      p = s * r;
      store<f64>(d + i * 8, g + p, 8);
      g = c * r - b;
      store<f64>(rotations + used * 8, c);
      store<f64>(rotations + used * 8, s, 8);
      used += 2;
    }
    store<f64>(header, <f64>m);
    store<f64>(header, <f64>(m - i), 8);
    sweeps++;
    if (!broken) {
      store<f64>(d + l * 8, load<f64>(d + l * 8) - p);
      store<f64>(e + l * 8, g);
      store<f64>(e + m * 8, 0.0);
    }
  }
  if (l == n) store<f64>(state, 1.0, 16);
  store<f64>(state, <f64>l);
  store<f64>(state, <f64>iterations, 8);
  store<f64>(state, <f64>sweeps, 24);
}

/** Applies sweeps of rotations to pairs of strips, [strip][n][4]: pairs first ... first + count - 1. */
export function rotateStrips(first: u32, count: u32, z: u32, n: u32, rotations: u32, sweeps: u32): void {
  const bytes: u32 = n * 32;
  for (let pair = first; pair < first + count; pair++) {
    const left = z + 2 * pair * bytes;
    let at = rotations;
    for (let sweep: u32 = 0; sweep < sweeps; sweep++) {
      let p = left + <u32>load<f64>(at) * 32;
      const turns = <u32>load<f64>(at, 8);
      at += 16;
      let f0 = v128.load(p);
      let f1 = v128.load(p, 16);
      let f2 = v128.load(p + bytes);
      let f3 = v128.load(p + bytes, 16);
      for (let k: u32 = 0; k < turns; k++) {
        const c = v128.load64_splat(at);
        const s = v128.load64_splat(at, 8);
        const minus = f64x2.neg(s);
        at += 16;
        const q = p - 32;
        let u = v128.load(q);
        v128.store(p, madd<f64>(s, u, f64x2.mul(c, f0)));
        f0 = madd<f64>(minus, f0, f64x2.mul(c, u));
        u = v128.load(q, 16);
        v128.store(p, madd<f64>(s, u, f64x2.mul(c, f1)), 16);
        f1 = madd<f64>(minus, f1, f64x2.mul(c, u));
        u = v128.load(q + bytes);
        v128.store(p + bytes, madd<f64>(s, u, f64x2.mul(c, f2)));
        f2 = madd<f64>(minus, f2, f64x2.mul(c, u));
        u = v128.load(q + bytes, 16);
        v128.store(p + bytes, madd<f64>(s, u, f64x2.mul(c, f3)), 16);
        f3 = madd<f64>(minus, f3, f64x2.mul(c, u));
        p = q;
      }
      v128.store(p, f0);
      v128.store(p, f1, 16);
      v128.store(p + bytes, f2);
      v128.store(p + bytes, f3, 16);
    }
  }
}
