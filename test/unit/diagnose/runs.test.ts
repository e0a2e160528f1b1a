// What happens along recorded runs; bad input, aborts and responsiveness of all of src/diagnose.
import {
  alongRun,
  capture,
  coverage,
  createEngine,
  edm,
  energyDistance,
  type Engine,
  euler,
  type ExactScore,
  exactScore,
  gapFraction,
  heun,
  hullFraction,
  karras,
  massKl,
  memorization,
  type Mixture,
  mmd,
  naiveScore,
  nearestPoints,
  ou,
  polygon,
  type RecordedRun,
  sample,
  slicedWasserstein,
  times as timesGrid,
  VkernelError,
  type VkernelErrorCode,
  voronoiMass,
} from "vkernel";
import { evaluatePoint, levelAt, uniform } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { abortedAfter } from "../../shared/turns.js";

/** What a caller without types might pass. */
// biome-ignore lint/suspicious/noExplicitAny: the point of these tests
type Any = any;

let engine: Engine;
let data: Mixture<"f64">;
let field: ExactScore<"f64">;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
  field = exactScore(data, edm());
});
afterAll(() => engine.close());

describe("alongRun", () => {
  it("is what the reference says of every recorded state", async () => {
    const process = ou();
    const own = exactScore(data, process);
    const run = await sample(own, {
      grid: karras({ steps: 6, sigmaMax: 5 }),
      count: 40,
      seed: 3,
      record: [0, 2, 5, 6],
    });
    const names = ["posteriorEntropy", "logDensity", "nearestDistance"] as const;
    const result = await alongRun(own, run, names, { values: true });
    // The last time is 0: left out.
    expect([...result.indices]).toEqual([0, 2, 5]);
    expect([...result.times]).toEqual([0, 2, 5].map((index) => run.times[index]));
    expect(result.count).toBe(40);
    const reference = { points: data.points, dim: 2, weights: data.weights, sigma0: 0 };
    const trajectories = run.trajectories as Float64Array;
    for (const name of names) {
      const { mean, standardError, quantiles, values } = result.series[name];
      for (let row = 0; row < 3; row++) {
        const level = levelAt(process, result.times[row]);
        const truth = Array.from({ length: 40 }, (_, i) => {
          const at = (row * 40 + i) * 2;
          return evaluatePoint(reference, level, trajectories.slice(at, at + 2), [name])[name] as number;
        });
        const average = truth.reduce((a, b) => a + b, 0) / 40;
        const variance = truth.reduce((a, b) => a + (b - average) ** 2, 0) / 39;
        // float64 kernels agree with the reference to 1e-12 of the scale of the answer (docs/reliability.md).
        const scale = 1e-11 * Math.max(1, ...truth.map(Math.abs));
        expect(Math.abs(mean[row] - average)).toBeLessThan(scale);
        expect(Math.abs(standardError[row] - Math.sqrt(variance / 40))).toBeLessThan(scale);
        for (let i = 0; i < 40; i++)
          expect(Math.abs((values as Float64Array)[row * 40 + i] - truth[i])).toBeLessThan(scale);
        const sorted = truth.sort((a, b) => a - b);
        const width = result.levels.length;
        expect(Math.abs(quantiles[row * width] - sorted[0])).toBeLessThan(scale);
        expect(Math.abs(quantiles[row * width + 3] - (sorted[19] + sorted[20]) / 2)).toBeLessThan(scale);
        expect(Math.abs(quantiles[row * width + 6] - sorted[39])).toBeLessThan(scale);
      }
    }
  });

  it("starts at the entropy of the weights and falls to 0; effective counts from 6 to 1", async () => {
    const run = await sample(field, {
      sampler: heun(),
      grid: karras({ steps: 20, sigmaMin: 0.01, sigmaMax: 1000 }),
      count: 200,
      seed: 1,
      record: "all",
    });
    const { series, times } = await alongRun(field, run);
    expect(Object.keys(series).sort()).toEqual(["effectiveCount", "posteriorEntropy"]);
    expect(times).toHaveLength(20);
    // At sigma = 1000 log weights differ by |x| |mu - mu'| / sigma^2, below 0.01: entropies by its square.
    expect(Math.abs(series.posteriorEntropy.mean[0] - Math.log(6))).toBeLessThan(1e-4);
    expect(Math.abs(series.effectiveCount.mean[0] - 6)).toBeLessThan(6e-4);
    expect(series.posteriorEntropy.mean.at(-1)).toBeLessThan(1e-4);
    expect(series.effectiveCount.mean.at(-1)).toBeCloseTo(1, 4);
    expect(series.posteriorEntropy.values).toBeUndefined();
  });

  it("of one particle knows no error, of none nothing", async () => {
    const grid = timesGrid([2, 1]);
    const one = await alongRun(field, await sample(field, { grid, count: 1, record: "all" }));
    expect(one.series.effectiveCount.mean[1]).toBeGreaterThan(1);
    expect(one.series.effectiveCount.standardError[1]).toBeNaN();
    const none = await alongRun(field, await sample(field, { grid, count: 0, record: "all" }));
    expect(none.series.effectiveCount.mean[1]).toBeNaN();
  });
});

