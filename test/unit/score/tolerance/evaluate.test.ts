// Evaluation to a tolerance: never off by more than its bound, never by a bound above the tolerance, the same bits whoever computes it. The
// truth is the full sum in float64 by the reference.
import { createEngine, type Engine, edm, exactScore, type Quantity, vp } from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorsOf, generator, normals, queriesOf, scaleOf } from "./truth.js";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

/** Data sets that trees get wrong: clusters a thousand-thousandth as wide as the data, ties, copies, far points, weights of all sizes. */
const sets: Record<string, (size: number, dim: number) => { points: Float64Array; weights?: Float64Array }> =
  {
    normal: (size, dim) => {
      const normal = normals(1);
      return { points: Float64Array.from({ length: size * dim }, normal) };
    },
    "clusters 1e-5 as wide as the data": (size, dim) => {
      const normal = normals(2);
      const centre = normals(3);
      const centres = Float64Array.from({ length: 7 * dim }, centre);
      return {
        points: Float64Array.from(
          { length: size * dim },
          (_, i) => centres[(Math.floor(i / dim) % 7) * dim + (i % dim)] + 1e-5 * normal(),
        ),
      };
    },
    "a grid, every point twice": (size, dim) => {
      const side = Math.ceil((size / 2) ** (1 / dim));
      return {
        points: Float64Array.from({ length: size * dim }, (_, i) => {
          const m = Math.floor(i / dim / 2);
          return Math.floor(m / side ** (i % dim)) % side;
        }),
      };
    },
    "one far point, weights over 40 orders": (size, dim) => {
      const normal = normals(4);
      const uniform = generator(5);
      const points = Float64Array.from({ length: size * dim }, normal);
      points[0] = 1e4;
      return { points, weights: Float64Array.from({ length: size }, () => 10 ** (-40 * uniform())) };
    },
  };

const asked = [
  "posteriorMean",
  "score",
  "velocity",
  "logDensity",
  "nearest",
  "nearestDistance",
] as const satisfies readonly Quantity[];
const matrices = [
  "posteriorCovariance",
  "hessian",
  "proxyCovariance",
  "proxyVariance",
  "divergence",
] as const satisfies readonly Quantity[];

describe.each([1, 2, 3])("%i dimensions", (dim) => {
  for (const [name, make] of Object.entries(sets)) {
    for (const precision of ["f32", "f64"] as const) {
      it(`${name}, ${precision}: no error is above its bound, no bound above the tolerance`, {
        tags: precision === "f32" ? ["slow"] : [],
      }, async () => {
        const { points, weights } = make(6000, dim);
        const data = engine.mixture(points, { dim, precision, ...(weights && { weights }) });
        const process = edm();
        const scale = scaleOf(data);
        const tolerance = 1e-5;
        for (const relative of [1e-6, 1e-3, 0.05, 0.3, 1, 10]) {
          const sigma = relative * scale;
          const x = queriesOf(data, sigma, 1, 20);
          for (const names of [asked, matrices]) {
            const found = await exactScore(data, process).evaluate(x, sigma, names, { tolerance });
            const bounds = found.errorBound as Float64Array;
            const errors = errorsOf(data, process, x, sigma, found as never, names);
            for (let q = 0; q < bounds.length; q++) {
              // The reference rounds too: 6,000 terms of float64, of queries up to 15 scales away.
              expect(errors[q], `sigma ${relative}, query ${q}`).toBeLessThanOrEqual(bounds[q] + 1e-11);
            }
            // Far from all data and where sigma is small, weights are exponentials of huge numbers: rounding is all there is.
            const near = bounds.filter((_, q) => q % 5 !== 4 || relative >= 0.3);
            if (precision === "f64")
              expect(Math.max(...near), `sigma ${relative}`).toBeLessThanOrEqual(tolerance);
          }
        }
        data.dispose();
      });
    }
  }
});

it("quantities that have no bound are refused with the reason, and numbers that are no tolerance", async () => {
  const data = engine.mixture([[0], [1]]);
  const field = exactScore(data, edm());
  for (const name of ["posteriorWeights", "posteriorEntropy", "effectiveCount"] as const) {
    await expect(field.evaluate([[0]], 1, [name], { tolerance: 1e-3 })).rejects.toThrow(
      new RegExp(`tolerance.*0 with ${name}: it has`),
    );
  }
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1e-3"]) {
    await expect(field.evaluate([[0]], 1, ["score"], { tolerance: wrong as number })).rejects.toMatchObject({
      argument: "tolerance",
    });
  }
  const plain = await field.evaluate([[0]], 1, ["score"], { tolerance: 0 });
  expect(plain.errorBound).toBeUndefined();
  data.dispose();
});

