// A = L L', block by block: a diagonal block, the rows below it, then a product takes them out of the rest.
import { madd } from "../simd/vector";

/** sum of a[k] b[k], k below count. */
function dot(a: u32, b: u32, count: u32): f64 {
  let s = f64x2.splat(0.0);
  let u = s;
  let k: u32 = 0;
  for (; k + 4 <= count; k += 4) {
    s = madd<f64>(v128.load(a + k * 8), v128.load(b + k * 8), s);
    u = madd<f64>(v128.load(a + k * 8, 16), v128.load(b + k * 8, 16), u);
  }
  s = f64x2.add(s, u);
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (; k < count; k++) sum += load<f64>(a + k * 8) * load<f64>(b + k * 8);
  return sum;
}

/**
 * L of the block of n rows from row `start` on, in place (lower triangle, rows of ld). A pivot that is not above its
 * `floor` (one float64 per row) ends it: `status` gets its index and value; else its first number stays as it was.
 */
export function choleskyBlock(
  first: u32, count: u32, a: u32, ld: u32, start: u32, n: u32, floors: u32, status: u32,
): void {
  const block = a + (start * ld + start) * 8;
  for (let i: u32 = 0; i < n; i++) {
    const row = block + i * ld * 8;
    for (let j: u32 = 0; j < i; j++) {
      const other = block + j * ld * 8;
      store<f64>(row + j * 8, (load<f64>(row + j * 8) - dot(row, other, j)) / load<f64>(other + j * 8));
    }
    const pivot = load<f64>(row + i * 8) - dot(row, row, i);
    if (!(pivot > load<f64>(floors + (start + i) * 8))) {
      store<f64>(status, <f64>(start + i));
      store<f64>(status, pivot, 8);
      return;
    }
    store<f64>(row + i * 8, sqrt(pivot));
  }
}

/** L x = b in place for a strip x, [n][4]. */
function forward(l: u32, ld: u32, x: u32, n: u32): void {
  const line: u32 = ld * 8;
  let i: u32 = 0;
  for (; i + 4 <= n; i += 4) {
    const l0 = l + i * line;
    const l1 = l0 + line;
    const l2 = l1 + line;
    const l3 = l2 + line;
    let a0 = f64x2.splat(0.0);
    let b0 = a0;
    let a1 = a0;
    let b1 = a0;
    let a2 = a0;
    let b2 = a0;
    let a3 = a0;
    let b3 = a0;
    for (let k: u32 = 0; k < i; k++) {
      const u = v128.load(x + k * 32);
      const v = v128.load(x + k * 32, 16);
      const o: u32 = k * 8;
      let s = v128.load64_splat(l0 + o);
      a0 = madd<f64>(s, u, a0);
      b0 = madd<f64>(s, v, b0);
      s = v128.load64_splat(l1 + o);
      a1 = madd<f64>(s, u, a1);
      b1 = madd<f64>(s, v, b1);
      s = v128.load64_splat(l2 + o);
      a2 = madd<f64>(s, u, a2);
      b2 = madd<f64>(s, v, b2);
      s = v128.load64_splat(l3 + o);
      a3 = madd<f64>(s, u, a3);
      b3 = madd<f64>(s, v, b3);
    }
    const target = x + i * 32;
    v128.store(target, f64x2.sub(v128.load(target), a0));
    v128.store(target, f64x2.sub(v128.load(target, 16), b0), 16);
    v128.store(target, f64x2.sub(v128.load(target, 32), a1), 32);
    v128.store(target, f64x2.sub(v128.load(target, 48), b1), 48);
    v128.store(target, f64x2.sub(v128.load(target, 64), a2), 64);
    v128.store(target, f64x2.sub(v128.load(target, 80), b2), 80);
    v128.store(target, f64x2.sub(v128.load(target, 96), a3), 96);
    v128.store(target, f64x2.sub(v128.load(target, 112), b3), 112);
    for (let q: u32 = 0; q < 4; q++) eliminate(l + (i + q) * line, x, i, i + q);
  }
  for (; i < n; i++) eliminate(l + i * line, x, 0, i);
}

