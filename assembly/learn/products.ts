// Matrix products from strips: 4 rows (or columns) of a matrix side by side, [depth][4], so that the inner loop reads
// both factors in order. Depth is cut in chunks; a chunk's sums are made in registers and added to the result in the
// order of the chunks, so nothing depends on tiles or threads.
import { madd } from "../simd/vector";

/**
 * Packs the strips first ... first + count - 1 of a matrix of `rows` x `depth`: out is [chunk][strip][k][4], 0 beyond
 * `rows`. The element (i, k) lies at source[k ld + i] (`kMajor`) or source[i ld + k]. `weights` (one per k) may be 0.
 */
export function packStrips(
  first: u32, count: u32, out: u32, source: u32, ld: u32, kMajor: u32, rows: u32, depth: u32, chunk: u32, weights: u32,
): void {
  const strips = (rows + 3) >> 2;
  for (let start: u32 = 0; start < depth; start += chunk) {
    const kc = min(chunk, depth - start);
    const base = out + start * strips * 32;
    if (kMajor) {
      for (let k: u32 = 0; k < kc; k++) {
        const line = source + (start + k) * ld * 8;
        const weight = f64x2.splat(weights ? load<f64>(weights + (start + k) * 8) : 1.0);
        for (let s = first; s < first + count; s++) {
          const target = base + (s * kc + k) * 32;
          const p = line + s * 32;
          if (s * 4 + 4 <= rows) {
            v128.store(target, f64x2.mul(v128.load(p), weight));
            v128.store(target, f64x2.mul(v128.load(p, 16), weight), 16);
          } else {
            for (let q: u32 = 0; q < 4; q++) {
              const value = s * 4 + q < rows ? load<f64>(p + q * 8) * f64x2.extract_lane(weight, 0) : 0.0;
              store<f64>(target + q * 8, value);
            }
          }
        }
      }
    } else {
      for (let s = first; s < first + count; s++) {
        for (let k: u32 = 0; k < kc; k++) {
          const target = base + (s * kc + k) * 32;
          const weight = weights ? load<f64>(weights + (start + k) * 8) : 1.0;
          for (let q: u32 = 0; q < 4; q++) {
            const i = s * 4 + q;
            store<f64>(target + q * 8, i < rows ? load<f64>(source + (i * ld + start + k) * 8) * weight : 0.0);
          }
        }
      }
    }
  }
}

/** c (4 x 4 at stride `line` bytes) += or -= the product of two strips of depth kc. */
function tile4(c: u32, line: u32, a: u32, b: u32, kc: u32, subtract: u32): void {
  let c00 = f64x2.splat(0.0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = a + kc * 32;
  for (; a < end; a += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load64_splat(a);
    c00 = madd<f64>(s, b0, c00);
    c01 = madd<f64>(s, b1, c01);
    s = v128.load64_splat(a, 8);
    c10 = madd<f64>(s, b0, c10);
    c11 = madd<f64>(s, b1, c11);
    s = v128.load64_splat(a, 16);
    c20 = madd<f64>(s, b0, c20);
    c21 = madd<f64>(s, b1, c21);
    s = v128.load64_splat(a, 24);
    c30 = madd<f64>(s, b0, c30);
    c31 = madd<f64>(s, b1, c31);
    b += 32;
  }
  if (subtract) {
    c00 = f64x2.neg(c00);
    c01 = f64x2.neg(c01);
    c10 = f64x2.neg(c10);
    c11 = f64x2.neg(c11);
    c20 = f64x2.neg(c20);
    c21 = f64x2.neg(c21);
    c30 = f64x2.neg(c30);
    c31 = f64x2.neg(c31);
  }
  v128.store(c, f64x2.add(v128.load(c), c00));
  v128.store(c, f64x2.add(v128.load(c, 16), c01), 16);
  c += line;
  v128.store(c, f64x2.add(v128.load(c), c10));
  v128.store(c, f64x2.add(v128.load(c, 16), c11), 16);
  c += line;
  v128.store(c, f64x2.add(v128.load(c), c20));
  v128.store(c, f64x2.add(v128.load(c, 16), c21), 16);
  c += line;
  v128.store(c, f64x2.add(v128.load(c), c30));
  v128.store(c, f64x2.add(v128.load(c, 16), c31), 16);
}

/**
 * c (rows of ld numbers, both sides padded to 4) += a b', or -= with `subtract`, for the tiles first ... first + count
 * - 1 of `tile` strips per side. a: strips of m rows, b: strips of n, both from `packStrips`. `triangle`: 0 all tiles
 * row by row, 1 those of the lower triangle, 2 those of the upper.
 */
export function multiplyStrips(
  first: u32, count: u32, c: u32, ld: u32, a: u32, b: u32, m: u32, n: u32, depth: u32, chunk: u32, tile: u32,
  triangle: u32, subtract: u32,
): void {
  const mStrips = (m + 3) >> 2;
  const nStrips = (n + 3) >> 2;
  const columns = (nStrips + tile - 1) / tile;
  for (let t = first; t < first + count; t++) {
    let ti: u32 = 0;
    let tj: u32 = t;
    if (triangle) {
      while (tj > ti) tj -= ++ti;
      if (triangle == 2) {
        const swap = ti;
        ti = tj;
        tj = swap;
      }
    } else {
      ti = t / columns;
      tj = t - ti * columns;
    }
    const iEnd = min(mStrips, (ti + 1) * tile);
    const jEnd = min(nStrips, (tj + 1) * tile);
    for (let start: u32 = 0; start < depth; start += chunk) {
      const kc = min(chunk, depth - start);
      const aBase = a + start * mStrips * 32;
      const bBase = b + start * nStrips * 32;
      for (let i = ti * tile; i < iEnd; i++) {
        const target = c + i * ld * 32;
        let j = tj * tile;
        let stop = jEnd;
        if (triangle == 1) stop = min(stop, i + 1);
        if (triangle == 2) j = max(j, i);
        for (; j < stop; j++) tile4(target + j * 32, ld * 8, aBase + i * kc * 32, bBase + j * kc * 32, kc, subtract);
      }
    }
  }
}

/** Copies the lower triangle of c (n x n, rows of ld) to the upper: bands of 32 columns, first ... first + count - 1. */
export function mirror(first: u32, count: u32, c: u32, ld: u32, n: u32): void {
  const end = min(n, (first + count) * 32);
  // Blocks of 8 x 8: as many cache lines are read and written at a time as one set holds.
  for (let j0 = first * 32; j0 < end; j0 += 8) {
    const jEnd = min(end, j0 + 8);
    for (let i0 = j0; i0 < n; i0 += 8) {
      const iEnd = min(n, i0 + 8);
      for (let j = j0; j < jEnd; j++) {
        for (let i = max(i0, j + 1); i < iEnd; i++) store<f64>(c + (j * ld + i) * 8, load<f64>(c + (i * ld + j) * 8));
      }
    }
  }
}
