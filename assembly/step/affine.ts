import { madd, splat } from "../simd/vector";

/**
 * out = a1 x1 + a2 x2 + a3 x3 + a4 x4 over `count` elements (the buffers reach the next whole vector);
 * `terms` of them are used. out may be one of the sources.
 */
// @ts-ignore: decorator
@inline
export function affine<T>(
  out: u32, count: u32, terms: u32, x1: u32, a1: f64, x2: u32, a2: f64, x3: u32, a3: f64, x4: u32, a4: f64,
): void {
  const bytes: u32 = count * sizeof<T>();
  const s1 = splat<T>(a1);
  const s2 = splat<T>(a2);
  const s3 = splat<T>(a3);
  const s4 = splat<T>(a4);
  for (let o: u32 = 0; o < bytes; o += 16) {
    let v = v128.mul<T>(s1, v128.load(x1 + o));
    if (terms > 1) v = madd<T>(s2, v128.load(x2 + o), v);
    if (terms > 2) v = madd<T>(s3, v128.load(x3 + o), v);
    if (terms > 3) v = madd<T>(s4, v128.load(x4 + o), v);
    v128.store(out + o, v);
  }
}