describe("capture", () => {
  /** A run on a line with points -1 and 1 that visits these states. */
  const visited = (rows: number[][], over: Partial<RecordedRun> = {}): RecordedRun => ({
    samples: Float64Array.from(rows.at(-1) as number[]),
    count: (rows[0] as number[]).length,
    dim: 1,
    times: Float64Array.from(rows, (_, i) => rows.length - 1 - i),
    recorded: Int32Array.from(rows, (_, i) => i),
    trajectories: Float64Array.from(rows.flat()),
    ...over,
  });
  const rows = [
    [3, 3, -3, 3, -1],
    [2, -2, -2, 2, 1],
    [2, 2, 2, -2, 1],
    [2, 2, -2, -2, -1],
    [1, 1, -1, -1, -1],
  ];
  const line = () => exactScore(engine.mixture([[-1], [1]]), edm());

  it("keeps apart who is in its final cell and who stays", async () => {
    const result = await capture(line(), visited(rows));
    expect([...result.nearest]).toEqual([1, 1, 0, 0, 0]);
    expect([...result.index]).toEqual([-1, 2, 3, 2, 3]);
    expect([...result.time]).toEqual([4, 2, 1, 2, 1]);
    expect([...result.times]).toEqual([4, 3, 2, 1, 0]);
    const { inFinalCell, settled } = result.shareByTime;
    expect([...inFinalCell.fraction]).toEqual([0.8, 0.4, 0.6, 1, 1]);
    expect([...settled.fraction]).toEqual([0.2, 0.2, 0.6, 1, 1]);
    expect(inFinalCell.standardError[0]).toBeCloseTo(Math.sqrt((0.8 * 0.2) / 5), 15);
    expect(settled.standardError[0]).toBeCloseTo(Math.sqrt((0.2 * 0.8) / 5), 15);
  });

  it("takes the run's end as final where it was not recorded, and rows as they were recorded", async () => {
    const some = visited(rows, {
      recorded: Int32Array.of(0, 2),
      trajectories: Float64Array.from([rows[0], rows[2]].flat() as number[]),
    });
    const result = await capture(line(), some);
    expect([...result.times]).toEqual([4, 2, 0]);
    expect([...result.index]).toEqual([-1, -1, 2, 1, 2]);
    expect([...result.nearest]).toEqual([1, 1, 0, 0, 0]);
  });

  it("compares with alpha_t mu: the same state belongs to another point later", async () => {
    // Under ou, alpha = e^-t: points 0 and 2 meet at alpha. x = 0.5 is nearer to 0 at t = 0.1, to 2 alpha at t = 2.
    const shrinking = exactScore(engine.mixture([[0], [2]]), ou());
    const run = visited([[0.5], [0.5], [0.5]], { times: Float64Array.of(2, 0.1, 0) });
    const result = await capture(shrinking, run);
    expect([...result.index]).toEqual([1]);
    expect([...result.nearest]).toEqual([0]);
    expect([...result.shareByTime.settled.fraction]).toEqual([0, 1, 1]);
  });

  it("of real runs: shares rise to 1, the settled below the others, and the end is nearestPoints", async () => {
    const run = await sample(field, {
      sampler: euler(),
      grid: karras({ steps: 30, sigmaMax: 20 }),
      count: 500,
      seed: 2,
      record: "all",
      initial: "marginal",
    });
    const noisy = await sample(naiveScore(data, edm(), { draws: 1 }), {
      grid: karras({ steps: 30, sigmaMax: 20 }),
      count: 500,
      seed: 2,
      record: "all",
      initial: "marginal",
    });
    for (const each of [run, noisy]) {
      const { shareByTime, nearest } = await capture(field, each);
      const { inFinalCell, settled } = shareByTime;
      expect(nearest).toEqual((await nearestPoints(each.samples, data)).index);
      for (let row = 0; row < 31; row++) {
        expect(settled.fraction[row]).toBeLessThanOrEqual(inFinalCell.fraction[row]);
        if (row > 0) expect(settled.fraction[row]).toBeGreaterThanOrEqual(settled.fraction[row - 1]);
      }
      expect(settled.fraction[30]).toBe(1);
    }
    // By the naive loop, for the one that wanders most.
    const { shareByTime, index } = await capture(field, noisy);
    const trajectories = noisy.trajectories as Float64Array;
    const cell = (row: number, i: number): number => {
      const at = (row * 500 + i) * 2;
      const distances = Array.from({ length: 6 }, (_, m) =>
        Math.hypot(trajectories[at] - data.points[2 * m], trajectories[at + 1] - data.points[2 * m + 1]),
      );
      return distances.indexOf(Math.min(...distances));
    };
    const last = Array.from({ length: 500 }, (_, i) => {
      let row = 30;
      while (row > 0 && cell(row - 1, i) === cell(30, i)) row--;
      return row === 0 ? -1 : row;
    });
    expect([...index]).toEqual(last);
    const here = last.filter((_, i) => cell(12, i) === cell(30, i)).length;
    expect(shareByTime.inFinalCell.fraction[12]).toBe(here / 500);
    expect(shareByTime.settled.fraction[12]).toBe(last.filter((row) => row <= 12).length / 500);
    expect(here).toBeGreaterThan(last.filter((row) => row <= 12).length);
  });
});

