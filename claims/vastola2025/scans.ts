import { edm, effectiveSde, exactScore, naiveScore, type ScoreField, type StepEstimator } from "vkernel";
import { type Claim, only } from "../claim.js";
import { differenceOf, signOf } from "../decide.js";
import { type Estimate, percent, totalVariance } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { pm, share, told } from "../told.js";
import { type Bench, drawsOf, hexagon, logGrid, runOf, type Whereabouts, whereabouts } from "./bench.js";

export const scanSettings = {
  tMax: 20,
  steps: 100,
  radius: 0.1,
  epsilons: [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01],
  stepCounts: [10, 20, 50, 100, 200, 500],
  draws: [1, 2, 4, 16],
  noiseTimes: [0.01, 0.1, 1, 10],
  ends: [0.1, 0.01],
};

export const spreadSteps = [10, 40, 160, 640];

const spreadOf = (samples: Float64Array): Estimate => {
  const { value, standardError } = totalVariance(samples);
  return { value, standardError };
};

/** The estimators that a scan follows. */
export type Followed = "exact" | "R = 1" | "R = 4" | "noise time = 0.1" | "noise time = 1" | "kde" | "naive";

export interface ScanRow {
  readonly knob: "epsilon" | "steps" | "R" | "noise time";
  readonly value: number;
  readonly model: Followed;
  readonly epsilon: number;
  readonly steps: number;
  readonly where: Whereabouts;
}

/** Which training point is reached from one start. */
export interface FixedRow {
  readonly model: string;
  readonly masses: readonly Estimate[];
}

/** How much end points vary from one start: the trace of their covariance. */
export interface SpreadRow {
  readonly model: "R = 1" | "R = 4" | "noise time = 0.1";
  readonly steps: number;
  readonly variance: Estimate;
}

export interface Scans {
  readonly rows: readonly ScanRow[];
  /** From x_T = (1.4, -0.9), T = 3 to 0.5: as steps grow. */
  readonly spread: readonly SpreadRow[];
  /** From x_T = (1.4, -0.9), T = 3, 60 steps to 0.01. */
  readonly fixed: readonly FixedRow[];
  /** Masses of the points 2 and 3, naive less effective: their differences in standard errors. */
  readonly farDifference: readonly (Estimate & { readonly point: number; readonly z: number })[];
  readonly recipe: Recipe;
}

