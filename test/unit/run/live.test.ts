// Live runs: at every step the bits that `sample` records, whatever the sampler, the noise, the threads and the blocks.
import {
  ancestral,
  anisotropic,
  createEngine,
  customScore,
  dopri5,
  dpmpp2m,
  edm,
  effectiveSde,
  type Engine,
  ensemble,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  karras,
  linearScore,
  type LiveRun,
  liveRun,
  logSnr,
  logUniformTimes,
  type Mixture,
  naiveScore,
  posterior,
  type Precision,
  predictorCorrector,
  rbfFeatures,
  rk4,
  sample,
  type SampleOptions,
  type ScoreEnsemble,
  type ScoreField,
  smoothedScore,
  songVp,
  type StepEstimator,
  type VkernelError,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OpList } from "../../../bindings/opList.js";
import { carriedAcross } from "../../../bindings/carry.js";
import type { Carried } from "../../../bindings/job.js";
import { type Op, OpCode } from "../../../bindings/ops.js";
import { scattered } from "../../shared/bits.js";

type Field = ScoreField | StepEstimator | ScoreEnsemble;

const count = 130;
const grid = karras({ steps: 5, sigmaMin: 0.05, sigmaMax: 5 });

const engines: Record<string, Engine> = {};
beforeAll(async () => {
  // Several blocks everywhere: in one alone registers would lie where the part before left them.
  engines["one thread"] = await createEngine({ threads: 1, blockSize: 50 });
  engines["two threads"] = await createEngine({ threads: 2, blockSize: 16 });
  engines["three threads, blocks of 7"] = await createEngine({ threads: 3, blockSize: 7 });
  engines.reference = await createEngine({ kernels: "reference" });
});
afterAll(() => {
  for (const engine of Object.values(engines)) engine.close();
});

interface Case {
  readonly name: string;
  readonly dim?: number;
  readonly precision?: Precision;
  readonly sigma0?: number;
  readonly field?: (data: Mixture) => Field | Promise<Field>;
  readonly options?: Omit<SampleOptions, "count" | "record">;
  /** Where a run would take long, or is held to its law elsewhere. */
  readonly reference?: false;
}

const normals = (dim: number): Float64Array => scattered(5 * count * dim, 3);
const covariance = [
  [2, 0.5],
  [0.5, 1],
];