it("one point, and points all in one place, are exact", async () => {
  for (const points of [[[2, 1]], Array.from({ length: 5000 }, () => [2, 1])]) {
    const data = engine.mixture(points, { precision: "f64" });
    const found = await exactScore(data, edm()).evaluate([[0, 0]], 0.5, ["posteriorMean", "logDensity"], {
      tolerance: 1e-6,
    });
    expect(Array.from(found.posteriorMean)).toEqual([2, 1]);
    expect((found.errorBound as Float64Array)[0]).toBeLessThan(1e-10);
    expect(found.logDensity[0]).toBeCloseTo(-10 - Math.log(2 * Math.PI * 0.25), 8);
    data.dispose();
  }
});

it("the nearest point is the full sum's, ties go to the first", async () => {
  const { points } = sets["a grid, every point twice"](6000, 2);
  const data = engine.mixture(points, { dim: 2 });
  const field = exactScore(data, edm());
  const x = Float64Array.from({ length: 400 }, (_, i) => 0.5 * Math.floor(generator(i + 1)() * 100));
  const near = ["nearest", "nearestDistance"] as const;
  const [found, wanted] = [
    await field.evaluate(x, 0.2, near, { tolerance: 1e-3 }),
    await field.evaluate(x, 0.2, near),
  ];
  expect(found.nearest).toEqual(wanted.nearest);
  expect(found.nearestDistance).toEqual(wanted.nearestDistance);
  data.dispose();
});

it("components of a width, shrinking processes and times of each query's own", async () => {
  const { points } = sets.normal(5000, 2);
  const data = engine.mixture(points, { dim: 2, precision: "f64", sigma0: 0.1 });
  const process = vp();
  const field = exactScore(data, process);
  for (const t of [0.05, 0.3, 0.9]) {
    const x = queriesOf(data, process.sigma(t), process.alpha(t), 20);
    const together = await field.evaluate(x, t, asked, { tolerance: 1e-6 });
    const apart = await field.evaluate(x, new Float64Array(20).fill(t), asked, { tolerance: 1e-6 });
    for (const found of [together, apart]) {
      const bounds = found.errorBound as Float64Array;
      const errors = errorsOf(data, process, x, t, found as never, asked);
      for (let q = 0; q < 20; q++) expect(errors[q]).toBeLessThanOrEqual(bounds[q] + 1e-11);
      expect(Math.max(...bounds)).toBeLessThanOrEqual(1e-6);
    }
  }
  data.dispose();
});

describe("the same bits", () => {
  const names = ["posteriorMean", "logDensity"] as const;
  const evaluated = async (options: Parameters<typeof createEngine>[0], sigma: number, parts: number) => {
    const own = await createEngine(options);
    const { points } = sets.normal(20000, 3);
    const data = own.mixture(points, { dim: 3, precision: "f64" });
    const x = queriesOf(data, sigma, 1, 60);
    const out: { means: number[]; densities: number[]; bounds: number[] } = {
      means: [],
      densities: [],
      bounds: [],
    };
    for (let part = 0; part < parts; part++) {
      const some = x.subarray((part * x.length) / parts, ((part + 1) * x.length) / parts);
      const found = await exactScore(data, edm()).evaluate(some, sigma, names, { tolerance: 1e-4 });
      out.means.push(...found.posteriorMean);
      out.densities.push(...found.logDensity);
      out.bounds.push(...(found.errorBound as Float64Array));
    }
    own.close();
    return out;
  };

  it.each([0.02, 0.2, 2])(
    "at sigma %d for any threads, blocks and parts of a call",
    { tags: ["slow"] },
    async (sigma) => {
      const one = await evaluated({ threads: 1 }, sigma, 1);
      expect(await evaluated({ threads: 3 }, sigma, 1)).toEqual(one);
      expect(await evaluated({ threads: 2, blockSize: 7 }, sigma, 1)).toEqual(one);
      expect(await evaluated({ threads: 1 }, sigma, 6)).toEqual(one);
    },
  );
});

