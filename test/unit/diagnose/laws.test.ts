// Distances between laws, and Kullback-Leibler of masses: closed forms, naive loops, and whether the standard errors
// are those of the estimates.
//
// Calibration, over R seeded repetitions: the mean of z = (estimate - truth) / error is within 5.7 / sqrt(R) of 0, the
// mean of z^2 within 5.7 sqrt(v / R) of 1 where v is the variance of z^2 (2 of a normal z, 14 of a centred chi-square
// of one degree, the widest null law), each 1.2e-8; below 40 of them in this file. Where an estimate or its error has
// a bias, the bound beside says by how much.
import {
  createEngine,
  energyDistance,
  type Engine,
  massKl,
  type Mixture,
  mmd,
  type PointsInput,
  slicedWasserstein,
  voronoiMass,
} from "vkernel";
import { fillNormals, uniform } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standardErrors } from "../../shared/statistics.js";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

const uniforms = (count: number, seed: number, repeat = 0): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => uniform(seed, i, repeat, 0, 0));
const normals = (count: number, dim: number, seed: number, repeat = 0): Float64Array =>
  fillNormals(new Float64Array(count * dim), dim, count, 0, seed, repeat, 9);
const make = (points: PointsInput, dim: number, weights?: number[]): Mixture =>
  engine.mixture(points, { dim, precision: "f64", ...(weights && { weights }) });

/** Means of z and of z^2. */
async function calibrate(
  repeats: number,
  truth: number,
  run: (repeat: number) => Promise<{ value: number; standardError: number }>,
): Promise<{ mean: number; square: number }> {
  let mean = 0;
  let square = 0;
  for (let r = 0; r < repeats; r++) {
    const { value, standardError } = await run(r);
    const z = (value - truth) / standardError;
    mean += z / repeats;
    square += (z * z) / repeats;
  }
  return { mean, square };
}

/** Mean and variance of the values, and the mean of the variances that their errors claim. */
function summary(results: readonly { value: number; standardError: number }[]) {
  const n = results.length;
  const mean = results.reduce((sum, { value }) => sum + value / n, 0);
  const variance = results.reduce((sum, { value }) => sum + (value - mean) ** 2 / (n - 1), 0);
  return { mean, variance, claimed: results.reduce((sum, one) => sum + one.standardError ** 2 / n, 0) };
}