/** The naive estimator on the hexagon as epsilon, steps, R and noise time change: docs/mathematics.md, Gaps. */
export async function measureScans(bench: Bench): Promise<Scans> {
  const { tMax, steps, radius, epsilons, stepCounts, draws, noiseTimes, ends } = scanSettings;
  const data = hexagon(bench);
  const process = edm();
  const count = bench.sizes.particles;
  const rows: ScanRow[] = [];
  const total =
    epsilons.length * 6 + ends.length * (2 * stepCounts.length + draws.length + 2 * noiseTimes.length) + 6;
  const models: [Followed, ScoreField<"f64"> | StepEstimator<"f64">][] = [
    ["exact", exactScore(data, process)],
    ["R = 1", naiveScore(data, process, { draws: 1 })],
    ["R = 4", naiveScore(data, process, { draws: 4 })],
    ["noise time = 0.1", naiveScore(data, process, { noiseTime: 0.1 })],
    ["noise time = 1", naiveScore(data, process, { noiseTime: 1 })],
  ];
  // Each run has a seed of its own.
  let seed = bench.seed + 100;
  const add = async (
    row: Omit<ScanRow, "where">,
    score: ScoreField<"f64"> | StepEstimator<"f64"> | undefined,
  ): Promise<void> => {
    seed++;
    const samples =
      score === undefined
        ? await drawsOf(bench, data, { t: row.epsilon, count, seed })
        : await runOf(bench, score, {
            grid: logGrid(row.steps, tMax, row.epsilon),
            initial: "marginal",
            count,
            seed,
          });
    rows.push({ ...row, where: await whereabouts(bench, samples, data, radius) });
    bench.done(rows.length / total);
  };
  for (const epsilon of epsilons) {
    for (const [model, score] of models) {
      await add({ knob: "epsilon", value: epsilon, model, epsilon, steps }, score);
    }
    await add({ knob: "epsilon", value: epsilon, model: "kde", epsilon, steps }, undefined);
  }
  for (const epsilon of ends) {
    for (const value of stepCounts) {
      for (const [model, score] of models.slice(1, 3)) {
        await add({ knob: "steps", value, model, epsilon, steps: value }, score);
      }
    }
    for (const value of draws) {
      const score = naiveScore(data, process, { draws: value });
      await add({ knob: "R", value, model: "naive", epsilon, steps }, score);
    }
    for (const value of noiseTimes) {
      for (const many of [steps, 5 * steps]) {
        const score = naiveScore(data, process, { noiseTime: value });
        await add({ knob: "noise time", value, model: "naive", epsilon, steps: many }, score);
      }
    }
  }
  const spread: SpreadRow[] = [];
  const fromOne = new Float64Array(2 * count).map((_, i) => (i % 2 ? -0.9 : 1.4));
  for (const [k, value] of spreadSteps.entries()) {
    for (const [model, score] of [
      ["R = 1", naiveScore(data, process, { draws: 1 })],
      ["R = 4", naiveScore(data, process, { draws: 4 })],
      ["noise time = 0.1", naiveScore(data, process, { noiseTime: 0.1 })],
    ] as const) {
      const samples = await runOf(bench, score, {
        grid: logGrid(value, 3, 0.5),
        initial: fromOne,
        seed: bench.seed + 350 + k,
      });
      spread.push({ model, steps: value, variance: spreadOf(samples) });
    }
  }
  const fixedCount = bench.sizes.fixed;
  const start = new Float64Array(2 * fixedCount).map((_, i) => (i % 2 ? -0.9 : 1.4));
  const naive = naiveScore(data, process, { draws: 1 });
  const four = naiveScore(data, process, { draws: 4 });
  const fixedNoise = naiveScore(data, process, { noiseTime: 1 });
  const from: [string, ScoreField<"f64"> | StepEstimator<"f64">][] = [
    ["PF-ODE", exactScore(data, process)],
    ["naive, R = 1", naive],
    ["effective, R = 1", effectiveSde(naive)],
    ["naive, R = 4", four],
    ["naive, noise time = 1", fixedNoise],
    ["effective, noise time = 1", effectiveSde(fixedNoise)],
  ];
  const fixed: FixedRow[] = [];
  for (const [k, [model, score]] of from.entries()) {
    const grid = logGrid(60, 3, 0.01);
    const initial = start;
    const samples = await runOf(bench, score, { grid, initial, seed: bench.seed + 300 + k });
    const { masses } = await whereabouts(bench, samples, data, radius);
    fixed.push({ model, masses });
    bench.done((rows.length + fixed.length) / total);
  }
  const mass = (row: number, point: number): Estimate => fixed[row]?.masses[point];
  return {
    rows,
    spread,
    fixed,
    farDifference: [2, 3].map((point) => {
      const { value, standardError, z } = differenceOf(mass(1, point), mass(2, point));
      return { point, value, standardError, z };
    }),
    recipe: {
      gives: "scans.fixed.1.masses.2.value",
      code: `import { createEngine, edm, euler, logarithmic, naiveScore, polygon, sample, voronoiMass } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const initial = new Float64Array(${2 * fixedCount}).map((_, i) => (i % 2 ? -0.9 : 1.4));
const run = await sample(naiveScore(data, edm(), { draws: 1 }), { // effectiveSde(...) around it for the other
  sampler: euler(),
  grid: logarithmic({ steps: 60, tMax: 3, tMin: 0.01, last: "sigmaMin" }),
  initial, seed: ${bench.seed + 301},
});
const { mass } = await voronoiMass(run.samples, data);
console.log(JSON.stringify(mass[2]));
engine.close();`,
    },
  };
}

type Numbers = { readonly scans: Scans };

const percentPoints = ({ value, standardError }: Estimate): Estimate => ({
  value: 100 * value,
  standardError: 100 * standardError,
});

