// What each bad input gets: docs/reliability.md, "Bad input", line by line, through the API. Files are in io.test.ts.
import {
  anisotropic,
  createEngine,
  edm,
  type Engine,
  type EngineOptions,
  dpmpp2m,
  euler,
  type ExactScore,
  exactScore,
  heun,
  karras,
  linear,
  loadDataSet,
  logarithmic,
  logSnr,
  type Mixture,
  naiveScore,
  nearestPoints,
  ou,
  polygon,
  posterior,
  quantities,
  sample,
  squareRoot,
  songVp,
  times,
  ve,
  VkernelError,
  type VkernelErrorCode,
  voronoiMass,
  vp,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** What a caller without types might pass. */
// biome-ignore lint/suspicious/noExplicitAny: the point of these tests
type Any = any;

let engine: Engine;
let data: Mixture<"f32">;
let field: ExactScore<"f32">;
let many: ExactScore<"f32">;
let wide: ExactScore<"f32">;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  data = engine.mixture([
    [1, 2],
    [3, 4],
    [5, 7],
  ]);
  field = exactScore(data, edm());
  many = exactScore(engine.mixture(new Float32Array(65_536), { dim: 1 }), edm());
  wide = exactScore(engine.mixture(new Float32Array(65), { dim: 65 }), edm());
});
afterAll(() => engine.close());

/** One bad call: what it is, the call, the code, the argument that the error names, what its message says. */
type Row = [string, () => unknown, VkernelErrorCode, string, RegExp?];

const x = [[0.5, 0.5]];
const grid = () => karras({ steps: 4 });
const run = (options: Any) => sample(field, { grid: grid(), count: 4, ...options });
const score = (queries: Any, t: Any = 1, names: Any = ["score"], options?: Any) =>
  field.evaluate(queries, t, names, options);
const own = (text: string): Any => JSON.parse(text) as Any;

const shape: Row[] = [
  ["no points", () => engine.mixture([]), "E_SHAPE", "points", /at least one point/],
  ["no flat points", () => engine.mixture(new Float64Array(0), { dim: 2 }), "E_SHAPE", "points"],
  ["dim 0", () => engine.mixture(new Float64Array(4), { dim: 0 }), "E_SHAPE", "dim"],
  ["rows of no coordinates", () => engine.mixture([[], []]), "E_SHAPE", "dim"],
  ["flat points without dim", () => engine.mixture(new Float64Array(4)), "E_SHAPE", "dim"],
  [
    "a length that is no multiple",
    () => engine.mixture(new Float64Array(5), { dim: 2 }),
    "E_SHAPE",
    "points",
  ],
  ["ragged points", () => engine.mixture([[1, 2], [3]]), "E_SHAPE", "points[1]", /2 numbers/],
  ["points of another dim than said", () => engine.mixture([[1, 2, 3]], { dim: 2 }), "E_SHAPE", "points[0]"],
  ["too few weights", () => engine.mixture([[1], [2]], { weights: [1] }), "E_SHAPE", "weights", /got 1/],
  ["too many labels", () => engine.mixture([[1], [2]], { labels: [1, 2, 3] }), "E_SHAPE", "labels"],
  ["queries of another dim", () => score([[1, 2, 3]]), "E_SHAPE", "x[0]"],
  ["flat queries of another dim", () => score(new Float32Array(3)), "E_SHAPE", "x"],
  ["ragged queries", () => score([[1, 2], [1]]), "E_SHAPE", "x[1]"],
  [
    "a time too few",
    () =>
      score(
        [
          [1, 2],
          [3, 4],
        ],
        [1],
      ),
    "E_SHAPE",
    "t",
  ],
  ["a time too many", () => score(x, new Float64Array(2).fill(1)), "E_SHAPE", "t"],
  ["a start of another dim", () => run({ initial: [[1, 2, 3]], count: undefined }), "E_SHAPE", "initial[0]"],
  ["a start of another count", () => run({ initial: [[1, 2]], count: 2 }), "E_SHAPE", "initial"],
  ["values for no whole rows", () => field.posteriorExpectation(x, 1, [1, 2]), "E_SHAPE", "values"],
  ["no values", () => field.posteriorExpectation(x, 1, []), "E_SHAPE", "values"],
  [
    "a covariance that is not square",
    () => anisotropic(edm(), { covariance: [[1, 0]] }),
    "E_SHAPE",
    "covariance[0]",
  ],
  [
    "a covariance of 3 numbers",
    () => anisotropic(edm(), { covariance: new Float64Array(3) }),
    "E_SHAPE",
    "covariance",
  ],
  [
    "a covariance of another dim",
    () => exactScore(data, anisotropic(edm(), { covariance: [[1]] })),
    "E_SHAPE",
    "process",
  ],
  ["samples of another dim", () => nearestPoints([[1]], data), "E_SHAPE", "x[0]"],
];

