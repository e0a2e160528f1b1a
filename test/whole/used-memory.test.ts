// What lies in Wasm memory before a call is no part of a result: the same bits in memory that was never used, and in memory full of NaN or
// of ordinary numbers. What reads a number that nobody wrote fails here.
import * as vkernel from "vkernel";
import { expect, it } from "vitest";
import {
  cholesky,
  type Matrix,
  normalEquations,
  solveCholesky,
  symmetricEigen,
} from "../../src/dense/index.js";
import { bitsRuns, hashOf, scattered } from "../shared/bits.js";
import { fokkerPlanckBitsBy } from "../shared/fokkerPlanck.js";
import { trainedParameters } from "../shared/network.js";

/** What every byte of a block is when it is given out: 0, NaN in both precisions, numbers of some millions and of 12. */
const patterns = [0, 0xff, 0x41] as const;

/** An engine whose memory is as if others had used it. */
async function used(pattern: number): Promise<vkernel.Engine> {
  const engine = await vkernel.createEngine({ kernels: "simd", threads: 1 });
  const memory = engine.runtime?.memory;
  if (memory === undefined) throw new Error("no Wasm memory");
  const alloc = memory.alloc.bind(memory);
  memory.alloc = (bytes, what) => {
    const start = alloc(bytes, what);
    new Uint8Array(memory.memory.buffer, start, bytes).fill(pattern);
    return start;
  };
  return engine;
}

type Work = (engine: vkernel.Engine) => Promise<unknown>;

const few = 20;
const works: [string, Work][] = bitsRuns.map((run) => [
  run.name,
  async (engine) => hashOf(await run.run(vkernel, engine, Math.min(run.count, few))),
]);

const asked = ["posteriorMean", "logDensity", "nearest", "nearestDistance"] as const;

/** Every quantity that a tolerance allows, where a few points count, where many do and where all do. */
const toTolerance =
  (dim: number, size: number, precision: vkernel.Precision, more: readonly vkernel.Quantity[]): Work =>
  async (engine) => {
    const data = engine.mixture(scattered(size * dim, 3), { dim, precision });
    const field = vkernel.exactScore(data, vkernel.edm());
    const results: unknown[] = [];
    for (const sigma of [0.003, 0.05, 0.3, 1.5, 10, 80])
      for (const names of [["posteriorMean"], asked, more] as const)
        results.push(await field.evaluate(scattered(few * dim, 5), sigma, names, { tolerance: 1e-3 }));
    data.dispose();
    return results;
  };

const matrices = ["hessian", "posteriorCovariance"] as const;
const traces = ["proxyVariance", "divergence"] as const;
for (const precision of ["f32", "f64"] as const) {
  works.push(
    [`tolerance D1 ${precision}`, toTolerance(1, 5000, precision, matrices)],
    [`tolerance D3 ${precision}`, toTolerance(3, 5000, precision, matrices)],
    [`tolerance D5 ${precision}`, toTolerance(5, 500, precision, traces)],
    [`tolerance D90 ${precision}`, toTolerance(90, 300, precision, traces)],
    [`tolerance D300 ${precision}`, toTolerance(300, 150, precision, traces)],
  );
}

works.push([
  // The frame's kernel decides here, query by query, whether few enough points are left.
  "tolerance digits",
  async (engine) => {
    const { points } = await vkernel.loadDataSet("digits");
    const data = engine.mixture(Float32Array.from(points), { dim: 64 });
    const sigma = 5 * 10 ** -1.25;
    const x = Float64Array.from(
      { length: few * 64 },
      (_, i) => points[(3 * i) % points.length] + sigma * Math.sin(i * i),
    );
    const found = await vkernel
      .exactScore(data, vkernel.edm())
      .evaluate(x, sigma, ["posteriorMean"], { tolerance: 1e-4 });
    data.dispose();
    return found;
  },
]);

const matrix = (rows: number, columns: number, seed: number): Matrix => ({
  data: scattered(rows * columns, seed),
  rows,
  columns,
});
const line = vkernel.logUniformTimes({ tMin: 0.1, tMax: 5 });
const places = scattered(2 * few, 8);

works.push(
  [
    "dense algebra",
    async (engine) => {
      const { gram, cross } = await normalEquations(engine, matrix(61, 21, 1), matrix(61, 3, 2));
      const factor = await cholesky(engine, gram);
      if (!factor.ok) throw new Error("a matrix that is not positive definite");
      const solved = await solveCholesky(engine, factor.l, cross);
      return [gram, cross, factor, solved, await symmetricEigen(engine, gram)];
    },
  ],
  [
    "features and tangent kernels",
    async (engine) => {
      const data = engine.mixture(scattered(10, 4), { dim: 2, precision: "f64" });
      const common = { samples: 60, times: line, seed: 5 };
      const features = vkernel.rbfFeatures({ count: 12, seed: 3 });
      const results: unknown[] = [];
      for (const learned of [
        await vkernel.linearScore(data, vkernel.edm(), { ...common, features, ridge: 1e-3 }),
        await vkernel.ntkScore(data, vkernel.edm(), { ...common, depth: 2, trainingTime: 50 }),
      ])
        for (const field of [learned.average, await learned.draw(3)])
          results.push(await field.evaluate(places, 0.5, ["score"]));
      return results;
    },
  ],
  ["Fokker-Planck equations", (engine) => fokkerPlanckBitsBy(vkernel, engine)],
  ["training", trainedParameters],
);

it.each(works)("%s", { tags: ["slow"] }, async (_, work) => {
  const fresh = await vkernel.createEngine({ kernels: "simd", threads: 1 });
  const expected = await work(fresh);
  fresh.close();
  for (const pattern of patterns) {
    const engine = await used(pattern);
    expect(await work(engine)).toEqual(expected);
    engine.close();
  }
});
