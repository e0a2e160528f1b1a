import { normal } from "./baseline.js";

/**
 * A small generator for the benchmarks' inputs (mulberry32): the same inputs in every run.
 *
 * @param {number} seed
 * @returns {() => number} uniform on [0, 1)
 */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Standard normal numbers, rounded to float32 so that every variant computes from the same ones.
 *
 * @param {number} length
 * @param {() => number} random
 */
export function normals(length, random) {
  return Float32Array.from({ length }, () => normal(random));
}

/**
 * Points of a standard normal and queries of the noised data: a point each, plus noise of width sigma.
 *
 * @param {{ dim: number, size: number, count: number, sigma: number, seed?: number }} shape
 */
export function makeData({ dim, size, count, sigma, seed = 1 }) {
  const random = generator(seed);
  const points = normals(size * dim, random);
  const queries = new Float32Array(count * dim);
  for (let q = 0; q < count; q++) {
    const m = Math.floor(random() * size);
    for (let d = 0; d < dim; d++) queries[q * dim + d] = points[m * dim + d] + sigma * normal(random);
  }
  return { points, queries, points64: Float64Array.from(points), queries64: Float64Array.from(queries) };
}
