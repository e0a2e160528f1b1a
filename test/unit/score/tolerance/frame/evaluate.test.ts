// Tolerances in four and more dimensions: no result off by more than its bound, points really left out, the same bits whoever computes.
// The truth is the full sum in float64 by the reference.
import {
  createEngine,
  type Engine,
  edm,
  exactScore,
  fashion,
  heun,
  karras,
  loadDataSet,
  type Mixture,
  type Quantity,
  sample,
  vp,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TimeSlices } from "../../../../../src/core/scheduler.js";
import { inWorkspace } from "../../../../../src/dense/workspace.js";
import { requestInPieces } from "../../../../../src/score/evaluate/request.js";
import { levelsOf } from "../../../../../src/score/evaluate/score.js";
import { wantedOf } from "../../../../../src/score/tolerance/errorBound.js";
import { frameOf } from "../../../../../src/score/tolerance/frame/frame.js";
import { At, frameSums, resultOf } from "../../../../../src/score/tolerance/frame/sums.js";
import { errorsOf, generator, normals, queriesOf, scaleOf } from "../truth.js";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

interface Points {
  readonly dim: number;
  readonly points: Float64Array;
  readonly weights?: Float64Array;
}

const uniformly = (length: number, next: () => number): Float64Array => Float64Array.from({ length }, next);

