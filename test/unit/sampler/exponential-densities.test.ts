// Log densities along DPM-Solver++(2M) and DDIM: the trace of x_0's derivative is held, or extrapolated, as x_0 itself is. Orders of
// convergence against closed forms, against log p of mixtures, and the same bits however the work is cut.
import {
  ancestral,
  anisotropic,
  createEngine,
  customScore,
  dopri5,
  dpmpp2m,
  edm,
  type Engine,
  exactScore,
  logarithmic,
  logLikelihood,
  type Mixture,
  ou,
  type Process,
  sample,
  type Sampler,
  songVp,
  vp,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flowsFor } from "../../../src/sampler/capabilities.js";
import { bridge } from "../../../src/process/bridge.js";
import { readGolden } from "../../golden/files.js";
import { mixtureOf, processOf } from "../../golden/golden.js";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

const samplers: readonly [string, () => Sampler, number][] = [
  ["dpmpp2m", dpmpp2m, 2],
  ["ancestral({ eta: 0 })", () => ancestral({ eta: 0 }), 1],
];
const covariance = [
  [1, 0.3],
  [0.3, 0.5],
];
const processes: readonly [string, Process][] = [
  ["edm", edm()],
  ["vp", vp({ betaMin: 0.5, betaD: 0.5 })],
  ["songVp", songVp({ betaMin: 0.8, betaMax: 2.4 })],
  ["ou", ou()],
  ["anisotropic ou", anisotropic(ou(), { covariance })],
];
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
};
/** Levels of the data's own size, where the flow bends. */
const ends = (process: Process): { tMin: number; tMax: number } => ({
  tMin: process.timeOfSigma(0.3),
  tMax: process.timeOfSigma(1.2),
});
const counts = [32, 64, 128, 256];
const points = Float64Array.of(1, 0, -0.6, 0.8, -0.3, -0.9);
const places = Float64Array.of(0.9, -0.2, -0.7, 0.6, 0.1, 0.1, -0.4, -1.1);

/** The slopes of errors whose steps are halved one by one. */
const slopes = (errors: readonly number[]): number[] =>
  errors.slice(1).map((error, i) => Math.log2((errors[i] as number) / error));

describe.each(samplers)("%s", (_, make, order) => {
  it.each(processes.filter(([, one]) => !one.covariance))(
    "of one Gaussian, in closed form, upward and downward: %s",
    { tags: ["slow"] },
    async (_, process) => {
      const sigma0 = process.covariance ? 0 : 0.4;
      const data = engine.mixture([[0.3, -0.2]], { sigma0, precision: "f64" });
      const field = exactScore(data, process);
      const { tMin, tMax } = ends(process);
      const { logDensity } = await field.evaluate(places, tMin, ["logDensity"]);
      const [up, down]: [number[], number[]] = [[], []];
      for (const steps of counts) {
        const grid = logarithmic({ steps, tMin, tMax });
        const there = await logLikelihood(field, places, { sampler: make(), grid, base: "marginal" });
        up.push(worst(there.logDensity, logDensity));
        const back = await sample(field, {
          sampler: make(),
          grid,
          count: 5,
          seed: 3,
          initial: "marginal",
          logLikelihood: true,
        });
        const truth = await field.evaluate(back.samples, tMin, ["logDensity"]);
        down.push(worst(back.likelihood?.logDensity ?? [], truth.logDensity));
      }
      data.dispose();
      for (const errors of [up, down]) {
        expect(errors.at(-1)).toBeLessThan(order === 2 ? 2e-4 : 2e-2);
        expect(slopes(errors).at(-1)).toBeGreaterThan(order - 0.15);
        expect(slopes(errors).at(-1)).toBeLessThan(order + 0.4);
      }
    },
  );

  it.each(processes)("of a mixture against log p and dopri5: %s", async (_, process) => {
    const data = engine.mixture(points, { dim: 2, weights: [0.5, 0.3, 0.2], precision: "f64" });
    const field = exactScore(data, process);
    const own = customScore(data, process, (x, t) => field.evaluateSync(x, t, ["score"]).score, {
      divergence: (x, t) => {
        const { divergence } = field.evaluateSync(x, t, ["divergence"]);
        return -((divergence[0] as number) + 2 * process.beta(t)) / process.diffusion(t);
      },
    });
    const { tMin, tMax } = ends(process);
    const { logDensity } = await field.evaluate(places, tMin, ["logDensity"]);
    const of = (one: typeof field | typeof own, sampler: Sampler, steps: number) =>
      logLikelihood(one, places, { sampler, grid: logarithmic({ steps, tMin, tMax }), base: "marginal" });
    const tight = await of(field, dopri5({ rtol: 1e-11, atol: 1e-11 }), 1);
    expect(worst(tight.logDensity, logDensity)).toBeLessThan(1e-8);
    const errors: number[] = [];
    for (const steps of counts) {
      const run = await of(field, make(), steps);
      errors.push(worst(run.logDensity, tight.logDensity));
      expect(run.evaluations).toBe(steps);
      // A score of one's own that is the exact one is the same numbers, by its own divergence.
      if (steps === 64 && !process.covariance) {
        const called = await of(own, make(), steps);
        expect(worst(called.logDensity, run.logDensity)).toBeLessThan(1e-9);
        expect(worst(called.divergence, run.divergence)).toBeLessThan(1e-9);
      }
    }
    data.dispose();
    expect(errors.at(-1)).toBeLessThan(order === 2 ? 1e-3 : 0.1);
    expect(slopes(errors).at(-1)).toBeGreaterThan(order - 0.2);
    expect(slopes(errors).at(-1)).toBeLessThan(order + 0.6);
  });

  it("samples are those of a run without densities, to the bit", async () => {
    const data = engine.mixture(points, { dim: 2, sigma0: 0.2, precision: "f32" });
    const options = {
      sampler: make(),
      grid: logarithmic({ steps: 9, tMin: 0.05, tMax: 5 }),
      count: 70,
      seed: 8,
    };
    const plain = await sample(exactScore(data, edm()), options);
    const dense = await sample(exactScore(data, edm()), { ...options, logLikelihood: true });
    expect(dense.samples).toEqual(plain.samples);
    data.dispose();
  });

  it("the same bits for any threads and block size; the reference's to rounding", {
    tags: ["slow"],
  }, async () => {
    const run = async (options: Parameters<typeof createEngine>[0]) => {
      const own = await createEngine(options);
      const data: Mixture<"f64"> = own.mixture(points, { dim: 2, sigma0: 0.1, precision: "f64" });
      const { samples, likelihood } = await sample(exactScore(data, songVp()), {
        sampler: make(),
        grid: logarithmic({ steps: 12, tMin: 0.01, tMax: 1 }),
        count: 400,
        seed: 5,
        logLikelihood: true,
      });
      own.close();
      return [samples, likelihood?.logDensity ?? new Float64Array(0)] as const;
    };
    const [samples, densities] = await run({ threads: 1 });
    for (const options of [{ threads: 2 }, { threads: 1, blockSize: 7 }, { threads: 2, blockSize: 64 }]) {
      const other = await run(options);
      expect(other[0]).toEqual(samples);
      expect(other[1]).toEqual(densities);
    }
    const plain = await run({ kernels: "reference" });
    expect(worst(plain[0], samples)).toBeLessThan(1e-9);
    expect(worst(plain[1], densities)).toBeLessThan(1e-8);
  });

  it("data far from the origin have the densities of data at it", async () => {
    const far = engine.mixture(
      points.map((value) => value + 4096),
      { dim: 2, precision: "f64" },
    );
    const near = engine.mixture(points, { dim: 2, precision: "f64" });
    const grid = logarithmic({ steps: 20, tMin: 0.3, tMax: 2 });
    const options = { sampler: make(), grid, base: "marginal" } as const;
    const there = await logLikelihood(
      exactScore(far, edm()),
      places.map((value) => value + 4096),
      options,
    );
    const here = await logLikelihood(exactScore(near, edm()), places, options);
    // Places themselves are rounded at 4096.
    expect(worst(there.logDensity, here.logDensity)).toBeLessThan(1e-9);
    far.dispose();
    near.dispose();
  });
});

