// Numbers to pixels through a table of 256 colours (RGBA, a byte each). A task is a row of pixels.

/** x / 255 to the nearest, for x up to 255 x 255. */
// @ts-ignore: decorator
@inline
function per255(x: u32): u32 {
  const t = x + 128;
  return (t + (t >> 8)) >> 8;
}

/** A colour over another, channel by channel; the lower one's opacity is kept where it is full. */
// @ts-ignore: decorator
@inline
function over(top: u32, bottom: u32): u32 {
  const alpha = top >>> 24;
  if (alpha == 255) return top;
  if (alpha == 0) return bottom;
  const rest = 255 - alpha;
  const r = per255((top & 255) * alpha + (bottom & 255) * rest);
  const g = per255(((top >> 8) & 255) * alpha + ((bottom >> 8) & 255) * rest);
  const b = per255(((top >> 16) & 255) * alpha + ((bottom >> 16) & 255) * rest);
  const a = per255(255 * alpha + (bottom >>> 24) * rest);
  return r | (g << 8) | (b << 16) | (a << 24);
}

// @ts-ignore: decorator
@inline
function entry(table: u32, index: v128, lane: u32): u32 {
  const i: u32 = lane == 0
    ? i32x4.extract_lane(index, 0)
    : lane == 1 ? i32x4.extract_lane(index, 1) : lane == 2 ? i32x4.extract_lane(index, 2) : i32x4.extract_lane(index, 3);
  return load<u32>(table + (i << 2));
}

/**
 * Pixels from counts: table[min(255, ceil(sqrt(count) scale))], float32, over the pixels of `background` where that is
 * not 0. Nothing is entry 0; something is at least entry 1.
 */
export function colourCounts(
  first: u32, tasks: u32, out: u32, counts: u32, width: u32, table: u32, scale: f32, background: u32,
): void {
  const factor = f32x4.splat(scale);
  const top = f32x4.splat(255.0);
  const magic = f32x4.splat(8388608.0);
  const mask = i32x4.splat(255);
  for (let row = first; row < first + tasks; row++) {
    const from = counts + row * width * 4;
    const to = out + row * width * 4;
    const below = background + row * width * 4;
    for (let o: u32 = 0; o < width * 4; o += 16) {
      // The counts reach a vector further than their last row.
      const value = v128.load(from + o);
      const root = f32x4.mul(f32x4.sqrt(f32x4.convert_i32x4_u(value)), factor);
      const index = v128.and(f32x4.add(f32x4.pmin(top, f32x4.ceil(root)), magic), mask);
      const rest = width * 4 - o;
      if (background == 0 && rest >= 16) {
        if (!v128.any_true(index)) {
          v128.store(to + o, v128.load32_splat(table));
          continue;
        }
        store<u32>(to + o, entry(table, index, 0));
        store<u32>(to + o, entry(table, index, 1), 4);
        store<u32>(to + o, entry(table, index, 2), 8);
        store<u32>(to + o, entry(table, index, 3), 12);
        continue;
      }
      for (let lane: u32 = 0; lane < min<u32>(4, rest >> 2); lane++) {
        const colour = entry(table, index, lane);
        const p = to + o + lane * 4;
        store<u32>(p, background ? over(colour, load<u32>(below + o + lane * 4)) : colour);
      }
    }
  }
}

/** One bit of how many of 255 ascending levels are at most x: by arithmetic, for a branch would be guessed wrong. */
// @ts-ignore: decorator
@inline
function step(levels: u32, index: u32, x: f64, bit: u32): u32 {
  return index + (<u32>(load<f64>(levels + ((index + (1 << bit) - 1) << 3)) <= x) << bit);
}

/**
 * Pixels from numbers: table[how many of the 255 levels are at most x]; where x is no number the pixel is clear. Any
 * ascending scale is a table of levels.
 */
// @ts-ignore: decorator
@inline
export function colourField<T>(
  first: u32, tasks: u32, out: u32, values: u32, width: u32, table: u32, levels: u32,
): void {
  for (let i = first * width; i < (first + tasks) * width; i++) {
    const x = <f64>load<T>(values + i * sizeof<T>());
    let index = step(levels, 0, x, 7);
    index = step(levels, index, x, 6);
    index = step(levels, index, x, 5);
    index = step(levels, index, x, 4);
    index = step(levels, index, x, 3);
    index = step(levels, index, x, 2);
    index = step(levels, index, x, 1);
    index = step(levels, index, x, 0);
    store<u32>(out + i * 4, x == x ? load<u32>(table + (index << 2)) : 0);
  }
}
