import type { State } from "../state/state.js";
import { LEVELS, type Table } from "./colours.js";
import type { Picture, Size } from "./protocol.js";

/** At most this many are drawn one by one. */
export const MOST_CIRCLES = 500;
/** A pixel of this many particles has the last colour, at least: few particles are no peak. */
const LEAST_PEAK = 6;

/** Up to so many particles are dots of 2 x 2 pixels: fewer would be dust. */
const DOTS = 60_000;

/** Counts of particles a pixel, kept between frames. */
let counts = new Uint32Array(0);

/** Particles as a density: the square root of the count of a pixel, through a table. */
export function densityPicture(
  particles: Float32Array,
  camera: State["camera"],
  { width, height }: Size,
  table: Table,
  buffer: (bytes: number) => ArrayBuffer,
): Picture {
  const size = width * height;
  if (counts.length < size) counts = new Uint32Array(size);
  else counts.fill(0, 0, size);
  const scale = Math.min(width, height) / (2 * camera.half);
  const left = width / 2 - camera.x * scale;
  const top = height / 2 + camera.y * scale;
  const dots = particles.length / 2 <= DOTS;
  const shift = dots ? 0.5 : 0;
  for (let i = 0; i < particles.length; i += 2) {
    const x = left + (particles[i] as number) * scale - shift;
    const y = top - (particles[i + 1] as number) * scale - shift;
    if (!(x >= 0 && x < width - 2 * shift && y >= 0 && y < height - 2 * shift)) continue;
    const at = (y | 0) * width + (x | 0);
    counts[at] = (counts[at] as number) + 1;
    if (!dots) continue;
    counts[at + 1] = (counts[at + 1] as number) + 1;
    counts[at + width] = (counts[at + width] as number) + 1;
    counts[at + width + 1] = (counts[at + width + 1] as number) + 1;
  }
  let peak = LEAST_PEAK;
  for (let i = 0; i < size; i++) if ((counts[i] as number) > peak) peak = counts[i] as number;
  const pixels = new Uint8ClampedArray(buffer(4 * size));
  const words = new Uint32Array(pixels.buffer);
  const colours = new Uint32Array(table.buffer);
  const unit = (LEVELS - 1) / Math.sqrt(peak);
  for (let i = 0; i < size; i++) {
    const count = counts[i] as number;
    words[i] = count === 0 ? 0 : (colours[Math.max(1, Math.round(Math.sqrt(count) * unit))] as number);
  }
  return { width, height, pixels };
}

/** Particles that a summary looks at. */
const LOOKED_AT = 2000;
/** Particles times points of a summary. */
const WORK = 2e5;

/**
 * What is said of the particles: how many of the first ones lie near a training point, and which point most are nearest to.
 *
 * @param alpha the factor of the points at the time of the particles
 * @param reach how far near is
 */
export function summarize(
  particles: Float32Array,
  points: Float64Array,
  alpha: number,
  reach: number,
): Record<string, number> {
  const size = points.length / 2;
  const count = Math.min(particles.length / 2, LOOKED_AT, Math.max(1, Math.floor(WORK / size)));
  const cells = new Uint32Array(size);
  let near = 0;
  let inside = 0;
  for (let p = 0; p < count; p++) {
    const x = particles[2 * p] as number;
    const y = particles[2 * p + 1] as number;
    let least = Number.POSITIVE_INFINITY;
    let nearest = 0;
    for (let m = 0; m < size; m++) {
      const dx = x - alpha * (points[2 * m] as number);
      const dy = y - alpha * (points[2 * m + 1] as number);
      const square = dx * dx + dy * dy;
      if (square < least) {
        least = square;
        nearest = m;
      }
    }
    cells[nearest] = (cells[nearest] as number) + 1;
    if (least <= reach * reach) near++;
    if (least <= 9 * reach * reach) inside++;
  }
  let top = 0;
  for (let m = 1; m < size; m++) if ((cells[m] as number) > (cells[top] as number)) top = m;
  return {
    particles: particles.length / 2,
    lookedAt: count,
    reach,
    near: near / count,
    within3: inside / count,
    topPoint: top,
    topShare: (cells[top] as number) / count,
    points: size,
  };
}
