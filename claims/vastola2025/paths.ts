import { edm, effectiveSde, euler, naiveScore, pathLogDensity, sample } from "vkernel";
import type { Claim } from "../claim.js";
import { decide, deviationOf } from "../decide.js";
import { type Estimate, meanOf } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { apart, short, told } from "../told.js";
import { type Bench, hexagon, logGrid } from "./bench.js";

export const pathSettings = {
  tMax: 2,
  tMin: 0.8,
  noiseTime: 1,
  stepCounts: [2, 4, 8, 16, 32],
  ratios: [0.97, 0.5],
};

/** Importance weights from paths of one noise time to those of another. */
export interface PathRow {
  readonly steps: number;
  readonly ratio: number;
  /** E[w], which is 1, with the error that the second moment gives it. */
  readonly mean: Estimate;
  /** E[w^2] in closed form: few paths, or none of so many, make it where it is large. */
  readonly square: number;
  /** 1 / E[w^2]: what share of the paths the mean is worth. */
  readonly effective: number;
}

/**
 * E[w^2] of paths of two dimensions in so many steps: each is a Gaussian of covariance C under the one law, `ratio` C under the other, and
 * the integral of N(0, r C)^2 / N(0, C) is (r (2 - r))^(-dim / 2).
 */
export const secondMoment = (ratio: number, steps: number): number => (ratio * (2 - ratio)) ** -steps;

export interface PathWeights {
  readonly count: number;
  readonly rows: readonly PathRow[];
  readonly recipe: Recipe;
}

/** The weight of a path under Eq. 7 of Vastola 2025, held to importance weights between two noise times. */
export async function measurePaths(bench: Bench): Promise<PathWeights> {
  const { tMax, tMin, noiseTime, stepCounts, ratios } = pathSettings;
  const data = hexagon(bench);
  const count = bench.sizes.pairs;
  const rows: PathRow[] = [];
  const of = (value: number) => effectiveSde(naiveScore(data, edm(), { noiseTime: value }));
  for (const steps of stepCounts) {
    const near = of(noiseTime);
    const run = await sample(near, {
      sampler: euler(),
      grid: logGrid(steps, tMax, tMin),
      count,
      seed: bench.seed + 1200 + steps,
      record: "all",
      signal: bench.signal,
    });
    const a = await pathLogDensity(run, near);
    for (const ratio of ratios) {
      const b = await pathLogDensity(run, of(noiseTime * ratio));
      const weights = a.logDensity.map((value, p) => Math.exp(b.logDensity[p] - value));
      const square = secondMoment(ratio, steps);
      const mean = { value: meanOf(weights).value, standardError: Math.sqrt((square - 1) / count) };
      rows.push({ steps, ratio, mean, square, effective: 1 / square });
      bench.done(rows.length / (stepCounts.length * ratios.length));
    }
  }
  return {
    count,
    rows,
    recipe: {
      gives: "paths.rows.0.mean.value",
      code: `import { createEngine, edm, effectiveSde, euler, logarithmic, naiveScore, pathLogDensity, polygon, sample } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const [one, other] = [${noiseTime}, ${noiseTime * ratios[0]}].map((noiseTime) => effectiveSde(naiveScore(data, edm(), { noiseTime })));
const grid = logarithmic({ steps: ${stepCounts[0]}, tMax: ${tMax}, tMin: ${tMin}, last: "sigmaMin" });
const run = await sample(one, { sampler: euler(), grid, count: ${count}, seed: ${bench.seed + 1200 + stepCounts[0]}, record: "all" });
const [a, b] = [await pathLogDensity(run, one), await pathLogDensity(run, other)];
let mean = 0;
for (let p = 0; p < run.count; p++) mean += Math.exp(b.logDensity[p] - a.logDensity[p]) / run.count;
console.log(JSON.stringify(mean));
engine.close();`,
    },
  };
}

export const paths: Claim<{ paths: PathWeights }> = {
  id: "paths",
  source: { paper: "Vastola 2025", where: "Eq. 7" },
  sentence: "A path has a weight, exp of M1 and M2.",
  expected: "To a near noise time the weights average to 1 within the errors, at every number of steps.",
  correction: {
    printed: "a weight of continuous paths, with the inverse of C",
    right:
      "a weight of paths of a given grid, on the range of C: those of two noise times share none as steps grow",
  },
  reads: ["paths"],
  judge({ paths: { rows, count } }) {
    const nearest = Math.max(...rows.map((row) => row.ratio));
    const near = rows.filter((row) => row.ratio === nearest);
    const far = rows.filter((row) => row.ratio !== nearest).at(-1);
    const averages = decide(near.map(({ mean }) => deviationOf(mean, 1)));
    return {
      measured: told`Weights of paths from noise time = 1 to ${nearest} average to 1 within ${apart(averages)}, up to ${near.at(-1)?.steps ?? 0} steps${far ? told`; to ${far.ratio}, with ${far.steps} steps, E[w²] is ${short(far.square, 4)}: ${count} paths are worth ${short(count * far.effective, 2)}` : undefined}.`,
      verdict: averages.differs ? "does not hold" : "holds",
      why: "On the range of C, and for a given grid only. The second moment is (r (2 - r))^-N for a ratio r and N steps: it has no bound, and a sample of weights with so long a tail says nothing of it.",
    };
  },
};
