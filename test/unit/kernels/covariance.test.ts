// The weighted covariance of one row (D >= 4), in every build, held to the same sums in float64: at scales where squares or
// products with the smallest weights would leave the range of float32, and where one point has nearly all the weight.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { Abi } from "../../../bindings/abi.js";
import { embedded } from "../../../bindings/embedded.js";
import { instantiate } from "../../../bindings/instantiate.js";
import { PANEL } from "../../../bindings/work.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const builds = ["simd-local", "simd-shared", "relaxed-local", "relaxed-shared"] as const;
const built = new Map<string, { kernels: Abi; memory: WebAssembly.Memory }>();

beforeAll(async () => {
  // The loader knows how this version of Node is asked for relaxed SIMD, which is done before anything is compiled.
  expect((await embedded.loadModule("relaxed", false))?.build).toBe("relaxed");
  for (const name of builds) {
    const module = await WebAssembly.compile(readFileSync(`${root}build/wasm/${name}.wasm`));
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: name.endsWith("shared") });
    built.set(name, { kernels: await instantiate(module, memory), memory });
  }
});

/** Places 256 KiB apart. */
const at = (i: number): number => (i + 1) * 2 ** 18;

/** Numbers in [-1, 1) by a linear congruence. */
function scattered(length: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

interface Case {
  readonly dim: number;
  readonly size: number;
  /** Of weight m, before rounding to the kernel's precision. */
  readonly weight: (m: number, bytes: 4 | 8) => number;
  /** What coordinate d of all points is multiplied by. */
  readonly scale: (d: number) => number;
}

/** Weighted mean and covariance in float64, of numbers of the kernel's precision. */
function expected(points: Float64Array, weights: Float64Array, dim: number) {
  const total = weights.reduce((sum, w) => sum + w);
  const mean = Float64Array.from({ length: dim }, (_, d) =>
    weights.reduce((sum, w, m) => sum + (w / total) * (points[m * dim + d] as number), 0),
  );
  const entries = new Float64Array(dim * dim);
  // What the sum of |terms| is: rounding of the kernel is measured in it.
  const sizes = new Float64Array(dim * dim);
  weights.forEach((w, m) => {
    for (let d = 0; d < dim; d++) {
      for (let e = 0; e < dim; e++) {
        const left = (points[m * dim + d] as number) - (mean[d] as number);
        const right = (points[m * dim + e] as number) - (mean[e] as number);
        entries[d * dim + e] = (entries[d * dim + e] as number) + (w / total) * left * right;
        sizes[d * dim + e] = (sizes[d * dim + e] as number) + Math.abs((w / total) * left * right);
      }
    }
  });
  return { total, mean, entries, sizes };
}

const smallest = { 4: 2 ** -126, 8: 2 ** -1022 } as const;
const cases: Record<string, Case> = {
  "as they come": { dim: 7, size: 333, weight: (m) => 1 / (1 + (m % 17)), scale: () => 1 },
  "of many tiles, none whole": { dim: 45, size: 130, weight: (m) => Math.exp(-m / 40), scale: () => 1 },
  "of 16 coordinates": { dim: 16, size: 64, weight: () => 1, scale: () => 1 },
  "of fewer points than a panel": { dim: 5, size: 3, weight: (m) => 1 - m / 4, scale: () => 1 },
  "where points without weight stand between": {
    dim: 9,
    size: 300,
    weight: (m) => (m % 3 ? 0 : 1),
    scale: () => 1,
  },
  "of large data": { dim: 6, size: 100, weight: (m) => 1 / (m + 1), scale: () => 1e15 },
  "of small data": { dim: 6, size: 100, weight: (m) => 1 / (m + 1), scale: () => 1e-15 },
  "of coordinates of all sizes": {
    dim: 6,
    size: 100,
    weight: (m) => 1 / (m + 1),
    scale: (d) => 10 ** (5 * d - 12),
  },
  "where one point has nearly all the weight": {
    dim: 6,
    size: 100,
    weight: (m, bytes) => (m === 70 ? 1 : smallest[bytes] * (1 + m)),
    scale: () => 1,
  },
};

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

describe.each(builds)("%s", (build) => {
  describe.each([4, 8] as const)("%d bytes per number", (bytes) => {
    it.each(Object.keys(cases))("a covariance %s", (name) => {
      const { kernels, memory } = built.get(build) as NonNullable<ReturnType<typeof built.get>>;
      const { dim, size, weight, scale } = cases[name] as Case;
      const lanes = 16 / bytes;
      const width = Math.ceil(dim / lanes) * lanes;
      const numbers = (place: number, length: number, each = bytes as number) =>
        each === 4
          ? new Float32Array(memory.buffer, place, length)
          : new Float64Array(memory.buffer, place, length);
      const round = bytes === 4 ? Math.fround : (x: number) => x;
      const points = scattered(size * dim, 5).map((x, i) => round(x * scale(i % dim)));
      const weights = Float64Array.from({ length: size }, (_, m) => round(weight(m, bytes)));
      const { total, mean, entries, sizes } = expected(points, weights, dim);

      const rows = numbers(at(0), size * width);
      rows.fill(0);
      points.forEach((x, i) => {
        rows[Math.floor(i / dim) * width + (i % dim)] = x;
      });
      numbers(at(1), size).set(weights);
      numbers(at(2), width, 8).fill(0);
      numbers(at(2), dim, 8).set(mean);
      numbers(at(3), 4, 8).set([0, total, 0, 0]);
      // What lies there from before must not take part.
      numbers(at(4), (2 * (PANEL + 1) * 4 * Math.ceil(width / 4) + PANEL) | 0).fill(Number.NaN);
      numbers(at(5), dim * dim + 1, 8).fill(7);
      const run = (first: number, last: number) =>
        (bytes === 4 ? kernels.covarianceF32 : kernels.covarianceF64)?.(
          ...([at(5), at(4), at(2), at(1), at(3), at(0), size, dim, width, first, last] as const),
        );
      run(0, size);
      const got = numbers(at(5), dim * dim, 8).slice();
      expect(numbers(at(5), dim * dim + 1, 8)[dim * dim]).toBe(7);

      // Three roundings per difference and product, those of up to 64 additions, and of the mean in float64.
      const unit = bytes === 4 ? 2 ** -24 : 2 ** -53;
      got.forEach((value, i) => {
        const room = (PANEL + 8) * unit * (sizes[i] as number) + 1e-15 * Math.abs(entries[i] as number);
        expect(Math.abs(value - (entries[i] as number)), `${name} ${i}`).toBeLessThanOrEqual(room);
        expect(value).toBe(got[(i % dim) * dim + Math.floor(i / dim)]);
      });
      expect(sum(sizes)).toBeGreaterThan(0);

      // Cut between panels it has the same bits.
      for (let first = 0; first < size; first += PANEL) run(first, Math.min(size, first + PANEL));
      expect(Array.from(numbers(at(5), dim * dim, 8))).toEqual(Array.from(got));
    });
  });
});
