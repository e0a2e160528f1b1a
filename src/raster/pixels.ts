// What the kernels of assembly/raster do, for engines without Wasm: the same numbers.
import { isFloat32 } from "../core/brand.js";
import { PIECE } from "../../bindings/work.js";
import { TimeSlices } from "../core/scheduler.js";
import type { Camera } from "./camera.js";
import { type Look, PARTICLE, PIXEL } from "./canvas.js";
import type { ColourTable } from "./tables.js";

/** Work on a range of `count` in slices of the scheduler, `units` of work each. */
function inParts(count: number, units: number, work: (first: number, last: number) => void): Promise<void> {
  const step = Math.floor(PIECE / units / 4);
  function* parts(): Generator<number, void, void> {
    for (let first = 0; first < count; first += step) {
      const last = Math.min(count, first + step);
      work(first, last);
      yield units * (last - first);
    }
  }
  return new TimeSlices().run(parts());
}

/** Colours as words, as pixels are in memory. */
function words(table: ColourTable): Uint32Array {
  return new Uint32Array(Uint8Array.from(table).buffer);
}

/** Counts particles anew, and gives the largest count. */
export async function splatPlain(
  counts: Uint32Array,
  width: number,
  height: number,
  rows: Float32Array | Float64Array,
  { dim, axes, map }: Look,
): Promise<number> {
  const round = isFloat32(rows) ? Math.fround : (x: number): number => x;
  const [a, b, c, d, e, f] = map.map(round) as unknown as Camera;
  counts.fill(0);
  await inParts(rows.length / dim, PARTICLE, (first, last) => {
    for (let i = first * dim; i < last * dim; i += dim) {
      const x = rows[i + axes[0]];
      const y = rows[i + axes[1]];
      const u = round(round(round(a * x) + round(c * y)) + e);
      const v = round(round(round(b * x) + round(d * y)) + f);
      if (!(u >= 0 && u < width && v >= 0 && v < height)) continue;
      const cell = Math.floor(v) * width + Math.floor(u);
      counts[cell] = counts[cell] + 1;
    }
  });
  let peak = 0;
  for (const count of counts) peak = Math.max(peak, count);
  return peak;
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

/** Counts to colours, over a background where there is one. */
export async function colourCountsPlain(
  out: Uint32Array,
  counts: Uint32Array,
  table: ColourTable,
  scale: number,
  background: Uint32Array | undefined,
): Promise<void> {
  const factor = Math.fround(scale);
  const colours = words(table);
  await inParts(out.length, PIXEL, (first, last) => {
    for (let i = first; i < last; i++) {
      const root = Math.fround(Math.fround(Math.sqrt(Math.fround(counts[i]))) * factor);
      const colour = colours[Math.min(255, Math.ceil(root))];
      out[i] = background ? over(colour, background[i]) : colour;
    }
  });
}

/** Numbers to colours, by the levels between these. */
export async function colourFieldPlain(
  out: Uint32Array,
  values: Float32Array | Float64Array,
  table: ColourTable,
  levels: Float64Array,
): Promise<void> {
  const colours = words(table);
  await inParts(out.length, 4 * PIXEL, (first, last) => {
    for (let i = first; i < last; i++) {
      const x = values[i];
      let index = 0;
      for (let size = 128; size > 0; size >>= 1) {
        if (levels[index + size - 1] <= x) index += size;
      }
      out[i] = Number.isNaN(x) ? 0 : colours[index];
    }
  });
}
