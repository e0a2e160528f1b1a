import {
  customScore,
  edm,
  exactScore,
  gridTimes,
  type Objectives,
  objectives,
  type ScoreField,
  type Weighting,
} from "vkernel";
import { type Claim, only } from "../claim.js";
import { decide, deviationOf } from "../decide.js";
import type { Recipe } from "../recipe.js";
import { apart, pm, told } from "../told.js";
import { type Bench, hexagon, logGrid } from "./bench.js";
import { learnedSettings } from "./learned.js";
import { fitLinear } from "./linear.js";

export interface ObjectivesRow extends Objectives {
  readonly field: string;
  readonly weighting: string;
}

export interface ObjectivesTable {
  readonly rows: readonly ObjectivesRow[];
  readonly recipe: Recipe;
}

const LEVELS = 16;

/** J0, J1 and the identity between them, Eq. 3, 4 and 24 of Vastola 2025. */
export async function measureObjectives(bench: Bench): Promise<ObjectivesTable> {
  const { tMax, epsilon } = learnedSettings;
  const data = hexagon(bench);
  const linear = await fitLinear(bench, data, bench.sizes.linear[1]);
  const fields: [string, ScoreField<"f64">][] = [
    ["exact", exactScore(data, edm())],
    ["average of the linear fits", linear.average],
    ["one linear fit", await linear.fit()],
    ["zero", customScore(data, edm(), () => [0, 0])],
  ];
  const times = gridTimes(logGrid(LEVELS - 1, tMax, epsilon).times(edm()));
  const samples = bench.sizes.objectives;
  const rows: ObjectivesRow[] = [];
  for (const weighting of ["variance", "one", "edm"] as Weighting[]) {
    for (const [field, score] of fields) {
      bench.signal.throwIfAborted();
      const found = await objectives(score, { samples, weighting, times, seed: bench.seed });
      rows.push({ field, weighting: weighting as string, ...found });
      bench.done(rows.length / (3 * fields.length));
    }
  }
  return {
    rows,
    recipe: {
      gives: "objectives.rows.0.j1.value",
      code: `import { createEngine, edm, exactScore, gridTimes, logarithmic, objectives, polygon } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const levels = logarithmic({ steps: ${LEVELS - 1}, tMax: ${tMax}, tMin: ${epsilon}, last: "sigmaMin" }).times(edm());
const { j1 } = await objectives(exactScore(data, edm()), {
  samples: ${samples}, weighting: "variance", times: gridTimes(levels), seed: ${bench.seed},
});
console.log(JSON.stringify(j1.value));
engine.close();`,
    },
  };
}

export const identity: Claim<{ objectives: ObjectivesTable }> = {
  id: "objectives",
  source: { paper: "Vastola 2025", where: "Eq. 24" },
  sentence:
    "Denoising score matching differs from fitting the score by the proxy score's variance: J1 = J0 + E[lambda tr C] / 2.",
  expected: "For every pair of field and weighting the two sides are equal within the errors.",
  reads: ["objectives"],
  judge({ objectives: { rows } }) {
    const sides = decide(rows.map(({ identity: difference }) => deviationOf(difference)));
    const noise = only(rows, (row) => row.field === "exact" && row.weighting === "variance");
    return {
      measured: told`${rows.length} pairs of field and weighting: the two sides differ by at most ${apart(sides)}. The exact score has J1 = ${pm(noise.j1)}.`,
      verdict: sides.differs ? "does not hold" : "holds",
      why: "An identity: the target's mean is the score.",
    };
  },
};