it("a step up takes a step down back, whatever x_0", () => {
  for (const process of [edm(), ou(), songVp(), vp()]) {
    const down = bridge(process, 0.8, 0.1, 0);
    const up = bridge(process, 0.1, 0.8, 0);
    const [x, mean] = [1.7, -0.4];
    const there = down.a * x + down.b * mean;
    expect(up.a * there + up.b * mean).toBeCloseTo(x, 12);
    expect(up.c).toBe(0);
    // Without noise the step keeps (x - alpha x_0) / sqrt(S).
    const [before, after] = [
      (x - process.alpha(0.8) * mean) / Math.sqrt(process.variance(0.8)),
      (there - process.alpha(0.1) * mean) / Math.sqrt(process.variance(0.1)),
    ];
    expect(after).toBeCloseTo(before, 12);
  }
});

it("golden: log densities and the integral of the divergence by the file's own conventions", {
  tags: ["slow"],
}, async () => {
  const { groups } = readGolden<{
    groups: readonly {
      process: Parameters<typeof processOf>[0];
      T: number;
      eps: number;
      mu: readonly (readonly number[])[];
      w: readonly number[];
      sigma0: number;
      cases: readonly { x_eps: readonly number[]; int_div: number; logq_exact_base: number }[];
    }[];
  }>("g3_pfode.json");
  let looked = 0;
  for (const group of groups) {
    const process = processOf(group.process);
    const mixture = mixtureOf(group);
    const data = engine.mixture(mixture.points, {
      dim: mixture.dim,
      weights: mixture.weights,
      sigma0: mixture.sigma0,
      precision: "f64",
    });
    const x = Float64Array.from(group.cases.flatMap(({ x_eps }) => [...x_eps]));
    const errors: number[] = [];
    for (const steps of [2000, 4000]) {
      const { logDensity, divergence } = await logLikelihood(exactScore(data, process), x, {
        sampler: dpmpp2m(),
        grid: logarithmic({ steps, tMin: group.eps, tMax: group.T }),
        base: "marginal",
      });
      errors.push(
        Math.max(
          worst(
            divergence,
            group.cases.map((one) => one.int_div),
          ),
          worst(
            logDensity,
            group.cases.map((one) => one.logq_exact_base),
          ),
        ),
      );
      looked += logDensity.length;
    }
    data.dispose();
    expect(errors[1]).toBeLessThan(0.05);
    // Of order 2: the error of halved steps is a quarter, to higher orders.
    expect((errors[0] as number) / (errors[1] as number)).toBeGreaterThan(3);
  }
  expect(looked).toBeGreaterThan(10);
});

it("what takes densities is read from the registry", async () => {
  const data = engine.mixture([[0, 0]], { precision: "f64" });
  const field = exactScore(data, edm());
  expect(flowsFor(field)).toEqual(["euler", "heun", "rk4", "dpmpp2m", "dopri5", "ancestral({ eta: 0 })"]);
  await expect(
    logLikelihood(field, [[1, 1]], {
      sampler: ancestral(),
      grid: logarithmic({ steps: 2, tMin: 1, tMax: 2 }),
    }),
  ).rejects.toThrow(/dpmpp2m, dopri5 or ancestral\(\{ eta: 0 \}\): one that integrates the flow/);
  data.dispose();
});
