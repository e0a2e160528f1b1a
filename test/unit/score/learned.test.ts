// Learned scores and what follows from them: linear and infinitely wide estimators, ensembles, V-kernels, effective SDEs,
// objectives, path densities. Seeds are fixed; comparisons are at 5.7 standard errors (1.2e-8 each), fewer than 3,000 in all.
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standardErrors } from "../../shared/statistics.js";

let engine: v.Engine;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 2, kernels: "simd" });
});
afterAll(() => engine.close());

const hexagon = () => engine.mixture(v.polygon().points, { dim: 2, precision: "f64" });
const times = () => v.logUniformTimes({ tMin: 0.1, tMax: 5 });
const smallLinear = (data: v.Mixture<"f64">) =>
  v.linearScore(data, v.edm(), {
    features: v.rbfFeatures({ count: 12, seed: 3 }),
    samples: 80,
    times: times(),
    ridge: 0,
    seed: 5,
  });
const smallNtk = (data: v.Mixture<"f64">) =>
  v.ntkScore(data, v.edm(), { depth: 2, samples: 60, trainingTime: 50, times: times(), seed: 5 });

/** Five places, so that ten pairs (and five variances) are compared. */
const places = {
  x: [
    [0.4, 0.1],
    [-0.7, 0.5],
    [0.9, -0.9],
    [-0.2, -1.1],
    [1.3, 0.6],
  ],
  t: [0.3, 0.5, 0.8, 1.5, 3],
};

/** Moments of draws of a field at the places against a mean and a covariance `[5, 5, 2, 2]`. */
async function compareMoments(
  draw: (seed: number) => Promise<v.ScoreField>,
  average: v.ScoreField,
  covariance: Float64Array,
  count: number,
): Promise<void> {
  const size = 10;
  const mean = Float64Array.from((await average.evaluate(places.x, places.t, ["score"])).score);
  const first = new Float64Array(size);
  const products = new Float64Array(size * size);
  const squares = new Float64Array(size * size);
  for (let r = 0; r < count; r++) {
    const { score } = await (await draw(r)).evaluate(places.x, places.t, ["score"]);
    for (let i = 0; i < size; i++) {
      const a = (score[i] as number) - (mean[i] as number);
      first[i] = (first[i] as number) + a / count;
      for (let j = 0; j <= i; j++) {
        const product = a * ((score[j] as number) - (mean[j] as number));
        products[i * size + j] = (products[i * size + j] as number) + product / count;
        squares[i * size + j] = (squares[i * size + j] as number) + (product * product) / count;
      }
    }
  }
  const truth = (i: number, j: number): number =>
    covariance[(((i >> 1) * 5 + (j >> 1)) * 2 + (i & 1)) * 2 + (j & 1)] as number;
  for (let i = 0; i < size; i++) {
    const error = Math.sqrt(truth(i, i) / count);
    expect(error).toBeGreaterThan(0);
    expect(Math.abs(first[i] as number)).toBeLessThan(standardErrors * error);
    for (let j = 0; j <= i; j++) {
      const value = products[i * size + j] as number;
      const spread = Math.sqrt(((squares[i * size + j] as number) - value * value) / count);
      expect(Math.abs(value - truth(i, j))).toBeLessThan(standardErrors * spread);
    }
  }
}

