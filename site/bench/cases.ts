import { Baseline } from "../../src/baseline/baseline.js";
import type { Engine } from "../../src/engine.js";
import { fillNormals } from "../../src/numeric/random.js";
import { edm } from "../../src/process/edm.js";
import { sample } from "../../src/run/sample.js";
import { karras } from "../../src/sampler/grids/karras.js";
import { heun } from "../../src/sampler/heun.js";
import { MAX_MATRIX_DIM } from "../../src/score/evaluate/request.js";
import { type ExactScore, exactScore } from "../../src/score/exact.js";
import type { Request } from "./protocol.js";
import type { Case } from "./rounds.js";

export interface Named {
  readonly name: string;
  readonly engine: Engine;
}

/** Multiplications and additions of a call: some hundredths of a second in plain TypeScript. */
const WORK = 2 ** 23;
const LEAST_QUERIES = 8;
const MOST_QUERIES = 4096;
/** What an explorer shows: a handful of points, and one query of them at a time, so often that a clock sees it. */
const FEW = 6;
const TIMES = 1000;
const STEPS = 18;
/** Of the scale is the noise of queries: where many weights count, in the plane and in 64 dimensions. */
const SHARE = 0.3;

const normals = (count: number, dim: number, seed: number) =>
  Float32Array.from(fillNormals(new Float64Array(count * dim), dim, count, 0, seed, 0, 0));

const inWords = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;

/** What all cases are about. */
interface Setting {
  readonly size: number;
  readonly dim: number;
  readonly points: Float32Array;
  /** The root mean square distance of the points from their mean. */
  readonly scale: number;
  readonly sigma: number;
  readonly process: ReturnType<typeof edm>;
  readonly baseline: Baseline;
  readonly engines: readonly Named[];
  readonly fields: readonly { readonly name: string; readonly field: ExactScore<"f32"> }[];
}

/** Standard normal points, edm. */
function settingOf({ points: size, dim }: Request, engines: readonly Named[]): Setting {
  const points = normals(size, dim, 1);
  const process = edm();
  const scale = Math.sqrt(dim);
  return {
    ...{ size, dim, points, scale, process, engines },
    sigma: SHARE * scale,
    baseline: new Baseline(points, dim),
    fields: engines.map(({ name, engine }) => ({
      name,
      field: exactScore(engine.mixture(points, { dim }), process),
    })),
  };
}

/** How often something of so much work per point and query is done. */
const fitting = ({ size }: Setting, work: number): number =>
  Math.max(LEAST_QUERIES, Math.min(MOST_QUERIES, Math.floor(WORK / (size * work))));

const title = ({ size, dim }: Setting, what: string, count: string): string =>
  `${what}, D = ${dim}, ${inWords(size, "point", "points")}, ${count}`;

/** Points, moved by noise. */
const queriesOf = ({ points, dim, sigma }: Setting, count: number) =>
  normals(count, dim, 2).map((z, i) => points[i % points.length] + sigma * z);

function evaluation(setting: Setting, quantity: "posteriorMean" | "hessian"): Case {
  const { dim, scale, sigma, baseline, fields } = setting;
  const isMean = quantity === "posteriorMean";
  const count = fitting(setting, isMean ? dim : dim * dim);
  const queries = queriesOf(setting, count);
  const given = Float64Array.from(queries);
  return {
    name: title(setting, isMean ? "Score" : "Hessian", inWords(count, "query", "queries")),
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
}

/** Does a call so often, one after the other; gives the last result. */
const repeated =
  <T>(call: () => T) =>
  (): T => {
    for (let i = 1; i < TIMES; i++) call();
    return call();
  };

function few(setting: Setting): Case {
  const { size, dim, points, scale, sigma, process, engines } = setting;
  const some = points.subarray(0, Math.min(FEW, size) * dim);
  const baseline = new Baseline(some, dim);
  const query = queriesOf(setting, 1);
  const given = Float64Array.from(query);
  const [{ name, engine }] = engines;
  const field = exactScore(engine.mixture(some, { dim }), process);
  const mean = () => field.evaluateSync(query, sigma, ["posteriorMean"]).posteriorMean;
  const told = inWords(some.length / dim, "point", "points");
  return {
    name: `Score, D = ${dim}, ${told}, one query, ${TIMES.toLocaleString("en-US")} times`,
    unit: scale,
    outliers: 0,
    variants: [
      { name: "plain TypeScript", run: repeated(() => baseline.posteriorMean(given, sigma)) },
      { name, run: repeated(mean) },
    ],
  };
}

function wholeRun(setting: Setting): Case {
  const { dim, scale, process, baseline, fields } = setting;
  const count = fitting(setting, 2 * STEPS * dim);
  const grid = karras({ steps: STEPS });
  const sigmas = grid.times(process);
  const initial = normals(count, dim, 3).map((z) => z * sigmas[0]);
  return {
    name: title(setting, `Heun, ${STEPS} steps`, inWords(count, "particle", "particles")),
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
}

/** The work that is measured, each piece made when its turn comes. */
export function casesOf(request: Request, engines: readonly Named[]) {
  const setting = settingOf(request, engines);
  return [
    { name: "scores", make: () => evaluation(setting, "posteriorMean") },
    { name: "few points", make: () => few(setting) },
    ...(request.dim <= MAX_MATRIX_DIM
      ? [{ name: "Hessians", make: () => evaluation(setting, "hessian") }]
      : []),
    { name: "a whole run", make: () => wholeRun(setting) },
  ];
}
