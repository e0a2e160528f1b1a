import { createEngine, edm, exactScore } from "vkernel";
import { makeData } from "./data.js";
import { assertAgreement, interleave, ratio } from "./measure.js";

const SIZE = 1_000_000;
const COUNT = 1024;
const DIM = 3;
const TOLERANCE = 1e-5;
/** Least ratios to the sum over all points: at the smallest noise, and at every other. */
const TARGETS = { smallest: 1000, any: 10 };
/** A sum over all points takes seconds: three rounds of it tell enough. */
const MOST_ROUNDS = 3;

/** A million points in three dimensions: posterior means to a tolerance beside those of all points, one thread. */
/** @param {import("./run.js").Context} context */
export async function run({ rounds, matches, report, note }) {
  // The root mean square distance of standard normals from their mean, which the tolerance counts in.
  const scale = Math.sqrt(DIM);
  for (const precision of /** @type {const} */ (["f32", "f64"])) {
    const engine = await createEngine({ threads: 1, kernels: "simd" });
    /** @type {number[]} */
    const ratios = [];
    try {
      const { points } = makeData({ dim: DIM, size: SIZE, count: 0, sigma: 1 });
      const field = exactScore(engine.mixture(points, { dim: DIM, precision }), edm());
      for (const exponent of [-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1]) {
        const name = `evaluate, posterior mean to 1e-5: D = 3, M = 1,000,000, sigma = 1e${exponent} of the scale, ${precision}`;
        if (!matches(name)) continue;
        const sigma = scale * 10 ** exponent;
        const { queries } = makeData({ dim: DIM, size: SIZE, count: COUNT, sigma });
        /** @param {number} tolerance */
        const evaluate = async (tolerance) =>
          (await field.evaluate(queries, sigma, ["posteriorMean"], { tolerance })).posteriorMean;
        const variants = [0, TOLERANCE].map((tolerance) => ({
          name: tolerance === 0 ? "every point" : "tolerance 1e-5",
          async: true,
          run: () => evaluate(tolerance),
          result: () => evaluate(tolerance),
        }));
        const differences = await assertAgreement(name, variants, { tolerance: 2 * TOLERANCE * scale });
        const timings = await interleave(variants, {
          rounds: Math.min(rounds, MOST_ROUNDS),
          elements: COUNT * SIZE,
        });
        ratios.push(ratio(timings[0], timings[1]).median);
        report({
          name,
          group: "tolerance",
          parameters: { dim: DIM, size: SIZE, count: COUNT, sigma, precision },
          elements: COUNT * SIZE,
          timings,
          differences,
          baselines: ["every point"],
          targets: [{ variant: "tolerance 1e-5", least: exponent === -3 ? TARGETS.smallest : TARGETS.any }],
        });
      }
      if (ratios.length > 1) {
        const mean = Math.exp(ratios.reduce((sum, value) => sum + Math.log(value), 0) / ratios.length);
        note(`tolerance, ${precision}: geometric mean of ${ratios.length} ratios ${mean.toFixed(0)}`);
      }
    } finally {
      engine.close();
    }
  }
}
