// What the kernels of assembly/raster do, for engines without Wasm: the same numbers.
import { isFloat32 } from "../core/brand.js";
import type { Camera } from "./camera.js";

/** Adds particles to the counts. */
export function splatPlain(
  counts: Uint32Array,
  width: number,
  height: number,
  rows: Float32Array | Float64Array,
  stride: number,
  axes: readonly [number, number],
  camera: Camera,
): void {
  const round = isFloat32(rows) ? Math.fround : (x: number): number => x;
  const [a, b, c, d, e, f] = camera.map(round) as unknown as Camera;
  for (let i = 0; i < rows.length; i += stride) {
    const x = rows[i + axes[0]];
    const y = rows[i + axes[1]];
    const u = round(round(round(a * x) + round(c * y)) + e);
    const v = round(round(round(b * x) + round(d * y)) + f);
    if (!(u >= 0 && u < width && v >= 0 && v < height)) continue;
    const cell = Math.floor(v) * width + Math.floor(u);
    counts[cell] = counts[cell] + 1;
  }
}

/** x / 255 to the nearest. */
function per255(x: number): number {
  const t = x + 128;
  return (t + (t >> 8)) >> 8;
}

function over(top: number, bottom: number): number {
  const alpha = top >>> 24;
  if (alpha === 255) return top;
  if (alpha === 0) return bottom;
  const rest = 255 - alpha;
  const mix = (shift: number): number =>
    per255(((top >>> shift) & 255) * alpha + ((bottom >>> shift) & 255) * rest) << shift;
  return mix(0) | mix(8) | mix(16) | (per255(255 * alpha + (bottom >>> 24) * rest) << 24);
}

export function colourCountsPlain(
  out: Uint32Array,
  counts: Uint32Array,
  table: Uint32Array,
  scale: number,
  background: Uint32Array | undefined,
): void {
  const factor = Math.fround(scale);
  for (let i = 0; i < out.length; i++) {
    const root = Math.fround(Math.fround(Math.sqrt(Math.fround(counts[i]))) * factor);
    const colour = table[Math.min(255, Math.ceil(root))];
    out[i] = background ? over(colour, background[i]) : colour;
  }
}

export function colourFieldPlain(
  out: Uint32Array,
  values: Float32Array | Float64Array,
  table: Uint32Array,
  levels: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) {
    const x = values[i];
    let index = 0;
    for (let size = 128; size > 0; size >>= 1) {
      if (levels[index + size - 1] <= x) index += size;
    }
    out[i] = Number.isNaN(x) ? 0 : table[index];
  }
}
