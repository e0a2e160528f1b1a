import type { ScoreEnsemble } from "vkernel";
import { type Claim, only } from "../claim.js";
import { decideOne } from "../decide.js";
import type { Estimate } from "../estimate.js";
import type { Recipe } from "../recipe.js";
import { apart, told } from "../told.js";
import { type Bench, hexagon } from "./bench.js";
import { learnedSettings } from "./learned.js";
import { fitLinear, linearSettings } from "./linear.js";
import { trainNetwork } from "./tangent.js";

/** Five places: between neighbours, near a point, at the centre, outside; at four noise levels. */
export const redrawPlaces = {
  x: [
    [0.75, 0.43],
    [0.95, 0.1],
    [0, 0],
    [-0.6, -0.7],
    [1.3, 0.6],
  ],
  t: [0.2, 0.2, 0.4, 0.8, 1.2],
};

/** The covariance of s-hat at two places, summed over coordinates, by the formula and over redraws of x_0. */
export interface RedrawPair {
  readonly model: string;
  readonly a: number;
  readonly b: number;
  readonly formula: number;
  readonly measured: Estimate;
  readonly z: number;
}

export interface Redraws {
  readonly draws: number;
  readonly pairs: readonly RedrawPair[];
  /** The largest |z| of each model, over all entries of all 2 x 2 blocks of the 15 pairs. */
  readonly largest: readonly { readonly model: string; readonly z: number; readonly entries: number }[];
  /** tr V without the 1 of Q (Eq. 13) over tr V at the places, of the linear model: what the large-P form leaves out. */
  readonly withoutOne: readonly number[];
  readonly recipe: Recipe;
}

/** Prop. 5.1 and 5.2 of Vastola 2025: the covariance over redraws of x_0, by formula and by redrawing. */
export async function measureRedraws(bench: Bench): Promise<Redraws> {
  const data = hexagon(bench);
  const draws = bench.sizes.redraws;
  const few = bench.sizes.linear[bench.sizes.linear.length - 1];
  const pairs: RedrawPair[] = [];
  const largest: { model: string; z: number; entries: number }[] = [];
  const linear = await fitLinear(bench, data, few);
  const network = await trainNetwork(bench, data, 100);
  const places = redrawPlaces;
  const n = places.t.length;
  try {
    const models: [string, ScoreEnsemble<"f64">][] = [
      [`linear, F/P = ${bench.sizes.features / few}`, linear],
      ["network, tau = 100", network],
    ];
    for (const [m, [model, ensemble]] of models.entries()) {
      const formula = await ensemble.covariance(places);
      const mean = (await ensemble.average.evaluate(places.x, places.t, ["score"])).score;
      const size = 2 * n;
      const sums = new Float64Array(size * size);
      const squares = new Float64Array(size * size);
      // The product summed over coordinates of each pair has an error of its own.
      const traces = new Float64Array(n * n);
      const traceSquares = new Float64Array(n * n);
      for (let r = 0; r < draws; r++) {
        if (r % 100 === 0) {
          bench.signal.throwIfAborted();
          bench.done((m + r / draws) / models.length);
        }
        const field = await ensemble.draw(bench.seed + 1000 + r);
        const { score } = await field.evaluate(places.x, places.t, ["score"]);
        const e = Array.from(score, (value, i) => value - mean[i]);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            const product = e[i] * e[j];
            sums[i * size + j] = sums[i * size + j] + product / draws;
            squares[i * size + j] = squares[i * size + j] + (product * product) / draws;
          }
        }
        for (let a = 0; a < n; a++) {
          for (let b = 0; b < n; b++) {
            const product = e[2 * a] * e[2 * b] + e[2 * a + 1] * e[2 * b + 1];
            traces[a * n + b] = traces[a * n + b] + product / draws;
            traceSquares[a * n + b] = traceSquares[a * n + b] + (product * product) / draws;
          }
        }
      }
      let worst = 0;
      for (let a = 0; a < n; a++) {
        for (let b = a; b < n; b++) {
          const block = 4 * (a * n + b);
          for (let k = 0; k < 4; k++) {
            const at = (2 * a + (k >> 1)) * size + 2 * b + (k & 1);
            const value = sums[at];
            const error = Math.sqrt((squares[at] - value * value) / draws);
            worst = Math.max(worst, Math.abs(value - formula[block + k]) / error);
          }
          const value = traces[a * n + b];
          const standardError = Math.sqrt((traceSquares[a * n + b] - value * value) / draws);
          const truth = formula[block] + formula[block + 3];
          pairs.push({
            model,
            a,
            b,
            formula: truth,
            measured: { value, standardError },
            z: (value - truth) / standardError,
          });
        }
      }
      largest.push({ model, z: worst, entries: 4 * ((n * (n + 1)) / 2) });
    }
  } finally {
    network.dispose();
  }
  const whole = await linear.covariance(places);
  const large = await linear.largeSampleCovariance(places);
  const trace = (values: Float64Array, p: number): number =>
    values[4 * (p * n + p)] + values[4 * (p * n + p) + 3];
  const { tMax, epsilon } = learnedSettings;
  return {
    draws,
    pairs,
    largest,
    withoutOne: places.t.map((_, p) => trace(large, p) / trace(whole, p)),
    recipe: {
      gives: "redraws.pairs.0.formula",
      code: `import { createEngine, edm, linearScore, logUniformTimes, polygon, rbfFeatures } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const linear = await linearScore(data, edm(), {
  features: rbfFeatures({ count: ${bench.sizes.features}, width: ${linearSettings.width}, seed: ${bench.seed}, time: (t) => 1 / (t * t) }),
  samples: ${few}, times: logUniformTimes({ tMin: ${epsilon}, tMax: ${tMax} }), ridge: ${linearSettings.ridge}, seed: ${bench.seed},
});
const places = { x: ${JSON.stringify(places.x)}, t: ${JSON.stringify(places.t)} };
const covariance = await linear.covariance(places); // linear.draw(seed) is a redraw
console.log(JSON.stringify(covariance[0] + covariance[3]));
engine.close();`,
    },
  };
}