const type: Row[] = [
  ["points as text", () => engine.mixture("1,2" as Any), "E_TYPE", "points"],
  ["points null", () => engine.mixture(null as Any), "E_TYPE", "points", /got null/],
  ["points undefined", () => engine.mixture(undefined as Any), "E_TYPE", "points"],
  [
    "Int32 points",
    () => engine.mixture(new Int32Array(4) as Any, { dim: 2 }),
    "E_TYPE",
    "points",
    /Int32Array/,
  ],
  ["BigInt points", () => engine.mixture(new BigInt64Array(4) as Any, { dim: 2 }), "E_TYPE", "points"],
  [
    "a DataView",
    () => engine.mixture(new DataView(new ArrayBuffer(8)) as Any, { dim: 1 }),
    "E_TYPE",
    "points",
  ],
  ["a list of numbers", () => engine.mixture([1, 2] as Any), "E_TYPE", "points[0]"],
  ["a text among points", () => engine.mixture([[1, "2" as Any]]), "E_TYPE", "points[0][1]"],
  ["a null among points", () => engine.mixture([[1, null as Any]]), "E_TYPE", "points[0][1]"],
  ["a BigInt among points", () => engine.mixture([[1n as Any]]), "E_TYPE", "points[0][0]"],
  ["a hole among rows", () => engine.mixture([[1], null as Any]), "E_TYPE", "points[1]"],
  ["weights as text", () => engine.mixture([[1]], { weights: "1" as Any }), "E_TYPE", "weights"],
  [
    "BigInt weights",
    () => engine.mixture([[1]], { weights: new BigInt64Array(1) as Any }),
    "E_TYPE",
    "weights",
  ],
  ["a text among weights", () => engine.mixture([[1]], { weights: ["1"] as Any }), "E_TYPE", "weights[0]"],
  ["labels as text", () => engine.mixture([[1]], { labels: ["a"] as Any }), "E_TYPE", "labels[0]"],
  ["sigma0 as text", () => engine.mixture([[1]], { sigma0: "0" as Any }), "E_TYPE", "sigma0"],
  ["copy as a number", () => engine.mixture([[1]], { copy: 0 as Any }), "E_TYPE", "copy"],
  ["dim as text", () => engine.mixture([[1]], { dim: "1" as Any }), "E_TYPE", "dim"],
  [
    "a precision that is a number",
    () => engine.mixture([[1]], { precision: 32 as Any }),
    "E_TYPE",
    "precision",
  ],
  ["options null", () => engine.mixture([[1]], null as Any), "E_TYPE", "options"],
  ["options as a list", () => engine.mixture([[1]], [] as Any), "E_TYPE", "options"],
  ["queries null", () => score(null), "E_TYPE", "x"],
  ["Int32 queries", () => score(new Int32Array(2)), "E_TYPE", "x"],
  ["one query as a list", () => score([1, 2]), "E_TYPE", "x[0]"],
  ["a text among queries", () => score([["1", 2]]), "E_TYPE", "x[0][0]"],
  ["t as text", () => score(x, "1"), "E_TYPE", "t"],
  ["t null", () => score(x, null), "E_TYPE", "t"],
  ["t undefined", () => field.evaluate(x, undefined as Any, ["score"]), "E_TYPE", "t"],
  ["BigInt times", () => score(x, new BigInt64Array(1)), "E_TYPE", "t[0]"],
  ["a BigInt among times", () => score(x, [1n]), "E_TYPE", "t[0]"],
  ["a text among times", () => score(x, ["1"]), "E_TYPE", "t[0]"],
  ["quantities as text", () => score(x, 1, "score"), "E_TYPE", "quantities"],
  ["evaluate's options null", () => score(x, 1, ["score"], null), "E_TYPE", "options"],
  ["values as text", () => field.posteriorExpectation(x, 1, "123" as Any), "E_TYPE", "values"],
  ["Int32 values", () => field.posteriorExpectation(x, 1, new Int32Array(3) as Any), "E_TYPE", "values"],
  ["a text among values", () => field.posteriorExpectation(x, 1, [1, 2, "3" as Any]), "E_TYPE", "values[2]"],
  ["no field", () => sample(undefined as Any), "E_TYPE", "field"],
  ["a mixture as field", () => sample(data as Any), "E_TYPE", "field"],
  ["sample's options as a number", () => sample(field, 5 as Any), "E_TYPE", "options"],
  ["a sampler's name", () => run({ sampler: "euler" }), "E_TYPE", "sampler"],
  ["a sampler not called", () => run({ sampler: heun }), "E_TYPE", "sampler"],
  ["a grid as a list", () => run({ grid: [3, 2, 1] }), "E_TYPE", "grid"],
  ["count as text", () => run({ count: "10" }), "E_TYPE", "count"],
  ["seed as text", () => run({ seed: "1" }), "E_TYPE", "seed"],
  ["seed as BigInt", () => run({ seed: 1n }), "E_TYPE", "seed", /1n/],
  ["a start null", () => run({ initial: null }), "E_TYPE", "initial"],
  ["an Int32 start", () => run({ initial: new Int32Array(8) }), "E_TYPE", "initial"],
  ["record as a number", () => run({ record: 3 }), "E_TYPE", "record"],
  ["a text among record", () => run({ record: ["1"] }), "E_TYPE", "record[0]"],
  ["a signal that is none, evaluate", () => score(x, 1, ["score"], { signal: {} }), "E_TYPE", "signal"],
  ["a signal that is none, sample", () => run({ signal: new AbortController() }), "E_TYPE", "signal"],
  [
    "progress to no function, evaluate",
    () => score(x, 1, ["score"], { onProgress: 5 }),
    "E_TYPE",
    "onProgress",
  ],
  ["progress to no function, sample", () => run({ onProgress: "log" }), "E_TYPE", "onProgress"],
  ["a mixture of no engine", () => exactScore({} as Any, edm()), "E_TYPE", "data"],
  ["points as a mixture", () => exactScore([[1, 2]] as Any, edm()), "E_TYPE", "data"],
  ["a process not called", () => exactScore(data, edm as Any), "E_TYPE", "process"],
  ["no process", () => exactScore(data, undefined as Any), "E_TYPE", "process"],
  ["naive without a process", () => naiveScore(data, null as Any), "E_TYPE", "process"],
  ["draws as text", () => naiveScore(data, edm(), { draws: "1" as Any }), "E_TYPE", "draws"],
  ["noiseTime null", () => naiveScore(data, edm(), { noiseTime: null as Any }), "E_TYPE", "noiseTime"],
  ["threads as text", () => createEngine({ threads: "2" as Any }), "E_TYPE", "threads"],
  ["threads null", () => createEngine({ threads: null as Any }), "E_TYPE", "threads"],
  ["kernels as a number", () => createEngine({ kernels: 1 as Any }), "E_TYPE", "kernels"],
  ["memory as text", () => createEngine({ memory: "1 GB" as Any }), "E_TYPE", "memory"],
  ["blockSize as text", () => createEngine({ blockSize: "7" as Any }), "E_TYPE", "blockSize"],
  ["an engine's options null", () => createEngine(null as Any), "E_TYPE", "options"],
  ["an engine's options as text", () => createEngine("simd" as Any), "E_TYPE", "options"],
  ["a grid without options", () => karras(undefined as Any), "E_TYPE", "options"],
  ["a grid's options null", () => linear(null as Any), "E_TYPE", "options"],
  ["steps as text", () => karras({ steps: "8" as Any }), "E_TYPE", "steps"],
  ["times as text", () => times("3,2,1" as Any), "E_TYPE", "times"],
  ["a text among times", () => times([2, "1" as Any]), "E_TYPE", "times[1]"],
  ["a covariance as a number", () => anisotropic(edm(), { covariance: 1 as Any }), "E_TYPE", "covariance"],
  ["no covariance", () => anisotropic(edm(), {} as Any), "E_TYPE", "covariance"],
  ["no base", () => anisotropic(undefined as Any, { covariance: [[1]] }), "E_TYPE", "base"],
  ["betaMin as text", () => vp({ betaMin: "0.1" as Any }), "E_TYPE", "betaMin"],
  ["a data set's name as a number", () => loadDataSet(3 as Any), "E_TYPE", "name"],
];

