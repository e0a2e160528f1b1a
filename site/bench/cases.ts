import { Baseline } from "../../src/baseline/baseline.js";
import type { Engine } from "../../src/engine.js";
import { fillNormals } from "../../src/numeric/random.js";
import { edm } from "../../src/process/edm.js";
import { sample } from "../../src/run/sample.js";
import { karras } from "../../src/sampler/grids/karras.js";
import { heun } from "../../src/sampler/heun.js";
import { type ExactScore, exactScore } from "../../src/score/exact.js";
import type { Request } from "./protocol.js";
import type { Case } from "./rounds.js";

export interface Named {
  readonly name: string;
  readonly engine: Engine;
}

/** The most coordinates of which there are matrices. */
export const MAX_MATRIX_DIM = 64;
/** Multiplications and additions of a call: some hundredths of a second in plain TypeScript. */
const WORK = 2 ** 22;
const MOST_QUERIES = 4096;
/** What an explorer shows: a handful of points, and one query of them at a time, so often that a clock sees it. */
const FEW = 6;
const TIMES = 1000;
const STEPS = 18;

const normals = (count: number, dim: number, seed: number) =>
  Float32Array.from(fillNormals(new Float64Array(count * dim), dim, count, 0, seed, 0, 0));

const inWords = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;

/** The work that is measured, each piece made when its turn comes: standard normal points, edm, noise of 0.1 of their scale. */
export function casesOf({ points: size, dim }: Request, engines: readonly Named[]) {
  const process = edm();
  const points = normals(size, dim, 1);
  const scale = Math.sqrt(dim);
  const sigma = 0.1 * scale;
  const baseline = new Baseline(points, dim);
  const fields = engines.map(({ name, engine }) => ({
    name,
    field: exactScore(engine.mixture(points, { dim }), process),
  }));
  const fitting = (work: number) => Math.max(1, Math.min(MOST_QUERIES, Math.floor(WORK / (size * work))));
  const title = (what: string, count: string) =>
    `${what}, D = ${dim}, ${inWords(size, "point", "points")}, ${count}`;
  /** Points, moved by noise. */
  const queriesOf = (count: number) =>
    normals(count, dim, 2).map((z, i) => points[i % points.length] + sigma * z);

  const evaluation = (quantity: "posteriorMean" | "hessian", count: number): Case => {
    const queries = queriesOf(count);
    const given = Float64Array.from(queries);
    const isMean = quantity === "posteriorMean";
    return {
      name: title(isMean ? "Score" : "Hessian", inWords(count, "query", "queries")),
      unit: isMean ? scale : 1 / (sigma * sigma),
      outliers: 0,
      variants: [
        {
          name: "plain TypeScript",
          run: () => (isMean ? baseline.posteriorMean(given, sigma) : baseline.hessian(given, sigma)),
        },
        ...fields.map(({ name, field }) => ({
          name,
          run: async () => (await field.evaluate(queries, sigma, [quantity]))[quantity],
        })),
      ],
    };
  };

  const few = (): Case => {
    const some = points.subarray(0, Math.min(FEW, size) * dim);
    const own = new Baseline(some, dim);
    const query = queriesOf(1);
    const given = Float64Array.from(query);
    const [{ name, engine }] = engines;
    const field = exactScore(engine.mixture(some, { dim }), process);
    /** One call after the other. */
    const repeated =
      <T>(call: () => T) =>
      (): T => {
        for (let i = 1; i < TIMES; i++) call();
        return call();
      };
    return {
      name: `Score, D = ${dim}, ${inWords(some.length / dim, "point", "points")}, one query, ${TIMES.toLocaleString("en-US")} times`,
      unit: scale,
      outliers: 0,
      variants: [
        { name: "plain TypeScript", run: repeated(() => own.posteriorMean(given, sigma)) },
        { name, run: repeated(() => meanAtOnce(field, query, sigma)) },
      ],
    };
  };

  const run = (): Case => {
    const count = fitting(2 * STEPS * dim);
    const grid = karras({ steps: STEPS });
    const sigmas = grid.times(process);
    const initial = normals(count, dim, 3).map((z) => z * sigmas[0]);
    return {
      name: title(`Heun, ${STEPS} steps`, inWords(count, "particle", "particles")),
      unit: scale,
      outliers: 0.02,
      variants: [
        { name: "plain TypeScript", run: () => baseline.heun(initial, sigmas) },
        ...fields.map(({ name, field }) => ({
          name,
          run: async () => (await sample(field, { sampler: heun(), grid, initial, seed: 1 })).samples,
        })),
      ],
    };
  };

  return [
    { name: "scores", make: () => evaluation("posteriorMean", fitting(dim)) },
    { name: "few points", make: few },
    ...(dim <= MAX_MATRIX_DIM
      ? [{ name: "Hessians", make: () => evaluation("hessian", fitting(dim * dim)) }]
      : []),
    { name: "a whole run", make: run },
  ];
}

const meanAtOnce = (field: ExactScore<"f32">, query: Float32Array, sigma: number) =>
  field.evaluateSync(query, sigma, ["posteriorMean"]).posteriorMean;
