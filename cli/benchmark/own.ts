import { createEngine, edm, type Engine, exactScore, heun, karras, type Precision, sample } from "vkernel";
import { Baseline, MAX_MATRIX_DIM, medianOf } from "vkernel/internal";
import { fillNormals } from "vkernel/reference";
import { grouped } from "../text.js";
import { type Engines, startEngines } from "./engines.js";
import { type Case, type CaseResult, type Measured, type Measuring, measure } from "./measure.js";

/** Points of one's own, as they were read. */
export interface OwnData {
  readonly points: Float32Array | Float64Array;
  readonly rows: number;
  readonly dim: number;
  readonly weights: Float64Array | undefined;
  readonly precision: Precision;
}

/** What is measured of them. */
export interface OwnWork {
  /** Queries of scores and Hessians, and particles of a run. */
  readonly queries: number;
  readonly matrices: number;
  readonly particles: number;
  /** The noise level of queries. */
  readonly sigma: number;
  /** The root mean square distance of the points from their mean. */
  readonly scale: number;
}

/** What kernels need before their first result and plain code does not. */
export interface StartUp {
  /** Milliseconds from nothing to the answer to one query: an engine, the data in its memory, a first call. */
  readonly first: number;
  /** The same again in a process that has done it, median. */
  readonly again: number;
  /** The queries that plain code answers in the time of the first; undefined where it stays ahead, or cannot be told. */
  readonly queries: number | undefined;
}

export interface OwnResult extends Measured {
  readonly startUp: StartUp;
  /** Where plain TypeScript is the faster one, in sentences. */
  readonly verdicts: readonly string[];
}

/** Steps of the run, and the noise levels of Karras et al. 2022 in units of the data's scale per coordinate, theirs being 0.5. */
const STEPS = 18;
const HIGHEST = 160;
const LOWEST = 0.004;
/** Multiplications and additions of a call where no count was asked for: tenths of a second in plain TypeScript. */
const WORK = 2 ** 26;
const MOST_QUERIES = 1024;
/** Few points: what a page has that shows a handful. */
const FEW = 16;
const START_UPS = 5;

/** The default noise level is this share of the data's scale, where neighbours share the weight of a query and not all points do. */
export const SHARE = 0.1;

/** The root mean square distance from the mean of the points; 1 where all are in one place. */
export function scaleOf({ points, rows, dim }: OwnData): number {
  let square = 0;
  for (let d = 0; d < dim; d++) {
    let mean = 0;
    for (let m = 0; m < rows; m++) mean += points[m * dim + d] / rows;
    for (let m = 0; m < rows; m++) square += (points[m * dim + d] - mean) ** 2 / rows;
  }
  return square > 0 ? Math.sqrt(square) : 1;
}

/** How much is measured: what was asked for, else what takes tenths of a second. */
export function workOf(data: OwnData, count: number | undefined, sigma: number | undefined): OwnWork {
  const scale = scaleOf(data);
  const fitting = (work: number) =>
    count ?? Math.max(1, Math.min(MOST_QUERIES, Math.floor(WORK / (data.rows * work))));
  return {
    queries: fitting(data.dim),
    matrices: fitting(data.dim * data.dim),
    particles: fitting(2 * STEPS * data.dim),
    sigma: sigma ?? SHARE * scale,
    scale,
  };
}

/** Points in turn, each moved by noise: queries of the data at sigma. */
function queriesOf({ points, rows, dim }: OwnData, count: number, sigma: number): Float64Array<ArrayBuffer> {
  const noise = fillNormals(new Float64Array(count * dim), dim, count, 0, 1, 0, 0);
  // An odd stride walks through all of the data, however it is sorted.
  const stride = Math.max(1, Math.floor(rows / count) | 1);
  return noise.map((z, i) => {
    const m = (Math.floor(i / dim) * stride) % rows;
    return points[m * dim + (i % dim)] + sigma * z;
  });
}

/** The first points alone. */
const someOf = (data: OwnData, rows: number): OwnData => ({
  ...data,
  points: data.points.subarray(0, rows * data.dim),
  rows,
  weights: data.weights?.subarray(0, rows),
});

const fieldOf = (engine: Engine, { points, dim, weights, precision }: OwnData) =>
  exactScore(
    engine.mixture(points, { dim, precision, copy: false, ...(weights === undefined ? {} : { weights }) }),
    edm(),
  );

/** The same data for all: plain code, and the score of each engine. */
interface Ways {
  readonly data: OwnData;
  readonly baseline: Baseline;
  readonly fields: readonly { name: string; threads: number; field: ReturnType<typeof fieldOf> }[];
}

const waysOf = (data: OwnData, { list }: Engines): Ways => ({
  data,
  baseline: new Baseline(data.points, data.dim, data.weights),
  fields: list.map(({ name, engine }) => ({
    name,
    threads: engine.info.threads,
    field: fieldOf(engine, data),
  })),
});

/** Means or Hessians, as they are asked for where there may be threads. */
function evaluation(
  quantity: "posteriorMean" | "hessian",
  { data, baseline, fields }: Ways,
  count: number,
  { sigma, scale }: OwnWork,
): Case {
  const { rows: size, dim } = data;
  const queries = queriesOf(data, count, sigma);
  const given = data.precision === "f32" ? Float32Array.from(queries) : queries;
  // The same numbers for all.
  const rounded = Float64Array.from(given);
  const isMean = quantity === "posteriorMean";
  return {
    group: isMean ? "scores" : "hessian",
    name: `${isMean ? "score" : "Hessian"}, D = ${dim}, M = ${size}, ${count} ${count === 1 ? "query" : "queries"}`,
    parameters: { dim, size, count, sigma },
    elements: count * size * dim * (isMean ? 1 : dim),
    unit: isMean ? scale : 1 / (sigma * sigma),
    variants: [
      {
        name: "plain",
        run: async () => (isMean ? baseline.posteriorMean(rounded, sigma) : baseline.hessian(rounded, sigma)),
      },
      // A single query is no work for threads.
      ...fields
        .filter(({ threads }) => count > 1 || threads === 1)
        .map(({ name, field }) => {
          const run = async () =>
            count === 1
              ? field.evaluateSync(given, sigma, [quantity])[quantity]
              : (await field.evaluate(given, sigma, [quantity]))[quantity];
          return { name, run };
        }),
    ],
  };
}