const huge = 1e200;
const value: Row[] = [
  [
    "a NaN among flat points",
    () => engine.mixture(Float64Array.of(1, Number.NaN), { dim: 1 }),
    "E_NONFINITE",
    "points[1]",
  ],
  ["an infinite point", () => engine.mixture([[1], [Number.NEGATIVE_INFINITY]]), "E_NONFINITE", "points[1]"],
  [
    "a NaN among weights",
    () => engine.mixture([[1], [2]], { weights: [1, Number.NaN] }),
    "E_NONFINITE",
    "weights[1]",
  ],
  [
    "an infinite weight",
    () => engine.mixture([[1]], { weights: [Number.POSITIVE_INFINITY] }),
    "E_NONFINITE",
    "weights[0]",
  ],
  ["sigma0 NaN", () => engine.mixture([[1]], { sigma0: Number.NaN }), "E_NONFINITE", "sigma0"],
  [
    "a negative weight",
    () => engine.mixture([[1], [2]], { weights: [2, -1] }),
    "E_RANGE",
    "weights[1]",
    /not negative, got -1/,
  ],
  ["weights of 0 only", () => engine.mixture([[1], [2]], { weights: [0, 0] }), "E_RANGE", "weights"],
  ["sigma0 below 0", () => engine.mixture([[1]], { sigma0: -0.1 }), "E_RANGE", "sigma0"],
  [
    "coordinates whose square overflows float32",
    () => engine.mixture([[1e19]]),
    "E_RANGE",
    "points[0]",
    /square does not overflow in f32/,
  ],
  ["and float64", () => engine.mixture([[huge]], { precision: "f64" }), "E_RANGE", "points[0]"],
  ["dim 1.5", () => engine.mixture(new Float64Array(3), { dim: 1.5 }), "E_RANGE", "dim"],
  ["dim -2", () => engine.mixture(new Float64Array(4), { dim: -2 }), "E_RANGE", "dim"],
  ["a NaN among queries", () => score([[0, Number.NaN]]), "E_NONFINITE", "x[1]"],
  [
    "an infinite query",
    () => score(Float32Array.of(0, 0, Number.POSITIVE_INFINITY, 0)),
    "E_NONFINITE",
    "x[2]",
  ],
  ["a query whose square overflows", () => score([[0, 1e19]]), "E_RANGE", "x[1]"],
  ["t 0", () => score(x, 0), "E_RANGE", "t", /above 0/],
  ["t below 0", () => score(x, -1), "E_RANGE", "t"],
  ["t NaN", () => score(x, Number.NaN), "E_NONFINITE", "t"],
  ["t infinite", () => score(x, Number.POSITIVE_INFINITY), "E_NONFINITE", "t"],
  ["t past the end", () => exactScore(data, vp()).evaluate(x, 1.001, ["score"]), "E_RANGE", "t", /at most 1/],
  ["t whose variance is 0", () => score(x, 1e-200), "E_RANGE", "t"],
  ["t whose variance overflows", () => score(x, 1e200), "E_RANGE", "t"],
  [
    "a NaN among times",
    () =>
      score(
        [
          [1, 2],
          [3, 4],
        ],
        [1, Number.NaN],
      ),
    "E_NONFINITE",
    "t[1]",
  ],
  [
    "a 0 among times",
    () =>
      score(
        [
          [1, 2],
          [3, 4],
        ],
        Float64Array.of(1, 0),
      ),
    "E_RANGE",
    "t[1]",
  ],
  [
    "a NaN among values",
    () => field.posteriorExpectation(x, 1, [1, Number.NaN, 3]),
    "E_NONFINITE",
    "values[1]",
  ],
  [
    "a start with NaN",
    () => run({ initial: [[0, Number.NaN]], count: undefined }),
    "E_NONFINITE",
    "initial[1]",
  ],
  [
    "a start that is too large",
    () => run({ initial: [[1e19, 0]], count: undefined }),
    "E_RANGE",
    "initial[0]",
  ],
  ["noiseTime below 0", () => naiveScore(data, edm(), { noiseTime: -1 }), "E_RANGE", "noiseTime"],
  ["noiseTime NaN", () => naiveScore(data, edm(), { noiseTime: Number.NaN }), "E_NONFINITE", "noiseTime"],
  ["a rate below 0", () => vp({ betaMin: -1 }), "E_RANGE", "betaMin"],
  ["rates of 0", () => vp({ betaMin: 0, betaD: 0 }), "E_RANGE", "betaD"],
  ["betaMax below betaMin", () => songVp({ betaMin: 2, betaMax: 1 }), "E_RANGE", "betaMax"],
  ["a process asked before its start", () => ou().alpha(-1), "E_RANGE", "t"],
  ["a transition backwards", () => edm().transition(2, 1), "E_RANGE", "s"],
  [
    "a covariance with NaN",
    () => anisotropic(edm(), { covariance: [[Number.NaN]] }),
    "E_NONFINITE",
    "covariance[0][0]",
  ],
  [
    "an indefinite covariance",
    () =>
      anisotropic(edm(), {
        covariance: [
          [1, 2],
          [2, 1],
        ],
      }),
    "E_RANGE",
    "covariance",
  ],
  [
    "an asymmetric covariance",
    () =>
      anisotropic(edm(), {
        covariance: [
          [1, 0.5],
          [0, 1],
        ],
      }),
    "E_RANGE",
    "covariance",
  ],
  ["a radius of 0", () => polygon({ radius: 0 }), "E_RANGE", "radius"],
];