describe("where nothing is left out", () => {
  it("of few points in many dimensions the full sum is taken, with the bound of its rounding", {
    tags: ["slow"],
  }, async () => {
    for (const [dim, precision] of [
      [5, "f32"],
      [5, "f64"],
      [64, "f64"],
    ] as const) {
      const { points } = sets.normal(60, dim);
      const data = engine.mixture(points, { dim, precision });
      const field = exactScore(data, edm());
      for (const sigma of [0.05, 0.5, 3]) {
        const x = queriesOf(data, sigma, 1, 10);
        for (const list of [asked, matrices]) {
          const found = await field.evaluate(x, sigma, list, { tolerance: 1e-3 });
          const full = await field.evaluate(x, sigma, list);
          for (const name of list) expect((found as never)[name]).toEqual((full as never)[name]);
          const errors = errorsOf(data, edm(), x, sigma, found as never, list);
          for (let q = 0; q < 10; q++) {
            expect(errors[q], `${dim} ${sigma} ${q}`).toBeLessThanOrEqual(
              (found.errorBound as Float64Array)[q] + 1e-11,
            );
          }
        }
      }
      data.dispose();
    }
  });

  it("without Wasm, and where noise has a direction, nothing is silently certified", async () => {
    const plain = await createEngine({ kernels: "reference" });
    const data = plain.mixture([[0], [1], [3]], { precision: "f64" });
    const found = await exactScore(data, edm()).evaluate([[0.5]], 0.5, ["posteriorMean"], {
      tolerance: 1e-9,
    });
    expect((found.errorBound as Float64Array)[0]).toBeLessThan(1e-9);
    plain.close();
    const two = engine.mixture([
      [0, 0],
      [1, 2],
    ]);
    const { anisotropic } = await import("vkernel");
    const process = anisotropic(edm(), { covariance: Float64Array.of(2, 0, 0, 1) });
    const directed = await exactScore(two, process).evaluate([[0.5, 1]], 0.5, ["score"], { tolerance: 1e-3 });
    expect(Array.from(directed.errorBound as Float64Array)).toEqual([Number.POSITIVE_INFINITY]);
    expect(directed.notes?.[0]).toMatch(/full sum was taken/);
    two.dispose();
  });
});

