// The kernels of coloured noise, of matrices and of embedded Runge-Kutta steps, each by itself in every build, and the
// covariance of the noise that runs make of them.
//
// False alarms, for a change of stream: some 330 means and covariances at 1.2e-8 (5.7 standard errors) and 12
// Kolmogorov-Smirnov distances at 1e-8: 4e-6.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createEngine,
  edm,
  effectiveSde,
  type Engine,
  euler,
  exactScore,
  naiveScore,
  sample,
  songVp,
  times,
} from "vkernel";
import { evaluatePoint, fillNormals, levelAt } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "../../../bindings/embedded.js";
import { instantiate } from "../../../bindings/instantiate.js";
import { Executor } from "../../../bindings/executor.js";
import { normalCdf } from "../../../src/numeric/special.js";
import { distanceBound, ksDistance, standardErrors } from "../../shared/statistics.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const builds = ["simd-local", "simd-shared", "relaxed-local", "relaxed-shared"] as const;
type BuildName = (typeof builds)[number];
interface Built {
  readonly executor: Executor;
  readonly memory: WebAssembly.Memory;
}
const built = new Map<BuildName, Built>();

beforeAll(async () => {
  // The loader knows how this version of Node is asked for relaxed SIMD, which is done before anything is compiled.
  expect((await embedded.loadModule("relaxed", false))?.build).toBe("relaxed");
  for (const name of builds) {
    const module = await WebAssembly.compile(readFileSync(`${root}build/wasm/${name}.wasm`));
    const memory = new WebAssembly.Memory({ initial: 128, maximum: 65536, shared: name.endsWith("shared") });
    built.set(name, { executor: new Executor(await instantiate(module, memory), memory), memory });
  }
});

/** Places 256 KiB apart. */
const at = (i: number): number => (i + 1) * 2 ** 18;
const unit32 = 2 ** -24;
const unit64 = 2 ** -53;

