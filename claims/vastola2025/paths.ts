import { edm, effectiveSde, euler, naiveScore, pathLogDensity, sample } from "vkernel";
import type { Claim } from "../claim.js";
import { CLEAR, type Estimate, meanOf } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { short, told } from "../told.js";
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
  /** E[w], which is 1, and E[w^2] as sampled: where its own error is large, few paths make it. */
  readonly mean: Estimate;
  readonly square: Estimate;
  /** 1 / sum of squares of normalised weights, over their number. */
  readonly effective: number;
}

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
      const squares = weights.map((w) => w * w);
      const [mean, square] = [meanOf(weights), meanOf(squares)];
      rows.push({ steps, ratio, mean, square, effective: mean.value ** 2 / square.value });
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
  expected:
    "To a near noise time the weights average to 1 within the errors. It is corrected then, since weights exist for a given grid alone.",
  reads: ["paths"],
  judge({ paths: { rows } }) {
    const nearest = Math.max(...rows.map((row) => row.ratio));
    const near = rows.filter((row) => row.ratio === nearest);
    const far = rows.filter((row) => row.ratio !== nearest).at(-1);
    const worst = Math.max(...near.map(({ mean }) => Math.abs((mean.value - 1) / mean.standardError)));
    return {
      measured: told`Weights of paths from noise time = 1 to ${nearest} average to 1 within ${worst.toFixed(1)} standard errors up to ${near.at(-1)?.steps ?? 0} steps${far ? told`; to ${far.ratio}, with ${far.steps} steps, ${short(100 * far.effective, 2)}% of the paths carry the weight` : undefined}.`,
      verdict: worst < CLEAR ? "corrected" : "does not hold",
      why: "On the range of C, and for a given grid only: paths of two noise times become mutually singular as steps grow.",
    };
  },
};