describe("memory", () => {
  it("goes with the mixture, and calls give back what they took", async () => {
    const own = await createEngine({ threads: 1 });
    const before = own.info.memoryUsed;
    const { points } = sets.normal(5000, 3);
    const data = own.mixture(points, { dim: 3 });
    const field = exactScore(data, edm());
    const once = async (): Promise<number> => {
      await field.evaluate(points.slice(0, 300), 1, ["score"], { tolerance: 1e-4 });
      return own.info.memoryUsed;
    };
    const kept = await once();
    expect(kept).toBeGreaterThan(before);
    expect(await once()).toBe(kept);
    data.dispose();
    expect(own.info.memoryUsed).toBe(before);
    own.close();
  });

  it("what evaluations use is built ahead, with progress, and once", async () => {
    const data = engine.mixture(Float64Array.from({ length: 30000 }, normals(8)), { dim: 3 });
    const field = exactScore(data, edm());
    const told: { done: number; total: number }[] = [];
    await field.prepare({ onProgress: (progress) => void told.push(progress) });
    const { total } = told[0];
    expect(told).toEqual(Array.from({ length: total }, (_, i) => ({ done: i + 1, total })));
    expect(total).toBeGreaterThan(5);
    const before = engine.info.memoryUsed;
    await field.prepare({ onProgress: () => expect.unreachable("the tree is there") });
    await field.evaluate(data.points.slice(0, 30), 1e-3, ["score"], { tolerance: 1e-5 });
    expect(engine.info.memoryUsed).toBe(before);
    await expect(field.prepare({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "E_ABORT" });
    await expect(field.prepare({ tolerance: 1e-5 } as never)).rejects.toMatchObject({ code: "E_USAGE" });
    // Where no tree serves there is nothing to build.
    const wide = engine.mixture(Float64Array.from({ length: 4000 }, normals(9)), { dim: 4 });
    await exactScore(wide, edm()).prepare({ onProgress: () => expect.unreachable("no tree") });
    for (const one of [data, wide]) one.dispose();
    await expect(field.prepare()).rejects.toMatchObject({ code: "E_DISPOSED" });
  });

  it("an aborted call leaves the tree to the next one", async () => {
    const own = await createEngine({ threads: 1 });
    const { points } = sets.normal(50000, 3);
    const data = own.mixture(points, { dim: 3 });
    const field = exactScore(data, edm());
    const stop = new AbortController();
    const calls = [
      field.evaluate(points.slice(0, 30), 1, ["score"], { tolerance: 1e-4, signal: stop.signal }),
      field.evaluate(points.slice(0, 30), 1, ["score"], { tolerance: 1e-4 }),
    ];
    const results = Promise.allSettled(calls);
    queueMicrotask(() => stop.abort());
    const [first, second] = await results;
    expect(first).toMatchObject({ status: "rejected", reason: { code: "E_ABORT" } });
    expect(second.status).toBe("fulfilled");
    own.close();
  });
});

describe("what an attack found", () => {
  it("a query's bits are its own, whoever else is asked of", async () => {
    const points = Float64Array.from({ length: 2 * 4096 }, (_, i) => Math.sin(i));
    const data = engine.mixture(points, { dim: 2, precision: "f64" });
    const field = exactScore(data, edm());
    const x = Float64Array.from({ length: 40 }, (_, i) => 1.5 * Math.cos(3 * i));
    const names = ["posteriorMean", "logDensity"] as const;
    const together = await field.evaluate(x, 0.5, names, { tolerance: 1e-5 });
    for (let q = 0; q < 20; q++) {
      const one = await field.evaluate(x.slice(2 * q, 2 * q + 2), 0.5, names, { tolerance: 1e-5 });
      expect(one.posteriorMean).toEqual(together.posteriorMean.slice(2 * q, 2 * q + 2));
      expect(one.logDensity[0]).toBe(together.logDensity[q]);
      expect(one.errorBound?.[0]).toBe(together.errorBound?.[q]);
    }
    data.dispose();
  });

  it("a tolerance below rounding leaves the bound of rounding", async () => {
    const uniform = generator(3);
    const data = engine.mixture(Float64Array.from({ length: 20000 }, uniform), { dim: 1, precision: "f64" });
    const field = exactScore(data, edm());
    const x = Float64Array.from(data.points.slice(0, 100), (p) => p + 1e-7);
    for (const sigma of [1e-5, 1e-7, 1e-9]) {
      for (const name of ["posteriorMean", "logDensity"] as const) {
        const bounds = [1e-4, 1e-8, 1e-12, 1e-14].map(async (tolerance) => {
          const { errorBound } = await field.evaluate(x, sigma, [name], { tolerance });
          return Math.max(...(errorBound as Float64Array));
        });
        const [coarse, ...finer] = await Promise.all(bounds);
        for (const bound of finer)
          expect(bound, `${name} at ${sigma}`).toBeLessThanOrEqual(2 * Math.max(coarse, 1e-12));
      }
    }
    data.dispose();
  });

  it("weights that float64 loses are in the bound", async () => {
    const points = Float64Array.of(0, 0.1, -0.1, 12);
    const data = engine.mixture(points, { dim: 1, precision: "f64", weights: [1, 1, 1, 1e-306] });
    const { posteriorMean, errorBound } = await exactScore(data, edm()).evaluate(
      [[11.99]],
      0.315,
      ["posteriorMean"],
      {
        tolerance: 1e-6,
      },
    );
    // 11.99508 by 50 digits; the others weigh 4e-4 of the far point, below the smallest number of float64 beside 1.
    const error = Math.abs(posteriorMean[0] - 11.99508) / scaleOf(data);
    expect(error).toBeLessThanOrEqual((errorBound as Float64Array)[0]);
    data.dispose();
  });

  it("a noise level beyond the arithmetic's range is not certified", async () => {
    for (const [dim, precision, s] of [
      [4, "f32", 1e-16],
      [4, "f32", 1e15],
      [1, "f64", 1e146],
    ] as const) {
      const data = engine.mixture(new Float64Array(2 * dim).fill(-s, 0, dim).fill(s, dim), {
        dim,
        precision,
      });
      const x = new Float64Array(dim).fill(s / 2);
      const found = await exactScore(data, edm()).evaluate(x, s, ["posteriorMean"], { tolerance: 1e-3 });
      expect(found.errorBound?.[0], `${s}`).toBe(Number.POSITIVE_INFINITY);
      expect(found.notes?.[0]).toMatch(/rounding can exceed the tolerance at 1 of 1 queries/);
      data.dispose();
    }
  });

  it("data so small that squares underflow have a scale", async () => {
    const data = engine.mixture([[0], [1e-170], [3e-170]], { precision: "f64" });
    const { errorBound } = await exactScore(data, edm()).evaluate([[1e-170]], 1e-140, ["posteriorMean"], {
      tolerance: 1e-6,
    });
    expect(errorBound?.[0]).toBeGreaterThan(0);
    data.dispose();
  });

  it("log densities of lattices count the rounding of positions", async () => {
    const uniform = generator(9);
    const size = 65536;
    const points = Float64Array.from({ length: size }, (_, m) => (m % 3) + 3e-5 * uniform());
    const data = engine.mixture(points, { dim: 1, precision: "f64" });
    // Just above the spacing of the finest lattice; queries beyond the upper ends of the clusters, where mu - y has one sign.
    const sigma = (4.5 * 2) / (8 * size);
    const ends = [0, 1, 2].map((c) =>
      points.reduce((most, p) => (p < c + 0.5 ? Math.max(most, p) : most), 0),
    );
    const x = Float64Array.from({ length: 60 }, (_, q) => ends[q % 3] + (1 + q / 12) * sigma);
    const found = await exactScore(data, edm()).evaluate(x, sigma, ["logDensity"], { tolerance: 3e-11 });
    const errors = errorsOf(data, edm(), x, sigma, found as never, ["logDensity"]);
    for (let q = 0; q < x.length; q++) {
      // The reference rounds a log density of 10 to 40 in a few operations.
      expect(errors[q], `query ${q}`).toBeLessThanOrEqual((found.errorBound as Float64Array)[q] + 2e-14);
    }
    data.dispose();
  });
});