const size: Row[] = [
  ["2^31 numbers in all", () => run({ count: 2 ** 30 }), "E_LIMIT", "count", /2\^31/],
  ["2^32 numbers in a record", () => run({ count: 2 ** 29, record: "all" }), "E_LIMIT", "record"],
  [
    "2^31 weights",
    () => many.evaluate(new Float32Array(32_768), 1, ["posteriorWeights"]),
    "E_LIMIT",
    "posteriorWeights",
    /2147483648/,
  ],
  [
    "2^31 weights at once",
    () => many.evaluateSync(new Float32Array(32_768), 1, ["posteriorWeights"]),
    "E_LIMIT",
    "posteriorWeights",
  ],
  [
    "dim 4,097",
    () => engine.mixture(new Float32Array(4097), { dim: 4097 }),
    "E_LIMIT",
    "dim",
    /at most 4096/,
  ],
  [
    "a matrix beyond 64 x 64",
    () => wide.evaluate(new Float32Array(65), 1, ["hessian"]),
    "E_LIMIT",
    "hessian",
    /at most 64/,
  ],
  [
    "and another",
    () => wide.evaluateSync(new Float32Array(65), 1, ["score", "proxyCovariance"]),
    "E_LIMIT",
    "proxyCovariance",
  ],
  [
    "a covariance of 5,000",
    () => anisotropic(edm(), { covariance: new Array(5000).fill([]) }),
    "E_LIMIT",
    "covariance",
  ],
];