type Numbers = { readonly redraws: Redraws };

/** The largest difference of the closed form from redraws, for one of the models. */
const closedForm = (
  model: "linear" | "network",
  said: Pick<Claim<Numbers>, "source" | "sentence">,
  why: (redraws: Redraws) => string,
): Claim<Numbers> => ({
  id: `redraws-${model}`,
  ...said,
  expected: "No entry at any pair of places differs by more than chance.",
  reads: ["redraws"],
  judge({ redraws }) {
    const { z, entries } = only(redraws.largest, (row) => row.model.startsWith(model));
    const entry = decideOne({ z }, entries);
    return {
      measured: told`${redraws.draws.toLocaleString("en-US")} redraws at 15 pairs of places: the largest difference is ${apart(entry)}.`,
      verdict: entry.differs ? "does not hold" : "holds",
      why: why(redraws),
    };
  },
});

export const redrawsLinear = closedForm(
  "linear",
  {
    source: { paper: "Vastola 2025", where: "Prop. 5.1, E.5" },
    sentence:
      "The covariance of the learned score over redraws of x_0 has a closed form (linear, F/P = 0.5).",
  },
  ({ withoutOne }) =>
    `With the full Q of Eq. 67. Eq. 13 drops its constant term: at these places it gives ${withoutOne.map((ratio) => ratio.toFixed(3)).join(", ")} of tr V.`,
);

export const redrawsNetwork = closedForm(
  "network",
  {
    source: { paper: "Vastola 2025", where: "Prop. 5.2, F.3" },
    sentence:
      "The covariance of the learned score over redraws of x_0 has a closed form (network, tau = 100).",
  },
  () =>
    "With P x D targets (Eq. 83, as the appendix has it): A(z) = (I - exp(-Lambda K tau / P)) K^-1 k(z), V = sum of A_n A_n' C_n.",
);