describe("slicedWasserstein", () => {
  it("between shifted sets on a line is the shift", async () => {
    const a = uniforms(101, 1);
    for (const order of [1, 2] as const) {
      const shifted = await slicedWasserstein(
        a,
        a.map((x) => x + 3),
        { dim: 1, order },
      );
      expect(shifted.value).toBeCloseTo(3, 12);
      expect(shifted).toMatchObject({ projections: 1, projectionError: 0 });
      expect(await slicedWasserstein(a, a, { dim: 1, order })).toMatchObject({ value: 0, samplingError: 0 });
    }
  });

  it.each([1, 2] as const)(
    "is the integral over quantiles for unequal counts and weights, order %i",
    async (order) => {
      const a = uniforms(12, 2);
      const b = normals(7, 1, 3);
      const weights = [1, 2, 0, 4, 5, 1, 2];
      const law = make(b, 1, weights);
      const quantile = (points: ArrayLike<number>, w: readonly number[], u: number): number => {
        const order = Array.from(points, (_, i) => i).sort((i, j) => points[i] - points[j]);
        const total = w.reduce((x, y) => x + y, 0);
        let sum = 0;
        for (const i of order) {
          sum += w[i] / total;
          if (sum > u) return points[i];
        }
        return points[order.at(-1) as number];
      };
      for (const [right, w] of [
        [b, Array(7).fill(1)],
        [law, weights],
      ] as const) {
        // Midpoints of a grid that all jumps of both quantile functions lie on: exact.
        const cells = 12 * 7 * 15;
        let power = 0;
        for (let k = 0; k < cells; k++) {
          const u = (k + 0.5) / cells;
          power += Math.abs(quantile(a, Array(12).fill(1), u) - quantile(b, w, u)) ** order / cells;
        }
        const { value } = await slicedWasserstein(a, right, { dim: 1, order });
        expect(value).toBeCloseTo(power ** (1 / order), 12);
        const back = await slicedWasserstein(right, a, { dim: 1, order });
        expect(back.value).toBeCloseTo(value, 13);
      }
    },
  );

  it("a shift in D dimensions: |shift| / sqrt(D) in order 2", { tags: ["slow"] }, async () => {
    for (const dim of [2, 5]) {
      const a = normals(50, dim, 4);
      const b = a.map((x, k) => x + (k % dim === 0 ? 2 : 0));
      const { value, projectionError, samplingError } = await slicedWasserstein(a, b, {
        dim,
        projections: 4000,
      });
      expect(Math.abs(value - 2 / Math.sqrt(dim))).toBeLessThan(standardErrors * projectionError);
      // (theta.e)^2 is a beta variable of variance 2 (D - 1) / (D^2 (D + 2)): the error follows, to 5 percent.
      const spread = Math.sqrt((2 * (dim - 1)) / (dim * dim * (dim + 2)) / 4000);
      expect(projectionError / ((4 * spread) / (2 * value))).toBeGreaterThan(0.95);
      expect(projectionError / ((4 * spread) / (2 * value))).toBeLessThan(1.05);
      expect(samplingError).toBeGreaterThan(0);
    }
  });

  it("has calibrated errors on a line", { tags: ["slow"] }, async () => {
    // Of n draws the squared distance of uniform laws is too large by about 2 / (6 n) of 4: 0.02 errors.
    const law = make(
      Array.from({ length: 2000 }, (_, m) => [2 + (m + 0.5) / 2000]),
      1,
    );
    for (const [order, counts] of [
      [2, [200, 130]],
      [2, [150, 150]],
      [1, [100, 170]],
      [2, [200, 0]],
    ] as const) {
      const { mean, square } = await calibrate(400, 2, (r) =>
        slicedWasserstein(
          uniforms(counts[0], 5, r),
          counts[1] === 0 ? law : uniforms(counts[1], 6, r).map((x) => x + 2),
          { dim: 1, order },
        ),
      );
      expect(Math.abs(mean)).toBeLessThan(standardErrors / 20 + 0.02);
      expect(Math.abs(square - 1)).toBeLessThan(standardErrors * Math.sqrt(2 / 400) + 0.02);
    }
  });

  it("has calibrated errors over directions and draws together", { tags: ["slow"] }, async () => {
    // N(0, I) and N((3, 0), I) in the plane: 3 / sqrt(2). The bias of W_2^2 of 300 draws each is below 0.03 (two
    // variables of E W_2^2 about log log n / n), the error of the value about 0.1 of 2.1: below 0.1 errors.
    const { mean, square } = await calibrate(400, 3 / Math.SQRT2, (r) =>
      slicedWasserstein(
        normals(300, 2, 7, r),
        normals(300, 2, 8, r).map((x, k) => x + (k % 2 === 0 ? 3 : 0)),
        { dim: 2, projections: 24, seed: r },
      ),
    );
    expect(Math.abs(mean)).toBeLessThan(standardErrors / 20 + 0.1);
    expect(Math.abs(square - 1)).toBeLessThan(standardErrors * Math.sqrt(2 / 400) + 0.1);
  });

  it("draws its directions by its seed, in whatever order", async () => {
    const a = normals(40, 3, 9);
    const b = normals(30, 3, 10);
    const first = await slicedWasserstein(a, b, { dim: 3, seed: 1 });
    expect(await slicedWasserstein(a, b, { dim: 3, seed: 1 })).toEqual(first);
    expect((await slicedWasserstein(a, b, { dim: 3, seed: 2 })).value).not.toBe(first.value);
    const rows = Array.from({ length: 40 }, (_, i) => [...a.subarray(3 * i, 3 * i + 3)]).reverse();
    expect((await slicedWasserstein(rows, b, { seed: 1 })).value).toBeCloseTo(first.value, 12);
    const law = await slicedWasserstein(rows, make(b, 3), { seed: 1 });
    expect(law.value).toBeCloseTo(first.value, 12);
    expect(law.samplingError).toBeLessThan(first.samplingError);
    const wide = await slicedWasserstein(
      a.map((x) => 8 * x),
      b.map((x) => 8 * x),
      { dim: 3, seed: 1 },
    );
    expect(wide.value).toBeCloseTo(8 * first.value, 11);
    expect(wide.standardError).toBeCloseTo(8 * first.standardError, 11);
  });
});