const option: Row[] = [
  ...[0, -1, 1.5, 1e10, Number.NaN].flatMap((steps): Row[] => [
    [`karras, steps ${steps}`, () => karras({ steps }), "E_RANGE", "steps"],
    [`linear, steps ${steps}`, () => linear({ steps, tMin: 0, tMax: 1 }), "E_RANGE", "steps"],
    [`squareRoot, steps ${steps}`, () => squareRoot({ steps, tMin: 0, tMax: 1 }), "E_RANGE", "steps"],
    [`logarithmic, steps ${steps}`, () => logarithmic({ steps, tMin: 0.1, tMax: 1 }), "E_RANGE", "steps"],
    [`logSnr, steps ${steps}`, () => logSnr({ steps, sigmaMin: 0.1, sigmaMax: 1 }), "E_RANGE", "steps"],
  ]),
  ...[0, -1, 1.5, 65, Number.NaN].map(
    (threads): Row => [`threads ${threads}`, () => createEngine({ threads }), "E_RANGE", "threads"],
  ),
  ...[-1, 1.5, 2 ** 53, 2 ** 64, Number.NaN].map(
    (seed): Row => [`seed ${seed}`, () => run({ seed }), "E_RANGE", "seed"],
  ),
  ...[-1, 1.5, 2 ** 31].map((count): Row => [`count ${count}`, () => run({ count }), "E_RANGE", "count"]),
  ...[0, 1.5, 4097].map(
    (draws): Row => [`draws ${draws}`, () => naiveScore(data, edm(), { draws }), "E_RANGE", "draws"],
  ),
  ...[0, -1, 1.5, 1e6].map(
    (blockSize): Row => [`blockSize ${blockSize}`, () => createEngine({ blockSize }), "E_RANGE", "blockSize"],
  ),
  ["memory of 1 kB", () => createEngine({ memory: 1000 }), "E_RANGE", "memory"],
  ["memory of 8 GiB", () => createEngine({ memory: 2 ** 33 }), "E_RANGE", "memory"],
  ["an empty list of times", () => times([]), "E_RANGE", "times"],
  ["one time", () => times([1]), "E_RANGE", "times"],
  ["ascending times", () => times([1, 2]), "E_RANGE", "times[1]"],
  ["a repeat", () => times([2, 1, 1]), "E_RANGE", "times[2]"],
  ["a time below 0", () => times([1, -0.5]), "E_RANGE", "times[1]"],
  ["a NaN time", () => times([1, Number.NaN]), "E_NONFINITE", "times[1]"],
  ["ends in the wrong order", () => linear({ steps: 3, tMin: 2, tMax: 1 }), "E_RANGE", "tMax"],
  ["equal ends", () => logSnr({ steps: 3, sigmaMin: 1, sigmaMax: 1 }), "E_RANGE", "sigmaMax"],
  ["rho 0", () => karras({ steps: 3, rho: 0 }), "E_RANGE", "rho"],
  [
    "a grid past the process's end",
    () => sample(exactScore(data, vp()), { grid: linear({ steps: 3, tMin: 0.1, tMax: 2 }) }),
    "E_RANGE",
    "tMax",
  ],
  [
    "levels past the process's end",
    () => sample(exactScore(data, songVp({ betaMax: 2 })), { grid: grid() }),
    "E_RANGE",
    "sigmaMax",
  ],
  [
    "a list of times past the end",
    () => sample(exactScore(data, vp()), { grid: times([3, 1]) }),
    "E_RANGE",
    "times[0]",
  ],
  ["both ends twice", () => karras({ steps: 3, sigmaMin: 0.1, tMax: 3 }), "E_USAGE", "tMax"],
  ["one end missing", () => linear({ steps: 3, tMax: 3 }), "E_USAGE", "tMin"],
  ["draws and noiseTime", () => naiveScore(data, edm(), { draws: 1, noiseTime: 1 }), "E_USAGE", "noiseTime"],
  ["noiseTime by its old name", () => naiveScore(data, edm(), { kappa: 1 } as Any), "E_USAGE", "kappa"],
  [
    "a random estimator with heun",
    () => sample(naiveScore(data, edm()), { sampler: heun(), grid: grid() }),
    "E_USAGE",
    "sampler",
  ],
  [
    "and with posterior",
    () => sample(naiveScore(data, edm()), { sampler: posterior(), grid: grid() }),
    "E_USAGE",
    "sampler",
  ],
  ["record beyond the grid", () => run({ record: [5] }), "E_RANGE", "record[0]"],
  ["record unsorted", () => run({ record: [2, 1] }), "E_RANGE", "record[1]"],
  [
    "an anisotropic base",
    () => anisotropic(anisotropic(edm(), { covariance: [[1]] }), { covariance: [[1]] }),
    "E_USAGE",
    "base",
  ],
  [
    "a covariance that depends on time, by a sampler in closed form for noise of one shape",
    () =>
      sample(
        exactScore(engine.mixture([[1]]), anisotropic(edm(), { dim: 1, covariance: (t) => [[1 + t]] })),
        { grid: grid(), sampler: dpmpp2m() },
      ),
    "E_UNSUPPORTED",
    "sampler",
  ],
];

