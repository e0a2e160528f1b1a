import { log } from "../numeric/elementary.js";
import { philox4x32 } from "../numeric/random.js";
import { turn } from "./circle.js";

/** Which draw a counter is for; far from the streams of runs, so that a set and a run may share a seed. */
const streams = { place: 1024, noise: 1025 } as const;

/** Two uniform numbers of 53 bits: the first in (0, 1], the second in [0, 1). */
function uniformPair(seed: number, point: number, stream: number, pair: number): [number, number] {
  const w = philox4x32([point, 0, stream, pair], [seed >>> 0, Math.floor(seed / 2 ** 32)]);
  const bits53 = (high: number, low: number) => high * 2 ** 21 + (low >>> 11);
  return [(bits53(w[0], w[1]) + 0.5) * 2 ** -53, bits53(w[2], w[3]) * 2 ** -53];
}

/** @internal Where a point of a set falls: two independent uniform numbers in [0, 1). */
export function place(seed: number, point: number): [number, number] {
  const [a, b] = uniformPair(seed, point, streams.place, 0);
  return [a < 1 ? a : 0, b];
}

/**
 * @internal Adds Gaussian noise of a standard deviation to every coordinate, in place, by Box and Muller from IEEE
 * operations alone; noise of 0 leaves the bits as they are.
 *
 * @param points `[count, dim]`
 */
export function addNoise(points: Float64Array, dim: number, noise: number, seed: number): Float64Array {
  if (noise === 0) return points;
  for (let i = 0; i * dim < points.length; i++) {
    for (let d = 0; d < dim; d += 2) {
      const [u1, u2] = uniformPair(seed, i, streams.noise, d >> 1);
      const radius = noise * Math.sqrt(-2 * log(u1));
      const [c, s] = turn(u2);
      const at = i * dim + d;
      points[at] = points[at] + radius * c;
      if (d + 1 < dim) points[at + 1] = points[at + 1] + radius * s;
    }
  }
  return points;
}