/** The U-statistic as it is written, and its variance terms left out. */
function naive(
  a: Float64Array,
  b: Float64Array,
  dim: number,
  kernel: (distance: number) => number,
  weights?: readonly number[],
): number {
  const row = (x: Float64Array, i: number) => x.subarray(i * dim, (i + 1) * dim);
  const k = (x: Float64Array, y: Float64Array) => kernel(Math.hypot(...x.map((v, d) => v - y[d])));
  const n = a.length / dim;
  const m = b.length / dim;
  const w = weights ?? Array(m).fill(1 / m);
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) if (i !== j) aa += k(row(a, i), row(a, j)) / (n * (n - 1));
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++) {
      if (weights) bb += w[i] * w[j] * k(row(b, i), row(b, j));
      else if (i !== j) bb += k(row(b, i), row(b, j)) / (m * (m - 1));
    }
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) ab += (w[j] / n) * k(row(a, i), row(b, j));
  return aa + bb - 2 * ab;
}

describe("mmd and energyDistance", () => {
  const kernels = {
    gaussian: (h: number) => (d: number) => Math.exp(-(d * d) / (2 * h * h)),
    rational: (h: number) => (d: number) => 1 / (1 + (d * d) / (2 * h * h)),
  };

  it.each([1, 3, 20])("are the naive loops in %i dimensions", async (dim) => {
    const a = normals(30, dim, 11);
    const b = normals(21, dim, 12).map((x) => x + 0.5);
    const given = Array.from({ length: 21 }, (_, m) => m % 3);
    const total = given.reduce((x, y) => x + y, 0);
    const weights = given.map((w) => w / total);
    const law = make(b, dim, given);
    for (const kernel of ["gaussian", "rational"] as const) {
      const options = { dim, kernel, bandwidth: 1.3 };
      const of = kernels[kernel](1.3);
      expect((await mmd(a, b, options)).value).toBeCloseTo(naive(a, b, dim, of), 13);
      expect((await mmd(b, a, options)).value).toBeCloseTo(naive(a, b, dim, of), 13);
      expect((await mmd(a, law, options)).value).toBeCloseTo(naive(a, b, dim, of, weights), 13);
      expect((await mmd(law, a, options)).value).toBeCloseTo(naive(a, b, dim, of, weights), 13);
    }
    const minus = (d: number): number => -d;
    expect((await energyDistance(a, b, { dim })).value).toBeCloseTo(naive(a, b, dim, minus), 12);
    expect((await energyDistance(a, law)).value).toBeCloseTo(naive(a, b, dim, minus, weights), 12);
  });

  it.each([1, 3])(
    "have the errors of Hoeffding's decomposition, term by term, in %i dimensions",
    async (dim) => {
      const n = 13;
      const m = 9;
      const a = normals(n, dim, 27);
      const row = (x: Float64Array, i: number) => x.subarray(i * dim, (i + 1) * dim);
      const of = kernels.gaussian(1.1);
      const matrix = (x: Float64Array, y: Float64Array): number[][] =>
        Array.from({ length: x.length / dim }, (_, i) =>
          Array.from({ length: y.length / dim }, (_, j) =>
            of(Math.hypot(...row(x, i).map((v, d) => v - row(y, j)[d]))),
          ),
        );
      const average = (list: readonly number[]): number => list.reduce((x, y) => x + y, 0) / list.length;
      const variance = (list: readonly number[]): number =>
        list.reduce((sum, v) => sum + (v - average(list)) ** 2, 0) / (list.length - 1);
      /** U-centred, squared, summed over i other than j, over count (count - 3). */
      const own = (k: number[][]): number => {
        const count = k.length;
        const sums = k.map((line, i) => line.reduce((x, y) => x + y, 0) - line[i]);
        const all = sums.reduce((x, y) => x + y, 0);
        let squares = 0;
        for (let i = 0; i < count; i++)
          for (let j = 0; j < count; j++) {
            const centred = k[i][j] - (sums[i] + sums[j]) / (count - 2) + all / ((count - 1) * (count - 2));
            if (i !== j) squares += centred * centred;
          }
        return squares / (count * (count - 3));
      };
      for (const shift of [0, 2]) {
        const b = normals(m, dim, 28).map((x) => x + shift);
        const [aa, bb, ab] = [matrix(a, a), matrix(b, b), matrix(a, b)];
        const rows = ab.map(average);
        const columns = Array.from({ length: m }, (_, j) => average(ab.map((line) => line[j])));
        let z = 0;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < m; j++)
            z += (ab[i][j] - rows[i] - columns[j] + average(rows)) ** 2 / ((n - 1) * (m - 1));
        const side = (k: number[][], other: readonly number[], noise: number): number => {
          const count = k.length;
          const h = k.map((line, i) => (line.reduce((x, y) => x + y, 0) - line[i]) / (count - 1) - other[i]);
          const first = variance(h) - (own(k) * (count - 2)) / (count - 1) ** 2 - noise;
          return (4 * Math.max(0, first)) / count + (2 * own(k)) / (count * (count - 1));
        };
        const both = side(aa, rows, z / m) + side(bb, columns, z / n) + (4 * z) / (n * m);
        const options = { dim, bandwidth: 1.1 };
        expect((await mmd(a, b, options)).standardError).toBeCloseTo(Math.sqrt(both), 12);
        const law = await mmd(a, make(b, dim), options);
        expect(law.standardError).toBeCloseTo(Math.sqrt(side(aa, rows, 0)), 12);
        expect((await mmd(make(a, dim), b, options)).standardError).toBeCloseTo(
          Math.sqrt(side(bb, columns, 0)),
          12,
        );
      }
    },
  );

  it("of two point masses, and of equal laws", async () => {
    const [x, y] = [make([[0, 0]], 2), make([[3, 4]], 2)];
    expect(await energyDistance(x, y)).toEqual({ value: 10, standardError: 0 });
    const { value, bandwidth } = await mmd(x, y, { bandwidth: 2 });
    expect(bandwidth).toBe(2);
    expect(value).toBeCloseTo(2 - 2 * Math.exp(-25 / 8), 14);
    expect((await mmd(x, y)).bandwidth).toBe(5);
    const law = make(normals(20, 2, 13), 2);
    expect((await energyDistance(law, law)).value).toBeCloseTo(0, 13);
    expect((await mmd(x, x)).value).toBe(0);
  });

  it("mmd of normal laws is the closed form, with calibrated errors", { tags: ["long"] }, async () => {
    for (const [dim, n, m, shift, h] of [
      [1, 60, 40, 1, 1],
      [3, 50, 50, 1.5, 2],
      [2, 40, 90, 0.7, 0.5],
    ] as const) {
      const near = (square: number): number =>
        (h * h) ** (dim / 2) * (h * h + 2) ** (-dim / 2) * Math.exp(-square / (2 * (h * h + 2)));
      const truth = 2 * near(0) - 2 * near(shift * shift);
      // Of so few draws error and estimate rise together, so z is skewed; the claimed variance has to be the true one.
      const repeats = 1000;
      const results = [];
      for (let r = 0; r < repeats; r++) {
        const b = normals(m, dim, 15, r).map((x, k) => x + (k % dim === 0 ? shift : 0));
        results.push(await mmd(normals(n, dim, 14, r), b, { dim, bandwidth: h }));
      }
      const { mean, variance, claimed } = summary(results);
      expect(Math.abs(mean - truth)).toBeLessThan(standardErrors * Math.sqrt(variance / repeats));
      // The variance of the values is known to 5.7 sqrt(3 / 1000) = 0.31 of itself (excess kurtosis up to 1); the
      // terms of first order are right to 1 / n.
      expect(Math.abs(claimed / variance - 1)).toBeLessThan(0.31 + 1 / 40);
    }
  });

  it("energyDistance of uniform laws is the closed form, with calibrated errors, against a law too", {
    tags: ["long"],
  }, async () => {
    // E|X - Y| = 1, E|X - X'| = E|Y - Y'| = 1/3.
    const both = await calibrate(600, 4 / 3, (r) =>
      energyDistance(
        uniforms(50, 16, r),
        uniforms(80, 17, r).map((x) => x + 1),
        { dim: 1 },
      ),
    );
    // A law on cells: E|Y - Y'| = (1 - 1/400^2) / 3.
    const law = make(
      Array.from({ length: 400 }, (_, m) => [1 + (m + 0.5) / 400]),
      1,
    );
    const one = await calibrate(600, 4 / 3, (r) => energyDistance(uniforms(50, 18, r), law));
    for (const { mean, square } of [both, one]) {
      expect(Math.abs(mean)).toBeLessThan(standardErrors / Math.sqrt(600) + 0.1);
      expect(Math.abs(square - 1)).toBeLessThan(standardErrors * Math.sqrt(2 / 600) + 0.1);
    }
  });

  it("for equal laws, errors hold or err upward, and estimates have no bias", {
    tags: ["long"],
  }, async () => {
    const law = make(
      Array.from({ length: 400 }, (_, m) => [(m + 0.5) / 400]),
      1,
    );
    const repeats = 2000;
    for (const run of [
      (r: number) => energyDistance(uniforms(40, 19, r), uniforms(25, 20, r), { dim: 1 }),
      (r: number) => energyDistance(uniforms(40, 21, r), law),
      (r: number) => mmd(normals(40, 2, 22, r), normals(30, 2, 23, r), { dim: 2, bandwidth: 1 }),
    ]) {
      const results = [];
      for (let r = 0; r < repeats; r++) results.push(await run(r));
      const { mean, variance, claimed } = summary(results);
      expect(Math.abs(mean)).toBeLessThan(standardErrors * Math.sqrt(variance / repeats));
      // Cutting the first order at 0 adds at most what its own noise is: errors squared up to twice too large. The
      // variance of the values is known to 5.7 sqrt(14 / 2000) = 0.48 of itself at most.
      expect(claimed / variance).toBeGreaterThan(1 - 0.48);
      expect(claimed / variance).toBeLessThan(2 + 0.48);
    }
  });

  it("a duplicate equals a doubled weight; order, shifts and far data change nothing", async () => {
    const a = normals(30, 2, 24);
    const b = normals(20, 2, 25);
    const weights = Array.from({ length: 20 }, (_, m) => (m === 3 ? 2 : 1));
    const twice = make(Float64Array.of(...b, b[6], b[7]), 2);
    const heavy = make(b, 2, weights);
    for (const distance of [mmd, energyDistance]) {
      const first = await distance(a, heavy);
      const second = await distance(a, twice);
      expect(second.value).toBeCloseTo(first.value, 12);
      expect(second.standardError).toBeCloseTo(first.standardError, 12);
      const shift = (x: Float64Array) => x.map((v) => v + 1024);
      const here = await distance(a, b, { dim: 2 });
      const there = await distance(shift(a), shift(b), { dim: 2 });
      expect(there.value).toBeCloseTo(here.value, 11);
      expect(there.standardError).toBeCloseTo(here.standardError, 11);
      const rows = Array.from({ length: 30 }, (_, i) => [a[2 * i], a[2 * i + 1]]).reverse();
      expect((await distance(rows, b)).value).toBeCloseTo(here.value, 13);
    }
    // The bandwidth of the heuristic too.
    expect((await mmd(a, twice)).bandwidth).toBe((await mmd(a, heavy)).bandwidth);
  });

  it("the median heuristic is the median of distances between distinct points", async () => {
    const a = [[0], [1], [1]];
    const b = [[3], [7]];
    // Equal halves: weights 1/6 and 1/4. Distances: 1 (2/36), 3, 7 (1/24 each), 2, 6 (2/24 each), 4 (1/16):
    // 0.181 of 0.368 up to 3, 0.243 up to 4.
    expect((await mmd(a, b)).bandwidth).toBe(4);
    const wide = await mmd(
      a.map(([x]) => [2 * x]),
      b.map(([x]) => [2 * x]),
    );
    expect(wide.bandwidth).toBe(8);
    expect(wide.value).toBeCloseTo((await mmd(a, b)).value, 14);
  });

  it("of too few draws are NaN, and say nothing that they do not know", async () => {
    for (const distance of [mmd, energyDistance]) {
      for (const few of [[], [[1, 2]]]) {
        const result = await distance(few, [
          [0, 0],
          [1, 1],
          [2, 2],
          [3, 5],
        ]);
        expect(result.value).toBeNaN();
        expect(result.standardError).toBeNaN();
      }
      const three = await distance(
        [
          [0, 0],
          [1, 0],
          [0, 1],
        ],
        [
          [0, 0],
          [1, 1],
          [2, 2],
          [3, 5],
        ],
      );
      expect(three.value).toBeTypeOf("number");
      expect(three.value).not.toBeNaN();
      expect(three.standardError).toBeNaN();
    }
    expect((await slicedWasserstein([], [[1, 2]])).value).toBeNaN();
    expect((await energyDistance([], [])).value).toBeNaN();
    expect((await slicedWasserstein(new Float32Array(0), new Float32Array(0), { dim: 3 })).value).toBeNaN();
  });
});