const misspelt: Row[] = [
  ["createEngine", () => createEngine({ thread: 2 } as Any), "E_USAGE", "thread", /threads/],
  ["createEngine, kernels", () => createEngine({ kernels: "simt" as Any }), "E_USAGE", "kernels", /simd\?/],
  [
    "mixture",
    () => engine.mixture([[1]], { weigths: [1] } as Any),
    "E_USAGE",
    "weigths",
    /weights \(did you mean/,
  ],
  [
    "mixture, precision",
    () => engine.mixture([[1]], { precision: "f65" as Any }),
    "E_USAGE",
    "precision",
    /f64\?/,
  ],
  ["evaluate, a quantity", () => score(x, 1, ["scores"]), "E_USAGE", "scores", /score/],
  ["evaluate, no name at all", () => score(x, 1, [undefined]), "E_USAGE", "undefined"],
  ["evaluate, an option", () => score(x, 1, ["score"], { Signal: 1 }), "E_USAGE", "Signal", /signal/],
  [
    "posteriorExpectation",
    () => field.posteriorExpectation(x, 1, [1, 2, 3], { onprogress: 1 } as Any),
    "E_USAGE",
    "onprogress",
    /onProgress/,
  ],
  ["sample", () => run({ sampelr: euler() }), "E_USAGE", "sampelr", /sampler/],
  [
    "sample, an option far from all",
    () => run({ zzzzzzzz: 1 }),
    "E_USAGE",
    "zzzzzzzz",
    /one of sampler, grid/,
  ],
  ["sample, initial", () => run({ initial: "marginl" }), "E_USAGE", "initial", /marginal\?/],
  ["sample, record", () => run({ record: "al" }), "E_USAGE", "record"],
  ["naiveScore", () => naiveScore(data, edm(), { draw: 1 } as Any), "E_USAGE", "draw", /draws/],
  ["karras", () => karras({ steps: 3, roh: 7 } as Any), "E_USAGE", "roh", /rho/],
  ["linear", () => linear({ step: 3 } as Any), "E_USAGE", "step", /steps/],
  ["a grid's last", () => karras({ steps: 3, last: "sigmamin" as Any }), "E_USAGE", "last", /sigmaMin\?/],
  ["vp", () => vp({ betaMax: 1 } as Any), "E_USAGE", "betaMax"],
  ["songVp", () => songVp({ betamin: 1 } as Any), "E_USAGE", "betamin", /betaMin/],
  [
    "anisotropic",
    () => anisotropic(edm(), { covarianze: [[1]] } as Any),
    "E_USAGE",
    "covarianze",
    /covariance/,
  ],
  ["polygon", () => polygon({ sides: 3 } as Any), "E_USAGE", "sides"],
  ["loadDataSet", () => loadDataSet("digts"), "E_USAGE", "digts", /digits/],
  [
    "__proto__, createEngine",
    () => createEngine(own('{"__proto__": {"threads": 0}}')),
    "E_USAGE",
    "__proto__",
  ],
  [
    "__proto__, mixture",
    () => engine.mixture([[1]], own('{"__proto__": {"dim": 0}}')),
    "E_USAGE",
    "__proto__",
  ],
  ["__proto__, sample", () => sample(field, own('{"__proto__": 1}')), "E_USAGE", "__proto__"],
  ["__proto__, evaluate", () => score(x, 1, ["score"], own('{"__proto__": 1}')), "E_USAGE", "__proto__"],
  ["__proto__, karras", () => karras(own('{"__proto__": 1, "steps": 3}')), "E_USAGE", "__proto__"],
  ["__proto__, a quantity", () => score(x, 1, ["__proto__"]), "E_USAGE", "__proto__"],
  ["__proto__, a data set", () => loadDataSet("__proto__"), "E_USAGE", "__proto__"],
  ["constructor, a quantity", () => score(x, 1, ["constructor"]), "E_USAGE", "constructor"],
];

describe.each([
  ["shape", shape],
  ["type", type],
  ["value", value],
  ["size", size],
  ["option", option],
  ["misspelt", misspelt],
])("%s", (_, rows) => {
  it.each(rows)("%s", async (_, call, code, argument, message) => {
    const before = engine.info.memoryUsed;
    let error: unknown;
    try {
      const made = await call();
      // A guard for these tests themselves: an engine that should not be must not stay.
      if (made !== null && typeof made === "object" && "close" in made) (made as Engine).close();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(VkernelError);
    const bad = error as VkernelError;
    expect([bad.code, bad.argument]).toEqual([code, argument]);
    // The rows that make a mixture first own it; all others take nothing.
    if (code !== "E_UNSUPPORTED") expect(engine.info.memoryUsed).toBe(before);
    expect(bad.name).toBe("VkernelError");
    expect(bad.message).toMatch(message ?? (code === "E_USAGE" ? /expected .+/ : /expected .+, got .+/));
    expect(bad.message).not.toMatch(/\[object|undefined expected/);
    if (message === undefined) {
      expect(bad.expected).toBeTypeOf("string");
      expect(bad.got).toBeTypeOf("string");
    }
  });

  it("leaves a prototype alone", () => {
    expect(Object.hasOwn(Object.prototype, "threads")).toBe(false);
    expect(({} as Any).dim).toBeUndefined();
  });
});

describe("evaluateSync checks as evaluate does", () => {
  const calls: [string, (f: ExactScore<"f32">) => unknown, VkernelErrorCode][] = [
    ["shape", (f) => f.evaluateSync([[1]], 1, ["score"]), "E_SHAPE"],
    ["type", (f) => f.evaluateSync(null as Any, 1, ["score"]), "E_TYPE"],
    ["value", (f) => f.evaluateSync([[Number.NaN, 0]], 1, ["score"]), "E_NONFINITE"],
    ["time", (f) => f.evaluateSync(x, 0, ["score"]), "E_RANGE"],
    ["name", (f) => f.evaluateSync(x, 1, ["scor" as Any]), "E_USAGE"],
  ];
  it.each(calls)("%s", (_, call, code) => {
    let error: unknown;
    try {
      call(field);
    } catch (thrown) {
      error = thrown;
    }
    expect((error as VkernelError).code).toBe(code);
  });
});

const backends: [string, EngineOptions][] = [
  ["simd, 1 thread", { threads: 1 }],
  ["simd, 2 threads", { threads: 2 }],
  ["relaxed", { threads: 1, kernels: "relaxed" }],
  ["reference", { kernels: "reference" }],
];

describe.each(backends)("%s", (_, options) => {
  let here: Engine;
  beforeAll(async () => {
    here = await createEngine(options);
  });
  afterAll(() => here.close());

  it("no queries at all give empty results, no particles an empty run", async () => {
    const mixture = here.mixture([[1, 2]]);
    const empty = exactScore(mixture, edm());
    for (const none of [[], new Float32Array(0), new Float64Array(0)]) {
      for (const values of [
        await empty.evaluate(none, 1, quantities),
        empty.evaluateSync(none, 1, quantities),
        await empty.evaluate(none, [], quantities),
      ]) {
        for (const name of quantities) {
          expect(values[name].length).toBe(0);
          expect(values[name]).toBeInstanceOf(name === "nearest" ? Int32Array : Float32Array);
        }
      }
      expect((await empty.posteriorExpectation(none, 1, [3])).length).toBe(0);
      expect((await nearestPoints(none, mixture)).index.length).toBe(0);
    }
    expect((await voronoiMass([], mixture)).count).toBe(0);
    expect(await empty.evaluate([[1, 2]], 1, [])).toEqual({});
    for (const settings of [{ count: 0 }, { initial: [] }, { count: 0, record: "all" as const }]) {
      const result = await sample(empty, { grid: grid(), ...settings });
      expect([result.count, result.samples.length, result.trajectories?.length ?? 0]).toEqual([0, 0, 0]);
    }
  });

  it("misaligned subarrays are valid", async () => {
    const buffer = new ArrayBuffer(64);
    const points = new Float32Array(buffer, 4, 6);
    points.set([1, 2, 3, 4, 5, 7]);
    const mixture = here.mixture(points, { dim: 2 });
    const queries = new Float32Array(buffer, 36, 2);
    queries.set([0.5, 0.5]);
    const { score } = await exactScore(mixture, edm()).evaluate(queries, 1, ["score"]);
    const plain = exactScore(
      here.mixture([
        [1, 2],
        [3, 4],
        [5, 7],
      ]),
      edm(),
    );
    expect(score).toEqual((await plain.evaluate([[0.5, 0.5]], 1, ["score"])).score);
  });

  it("arrays that the caller changes do not change the mixture", async () => {
    const points = Float32Array.of(1, 2, 3, 4);
    const weights = [1, 2];
    const mixture = here.mixture(points, { dim: 2, weights });
    const one = exactScore(mixture, edm());
    const before = await one.evaluate(x, 1, quantities);
    points.fill(9);
    weights.fill(9);
    expect(await one.evaluate(x, 1, quantities)).toEqual(before);
  });

  it("arrays that the caller changes during a run do not change the run", async () => {
    const size = options.kernels === "reference" ? 40 : 2000;
    const count = 1500;
    const mixture = here.mixture(
      Float32Array.from({ length: 2 * size }, (_, i) => Math.sin(i)),
      { dim: 2, weights: Array.from({ length: size }, (_, m) => 1 + (m % 2)) },
    );
    const one = exactScore(mixture, edm());
    const inputs = () => ({
      queries: Float32Array.from({ length: 2 * count }, (_, i) => Math.cos(i)),
      t: Float64Array.from({ length: count }, (_, i) => 0.5 + (i % 3)),
      values: Float32Array.from({ length: size }, (_, i) => i),
      record: [0, 2],
      list: [3, 2, 1],
    });
    const calls: ((i: ReturnType<typeof inputs>) => Promise<unknown>)[] = [
      (i) => one.evaluate(i.queries, i.t, ["score", "logDensity", "velocity"]),
      (i) => one.evaluate(i.queries, 0.7, ["nearest", "nearestDistance", "hessian"]),
      (i) => one.posteriorExpectation(i.queries, i.t, i.values),
      async (i) => {
        const { record } = i;
        const result = await sample(one, {
          initial: i.queries,
          grid: times(i.list),
          record,
          sampler: heun(),
        });
        return [result.samples, result.trajectories, result.times, result.recorded];
      },
    ];
    for (const call of calls) {
      const truth = await call(inputs());
      const mine = inputs();
      const running = call(mine);
      mine.queries.fill(7);
      mine.t.fill(9);
      mine.values.fill(-1);
      mine.record.fill(1);
      mine.list.fill(5);
      // As text: a difference of thousands of numbers takes long to print.
      expect(JSON.stringify(await running) === JSON.stringify(truth)).toBe(true);
    }
  });

  it("results are the caller's: changing them changes nothing else", async () => {
    const mixture = here.mixture([[1, 2]]);
    const one = exactScore(mixture, edm());
    const first = await one.evaluate(x, 1, ["score"]);
    const kept = Array.from(first.score);
    first.score.fill(99);
    expect(Array.from((await one.evaluate(x, 1, ["score"])).score)).toEqual(kept);
  });

  it("use after dispose and after close is E_DISPOSED", async () => {
    const other = await createEngine(options);
    const mixture = other.mixture([[1, 2]]);
    const kept = other.mixture([[1, 2]]);
    const gone = exactScore(mixture, edm());
    const alive = exactScore(kept, edm());
    const code = async (call: () => unknown): Promise<unknown> => {
      try {
        await call();
      } catch (error) {
        return (error as VkernelError).code;
      }
      return "fulfilled";
    };
    const calls = (f: ExactScore<"f32">) => [
      () => f.evaluate(x, 1, ["score"]),
      () => f.evaluateSync(x, 1, ["score"]),
      () => f.evaluate([], 1, ["score"]),
      () => f.posteriorExpectation(x, 1, [1]),
      () => sample(f, { grid: grid(), count: 2 }),
      () => exactScore(f.data, edm()),
      () => naiveScore(f.data, edm()),
      () => nearestPoints(x, f.data),
    ];
    mixture.dispose();
    for (const call of calls(gone)) expect(await code(call)).toBe("E_DISPOSED");
    for (const call of calls(alive)) expect(await code(call)).toBe("fulfilled");
    mixture.dispose();
    mixture[Symbol.dispose]();
    other.close();
    for (const call of calls(alive)) expect(await code(call)).toBe("E_DISPOSED");
    expect(await code(() => other.mixture([[1]]))).toBe("E_DISPOSED");
    other.close();
    expect(other.info.memoryUsed).toBeGreaterThanOrEqual(0);
  });

  it("every process runs without a grid of the caller's, down to its data", async () => {
    for (const process of [edm(), ve(), vp(), songVp(), ou()]) {
      const result = await sample(exactScore(here.mixture([[1, 2]]), process), { count: 2 });
      expect(Array.from(result.samples)).toEqual([1, 2, 1, 2]);
    }
  });
});
