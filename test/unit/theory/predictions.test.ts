// What networks predict, as one another, and the losses that they are trained by: Cao et al. 2025, Sec. 4.4. Seeds are fixed. Statistical
// checks: losses at 5.7 standard errors (1.2e-8 each, 20 of them).
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { standardErrors } from "../../shared/statistics.js";

let engine: v.Engine;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 1, kernels: "simd" });
});
afterAll(() => engine.close());

const kinds = ["score", "posteriorMean", "noise", "v", "velocity"] as const;
const processes: [string, v.Process, number[]][] = [
  ["ou", v.ou(), [0.01, 0.5, 3]],
  ["edm", v.edm(), [0.01, 0.7, 40]],
  ["ve", v.ve(), [0.01, 2]],
  ["vp", v.vp(), [0.01, 0.3, 0.6]],
  ["songVp", v.songVp(), [0.01, 0.4, 1]],
  ["subVp", v.subVp(), [0.05, 0.4, 1]],
  ["songVe", v.songVe(), [0.1, 0.7]],
  ["ddpm", v.ddpm({ schedule: "linear" }), [10, 400, 1000]],
];
const points = [
  [0.4, -1],
  [1.2, 0.3],
  [-0.8, 0.9],
];
const hexagon = () => engine.mixture(points, { weights: [0.5, 0.2, 0.3], precision: "f64" });
const places = Float64Array.of(0.1, 0.2, -1, 0.4, 2, 2);

/** How much a rounding of one prediction is in another: through 1 / alpha, 1 / sigma, 1 / D and back. */
function condition(process: v.Process, t: number): number {
  const [alpha, deviation] = [process.alpha(t), Math.sqrt(process.variance(t))];
  const rate = (process.beta(t) * 3 + process.diffusion(t) / deviation) / process.diffusion(t);
  return (
    (1 + deviation / alpha + alpha / deviation) *
    (1 + 1 / deviation + deviation) *
    (1 + rate * deviation + rate)
  );
}
const rounding = 32 * Number.EPSILON;