describe.each([
  ["linear score", smallLinear],
  ["infinitely wide network", smallNtk],
] as const)("%s", (_, make) => {
  it("20,000 redraws of x_0 have the mean and the covariance that the formulas give (Prop. 5.1, 5.2)", {
    tags: ["long"],
  }, async () => {
    const estimator = await make(hexagon());
    const covariance = await estimator.covariance(places);
    await compareMoments((seed) => estimator.draw(seed), estimator.average, covariance, 20_000);
  });

  it("Gaussian draws of the effective SDE have the same two moments", { tags: ["slow"] }, async () => {
    const estimator = await make(hexagon());
    const effective = v.effectiveSde(estimator);
    const covariance = await estimator.covariance(places);
    await compareMoments((seed) => effective.draw(seed), estimator.average, covariance, 3000);
  });

  it("samples do not depend on threads, blocks or batches", { tags: ["slow"] }, async () => {
    const runs: Float64Array[] = [];
    for (const options of [{ threads: 1 }, { threads: 2, blockSize: 7 }, { threads: 1, blockSize: 64 }]) {
      const own = await v.createEngine({ kernels: "simd", ...options });
      const estimator = await make(own.mixture(v.polygon().points, { dim: 2, precision: "f64" }));
      const grid = v.logarithmic({ steps: 6, tMin: 0.1, tMax: 5 });
      const parts: number[] = [];
      for (const field of [estimator.average, estimator, v.effectiveSde(estimator)]) {
        const run = await v.sample(field as v.ScoreField, { sampler: v.euler(), grid, count: 50, seed: 3 });
        parts.push(...run.samples);
      }
      runs.push(Float64Array.from(parts));
      own.close();
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it("a shared realization is one field: particles of it move as under its draw", async () => {
    const estimator = await make(hexagon());
    const grid = v.logarithmic({ steps: 5, tMin: 0.2, tMax: 5 });
    const run = await v.sample(estimator, {
      sampler: v.euler(),
      grid,
      count: 9,
      seed: 4,
      particlesPerRealization: 9,
    });
    const again = await v.sample(await estimator.draw(4), { sampler: v.euler(), grid, count: 9, seed: 4 });
    expect(run.samples).toEqual(again.samples);
    expect(v.ensembleCost(estimator, { count: 90, particlesPerRealization: 9 }).realizations).toBe(10);
  });
});

describe("linear score", () => {
  it("is unbiased, and every fit is the score itself, where that is linear in the features (E.4)", async () => {
    const data = engine.mixture([[0.7, -0.3]], { precision: "f64" });
    const features = v.customFeatures({ count: 3, row: ([x, y], t) => [x / t ** 2, y / t ** 2, 1 / t ** 2] });
    const linear = await v.linearScore(data, v.edm(), { features, samples: 30, times: times(), ridge: 0 });
    const truth = await v.exactScore(data, v.edm()).evaluate(places.x, places.t, ["score"]);
    for (const field of [linear.average, await linear.fit(), await linear.draw(3)]) {
      const { score } = await field.evaluate(places.x, places.t, ["score"]);
      score.forEach((value, i) => {
        // The condition of the normal equations is some 1e6 here: 1e-16 of it.
        expect(Math.abs(value - (truth.score[i] as number))).toBeLessThan(1e-8 * (1 + Math.abs(value)));
      });
    }
  });

  it("kernels and plain TypeScript agree; ridge shrinks; polynomials, Hermite, Fourier and crossed features fit", {
    tags: ["slow"],
  }, async () => {
    const reference = await v.createEngine({ kernels: "reference" });
    const maps = [
      v.rbfFeatures({ count: 10 }),
      v.fourierFeatures({ count: 10 }),
      v.gaussFourierFeatures({ count: 5, frequencies: 1 }),
      v.polynomialFeatures({ degree: 3 }),
      v.hermiteFeatures({ degree: 3, width: 2 }),
    ];
    for (const features of maps) {
      const [fast, plain] = await Promise.all(
        [engine, reference].map(async (own) => {
          const data = own.mixture(v.polygon().points, { dim: 2, precision: "f64" });
          const linear = await v.linearScore(data, v.edm(), {
            features,
            samples: 200,
            times: times(),
            ridge: 1e-3,
          });
          return (await linear.average.evaluate(places.x, places.t, ["score"])).score;
        }),
      );
      fast.forEach((value, i) => {
        expect(Number.isFinite(value)).toBe(true);
        expect(Math.abs(value - (plain[i] as number))).toBeLessThan(1e-9 * (1 + Math.abs(value)));
      });
    }
    reference.close();
  });

  it("without bias the constant is gone, and features that are no use are said to be", async () => {
    const data = hexagon();
    const features = v.rbfFeatures({ count: 4 });
    const linear = await v.linearScore(data, v.edm(), {
      features,
      samples: 50,
      times: times(),
      bias: false,
      ridge: 0,
    });
    expect(Array.from((await linear.coefficients()).w0)).toEqual([0, 0]);
    const twice = v.rbfFeatures({
      centres: [
        [0, 0],
        [0, 0],
      ],
    });
    await expect(
      v.linearScore(data, v.edm(), { features: twice, samples: 50, times: times(), ridge: 0 }),
    ).rejects.toMatchObject({
      code: "E_RANGE",
      argument: "ridge",
      message: expect.stringMatching(
        /larger one, such as 1e-6,.*got 0, with which feature 1 is a combination/,
      ),
    });
    // What the message says helps, and is what a call without a ridge takes.
    const [given, own] = await Promise.all(
      [{ ridge: 1e-6 }, {}].map((some) =>
        v.linearScore(data, v.edm(), { features: twice, samples: 50, times: times(), ...some }),
      ),
    );
    expect(own?.ridge).toBe(1e-6);
    expect(await own?.weights()).toEqual(await given?.weights());
    const ridge = await v.linearScore(data, v.edm(), {
      features: twice,
      samples: 50,
      times: times(),
      ridge: 0.1,
    });
    expect((await ridge.weights()).every(Number.isFinite)).toBe(true);
  });
});

describe("infinitely wide network", () => {
  it("learns nothing in no time, the targets in endless time, and `at` keeps the eigenvectors", async () => {
    const data = hexagon();
    const ntk = await smallNtk(data);
    const still = await ntk.at(0);
    expect((await still.average.evaluate(places.x, places.t, ["score"])).score.every((s) => s === 0)).toBe(
      true,
    );
    const { x, t } = ntk.samples;
    const done = await ntk.at(Number.POSITIVE_INFINITY);
    const { score } = await done.average.evaluate(x, t, ["score"]);
    const truth = await v.exactScore(data, v.edm()).evaluate(x, t, ["score"]);
    const scale = Math.max(...truth.score.map(Math.abs));
    // The smallest eigenvalue is some 1e-7 of the largest.
    score.forEach((value, i) => {
      expect(Math.abs(value - (truth.score[i] as number))).toBeLessThan(1e-6 * scale);
    });
    const fresh = await v.ntkScore(data, v.edm(), {
      depth: 2,
      samples: 60,
      trainingTime: 7,
      times: times(),
      seed: 5,
    });
    const [a, b] = await Promise.all(
      [await ntk.at(7), fresh].map((one) => one.average.evaluate(places.x, places.t, ["score"])),
    );
    expect(a?.score).toEqual(b?.score);
    expect(ntk.spectrum.every((share) => share >= 0 && share <= 1)).toBe(true);
  });

  it("has eigenfunctions that are orthonormal over its samples (Eq. 85)", async () => {
    const ntk = await smallNtk(hexagon());
    const { x, t, lambda } = ntk.samples;
    const { functions } = await ntk.eigenfunctions({ x, t }, 4);
    const mean = lambda.reduce((sum, value) => sum + value / lambda.length, 0);
    for (let j = 0; j < 4; j++) {
      for (let k = 0; k < 4; k++) {
        let sum = 0;
        for (let n = 0; n < t.length; n++) {
          const weight = (lambda[n] as number) / mean / t.length;
          sum += weight * (functions[n * 4 + j] as number) * (functions[n * 4 + k] as number);
        }
        expect(Math.abs(sum - (j === k ? 1 : 0))).toBeLessThan(1e-9);
      }
    }
  });

  describe("that starts from its Gaussian process (F.1)", () => {
    const gaussian = (options: Partial<v.NtkScoreOptions> = {}) =>
      v.ntkScore(hexagon(), v.edm(), {
        depth: 2,
        samples: 200,
        trainingTime: 50,
        times: times(),
        seed: 5,
        initial: "gaussian",
        ...options,
      });
    const trace = (covariance: Float64Array, p: number, q: number) => covariance[(p * 5 + q) * 4] as number;

    it("before training has the covariance of one layer in closed form, psi.psi' / N0, each coordinate alone", async () => {
      const row = (x: Float64Array, t: number) => [x[0] as number, x[1] as number, t];
      const ntk = await gaussian({ depth: 1, trainingTime: 0, inputMap: { count: 3, row } });
      const covariance = await ntk.covariance(places);
      const psi = places.x.map((x, p) => row(Float64Array.from(x), places.t[p] as number));
      for (let p = 0; p < 5; p++) {
        for (let q = 0; q < 5; q++) {
          const dot =
            (psi[p] as number[]).reduce((sum, value, k) => sum + value * (psi[q]?.[k] as number), 0) / 3;
          const at = (p * 5 + q) * 4;
          [dot, 0, 0, dot].forEach((value, i) => {
            expect(covariance[at + i]).toBeCloseTo(value, 12);
          });
        }
      }
      const variance = await ntk.variance(places);
      for (let p = 0; p < 5; p++) expect(variance[p * 4]).toBeCloseTo(trace(covariance, p, p), 12);
    });

    it("forgets it at its samples in endless time, and keeps the average", async () => {
      const zero = await gaussian({ initial: "zero", trainingTime: Number.POSITIVE_INFINITY, samples: 60 });
      const ntk = await gaussian({ trainingTime: Number.POSITIVE_INFINITY, samples: 60 });
      const { x, t } = ntk.samples;
      const some = { x: x.subarray(0, 10), t: t.subarray(0, 5) };
      const [a, b] = await Promise.all([zero.variance(some), ntk.variance(some)]);
      const scale = Math.max(...a);
      a.forEach((value, i) => {
        expect(Math.abs(value - (b[i] as number))).toBeLessThan(1e-6 * scale);
      });
      const [one, other] = await Promise.all(
        [zero, ntk].map((each) => each.average.evaluate(places.x, places.t, ["score"])),
      );
      expect(other?.score).toEqual(one?.score);
      // Elsewhere something of it is left.
      const [c, d] = await Promise.all([zero.variance(places), ntk.variance(places)]);
      for (let p = 0; p < 5; p++) expect(d[p * 4]).toBeGreaterThan(c[p * 4] as number);
    });

    it("draws and Gaussian draws of it have the covariance of the formula", { tags: ["long"] }, async () => {
      const ntk = await gaussian();
      const zero = await gaussian({ initial: "zero" });
      const covariance = await ntk.covariance(places);
      const without = await zero.covariance(places);
      for (let p = 0; p < 5; p++)
        expect(trace(covariance, p, p)).toBeGreaterThan(1.01 * trace(without, p, p));
      await compareMoments((seed) => ntk.draw(seed), ntk.average, covariance, 4000);
      const effective = v.effectiveSde(ntk);
      await compareMoments((seed) => effective.draw(seed), ntk.average, covariance, 1000);
    });

    it("samples by realizations, with the bits of draws", async () => {
      const ntk = await gaussian({ samples: 60 });
      const grid = v.logarithmic({ steps: 4, sigmaMin: 0.1, sigmaMax: 5, last: "sigmaMin" });
      const run = await v.sample(ntk, { sampler: v.euler(), grid, count: 20, seed: 3 });
      expect(run.samples.every(Number.isFinite)).toBe(true);
      const one = await v.sample(ntk, {
        sampler: v.euler(),
        grid,
        count: 20,
        seed: 3,
        particlesPerRealization: 20,
      });
      const drawn = await v.sample(await ntk.draw(3), { sampler: v.euler(), grid, count: 20, seed: 3 });
      one.samples.forEach((value, i) => {
        expect(value).toBeCloseTo(drawn.samples[i] as number, 9);
      });
    });
  });

  it("takes samples twice (a kernel matrix of low rank) without NaN", async () => {
    const x = [...places.x, ...places.x];
    const t = [...places.t, ...places.t];
    const ntk = await v.ntkScore(hexagon(), v.edm(), { samples: { x, x0: x, t }, depth: 3 });
    for (const field of [ntk.average, await ntk.fit(), await ntk.draw(1)]) {
      const { score } = await field.evaluate([[0.1, 0.2]], 0.7, ["score"]);
      expect(score.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("ensembles, V-kernels, effective SDEs", () => {
  it("members: the empirical covariance has rank n - 1 and the mean is theirs", async () => {
    const data = hexagon();
    const members = [1, 2, 3].map((c) =>
      v.customScore(data, v.edm(), (x, t) => [c * (x[0] as number), c * c - t]),
    );
    const all = v.ensemble(members);
    const { score } = await all.average.evaluate([[1, 5]], 0.5, ["score"]);
    expect(score[0]).toBeCloseTo(2, 14);
    expect(score[1]).toBeCloseTo(14 / 3 - 0.5, 14);
    const covariance = await all.covariance({ x: [[1, 5]], t: 0.5 });
    // Of (1, 2, 3) and (1, 4, 9): variances 1 and 16.33, covariance 4.
    [1, 4, 4, 49 / 3].forEach((value, i) => {
      expect(covariance[i]).toBeCloseTo(value, 12);
    });
    const V = await v.vKernel(all).at([[1, 5]], 0.5);
    expect(V[0]).toBeCloseTo(0.25, 12);
    expect(members).toContain(await all.draw(8));
  });

  it("naive: V is D C D / R, and nothing between different places (Eq. 9)", async () => {
    const data = hexagon();
    const naive = v.naiveScore(data, v.edm(), { draws: 4 });
    const V = await v.vKernel(naive).between(places, places);
    const { proxyCovariance } = await naive.average.evaluate(places.x, places.t, ["proxyCovariance"]);
    for (let a = 0; a < 5; a++) {
      for (let b = 0; b < 5; b++) {
        for (let i = 0; i < 4; i++) {
          const D = places.t[a] as number;
          const truth = a === b ? (D * D * (proxyCovariance[a * 4 + i] as number)) / 4 : 0;
          expect(V[(a * 5 + b) * 4 + i]).toBeCloseTo(truth, 12);
        }
      }
    }
    const step = await v.stepCovariance(naive, places, { dt: 0.1 });
    expect(step[0]).toBeCloseTo(0.01 * (V[0] as number), 14);
  });

  it("maps are the trace at every place of a grid, and the same place by place", async () => {
    const data = hexagon();
    const linear = await smallLinear(data);
    const ntk = await smallNtk(data);
    const members = v.ensemble([await linear.draw(1), await linear.draw(2), await linear.draw(3)]);
    for (const estimator of [v.naiveScore(data, v.edm(), { draws: 2 }), linear, ntk, members]) {
      const V = v.vKernel(estimator);
      const { x, y, trace, width, height } = await V.map({
        t: 0.4,
        x: [-2, 1],
        y: [-1, 1],
        width: 7,
        height: 3,
      });
      expect([width, height, x[0], x[6], y[0], y[2]]).toEqual([7, 3, -2, 1, -1, 1]);
      const places = {
        x: Array.from(trace, (_, i) => [x[i % 7] as number, y[Math.floor(i / 7)] as number]),
        t: 0.4,
      };
      const all = await V.between(places, places);
      trace.forEach((value, i) => {
        const at = 4 * (i * trace.length + i);
        const truth = (all[at] as number) + (all[at + 3] as number);
        // Sums of the same products in another order: a few roundings.
        expect(Math.abs(value - truth)).toBeLessThanOrEqual(1e-12 * truth);
      });
    }
    const cube = engine.mixture(
      [
        [0, 0, 0],
        [1, 1, 1],
        [0, 2, 1],
      ],
      { precision: "f64" },
    );
    const V = v.vKernel(v.naiveScore(cube, v.edm()));
    const { trace } = await V.map({ t: 1, x: [0, 1], y: [3, 5], width: 2, axes: [2, 0], through: [9, 7, 9] });
    expect(trace[1]).toBe((await V.trace([[3, 7, 1]], 1))[0]);
    ntk.dispose();
  });

  it("your own score samples as the exact one where it is the exact one", { tags: ["slow"] }, async () => {
    const data = hexagon();
    const exact = v.exactScore(data, v.vp());
    const own = v.customScore(
      data,
      v.vp(),
      (x, t) => exact.evaluateSync([Array.from(x)], t, ["score"]).score,
    );
    const grid = v.karras({ steps: 8, sigmaMin: 0.05, sigmaMax: 20 });
    for (const sampler of [
      v.euler(),
      v.heun(),
      v.rk4(),
      v.ancestral(),
      v.dpmpp2m(),
      v.eulerMaruyama(),
      v.predictorCorrector(),
    ]) {
      const [a, b] = await Promise.all(
        [exact, own].map((field) => v.sample(field, { sampler, grid, count: 20, seed: 2 })),
      );
      a?.samples.forEach((value, i) => {
        expect(Math.abs(value - (b?.samples[i] as number))).toBeLessThan(1e-9);
      });
    }
    const tight = { sampler: v.dopri5({ rtol: 1e-7, atol: 1e-7 }), grid, count: 20, seed: 2 };
    const [a, b] = await Promise.all([exact, own].map((field) => v.sample(field, tight)));
    // The same steps of each particle's own; roundings of a hundred slopes.
    expect(b?.stats.evaluations).toBe(a?.stats.evaluations);
    a?.samples.forEach((value, i) => {
      expect(Math.abs(value - (b?.samples[i] as number))).toBeLessThan(1e-9);
    });
    await expect(v.sample(own, { sampler: v.posterior(), grid })).rejects.toMatchObject({
      code: "E_USAGE",
      argument: "sampler",
      expected: expect.stringMatching(/ancestral takes the mean/),
    });
  });

  it("a score that drives particles beyond all numbers is an error, not NaN", async () => {
    const data = hexagon();
    const wild = v.customScore(data, v.edm(), () => [1e308, 0]);
    await expect(
      v.sample(wild, { sampler: v.euler(), grid: v.times([10, 5]), count: 3 }),
    ).rejects.toMatchObject({ code: "E_NONFINITE", argument: "field" });
  });

  it("objectives: J1 = J0 + E[lambda tr C] / 2 (Eq. 24), and J0 of the exact score is 0", {
    tags: ["slow"],
  }, async () => {
    const data = hexagon();
    const linear = await smallLinear(data);
    const zero = v.customScore(data, v.edm(), () => [0, 0]);
    for (const field of [v.exactScore(data, v.edm()), linear.average, zero]) {
      const { j0, identity } = await v.objectives(field, {
        samples: 20_000,
        times: times(),
        weighting: "edm",
      });
      expect(Math.abs(identity.value)).toBeLessThan(standardErrors * identity.standardError);
      if (field !== zero && field !== linear.average) expect(j0.value).toBe(0);
      else expect(j0.value).toBeGreaterThan(0);
    }
  });

  it("cumulants of R draws fall as R^(1 - n), and those of one are the points' own", async () => {
    const data = engine.mixture([[-1], [1]], { precision: "f64" });
    const at = { x: [[0]], t: 0.5 };
    const [one, four] = await Promise.all(
      [1, 4].map((draws) => v.cumulants(v.naiveScore(data, v.edm(), { draws }), at)),
    );
    // s~ is +-4 with equal chances at x = 0, t = 0.5: variance 16, fourth cumulant -2 variance^2.
    expect(one?.variance[0]).toBeCloseTo(16, 10);
    expect(one?.third[0]).toBeCloseTo(0, 10);
    expect(one?.excessKurtosis[0]).toBeCloseTo(-2, 10);
    expect(four?.variance[0]).toBeCloseTo(4, 10);
    expect(four?.excessKurtosis[0]).toBeCloseTo(-0.5, 10);
  });
});

describe("path densities", () => {
  it.each(["white", "correlated"] as const)(
    "%s noise: the quadratic form has the mean of its rank",
    async (kind) => {
      const data = hexagon();
      const estimator =
        kind === "white"
          ? v.effectiveSde(v.naiveScore(data, v.edm(), { noiseTime: 0.5 }))
          : v.effectiveSde(await smallLinear(data));
      const count = kind === "white" ? 2000 : 200;
      const grid = v.logarithmic({ steps: 3, tMin: 0.7, tMax: 2 });
      const run = await v.sample(estimator as v.StepEstimator, {
        sampler: v.euler(),
        grid,
        count,
        seed: 6,
        record: "all",
      });
      const { quadratic, rank, logDensity } = await v.pathLogDensity(run, estimator as v.StepEstimator);
      const ranks = rank.reduce((sum, r) => sum + r, 0);
      const total = quadratic.reduce((sum, q) => sum + q, 0);
      // Twelve smooth features leave some path a direction whose share of the variance is below the cut of 1e-10.
      if (kind === "white") expect(ranks).toBe(6 * count);
      else expect(ranks).toBeGreaterThan(5.9 * count);
      expect(ranks).toBeLessThanOrEqual(6 * count);
      expect(Math.abs(total - ranks)).toBeLessThan(standardErrors * Math.sqrt(2 * ranks));
      expect(logDensity.every(Number.isFinite)).toBe(true);
    },
  );

  it("weights between two near noise times average to 1 over a few steps", { tags: ["slow"] }, async () => {
    const data = hexagon();
    const [near, far] = [1, 0.97].map((noiseTime) =>
      v.effectiveSde(v.naiveScore(data, v.edm(), { noiseTime })),
    ) as [v.StepEstimator<"f64">, v.StepEstimator<"f64">];
    const grid = v.logarithmic({ steps: 3, tMin: 0.8, tMax: 2 });
    const run = await v.sample(near, { sampler: v.euler(), grid, count: 20_000, seed: 7, record: "all" });
    const [a, b] = await Promise.all([v.pathLogDensity(run, near), v.pathLogDensity(run, far)]);
    let mean = 0;
    let square = 0;
    for (let p = 0; p < run.count; p++) {
      const weight = Math.exp((b.logDensity[p] as number) - (a.logDensity[p] as number));
      mean += weight / run.count;
      square += (weight * weight) / run.count;
    }
    const error = Math.sqrt((square - mean * mean) / run.count);
    expect(error).toBeGreaterThan(1e-4);
    expect(Math.abs(mean - 1)).toBeLessThan(standardErrors * error);
  });

  it("a step off the range of C has no density, and naive paths have none at all", async () => {
    const data = engine.mixture(
      [
        [-1, 0],
        [1, 0],
      ],
      { precision: "f64" },
    );
    const naive = v.naiveScore(data, v.edm(), { noiseTime: 1 });
    const paths = { trajectories: Float64Array.of(0, 0, 0.1, 0.5), times: Float64Array.of(1, 0.5), count: 1 };
    const { logDensity, rank } = await v.pathLogDensity(paths, v.effectiveSde(naive));
    expect(rank[0]).toBe(1);
    expect(logDensity[0]).toBe(Number.NEGATIVE_INFINITY);
    await expect(v.pathLogDensity(paths, naive)).rejects.toMatchObject({ code: "E_USAGE" });
  });
});

describe("halves, classes, places", () => {
  it("halves are disjoint and complete, classes are their points", () => {
    const points = Array.from({ length: 11 }, (_, i) => [i]);
    const data = engine.mixture(points, { labels: points.map(([i]) => (i as number) % 3) });
    const [a, b] = v.splitHalves(data, { seed: 4 });
    expect([...a.points, ...b.points].sort((p, q) => p - q)).toEqual(points.flat());
    expect([a.size, b.size]).toEqual([5, 6]);
    expect(Array.from(v.classMixture(data, [1]).points)).toEqual([1, 4, 7, 10]);
    expect(() => v.classMixture(data, [7])).toThrow(expect.objectContaining({ code: "E_RANGE" }));
  });

  it("reproducibility is 0 for the same samples, and mass near a corner is counted", () => {
    const rows = [
      [0, 0],
      [1, 0],
      [0, 1],
      [3, 3],
    ];
    const same = v.reproducibility(rows, rows, { radius: 0.1 });
    expect([same.paired.value, same.ratio.value, same.within?.value]).toEqual([0, 0, 1]);
    const { mass } = v.massNear(
      rows,
      [
        [3, 3.05],
        [0, 0.5],
      ],
      { radius: 0.5 },
    );
    expect(Array.from(mass)).toEqual([0.25, 0.5]);
  });

  it("targets of one draw are the proxy scores, of many the score (Xu et al. 2023)", async () => {
    const data = hexagon();
    const tuples = { x: Float64Array.of(0.3, 0.2), x0: Float64Array.of(1, 0), t: Float64Array.of(0.8) };
    const one = v.stableTargets(data, v.edm(), tuples, { batch: 1 });
    expect(one[0]).toBeCloseTo(0.7 / 0.64, 12);
    const many = v.stableTargets(data, v.edm(), tuples, { batch: 200_000, seed: 1 });
    const { score } = await v.exactScore(data, v.edm()).evaluate([[0.3, 0.2]], 0.8, ["score"]);
    // The error falls as the root of the batch: some 0.003 here, 5.7 times that allowed.
    many.forEach((value, d) => {
      expect(Math.abs(value - (score[d] as number))).toBeLessThan(0.02);
    });
  });
});

describe.each([
  [
    "the same at all times",
    () =>
      v.anisotropic(v.edm(), {
        covariance: [
          [1, 0.3],
          [0.3, 0.5],
        ],
      }),
  ],
  [
    "changing with time",
    () =>
      v.anisotropic(v.edm(), {
        dim: 2,
        covariance: (t) => [
          [1 + t / 5, 0.3],
          [0.3, 0.6 - t / 20],
        ],
      }),
  ],
] as const)("noise of a full covariance, %s, and points of width 0.3", (_, processOf) => {
  const wide = () => engine.mixture(v.polygon().points, { dim: 2, precision: "f64", sigma0: 0.3 });

  it("redraws have the mean and the covariance of the formulas", { tags: ["long"] }, async () => {
    const linear = await v.linearScore(wide(), processOf(), {
      features: v.rbfFeatures({ count: 12, seed: 3 }),
      samples: 80,
      times: times(),
      ridge: 0,
      seed: 5,
    });
    const covariance = await linear.covariance(places);
    await compareMoments((seed) => linear.draw(seed), linear.average, covariance, 1000);
  });

  it("J1 = J0 + E[lambda tr C] / 2, and the cumulants' second is C's diagonal", {
    tags: ["long"],
  }, async () => {
    const [data, process] = [wide(), processOf()];
    const exact = v.exactScore(data, process);
    const { j0, identity } = await v.objectives(exact, { times: times(), samples: 5000, seed: 6 });
    expect(j0.value).toBe(0);
    expect(identity.standardError).toBeGreaterThan(0);
    expect(Math.abs(identity.value)).toBeLessThan(standardErrors * identity.standardError);
    const c = await v.fisherInformation(exact, places.x, places.t);
    const { variance } = await v.cumulants(v.naiveScore(data, process), places);
    // Two routes to the same sums: a few roundings of float64.
    variance.forEach((value, i) => {
      const truth = c[4 * (i >> 1) + 3 * (i & 1)] as number;
      expect(Math.abs(value - truth)).toBeLessThan(1e-12 * truth);
    });
  });

  it("a score of your own moves as the exact one, and gives the velocity and the posterior mean", async () => {
    const [data, process] = [wide(), processOf()];
    const exact = v.exactScore(data, process);
    const own = v.customScore(
      data,
      process,
      (x, t) => exact.evaluateSync([Array.from(x)], t, ["score"]).score,
    );
    const names = ["score", "velocity", "posteriorMean"] as const;
    const [a, b] = [exact, own].map((field) => field.evaluateSync(places.x, places.t, names));
    for (const name of names) {
      a?.[name].forEach((value, i) => {
        expect(Math.abs(value - (b?.[name][i] as number))).toBeLessThan(1e-12 * 100);
      });
    }
    const grid = v.times([2, 1, 0.5, 0.2, 0]);
    const keeps = process.covariance !== undefined;
    for (const sampler of [v.euler(), v.heun(), v.rk4(), ...(keeps ? [v.dpmpp2m()] : [])]) {
      const runs = await Promise.all(
        [exact, own].map((field) => v.sample(field, { sampler, grid, count: 20, seed: 2 })),
      );
      runs[0]?.samples.forEach((value, i) => {
        // Roundings of a few steps.
        expect(Math.abs(value - (runs[1]?.samples[i] as number))).toBeLessThan(1e-10);
      });
    }
    if (keeps) return;
    await expect(v.sample(own, { sampler: v.dpmpp2m(), grid })).rejects.toMatchObject({
      code: "E_UNSUPPORTED",
      argument: "sampler",
    });
  });

  it("stable targets: of one draw the proxy score, of many the score", { tags: ["slow"] }, async () => {
    const [data, process] = [wide(), processOf()];
    const t = 0.8;
    const tuples = { x: Float64Array.of(0.3, 0.2), x0: Float64Array.of(1, 0), t: Float64Array.of(t) };
    const one = v.stableTargets(data, process, tuples, { batch: 1 });
    // S times the target is alpha x_0 - x.
    const s = (process.matrices as (t: number) => { variance: Float64Array })(t).variance as Float64Array;
    [0.7, -0.2].forEach((value, i) => {
      const back = (s[2 * i] as number) * (one[0] as number) + (s[2 * i + 1] as number) * (one[1] as number);
      expect(back).toBeCloseTo(value, 12);
    });
    const batch = 100_000;
    const many = v.stableTargets(data, process, tuples, { batch, seed: 1 });
    const { score, proxyVariance } = await v
      .exactScore(data, process)
      .evaluate([[0.3, 0.2]], t, ["score", "proxyVariance"]);
    // Self-normalised weights p(x | x_0) / p(x) are at most 8 here: the error's variance is at most 8 tr C / batch.
    const error = Math.sqrt((8 * (proxyVariance[0] as number)) / batch);
    many.forEach((value, d) => {
      expect(Math.abs(value - (score[d] as number))).toBeLessThan(standardErrors * error);
    });
  });
});

describe("bad input", () => {
  const rbf = () => v.rbfFeatures({ count: 5 });
  type Case = [string, () => unknown, string, string];
  const map = { t: 1, x: [0, 1], y: [0, 1], width: 3 } as const;
  const mapOf = (change: object) => v.vKernel(v.naiveScore(hexagon(), v.edm())).map({ ...map, ...change });
  const cases: Case[] = [
    ["a map of one column", () => mapOf({ width: 1 }), "E_RANGE", "width"],
    ["a map whose axis runs down", () => mapOf({ x: [1, 0] }), "E_RANGE", "x"],
    ["a map of one coordinate twice", () => mapOf({ axes: [1, 1] }), "E_RANGE", "axes"],
    ["a map through a place of another dim", () => mapOf({ through: [1, 2, 3] }), "E_SHAPE", "through"],
    ["a map with no end", () => mapOf({ y: [0, Number.NaN] }), "E_NONFINITE", "y[1]"],
    [
      "no features",
      () => v.linearScore(hexagon(), v.edm(), { samples: 9, times: times() } as never),
      "E_TYPE",
      "features",
    ],
    [
      "fewer samples than features",
      () => v.linearScore(hexagon(), v.edm(), { features: rbf(), samples: 5, times: times(), ridge: 0 }),
      "E_RANGE",
      "samples",
    ],
    [
      "no times",
      () => v.linearScore(hexagon(), v.edm(), { features: rbf(), samples: 50 }),
      "E_TYPE",
      "times",
    ],
    [
      "ridge below 0",
      () => v.linearScore(hexagon(), v.edm(), { features: rbf(), samples: 50, times: times(), ridge: -1 }),
      "E_RANGE",
      "ridge",
    ],
    [
      "features that are NaN",
      () =>
        v.linearScore(hexagon(), v.edm(), {
          features: v.customFeatures({ count: 1, row: () => [Number.NaN] }),
          samples: 50,
          times: times(),
        }),
      "E_NONFINITE",
      "features[0]",
    ],
    [
      "features of another count",
      () =>
        v.linearScore(hexagon(), v.edm(), {
          features: v.customFeatures({ count: 2, row: () => [1] }),
          samples: 50,
          times: times(),
        }),
      "E_SHAPE",
      "features",
    ],
    [
      "tau below 0",
      () => v.ntkScore(hexagon(), v.edm(), { samples: 9, times: times(), trainingTime: -1 }),
      "E_RANGE",
      "trainingTime",
    ],
    [
      "depth 0",
      () => v.ntkScore(hexagon(), v.edm(), { samples: 9, times: times(), depth: 0 }),
      "E_RANGE",
      "depth",
    ],
    [
      "too many samples",
      () => v.ntkScore(hexagon(), v.edm(), { samples: 4001, times: times() }),
      "E_RANGE",
      "samples",
    ],
    [
      "a weight of 0",
      () => v.ntkScore(hexagon(), v.edm(), { samples: { x: [[0, 1]], x0: [[0, 1]], t: [1], lambda: [0] } }),
      "E_RANGE",
      "samples.lambda[0]",
    ],
    [
      "an unknown start",
      () => v.ntkScore(hexagon(), v.edm(), { samples: 9, times: times(), initial: "normal" as never }),
      "E_USAGE",
      "initial",
    ],
    ["a misspelt option", () => v.ntkScore(hexagon(), v.edm(), { sample: 9 } as never), "E_USAGE", "sample"],
    ["one member", () => v.ensemble([v.exactScore(hexagon(), v.edm())]), "E_SHAPE", "members"],
    [
      "a field to effectiveSde",
      () => v.effectiveSde(v.exactScore(hexagon(), v.edm()) as never),
      "E_TYPE",
      "estimator",
    ],
    [
      "an ensemble by posterior draws",
      async () => v.sample(await smallLinear(hexagon()), { sampler: v.posterior() }),
      "E_USAGE",
      "sampler",
    ],
    [
      "realizations of a field",
      () => v.sample(v.exactScore(hexagon(), v.edm()), { particlesPerRealization: 2 }),
      "E_USAGE",
      "particlesPerRealization",
    ],
    [
      "a score of other length",
      () =>
        v.sample(
          v.customScore(hexagon(), v.edm(), () => [1]),
          { count: 1 },
        ),
      "E_SHAPE",
      "score",
    ],
    ["a time law of the wrong order", () => v.uniformTimes({ tMin: 2, tMax: 1 }), "E_RANGE", "tMax"],
  ];
  it.each(cases)("%s", async (_, call, code, argument) => {
    const error = await (async () => call())().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ name: "VkernelError", code, argument });
  });
});

describe("memory of an infinitely wide network", () => {
  it.each(["zero", "gaussian"] as const)(
    "is given back whichever allocation fails, start %s",
    { tags: ["slow"] },
    async (initial) => {
      const own = await v.createEngine({ threads: 1, kernels: "simd" });
      const { memory } = (
        own as unknown as {
          runtime: { memory: { alloc(bytes: number, what: string): number; blocks: number } };
        }
      ).runtime;
      const data = own.mixture(v.polygon().points, { dim: 2 });
      const before = memory.blocks;
      const alloc = memory.alloc.bind(memory);
      const train = () =>
        v.ntkScore(data, v.edm(), { depth: 2, samples: 40, times: times(), initial, trainingTime: 5 });
      let calls = 0;
      let fails = Number.POSITIVE_INFINITY;
      memory.alloc = (bytes, what) => {
        if (++calls === fails) throw new v.VkernelError("E_MEMORY", { argument: what });
        return alloc(bytes, what);
      };
      const whole = await train();
      expect(memory.blocks).toBeGreaterThan(before);
      whole.dispose();
      expect(memory.blocks).toBe(before);
      const all = calls;
      expect(all).toBeGreaterThan(20);
      for (fails = 1; fails <= all; fails++) {
        calls = 0;
        await expect(train()).rejects.toMatchObject({ code: "E_MEMORY" });
        expect(memory.blocks, `allocation ${fails} of ${all}`).toBe(before);
      }
      own.close();
    },
  );
});
