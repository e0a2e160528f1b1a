import { edm, effectiveSde, exactScore, naiveScore, type ScoreField, type StepEstimator } from "vkernel";
import { differenceOf, type Estimate, meanOf, type Recipe } from "../estimate.js";
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

/** The trace of the covariance of samples, with its error. */
function totalVariance(samples: Float64Array): Estimate {
  const count = samples.length / 2;
  const mean = [0, 1].map((axis) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += samples[2 * i + axis] / count;
    return sum;
  }) as [number, number];
  return meanOf(
    Float64Array.from(
      { length: count },
      (_, i) => (samples[2 * i] - mean[0]) ** 2 + (samples[2 * i + 1] - mean[1]) ** 2,
    ),
  );
}

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
      spread.push({ model, steps: value, variance: totalVariance(samples) });
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
    farDifference: [2, 3].map((point) => ({ point, ...differenceOf(mass(1, point), mass(2, point)) })),
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