/** Data that bounds of distances may get wrong. */
const sets: Record<string, () => Promise<Points>> = {
  "normal, D = 5": async () => ({ dim: 5, points: uniformly(5 * 700, normals(1)) }),
  "normal, D = 20": async () => ({ dim: 20, points: uniformly(20 * 500, normals(2)) }),
  "digits, 8 x 8": async () => {
    const { points } = await loadDataSet("digits");
    const dim = 64;
    return { dim, points: Float64Array.from(points.subarray(0, dim * 400)) };
  },
  "near-duplicates 1e-5 apart, D = 784": async () => {
    const normal = normals(3);
    const centres = uniformly(5 * 784, normal);
    return {
      dim: 784,
      points: Float64Array.from(
        { length: 150 * 784 },
        (_, i) => centres[(Math.floor(i / 784) % 5) * 784 + (i % 784)] + 1e-5 * normal(),
      ),
    };
  },
  "every point twice, D = 16": async () => {
    const half = uniformly(16 * 200, normals(4));
    return { dim: 16, points: Float64Array.from({ length: 16 * 400 }, (_, i) => half[i % half.length]) };
  },
  "one far point, weights over 40 orders, D = 12": async () => {
    const points = uniformly(12 * 400, normals(5));
    points[12 * 7] = 1e4;
    const uniform = generator(6);
    return { dim: 12, points, weights: Float64Array.from({ length: 400 }, () => 10 ** (-40 * uniform())) };
  },
  "one far point, D = 300": async () => {
    const points = uniformly(300 * 200, normals(7));
    points[300 * 3 + 5] = 1e4;
    return { dim: 300, points };
  },
  "on a line, D = 16": async () => {
    const direction = uniformly(16, normals(8));
    const places = uniformly(300, normals(9));
    return {
      dim: 16,
      points: Float64Array.from(
        { length: 16 * 300 },
        (_, i) => places[Math.floor(i / 16)] * direction[i % 16],
      ),
    };
  },
  "of rank 2, D = 10": async () => {
    const basis = uniformly(20, normals(10));
    const places = uniformly(600, normals(11));
    return {
      dim: 10,
      points: Float64Array.from({ length: 3000 }, (_, i) => {
        const m = Math.floor(i / 10);
        return 3 + places[2 * m] * basis[i % 10] + places[2 * m + 1] * basis[10 + (i % 10)];
      }),
    };
  },
  "fashion, D = 784": async () => {
    const { points } = await fashion();
    return { dim: 784, points: Float64Array.from(points.subarray(0, 784 * 300)) };
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
const traces = ["proxyVariance", "divergence", "posteriorMean"] as const satisfies readonly Quantity[];

/** Queries of p_t, one of five far from all data. */
async function check(
  data: Mixture,
  process: ReturnType<typeof edm>,
  t: number,
  tolerance: number,
  count: number,
) {
  const { total, alpha } = (await new TimeSlices().run(levelsOf(process, Float64Array.of(t), 0)))(0);
  const x = queriesOf(data, Math.sqrt(total) / alpha, alpha, count);
  const field = exactScore(data, process);
  const worst: number[] = [];
  // The reference's traces are of matrices.
  for (const names of data.dim <= 100 ? [asked, traces] : [asked]) {
    const found = await field.evaluate(x, t, names, { tolerance });
    const bounds = found.errorBound as Float64Array;
    const errors = errorsOf(data, process, x, t, found as never, names);
    for (let q = 0; q < count; q++) {
      // The reference rounds too.
      expect(errors[q], `time ${t}, query ${q}, ${names[0]}`).toBeLessThanOrEqual(bounds[q] + 1e-11);
      worst.push(bounds[q]);
    }
    if (names === asked) nearestAreNearest(data, alpha, data.inward(x, alpha), found as never);
  }
  return worst;
}

function nearestAreNearest(
  { dim, size, local }: Mixture,
  alpha: number,
  x: Float64Array,
  { nearest, nearestDistance }: { nearest: Int32Array; nearestDistance: ArrayLike<number> },
): void {
  const distanceOf = (q: number, m: number): number => {
    let square = 0;
    for (let d = 0; d < dim; d++) square += (x[q * dim + d] - alpha * local[m * dim + d]) ** 2;
    return Math.sqrt(square);
  };
  nearest.forEach((found, q) => {
    let least = Number.POSITIVE_INFINITY;
    for (let m = 0; m < size; m++) least = Math.min(least, distanceOf(q, m));
    expect(distanceOf(q, found), `nearest of ${q}`).toBeLessThanOrEqual(least * (1 + 1e-6));
    expect(Math.abs(nearestDistance[q] / distanceOf(q, found) - 1)).toBeLessThan(1e-6);
  });
}

describe.each(Object.entries(sets))("%s", (_, make) => {
  it.each(["f32", "f64"] as const)(
    "%s: no error is above its bound",
    { tags: ["slow"] },
    async (precision) => {
      const { points, dim, weights } = await make();
      const data = engine.mixture(points, { dim, precision, ...(weights ? { weights } : {}) });
      const scale = scaleOf(data);
      for (const relative of [1e-3, 0.03, 0.2, 1, 10]) {
        const bounds = await check(data, edm(), relative * scale, 1e-4, 10);
        // Far from all data and where sigma is small, weights are exponentials of huge numbers: rounding is all there is.
        const near = bounds.filter((_, i) => i % 5 !== 4);
        if (precision === "f64" && weights === undefined)
          expect(Math.max(...near), `sigma ${relative}`).toBeLessThanOrEqual(1e-4);
      }
      data.dispose();
    },
  );
});

it("shrinking processes, components of a width, centred data and times of each query's own", async () => {
  const normal = normals(12);
  const dim = 24;
  const points = Float64Array.from({ length: dim * 500 }, () => 100 + normal());
  const data = engine.mixture(points, { dim, precision: "f64", sigma0: 0.1 });
  expect(data.centre).toBeDefined();
  for (const t of [0.05, 0.3]) await check(data, vp(), t, 1e-5, 8);
  const field = exactScore(data, vp());
  const times = Float64Array.from({ length: 8 }, (_, q) => 0.02 * (q + 1));
  const x = queriesOf(data, 0.2, 1, 8);
  const together = await field.evaluate(x, times, ["score"], { tolerance: 1e-5 });
  for (let q = 0; q < 8; q++) {
    const alone = await field.evaluate(x.slice(q * dim, (q + 1) * dim), times[q], ["score"], {
      tolerance: 1e-5,
    });
    expect(together.score.slice(q * dim, (q + 1) * dim)).toEqual(alone.score);
  }
  data.dispose();
});

it("log densities of more and more digits are certified", async () => {
  const { points, dim } = await loadDataSet("digits");
  for (const size of [10, 63, 64, 100, 1000]) {
    const data = engine.mixture(points.slice(0, size * dim), { dim });
    const x = queriesOf(data, 0.5, 1, 5);
    for (const sigma of [0.02, 0.5]) {
      const found = await exactScore(data, edm()).evaluate(x, sigma, ["logDensity"], { tolerance: 1e-4 });
      const errors = errorsOf(data, edm(), x, sigma, found as never, ["logDensity"]);
      for (let q = 0; q < 5; q++)
        expect(errors[q], `${size} at ${sigma}`).toBeLessThanOrEqual((found.errorBound as Float64Array)[q]);
    }
    data.dispose();
  }
});

/** Points that the kernel summed at each query: -1 where all should be, by the usual kernels. */
async function summedOf(data: Mixture, x: Float64Array, sigma: number, tolerance: number): Promise<number[]> {
  const frame = await frameOf(data, undefined);
  if (frame === undefined) throw new Error("no frame");
  const slices = new TimeSlices();
  const request = await slices.run(requestInPieces(data, edm(), x, sigma, ["score"] as const));
  const levels = await slices.run(levelsOf(edm(), request.times, 0));
  const sums = { y: x, levels, wanted: wantedOf(["score"]), tolerance, moved: () => 0 };
  const { numbers } = await inWorkspace(data.engine, {}, 1, (space) =>
    frameSums(request, frame, sums, [0, request.count], space, undefined),
  );
  return Array.from({ length: request.count }, (_, i) => numbers[i * resultOf(data) + At.summed]);
}

describe("images", () => {
  let data: Mixture;
  beforeAll(async () => {
    data = engine.mixture((await fashion()).points, { dim: 784 });
  });
  const near = (sigma: number, count: number): Float64Array => {
    const normal = normals(13);
    return Float64Array.from({ length: count * 784 }, (_, i) => data.points[i] + sigma * normal());
  };

  it("few are summed where noise is small, and all where it is large", async () => {
    for (const [sigma, most] of [
      [0.01, 3],
      [0.2, 5],
      [0.5, 30],
    ] as const) {
      const summed = await summedOf(data, near(sigma, 20), sigma, 1e-4);
      expect(Math.min(...summed), `sigma ${sigma}`).toBeGreaterThan(0);
      expect(Math.max(...summed), `sigma ${sigma}`).toBeLessThanOrEqual(most);
    }
    expect(await summedOf(data, near(10, 5), 10, 1e-4)).toEqual([1000, 1000, 1000, 1000, 1000]);
    // More than float32 sums of 784 coordinates can give.
    expect(await summedOf(data, near(10, 5), 10, 1e-7)).toEqual([-1, -1, -1, -1, -1]);
  });

  it("sums by bytes are certified where float32 is not", async () => {
    const field = exactScore(data, edm());
    for (const sigma of [2, 10, 80]) {
      const x = near(sigma, 6);
      const found = await field.evaluate(x, sigma, ["score", "logDensity"], { tolerance: 1e-3 });
      const errors = errorsOf(data, edm(), x, sigma, found as never, ["score", "logDensity"]);
      for (let q = 0; q < 6; q++)
        expect(errors[q]).toBeLessThanOrEqual((found.errorBound as Float64Array)[q]);
      const score = await field.evaluate(x, sigma, ["score"], { tolerance: 1e-4 });
      expect(Math.max(...(score.errorBound as Float64Array)), `sigma ${sigma}`).toBeLessThanOrEqual(1e-4);
      expect(score.notes).toBeUndefined();
    }
  });

  it("runs take the same way, and progress counts queries", async () => {
    const field = exactScore(data, edm());
    const run = await sample(field, {
      sampler: heun(),
      grid: karras({ steps: 6 }),
      count: 3,
      seed: 1,
      tolerance: 1e-3,
    });
    const full = await sample(field, { sampler: heun(), grid: karras({ steps: 6 }), count: 3, seed: 1 });
    expect(run.stats.errorBound).toBeLessThanOrEqual(1e-3);
    for (let i = 0; i < full.samples.length; i++)
      expect(Math.abs(run.samples[i] - full.samples[i])).toBeLessThan(1e-2);
    const told: number[] = [];
    // Between sums by bytes and few points there are noise levels at which all are summed as usual.
    await field.evaluate(near(0.9, 10), 0.9, ["nearest", "score"], {
      tolerance: 1e-9,
      onProgress: ({ done, total }) => {
        expect(total).toBe(10);
        told.push(done);
      },
    });
    expect(told.at(-1)).toBe(10);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it("bits are the same for any threads, blocks and parts of a call", {
    tags: ["slow"],
  }, async () => {
    const evaluated = async (options: Parameters<typeof createEngine>[0], sigma: number, parts: number) => {
      const own = await createEngine(options);
      const some = own.mixture(data.points.slice(0, 784 * 600), { dim: 784 });
      const x = near(sigma, 18);
      const [scores, bounds]: number[][] = [[], []];
      for (let part = 0; part < parts; part++) {
        const rows = x.subarray((part * x.length) / parts, ((part + 1) * x.length) / parts);
        const found = await exactScore(some, edm()).evaluate(rows, sigma, ["score"], { tolerance: 1e-4 });
        scores.push(...found.score);
        bounds.push(...(found.errorBound as Float64Array));
      }
      own.close();
      return { scores, bounds };
    };
    for (const sigma of [0.1, 0.8, 20]) {
      const one = await evaluated({ threads: 1 }, sigma, 1);
      expect(await evaluated({ threads: 2 }, sigma, 1)).toEqual(one);
      expect(await evaluated({ threads: 2, blockSize: 3 }, sigma, 1)).toEqual(one);
      expect(await evaluated({ threads: 1 }, sigma, 6)).toEqual(one);
    }
  });
});

it("more dimensions than points are found from points' products", async () => {
  const uniform = generator(14);
  const dim = 1100;
  const data = engine.mixture(Float64Array.from({ length: dim * 80 }, uniform), { dim, precision: "f64" });
  for (const sigma of [0.01, 0.3, 3]) await check(data, edm(), sigma, 1e-4, 6);
  const summed = await summedOf(data, Float64Array.from(data.points.slice(0, dim * 5)), 0.01, 1e-4);
  expect(summed).toEqual([1, 1, 1, 1, 1]);
  data.dispose();
});

describe("numbers at the ends", () => {
  it.each([
    ["all points are one", () => 0.25, 1e-9],
    ["squares underflow", (i: number) => 1e-100 * (i % 7), 1e-100],
    ["coordinates are huge", (i: number) => 1e140 * (i % 7), 1e140],
  ])("%s", async (_, at, sigma) => {
    const data = engine.mixture(
      Float64Array.from({ length: 8 * 100 }, (_, i) => at(i)),
      { dim: 8, precision: "f64" },
    );
    const x = Float64Array.from({ length: 16 }, (_, i) => at(i) + sigma);
    const found = await exactScore(data, edm()).evaluate(x, sigma, ["posteriorMean"], { tolerance: 1e-4 });
    const full = await exactScore(data, edm()).evaluate(x, sigma, ["posteriorMean"]);
    expect(found.posteriorMean).toEqual(full.posteriorMean);
    data.dispose();
  });

  it("a query far out is that of the full sum", async () => {
    const data = engine.mixture(uniformly(8 * 100, normals(15)), { dim: 8, precision: "f64" });
    const x = new Float64Array(16).fill(1e14);
    const found = await exactScore(data, edm()).evaluate(x, 1, ["posteriorMean", "nearest"], {
      tolerance: 1e-4,
    });
    const full = await exactScore(data, edm()).evaluate(x, 1, ["posteriorMean", "nearest"]);
    expect(found.posteriorMean).toEqual(full.posteriorMean);
    expect(found.nearest).toEqual(full.nearest);
    data.dispose();
  });
});

describe("memory", () => {
  it("goes with the mixture, an aborted call leaves the frame to the next one", async () => {
    const own = await createEngine({ threads: 1 });
    const before = own.info.memoryUsed;
    const { points } = await fashion();
    const data = own.mixture(points, { dim: 784 });
    const field = exactScore(data, edm());
    const x = points.slice(0, 784 * 5);
    const stop = new AbortController();
    const calls = [
      field.evaluate(x, 0.1, ["score"], { tolerance: 1e-4, signal: stop.signal }),
      field.evaluate(x, 0.1, ["score"], { tolerance: 1e-4 }),
    ];
    const results = Promise.allSettled(calls);
    queueMicrotask(() => stop.abort());
    const [first, second] = await results;
    expect(first).toMatchObject({ status: "rejected", reason: { code: "E_ABORT" } });
    expect(second.status).toBe("fulfilled");
    const kept = own.info.memoryUsed;
    await field.evaluate(x, 0.1, ["score"], { tolerance: 1e-4 });
    expect(own.info.memoryUsed).toBe(kept);
    data.dispose();
    expect(own.info.memoryUsed).toBe(before);
    own.close();
  });
});