/** x[i] = (x[i] - sum of row[k] x[k], k = from ... i - 1) / row[i]. */
// @ts-ignore: decorator
@inline
function eliminate(row: u32, x: u32, from: u32, i: u32): void {
  const target = x + i * 32;
  let u = v128.load(target);
  let v = v128.load(target, 16);
  for (let k = from; k < i; k++) {
    const s = f64x2.neg(v128.load64_splat(row + k * 8));
    u = madd<f64>(s, v128.load(x + k * 32), u);
    v = madd<f64>(s, v128.load(x + k * 32, 16), v);
  }
  const pivot = v128.load64_splat(row + i * 8);
  v128.store(target, f64x2.div(u, pivot));
  v128.store(target, f64x2.div(v, pivot), 16);
}

/** L' x = b in place for a strip x, [n][4]. */
function backward(l: u32, ld: u32, x: u32, n: u32): void {
  const line: u32 = ld * 8;
  let end = n;
  while (end > 0) {
    // Blocks of 4 rows, the topmost maybe shorter.
    const start: u32 = end > 4 ? end - 4 : 0;
    for (let i = end; i-- > start; ) {
      const target = x + i * 32;
      let u = v128.load(target);
      let v = v128.load(target, 16);
      for (let k = i + 1; k < end; k++) {
        const s = f64x2.neg(v128.load64_splat(l + k * line + i * 8));
        u = madd<f64>(s, v128.load(x + k * 32), u);
        v = madd<f64>(s, v128.load(x + k * 32, 16), v);
      }
      const pivot = v128.load64_splat(l + i * line + i * 8);
      v128.store(target, f64x2.div(u, pivot));
      v128.store(target, f64x2.div(v, pivot), 16);
    }
    if (start > 0) {
      const p = x + start * 32;
      const u0 = f64x2.neg(v128.load(p));
      const v0 = f64x2.neg(v128.load(p, 16));
      const u1 = f64x2.neg(v128.load(p, 32));
      const v1 = f64x2.neg(v128.load(p, 48));
      const u2 = f64x2.neg(v128.load(p, 64));
      const v2 = f64x2.neg(v128.load(p, 80));
      const u3 = f64x2.neg(v128.load(p, 96));
      const v3 = f64x2.neg(v128.load(p, 112));
      const l0 = l + start * line;
      for (let i: u32 = 0; i < start; i++) {
        const target = x + i * 32;
        const o = l0 + i * 8;
        let s = v128.load64_splat(o);
        let u = madd<f64>(s, u0, v128.load(target));
        let v = madd<f64>(s, v0, v128.load(target, 16));
        s = v128.load64_splat(o + line);
        u = madd<f64>(s, u1, u);
        v = madd<f64>(s, v1, v);
        s = v128.load64_splat(o + 2 * line);
        u = madd<f64>(s, u2, u);
        v = madd<f64>(s, v2, v);
        s = v128.load64_splat(o + 3 * line);
        u = madd<f64>(s, u3, u);
        v = madd<f64>(s, v3, v);
        v128.store(target, u);
        v128.store(target, v, 16);
      }
    }
    end = start;
  }
}

/**
 * The rows below a diagonal block of n (a multiple of 4) rows at `start`: strips of 4 rows, first ... first + count - 1,
 * solved in place; `packed` keeps them as strips, [strip][n][4].
 */
export function choleskyRows(first: u32, count: u32, a: u32, ld: u32, start: u32, n: u32, packed: u32): void {
  const block = a + (start * ld + start) * 8;
  for (let s = first; s < first + count; s++) {
    const rows = a + ((start + n + s * 4) * ld + start) * 8;
    const strip = packed + s * n * 32;
    for (let k: u32 = 0; k < n; k++) {
      for (let q: u32 = 0; q < 4; q++) store<f64>(strip + (k * 4 + q) * 8, load<f64>(rows + (q * ld + k) * 8));
    }
    forward(block, ld, strip, n);
    for (let q: u32 = 0; q < 4; q++) {
      for (let k: u32 = 0; k < n; k++) store<f64>(rows + (q * ld + k) * 8, load<f64>(strip + (k * 4 + q) * 8));
    }
  }
}

/** Strips x of right sides, [strip][n][4], in place: L x = b (`mode` 1), L' x = b (2) or L L' x = b (3). */
export function solveStrips(first: u32, count: u32, x: u32, l: u32, ld: u32, n: u32, mode: u32): void {
  for (let s = first; s < first + count; s++) {
    const strip = x + s * n * 32;
    if (mode & 1) forward(l, ld, strip, n);
    if (mode & 2) backward(l, ld, strip, n);
  }
}
