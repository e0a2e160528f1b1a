import { cos, sin } from "./circular.js";
import { log } from "./elementary.js";
import { streams } from "./streams.js";

/**
 * Counter-based random numbers: Philox4x32-10 of Salmon et al. (2011), "Parallel random numbers: as easy as
 * 1, 2, 3". A number depends on (seed, particle, step, stream, index) and on nothing else.
 */

export { streams };

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** The upper 32 bits of the product of two 32-bit numbers, by 16-bit halves (each partial sum is below 2^53). */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle2 = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(middle2 / 0x10000)) >>> 0;
}

/** Four random 32-bit words from a counter and a key: ten rounds. */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>): Uint32Array {
  let [c0, c1, c2, c3] = Array.from(counter) as [number, number, number, number];
  let [k0, k1] = Array.from(key) as [number, number];
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(multiplier0, c0);
    const low0 = Math.imul(multiplier0, c0);
    const high1 = mulHigh(multiplier1, c2);
    const low1 = Math.imul(multiplier1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + weyl0) >>> 0;
    k1 = (k1 + weyl1) >>> 0;
  }
  return Uint32Array.of(c0, c1, c2, c3);
}

/** The words at (particle, step, stream, index) under a seed of up to 53 bits. */
function words(seed: number, particle: number, step: number, stream: number, index: number): Uint32Array {
  return philox4x32(
    [particle >>> 0, step >>> 0, stream >>> 0, index >>> 0],
    [seed >>> 0, Math.floor(seed / 2 ** 32)],
  );
}

/** The 53 highest bits of two words, as a whole number. */
const bits53 = (high: number, low: number) => high * 2 ** 21 + (low >>> 11);

/** A uniform number in (0, 1]: (53 bits + 1/2) 2^-53. */
export function uniform(seed: number, particle: number, step: number, stream: number, index: number): number {
  const w = words(seed, particle, step, stream, index);
  return (bits53(w[0], w[1]) + 0.5) * 2 ** -53;
}

/** Two independent standard normals by Box and Muller. */
export function normalPair(
  seed: number,
  particle: number,
  step: number,
  stream: number,
  pair: number,
): [number, number] {
  const w = words(seed, particle, step, stream, pair);
  const u1 = (bits53(w[0], w[1]) + 0.5) * 2 ** -53;
  const u2 = bits53(w[2], w[3]) * 2 ** -53;
  const radius = Math.sqrt(-2 * log(u1));
  // u2 is a multiple of 2^-53: the nearest quarter turn and what is left of the turn are both exact.
  const quarter = Math.floor(4 * u2 + 0.5);
  const angle = (4 * u2 - quarter) * (Math.PI / 2);
  const c = radius * cos(angle);
  const s = radius * sin(angle);
  switch (quarter & 3) {
    case 0:
      return [c, s];
    case 1:
      return [-s, c];
    case 2:
      return [-c, -s];
    default:
      return [s, -c];
  }
}

/**
 * Fills `out` ([count, dim] row-major) with standard normals: coordinate i of particle p is the (i mod 2)-th
 * normal of pair floor(i / 2) at counter (p, step, stream, pair).
 */
export function fillNormals(
  out: Float64Array,
  dim: number,
  count: number,
  firstParticle: number,
  seed: number,
  step: number,
  stream: number,
): Float64Array {
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < dim; i += 2) {
      const [z0, z1] = normalPair(seed, firstParticle + p, step, stream, i >> 1);
      out[p * dim + i] = z0;
      if (i + 1 < dim) out[p * dim + i + 1] = z1;
    }
  }
  return out;
}

/**
 * A particle's Brownian path relative to its value at 2^exponent: W_t - W_(2^exponent), for each coordinate, t >= 2^exponent.
 * It depends on (seed, particle, t) alone. Increments over the octaves [2^e, 2^(e + 1)] are independent; within one, midpoints
 * are drawn by Levy's bridge down the binary digits of t, so that every float64 is a node of the tree.
 */
export function brownianPath(
  seed: number,
  particle: number,
  dim: number,
  t: number,
  exponent: number,
): Float64Array {
  const draw = (e: number, place: number): Float64Array => {
    const stream = (streams.path | ((e + 1023) << 20) | Math.floor(place / 2 ** 32)) >>> 0;
    return fillNormals(new Float64Array(dim), dim, 1, particle, seed, place >>> 0, stream);
  };
  const left = new Float64Array(dim);
  const add = (out: Float64Array, from: Float64Array, z: Float64Array, scale: number): void => {
    for (let d = 0; d < dim; d++) out[d] = from[d] + scale * z[d];
  };
  let e = exponent;
  for (; 2 ** (e + 1) <= t; e++) add(left, left, draw(e, 0), Math.sqrt(2 ** e));
  let rest = t - 2 ** e;
  if (rest === 0) return left;
  const right = new Float64Array(dim);
  add(right, left, draw(e, 0), Math.sqrt(2 ** e));
  let place = 1;
  for (let span = 2 ** e; rest > 0; span /= 2) {
    const z = draw(e, place);
    const above = rest >= span / 2;
    const target = above ? left : right;
    for (let d = 0; d < dim; d++) {
      target[d] = (left[d] + right[d]) / 2 + (Math.sqrt(span) / 2) * z[d];
    }
    if (above) rest -= span / 2;
    place = 2 * place + (above ? 1 : 0);
  }
  return left;
}

/** The first index whose cumulative weight exceeds u; weights of 0 are never taken. */
export function categorical(weights: Float64Array, u: number): number {
  let sum = 0;
  let last = 0;
  for (let m = 0; m < weights.length; m++) {
    const weight = weights[m];
    if (weight === 0) continue;
    sum += weight;
    if (sum > u) return m;
    last = m;
  }
  return last;
}