describe("massKl", () => {
  it("is the sum, less its bias", () => {
    const { value, plugIn } = massKl({ mass: [0.5, 0.5, 0], count: 100 }, [1, 3, 4]);
    const truth = 0.5 * Math.log(0.5 / (1 / 8)) + 0.5 * Math.log(0.5 / (3 / 8));
    expect(plugIn).toBeCloseTo(truth, 14);
    expect(value).toBeCloseTo(truth - 1 / 200, 14);
    expect(massKl({ mass: [0.5, 0.5], count: 10 }, [1, 0]).value).toBe(Number.POSITIVE_INFINITY);
    expect(massKl({ mass: [0, 0], count: 0 }, [1, 1]).value).toBeNaN();
  });

  it("has calibrated errors, for laws that differ and for equal ones", { tags: ["slow"] }, async () => {
    const points = Array.from({ length: 8 }, (_, m) => [m]);
    const data = make(points, 1);
    const count = 400;
    for (const p of [
      [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05],
      [0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125],
    ]) {
      const truth = p.reduce((sum, mass, m) => sum + mass * Math.log(mass / (data.weights[m] as number)), 0);
      const ends = p.map((_, m) => p.slice(0, m + 1).reduce((x, y) => x + y, 0));
      const repeats = 600;
      const { mean, square } = await calibrate(repeats, truth, async (r) => {
        const samples = uniforms(count, 26, r).map((u) =>
          Math.max(
            0,
            ends.findIndex((end) => u <= end),
          ),
        );
        return massKl(await voronoiMass(samples, data), data.weights);
      });
      // The next bias is of order K^2 / n^2 / p, below a tenth of an error; of the equal law, 2 n KL is a chi-square
      // of 7 degrees: z^2 has variance 2 + 12 / 7, and v cut at 0 makes the errors up to 1.2 times too large.
      expect(Math.abs(mean)).toBeLessThan(standardErrors / Math.sqrt(repeats) + 0.1);
      expect(square).toBeLessThan(1 + standardErrors * Math.sqrt(4 / repeats) + 0.1);
      expect(square).toBeGreaterThan(
        1 - standardErrors * Math.sqrt(2 / repeats) - (p[0] === 0.125 ? 0.35 : 0.1),
      );
    }
  });
});
