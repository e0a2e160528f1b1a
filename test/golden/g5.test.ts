// g5, the reverse process of paper 004: every coefficient of a step, Theorem 2, whole paths with given noise, the score of the
// Ornstein-Uhlenbeck flow, Corollary 3.2, the losses of Sec. 4.4 and the identity of the two objectives.
import {
  ancestral,
  createEngine,
  customScore,
  type Engine,
  eulerMaruyama,
  exactScore,
  objectives,
  ou,
  type Sampler,
  sample,
  times,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import { checkBridge, checkGenerated, checkLosses, type GeneratedGolden } from "./g5.check.js";
import type { Kernels } from "./golden.js";

interface ReverseGolden extends GeneratedGolden {
  readonly step_coefficients: readonly {
    readonly t_n: number;
    readonly t_next: number;
    readonly coef_X: number;
    readonly coef_x0: number;
    readonly var: number;
    readonly ddim_coef_X: number;
    readonly ddim_coef_x0: number;
    readonly euler_maruyama: {
      readonly coef_X: number;
      readonly coef_x0: number;
      readonly std_correct: number;
      readonly std_as_printed_WRONG: number;
    };
  }[];
  readonly ou_forward: {
    readonly y: readonly number[];
    readonly w: readonly number[];
    readonly points: readonly {
      readonly t: number;
      readonly x: number;
      readonly log_rho: number;
      readonly score: number;
    }[];
  };
  readonly loss_identities: GeneratedGolden["loss_identities"] & {
    readonly lambda_t: readonly number[];
    readonly J0: number;
    readonly J1: number;
    readonly half_E_lambda_trC: number;
  };
  readonly sampler_paths: {
    readonly mu: readonly (readonly number[])[];
    readonly w: readonly number[];
    readonly t_grid: readonly number[];
    readonly noise: readonly (readonly number[])[];
    readonly x_start: readonly number[];
    readonly stable_diffusion_path: readonly (readonly number[])[];
    readonly euler_maruyama_path: readonly (readonly number[])[];
  };
}

const golden = readGolden<ReverseGolden>("g5_reverse.json");

/** The file's tolerance for coefficients where nothing cancels, relative. */
const stepTolerance = 1e-13;
/** The file's tolerance for paths, absolute. */
const pathTolerance = 1e-9;
/** The file's tolerance of losses, relative. */
const lossTolerance = 1e-10;
/** Scores and log densities in float64 (`reliability.md`), relative to their scale. */
const scoreTolerance = 1e-12;

const close = (got: number, truth: number, what: string, scale = Math.abs(truth)) =>
  expect(Math.abs(got - truth), what).toBeLessThanOrEqual(stepTolerance * scale);

describe.each(["simd", "relaxed", "reference"] as const)("g5, reverse process: %s", (kernels: Kernels) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  /** A step from t to s, one training point at mu, for given states and given normals. */
  async function step(sampler: Sampler, t: number, s: number, mu: number, x: number[], noise: number[]) {
    const data = engine.mixture([[mu]], { precision: "f64" });
    const run = await sample(exactScore(data, ou()), {
      sampler,
      grid: times([t, s]),
      initial: Float64Array.from(x),
      ...(sampler.noise === "increment" && { noise: Float64Array.from(noise) }),
    });
    data.dispose();
    return run.samples;
  }
  /** Factors of the state, of x_0 and of the normal: each by a run in which the other two are 0. */
  async function coefficients(sampler: Sampler, t: number, s: number) {
    const [state, noise] = await step(sampler, t, s, 0, [1, 0], [0, 1]);
    const [point] = await step(sampler, t, s, 1, [0], [0]);
    return { state: state as number, point: point as number, noise: noise as number };
  }

  describe.each(golden.step_coefficients.map((item) => [item.t_n, item.t_next, item] as const))(
    "a step from %d to %d",
    (t, s, item) => {
      it("ancestral: DDPM (Eq. 4.21 and 4.23) and DDIM", async () => {
        const ddpm = await coefficients(ancestral({ eta: 1 }), t, s);
        close(ddpm.state, item.coef_X, "coef_X");
        close(ddpm.point, item.coef_x0, "coef_x0");
        close(ddpm.noise, Math.sqrt(item.var), "std");
        const ddim = await coefficients(ancestral({ eta: 0 }), t, s);
        close(ddim.state, item.ddim_coef_X, "ddim_coef_X");
        close(ddim.point, item.ddim_coef_x0, "ddim_coef_x0");
        expect(ddim.noise).toBe(0);
      });

      it.skipIf(s === 0)("eulerMaruyama (Eq. 4.19, corrected)", async () => {
        // A step to 0 is the posterior mean for every sampler, so that row (0.5 to 0) is not Euler and Maruyama's.
        const { euler_maruyama: truth } = item;
        const got = await coefficients(eulerMaruyama(), t, s);
        // 1 + dt - 2 dt / S cancels (to -1.8e-26 from 30 to 29): 1e-13 of its terms is what a sum can promise.
        const [dt, variance] = [t - s, ou().variance(t)];
        close(got.state, truth.coef_X, "coef_X", 1 + dt + (2 * dt) / variance);
        close(got.point, truth.coef_x0, "coef_x0");
        close(got.noise, truth.std_correct, "std");
        // The printed noise, sqrt(ds), is not it.
        expect(Math.abs(got.noise / truth.std_as_printed_WRONG - 1)).toBeGreaterThan(0.4);
      });
    },
  );

  it.each(golden.theorem2.map((item) => [item.T_star, item.s, item] as const))(
    "Theorem 2: T* = %d, s = %d",
    async (T, s, item) => {
      // `posterior` draws its own numbers; with one training point ancestral's bridge is the same.
      const sampler = ancestral({ eta: 1 });
      const end = T - s;
      const got = await coefficients(sampler, T, end);
      close(got.state, item.coef_X, "coef_X");
      close(got.point, item.coef_x0, "coef_x0");
      close(got.noise ** 2, item.var, "var");
      const [mean] = await step(sampler, T, end, item.x0, [item.Xtilde0], [0]);
      const terms = Math.abs(item.coef_X * item.Xtilde0) + Math.abs(item.coef_x0 * item.x0);
      close(mean as number, item.mean, "mean", terms);
    },
  );

  describe("whole paths with given noise", () => {
    const { mu, w, t_grid: grid, noise, x_start: start } = golden.sampler_paths;
    const along = async (sampler: Sampler, steps: number) => {
      const data = engine.mixture(Float64Array.from(mu.flat()), {
        dim: 2,
        weights: Float64Array.from(w),
        precision: "f64",
      });
      const run = await sample(exactScore(data, ou()), {
        sampler,
        grid: times(grid.slice(0, steps + 1)),
        initial: Float64Array.from(start),
        noise: Float64Array.from(noise.slice(0, steps).flat()),
        record: "all",
      });
      data.dispose();
      return run.trajectories as Float64Array;
    };

    it.each([
      ["stable_diffusion_path, to t = 0", ancestral(), golden.sampler_paths.stable_diffusion_path],
      ["euler_maruyama_path, to t = 0.01", eulerMaruyama(), golden.sampler_paths.euler_maruyama_path],
    ] as const)("%s", async (_, sampler, path) => {
      const got = await along(sampler, path.length - 1);
      expect(got.length).toBe(2 * path.length);
      path.flat().forEach((truth, i) => {
        expect(Math.abs((got[i] as number) - truth)).toBeLessThanOrEqual(pathTolerance);
      });
    });
  });

  it("the forward flow's log density and score (ou_forward)", async () => {
    const { y, w, points } = golden.ou_forward;
    const data = engine.mixture(Float64Array.from(y), {
      dim: 1,
      weights: Float64Array.from(w),
      precision: "f64",
    });
    const field = exactScore(data, ou());
    const x = Float64Array.from(points, (item) => item.x);
    const t = points.map((item) => item.t);
    const { logDensity, score } = await field.evaluate(x, t, ["logDensity", "score"]);
    points.forEach((item, i) => {
      expect(Math.abs((logDensity[i] as number) - item.log_rho)).toBeLessThanOrEqual(
        scoreTolerance * Math.max(1, Math.abs(item.log_rho)),
      );
      // The scale of a score is |x - alpha y| / S: its terms, not their difference.
      const scale = (Math.abs(item.x) + Math.max(...y.map(Math.abs))) / ou().variance(item.t);
      expect(Math.abs((score[i] as number) - item.score)).toBeLessThanOrEqual(scoreTolerance * scale);
    });
    data.dispose();
  });

  it("the generated law and the laws on the way (corollary_3_2)", async () => {
    expect(await checkGenerated(engine, golden)).toEqual([]);
  });

  it("Theorem 2 by bridgeLaw", () => {
    expect(checkBridge(golden)).toEqual([]);
  });

  it("the losses and what is between them (seed004)", async () => {
    expect(await checkLosses(engine, golden)).toEqual([]);
  });

  it("the objectives of a field and the identity between them (loss_identities)", async () => {
    const { y, w, t, p_t, lambda_t, c0, c1, J0, J1, half_E_lambda_trC } = golden.loss_identities;
    const data = engine.mixture(Float64Array.from(y), {
      dim: 1,
      weights: Float64Array.from(w),
      precision: "f64",
    });
    const process = ou();
    const field = customScore(data, process, (x, time) =>
      x.map((value) => c0 + (c1 * value) / (1 + process.variance(time))),
    );
    // Expectations as sums: the trapezoid rule over z of x = alpha y + sqrt(S) z. Its error with Gaussian tails is below
    // exp(-2 pi^2 w^2 / h^2) for functions analytic |Im z| < w; at h = 1/32 it is below rounding for w = 0.3.
    const h = 1 / 32;
    const nodes = Array.from({ length: 2 * 9 * 32 + 1 }, (_, k) => k * h - 9);
    const x: number[] = [];
    const x0: number[] = [];
    const times: number[] = [];
    const lambda: number[] = [];
    t.forEach((time, i) => {
      y.forEach((point, m) => {
        for (const z of nodes) {
          x.push(process.alpha(time) * point + Math.sqrt(process.variance(time)) * z);
          x0.push(point);
          times.push(time);
          const density = (h / Math.sqrt(2 * Math.PI)) * Math.exp((-z * z) / 2);
          lambda.push((p_t[i] as number) * (w[m] as number) * (lambda_t[i] as number) * density);
        }
      });
    });
    const samples = {
      x: Float64Array.from(x),
      x0: Float64Array.from(x0),
      t: times,
      lambda: lambda.map((value) => value * lambda.length),
    };
    const found = await objectives(field, { samples });
    expect(Math.abs(found.j0.value / J0 - 1)).toBeLessThanOrEqual(lossTolerance);
    expect(Math.abs(found.j1.value / J1 - 1)).toBeLessThanOrEqual(lossTolerance);
    expect(Math.abs(found.halfProxyVariance.value / half_E_lambda_trC - 1)).toBeLessThanOrEqual(
      lossTolerance,
    );
    expect(Math.abs(found.identity.value)).toBeLessThanOrEqual(lossTolerance * J1);
    data.dispose();
  });
});
