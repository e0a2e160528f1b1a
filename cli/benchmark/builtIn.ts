import {
  createEngine,
  dopri5,
  edm,
  euler,
  exactScore,
  heun,
  karras,
  posterior,
  sample,
  type Sampler,
} from "vkernel";
import { fillNormals } from "vkernel/reference";
import { type Named, startEngines } from "./engines.js";
import { type Case, type Measured, type Measuring, measure } from "./measure.js";

export const benchGroups = ["scores", "samplers"] as const;
export type BenchGroup = (typeof benchGroups)[number];

const normals = (count: number, dim: number, seed: number): Float64Array =>
  fillNormals(new Float64Array(count * dim), dim, count, 0, seed, 0, 0);

/** Scores of unit normal points: the posterior mean in float32, at 0.3 of the width of the data. */
function scoreCase(engines: readonly Named[], dim: number, size: number, count: number): Case {
  const points = normals(size, dim, 1);
  const queries = normals(count, dim, 2);
  const sigma = 0.3 * Math.sqrt(dim);
  return {
    group: "scores",
    name: `score, D = ${dim}, M = ${size}, ${count} queries`,
    parameters: { dim, size, count, sigma },
    elements: count * size * dim,
    variants: engines.map(({ name, engine }) => {
      const field = exactScore(engine.mixture(points, { dim }), edm());
      const run = async () => (await field.evaluate(queries, sigma, ["posteriorMean"])).posteriorMean;
      return { name, run };
    }),
  };
}

/** Whole runs from the same noise, 18 steps. */
function samplerCase(engines: readonly Named[], sampler: Sampler, signal: AbortSignal): Case {
  const [dim, size, count] = [2, 1024, 128];
  const points = normals(size, dim, 3);
  const steps = sampler.adaptive ? 2 : 18;
  const grid = karras({ steps });
  return {
    group: "samplers",
    name: `${sampler.name}, D = ${dim}, M = ${size}, ${count} samples, ${sampler.adaptive ? "its own" : steps} steps`,
    parameters: { sampler: sampler.name, dim, size, count, steps },
    elements: undefined,
    variants: engines.map(({ name, engine }) => {
      const field = exactScore(engine.mixture(points, { dim }), edm());
      const run = async () => (await sample(field, { sampler, grid, count, seed: 1, signal })).samples;
      return { name, run };
    }),
  };
}

/** Runs the cases of some groups. The first variant of each is the reference. */
export async function benchBuiltIn({
  groups,
  threads,
  ...measuring
}: Measuring & { groups: readonly BenchGroup[]; threads: number | "auto" }): Promise<Measured> {
  const { signal } = measuring;
  const reference = await createEngine({ kernels: "reference" });
  try {
    const started = await startEngines(threads);
    try {
      const engines = [{ name: "reference", engine: reference }, ...started.list];
      const makers = {
        scores: [
          () => scoreCase(engines, 2, 4096, 512),
          () => scoreCase(engines, 64, 2048, 128),
          () => scoreCase(engines, 784, 1024, 64),
        ],
        samplers: [euler(), heun(), posterior(), dopri5()].map(
          (sampler) => () => samplerCase(engines, sampler, signal),
        ),
      };
      const measured = await measure(
        groups.flatMap((group) => makers[group]),
        measuring,
      );
      return { ...measured, notes: [...started.notes, ...measured.notes] };
    } finally {
      started.close();
    }
  } finally {
    reference.close();
  }
}
