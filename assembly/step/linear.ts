/**
 * out[i] = A x[i] for n rows of `width` T, D of them used: sums in float64. `columns` holds A column by column, each
 * padded to an even number of float64; `sums` is scratch for one of them. out may be x.
 */
// @ts-ignore: decorator
@inline
export function linear<T>(out: u32, x: u32, columns: u32, sums: u32, n: u32, D: u32, width: u32): void {
  const bytes: u32 = ((D + 1) & ~1) * 8;
  for (let i: u32 = 0; i < n; i++) {
    const source = x + i * width * sizeof<T>();
    const target = out + i * width * sizeof<T>();
    memory.fill(sums, 0, bytes);
    for (let e: u32 = 0; e < D; e++) {
      const value = f64x2.splat(<f64>load<T>(source + e * sizeof<T>()));
      const column = columns + e * bytes;
      for (let o: u32 = 0; o < bytes; o += 16) {
        v128.store(sums + o, f64x2.add(v128.load(sums + o), f64x2.mul(v128.load(column + o), value)));
      }
    }
    for (let d: u32 = 0; d < D; d++) store<T>(target + d * sizeof<T>(), <T>load<f64>(sums + d * 8));
  }
}
