import {
  createEngine,
  digits,
  edm,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  karras,
  naiveScore,
  posterior,
  sample,
} from "vkernel";
import * as reference from "vkernel/reference";
import * as plain from "./baseline.js";
import { generator, normals } from "./data.js";
import { assertAgreement, assertSameMoments, interleave } from "./measure.js";

/** End points of ordinary differential equations agree to this, but for a few near the border of two basins. */
const TOLERANCE = 1e-3;
const OUTLIERS = 0.02;
/** Moments of unit-scale samples: 256 x 2 numbers have standard errors of 0.044 and 0.062; this is seven. */
const MOMENTS = 0.44;

const STEPS = 18;

const samplers = /** @type {const} */ (["euler", "heun", "posterior", "eulerMaruyama", "naive"]);

/** The same steps in `vkernel/reference`. */
const referenceSteps = {
  euler: reference.euler,
  heun: reference.heun,
  posterior: reference.posterior,
  eulerMaruyama: reference.eulerMaruyama,
  naive: reference.naive({ draws: 1 }),
};

/**
 * Whole runs on one thread, 18 steps of a Karras grid on edm, from the same noise.
 *
 * @param {import("./run.js").Context} context
 */
export async function run({ rounds, matches, report, note }) {
  const engines = {
    simd: await createEngine({ threads: 1, kernels: "simd" }),
    relaxed: await createEngine({ threads: 1, kernels: "relaxed" }),
  };
  const kernelNames = /** @type {("simd" | "relaxed")[]} */ (["simd"]);
  if (engines.relaxed.info.kernels === "relaxed") kernelNames.push("relaxed");
  else note("relaxed skipped: this host has no relaxed SIMD");
  const process = edm();
  const grid = karras({ steps: STEPS });
  const times = grid.times(process);
  try {
    const set = await digits();
    const sets = [
      { title: "normal", dim: 2, count: 256, points: normals(2 * 4096, generator(1)) },
      // Pixels from 0 to 1, as numbers from -1 to 1.
      { title: "digits", dim: set.dim, count: 64, points: Float32Array.from(set.points, (v) => 2 * v - 1) },
    ];
    for (const { title, dim, count, points } of sets) {
      for (const sampler of samplers) {
        const size = points.length / dim;
        const name = `${sampler}, ${title}: D = ${dim}, M = ${size.toLocaleString("en")}, ${count.toLocaleString("en")} particles, ${STEPS} steps`;
        if (!matches(name)) continue;
        const points64 = Float64Array.from(points);
        const initial = normals(count * dim, generator(2)).map((value) => value * times[0]);
        const initial64 = Float64Array.from(initial);
        const random = generator(3);
        const seed = 3;
        const weights = new Float64Array(size).fill(1 / size);
        const mixture = { points: points64, dim, weights, sigma0: 0 };
        const step = referenceSteps[sampler];
        /** @type {import("./measure.js").Variant[]} */
        const variants = [
          ["plain", () => plain.sample(sampler, initial64, points64, dim, times, random)],
          [
            "reference",
            () => reference.integrate(step, { mixture, process, times, initial: initial64, seed }).samples,
          ],
        ].map(([variant, compute]) => ({
          name: /** @type {string} */ (variant),
          run: /** @type {() => ArrayLike<number>} */ (compute),
          result: /** @type {() => ArrayLike<number>} */ (compute),
        }));
        const mixtures = [];
        for (const kernels of kernelNames) {
          const data = engines[kernels].mixture(points, { dim });
          mixtures.push(data);
          const field =
            sampler === "naive" ? naiveScore(data, process, { draws: 1 }) : exactScore(data, process);
          const steps = { euler, heun, posterior, eulerMaruyama, naive: euler }[sampler]();
          const compute = async () => (await sample(field, { sampler: steps, grid, initial, seed })).samples;
          variants.push({ name: kernels, async: true, run: compute, result: compute });
        }
        /** @type {Record<string, number>} */
        let differences = {};
        if (sampler === "euler" || sampler === "heun") {
          differences = await assertAgreement(name, variants, { tolerance: TOLERANCE, outliers: OUTLIERS });
        } else {
          await assertSameMoments(name, variants, MOMENTS);
        }
        // A step to 0 is one evaluation, whatever the sampler.
        const evaluations = sampler === "heun" ? 2 * STEPS - 1 : STEPS;
        const elements = evaluations * count * size * dim;
        const timings = await interleave(variants, { rounds, elements });
        report({
          name,
          group: "samplers",
          parameters: { sampler, dim, size, count, steps: STEPS },
          elements,
          timings,
          differences,
          baselines: ["plain", "reference"],
          targets: [],
        });
        for (const data of mixtures) data.dispose();
      }
    }
  } finally {
    engines.simd.close();
    engines.relaxed.close();
  }
}
