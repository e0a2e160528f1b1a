// Feature maps of blocks of queries: out (n x F, rows of ld, a multiple of 4) from x (n x D).
import { exp2Table } from "../simd/exp2";
import { madd } from "../simd/vector";
import { sineTable } from "../simd/elementary";
import { cosine, expMinus } from "./elementary";

/** Bytes of scratch of `rbf` (exp2's table) and `fourier` (the tables of cos). */
export const FEATURE_SCRATCH: u32 = 192;

/** Stores two features, times what is there with `multiply`. */
// @ts-ignore: decorator
@inline
function put(p: u32, value: v128, multiply: u32): void {
  v128.store(p, multiply ? f64x2.mul(v128.load(p), value) : value);
}

/**
 * exp(-|x - centre|^2 scale) for queries first ... first + count - 1. centres: strips, [strip][D][4]; `scales`: one
 * per feature, 1 / (2 h^2), padded to 4. With `multiply` out is multiplied.
 */
export function rbf(
  first: u32, count: u32, table: u32, out: u32, ld: u32, x: u32, D: u32, centres: u32, scales: u32, F: u32, multiply: u32,
): void {
  exp2Table<f64>(table);
  const strips = (F + 3) >> 2;
  for (let i = first; i < first + count; i++) {
    const row = x + i * D * 8;
    for (let j: u32 = 0; j < strips; j++) {
      let strip = centres + j * D * 32;
      let a = f64x2.splat(0.0);
      let b = a;
      for (let k: u32 = 0; k < D; k++) {
        const value = v128.load64_splat(row + k * 8);
        let h = f64x2.sub(value, v128.load(strip));
        a = madd<f64>(h, h, a);
        h = f64x2.sub(value, v128.load(strip, 16));
        b = madd<f64>(h, h, b);
        strip += 32;
      }
      const target = out + (i * ld + j * 4) * 8;
      put(target, expMinus(f64x2.mul(a, v128.load(scales + j * 32)), table), multiply);
      put(target + 16, expMinus(f64x2.mul(b, v128.load(scales + j * 32, 16)), table), multiply);
    }
  }
}

/** cos(w . x + phase): w in strips, phases padded to 4; else as `rbf`. */
export function fourier(
  first: u32, count: u32, table: u32, out: u32, ld: u32, x: u32, D: u32, w: u32, phases: u32, F: u32, multiply: u32,
): void {
  sineTable(table);
  const strips = (F + 3) >> 2;
  for (let i = first; i < first + count; i++) {
    const row = x + i * D * 8;
    for (let j: u32 = 0; j < strips; j++) {
      let strip = w + j * D * 32;
      let a = f64x2.splat(0.0);
      let b = a;
      for (let k: u32 = 0; k < D; k++) {
        const value = v128.load64_splat(row + k * 8);
        a = madd<f64>(value, v128.load(strip), a);
        b = madd<f64>(value, v128.load(strip, 16), b);
        strip += 32;
      }
      const target = out + (i * ld + j * 4) * 8;
      put(target, cosine(f64x2.add(a, v128.load(phases + j * 32)), table), multiply);
      put(target + 16, cosine(f64x2.add(b, v128.load(phases + j * 32, 16)), table), multiply);
    }
  }
}

/**
 * Products of one-dimensional polynomials: powers of x, or with `hermite` He_k / sqrt(k!). Feature 0 is 1; feature f is
 * feature plan[2 f] times number plan[2 f + 1] of the table of D x (degree + 1) polynomials, which is scratch.
 */
export function polynomial(
  first: u32, count: u32, table: u32, out: u32, ld: u32, x: u32, D: u32, plan: u32, degree: u32, F: u32, hermite: u32,
): void {
  for (let i = first; i < first + count; i++) {
    for (let d: u32 = 0; d < D; d++) {
      const value = load<f64>(x + (i * D + d) * 8);
      const line = table + d * (degree + 1) * 8;
      store<f64>(line, 1.0);
      for (let k: u32 = 1; k <= degree; k++) {
        let next = value * load<f64>(line + (k - 1) * 8);
        if (hermite) {
          if (k > 1) next -= sqrt(<f64>(k - 1)) * load<f64>(line + (k - 2) * 8);
          next /= sqrt(<f64>k);
        }
        store<f64>(line + k * 8, next);
      }
    }
    const row = out + i * ld * 8;
    store<f64>(row, 1.0);
    for (let f: u32 = 1; f < F; f++) {
      const parent = load<u32>(plan + f * 8);
      const number = load<u32>(plan + f * 8, 4);
      store<f64>(row + f * 8, load<f64>(row + parent * 8) * load<f64>(table + number * 8));
    }
  }
}
