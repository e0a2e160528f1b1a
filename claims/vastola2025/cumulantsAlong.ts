import { cumulants, edm, naiveScore, type ScoreEnsemble, type StepEstimator } from "vkernel";
import { type Claim, only } from "../claim.js";
import type { Recipe } from "../recipe.js";
import { listed, short, told } from "../told.js";
import { type Bench, hexagon } from "./bench.js";
import { fitLinear } from "./linear.js";
import { trainNetwork } from "./tangent.js";

export const cumulantSettings = { t: 0.3, places: 25 };

/** Cumulants of the first coordinate of s-hat along the upper edge of the hexagon. */
export interface CumulantRow {
  readonly model: string;
  /** Where on the edge: 0 at one training point, 1 at the next. */
  readonly along: readonly number[];
  readonly variance: readonly number[];
  readonly skewness: readonly number[];
  readonly excessKurtosis: readonly number[];
  /** The largest sizes over the places, and at the middle. */
  readonly largestSkewness: number;
  readonly largestKurtosis: number;
  readonly middleKurtosis: number;
}

export interface CumulantsAlong {
  readonly rows: readonly CumulantRow[];
  readonly recipe: Recipe;
}

/** Skewness and excess kurtosis of estimators: where the Gaussian truncation of Vastola 2025, Eq. 7, holds. */
export async function measureCumulants(bench: Bench): Promise<CumulantsAlong> {
  const { t, places } = cumulantSettings;
  const data = hexagon(bench);
  // From (-1/2, sqrt(3) / 2) to (1/2, sqrt(3) / 2).
  const along = Array.from({ length: places }, (_, i) => i / (places - 1));
  const height = Math.sqrt(3) / 2;
  const x = along.map((u) => [u - 0.5, height]);
  const { linear } = bench.sizes;
  const [many, few] = [linear[1], linear[linear.length - 1]];
  const ratio = (samples: number): string => String(bench.sizes.features / samples);
  const network = await trainNetwork(bench, data, 1);
  const rows: CumulantRow[] = [];
  try {
    const models: [string, StepEstimator<"f64"> | ScoreEnsemble<"f64">][] = [
      ["naive, R = 1", naiveScore(data, edm(), { draws: 1 })],
      ["naive, R = 4", naiveScore(data, edm(), { draws: 4 })],
      [`linear, F/P = ${ratio(many)}`, await fitLinear(bench, data, many)],
      [`linear, F/P = ${ratio(few)}`, await fitLinear(bench, data, few)],
      ["network, tau = 1", network],
      ["network, tau = 100", await network.at(100)],
    ];
    for (const [model, estimator] of models) {
      bench.signal.throwIfAborted();
      const found = await cumulants(estimator, { x, t });
      const first = (values: Float64Array): number[] =>
        Array.from({ length: places }, (_, i) => values[2 * i]);
      const [skewness, excessKurtosis] = [first(found.skewness), first(found.excessKurtosis)];
      const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
      rows.push({
        model,
        along,
        variance: first(found.variance),
        skewness,
        excessKurtosis,
        largestSkewness: largest(skewness),
        largestKurtosis: largest(excessKurtosis),
        middleKurtosis: excessKurtosis[(places - 1) / 2],
      });
      bench.done(rows.length / models.length);
    }
  } finally {
    network.dispose();
  }
  return {
    rows,
    recipe: {
      gives: "cumulants.rows.0.middleKurtosis",
      code: `import { createEngine, cumulants, edm, naiveScore, polygon } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const x = [[0, Math.sqrt(3) / 2]]; // halfway between two neighbours
const { excessKurtosis } = await cumulants(naiveScore(data, edm(), { draws: 1 }), { x, t: ${t} });
console.log(JSON.stringify(excessKurtosis[0]));
engine.close();`,
    },
  };
}

export const cumulantsClaim: Claim<{ cumulants: CumulantsAlong }> = {
  id: "cumulants",
  source: { paper: "Vastola 2025", where: "Sec. 3, Eq. 47" },
  sentence:
    "The estimator's distribution is approximately Gaussian, so that higher cumulants can be neglected.",
  expected: "Along an edge every fit has an excess kurtosis below 1; a Gaussian has 0.",
  reads: ["cumulants"],
  judge({ cumulants: { rows } }) {
    const rough = only(rows, (row) => row.model === "naive, R = 1");
    const smooth = rows.filter((row) => !row.model.startsWith("naive"));
    return {
      measured: told`Largest |excess kurtosis| along an edge: ${short(rough.largestKurtosis)} for R = 1; ${listed(smooth.map((row) => told`${short(row.largestKurtosis)} (${row.model})`))}.`,
      verdict: smooth.every((row) => row.largestKurtosis < 1) ? "exact" : "does not hold",
      why: "A Gaussian has 0. Fits average over many samples, the more the smaller F / P and tau; a single draw between two points has two values, and near a point it is a rare event.",
    };
  },
};
