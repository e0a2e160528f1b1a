// Copies, coverage, gaps and hulls: against closed forms, naive loops and barycentric coordinates.
//
// False alarms, for a change of stream: each assertion on a rate is at 5.7 standard errors (1.2e-8); below 10 of them.
import {
  coverage,
  createEngine,
  type Engine,
  gapFraction,
  hullFraction,
  memorization,
  type Mixture,
  nearestPoints,
  polygon,
  type Precision,
} from "vkernel";
import { uniform } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standardErrors } from "../../shared/statistics.js";

let engine: Engine;
let plain: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  plain = await createEngine({ kernels: "reference" });
});
afterAll(() => {
  engine.close();
  plain.close();
});

/** Uniform numbers in [-1, 1). */
const scattered = (length: number, seed: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => 2 * uniform(seed, i, 0, 0, 0) - 1);

const make = (points: Float64Array | number[][], dim: number, options: object = {}): Mixture<Precision> =>
  engine.mixture(points, { dim, precision: "f64", ...options });

/** Distances from one sample to all points, ascending, by another route than the library's. */
function distancesTo(sample: ArrayLike<number>, points: ArrayLike<number>, dim: number): [number, number][] {
  const out: [number, number][] = [];
  for (let m = 0; m < points.length / dim; m++) {
    out.push([Math.hypot(...Array.from({ length: dim }, (_, d) => sample[d] - points[m * dim + d])), m]);
  }
  return out.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/**
 * Squares summed over dim numbers of size 1 carry dim roundings, roots halve them; hypot is good to one ulp: at
 * dim <= 70, 1e-14 of the scale bounds both.
 */
const rounding = 1e-13;

describe("memorization", () => {
  it.each([1, 2, 3, 7, 64])("is the naive loop in %i dimensions", async (dim) => {
    const points = scattered(150 * dim, 1);
    const samples = scattered(120 * dim, 2);
    const result = await memorization(samples, make(points, dim), { threshold: 0.8 });
    let hits = 0;
    for (let i = 0; i < 120; i++) {
      const [first, second] = distancesTo(samples.subarray(i * dim, (i + 1) * dim), points, dim);
      expect(result.nearest[i]).toBe(first[1]);
      expect(Math.abs(result.ratios[i] - first[0] / second[0])).toBeLessThan(rounding);
      if (first[0] / second[0] < 0.8) hits++;
    }
    expect(result.fraction).toBe(hits / 120);
    expect(result.standardError).toBeCloseTo(Math.sqrt((hits * (120 - hits)) / 120 ** 3), 14);
    const sorted = result.ratios.slice().sort();
    expect(result.quantiles.values[0]).toBe(sorted[0]);
    expect(result.quantiles.values[3]).toBeCloseTo((sorted[59] + sorted[60]) / 2, 14);
    expect(result.quantiles.values.at(-1)).toBe(sorted[119]);
    expect(result.quantiles.levels).toHaveLength(result.quantiles.values.length);
  });

  it("agrees with nearestPoints, kernels and reference, with weights", async () => {
    const points = scattered(200, 3);
    const weights = Array.from({ length: 100 }, (_, m) => m % 4);
    const samples = scattered(400, 4);
    for (const from of [engine, plain]) {
      const data = from.mixture(points, { dim: 2, weights, precision: "f64" });
      const { nearest } = await memorization(samples, data);
      expect(nearest).toEqual((await nearestPoints(samples, data)).index);
      expect([...nearest].some((m) => m % 4 === 0)).toBe(false);
    }
  });

  it("counts plain distances: a uniform law between two points has half of it at 1/3", async () => {
    const n = 100_000;
    const samples = Float64Array.from({ length: n }, (_, i) => uniform(5, i, 0, 0, 0));
    const data = make([[0], [1]], 1);
    for (const threshold of [1 / 3, 0.1]) {
      const truth = (2 * threshold) / (1 + threshold);
      const { fraction } = await memorization(samples, data, { threshold });
      expect(Math.abs(fraction - truth)).toBeLessThan(standardErrors * Math.sqrt((truth * (1 - truth)) / n));
    }
    // The threshold itself is not below the threshold.
    const at = await memorization([[0.25], [0.2]], make([[0], [0.5]], 1), { threshold: 1 });
    expect([...at.ratios].map((r) => r < 1)).toEqual([false, true]);
    expect(at.fraction).toBe(0.5);
  });

  it("takes the second nearest at another position: copies of duplicates are copies", async () => {
    const data = make(
      [
        [0, 0],
        [0, 0],
        [-0, 0],
        [1, 0],
        [1, 0],
      ],
      2,
    );
    const { fraction, ratios, nearest } = await memorization(
      [
        [0, 0],
        [0.1, 0],
        [0.9, 0],
        [0.4, 0],
      ],
      data,
    );
    expect([...nearest]).toEqual([0, 0, 3, 0]);
    expect(ratios[0]).toBe(0);
    expect(ratios[1]).toBeCloseTo(1 / 9, 14);
    expect(ratios[3]).toBeCloseTo(2 / 3, 14);
    expect(fraction).toBe(0.75);
    await expect(
      memorization(
        [[0, 0]],
        make(
          [
            [1, 1],
            [1, 1],
          ],
          2,
        ),
      ),
    ).rejects.toMatchObject({
      code: "E_SHAPE",
      argument: "data",
    });
  });

  it("is unmoved by translation, permutation and changes of the input meanwhile", async () => {
    const points = scattered(300, 6);
    const samples = scattered(30, 7);
    const before = await memorization(samples, make(points, 3));
    // Shifts by a power of two lose at most 2^-52 of 4 in each coordinate.
    const moved = await memorization(
      samples.map((x) => x + 4),
      make(
        points.map((x) => x + 4),
        3,
      ),
    );
    for (const [i, r] of before.ratios.entries()) expect(Math.abs(r - moved.ratios[i])).toBeLessThan(1e-13);
    const order = Array.from({ length: 100 }, (_, m) => (m * 37) % 100);
    const permuted = Float64Array.from(
      { length: 300 },
      (_, k) => points[3 * order[Math.floor(k / 3)] + (k % 3)],
    );
    const other = await memorization(samples, make(permuted, 3));
    expect(other.ratios).toEqual(before.ratios);
    expect([...other.nearest].map((m) => order[m])).toEqual([...before.nearest]);
    const own = samples.slice();
    const pending = memorization(own, make(points, 3));
    own.fill(0);
    expect((await pending).ratios).toEqual(before.ratios);
  });
});

describe("coverage", () => {
  it("is the naive loop, with both kinds of balls", async () => {
    const dim = 2;
    const points = scattered(80 * dim, 8);
    const samples = scattered(60 * dim, 9);
    const data = make(points, dim);
    const rows = Array.from({ length: 80 }, (_, m) => points.subarray(m * dim, (m + 1) * dim));
    for (const options of [{}, { neighbours: 2 }, { radius: 0.1 }]) {
      const k = options.neighbours ?? 5;
      let covered = 0;
      for (const row of rows) {
        const radius = options.radius ?? distancesTo(row, points, dim)[k][0];
        if (distancesTo(row, samples, dim)[0][0] <= radius) covered++;
      }
      const nearest = new Set(
        Array.from(
          { length: 60 },
          (_, i) => distancesTo(samples.subarray(2 * i, 2 * i + 2), points, dim)[0][1],
        ),
      );
      const result = await coverage(samples, data, options);
      expect(result.fraction).toBeCloseTo(covered / 80, 12);
      expect(result.reached).toBeCloseTo(nearest.size / 80, 12);
      // The jackknife, by leaving out.
      const without: { fraction: number; reached: number }[] = [];
      for (let i = 0; i < 60; i++) {
        without.push(
          await coverage(
            samples.filter((_, at) => at >> 1 !== i),
            data,
            options,
          ),
        );
      }
      for (const [of, error] of [
        ["fraction", result.standardError],
        ["reached", result.reachedStandardError],
      ] as const) {
        const mean = without.reduce((sum, one) => sum + one[of] / 60, 0);
        const squares = without.reduce((sum, one) => sum + (one[of] - mean) ** 2, 0);
        expect(error).toBeCloseTo(Math.sqrt((59 / 60) * squares), 12);
      }
    }
  });

  it("has errors that are as its doc comment says", async () => {
    // 40 cells on a line, 40 samples: lambda = 1. Occupied share 1 - (1 - 1/40)^40; ratio of errors 1.55.
    const data = make(
      Array.from({ length: 40 }, (_, m) => [m]),
      1,
    );
    const repeats = 2000;
    const shares: number[] = [];
    let claimed = 0;
    for (let r = 0; r < repeats; r++) {
      const samples = Float64Array.from({ length: 40 }, (_, i) => 40 * uniform(10, i, r, 0, 0) - 0.5);
      const result = await coverage(samples, data, { radius: 0.5 });
      expect(result.fraction).toBe(result.reached);
      shares.push(result.fraction);
      claimed += result.standardError ** 2 / repeats;
    }
    const mean = shares.reduce((a, b) => a + b, 0) / repeats;
    const variance = shares.reduce((a, b) => a + (b - mean) ** 2, 0) / (repeats - 1);
    expect(Math.abs(mean - (1 - (1 - 1 / 40) ** 40))).toBeLessThan(
      standardErrors * Math.sqrt(variance / repeats),
    );
    // A variance of 2,000 nearly normal shares: 5.7 sqrt(2 / 2000) = 0.18 of itself; 1.547^2 = 2.39 at large counts,
    // and the edges of 40 cells move it by 1 / 40 of itself.
    expect(claimed / variance).toBeGreaterThan(2.39 * (1 - 0.18 - 0.05));
    expect(claimed / variance).toBeLessThan(2.39 * (1 + 0.22 + 0.05));
  });

  it("a duplicate equals a doubled weight, and no weight equals absence", async () => {
    const points = scattered(60, 11);
    const samples = scattered(40, 12);
    const doubled = Float64Array.of(...points, points[0], points[1]);
    const weights = Array.from({ length: 30 }, (_, m) => (m === 0 ? 2 : 1));
    for (const options of [{}, { radius: 0.2 }]) {
      const a = await coverage(samples, make(doubled, 2), options);
      const b = await coverage(samples, make(points, 2, { weights }), options);
      for (const name of ["fraction", "standardError", "reached", "reachedStandardError"] as const) {
        expect(a[name]).toBeCloseTo(b[name], 12);
      }
      const c = await coverage(samples, make(points, 2), options);
      const ghost = Float64Array.of(...points, 0.01, 0.02);
      const d = await coverage(samples, make(ghost, 2, { weights: [...Array(30).fill(1), 0] }), options);
      expect(d).toEqual(c);
    }
  });

  it("of one sample, none, and all points", async () => {
    const data = make(polygon().points, 2);
    expect(await coverage(polygon().points, data)).toMatchObject({
      fraction: 1,
      reached: 1,
      standardError: 0,
    });
    const one = await coverage([[1, 0]], data, { radius: 0.1 });
    expect(one.fraction).toBeCloseTo(1 / 6, 15);
    expect(one.standardError).toBeNaN();
    expect(await coverage([], data)).toEqual({
      fraction: 0,
      standardError: 0,
      reached: 0,
      reachedStandardError: 0,
      count: 0,
    });
  });
});

describe("gapFraction", () => {
  it("finds what lies between two points, and where", async () => {
    const data = make(
      [
        [0, 0],
        [2, 0],
        [50, 50],
      ],
      2,
    );
    const { gapCoordinate, segmentDistance, nearest, secondNearest, distance, radius, fraction } =
      await gapFraction(
        [
          [0, 0],
          [0.5, 0],
          [1.5, 0.25],
          [-1, 0],
          [2.1, 0],
        ],
        data,
      );
    // Nearest distances 2, 2 and |(48, 50)|: the median is 2.
    expect(radius).toBeCloseTo(0.2, 15);
    expect(fraction).toBe(0.6);
    expect([...nearest]).toEqual([0, 0, 1, 0, 1]);
    expect([...secondNearest]).toEqual([1, 1, 0, 1, 0]);
    expect([...gapCoordinate]).toEqual([0, 0.25, 0.25, 0, 0]);
    for (const [i, d] of [0, 0, 0.25, 1, 0.1].entries()) expect(segmentDistance[i]).toBeCloseTo(d, 14);
    for (const [i, d] of [0, 0.5, Math.hypot(0.5, 0.25), 1, 0.1].entries())
      expect(distance[i]).toBeCloseTo(d, 14);
  });

  it("of a uniform law between two points is 1 - 2 r / L", async () => {
    const n = 50_000;
    const samples = Float64Array.from({ length: n }, (_, i) => 3 * uniform(13, i, 0, 0, 0));
    const result = await gapFraction(samples, make([[0], [3]], 1), { radius: 0.45 });
    const error = Math.sqrt((0.7 * 0.3) / n);
    expect(Math.abs(result.fraction - 0.7)).toBeLessThan(standardErrors * error);
    // The estimate of p moves sqrt(p (1 - p)) by its own relative error.
    expect(Math.abs(result.standardError / error - 1)).toBeLessThan(0.02);
    expect(Math.max(...result.gapCoordinate)).toBeLessThanOrEqual(0.5);
  });

  it("does not see duplicates, and its default radius scales with the data", async () => {
    const points = scattered(100, 14);
    const samples = scattered(100, 15);
    const once = await gapFraction(samples, make(points, 2));
    const twice = await gapFraction(samples, make(Float64Array.of(...points, ...points), 2));
    expect(twice).toEqual(once);
    const wide = await gapFraction(
      samples.map((x) => 4 * x),
      make(
        points.map((x) => 4 * x),
        2,
      ),
    );
    expect(wide.radius).toBe(4 * once.radius);
    expect(wide.gapCoordinate).toEqual(once.gapCoordinate);
    expect(wide.fraction).toBe(once.fraction);
  });
});

describe("hullFraction", () => {
  /** The weights of a point over the corners of a simplex, by elimination; its facets' distances from them. */
  function barycentric(corners: number[][], x: number[]): number[] {
    const dim = x.length;
    const rows = Array.from({ length: dim }, (_, d) => [
      ...Array.from({ length: dim }, (_, k) => corners[k + 1][d] - corners[0][d]),
      x[d] - corners[0][d],
    ]);
    for (let c = 0; c < dim; c++) {
      let pivot = c;
      for (let r = c; r < dim; r++) if (Math.abs(rows[r][c]) > Math.abs(rows[pivot][c])) pivot = r;
      [rows[c], rows[pivot]] = [rows[pivot], rows[c]];
      for (let r = 0; r < dim; r++) {
        if (r === c) continue;
        const factor = rows[r][c] / rows[c][c];
        for (let k = c; k <= dim; k++) rows[r][k] -= factor * rows[c][k];
      }
    }
    const weights = rows.map((row, r) => row[dim] / row[r]);
    return [1 - weights.reduce((a, b) => a + b, 0), ...weights];
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("knows simplices of %i dimensions", async (dim) => {
    for (let trial = 0; trial < 10; trial++) {
      const flat = scattered((dim + 1) * dim, 100 * dim + trial);
      const corners = Array.from({ length: dim + 1 }, (_, k) => [...flat.subarray(k * dim, (k + 1) * dim)]);
      const samples = Array.from({ length: 40 }, (_, i) => {
        // Weights around a corner of the allowed region, so that many are just out of it and many just in.
        const w = Array.from(
          { length: dim + 1 },
          (_, k) => uniform(200 + trial, i, k, 0, 0) - (i % 2) * 0.08,
        );
        const sum = w.reduce((a, b) => a + b, 0);
        return Array.from({ length: dim }, (_, d) =>
          w.reduce((total, weight, k) => total + (weight / sum) * corners[k][d], 0),
        );
      });
      const result = await hullFraction(samples, make(corners, dim));
      expect(result.undecided).toBe(0);
      const truth = samples.map((x) => (Math.min(...barycentric(corners, x)) < 0 ? 1 : 0));
      expect([...result.outside]).toEqual(truth);
      expect(result.fraction).toBe(truth.filter((one) => one === 1).length / 40);
      for (let i = 0; i < 40; i++) expect(result.atLeast[i]).toBeLessThanOrEqual(result.atMost[i]);
    }
  });

  it("Wolfe's method gives the distances of the exact one in the plane", async () => {
    const points = scattered(400, 16).map((x, k) => (k % 7 === 0 ? Math.round(x) : x));
    const samples = scattered(400, 17).map((x) => 1.4 * x);
    const flat = await hullFraction(samples, make(points, 2));
    expect(flat.fraction).toBeGreaterThan(0.3);
    expect(flat.fraction).toBeLessThan(0.7);
    // The plane, turned in space: (x, y) -> x u + y v with orthonormal u, v.
    const turn = (list: Float64Array): Float64Array =>
      Float64Array.from({ length: (list.length / 2) * 3 }, (_, k) => {
        const [x, y] = list.subarray(2 * Math.floor(k / 3));
        return [x * 0.6 + y * 0.48, x * 0.8 - y * 0.36, y * 0.8][k % 3];
      });
    const solid = await hullFraction(turn(samples), make(turn(points), 3), { distances: true });
    expect(solid.undecided).toBe(0);
    expect(solid.outside).toEqual(flat.outside);
    for (let i = 0; i < 200; i++) {
      // Bounds that are half a tolerance apart, and both slacks.
      expect(solid.atLeast[i]).toBeLessThanOrEqual(flat.atMost[i] + 1e-13);
      if (flat.outside[i] === 1) {
        expect(solid.atMost[i] - solid.atLeast[i]).toBeLessThan(solid.tolerance);
        expect(solid.atMost[i]).toBeGreaterThanOrEqual(flat.atLeast[i] - 1e-13);
      }
    }
  });

  it("the plane is right by half planes", async () => {
    const points = scattered(60, 18);
    const samples = scattered(400, 19);
    const { outside } = await hullFraction(samples, make(points, 2));
    for (let i = 0; i < 200; i++) {
      const [x, y] = samples.subarray(2 * i);
      // Outside if and only if the directions to the points leave a half turn free.
      const angles = Array.from({ length: 30 }, (_, m) =>
        Math.atan2(points[2 * m + 1] - y, points[2 * m] - x),
      ).sort((a, b) => a - b);
      const free = angles.map((a, k) => (k === 29 ? angles[0] + 2 * Math.PI : angles[k + 1]) - a);
      expect(outside[i]).toBe(Math.max(...free) > Math.PI ? 1 : 0);
    }
  });

  it.each([3, 4, 8])("distances from the cube of %i dimensions are those to its faces", async (dim) => {
    const corners = Array.from({ length: 2 ** dim }, (_, c) =>
      Array.from({ length: dim }, (_, d) => (c >> d) & 1),
    );
    const samples = scattered(60 * dim, 20).map((x) => 0.5 + 1.1 * x);
    for (const shift of [0, 1024]) {
      const data = make(
        corners.map((row) => row.map((x) => x + shift)),
        dim,
      );
      const result = await hullFraction(
        samples.map((x) => x + shift),
        data,
        { distances: true },
      );
      expect(result.undecided).toBe(0);
      for (let i = 0; i < 60; i++) {
        const square = samples
          .subarray(i * dim, (i + 1) * dim)
          .reduce((sum, x) => sum + Math.max(0, x - 1, -x) ** 2, 0);
        // The shift rounds coordinates to 2^-43.
        expect(result.atLeast[i]).toBeLessThanOrEqual(Math.sqrt(square) + 1e-12);
        expect(result.atMost[i]).toBeGreaterThanOrEqual(Math.sqrt(square) - 1e-12);
        expect(result.outside[i]).toBe(square > 0 ? 1 : 0);
        expect(result.atMost[i] - result.atLeast[i]).toBeLessThan(1e-8);
      }
    }
  });

  it("convex combinations are inside, in f32 too, and what is pushed out is not", async () => {
    const dim = 20;
    const points = scattered(200 * dim, 21);
    const inside = new Float32Array(30 * dim);
    for (let i = 0; i < 30; i++) {
      // Of two to forty points: edges and faces too, where rounding to f32 decides nothing.
      const of = 2 + (i % 39);
      for (let k = 0; k < of; k++)
        for (let d = 0; d < dim; d++) inside[i * dim + d] += points[((7 * i + 3 * k) % 200) * dim + d] / of;
    }
    for (const precision of ["f32", "f64"] as const) {
      const data = make(points, dim, { precision });
      const result = await hullFraction(inside, data, precision === "f64" ? { tolerance: 1e-6 } : {});
      expect(result.undecided).toBe(0);
      expect(result.fraction).toBe(0);
      expect((await hullFraction(data.points, data)).fraction).toBe(0);
      const out = await hullFraction(
        inside.map((x, k) => (k % dim === 0 ? x + 3 : x)),
        data,
      );
      expect(out).toMatchObject({ fraction: 1, undecided: 0 });
    }
  });

  it("flat data: a point, a segment, all duplicates", async () => {
    for (const dim of [1, 2, 3]) {
      const zeros = Array(dim).fill(0);
      const one = zeros.with(0, 1);
      const half = zeros.with(0, 0.5);
      const last = zeros.with(dim - 1, 1.5);
      const segment = make([zeros, one, one, half, zeros], dim);
      const result = await hullFraction([zeros, half, one, last], segment, { distances: true });
      expect([...result.outside]).toEqual([0, 0, 0, 1]);
      expect(result.atMost[3]).toBeCloseTo(dim === 1 ? 0.5 : 1.5, 8);
      const point = await hullFraction([one, zeros], make([one, one], dim));
      expect([...point.outside]).toEqual([0, 1]);
    }
  });

  it("says what it could not decide, apart from the share", async () => {
    const points = scattered(300 * 10, 22);
    const samples = new Float64Array(3 * 10);
    samples[20] = 5;
    const result = await hullFraction(samples, make(points, 10), { iterations: 1 });
    expect([...result.outside]).toEqual([-1, -1, 1]);
    expect(result).toMatchObject({ undecided: 2, fraction: 1, count: 3 });
    // A tolerance below all rounding: on the hull, no certificate.
    const sharp = await hullFraction(
      [[0.5, 0.5]],
      make(
        [
          [0, 0],
          [1, 1],
        ],
        2,
      ),
      { tolerance: 1e-30 },
    );
    expect(sharp).toMatchObject({ undecided: 1 });
    expect(sharp.fraction).toBeNaN();
  });
});

describe("no samples", () => {
  it("have no shares", async () => {
    const data = make(polygon().points, 2);
    for (const none of [[], new Float32Array(0)]) {
      for (const result of [
        await memorization(none, data),
        await gapFraction(none, data),
        await hullFraction(none, data),
      ]) {
        expect(result.count).toBe(0);
        expect(result.fraction).toBeNaN();
        expect(result.standardError).toBeNaN();
      }
    }
  });
});
