import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { createEngine, edm, exactScore, heun, karras, sample } from "vkernel";
import { assertAgreement, interleave, ratio } from "./measure.js";

/** Fashion-MNIST as Debian's dataset-fashion-mnist has it: 60,000 images of 784 pixels. */
const FILE = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
const DIM = 784;
const HEAD = 16;
/** The root mean square distance of the images from their mean, pixels in [0, 1]: what tolerances of scores count in. */
const SCALE = 8.22;
const COUNT = 64;
const STEPS = 40;
const TOLERANCE = 1e-4;
/** Below this sigma few images count. */
const SMALL = 0.8;
/** Least ratios to the sum over all images: at small sigma, and over a run. */
const TARGETS = { small: 10, run: 1.6 };
/** A level takes seconds, 40 of them minutes. */
const MOST_ROUNDS = 3;

/** Scores of 60,000 images at the particles of a run, level by level: to a tolerance beside the sum over all of them, one thread. */
/** @param {import("./run.js").Context} context */
export async function run({ rounds, matches, report, note }) {
  if (!existsSync(FILE)) {
    note(`${FILE} is not there (Debian: apt install dataset-fashion-mnist): nothing measured`);
    return;
  }
  const engine = await createEngine({ threads: 1, kernels: "simd" });
  try {
    const points = Float32Array.from(gunzipSync(readFileSync(FILE)).subarray(HEAD), (pixel) => pixel / 255);
    const size = points.length / DIM;
    const field = exactScore(engine.mixture(points, { dim: DIM, copy: false }), edm());
    const started = performance.now();
    const first = points.slice(0, DIM);
    await field.evaluate(first, 0.1, ["score"], { tolerance: TOLERANCE });
    note(`the frame took ${((performance.now() - started) / 1000).toFixed(1)} s, once a mixture`);
    const grid = karras({ steps: STEPS });
    const { times, trajectories } = await sample(field, {
      ...{ sampler: heun(), grid, count: COUNT, seed: 1, record: "all", tolerance: TOLERANCE },
    });
    /** @type {{ sigma: number, evaluations: number, timings: import("./measure.js").Timing[] }[]} */
    const levels = [];
    for (let level = 0; level < STEPS; level++) {
      const sigma = times[level];
      const name = `evaluate, score to 1e-4: fashion, 60,000 x 784, level ${level}, sigma = ${sigma.toPrecision(3)}, f32`;
      if (!matches(name)) continue;
      const queries =
        trajectories?.slice(level * COUNT * DIM, (level + 1) * COUNT * DIM) ?? new Float32Array();
      /** @param {number} tolerance */
      const evaluate = async (tolerance) =>
        (await field.evaluate(queries, sigma, ["score"], { tolerance })).score;
      const variants = [0, TOLERANCE].map((tolerance) => ({
        name: tolerance === 0 ? "every image" : "tolerance 1e-4",
        async: true,
        run: () => evaluate(tolerance),
        result: () => evaluate(tolerance),
      }));
      const differences = await assertAgreement(name, variants, {
        tolerance: (2 * TOLERANCE * SCALE) / sigma ** 2,
      });
      const elements = COUNT * size * DIM;
      const timings = await interleave(variants, { rounds: Math.min(rounds, MOST_ROUNDS), elements });
      // Heun's method looks at all levels but the first twice.
      levels.push({ sigma, evaluations: level === 0 ? 1 : 2, timings });
      report({
        name,
        group: "images",
        parameters: { dim: DIM, size, count: COUNT, sigma, precision: "f32" },
        elements,
        timings,
        differences,
        baselines: ["every image"],
        targets: [],
      });
    }
    total(
      "sigma at most 0.8",
      levels.filter(({ sigma }) => sigma <= SMALL),
      TARGETS.small,
    );
    if (levels.length === STEPS) total("a whole run", levels, TARGETS.run);
  } finally {
    engine.close();
  }

  /**
   * The times of several levels together, as a run takes them.
   *
   * @param {string} what
   * @param {{ evaluations: number, timings: import("./measure.js").Timing[] }[]} levels
   * @param {number} least
   */
  function total(what, levels, least) {
    if (levels.length === 0) return;
    const timings = levels[0].timings.map(({ name, rounds: times }, variant) => {
      const sums = times.map((_, round) =>
        levels.reduce(
          (sum, { evaluations, timings: own }) => sum + evaluations * own[variant].rounds[round],
          0,
        ),
      );
      return {
        name,
        rounds: sums,
        median: [...sums].sort((a, b) => a - b)[sums.length >> 1],
        spread: 0,
        elementsPerSecond: 0,
      };
    });
    note(`${what}: ${ratio(timings[0], timings[1]).median.toFixed(2)} times every image`);
    report({
      name: `scores of a Heun run to 1e-4: fashion, 60,000 x 784, karras, 40 steps, ${what}, f32`,
      group: "images",
      parameters: { dim: DIM, count: COUNT, precision: "f32" },
      elements: 0,
      timings,
      differences: {},
      baselines: ["every image"],
      targets: [{ variant: "tolerance 1e-4", least }],
    });
  }
}
