import { createEngine, fokkerPlanck, ou, polygon } from "vkernel";
import { assertAgreement, interleave } from "./measure.js";

/** Times faster than plain TypeScript on one thread. */
const TARGET = 2.5;

/** Agreement of densities of order 1: a few ulp per step. */
const TOLERANCE = 1e-11;

/** Cells along an axis, and steps of the run that the clock is about; ratios need fewer. */
const CELLS = 256;
const STEPS = 400;
const RATIO_STEPS = 40;

/**
 * Fokker-Planck equations in two dimensions, float64: the kernels against the same scheme in TypeScript (the separable log
 * density in tiles, a line at a time in typed arrays, the host's exp, expm1 and log). The reverse equation is the one
 * that takes most: a log density, two sweeps and two implicit systems per sweep in every step.
 *
 * @param {import("./run.js").Context} context
 */
export async function run({ rounds, matches, report, note }) {
  const engines = await Promise.all(
    /** @type {const} */ ([
      ["plain TypeScript", { kernels: "reference" }],
      ["simd, 1 thread", { threads: 1, kernels: "simd" }],
      ["simd, 2 threads", { threads: 2, kernels: "simd" }],
      ["relaxed, 1 thread", { threads: 1, kernels: "relaxed" }],
    ]).map(async ([name, options]) => ({ name, engine: await createEngine(options) })),
  );
  /** @param {import("vkernel").Engine} engine @param {"reverse" | "forward" | "deterministic"} direction @param {number} steps */
  const solve = async (engine, direction, steps) => {
    const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
    const times = direction === "forward" ? [0.02, 3] : [3, 0.02];
    const domain = /** @type {const} */ ([
      [-5.5, 5.5],
      [-5.5, 5.5],
    ]);
    const result = await fokkerPlanck(data, ou(), { direction, times, cells: CELLS, steps, domain });
    data.dispose();
    return result.densities[1];
  };
  try {
    for (const direction of /** @type {const} */ (["reverse", "forward", "deterministic"])) {
      const name = `${direction}: ${CELLS} x ${CELLS} cells, ${RATIO_STEPS} steps, 6 points`;
      if (!matches(name)) continue;
      const variants = engines.map(({ name: title, engine }) => ({
        name: title,
        async: true,
        run: () => solve(engine, direction, RATIO_STEPS),
        result: () => solve(engine, direction, RATIO_STEPS),
      }));
      const differences = await assertAgreement(name, variants, { tolerance: TOLERANCE });
      const elements = CELLS * CELLS * RATIO_STEPS;
      const timings = await interleave(variants, { rounds, elements });
      report({
        name,
        group: "pde",
        parameters: { cells: CELLS * CELLS, steps: RATIO_STEPS, points: 6 },
        elements,
        timings,
        differences,
        baselines: ["plain TypeScript"],
        targets: direction === "reverse" ? [{ variant: "simd, 1 thread", least: TARGET }] : [],
      });
      if (direction !== "reverse") continue;
      const { engine } = /** @type {typeof engines[number]} */ (engines[1]);
      const start = performance.now();
      const before = process.cpuUsage();
      await solve(engine, direction, STEPS);
      const { user, system } = process.cpuUsage(before);
      const seconds = (performance.now() - start) / 1000;
      note(
        `${direction}, ${CELLS} x ${CELLS} cells, ${STEPS} steps on one thread: ${seconds.toFixed(2)} s, ` +
          `${((user + system) / 1e6).toFixed(2)} s of them on a processor`,
      );
    }
  } finally {
    for (const { engine } of engines) engine.close();
  }
}