describe("conversions", () => {
  it.each(processes)(
    "%s: round trips between all of them, and what the exact field says itself",
    async (_, process, times) => {
      const data = hexagon();
      const field = v.exactScore(data, process);
      for (const t of times) {
        const truth = new Map<v.Prediction, Float64Array>();
        for (const kind of kinds) truth.set(kind, await v.predict(field, places, t, kind));
        const scale = (kind: v.Prediction): number =>
          (truth.get(kind) as Float64Array).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        for (const from of kinds) {
          for (const to of kinds) {
            const values = truth.get(from) as Float64Array;
            const got = v.convertPrediction(values, places, t, process, { from, to });
            const back = v.convertPrediction(got, places, t, process, { from: to, to: from });
            const allowed = rounding * condition(process, t);
            got.forEach((value, i) => {
              const own = (truth.get(to) as Float64Array)[i] as number;
              expect(Math.abs(value - own), `${from} to ${to} at ${t}`).toBeLessThanOrEqual(
                allowed * scale(to),
              );
              const start = values[i] as number;
              expect(
                Math.abs((back[i] as number) - start),
                `${from} to ${to} and back at ${t}`,
              ).toBeLessThanOrEqual(allowed * scale(from));
            });
          }
        }
      }
      data.dispose();
    },
  );

  it("are the formulas of the paper and of the field", () => {
    const [t, x] = [0.7, Float64Array.of(0.3)];
    const [alpha, deviation] = [Math.exp(-t), Math.sqrt(-Math.expm1(-2 * t))];
    const of = (value: number, from: v.Prediction, to: v.Prediction): number =>
      v.convertPrediction(Float64Array.of(value), x, t, v.ou(), { from, to })[0] as number;
    expect(of(1.1, "noise", "posteriorMean")).toBeCloseTo((0.3 - deviation * 1.1) / alpha, 13); // (4.32)
    expect(of(1.1, "posteriorMean", "score")).toBeCloseTo((alpha * 1.1 - 0.3) / deviation ** 2, 13); // (4.27)
    expect(of(1.1, "noise", "score")).toBeCloseTo(-1.1 / deviation, 13);
    expect(of(1.1, "score", "velocity")).toBeCloseTo(-0.3 - 1.1, 13);
    // alpha = cos, sqrt(S) = sin of an angle: v is the derivative of x along it (Salimans and Ho 2022, Appendix D).
    expect(of(1.1, "v", "posteriorMean")).toBeCloseTo(alpha * 0.3 - deviation * 1.1, 13);
    expect(of(1.1, "v", "noise")).toBeCloseTo(deviation * 0.3 + alpha * 1.1, 13);
    // The three steps after Eq. 4.34.
    const origin = of(0.6, "noise", "posteriorMean");
    expect(of(0.6, "noise", "score")).toBeCloseTo((alpha * origin - 0.3) / deviation ** 2, 13);
  });

  it("score and noise keep all digits where nearly nothing is noise", () => {
    const [t, x] = [1e-12, Float64Array.of(1)];
    const score = v.convertPrediction(Float64Array.of(0.3), x, t, v.ou(), { from: "noise", to: "score" });
    const back = v.convertPrediction(score, x, t, v.ou(), { from: "score", to: "noise" });
    expect(Math.abs((back[0] as number) - 0.3)).toBeLessThan(1e-16);
  });

  it("take one time per row, float32, and nothing", () => {
    const x = Float32Array.of(0.1, 0.2, 0.3, 0.4);
    const values = Float32Array.of(1, 2, 3, 4);
    const got = v.convertPrediction(values, x, [0.5, 1], v.edm(), { from: "noise", to: "score" });
    expect(got).toBeInstanceOf(Float32Array);
    expect(Array.from(got)).toEqual([-2, -4, -3, -4]);
    expect(Array.from(values)).toEqual([1, 2, 3, 4]);
    const same = v.convertPrediction(values, x, 0.5, v.edm(), { from: "v", to: "v" });
    expect(Array.from(same)).toEqual([1, 2, 3, 4]);
    const empty = new Float64Array(0);
    expect(v.convertPrediction(empty, empty, 0.5, v.edm(), { from: "v", to: "score" })).toHaveLength(0);
  });

  it("refuse what they cannot", () => {
    const x = Float64Array.of(1, 2);
    const good = { from: "noise", to: "score" } as const;
    const tilted = v.anisotropic(v.ou(), {
      covariance: [
        [2, 0],
        [0, 1],
      ],
    });
    for (const [call, code, argument] of [
      [() => v.convertPrediction(x, Float64Array.of(1), 1, v.ou(), good), "E_SHAPE", "x"],
      [() => v.convertPrediction(x, x, [1, 1, 1], v.ou(), good), "E_SHAPE", "t"],
      [() => v.convertPrediction(x, x, 0, v.ou(), good), "E_RANGE", "t"],
      [() => v.convertPrediction(x, x, 2, v.vp(), good), "E_RANGE", "t"],
      [() => v.convertPrediction(x, x, [1, -1], v.ou(), good), "E_RANGE", "t[1]"],
      [() => v.convertPrediction(x, x, 1, v.ou(), { ...good, from: "eps" as "noise" }), "E_USAGE", "from"],
      [() => v.convertPrediction([1, 2] as unknown as Float64Array, x, 1, v.ou(), good), "E_TYPE", "values"],
      [() => v.convertPrediction(x, x, 1, tilted, good), "E_UNSUPPORTED", "process"],
    ] as const) {
      expect(call).toThrow(expect.objectContaining({ name: "VkernelError", code, argument }));
    }
  });
});

describe("customScore of a network", () => {
  it.each(["posteriorMean", "noise", "v", "velocity"] as const)(
    "that predicts %s samples as the score does",
    async (predicts) => {
      const data = hexagon();
      const exact = v.exactScore(data, v.ou());
      const network = v.customScore(
        data,
        v.ou(),
        (x, t) => {
          const seen = exact.evaluateSync(x, t, ["score", "posteriorMean", "velocity"]);
          if (predicts === "posteriorMean" || predicts === "velocity") return seen[predicts];
          const deviation = Math.sqrt(v.ou().variance(t));
          return seen.score.map((s, d) =>
            predicts === "noise"
              ? -deviation * s
              : -deviation * (v.ou().alpha(t) * s + (seen.posteriorMean[d] as number)),
          );
        },
        { predicts },
      );
      const options = {
        sampler: v.heun(),
        grid: v.logarithmic({ steps: 8, tMin: 0.05, tMax: 3 }),
        count: 20,
        seed: 1,
      };
      const [a, b] = [await v.sample(exact, options), await v.sample(network, options)];
      a.samples.forEach((value, i) => {
        expect(Math.abs(value - (b.samples[i] as number))).toBeLessThan(1e-11);
      });
      data.dispose();
    },
  );

  it("refuses what is no prediction", () => {
    const data = hexagon();
    const zero = () => [0, 0];
    expect(() => v.customScore(data, v.ou(), zero, { predicts: "epsilon" as "noise" })).toThrow(/noise/);
    expect(() => v.customScore(data, v.ou(), zero, { predict: "noise" } as v.CustomScoreOptions)).toThrow(
      /predicts/,
    );
    const tilted = v.anisotropic(v.ou(), {
      covariance: [
        [2, 0],
        [0, 1],
      ],
    });
    expect(() => v.customScore(data, tilted, zero, { predicts: "noise" })).toThrow(/isotropic/);
    v.customScore(data, tilted, zero);
    data.dispose();
  });
});

