// Rows of a grid turned so that the cells of several of them lie side by side.

/** out[k] = lines of cell k side by side, from rows of n cells (an even number of them may be read and written). */
export function turn(out: u32, rows: u32, rowBytes: u32, n: u32, vectors: u32): void {
  const width = vectors * 16;
  for (let v: u32 = 0; v < vectors; v++) {
    const a = rows + 2 * v * rowBytes;
    const b = a + rowBytes;
    let to = out + v * 16;
    let o: u32 = 0;
    for (; o + 16 <= n * 8; o += 16) {
      const x = v128.load(a + o);
      const y = v128.load(b + o);
      v128.store(to, i64x2.shuffle(x, y, 0, 2));
      v128.store(to + width, i64x2.shuffle(x, y, 1, 3));
      to += 2 * width;
    }
    if (o < n * 8) v128.store(to, f64x2(load<f64>(a + o), load<f64>(b + o)));
  }
}

/** The way back. */
export function turnBack(rows: u32, from: u32, rowBytes: u32, n: u32, vectors: u32): void {
  const width = vectors * 16;
  for (let v: u32 = 0; v < vectors; v++) {
    const a = rows + 2 * v * rowBytes;
    const b = a + rowBytes;
    let at = from + v * 16;
    let o: u32 = 0;
    for (; o + 16 <= n * 8; o += 16) {
      const x = v128.load(at);
      const y = v128.load(at + width);
      v128.store(a + o, i64x2.shuffle(x, y, 0, 2));
      v128.store(b + o, i64x2.shuffle(x, y, 1, 3));
      at += 2 * width;
    }
    if (o < n * 8) {
      const x = v128.load(at);
      store<f64>(a + o, f64x2.extract_lane(x, 0));
      store<f64>(b + o, f64x2.extract_lane(x, 1));
    }
  }
}
