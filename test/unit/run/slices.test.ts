// Long calls work in slices that are bounded by the work in them: an abort is noticed at the end of one, by count.
import * as v from "../../../src/index.js";
import { conformance } from "../../../src/conformance/index.js";
import { ntkPoints, PerceptronExecutor } from "../../../src/dense/index.js";
import { camera, createRaster } from "../../../src/raster/index.js";
import { parameterCount } from "../../../src/dense/plain/mlp.js";
import {
  aborted,
  onSlice,
  PIECE,
  SLICE,
  type Slice,
  scheduler,
  TimeSlices,
} from "../../../src/core/scheduler.js";
import { afterAll, describe, expect, it } from "vitest";
import { scattered } from "../../shared/bits.js";

const engines: v.Engine[] = [];
const make = async (options: v.EngineOptions): Promise<v.Engine> => {
  const engine = await v.createEngine(options);
  engines.push(engine);
  return engine;
};
afterAll(() => {
  for (const engine of engines) engine.close();
});

interface Call {
  signal: AbortSignal;
}
type Long = (engine: v.Engine) => Promise<(call: Call) => Promise<unknown>>;

const plane = (engine: v.Engine, size = 4096): v.ExactScore<"f32"> =>
  v.exactScore(engine.mixture(scattered(2 * size, 1), { dim: 2 }), v.edm());
const grid = v.karras({ steps: 40 });
const times = v.logUniformTimes({ tMin: 0.05, tMax: 5 });

const sampling =
  (sampler: v.Sampler, more: Partial<v.SampleOptions> = {}): Long =>
  async (engine) => {
    const field = plane(engine);
    return (call) => v.sample(field, { sampler, grid, count: 4000, ...more, ...call });
  };
const scoring =
  (
    quantities: readonly v.Quantity[],
    dim: number,
    size: number,
    count: number,
    more: v.MixtureOptions = {},
  ): Long =>
  async (engine) => {
    const field = v.exactScore(engine.mixture(scattered(dim * size, 1), { dim, ...more }), v.edm());
    const x = scattered(dim * count, 2);
    return (call) => field.evaluate(x, 0.5, quantities, call);
  };
const diagnosing =
  (work: (samples: Float64Array, data: v.Mixture, call: Call) => Promise<unknown>): Long =>
  async (engine) => {
    const data = engine.mixture(scattered(4 * 20_000, 1), { dim: 4, precision: "f64" });
    const samples = scattered(4 * 40_000, 2);
    return (call) => work(samples, data, call);
  };

/** A network that has been trained for so many steps. */
const network = (engine: v.Engine, dim: number, widths: number[], steps: number) =>
  v.mlpScore(engine.mixture(scattered(dim * 100, 1), { dim }), v.edm(), { widths, steps, batch: 40, times });