describe("losses", () => {
  const guess = (data: v.Mixture<"f64">, process: v.Process) =>
    v.customScore(data, process, (x, t) => x.map((value) => 0.1 - value / (1 + process.variance(t))));

  it.each([
    ["points", 0, [v.ou(), v.edm(), v.vp()]],
    ["Gaussians", 0.3, [v.ou()]],
  ] as const)(
    "%s on a line: (4.26) is (4.28), (4.30) is (4.33), and (4.29), corrected, is between",
    { tags: ["long"] },
    async (_, sigma0, own) => {
      const data = engine.mixture([[-1], [0.3], [1.1]], {
        weights: [0.2, 0.3, 0.5],
        sigma0,
        precision: "f64",
      });
      for (const process of own) {
        const t = [0.1, 0.4, 0.9];
        const samples = v.quadratureTuples(data, process, { t, probabilities: [0.2, 0.3, 0.5] });
        const found = await v.scoreLosses(guess(data, process), { samples });
        const close = (a: number, b: number): void => {
          expect(Math.abs(a / b - 1)).toBeLessThan(1e-10);
        };
        close(found.mean.value, found.score.value);
        close(found.noise.value, found.total.value);
        close(found.score.value + found.conditionalVariance.value, found.total.value);
        expect(Math.abs(found.difference.value)).toBeLessThan(1e-10 * found.total.value);
        // Monte Carlo over the same times.
        const drawn = await v.scoreLosses(guess(data, process), {
          times: v.gridTimes([0.1, 0.1, 0.4, 0.4, 0.4, 0.9, 0.9, 0.9, 0.9, 0.9]),
          samples: 20_000,
          seed: 8,
        });
        for (const name of ["score", "total", "plain", "conditionalVariance", "difference"] as const) {
          const { value, standardError } = drawn[name];
          expect(Math.abs(value - found[name].value), name).toBeLessThan(
            standardErrors * standardError + 1e-9,
          );
        }
        // The exact score has no loss but what no field can get below.
        const best = await v.scoreLosses(v.exactScore(data, process), { samples });
        expect(best.score.value).toBeLessThan(1e-20);
        close(best.total.value, best.conditionalVariance.value);
        expect(best.total.value).toBeLessThan(found.total.value);
      }
      data.dispose();
    },
  );

  it("in the plane too", { tags: ["slow"] }, async () => {
    const data = hexagon();
    const samples = v.quadratureTuples(data, v.ou(), { t: [0.5], density: 8 });
    const { score, total, conditionalVariance, plain, noise } = await v.scoreLosses(guess(data, v.ou()), {
      samples,
    });
    expect(Math.abs((score.value + conditionalVariance.value) / total.value - 1)).toBeLessThan(1e-10);
    expect(Math.abs(plain.value / v.ou().variance(0.5) / noise.value - 1)).toBeLessThan(1e-12);
    data.dispose();
  });

  it("quadratureTuples sum to expectations, weighted as asked for", () => {
    const data = engine.mixture([[2]], { precision: "f64" });
    const t = [0.5, 2];
    const { lambda, x, x0 } = v.quadratureTuples(data, v.edm(), { t, weighting: "variance" });
    const mean = (f: (n: number) => number): number =>
      lambda.reduce((sum, share, n) => sum + share * f(n), 0) / lambda.length;
    expect(mean(() => 1)).toBeCloseTo((0.25 + 4) / 2, 13);
    expect(mean((n) => ((x[n] as number) - (x0[n] as number)) ** 2)).toBeCloseTo(
      (0.25 ** 2 + 4 ** 2) / 2,
      12,
    );
    data.dispose();
    const bad = (data: v.Mixture, options: object, code: string, argument: string): void => {
      expect(() => v.quadratureTuples(data, v.ou(), { t: [1], ...options })).toThrow(
        expect.objectContaining({ name: "VkernelError", code, argument }),
      );
    };
    const [line, space, wide] = [
      engine.mixture([[0]]),
      engine.mixture([[0, 0, 0]]),
      engine.mixture([[0, 0]], { sigma0: 1 }),
    ];
    bad(space, {}, "E_UNSUPPORTED", "data");
    bad(wide, {}, "E_UNSUPPORTED", "data");
    bad(line, { t: [] }, "E_SHAPE", "t");
    bad(line, { t: [0] }, "E_RANGE", "t[0]");
    bad(line, { probabilities: [1, 0] }, "E_SHAPE", "probabilities");
    bad(line, { probabilities: [0.9] }, "E_RANGE", "probabilities");
    bad(line, { density: 1e9 }, "E_LIMIT", "density");
    bad(line, { desity: 3 }, "E_USAGE", "desity");
  });
});