const cases: Case[] = [
  { name: "euler", options: { sampler: euler() } },
  { name: "euler, float64", precision: "f64", options: { sampler: euler() } },
  { name: "heun", options: { sampler: heun() } },
  { name: "heun, dim 6", dim: 6, options: { sampler: heun() } },
  { name: "heun with churn", options: { sampler: heun({ churn: 3 }) } },
  { name: "rk4, dim 1", dim: 1, options: { sampler: rk4() } },
  { name: "dpmpp2m", options: { sampler: dpmpp2m() } },
  { name: "dpmpp2m, dim 6, float64", dim: 6, precision: "f64", options: { sampler: dpmpp2m() } },
  { name: "dopri5", options: { sampler: dopri5() } },
  {
    name: "dopri5, float64, wide components",
    precision: "f64",
    sigma0: 0.1,
    options: { sampler: dopri5({ rtol: 1e-8 }) },
  },
  { name: "dopri5, dim 6", dim: 6, options: { sampler: dopri5() } },
  { name: "eulerMaruyama", options: { sampler: eulerMaruyama() } },
  { name: "eulerMaruyama, one path", options: { sampler: eulerMaruyama(), noise: "shared" } },
  {
    name: "eulerMaruyama, dim 3, supplied",
    dim: 3,
    options: { sampler: eulerMaruyama(), noise: normals(3) },
  },
  { name: "ancestral", options: { sampler: ancestral() } },
  {
    name: "ancestral, dim 6, one path",
    dim: 6,
    options: { sampler: ancestral({ eta: 0.5 }), noise: "shared" },
  },
  { name: "posterior from the marginal", options: { sampler: posterior(), initial: "marginal" } },
  { name: "posterior, wide components", sigma0: 0.2, options: { sampler: posterior() } },
  { name: "predictorCorrector", options: { sampler: predictorCorrector({ correctors: 2 }) } },
  {
    name: "predictorCorrector over dpmpp2m",
    options: { sampler: predictorCorrector({ predictor: dpmpp2m() }) },
  },
  {
    name: "predictorCorrector over dopri5",
    options: { sampler: predictorCorrector({ predictor: dopri5() }) },
  },
  {
    name: "heun from normals on songVp",
    field: (data) => exactScore(data, songVp()),
    options: { sampler: heun(), initial: "normal" },
  },
  { name: "heun from given states", options: { sampler: heun(), initial: scattered(2 * count, 4) } },
  {
    name: "heun, dim 6, from given states",
    dim: 6,
    options: { sampler: heun(), initial: scattered(6 * count, 4) },
  },
  {
    name: "naive",
    field: (data) => naiveScore(data, edm(), { draws: 2 }),
    options: { sampler: eulerMaruyama() },
  },
  {
    name: "naive, dim 6",
    dim: 6,
    field: (data) => naiveScore(data, edm(), { draws: 1 }),
    options: { sampler: euler() },
  },
  {
    name: "noise time",
    field: (data) => naiveScore(data, edm(), { noiseTime: 0.1 }),
    options: { sampler: euler() },
  },
  {
    name: "noise time by Gaussian noise",
    field: (data) => effectiveSde(naiveScore(data, edm(), { noiseTime: 0.1 })),
    options: { sampler: ancestral() },
  },
  {
    name: "smoothed",
    dim: 1,
    field: (data) => smoothedScore(data, edm(), { width: 0.3 }),
    options: { sampler: heun() },
  },
  {
    name: "custom",
    field: (data) => customScore(data, edm(), (x, t) => x.map((v) => (0.3 - v) / (1 + t * t))),
    options: { sampler: dpmpp2m() },
  },
  {
    name: "whitened",
    field: (data) => exactScore(data, anisotropic(edm(), { covariance })),
    options: { sampler: dpmpp2m() },
  },
  {
    name: "whitened, from normals",
    field: (data) => exactScore(data, anisotropic(edm(), { covariance })),
    options: { sampler: eulerMaruyama(), initial: "normal" },
  },
  {
    name: "framed",
    sigma0: 0.1,
    field: (data) => exactScore(data, anisotropic(edm(), { covariance })),
    options: { sampler: heun() },
  },
  {
    name: "framed, own score",
    field: (data) =>
      customScore(data, anisotropic(edm(), { covariance }), (x, t) => x.map((v) => -v / (1 + t * t))),
    options: { sampler: eulerMaruyama() },
  },
  {
    name: "linear ensemble",
    field: linear,
    options: { sampler: euler(), particlesPerRealization: 20 },
  },
  {
    name: "members' ensemble",
    field: (data) =>
      ensemble(
        [0.5, 1, 1.5].map((c) => customScore(data, edm(), (x, t) => x.map((v) => (-c * v) / (1 + t * t)))),
      ),
    options: { sampler: eulerMaruyama() },
  },
  {
    name: "heun, not to 0",
    options: { sampler: heun(), grid: logSnr({ steps: 5, sigmaMin: 0.2, sigmaMax: 5 }) },
  },
  {
    name: "dpmpp2m, not to 0",
    options: { sampler: dpmpp2m(), grid: logSnr({ steps: 5, sigmaMin: 0.2, sigmaMax: 5 }) },
  },
];

function linear(data: Mixture) {
  return linearScore(data, edm(), {
    features: rbfFeatures({ count: 12, seed: 1, width: 0.7 }),
    samples: 60,
    times: logUniformTimes({ tMin: 0.05, tMax: 5 }),
  });
}