const calls: [string, Long][] = [
  ["sample, euler", sampling(v.euler())],
  ["sample, heun", sampling(v.heun())],
  ["sample, rk4", sampling(v.rk4())],
  ["sample, dpmpp2m", sampling(v.dpmpp2m())],
  ["sample, dopri5", sampling(v.dopri5())],
  ["sample, ancestral", sampling(v.ancestral())],
  ["sample, eulerMaruyama", sampling(v.eulerMaruyama())],
  ["sample, posterior", sampling(v.posterior())],
  ["sample, Brownian paths", sampling(v.eulerMaruyama(), { noise: "shared", count: 2000 })],
  ["sample, all states", sampling(v.euler(), { record: "all", count: 20_000 })],
  [
    "sample, log densities",
    sampling(v.heun(), { logLikelihood: true, grid: v.karras({ steps: 40, last: "sigmaMin" }) }),
  ],
  [
    "sample, 100,000 steps of one particle",
    sampling(v.euler(), { grid: v.karras({ steps: 100_000 }), count: 1 }),
  ],
  [
    "sample, an estimator with draws",
    async (engine) => {
      const field = v.naiveScore(engine.mixture(scattered(2 * 4096, 1), { dim: 2 }), v.edm(), { draws: 64 });
      return (call) => v.sample(field, { sampler: v.euler(), grid, count: 2000, ...call });
    },
  ],
  [
    "sample, a score of one's own",
    async (engine) => {
      const field = v.customScore(engine.mixture([[0, 0]]), v.edm(), (x: Float64Array, t: number) =>
        x.map((value) => -value / (1 + t * t)),
      );
      return (call) => v.sample(field, { sampler: v.heun(), grid, count: 100_000, ...call });
    },
  ],
  [
    "evaluate, a score of one's own",
    async (engine) => {
      const field = v.customScore(engine.mixture([[0, 0]]), v.edm(), (x: Float64Array, t: number) =>
        x.map((value) => -value / (1 + t * t)),
      );
      const x = scattered(2 * 300_000, 2);
      return (call) => field.evaluate(x, 0.5, ["score", "velocity"], call);
    },
  ],
  [
    "evaluate, a smoothed score by places",
    async (engine) => {
      const data = engine.mixture(scattered(8 * 200, 1), { dim: 8 });
      const field = v.smoothedScore(data, v.edm(), { width: 0.3, kernel: "gaussian" });
      const x = scattered(8 * 2000, 2);
      return (call) => field.evaluate(x, 0.5, ["score"], call);
    },
  ],
  [
    "evaluate, a smoothed score by panels",
    async (engine) => {
      const field = v.smoothedScore(plane(engine, 200).data, v.edm(), { width: 0.3 });
      const x = scattered(2 * 20_000, 2);
      return (call) => field.evaluate(x, 0.2, ["score"], call);
    },
  ],
  [
    "evaluate, the trace of a network's derivative",
    async (engine) => {
      const field = await network(engine, 64, [256], 0);
      const x = scattered(64 * 200, 2);
      return (call) => field.evaluate(x, 0.5, ["divergence"], call);
    },
  ],
  [
    "evaluate, a network of 784-1024-1024",
    async (engine) => {
      const field = await network(engine, 784, [1024, 1024], 0);
      const x = scattered(784 * 200, 2);
      return (call) => field.evaluate(x, 0.5, ["score"], call);
    },
  ],
  [
    "sample, a network of 784-1024-1024",
    async (engine) => {
      const field = await network(engine, 784, [1024, 1024], 0);
      return (call) => v.sample(field, { sampler: v.euler(), grid, count: 32, ...call });
    },
  ],
  ["evaluate, many queries of one point", scoring(["score"], 2, 1, 2_000_000)],
  ["evaluate, scalars", scoring(["logDensity", "effectiveCount", "nearest"], 2, 8, 300_000)],
  ["evaluate, Hessians of 64 coordinates", scoring(["hessian"], 64, 20_000, 8)],
  [
    "evaluate, Hessians of 64 coordinates in float64",
    scoring(["hessian"], 64, 5000, 32, { precision: "f64" }),
  ],
  ["evaluate, traces of 784 coordinates", scoring(["divergence"], 784, 2000, 200)],
  ["evaluate, weights", scoring(["posteriorWeights"], 2, 4096, 4000)],
  [
    "evaluate, a time for each query",
    async (engine) => {
      const field = plane(engine, 4);
      const x = scattered(2 * 300_000, 2);
      const t = Float64Array.from({ length: 300_000 }, (_, i) => 0.1 + i / 1e5);
      return (call) => field.evaluate(x, t, ["score"], call);
    },
  ],
  [
    "evaluate, anisotropic",
    async (engine) => {
      const covariance = [
        [1, 0],
        [0, 2],
      ];
      const data = engine.mixture(scattered(2 * 500, 1), { dim: 2 });
      const field = v.exactScore(data, v.anisotropic(v.edm(), { covariance }));
      const x = scattered(2 * 100_000, 2);
      return (call) => field.evaluate(x, 0.5, ["score", "hessian"], call);
    },
  ],
  [
    "posteriorExpectation",
    async (engine) => {
      const field = plane(engine, 1000);
      const x = scattered(2 * 20_000, 2);
      return (call) => field.posteriorExpectation(x, 0.5, new Float64Array(1000), call);
    },
  ],
  [
    "liveRun, a grid of 100,000 steps",
    async (engine) => {
      const field = plane(engine);
      return (call) =>
        v.liveRun(field, { sampler: v.euler(), grid: v.karras({ steps: 100_000 }), count: 1, ...call });
    },
  ],
  [
    "logLikelihood",
    async (engine) => {
      const field = plane(engine);
      const x = scattered(2 * 2000, 2);
      return (call) =>
        v.logLikelihood(field, x, { grid: v.karras({ steps: 40, last: "sigmaMin" }), ...call });
    },
  ],
  [
    "linearScore",
    async (engine) => {
      const data = engine.mixture(scattered(2 * 500, 1), { dim: 2 });
      const features = v.rbfFeatures({ count: 200 });
      return (call) => v.linearScore(data, v.edm(), { features, samples: 20_000, times, ...call });
    },
  ],
  [
    "ntkScore",
    async (engine) => {
      const data = engine.mixture(scattered(2 * 500, 1), { dim: 2 });
      return (call) => v.ntkScore(data, v.edm(), { samples: 600, times, ...call });
    },
  ],
  [
    "mlpScore, before its first step",
    async (engine) => {
      const data = engine.mixture(scattered(16 * 100, 1), { dim: 16 });
      return (call) =>
        v.mlpScore(data, v.edm(), { widths: [1024, 1024], steps: 3, batch: 32, times, ...call });
    },
  ],
  [
    "fokkerPlanck",
    async (engine) => {
      const data = engine.mixture(scattered(2 * 50, 1), { dim: 2, precision: "f64" });
      return (call) =>
        v.fokkerPlanck(data, v.ou(), {
          direction: "reverse",
          times: [2, 0.5],
          cells: 256,
          steps: 40,
          ...call,
        });
    },
  ],
  [
    "generatedLaw",
    async (engine) => {
      const data = engine.mixture(scattered(8 * 4096, 1), { dim: 8 });
      return (call) => v.generatedLaw(data, v.ou(), { horizon: 1, ...call });
    },
  ],
  [
    "cellLaw",
    async (engine) => {
      const data = engine.mixture(scattered(2 * 60, 1), { dim: 2, precision: "f64" });
      return (call) =>
        v.cellLaw(data, v.ou(), { times: [0.5, 0.1], initial: "normal", horizon: 1.5, ...call });
    },
  ],
  ["memorization", diagnosing((s, d, call) => v.memorization(s, d, call))],
  ["coverage", diagnosing((s, d, call) => v.coverage(s, d, call))],
  ["gapFraction", diagnosing((s, d, call) => v.gapFraction(s, d, call))],
  ["hullFraction", diagnosing((s, d, call) => v.hullFraction(s, d, call))],
  ["slicedWasserstein", diagnosing((s, d, call) => v.slicedWasserstein(s, d, call))],
  ["mmd", diagnosing((s, d, call) => v.mmd(s, d, call))],
  ["energyDistance", diagnosing((s, d, call) => v.energyDistance(s, d, call))],
  [
    "compareFields",
    async (engine) => {
      const field = v.exactScore(engine.mixture(scattered(2 * 200, 1), { dim: 2 }), v.ou());
      return (call) => v.compareFields(field, field, { times: [1, 0.5], count: 5000, ...call });
    },
  ],
  ["conformance", async () => (call) => conformance(v.heun(), call)],
];

