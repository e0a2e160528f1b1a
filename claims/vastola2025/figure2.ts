import { edm, energyDistance, naiveScore } from "vkernel";
import type { Claim } from "../claim.js";
import { decide, differenceOf, gapLimit } from "../decide.js";
import type { Estimate } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { apart, told } from "../told.js";
import {
  type Bench,
  drawsOf,
  logGrid,
  mixtureOf,
  runOf,
  sets,
  type Whereabouts,
  whereabouts,
} from "./bench.js";
import { kernelDensityGap } from "./kernelDensity.js";
import { kernelDensity } from "./whoFillsTheGap.js";

export const figure2Settings = { tMax: 20, epsilon: 0.15, steps: 100 };

/** The naive estimator from one law of starts, or the kernel density estimate. */
export interface Figure2Row {
  readonly set: string;
  readonly model: "noise" | "marginal" | "kde";
  readonly where: Whereabouts;
  /** Energy distance to other draws of the kernel density estimate of width epsilon. */
  readonly energy: Estimate;
  /** The larger Kolmogorov-Smirnov distance of the two coordinates from that estimate, and what chance is allowed: a claim compares two of each set, and a share. */
  readonly ks: number;
  readonly ksChance: number;
}

export interface Figure2 {
  readonly rows: readonly Figure2Row[];
  readonly recipe: Recipe;
}

/** What is drawn and not kept: samples by set and model. */
export type Pictures = Map<string, Float64Array>;

/** Figure 2 of Vastola 2025: the naive estimator beside a kernel density estimate of the width it ends with. */
export async function measureFigure2(bench: Bench): Promise<{ result: Figure2; pictures: Pictures }> {
  const { tMax, epsilon, steps } = figure2Settings;
  const { particles, pairs } = bench.sizes;
  const grid = logGrid(steps, tMax, epsilon);
  const rows: Figure2Row[] = [];
  const pictures: Pictures = new Map();
  for (const [k, set] of sets.entries()) {
    const data = mixtureOf(bench, set.points);
    const seed = bench.seed + 10 * k;
    const naive = naiveScore(data, edm(), { draws: 1 });
    const run = (initial: "noise" | "marginal", more: number): Promise<Float64Array> =>
      runOf(bench, naive, { grid, initial, count: particles, seed: seed + more });
    const models = {
      noise: await run("noise", 1),
      marginal: await run("marginal", 2),
      kde: await drawsOf(bench, data, { t: epsilon, count: particles, seed: seed + 3 }),
    };
    const other = await drawsOf(bench, data, { t: epsilon, count: pairs, seed: seed + 4 });
    for (const [model, samples] of Object.entries(models) as [Figure2Row["model"], Float64Array][]) {
      pictures.set(`${set.name} ${model}`, samples);
      rows.push({
        set: set.name,
        model,
        where: await whereabouts(bench, samples, data, 2 * epsilon),
        energy: await energyDistance(samples.subarray(0, 2 * pairs), other, { dim: 2, signal: bench.signal }),
        ks: Math.max(...AXES.map((axis) => kernelDensityGap(samples, data, epsilon, axis))),
        ksChance: gapLimit(particles, COMPARED * sets.length),
      });
      bench.done(rows.length / 12);
    }
  }
  return {
    pictures,
    result: {
      rows,
      recipe: {
        gives: "figure2.rows.1.where.within005.value",
        code: `import { createEngine, edm, euler, gapFraction, logarithmic, naiveScore, polygon, sample } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const run = await sample(naiveScore(data, edm(), { draws: 1 }), {
  sampler: euler(),
  grid: logarithmic({ steps: ${steps}, tMax: ${tMax}, tMin: ${epsilon}, last: "sigmaMin" }),
  initial: "marginal", count: ${particles}, seed: ${bench.seed + 2},
});
const { distance } = await gapFraction(run.samples, data, { radius: ${2 * epsilon} });
console.log(JSON.stringify(distance.filter((d) => d <= 0.05).length / distance.length));
engine.close();`,
      },
    },
  };
}

/** The two coordinates. */
const AXES = [
  [1, 0],
  [0, 1],
] as const;
/** Of each set: both coordinates, and the share in gaps. */
const COMPARED = AXES.length + 1;

export const kde: Claim<{ figure2: Figure2 }> = {
  id: "kde",
  source: { paper: "Vastola 2025", where: "Prop. 4.1, Fig. 2" },
  sentence:
    "The naive estimator adds more mass to boundary regions than a comparable kernel density estimate.",
  expected: "Shares in gaps, or distribution functions, differ from the estimate's by more than chance.",
  reads: ["figure2"],
  card: kernelDensity,
  judge({ figure2: { rows } }) {
    const marginal = rows.filter((row) => row.model === "marginal");
    const kdes = rows.filter((row) => row.model === "kde");
    const furthest = Math.max(...marginal.map((row) => row.ks / row.ksChance));
    const gap = decide(
      marginal.map((row, k) => differenceOf(row.where.gap, kdes[k].where.gap)),
      COMPARED * marginal.length,
    );
    return {
      measured: told`Four sets, R = 1, edm, started from p(x|T): the largest Kolmogorov-Smirnov distance from the estimate is ${furthest.toFixed(2)} of what chance is allowed; shares in gaps differ by at most ${apart(gap)}.`,
      verdict: furthest < 1 && !gap.differs ? "does not hold" : "holds",
      why: "With R = 1 an Euler step of edm is x_0 + (t'/t)(x - x_0) with x_0 drawn from its posterior: again a point plus Gaussian noise of width t'. The law is the kernel density estimate of width epsilon exactly, at any number of steps.",
    };
  },
};
