import {
  edm,
  exactScore,
  type LinearScore,
  linearScore,
  logUniformTimes,
  type Mixture,
  type Process,
  rbfFeatures,
} from "vkernel";
import { type Claim, only } from "../claim.js";
import { differenceOf, signOf } from "../decide.js";
import type { Recipe } from "../recipe.js";
import { pm, share, told } from "../told.js";
import { type Bench, drawsOf, hexagon, logGrid, runOf } from "./bench.js";
import {
  effectiveLaw,
  type LawPictures,
  type LawWhereabouts,
  lawWhereabouts,
  learnedSettings,
  sameLaw,
  type ThreeLaws,
  threeLaws,
} from "./learned.js";

export const linearSettings = { width: 0.5, ridge: 1e-8 };

export interface LinearRow {
  readonly features: number;
  readonly samples: number;
  readonly ratio: number;
  readonly laws: ThreeLaws;
}

export interface Linear {
  /** The PF-ODE of the exact score from starts as those of the rows. */
  readonly exact: LawWhereabouts;
  readonly rows: readonly LinearRow[];
  readonly recipe: Recipe;
}

/** A linear score as every section fits it. */
export function fitLinear(
  bench: Bench,
  data: Mixture<"f64">,
  samples: number,
  seed = bench.seed,
  process: Process = edm(),
): Promise<LinearScore<"f64">> {
  const { tMax, epsilon } = learnedSettings;
  const { width, ridge } = linearSettings;
  const count = bench.sizes.features;
  return linearScore(data, process, {
    features: rbfFeatures({ count, width, seed: bench.seed, time: (t) => 1 / (t * t) }),
    samples,
    times: logUniformTimes({ tMin: epsilon, tMax }),
    ridge,
    seed,
    signal: bench.signal,
  });
}

/** The linear model on the hexagon against F / P: Prop. 3.1 and 5.1 of Vastola 2025. */
export async function measureLinear(
  bench: Bench,
): Promise<{ result: Linear; pictures: { laws: readonly LawPictures[]; exact: Float64Array } }> {
  const { tMax, epsilon, radius } = learnedSettings;
  const { learned, linear, features, steps } = bench.sizes;
  const data = hexagon(bench);
  const start = bench.seed + 400;
  const initial = await drawsOf(bench, data, { t: tMax, count: learned, seed: start });
  const exact = await runOf(bench, exactScore(data, edm()), {
    grid: logGrid(steps, tMax, epsilon),
    initial,
    seed: start,
  });
  const rows: LinearRow[] = [];
  const pictures: LawPictures[] = [];
  for (const [k, samples] of linear.entries()) {
    const model = await fitLinear(bench, data, samples);
    const done = (part: number): void => bench.done((k + part) / linear.length);
    const found = await threeLaws(bench, data, model, { count: learned, seed: start + 10 * k, done });
    rows.push({ features, samples, ratio: features / samples, laws: found.laws });
    pictures.push(found.pictures);
  }
  const last = linear.length - 1;
  return {
    pictures: { laws: pictures, exact },
    result: {
      exact: await lawWhereabouts(bench, exact, data),
      rows,
      recipe: {
        gives: `linear.rows.${last}.laws.ensemble.gap.value`,
        code: `import {
  createEngine, edm, euler, exactScore, gapFraction, linearScore, logarithmic, logUniformTimes, polygon, rbfFeatures,
  sample, times,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const linear = await linearScore(data, edm(), {
  features: rbfFeatures({ count: ${features}, width: ${linearSettings.width}, seed: ${bench.seed}, time: (t) => 1 / (t * t) }),
  samples: ${linear[last]}, times: logUniformTimes({ tMin: ${epsilon}, tMax: ${tMax} }), ridge: ${linearSettings.ridge}, seed: ${bench.seed},
});
const start = await sample(exactScore(data, edm()), {
  sampler: euler(), grid: times([${tMax}, ${tMax / 2}]), initial: "marginal", record: [0], count: ${learned}, seed: ${start + 10 * last},
});
const run = await sample(linear, { // effectiveSde(linear) for the other law, linear.average for the PF-ODE
  sampler: euler(),
  grid: logarithmic({ steps: ${steps}, tMax: ${tMax}, tMin: ${epsilon}, last: "sigmaMin" }),
  initial: start.trajectories, seed: ${start + 10 * last + 1},
});
console.log(JSON.stringify((await gapFraction(run.samples, data, { radius: ${radius} })).fraction));
engine.close();`,
      },
    },
  };
}

type Numbers = { readonly linear: Linear };

const effective = (ratio: number): Claim<Numbers> => ({
  id: `effective-linear-${ratio}`,
  ...effectiveLaw(`linear, F/P = ${ratio}`),
  reads: ["linear"],
  judge: ({ linear }) => sameLaw(only(linear.rows, (row) => row.ratio === ratio).laws),
});

/** Where the laws are claimed to be one. */
export const effectiveLinear = [effective(0.1), effective(0.5)];

export const capacity: Claim<Numbers> = {
  id: "capacity",
  source: { paper: "Vastola 2025", where: "Prop. 5.1, Sec. 1" },
  sentence:
    "Linear models generalize as F / P stays finite: their noise fills gaps, more so between training points.",
  expected: "At the largest F / P the noise clearly adds to gaps, and to what lies between neighbours.",
  reads: ["linear"],
  judge({ linear: { exact, rows } }) {
    const [first, last] = [rows[0], rows[rows.length - 1]];
    const more = differenceOf(last.laws.ensemble.gap, last.laws.average.gap);
    const inside = differenceOf(last.laws.ensemble.between, last.laws.average.between);
    return {
      measured: told`In gaps (farther than 0.15): exact score ${share(exact.gap, exact.count)}; fits at F/P = ${first.ratio} ${share(first.laws.ensemble.gap, first.laws.count)}, at ${last.ratio} ${share(last.laws.ensemble.gap, last.laws.count)}. At ${last.ratio} the noise itself adds ${pm({ value: 100 * more.value, standardError: 100 * more.standardError })} percent points in gaps and ${pm({ value: 100 * inside.value, standardError: 100 * inside.standardError })} between neighbours.`,
      verdict: signOf(more, 2) <= 0 ? "not seen" : signOf(inside, 2) > 0 ? "holds" : "does not hold",
      why: "Most of what leaves the points leaves with the average, which these features cannot make the exact score. What the noise adds lies off the segments between neighbours too: some particles are sent away from the data.",
    };
  },
};