/** Slices as they end, while work goes on. */
async function watched<T>(
  work: (slices: Slice[]) => Promise<T>,
  then?: (count: number) => void,
): Promise<Slice[]> {
  const slices: Slice[] = [];
  const stop = onSlice((slice) => {
    slices.push(slice);
    then?.(slices.length);
  });
  try {
    await work(slices);
  } finally {
    stop();
  }
  return slices;
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "fulfilled",
    (error: v.VkernelError) => error.code ?? String(error),
  );

describe.each([
  ["one thread", { threads: 1 }],
  ["no Wasm", { kernels: "reference" }],
] as [string, v.EngineOptions][])("%s", (name, options) => {
  // Plain loops take long for what the kernels do; what is the calling thread's own is the same.
  const some =
    name === "one thread"
      ? calls
      : calls.filter(([call]) => /^sample, (euler|heun)$|Hessians|own$|mmd/.test(call));

  it.each(some)("%s ends with the slice in which it is aborted", { tags: ["long"] }, async (_, long) => {
    const engine = await make(options);
    const call = await long(engine);
    const before = engine.info.memoryUsed;
    for (const at of [1, 3]) {
      const controller = new AbortController();
      let code = "";
      const slices = await watched(
        async () => {
          code = await codeOf(call({ signal: controller.signal }));
        },
        (count) => {
          if (count === at) controller.abort();
        },
      );
      expect(code).toBe("E_ABORT");
      expect(slices.length).toBe(at);
      for (const { units, piece } of slices) {
        if (options.kernels !== "reference") expect(piece).toBeLessThanOrEqual(PIECE);
        expect(units).toBeLessThan(SLICE + piece);
      }
      expect(engine.info.memoryUsed).toBe(before);
    }
    const check = v.exactScore(engine.mixture([[2, 0]]), v.edm());
    expect(Array.from((await check.evaluate([[0, 0]], 2, ["score"])).score)).toEqual([0.5, 0]);
    engine.close();
  });
});

