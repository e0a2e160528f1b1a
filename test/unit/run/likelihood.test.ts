// Log densities along the flow against log p in closed form, point by point: in two dimensions and in 64.
import {
  anisotropic,
  createEngine,
  dopri5,
  edm,
  type Engine,
  exactScore,
  loadDataSet,
  logarithmic,
  logLikelihood,
  type Mixture,
  ou,
  type Process,
  rk4,
  sample,
  songVp,
  times,
} from "vkernel";
import { fillNormals } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(() => engine.close());

/** Two interleaved half circles with noise of 0.05, as scikit-learn's `make_moons` has them: [size, 2]. */
function moons(size: number): Float64Array {
  const noise = fillNormals(new Float64Array(2 * size), 2, size, 0, 51, 0, 0);
  const half = size / 2;
  return Float64Array.from({ length: 2 * size }, (_, i) => {
    const [m, d] = [i >> 1, i & 1];
    const angle = (Math.PI * (m % half)) / (half - 1);
    const [x, y] =
      m < half ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    return (d === 0 ? x : y) + 0.05 * (noise[i] as number);
  });
}

/** Points drawn from p_t exactly: the start of a run. */
async function drawn(data: Mixture<"f64">, process: Process, t: number, count: number, seed: number) {
  const run = await sample(exactScore(data, process), {
    grid: times([t, t / 2]),
    initial: "marginal",
    count,
    seed,
    record: [0],
  });
  return run.trajectories as Float64Array<ArrayBuffer>;
}

/** What is promised for every point. Measured: 3.3e-8 (moons), 2.4e-7 (digits). */
const promised = 1e-5;

describe("1,000 points each: the flow's log density is log p", () => {
  const count = 1000;
  const of = {
    moons: async () => engine.mixture(moons(1000), { dim: 2, precision: "f64" }),
    digits: async () => {
      const { points, dim } = await loadDataSet("digits");
      return engine.mixture(points, { dim, precision: "f64" });
    },
  };
  // Tolerances are those of one step in root mean square over 65 coordinates: a five-thousandth of what is promised.
  const sampler = dopri5({ rtol: 2e-9, atol: 2e-9 });
  // Levels in units of the data: moons' circles are 0.5 apart, neighbouring digits 1 to 3 in all 64 pixels.
  it.each([
    ["moons", "edm", edm(), 0.05, 40],
    ["moons", "songVp", songVp(), 0.05, 20],
    ["digits", "edm", edm(), 0.2, 40],
  ] as const)("%s under %s", { tags: ["long"] }, async (name, _, process, sigmaMin, sigmaMax) => {
    const data = await of[name]();
    const field = exactScore(data, process);
    const [t, top] = [process.timeOfSigma(sigmaMin), process.timeOfSigma(sigmaMax)];
    const points = await drawn(data, process, t, count, 52);
    const run = await logLikelihood(field, points, { base: "marginal", sampler, grid: times([top, t]) });
    const { logDensity } = await field.evaluate(points, t, ["logDensity"]);
    data.dispose();
    expect(run.logDensity.length).toBe(count);
    const errors = logDensity.map((truth, i) => Math.abs((run.logDensity[i] as number) - truth));
    expect(Math.max(...errors)).toBeLessThan(promised);
    // It is the divergence that says so: the flow changes the density by far more than that.
    const change = run.divergence.reduce((sum, x) => sum + Math.abs(x), 0) / count;
    expect(change).toBeGreaterThan(1);
  });
});

describe("every flow, start and process", () => {
  const points = Float64Array.of(1, 0, 0.3, -0.6, 0.8, -0.2, -0.3, -0.9, 0.5);
  const tolerance = 1e-6;
  /** Steps in log time from 4 to 0.1: RK4's error is (3.7 / 400)^4 = 7e-9 times derivatives. */
  const grid = (process: Process) =>
    logarithmic({ steps: 400, tMax: process.timeOfSigma(4), tMin: process.timeOfSigma(0.1) });
  const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    let most = 0;
    for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
    return most;
  };

  it.each([0, 0.2])("downward from each start, sigma0 %d", { tags: ["long"] }, async (sigma0) => {
    for (const process of [edm(), ou(), songVp()]) {
      const data = engine.mixture(points, { dim: 3, weights: [3, 2, 1], sigma0, precision: "f64" });
      const field = exactScore(data, process);
      for (const sampler of [rk4(), dopri5({ rtol: 1e-10, atol: 1e-10 })]) {
        const options = { sampler, grid: grid(process), count: 40, seed: 53, logLikelihood: true } as const;
        const end = process.timeOfSigma(0.1);
        const marginal = await sample(field, { ...options, initial: "marginal" });
        const { logDensity } = await field.evaluate(marginal.samples, end, ["logDensity"]);
        expect(worst(marginal.likelihood?.logDensity ?? [], logDensity)).toBeLessThan(tolerance);
        // The flow is one to one: the density that a start has is found again on the way up.
        for (const initial of ["noise", "normal"] as const) {
          const down = await sample(field, { ...options, initial });
          const up = await logLikelihood(field, down.samples, {
            sampler,
            grid: grid(process),
            base: initial,
          });
          expect(worst(down.likelihood?.logDensity ?? [], up.logDensity)).toBeLessThan(tolerance);
          // A run without densities has the same samples: their density is that of the states drawn.
          const plain = await sample(field, { ...options, initial, logLikelihood: false });
          if (sampler.adaptive === undefined) expect(plain.samples).toEqual(down.samples);
        }
      }
      data.dispose();
    }
  });

  it("one point: N(0, S_T) flows into N(0, S_t), in closed form", async () => {
    for (const process of [edm(), ou(), songVp()]) {
      const data = engine.mixture([[0, 0, 0, 0, 0]], { precision: "f64" });
      const end = process.timeOfSigma(0.1);
      const run = await sample(exactScore(data, process), {
        sampler: dopri5({ rtol: 1e-11, atol: 1e-11 }),
        grid: times([process.timeOfSigma(4), end]),
        count: 20,
        seed: 54,
        logLikelihood: true,
      });
      data.dispose();
      const variance = process.variance(end);
      const truth = Float64Array.from({ length: 20 }, (_, i) => {
        const square = run.samples.subarray(5 * i, 5 * i + 5).reduce((sum, x) => sum + x * x, 0);
        return -2.5 * Math.log(2 * Math.PI * variance) - square / (2 * variance);
      });
      expect(worst(run.likelihood?.logDensity ?? [], truth)).toBeLessThan(1e-8);
    }
  });

  it("anisotropic noise: upward against log p", async () => {
    const covariance = [
      [1, 0.3, 0],
      [0.3, 0.5, 0.1],
      [0, 0.1, 2],
    ];
    const process = anisotropic(ou(), { covariance });
    const data = engine.mixture(points, { dim: 3, precision: "f64" });
    const field = exactScore(data, process);
    const t = 0.05;
    const x = await drawn(data, process, t, 50, 55);
    const run = await logLikelihood(field, x, {
      base: "marginal",
      sampler: dopri5({ rtol: 1e-10, atol: 1e-10 }),
      grid: times([3, t]),
    });
    const { logDensity } = await field.evaluate(x, t, ["logDensity"]);
    data.dispose();
    expect(worst(run.logDensity, logDensity)).toBeLessThan(tolerance);
  });
});