describe("bad input", () => {
  type Row = [string, () => unknown, VkernelErrorCode, string];
  const x = [[0.5, 0.5]];
  const y = [[0.5, 0.25]];
  const own = (text: string): Any => JSON.parse(text) as Any;
  const calls: [string, (samples: Any, data: Any, options?: Any) => Promise<unknown>][] = [
    ["memorization", memorization],
    ["coverage", coverage],
    ["gapFraction", gapFraction],
    ["hullFraction", hullFraction],
    ["nearestPoints", nearestPoints],
    ["voronoiMass", voronoiMass],
  ];
  const laws: [string, (a: Any, b: Any, options?: Any) => Promise<unknown>][] = [
    ["slicedWasserstein", slicedWasserstein],
    ["mmd", mmd],
    ["energyDistance", energyDistance],
  ];
  const recorded = (over: Any = {}): Any => ({
    samples: new Float64Array(2),
    count: 1,
    dim: 2,
    times: Float64Array.of(2, 1),
    recorded: Int32Array.of(0, 1),
    trajectories: new Float64Array(4),
    ...over,
  });
  const table: Row[] = [
    ...calls.flatMap(([name, call]): Row[] => [
      [`${name}: no mixture`, () => call(x, x), "E_TYPE", "data"],
      [
        `${name}: a string`,
        () => call("x", data),
        "E_TYPE",
        name.startsWith("n") || name.startsWith("v") ? "x" : "samples",
      ],
      [`${name}: an unknown option`, () => call(x, data, { radios: 1 }), "E_USAGE", "radios"],
      [`${name}: __proto__`, () => call(x, data, own('{"__proto__": 1}')), "E_USAGE", "__proto__"],
      [`${name}: options of null`, () => call(x, data, null), "E_TYPE", "options"],
      [`${name}: a signal that is none`, () => call(x, data, { signal: 1 }), "E_TYPE", "signal"],
    ]),
    ...calls.slice(0, 4).flatMap(([name, call]): Row[] => [
      [`${name}: another dim`, () => call([[1]], data), "E_SHAPE", "samples[0]"],
      [`${name}: a flat rest`, () => call(new Float64Array(3), data), "E_SHAPE", "samples"],
      [`${name}: NaN`, () => call([[0, Number.NaN]], data), "E_NONFINITE", "samples[1]"],
      [`${name}: squares overflow`, () => call([[1e160, 0]], data), "E_RANGE", "samples[0]"],
      [`${name}: Int32Array`, () => call(new Int32Array(2), data), "E_TYPE", "samples"],
    ]),
    ["a threshold of 0", () => memorization(x, data, { threshold: 0 }), "E_RANGE", "threshold"],
    ["a threshold above 1", () => memorization(x, data, { threshold: 1.5 }), "E_RANGE", "threshold"],
    ["a threshold in words", () => memorization(x, data, { threshold: "1/3" as Any }), "E_TYPE", "threshold"],
    ["a radius below 0", () => coverage(x, data, { radius: -1 }), "E_RANGE", "radius"],
    ["a radius of NaN", () => gapFraction(x, data, { radius: Number.NaN }), "E_NONFINITE", "radius"],
    ["two kinds of balls", () => coverage(x, data, { radius: 1, neighbours: 2 }), "E_USAGE", "neighbours"],
    ["no neighbour", () => coverage(x, data, { neighbours: 0 }), "E_RANGE", "neighbours"],
    ["more neighbours than points", () => coverage(x, data, { neighbours: 6 }), "E_RANGE", "neighbours"],
    ["balls of one point", () => coverage(x, engine.mixture([[1, 1]])), "E_SHAPE", "data"],
    ["a gap of one point", () => gapFraction(x, engine.mixture([[1, 1]])), "E_SHAPE", "data"],
    ["a tolerance of 0", () => hullFraction(x, data, { tolerance: 0 }), "E_RANGE", "tolerance"],
    ["iterations 1.5", () => hullFraction(x, data, { iterations: 1.5 }), "E_RANGE", "iterations"],
    ["distances 1", () => hullFraction(x, data, { distances: 1 as Any }), "E_TYPE", "distances"],
    ...laws.flatMap(([name, call]): Row[] => [
      [`${name}: null`, () => call(null, x), "E_TYPE", "a"],
      [`${name}: a mixture and a string`, () => call(data, "x"), "E_TYPE", "b"],
      [`${name}: two dims`, () => call(x, [[1]]), "E_SHAPE", "b[0]"],
      [`${name}: another dim than a mixture's`, () => call([[1, 2, 3]], data), "E_SHAPE", "a[0]"],
      [`${name}: two mixtures`, () => call(data, engine.mixture([[1]])), "E_SHAPE", "b"],
      [`${name}: flat without dim`, () => call(new Float64Array(4), new Float64Array(4)), "E_SHAPE", "dim"],
      [`${name}: dim 0`, () => call(new Float64Array(4), new Float64Array(4), { dim: 0 }), "E_RANGE", "dim"],
      [`${name}: rows of nothing`, () => call([[]], [[]]), "E_SHAPE", "a[0]"],
      [`${name}: ragged rows`, () => call([[1, 2], [3]], x), "E_SHAPE", "a[1]"],
      [`${name}: infinite`, () => call(x, [[0, Number.POSITIVE_INFINITY]]), "E_NONFINITE", "b[1]"],
      [
        `${name}: a mixture of some width`,
        () => call(x, engine.mixture([[0, 0]], { sigma0: 0.5 })),
        "E_UNSUPPORTED",
        "b",
      ],
      [`${name}: an unknown option`, () => call(x, y, { sed: 1 }), "E_USAGE", "sed"],
      [`${name}: a signal that is none`, () => call(x, y, { signal: {} }), "E_TYPE", "signal"],
    ]),
    ["order 3", () => slicedWasserstein(x, y, { order: 3 as Any }), "E_RANGE", "order"],
    ["order in words", () => slicedWasserstein(x, y, { order: "2" as Any }), "E_TYPE", "order"],
    ["no projection", () => slicedWasserstein(x, y, { projections: 0 }), "E_RANGE", "projections"],
    ["seed -1", () => slicedWasserstein(x, y, { seed: -1 }), "E_RANGE", "seed"],
    ["a kernel misspelt", () => mmd(x, y, { kernel: "gausian" as Any }), "E_USAGE", "kernel"],
    ["a bandwidth of 0", () => mmd(x, y, { bandwidth: 0 }), "E_RANGE", "bandwidth"],
    ["masses of null", () => massKl(null as Any, [1]), "E_TYPE", "masses.mass"],
    ["masses without count", () => massKl({ mass: [1] } as Any, [1]), "E_TYPE", "masses.count"],
    ["masses of sum 2", () => massKl({ mass: [1, 1], count: 2 }, [1, 1]), "E_RANGE", "masses.mass"],
    ["fewer weights", () => massKl({ mass: [1, 0], count: 2 }, [1]), "E_SHAPE", "weights"],
    ["a weight below 0", () => massKl({ mass: [1, 0], count: 2 }, [1, -1]), "E_RANGE", "weights[1]"],
    ["weights of 0", () => massKl({ mass: [1, 0], count: 2 }, [0, 0]), "E_RANGE", "weights"],
    ...(
      [
        ["alongRun", (f: Any, r: Any, o?: Any) => alongRun(f, r, undefined, o)],
        ["capture", capture],
      ] as [string, (field: Any, run: Any, options?: Any) => Promise<unknown>][]
    ).flatMap(([name, call]): Row[] => [
      [
        `${name}: an estimator`,
        () => call(naiveScore(data, edm(), { draws: 1 }), recorded()),
        "E_TYPE",
        "field",
      ],
      [`${name}: no run`, () => call(field, undefined), "E_TYPE", "run"],
      [
        `${name}: nothing recorded`,
        () => call(field, recorded({ trajectories: undefined })),
        "E_USAGE",
        "run",
      ],
      [`${name}: a run of another dim`, () => call(field, recorded({ dim: 1 })), "E_SHAPE", "run"],
      [`${name}: too few states`, () => call(field, recorded({ count: 2 })), "E_SHAPE", "run.trajectories"],
      [
        `${name}: indices out of range`,
        () => call(field, recorded({ recorded: Int32Array.of(0, 2) })),
        "E_RANGE",
        "run.recorded[1]",
      ],
      [`${name}: an unknown option`, () => call(field, recorded(), { signl: 1 }), "E_USAGE", "signl"],
    ]),
    ["quantity nearest", () => alongRun(field, recorded(), ["nearest" as Any]), "E_USAGE", "nearest"],
    ["quantities in a string", () => alongRun(field, recorded(), "score" as Any), "E_TYPE", "quantities"],
    ["values 1", () => alongRun(field, recorded(), ["logDensity"], { values: 1 as Any }), "E_TYPE", "values"],
  ];

  it.each(table)("%s", async (_, call, code, argument) => {
    const error = await Promise.resolve()
      .then(call)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(VkernelError);
    expect(error).toMatchObject({ code, argument });
  });

  it("a mixture disposed of is an error everywhere", async () => {
    const gone = engine.mixture([
      [0, 0],
      [1, 1],
    ]);
    const late = exactScore(gone, edm());
    gone.dispose();
    for (const call of [
      ...calls.map(
        ([, run]) =>
          () =>
            run(x, gone),
      ),
      ...laws.map(
        ([, run]) =>
          () =>
            run(x, gone),
      ),
      () => alongRun(late, recorded()),
      () => capture(late, recorded()),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "E_DISPOSED" });
    }
  });
});