describe("no piece of work is longer than a slice", () => {
  /** Slices of a call that takes no signal or is left to its end. */
  const whole: [string, (engine: v.Engine) => Promise<() => Promise<unknown>>][] = [
    [
      "a step of a network of 784-1024-1024",
      async (engine) => {
        const data = engine.mixture(scattered(784 * 100, 1), { dim: 784 });
        const options = { widths: [1024, 1024], steps: 1, batch: 40, times } as const;
        return () => v.mlpScore(data, v.edm(), options);
      },
    ],
    [
      "a batch of many rows",
      async (engine) => {
        const data = engine.mixture(scattered(2 * 100, 1), { dim: 2 });
        const options = { widths: [4], steps: 2, samples: 100_000, batch: 200_000, times } as const;
        return () => v.mlpScore(data, v.edm(), options);
      },
    ],
    [
      "vKernel",
      async (engine) => {
        const V = v.vKernel(
          v.naiveScore(engine.mixture(scattered(40 * 8, 1), { dim: 8 }), v.edm(), { draws: 1 }),
        );
        const x = scattered(8 * 3000, 2);
        return () => V.between({ x, t: 0.5 }, { x, t: 0.5 });
      },
    ],
    [
      "a picture of 3e6 particles",
      async (engine) => {
        const raster = createRaster(engine, { width: 64, height: 64 });
        const particles = new Float32Array(6e6).fill(0.1);
        const look = camera({ center: [0, 0], scale: 20, width: 64, height: 64 });
        return async () => {
          await raster.splat(particles, { camera: look });
          expect(raster.peak).toBe(3e6);
        };
      },
    ],
  ];

  it.each(whole)("%s", { tags: ["slow"] }, async (_, long) => {
    const engine = await make({ threads: 1 });
    const call = await long(engine);
    const slices = await watched(call);
    expect(slices.length).toBeGreaterThan(2);
    for (const { units, piece } of slices) {
      expect(piece).toBeLessThanOrEqual(PIECE);
      expect(units).toBeLessThan(SLICE + PIECE);
    }
    engine.close();
  });

  it("a network that is cut in pieces has the bits of threads, and a loss by plain loops", {
    tags: ["long"],
  }, async () => {
    const sizes = [131, 1500, 128];
    const count = parameterCount(sizes);
    const parameters = scattered(count, 5).map((value) => value / 40);
    const rows = 70;
    const batch = {
      inputs: scattered(rows * 131, 6),
      targets: scattered(rows * 128, 7),
      weights: scattered(rows, 8).map((value) => 1 + value * value),
    };
    const found: { loss: number; gradient: Float64Array; out: Float64Array }[] = [];
    for (const options of [{ threads: 1 }, { threads: 2, blockSize: 1 }, { kernels: "reference" }] as const) {
      const engine = await make(options);
      const machine = new PerceptronExecutor(engine, { sizes, activation: "silu" }, parameters, "f64");
      const { loss, gradient } = await machine.learn(batch, { gradient: true });
      found.push({ loss, gradient: gradient as Float64Array, out: await machine.forward(batch.inputs) });
      machine.dispose();
    }
    const [one, two, plain] = found as [(typeof found)[0], (typeof found)[0], (typeof found)[0]];
    expect(two).toEqual(one);
    expect(Math.abs(one.loss / plain.loss - 1)).toBeLessThan(1e-13);
    for (const name of ["gradient", "out"] as const) {
      const most = plain[name].reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      const off = one[name].reduce((a, b, i) => Math.max(a, Math.abs(b - (plain[name][i] as number))), 0);
      expect(off, name).toBeLessThan(1e-12 * most);
    }
  });

  it("a network that is disposed of during a call ends it with its numbers, and gives its memory back", async () => {
    const engine = await make({ threads: 1 });
    const before = engine.info.memoryUsed;
    const field = await network(engine, 64, [1024], 0);
    const x = scattered(64 * 400, 2);
    const wanted = Array.from((await field.evaluate(x, 0.5, ["score"])).score);
    let found: number[] = [];
    await watched(
      async () => {
        found = Array.from((await field.evaluate(x, 0.5, ["score"])).score);
      },
      () => field.dispose(),
    );
    expect(found).toEqual(wanted);
    field.data.dispose();
    expect(engine.info.memoryUsed).toBe(before);
  });

  it("the points of an infinitely wide network as well", { tags: ["long"] }, async () => {
    const engine = await make({ threads: 1 });
    const before = engine.info.memoryUsed;
    const matrix = (rows: number, seed: number) => ({ data: scattered(rows * 8, seed), rows, columns: 8 });
    const points = await ntkPoints(engine, matrix(2000, 1), { depth: 3 });
    const queries = matrix(400, 2);
    const wanted = (await points.rows(queries)).data;
    let found = new Float64Array(0);
    await watched(
      async () => {
        found = Float64Array.from((await points.rows(queries)).data);
      },
      () => points.dispose(),
    );
    expect(found).toEqual(Float64Array.from(wanted));
    expect(engine.info.memoryUsed).toBe(before);
    await expect(points.rows(queries)).rejects.toMatchObject({ code: "E_DISPOSED" });
  });
});