/** A whole run from the same noise. */
function runCase({ data, baseline, fields }: Ways, { particles, scale }: OwnWork, signal: AbortSignal): Case {
  const { rows: size, dim } = data;
  const width = scale / Math.sqrt(dim);
  const process = edm();
  const grid = karras({ steps: STEPS, sigmaMin: LOWEST * width, sigmaMax: HIGHEST * width });
  const sigmas = grid.times(process);
  const noise = fillNormals(new Float64Array(particles * dim), dim, particles, 0, 2, 0, 0);
  const given = noise.map((z) => z * sigmas[0]);
  const initial = data.precision === "f32" ? Float32Array.from(given) : given;
  return {
    group: "run",
    name: `Heun, ${STEPS} steps, D = ${dim}, M = ${size}, ${particles} ${particles === 1 ? "particle" : "particles"}`,
    parameters: { dim, size, count: particles, steps: STEPS },
    // The step to 0 is one evaluation.
    elements: (2 * STEPS - 1) * particles * size * dim,
    unit: scale,
    outliers: 0.02,
    variants: [
      { name: "plain", run: async () => baseline.heun(initial, sigmas) },
      ...fields.map(({ name, field }) => {
        const run = async () =>
          (await sample(field, { sampler: heun(), grid, initial, seed: 1, signal })).samples;
        return { name, run };
      }),
    ],
  };
}

/** How long it takes from nothing to a first answer, some times over. */
async function startUps(data: OwnData, sigma: number, signal: AbortSignal): Promise<number[]> {
  const query = Float64Array.from(data.points.subarray(0, data.dim));
  const times: number[] = [];
  for (let i = 0; i < START_UPS; i++) {
    signal.throwIfAborted();
    const start = performance.now();
    const engine = await createEngine({ kernels: "simd", threads: 1 });
    try {
      fieldOf(engine, data).evaluateSync(query, sigma, ["posteriorMean"]);
      times.push(performance.now() - start);
    } finally {
      engine.close();
    }
  }
  return times;
}

/** Measures points of one's own: every kernel beside tuned plain TypeScript, and where that is the faster one. */
export async function benchOwn({
  data,
  work,
  threads,
  ...measuring
}: Measuring & { data: OwnData; work: OwnWork; threads: number | "auto" }): Promise<OwnResult> {
  const { signal } = measuring;
  const starts = await startUps(data, work.sigma, signal);
  const engines = await startEngines(threads);
  try {
    const all = waysOf(data, engines);
    const few = someOf(data, FEW);
    // Some that weigh nothing are no data.
    const hasFew = data.rows > FEW && (few.weights?.some((weight) => weight > 0) ?? true);
    const makers = [
      () => evaluation("posteriorMean", all, work.queries, work),
      () => evaluation("posteriorMean", all, 1, work),
      ...(hasFew ? [() => evaluation("posteriorMean", waysOf(few, engines), 1, work)] : []),
      ...(data.dim <= MAX_MATRIX_DIM ? [() => evaluation("hessian", all, work.matrices, work)] : []),
      () => runCase(all, work, signal),
    ];
    const measured = await measure(makers, measuring);
    const startUp = startUpOf(starts, measured.cases[0], work.queries);
    const notes = [...engines.notes, ...measured.notes];
    if (data.dim > MAX_MATRIX_DIM)
      notes.push(`no Hessian: matrices are for at most ${MAX_MATRIX_DIM} dimensions, this is ${data.dim}`);
    return { ...measured, notes, startUp, verdicts: verdictsOf(measured.cases, startUp) };
  } finally {
    engines.close();
  }
}

/** How many queries make up for the start: from there on the kernels have been the faster choice. */
function startUpOf(starts: readonly number[], scores: CaseResult, count: number): StartUp {
  const [first] = starts;
  const [plain, simd] = scores.timings;
  const gained = (plain.median - simd.median) / count;
  return {
    first,
    again: medianOf(starts.slice(1)),
    queries: gained > 0 ? Number((first / gained).toPrecision(2)) : undefined,
  };
}

function verdictsOf(cases: readonly CaseResult[], { first, again, queries }: StartUp): string[] {
  const verdicts = cases.flatMap(({ name, timings }) => {
    const slower = timings.slice(1).filter(({ ratio }) => ratio.median < 1);
    if (slower.length === 0) return [];
    const told = slower.map((timing) => `${timing.name} ${timing.ratio.median.toPrecision(2)}`).join(", ");
    return [`Plain TypeScript wins at ${name}: times as fast as it are ${told}.`];
  });
  if (verdicts.length === 0) verdicts.push("The kernels win in every case here, once they are there.");
  verdicts.push(
    `Start-up: the kernels answer their first query after ${first.toPrecision(2)} ms (${again.toPrecision(2)} ms in a process that has done so before), plain TypeScript at once. ${
      queries === undefined
        ? "It stays ahead, however many queries there are."
        : `Up to about ${grouped(queries)} queries in all it wins.`
    }`,
  );
  return verdicts;
}
