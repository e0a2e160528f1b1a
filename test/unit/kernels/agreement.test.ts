// The kernels and the plain TypeScript reference run the same programs on the same random numbers:
// in float64 their samples agree to rounding, for every sampler, estimator, process and start.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createEngine,
  type Engine,
  edm,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  logSnr,
  naiveScore,
  ou,
  posterior,
  type Sampler,
  sample,
  songVp,
  ve,
  vp,
} from "vkernel";

/** Rounding of some 1e-16 per step, grown by the flow's stretching over six steps (at most some 1e4 at these levels). */
const TOLERANCE = 1e-10;
/** Float32 the same way: 6e-8 per step. Draws may differ where a threshold falls within rounding, so none are here. */
const TOLERANCE_F32 = 2e-3;

let kernels: Engine;
let plain: Engine;
beforeAll(async () => {
  kernels = await createEngine({ kernels: "simd", threads: 1 });
  plain = await createEngine({ kernels: "reference" });
});
afterAll(() => {
  kernels.close();
  plain.close();
});

function points(dim: number, size: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length: dim * size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

const weights = [1, 2, 3, 0, 5, 1e-3, 2];
const grid = logSnr({ steps: 6, sigmaMin: 0.05, sigmaMax: 5 });
const processes = [edm(), ve(), vp(), songVp(), ou()];
const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= most)) most = difference;
  }
  return most;
};

describe.each([1, 2, 3, 4, 5, 9])("dim %i", (dim) => {
  describe.each([0, 0.2])("sigma0 %f", (sigma0) => {
    it.each(processes.map((process) => [process.name, process] as const))(
      "%s",
      { tags: ["slow"] },
      async (_name, process) => {
        const options = { dim, weights, sigma0, precision: "f64" as const };
        const a = kernels.mixture(points(dim, weights.length), options);
        const b = plain.mixture(points(dim, weights.length), options);
        for (const initial of ["noise", "normal", "marginal"] as const) {
          for (const sampler of [euler(), heun(), eulerMaruyama(), posterior()] as Sampler[]) {
            const run = { sampler, grid, count: 20, seed: 12_345_678_901, initial };
            const [x, y] = await Promise.all([
              sample(exactScore(a, process), run),
              sample(exactScore(b, process), run),
            ]);
            expect(largest(x.samples, y.samples), `${sampler.name} from ${initial}`).toBeLessThan(TOLERANCE);
          }
          for (const estimator of [{ draws: 1 }, { draws: 3 }, { noiseTime: 0.2 }]) {
            for (const sampler of [euler(), eulerMaruyama()]) {
              const run = { sampler, grid, count: 20, seed: 5, initial };
              const x = await sample(naiveScore(a, process, estimator), run);
              const y = await sample(naiveScore(b, process, estimator), run);
              const what = `${JSON.stringify(estimator)} by ${sampler.name} from ${initial}`;
              expect(largest(x.samples, y.samples), what).toBeLessThan(TOLERANCE);
            }
          }
        }
        a.dispose();
        b.dispose();
      },
    );
  });

  it("float32 stays near float64", async () => {
    const a = kernels.mixture(points(dim, weights.length), { dim, weights, precision: "f32" });
    const b = kernels.mixture(points(dim, weights.length), { dim, weights, precision: "f64" });
    for (const sampler of [euler(), heun(), eulerMaruyama()]) {
      const run = { sampler, grid, count: 50, seed: 3 };
      const x = await sample(exactScore(a, edm()), run);
      const y = await sample(exactScore(b, edm()), run);
      expect(largest(x.samples, y.samples), sampler.name).toBeLessThan(TOLERANCE_F32);
    }
    a.dispose();
    b.dispose();
  });
});

describe.each([100, 784, 4096])("scores at dim %i", (dim) => {
  const size = 9;
  const mu = points(dim, size);
  // Queries between two points, at a level where both count: log weights differ by some units.
  const t = 0.05 * Math.sqrt(dim);
  const x = Float64Array.from({ length: 3 * dim }, (_, i) => {
    const [q, d] = [Math.floor(i / dim), i % dim];
    return 0.505 * (mu[q * dim + d] as number) + 0.495 * (mu[(q + 1) * dim + d] as number);
  });
  /** Exponents are (1/4) (2/3) dim / (2 t^2), about 33; each is off by some 1e-7 of that in float32, 1e-15 in float64. */
  it.each([
    ["f64", 1e-12],
    ["f32", 2e-5],
  ] as const)("%s agrees with the reference", async (precision, tolerance) => {
    const options = { dim, precision };
    const a = kernels.mixture(mu, options);
    const b = plain.mixture(mu, options);
    const names = [
      "logDensity",
      "posteriorMean",
      "proxyVariance",
      "posteriorEntropy",
      "nearestDistance",
    ] as const;
    const ours = await exactScore(a, edm()).evaluate(x, t, names);
    const theirs = await exactScore(b, edm()).evaluate(x, t, names);
    expect(Math.max(...theirs.posteriorEntropy), "the weights are shared").toBeGreaterThan(0.1);
    for (const name of names) {
      const scale = Math.max(...Array.from(theirs[name], Math.abs));
      expect(largest(ours[name], theirs[name]) / scale, name).toBeLessThan(tolerance);
    }
    a.dispose();
    b.dispose();
  });
});
