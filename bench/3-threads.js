import { availableParallelism } from "node:os";
import { createEngine, edm, exactScore, heun, karras, polygon, posterior, sample } from "vkernel";
import { generator, makeData, normals } from "./data.js";
import { assertAgreement, interleave } from "./measure.js";

/** Two threads must be this many times as fast as one. */
const TARGET = 1.7;

/** The same work on one thread (the calling one) and on more, simd and float32: the same bits, sooner. */
/** @param {import("./run.js").Context} context */
export async function run({ rounds, matches, report, note }) {
  const cores = availableParallelism();
  if (cores < 2) {
    note(`skipped: threads need two cores, this machine has ${cores}`);
    return;
  }
  const counts = [1, 2, 4, 8].filter((threads) => threads <= cores);
  const engines = await Promise.all(counts.map((threads) => createEngine({ threads, kernels: "simd" })));
  const process = edm();
  const grid = karras({ steps: 18 });
  /** @typedef {(engine: import("vkernel").Engine) => () => Promise<Float32Array>} Make */
  /** @type {{ name: string, dim: number, size: number, evaluations: number, make: Make }[]} */
  const cases = [
    ...[
      { title: "heun", sampler: heun(), evaluations: 35, dim: 2, size: 4096, count: 4096 },
      { title: "posterior", sampler: posterior(), evaluations: 18, dim: 2, size: 4096, count: 4096 },
      { title: "heun", sampler: heun(), evaluations: 35, dim: 64, size: 2048, count: 512 },
    ].map(({ title, sampler, evaluations, dim, size, count }) => ({
      name: `sample, ${title}: D = ${dim}, M = ${size.toLocaleString("en")}, ${count.toLocaleString("en")} particles, 18 steps`,
      dim,
      size,
      evaluations: evaluations * count,
      /** @type {Make} */
      make: (engine) => {
        const field = exactScore(engine.mixture(normals(size * dim, generator(1)), { dim }), process);
        return async () => (await sample(field, { sampler, grid, count, seed: 1 })).samples;
      },
    })),
    {
      name: "sample, posterior: hexagon, 200,000 particles, 18 steps",
      dim: 2,
      size: 6,
      evaluations: 18 * 200_000,
      make: (engine) => {
        const field = exactScore(engine.mixture(polygon().points, { dim: 2 }), process);
        return async () =>
          (await sample(field, { sampler: posterior(), grid, count: 200_000, seed: 1 })).samples;
      },
    },
    {
      name: "evaluate, posterior mean: D = 784, M = 2,048, 1,024 queries",
      dim: 784,
      size: 2048,
      evaluations: 1024,
      make: (engine) => {
        const sigma = 0.3 * Math.sqrt(784);
        const { points, queries } = makeData({ dim: 784, size: 2048, count: 1024, sigma });
        const field = exactScore(engine.mixture(points, { dim: 784 }), process);
        return async () => (await field.evaluate(queries, sigma, ["posteriorMean"])).posteriorMean;
      },
    },
  ];
  try {
    for (const { name, dim, size, evaluations, make } of cases) {
      if (!matches(name)) continue;
      const variants = engines.map((engine, i) => {
        const compute = make(engine);
        const title = counts[i] === 1 ? "1 thread" : `${counts[i]} threads`;
        return { name: title, async: true, run: compute, result: compute };
      });
      const differences = await assertAgreement(name, variants, { tolerance: 0 });
      const elements = evaluations * size * dim;
      const timings = await interleave(variants, { rounds, elements });
      report({
        name,
        group: "threads",
        parameters: { dim, size, evaluations },
        elements,
        timings,
        differences,
        baselines: ["1 thread"],
        targets: [{ variant: "2 threads", least: TARGET }],
      });
    }
  } finally {
    for (const engine of engines) engine.close();
  }
}