/** A set of points for a case on an engine, and its field. */
async function setUp(engine: Engine, { dim = 2, precision = "f32", sigma0 = 0, field }: Case) {
  const weights = Array.from({ length: 70 }, (_, m) => 1 + (m % 3));
  const data = engine.mixture(scattered(70 * dim, dim), { dim, precision, sigma0, weights });
  return { data, field: await (field?.(data) ?? exactScore(data, edm())) };
}

/** As bytes, so that -0 and 0 differ. */
const bytes = (values: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();

/** The states that `sample` records, one per time of the grid. */
async function states(field: Field, options: SampleOptions): Promise<Uint8Array[]> {
  const { trajectories, times, dim } = await sample(field, { ...options, record: "all" });
  const all = trajectories as Float32Array;
  const size = count * dim;
  return Array.from(times, (_, i) => bytes(all.subarray(i * size, (i + 1) * size)));
}

/** The rows of a view, without what pads them. */
function packed(live: LiveRun): Float32Array | Float64Array {
  const view = live.view();
  return view.filter((_, i) => i % live.stride < live.dim);
}

describe.each(["one thread", "two threads", "three threads, blocks of 7", "reference"])(
  "at every step the bits of sample: %s",
  (name) => {
    it.each(cases.map((one) => [one.name, one] as const))("%s", { tags: ["slow"] }, async (_, one) => {
      const options = { grid, seed: 2 ** 40 + 5, ...one.options, count };
      // The kernels are held to one thread; the reference, whose noise of covariances has other numbers, to itself.
      const standard = await setUp(engines[name === "reference" ? name : "one thread"] as Engine, one);
      const expected = await states(standard.field, options);
      const { data, field } = await setUp(engines[name] as Engine, one);
      const live = await liveRun(field, options);
      expect([live.step, live.done, live.count, live.dim]).toEqual([0, false, count, one.dim ?? 2]);
      for (let i = 0; i < expected.length; i++) {
        expect(live.step).toBe(i);
        expect(live.t).toBe(live.times[i]);
        expect(bytes(live.samples)).toEqual(expected[i]);
        expect(bytes(packed(live))).toEqual(expected[i]);
        await live.advance();
      }
      expect(live.done).toBe(true);
      // Beyond the end there is nothing.
      await live.advance(3);
      expect(bytes(live.samples)).toEqual(expected.at(-1));
      // Back, onward by more than one step, back to the start, to another seed and back to the first.
      for (const to of [2, 1, 5, 0, 4]) {
        await live.seek(to);
        expect(bytes(live.samples)).toEqual(expected[to]);
      }
      await live.restart({ seed: 9 });
      const other = await states(field, { ...options, seed: 9 });
      expect(live.seed).toBe(9);
      expect(bytes(live.samples)).toEqual(other[0]);
      await live.advance(2);
      expect(bytes(live.samples)).toEqual(other[2]);
      await live.restart({ seed: options.seed });
      await live.advance(3);
      expect(bytes(live.samples)).toEqual(expected[3]);
      live.dispose();
      data.dispose();
      standard.data.dispose();
    });
  },
);

describe("what a program keeps between its parts", () => {
  const affine = (out: number, ...from: number[]): Op => ({
    code: OpCode.Affine,
    out,
    terms: from.map((r): [number, number] => [r, 1]),
  });
  const carried = (list: readonly Op[], cuts: readonly number[]): Carried[][] => {
    const ops = new OpList();
    for (const op of list) ops.push(op);
    return carriedAcross(ops, cuts);
  };
  const normal = (out: number): Op => ({ code: OpCode.Normal, out, step: 0, stream: 0 });
  const register = (r: number): Carried => ({ register: r, scalar: false });
  const scalar = (r: number): Carried => ({ register: r, scalar: true });

  it("is what a later operation reads before one writes it", () => {
    const ops = [normal(1), affine(2, 0, 1), affine(0, 2, 1), normal(1), affine(0, 1, 2)];
    expect(carried(ops, [0, 1, 2, 3, 4, 5])).toEqual([
      [],
      [register(1)],
      [register(1), register(2)],
      [register(2)],
      [register(1), register(2)],
      [],
    ]);
  });

  it("and step sizes, evaluations and log densities to the end", () => {
    const adaptive: Op = {
      code: OpCode.Adaptive,
      x: 0,
      from: 1,
      to: 0,
      rtol: 1e-3,
      atol: 1e-3,
      sigma0: 0,
      size: 2,
      evaluations: 1,
      logLikelihood: 0,
      field: -1,
    };
    const results = [scalar(1), scalar(0)];
    expect(carried([adaptive, adaptive], [1, 2])).toEqual([[scalar(2), ...results], results]);
  });
});

describe("a live run", () => {
  let engine: Engine;
  let data: Mixture<"f32">;
  let field: ScoreField<"f32">;
  beforeAll(async () => {
    engine = await createEngine({ threads: 2 });
    data = engine.mixture(scattered(12, 1), { dim: 2 });
    field = exactScore(data, edm());
  });
  afterAll(() => engine.close());

  /** Whether two large arrays are the same: `toEqual` looks at each byte by itself. */
  const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

  /** The error that a call gives. */
  const errorOf = async (work: () => unknown): Promise<VkernelError> => {
    try {
      await work();
    } catch (error) {
      return error as VkernelError;
    }
    throw new Error("nothing was thrown");
  };

  it("goes on at once on the calling thread, with the same bits", async () => {
    const options = { sampler: dpmpp2m(), grid, count, seed: 3 };
    const expected = await states(field, options);
    for (const kernels of ["auto", "reference"] as const) {
      const other = await createEngine({ threads: 1, kernels });
      const mixture = other.mixture(scattered(12, 1), { dim: 2 });
      const same = kernels === "auto" ? expected : await states(exactScore(mixture, edm()), options);
      const live = await liveRun(exactScore(mixture, edm()), options);
      for (let i = 0; i < same.length; i++) {
        expect(bytes(live.samples)).toEqual(same[i]);
        live.advanceSync();
      }
      other.close();
    }
    // An engine with threads has a calling thread too; and its own functions may be called there, if they do not wait.
    const live = await liveRun(field, options);
    live.advanceSync(2);
    await live.advance();
    expect(bytes(live.samples)).toEqual(expected[3]);
    live.dispose();
    const own = customScore(data, edm(), (x, t) => x.map((v) => -v / (1 + t * t)));
    const called = await liveRun(own, options);
    called.advanceSync(2);
    expect(bytes(called.samples)).toEqual((await states(own, options))[2]);
    called.dispose();
  });

  it("a field that waits cannot go on at once", async () => {
    const line = engine.mixture(scattered(6, 1), { dim: 1 });
    const live = await liveRun(smoothedScore(line, edm(), { width: 0.2 }), { grid, count });
    expect((await errorOf(() => live.advanceSync())).code).toBe("E_UNSUPPORTED");
    expect(live.step).toBe(0);
    await live.advance();
    expect(live.step).toBe(1);
    live.dispose();
    line.dispose();
  });

  it("calls wait for each other; at once is not beside them", async () => {
    const options = { sampler: heun(), grid, count: 20_000, seed: 3 };
    const live = await liveRun(field, options);
    const calls = [live.advance(), live.advance(2), live.seek(1), live.advance()];
    expect((await errorOf(() => live.advanceSync())).code).toBe("E_USAGE");
    await Promise.all(calls);
    expect(live.step).toBe(2);
    const run = await sample(field, { ...options, record: [2] });
    expect(equal(bytes(live.samples), bytes(run.trajectories as Float32Array))).toBe(true);
    live.dispose();
  });

  it("a view is what lies in memory, and samples a copy", async () => {
    const live = await liveRun(field, { grid, count });
    const view = live.view();
    expect(view.buffer).not.toBeInstanceOf(ArrayBuffer);
    const copy = live.samples;
    expect(bytes(view)).toEqual(bytes(copy));
    copy.fill(0);
    expect(bytes(live.view())).toEqual(bytes(view));
    await live.advance();
    expect(bytes(live.view())).toEqual(bytes(live.samples));
    live.dispose();
  });

  it("stays where it stood when a call is aborted or fails, and says how far it is", async () => {
    const options = { sampler: dpmpp2m(), grid, count: 200_000, seed: 3 };
    const live = await liveRun(field, options);
    await live.advance(2);
    const before = bytes(live.samples);
    const controller = new AbortController();
    const reason = new Error("enough");
    const call = live.advance(3, { signal: controller.signal });
    setTimeout(() => controller.abort(reason));
    const error = await errorOf(() => call);
    expect([error.code, error.cause]).toEqual(["E_ABORT", reason]);
    expect([live.step, equal(bytes(live.samples), before)]).toEqual([2, true]);
    // Also before it begins, and while a new seed is drawn.
    expect((await errorOf(() => live.seek(0, { signal: AbortSignal.abort() }))).code).toBe("E_ABORT");
    expect((await errorOf(() => live.restart({ seed: 8, signal: AbortSignal.abort() }))).code).toBe(
      "E_ABORT",
    );
    expect([live.step, live.seed, equal(bytes(live.samples), before)]).toEqual([2, 3, true]);
    let last = { done: 0, total: 1 };
    await live.advance(3, {
      onProgress: (progress) => {
        last = progress;
      },
    });
    expect(last.done).toBe(last.total);
    expect(equal(bytes(live.samples), bytes((await sample(field, options)).samples))).toBe(true);
    live.dispose();
  });

  it("a score that leaves all numbers is an error at its step", async () => {
    const own = customScore(data, edm(), (x, t) => x.map(() => (t < 4 ? 3e38 : 0)));
    const live = await liveRun(own, { grid, count: 4 });
    await live.advance();
    const before = bytes(live.samples);
    expect((await errorOf(() => live.advance(4))).code).toBe("E_NONFINITE");
    expect([live.step, bytes(live.samples)]).toEqual([1, before]);
    live.dispose();
  });

  it("an ensemble of more realizations than are held at a time is refused", async () => {
    const many = { sampler: euler(), grid, count: 400_000 };
    const field = await linear(data);
    const error = await errorOf(() => liveRun(field, many));
    expect([error.code, error.argument]).toEqual(["E_UNSUPPORTED", "count"]);
    expect(error.message).toMatch(/at most \d+ realizations/);
  });

  it.each([
    [{ record: "all" }, "E_USAGE"],
    [{ stepz: 3 }, "E_USAGE"],
    [{ count: -1 }, "E_RANGE"],
    [{ seed: 1.5 }, "E_RANGE"],
    [{ sampler: 3 }, "E_TYPE"],
    [{ noise: new Float64Array(3), count: 1 }, "E_SHAPE"],
    [{ initial: [[1, Number.NaN]] }, "E_NONFINITE"],
    [{ signal: AbortSignal.abort() }, "E_ABORT"],
  ])("options %o: %s", async (options, code) => {
    const before = engine.info.memoryUsed;
    expect((await errorOf(() => liveRun(field, options as never))).code).toBe(code);
    expect(engine.info.memoryUsed).toBe(before);
  });

  it("arguments of its calls are checked before anything is done", async () => {
    const live = await liveRun(field, { grid, count });
    for (const [work, code] of [
      [() => live.advance(-1), "E_RANGE"],
      [() => live.advance(1.5), "E_RANGE"],
      [() => live.advance("1" as never), "E_TYPE"],
      [() => live.advance(1, { sigal: 1 } as never), "E_USAGE"],
      [() => live.advanceSync(-1), "E_RANGE"],
      [() => live.seek(6), "E_RANGE"],
      [() => live.seek(1, { onProgress: 1 } as never), "E_TYPE"],
      [() => live.restart({ seed: -1 }), "E_RANGE"],
      [() => live.restart({ sed: 1 } as never), "E_USAGE"],
    ] as const) {
      expect((await errorOf(work)).code).toBe(code);
    }
    expect(live.step).toBe(0);
    live.dispose();
  });

  it("no particles at all are a run too", async () => {
    const live = await liveRun(field, { grid, count: 0 });
    await live.advance(5);
    expect([live.done, live.samples.length, live.view().length]).toEqual([true, 0, 0]);
    live.dispose();
  });

  it("memory that is not there is an error that leaves none taken", async () => {
    const small = await createEngine({ threads: 1, memory: 2 ** 22 });
    const points = small.mixture(scattered(12, 1), { dim: 2 });
    const before = small.info.memoryUsed;
    const error = await errorOf(() =>
      liveRun(exactScore(points, edm()), { sampler: dpmpp2m(), count: 2 ** 18 }),
    );
    expect(error.code).toBe("E_MEMORY");
    expect(small.info.memoryUsed).toBe(before);
    small.close();
  });

  it("gives all its memory back, also where it is disposed of under way", { tags: ["slow"] }, async () => {
    const before = engine.info.memoryUsed;
    const kinds: (() => Promise<LiveRun>)[] = [
      () => liveRun(field, { sampler: dopri5(), grid, count }),
      () => liveRun(field, { sampler: dpmpp2m(), grid, count }),
      () => liveRun(field, { sampler: eulerMaruyama(), grid, count, noise: normals(2) }),
      () => liveRun(exactScore(data, anisotropic(edm(), { covariance })), { grid, count }),
    ];
    for (const make of kinds) {
      for (let i = 0; i < 20; i++) {
        const live = await make();
        const rest = live.advance(3);
        live.view();
        if (i % 2) await rest;
        else await new Promise((resolve) => setImmediate(resolve));
        live.dispose();
        live.dispose();
        // What was under way comes to its end.
        await rest;
      }
      expect(engine.info.memoryUsed).toBe(before);
    }
    {
      using live = await liveRun(field, { grid, count });
      await live.advance();
      expect(engine.info.memoryUsed).toBeGreaterThan(before);
    }
    expect(engine.info.memoryUsed).toBe(before);
  });

  it("anything after dispose, of the run, its data or its engine, is E_DISPOSED", async () => {
    const uses = (live: LiveRun): (() => unknown)[] => [
      () => live.advance(),
      () => live.advanceSync(),
      () => live.seek(0),
      () => live.restart(),
      () => live.samples,
      () => live.view(),
    ];
    const live = await liveRun(field, { grid, count });
    live.dispose();
    for (const use of uses(live)) expect((await errorOf(use)).code).toBe("E_DISPOSED");

    const other = await createEngine({ threads: 2 });
    const mixture = other.mixture(scattered(12, 1), { dim: 2 });
    const orphan = await liveRun(exactScore(mixture, edm()), { grid, count });
    mixture.dispose();
    for (const use of uses(orphan)) expect((await errorOf(use)).code).toBe("E_DISPOSED");
    const second = other.mixture(scattered(12, 1), { dim: 2 });
    const busy = await liveRun(exactScore(second, edm()), { grid, count: 400_000, sampler: heun() });
    const call = errorOf(() => busy.advance(5));
    await new Promise((resolve) => setTimeout(resolve));
    other.close();
    expect((await call).code).toBe("E_DISPOSED");
    for (const use of uses(busy)) expect((await errorOf(use)).code).toBe("E_DISPOSED");
    expect(other.info.memoryUsed).toBe(0);
  });
});