describe("long calls", () => {
  const many = (count: number, dim: number): Float64Array =>
    Float64Array.from({ length: count * dim }, (_, i) => uniform(31, i, 0, 0, 0));

  it.each([
    ["memorization", (s: Float64Array, d: Mixture, o: object) => memorization(s, d, o)],
    ["coverage", (s: Float64Array, d: Mixture, o: object) => coverage(s, d, o)],
    ["gapFraction", (s: Float64Array, d: Mixture, o: object) => gapFraction(s, d, o)],
    ["hullFraction", (s: Float64Array, d: Mixture, o: object) => hullFraction(s, d, o)],
    ["slicedWasserstein", (s: Float64Array, d: Mixture, o: object) => slicedWasserstein(s, d, o)],
    ["mmd", (s: Float64Array, d: Mixture, o: object) => mmd(s, d, o)],
    ["energyDistance", (s: Float64Array, d: Mixture, o: object) => energyDistance(s, d, o)],
  ] as const)(
    "%s ends when it is aborted and leaves the thread to others",
    { tags: ["slow"] },
    async (_, call) => {
      const dim = 8;
      // 10^11 multiply-adds and more; 10^8 and more where cost is linear.
      const big = engine.mixture(many(60_000, dim), { dim, precision: "f64" });
      const samples = many(120_000, dim);
      const early = new AbortController();
      early.abort("at once");
      await expect(call(samples, big, { signal: early.signal })).rejects.toMatchObject({
        code: "E_ABORT",
        cause: "at once",
      });
      // Others have had the thread that often before it ends.
      for (const turns of [1, 6]) {
        const { code } = await abortedAfter(turns, (signal) => call(samples, big, { signal }));
        expect([turns, code]).toEqual([turns, "E_ABORT"]);
      }
      big.dispose();
    },
  );

  it("runs' diagnoses can be aborted", async () => {
    const run = await sample(field, { count: 100, record: "all", grid: karras({ steps: 4 }) });
    const signal = AbortSignal.abort();
    await expect(alongRun(field, run, ["logDensity"], { signal })).rejects.toMatchObject({ code: "E_ABORT" });
    await expect(capture(field, run, { signal })).rejects.toMatchObject({ code: "E_ABORT" });
    await expect(nearestPoints(run.samples, data, { signal })).rejects.toMatchObject({ code: "E_ABORT" });
    await expect(voronoiMass(run.samples, data, { signal })).rejects.toMatchObject({ code: "E_ABORT" });
  });
});