export const white: Claim<Numbers> = {
  id: "white",
  source: { paper: "Vastola 2025", where: "Prop. 4.1, Eq. 9" },
  sentence: "R fresh proxy scores per step give noise of covariance D C D / R, delta-correlated in time.",
  expected:
    "The end points of R = 1 vary with many steps no less than with few, as white noise of one size makes them.",
  correction: {
    printed: "eta_t of covariance D C D / R, with delta(t - t')",
    right:
      "eta_t of covariance D C D / R times a noise time, which the estimator has to have: without one it is dt",
  },
  reads: ["scans"],
  judge({ scans: { spread } }) {
    const steps = spread.map((row) => row.steps);
    const [least, most] = [Math.min(...steps), Math.max(...steps)];
    const of = (model: SpreadRow["model"], count: number): Estimate =>
      only(spread, (row) => row.model === model && row.steps === count).variance;
    const [coarse, fine] = [of("R = 1", least), of("R = 1", most)];
    const [fixedCoarse, fixedFine] = [of("noise time = 0.1", least), of("noise time = 0.1", most)];
    return {
      measured: told`Variance of end points from one start, R = 1: ${pm(coarse)} with ${least} steps, ${pm(fine)} with ${most}. With noise time = 0.1: ${pm(fixedCoarse)} and ${pm(fixedFine)}.`,
      verdict: signOf(differenceOf(fine, coarse)) < 0 ? "does not hold" : "holds",
      why: "Independent draws are correlated by a Kronecker delta: a step adds dt² D C D / R, and the sum vanishes as steps shrink. A noise that keeps its size needs a scale of time, the noise time.",
    };
  },
};

export const gaps: Claim<Numbers> = {
  id: "gaps",
  source: { paper: "Vastola 2025", where: "Sec. 4" },
  sentence: "Diffusion models that memorize training data still generalize: the naive estimator fills gaps.",
  expected:
    "At the smallest epsilon some R, noise time or number of steps leaves more than 1% of the samples farther than 0.05 from every point.",
  reads: ["scans"],
  judge({ scans: { rows } }) {
    const smallest = Math.min(...rows.map((row) => row.epsilon));
    const open = rows.filter(
      (row) =>
        row.epsilon === smallest &&
        row.model !== "kde" &&
        row.model !== "exact" &&
        (row.value !== 10 || row.knob !== "steps"),
    );
    const lowest = open.reduce((a, b) => (b.where.within005.value < a.where.within005.value ? b : a));
    const finite = only(rows, (row) => row.knob === "epsilon" && row.value === 0.1 && row.model === "R = 1");
    return {
      measured: told`At epsilon = ${smallest}, over every R, noise time and number of steps (from 20): at least ${percent(lowest.where.within005.value)} of the samples lie within 0.05 of a training point. At epsilon = 0.1, R = 1: ${share(finite.where.gap, finite.where.count)} are farther than 0.1.`,
      verdict: lowest.where.within005.value > 0.99 ? "does not hold" : "holds",
      why: "The noise lives in bands of width about t² / |mu - mu'| around the cells' faces, and pushes particles out of them. What it changes is which point is reached, and the picture at finite epsilon.",
    };
  },
};

export const which: Claim<Numbers> = {
  id: "which",
  source: { paper: "Vastola 2025", where: "Sec. 3" },
  sentence:
    "The noise is responsible for the difference between the PF-ODE, which reproduces training examples, and typical sampling.",
  expected: "From one start R = 1 reaches the second point clearly more or less often than the PF-ODE.",
  reads: ["scans"],
  judge({ scans: { fixed } }) {
    const naive = only(fixed, (row) => row.model === "naive, R = 1").masses[1];
    const ode = only(fixed, (row) => row.model === "PF-ODE").masses[1];
    return {
      measured: told`From x_T = (1.4, -0.9): the PF-ODE takes ${percent(ode.value)} of particles to the second point, R = 1 ${pm(percentPoints(naive))}%.`,
      verdict: signOf(differenceOf(naive, ode)) !== 0 ? "holds" : "not seen",
      why: "One start, one end for the PF-ODE; with noise a start reaches several points.",
    };
  },
};

export const truncation: Claim<Numbers> = {
  id: "truncation",
  source: { paper: "Vastola 2025", where: "Prop. 3.1 for Prop. 4.1" },
  sentence:
    "Sampling with the estimator is equivalent to integrating the effective SDE (third and higher cumulants neglected).",
  expected: "From one start both reach a far point equally often.",
  reads: ["scans"],
  judge({ scans: { fixed, farDifference } }) {
    const [far] = farDifference;
    const fixedFar = differenceOf(
      only(fixed, (row) => row.model === "naive, noise time = 1").masses[2],
      only(fixed, (row) => row.model === "effective, noise time = 1").masses[2],
    );
    return {
      measured: told`From one start, R = 1, 60 steps: the share at a far point is higher by ${pm(percentPoints(far))} percent points (${far.z.toFixed(1)} standard errors) than by the effective SDE of matched covariance; with noise time = 1 by ${pm(percentPoints(fixedFar))}.`,
      verdict: signOf(far) !== 0 ? "does not hold" : "not seen",
      why: "A single draw is far from Gaussian (see the cumulants), and few steps do not average it. Visible in small masses only.",
    };
  },
};