describe("the scheduler", () => {
  it("gives the host its turn: timers fire between slices, in order, and signals are seen", async () => {
    const scheduled = new TimeSlices();
    const seen: string[] = [];
    setTimeout(() => seen.push("timer"));
    let slices = 0;
    while (!seen.includes("timer")) {
      const wait = scheduled.spend(SLICE);
      expect(wait).toBeDefined();
      await wait;
      slices++;
    }
    expect(slices).toBeGreaterThan(0);
  });

  it("counts the work of all calls: a chain of short ones leaves turns as well", async () => {
    const engine = await make({ threads: 1 });
    const field = plane(engine);
    const x = scattered(200, 3);
    const slices = await watched(async () => {
      for (let i = 0; i < 200; i++) await field.evaluate(x, 0.5, ["score"]);
    });
    expect(slices.length).toBeGreaterThan(5);
  });

  it("ends a call whose report gives a promise that rejects", async () => {
    for (const threads of [1, 2]) {
      const engine = await make({ threads });
      const field = plane(engine);
      let reports = 0;
      const call = v.sample(field, {
        grid,
        count: 200_000,
        onProgress: (async () => {
          reports++;
          throw new RangeError("mine");
        }) as () => void,
      });
      await expect(call).rejects.toThrowError(new RangeError("mine"));
      expect(reports).toBe(1);
    }
  });

  it("ends a short call whose last report gives such a promise", async () => {
    const engine = await make({ threads: 1 });
    const call = v.sample(plane(engine), {
      count: 1,
      onProgress: (async () => {
        throw new RangeError("mine");
      }) as () => void,
    });
    await expect(call).rejects.toThrowError(new RangeError("mine"));
  });

  it("puts one listener on a signal, however many calls wait for it, and takes it away", {
    tags: ["slow"],
  }, async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    }) as typeof signal.addEventListener;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    }) as typeof signal.removeEventListener;
    const engine = await make({ threads: 2 });
    const field = plane(engine);
    const many = Array.from({ length: 20 }, () => v.sample(field, { count: 100, signal }));
    for (let i = 0; i < 1000 && listeners === 0; i++) await Promise.resolve();
    expect(listeners).toBe(1);
    await Promise.all(many);
    expect(listeners).toBe(0);
    const waiting = Array.from({ length: 20 }, () => codeOf(v.sample(field, { count: 100, signal })));
    await Promise.resolve();
    controller.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["E_ABORT"]));
    const runs: string[] = [];
    const other = new AbortController();
    const forget = scheduler.onAbort(other.signal, () => runs.push("first"));
    scheduler.onAbort(other.signal, () => runs.push("second"));
    forget();
    other.abort();
    expect(runs).toEqual(["second"]);
    scheduler.onAbort(other.signal, () => runs.push("late"));
    expect(runs).toEqual(["second", "late"]);
    expect(aborted(other.signal).code).toBe("E_ABORT");
  });
});