/** Numbers in [-1, 1) by a linear congruence. */
function scattered(length: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A D x D matrix A A' of rank `rank` at most, rows scaled from 1 down to `least`. */
function covarianceOf(dim: number, rank: number, least: number, seed: number): Float64Array {
  const a = scattered(dim * rank, seed);
  const scale = (d: number): number => (dim === 1 ? 1 : least ** (((d * 7) % dim) / (dim - 1)));
  return Float64Array.from({ length: dim * dim }, (_, i) => {
    const [row, column] = [Math.floor(i / dim), i % dim];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += (a[row * rank + r] as number) * (a[column * rank + r] as number);
    return sum * scale(row) * scale(column);
  });
}

describe.each(builds)("%s", (name) => {
  const arrays = (bytes: 4 | 8) => {
    const { executor, memory } = built.get(name) as Built;
    const Kind = bytes === 4 ? Float32Array : Float64Array;
    const put = (place: number, values: ArrayLike<number>) => {
      new Kind(memory.buffer, at(place), values.length).set(values);
      return at(place);
    };
    const doubles = (place: number, values: ArrayLike<number>) => {
      new Float64Array(memory.buffer, at(place), values.length).set(values);
      return at(place);
    };
    return {
      kernels: executor.kernels(bytes),
      put,
      doubles,
      get: (place: number, length: number): number[] =>
        Array.from(new Kind(memory.buffer, at(place), length)),
      getDoubles: (place: number, length: number): number[] =>
        Array.from(new Float64Array(memory.buffer, at(place), length)),
    };
  };
  const round = (bytes: 4 | 8) => (bytes === 4 ? Math.fround : (x: number) => x);

  describe("colour", () => {
    /** F, whose columns are what unit vectors become: [dim, dim] row-major. */
    function factorOf(bytes: 4 | 8, packed: boolean, dim: number, matrix: Float64Array): Float64Array {
      const { kernels, put, doubles, get } = arrays(bytes);
      const stride = dim + 3;
      const white = new Float64Array(dim * stride).fill(55);
      const upper: number[] = [];
      for (let i = 0; i < dim; i++) for (let j = i; j < dim; j++) upper.push(matrix[i * dim + j] as number);
      const matrices = new Float64Array(dim * (packed ? upper.length : dim * dim));
      for (let i = 0; i < dim; i++) {
        for (let d = 0; d < dim; d++) white[i * stride + d] = i === d ? 1 : 0;
        matrices.set(packed ? upper : matrix, i * (packed ? upper.length : dim * dim));
      }
      put(0, white);
      put(1, new Float64Array(dim * stride).fill(-99));
      if (packed) put(2, matrices);
      else doubles(2, matrices);
      kernels.colour(at(1), at(0), stride, at(2), packed ? 1 : 0, at(20), dim, dim);
      const out = get(1, dim * stride);
      const factor = new Float64Array(dim * dim);
      for (let i = 0; i < dim; i++) {
        for (let d = 0; d < dim; d++) factor[d * dim + i] = out[i * stride + d] as number;
        // Nothing is written between rows.
        expect(out.slice(i * stride + dim, (i + 1) * stride)).toEqual([-99, -99, -99]);
      }
      return factor;
    }

    /**
     * What is left out is below D eps of the largest variance (the kernel's own bound, with float32's eps for packed
     * float32), each entry of F F' has D products and sums, and each entry of F is rounded once to its type.
     */
    function expectFactor(bytes: 4 | 8, packed: boolean, dim: number, matrix: Float64Array): void {
      const entries = packed && bytes === 4 ? matrix.map(Math.fround) : matrix;
      const factor = factorOf(bytes, packed, dim, entries);
      let largest = 0;
      for (let d = 0; d < dim; d++) largest = Math.max(largest, entries[d * (dim + 1)] as number);
      const left = dim * (packed && bytes === 4 ? 2 * unit32 : 2.1 * unit64);
      const tolerance = largest * (left + 4 * dim * unit64 + (bytes === 4 ? 2 * unit32 : 0));
      for (let i = 0; i < dim; i++) {
        for (let j = 0; j < dim; j++) {
          let sum = 0;
          for (let k = 0; k < dim; k++)
            sum += (factor[i * dim + k] as number) * (factor[j * dim + k] as number);
          expect(Math.abs(sum - (entries[i * dim + j] as number)), `${i} ${j}`).toBeLessThanOrEqual(
            tolerance,
          );
        }
      }
    }

    it.each([1, 2, 3, 4, 5, 7, 16, 33, 64])(
      "F F' = C at dim %d: full and deficient ranks, uneven scales",
      { tags: ["slow"] },
      (dim) => {
        for (const bytes of [4, 8] as const) {
          for (const rank of new Set([dim, 1, Math.ceil(dim / 2), 2 * dim])) {
            for (const least of [1, 1e-3, 1e-6]) {
              const matrix = covarianceOf(dim, rank, least, 100 * dim + rank);
              expectFactor(bytes, false, dim, matrix);
              if (dim <= 3) expectFactor(bytes, true, dim, matrix);
            }
          }
        }
      },
    );

    it("tiny and huge variances, zeros, and a zero matrix", () => {
      for (const bytes of [4, 8] as const) {
        for (const packed of [false, true]) {
          for (const size of [1e-24, 1e-6, 1e6, 1e24]) {
            expectFactor(
              bytes,
              packed,
              3,
              covarianceOf(3, 3, 1, 5).map((c) => c * size),
            );
          }
          expectFactor(bytes, packed, 3, Float64Array.of(4, 0, 2, 0, 0, 0, 2, 0, 1));
          expect(Array.from(factorOf(bytes, packed, 3, new Float64Array(9)))).toEqual(new Array(9).fill(0));
        }
      }
    });

    it("pivots: the order of the coordinates does not matter to what is kept", () => {
      // The first coordinate hardly varies: without pivots the factor would divide by its rounding error.
      const matrix = Float64Array.of(1e-18, 1e-9, 1e-9, 1e-9, 1, 1 - 1e-12, 1e-9, 1 - 1e-12, 1);
      expectFactor(8, false, 3, matrix);
      expectFactor(8, true, 3, matrix);
      // Rounding may leave a variance a little below 0: that direction gets no noise.
      const below = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, -1e-17);
      expect(Array.from(factorOf(8, false, 3, below))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 0]);
    });
  });

  it("spreadRows: sqrt(w) (mu - mean) xi with the particle's own normals", () => {
    const seed = 2 ** 41 + 3;
    for (const bytes of [4, 8] as const) {
      const { kernels, put, doubles, get } = arrays(bytes);
      const type = round(bytes);
      for (const [dim, width, size] of [
        [5, 8, 3],
        [70, 72, 9],
        [4, 4, 1],
        [6, 8, 6],
      ] as const) {
        const [n, particle, step, stream, stride] = [3, 41, 7, 4, size + 5];
        const points = scattered(size * width, 9).map(type);
        const weights = scattered(n * stride, 10).map((x, i) =>
          i % 4 === 1 && size > 2 ? 0 : type(Math.abs(x) + 0.1),
        );
        const mean = scattered(n * width, 11);
        const stats = new Float64Array(4 * n);
        const sums = Array.from({ length: n }, (_, i) =>
          weights.subarray(i * stride, i * stride + size).reduce((a, b) => a + b, 0),
        );
        for (let i = 0; i < n; i++) stats[4 * i + 1] = sums[i] as number;
        put(0, points);
        put(1, weights);
        doubles(2, mean);
        doubles(3, stats);
        put(4, new Float64Array(n * width).fill(-99));
        kernels.spreadRows(
          ...([
            at(4),
            width,
            at(2),
            at(1),
            stride,
            at(3),
            at(0),
            n,
            size,
            dim,
            width,
            particle,
            step,
            stream,
          ] as const),
          ...([seed >>> 0, Math.floor(seed / 2 ** 32), at(5), at(6), at(7), 0, size] as const),
        );
        const out = get(4, n * width);
        for (let i = 0; i < n; i++) {
          const xi = fillNormals(new Float64Array(size), size, 1, particle + i, seed, step, stream);
          for (let d = 0; d < width; d++) {
            let sum = 0;
            for (let m = 0; m < size; m++) {
              const weight = (weights[i * stride + m] as number) / (sums[i] as number);
              const e = (points[m * width + d] as number) - (mean[i * width + d] as number);
              sum += Math.sqrt(weight) * e * (xi[m] as number);
            }
            // Normals differ by 1e-14; float32 rounds the result once.
            const tolerance = 1e-12 + (bytes === 4 ? unit32 * Math.abs(sum) : 0);
            if (d >= dim) expect(out[i * width + d]).toBe(-99);
            else expect(Math.abs((out[i * width + d] as number) - sum)).toBeLessThanOrEqual(tolerance);
          }
        }
      }
    }
  });

  it("linear: A x with sums in float64, also in place", () => {
    for (const bytes of [4, 8] as const) {
      const { kernels, put, doubles, get } = arrays(bytes);
      const type = round(bytes);
      for (const [dim, width] of [
        [1, 1],
        [2, 2],
        [3, 3],
        [5, 8],
        [64, 64],
      ] as const) {
        const n = 4;
        const stride = dim + (dim % 2);
        const matrix = scattered(dim * dim, 21);
        const columns = new Float64Array(stride * dim);
        for (let i = 0; i < dim * dim; i++) {
          columns[(i % dim) * stride + Math.floor(i / dim)] = matrix[i] as number;
        }
        const x = scattered(n * width, 22).map(type);
        doubles(0, columns);
        for (const inPlace of [false, true]) {
          put(1, x);
          put(2, new Float64Array(n * width).fill(-99));
          kernels.linear(at(inPlace ? 1 : 2), at(1), at(0), at(3), n, dim, width);
          const out = get(inPlace ? 1 : 2, n * width);
          for (let i = 0; i < n; i++) {
            for (let d = 0; d < width; d++) {
              let sum = 0;
              // The order of the kernel: column by column, from 0.
              for (let e = 0; e < dim; e++) {
                sum += (matrix[d * dim + e] as number) * (x[i * width + e] as number);
              }
              const kept = inPlace ? x[i * width + d] : -99;
              expect(out[i * width + d]).toBe(d < dim ? type(sum) : kept);
            }
          }
        }
      }
    }
  });

  it("slope and stage: products and sums in order, each rounded", () => {
    const fused = name.startsWith("relaxed");
    for (const bytes of [4, 8] as const) {
      const { kernels, put, doubles, get } = arrays(bytes);
      const type = round(bytes);
      const count = 37;
      const [g, y, mean] = [1, 2, 3].map((seed) => scattered(count, seed).map(type)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      put(0, g);
      put(1, y);
      put(2, mean);
      kernels.slope(at(3), at(0), at(1), at(2), count);
      const slopes = get(3, count);
      slopes.forEach((value, i) => {
        expect(value).toBe(type((g[i] as number) * type((y[i] as number) - (mean[i] as number))));
      });
      const a = [1 / 5, -56 / 15, 32 / 9, -212 / 729, 0, 11 / 84, -1 / 40];
      const stride = 1024;
      const many = scattered(7 * (stride / bytes), 4).map(type);
      put(4, many);
      doubles(5, a);
      for (let terms = 1; terms <= 7; terms++) {
        kernels.stage(at(6), at(1), at(0), at(4), stride, at(5), terms, count);
        const out = get(6, count);
        out.forEach((value, i) => {
          let sum = 0;
          let scale = 0;
          for (let j = 0; j < terms; j++) {
            const product = type(type(a[j] as number) * (many[j * (stride / bytes) + i] as number));
            sum = type(product + sum);
            scale += Math.abs(product);
          }
          const truth = type(type((g[i] as number) * sum) + (y[i] as number));
          // A fused operation leaves out one rounding of a partial sum, of which there are at most eight.
          const tolerance = 8 * (bytes === 4 ? unit32 : unit64) * (scale + 1);
          if (fused) expect(Math.abs(value - truth)).toBeLessThanOrEqual(tolerance);
          else expect(value).toBe(truth);
        });
      }
    }
  });

  it("errorNorm: the root mean square of scaled errors, and its power -1/5", () => {
    const e = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];
    for (const bytes of [4, 8] as const) {
      const { kernels, put, doubles, getDoubles } = arrays(bytes);
      const type = round(bytes);
      const [n, dim, width, stride] = [9, 5, 8, 1024];
      const [y, yNew, h] = [1, 2, 3].map((seed) => scattered(n * width, seed).map(type)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const slopes = scattered(7 * (stride / bytes), 4).map(type);
      // Some above the mean square of the rest, some below.
      const extra = scattered(n, 5).map((value, i) => Math.abs(value) * 10 ** (i - 4));
      put(0, y);
      put(1, yNew);
      put(2, h);
      put(3, slopes);
      doubles(4, e);
      doubles(5, extra);
      for (const [atol, rtol] of [
        [1e-5, 1e-4],
        [1e-12, 1e-10],
        [1e-3, 0],
      ] as const) {
        for (const withExtra of [false, true]) {
          kernels.errorNorm(
            ...([at(6), at(0), at(1), at(2), at(3), stride, at(4), 7, withExtra ? at(5) : 0] as const),
            ...([atol, rtol, n, dim, width] as const),
          );
          const out = getDoubles(6, 2 * n);
          for (let i = 0; i < n; i++) {
            let sum = 0;
            for (let d = 0; d < dim; d++) {
              const o = i * width + d;
              let error = 0;
              for (let j = 0; j < 7; j++)
                error += (e[j] as number) * (slopes[j * (stride / bytes) + o] as number);
              error *= h[o] as number;
              const size = Math.max(Math.abs(y[o] as number), Math.abs(yNew[o] as number));
              sum += (error / (atol + rtol * size)) ** 2;
            }
            const norm = Math.sqrt(Math.max(sum / dim, withExtra ? (extra[i] as number) : 0));
            expect(Math.abs((out[2 * i] as number) / norm - 1)).toBeLessThanOrEqual(4 * unit64);
            expectRoot(out[2 * i] as number, out[2 * i + 1] as number);
          }
        }
      }
    }
  });

  /** Five times 1e-15, which is what an error of 1e-15 in y does; the product rounds six times itself. */
  function expectRoot(x: number, y: number): void {
    expect(Math.abs(x * y * y * y * y * y - 1), `${x}`).toBeLessThanOrEqual(5e-15 + 6 * unit64);
  }

  it("errorNorm: x^(-1/5) to 1e-15 from 1e-30 to 1e30, held there beyond; NaN stays NaN", () => {
    const { kernels, doubles, getDoubles } = arrays(8);
    const list: number[] = [];
    for (let power = -29.99; power < 30; power += 0.013) list.push(10 ** power);
    for (let power = -99; power < 99; power++) list.push(2 ** power, 2 ** power * (1 - 2 ** -53));
    const ask = (values: number[]): number[] => {
      // One coordinate, one slope with factor 1, h = 1, atol 1: the norm is the slope.
      const n = values.length;
      doubles(0, new Float64Array(n));
      doubles(1, new Float64Array(n).fill(1));
      doubles(2, values);
      doubles(3, [1]);
      kernels.errorNorm(at(4), at(0), at(0), at(1), at(2), 8 * n, at(3), 1, 0, 1, 0, n, 1, 1);
      return getDoubles(4, 2 * n);
    };
    const out = ask(list);
    list.forEach((x, i) => {
      // The square's root gives x to a rounding.
      expect(Math.abs((out[2 * i] as number) / x - 1)).toBeLessThanOrEqual(4 * unit64);
      expectRoot(out[2 * i] as number, out[2 * i + 1] as number);
    });
    const [zero, least, , most, , nothing] = [ask([0]), ask([1e-60]), 0, ask([1e60]), 0, ask([Number.NaN])];
    expect((zero as number[])[0]).toBe(0);
    expectRoot(1e-30, (zero as number[])[1] as number);
    expectRoot(1e-30, (least as number[])[1] as number);
    expectRoot(1e30, (most as number[])[1] as number);
    expect(nothing).toEqual([Number.NaN, Number.NaN]);
  });
});

