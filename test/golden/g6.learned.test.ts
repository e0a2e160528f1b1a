// g6: linear and infinitely wide estimators, their averages and exact covariances over redraws of x_0.
import {
  createEngine,
  customFeatures,
  edm,
  type Engine,
  linearScore,
  ntkScore,
  rbfFeatures,
  vKernel,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";

type Rows = number[][];
interface Samples {
  x: Rows;
  x0: Rows;
  t: number[];
  lam: number[];
}
interface Golden {
  linear_model: {
    mu: Rows;
    w: number[];
    samples: Samples;
    test: { x: Rows; t: number[] };
    models: {
      features: string;
      centres: Rows | null;
      w0: number[];
      W: Rows;
      mu_hat: number[];
      lambda_bar: number;
      cond_Sigma: number;
      pred: Rows;
      mean_over_x0: Rows;
      cov_blocks: number[][][][];
      V_blocks: number[][][][];
    }[];
  };
  ntk: {
    learned: {
      mu: Rows;
      w: number[];
      samples: Samples;
      test: { x: Rows; t: number[] };
      init_linear_B: Rows;
      results: {
        L: number;
        tau: number | "inf";
        init: "zero" | "linear";
        pred: Rows;
        mean_over_x0: Rows;
        cov_blocks?: number[][][][];
      }[];
    };
  };
}

const golden = readGolden<Golden>("g6_vkernel.json");

/** The tolerances of the file: relative 1e-7 times cond / 1e4 for weights, 1e-7 for what they predict. */
const weightTolerance = (condition: number) => 1e-7 * Math.max(1, condition / 1e4);
const predictionTolerance = 1e-7;
/** tau up to 1000: 1e-8; infinity: 1e-9 with an accurate Gram matrix. */
const ntkTolerance = (tau: number | "inf") => (tau === "inf" ? 1e-9 : 1e-8);

/** The largest difference, relative to the largest true number. */
function relative(values: ArrayLike<number>, truth: unknown): number {
  const flat = (truth as number[][]).flat(Number.POSITIVE_INFINITY) as unknown as number[];
  expect(values.length).toBe(flat.length);
  const scale = Math.max(...flat.map(Math.abs));
  return Math.max(...flat.map((value, i) => Math.abs((values[i] as number) - value))) / scale;
}

const tuples = ({ x, x0, t, lam }: Samples) => ({ x, x0, t, lambda: lam });

describe.each(["simd", "reference"] as const)("g6, %s", (kernels) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  describe("linear score", () => {
    const { mu, w, samples, test, models } = golden.linear_model;
    it.each(models.map((model) => [model.features, model] as const))("%s", async (_, model) => {
      const data = engine.mixture(mu, { weights: w, precision: "f64" });
      const features =
        model.centres === null
          ? customFeatures({
              count: 8,
              row: ([x, y], t) => [x, y, t, x * x, x * y, y * y, x / t ** 2, y / t ** 2],
            })
          : rbfFeatures({ centres: model.centres, width: 0.8 });
      const linear = await linearScore(data, edm(), { features, samples: tuples(samples) });
      expect(Math.abs(linear.meanLambda / model.lambda_bar - 1)).toBeLessThan(1e-12);
      expect(relative(linear.featureMeans, model.mu_hat)).toBeLessThan(1e-12);
      const { w0, w: weights } = await linear.coefficients();
      expect(relative(w0, model.w0)).toBeLessThan(weightTolerance(model.cond_Sigma));
      expect(relative(weights, model.W)).toBeLessThan(weightTolerance(model.cond_Sigma));
      const fit = await linear.fit();
      const { score } = await fit.evaluate(test.x, test.t, ["score"]);
      expect(relative(score, model.pred)).toBeLessThan(predictionTolerance);
      const mean = await linear.average.evaluate(test.x, test.t, ["score"]);
      expect(relative(mean.score, model.mean_over_x0)).toBeLessThan(predictionTolerance);
      expect(relative(await linear.covariance(test), model.cov_blocks)).toBeLessThan(predictionTolerance);
      const V = await vKernel(linear).between(test, test);
      expect(relative(V, model.V_blocks)).toBeLessThan(predictionTolerance);
    });
  });

  describe("infinitely wide networks", () => {
    const { mu, w, samples, test, init_linear_B, results } = golden.ntk.learned;
    const inputMap = {
      count: 4,
      row: ([x, y]: Float64Array, t: number) => {
        const scale = Math.sqrt(t * t + 0.25);
        return [(x as number) / scale, (y as number) / scale, Math.log(t) / 4, 1];
      },
    };
    it.each(results.map((result) => [result.L, result.tau, result.init, result] as const))(
      "depth %d, tau = %s, started from %s",
      async (depth, tau, init, result) => {
        const data = engine.mixture(mu, { weights: w, precision: "f64" });
        const ntk = await ntkScore(data, edm(), {
          depth,
          inputMap,
          samples: tuples(samples),
          trainingTime: tau === "inf" ? Number.POSITIVE_INFINITY : tau,
          initial: init === "zero" ? "zero" : { linear: init_linear_B },
        });
        const tolerance = ntkTolerance(tau);
        const fit = await ntk.fit();
        const { score } = await fit.evaluate(test.x, test.t, ["score"]);
        expect(relative(score, result.pred)).toBeLessThan(tolerance);
        const mean = await ntk.average.evaluate(test.x, test.t, ["score"]);
        expect(relative(mean.score, result.mean_over_x0)).toBeLessThan(tolerance);
        if (result.cov_blocks) {
          expect(relative(await ntk.covariance(test), result.cov_blocks)).toBeLessThan(tolerance);
        }
        ntk.dispose();
      },
    );
  });
});