describe("the covariance of an effective SDE's noise is that of the posterior", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ threads: 1 });
  });
  afterAll(() => engine.close());

  /** Dimension, points: factors of the matrix for D <= 3, or M >= D up to 64; without a matrix else. */
  const shapes: [string, number, number][] = [
    ["D = 1", 1, 5],
    ["D = 2", 2, 6],
    ["D = 3, two points", 3, 2],
    ["D = 6, more points", 6, 11],
    ["D = 6, fewer points", 6, 4],
    ["D = 70", 70, 90],
  ];
  describe.each(shapes)("%s", (_, dim, size) => {
    it.each([
      ["f32", "edm"],
      ["f64", "songVp"],
    ] as const)("%s, %s", { tags: ["slow"] }, async (precision, name) => {
      const process = name === "edm" ? edm() : songVp();
      // One percent less noise is 9 standard errors of a variance, in 70 dimensions 3 of each of 70.
      const count = dim > 6 ? 40_000 : 400_000;
      const points = scattered(size * dim, 31 + dim);
      const weights = Float64Array.from({ length: size }, (_, m) => 1 + (m % 3));
      const data = engine.mixture(points, { dim, weights, precision });
      // Level and place where several points count.
      const [t, s] = [process.timeOfSigma(Math.sqrt(dim) / 2), process.timeOfSigma(Math.sqrt(dim) / 3)];
      const level = levelAt(process, t);
      const x = scattered(dim, 77).map((value) => Math.fround(0.3 * level.alpha * value));
      const initial = Float64Array.from({ length: count * dim }, (_, i) => x[i % dim] as number);
      const grid = times([t, s]);
      const drawn = 2;
      const still = await sample(exactScore(data, process), { sampler: euler(), grid, initial: x });
      const estimator = effectiveSde(naiveScore(data, process, { draws: drawn }));
      const run = await sample(estimator, { sampler: euler(), grid, initial, seed: 41 });
      data.dispose();

      const mixture = {
        points,
        dim,
        weights: weights.map((w) => w / weights.reduce((a, b) => a + b)),
        sigma0: 0,
      };
      const { posteriorWeights, posteriorMean } = evaluatePoint(mixture, level, x, [
        "posteriorWeights",
        "posteriorMean",
      ]);
      const factor = ((t - s) * level.diffusion * (level.alpha / level.variance)) ** 2 / drawn;
      const truth = (i: number, j: number): number => {
        let sum = 0;
        posteriorWeights.forEach((p, m) => {
          const e = (d: number): number => (points[m * dim + d] as number) - (posteriorMean[d] as number);
          sum += p * e(i) * e(j);
        });
        return factor * sum;
      };
      const noise = (p: number, d: number): number =>
        (run.samples[p * dim + d] as number) - (still.samples[d] as number);
      // Diagonals, and off them all entries of small matrices or a band.
      for (let i = 0; i < dim; i++) {
        for (let j = i; j < Math.min(dim, dim <= 6 ? dim : i + 2); j++) {
          const [ii, ij, jj] = [truth(i, i), truth(i, j), truth(j, j)];
          let sum = 0;
          for (let p = 0; p < count; p++) sum += noise(p, i) * noise(p, j) - ij;
          // Gaussian: the product has variance C_ii C_jj + C_ij^2.
          const error = Math.sqrt((ii * jj + ij * ij) / count);
          expect(Math.abs(sum / count), `${i} ${j}`).toBeLessThan(standardErrors * error);
        }
        let sum = 0;
        for (let p = 0; p < count; p++) sum += noise(p, i);
        expect(Math.abs(sum / count)).toBeLessThan(standardErrors * Math.sqrt(truth(i, i) / count));
      }
      // Gaussian along a direction that mixes all coordinates.
      const direction = scattered(dim, 88);
      let variance = 0;
      for (let i = 0; i < dim; i++) {
        for (let j = 0; j < dim; j++)
          variance += (direction[i] as number) * (direction[j] as number) * truth(i, j);
      }
      const along = Float64Array.from({ length: count }, (_, p) => {
        let sum = 0;
        for (let d = 0; d < dim; d++) sum += (direction[d] as number) * noise(p, d);
        return sum / Math.sqrt(variance);
      });
      expect(ksDistance(along, normalCdf)).toBeLessThan(distanceBound(count));
    });
  });
});
