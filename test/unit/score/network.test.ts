// Trained networks: gradients, training, files. Seeds are fixed; the two statistical checks are at 5.7 standard errors.
import * as v from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PerceptronExecutor } from "../../../src/dense/index.js";
import { parameterCount } from "../../../src/dense/plain/mlp.js";
import { standardErrors } from "../../shared/statistics.js";
import { trainedParameters, trainings } from "../../shared/network.js";

let engine: v.Engine;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 2, kernels: "simd" });
});
afterAll(() => engine.close());

const three = (precision: "f32" | "f64" = "f64") =>
  engine.mixture(
    [
      [-1, 0.2],
      [1, -0.3],
      [0.4, 0.9],
    ],
    { precision },
  );
const times = () => v.logUniformTimes({ tMin: 0.05, tMax: 3 });
const waves = (count: number, phase: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(12.9898 * i + phase));

describe("gradients", () => {
  it.each(
    (["relu", "silu", "tanh"] as const).flatMap((activation) =>
      (
        [
          [3, 6, 5, 2],
          [2, 9, 1],
          [1, 4, 4, 4, 3],
        ] as const
      ).map((sizes) => [activation, sizes] as const),
    ),
  )("%s, layers %j: central differences in float64 to 1e-6", async (activation, sizes) => {
    const own = await v.createEngine({ kernels: "simd", threads: 1 });
    const count = parameterCount(sizes);
    const start = waves(count, 1);
    const rows = 37;
    const batch = {
      inputs: waves(rows * sizes[0], 2),
      targets: waves(rows * (sizes.at(-1) as number), 3),
      weights: waves(rows, 4).map((value) => 1 + value),
    };
    const lossAt = async (parameters: Float64Array): Promise<number> => {
      const machine = new PerceptronExecutor(own as never, { sizes, activation }, parameters, "f64");
      const { loss } = await machine.learn(batch, {});
      machine.dispose();
      return loss;
    };
    const machine = new PerceptronExecutor(own as never, { sizes, activation }, start, "f64");
    const { gradient } = await machine.learn(batch, { gradient: true });
    machine.dispose();
    const found = gradient as Float64Array;
    const scale = Math.max(...found.map(Math.abs));
    const h = 1e-5;
    for (let i = 0; i < count; i++) {
      const up = start.slice();
      const down = start.slice();
      up[i] = (up[i] as number) + h;
      down[i] = (down[i] as number) - h;
      const difference = ((await lossAt(up)) - (await lossAt(down))) / (2 * h);
      expect(Math.abs((found[i] as number) - difference)).toBeLessThan(1e-6 * scale);
    }
    own.close();
  });

  it.each(
    (["exact", "denoising"] as const).flatMap((loss) =>
      (["scaled", "edm"] as const).flatMap((conditioning) =>
        (["variance", "one", "edm"] as const).map((weighting) => [loss, conditioning, weighting] as const),
      ),
    ),
  )(
    "the loss is E lambda |s-hat - target|^2: %s, %s, weights %s",
    { tags: ["slow"] },
    async (loss, conditioning, weighting) => {
      const data = three();
      const options = {
        conditioning,
        loss,
        weighting,
        times: times(),
        seed: 4,
        batch: 50,
        precision: "f64",
      } as const;
      const before = await v.mlpScore(data, v.vp(), {
        ...options,
        times: v.uniformTimes({ tMin: 0.1, tMax: 0.9 }),
        steps: 0,
      });
      const after = await v.mlpScore(data, v.vp(), {
        ...options,
        times: v.uniformTimes({ tMin: 0.1, tMax: 0.9 }),
        steps: 1,
      });
      // The samples of the first step are those of a linear score of the same seed.
      const { samples } = await v.linearScore(data, v.vp(), {
        features: v.polynomialFeatures({ degree: 1 }),
        samples: 50,
        weighting,
        times: v.uniformTimes({ tMin: 0.1, tMax: 0.9 }),
        seed: 4,
      });
      const { x, x0, t, lambda } = samples;
      const { score } = await before.evaluate(x, t, ["score"]);
      const truth = (await v.exactScore(data, v.vp()).evaluate(x, t, ["score"])).score;
      let expected = 0;
      for (let n = 0; n < 50; n++) {
        const time = t[n] as number;
        for (let d = 0; d < 2; d++) {
          const i = 2 * n + d;
          const proxy = (v.vp().alpha(time) * (x0[i] as number) - (x[i] as number)) / v.vp().variance(time);
          const target = loss === "exact" ? (truth[i] as number) : proxy;
          expected += ((lambda[n] as number) * ((score[i] as number) - target) ** 2) / 50;
        }
      }
      expect((after.losses[0] as number) / expected).toBeCloseTo(1, 10);
      before.dispose();
      after.dispose();
    },
  );
});

describe("training", () => {
  it("has the bits of its seed for any thread count and block size", { tags: ["slow"] }, async () => {
    const runs: number[][][] = [];
    for (const options of [{ threads: 1 }, { threads: 2 }, { threads: 2, blockSize: 1 }]) {
      const own = await v.createEngine({ kernels: "simd", ...options });
      runs.push(await trainedParameters(own));
      own.close();
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    expect(runs[0]?.every((list) => list.every(Number.isFinite))).toBe(true);
  });

  it("by kernels in float64 and by plain TypeScript goes the same way", async () => {
    const results: Float64Array[] = [];
    for (const kernels of ["simd", "reference"] as const) {
      const own = await v.createEngine({ kernels, threads: 1 });
      const data = own.mixture([[-1], [1]], { precision: "f64" });
      const net = await v.mlpScore(data, v.ve(), {
        steps: 30,
        batch: 40,
        widths: [8, 8],
        times: times(),
        precision: "f64",
      });
      results.push(net.parameters);
      net.dispose();
      own.close();
    }
    results[0]?.forEach((value, i) => {
      expect(Math.abs(value - (results[1]?.[i] as number))).toBeLessThan(1e-9);
    });
  });

  it("finds the score of one wide point, which is linear in x: relative error below 2 %", {
    tags: ["long"],
  }, async () => {
    const data = engine.mixture([[0.5, -0.25]], { sigma0: 0.7 });
    for (const conditioning of ["scaled", "edm"] as const) {
      const net = await v.mlpScore(data, v.edm(), {
        conditioning,
        steps: 1500,
        batch: 512,
        learningRate: 3e-3,
        loss: "exact",
        times: v.logUniformTimes({ tMin: 0.1, tMax: 2 }),
      });
      const x = waves(400, 5);
      const { score } = await net.evaluate(x, 0.6, ["score"]);
      const truth = (await v.exactScore(data, v.edm()).evaluate(x, 0.6, ["score"])).score;
      let [error, size] = [0, 0];
      truth.forEach((value, i) => {
        error += (value - (score[i] as number)) ** 2;
        size += value ** 2;
      });
      expect(Math.sqrt(error / size)).toBeLessThan(0.02);
      expect(net.losses.at(-1)).toBeLessThan(0.01 * (net.losses[0] as number));
      net.dispose();
    }
  });

  it("by denoising leaves the loss that Eq. 24 says: J1 - J0 = E[lambda tr C] / 2", {
    tags: ["slow"],
  }, async () => {
    const data = three();
    const net = await v.mlpScore(data, v.edm(), { steps: 300, batch: 256, times: v.gridTimes([0.5]) });
    const found = await v.objectives(net, { times: v.gridTimes([0.5]), samples: 4000, seed: 2 });
    const { j0, j1, halfProxyVariance, identity } = found;
    expect(j0.value).toBeGreaterThan(0);
    expect(j1.value).toBeGreaterThan(halfProxyVariance.value);
    expect(Math.abs(identity.value)).toBeLessThan(standardErrors * identity.standardError);
    // Half the mean loss of the last steps' batches is J1, to their scatter.
    const last = net.losses.slice(-50);
    const mean = last.reduce((sum, value) => sum + value / 100, 0);
    const spread = Math.sqrt(last.reduce((sum, value) => sum + (value / 2 - mean) ** 2, 0) / 49 / 50);
    expect(Math.abs(j1.value - mean)).toBeLessThan(
      standardErrors * Math.hypot(spread, j1.standardError) + 0.05 * mean,
    );
    net.dispose();
  });

  it("weight decay makes weights small, coupled and decoupled", { tags: ["long"] }, async () => {
    const norms: number[] = [];
    for (const extra of [{}, { weightDecay: 0.1 }, { weightDecay: 5, decay: "decoupled" as const }]) {
      const net = await v.mlpScore(three(), v.edm(), {
        steps: 300,
        times: times(),
        learningRate: 3e-3,
        ...extra,
      });
      norms.push(net.parameters.reduce((sum, value) => sum + value * value, 0));
      net.dispose();
    }
    expect(norms[1]).toBeLessThan(0.7 * (norms[0] as number));
    expect(norms[2]).toBeLessThan(0.7 * (norms[0] as number));
  });

  it("tells how far it is, and ends when it is told to", async () => {
    const seen: number[] = [];
    const net = await v.mlpScore(three(), v.edm(), {
      steps: 5,
      times: times(),
      onProgress: ({ done, total, loss }) => {
        expect(total).toBe(5);
        expect(loss).toBeGreaterThan(0);
        seen.push(done);
      },
    });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    net.dispose();
    const controller = new AbortController();
    const before = engine.info.memoryUsed;
    let reports = 0;
    const run = v.mlpScore(three(), v.edm(), {
      steps: 1e6,
      times: times(),
      signal: controller.signal,
      onProgress: () => {
        if (++reports === 3) controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: "E_ABORT" });
    // Nothing is reported after it.
    expect(reports).toBe(3);
    expect(engine.info.memoryUsed - before).toBeLessThan(20_000);
  });

  it("that diverges says so", async () => {
    const options = {
      ...{ steps: 3000, times: times(), learningRate: 10, weightDecay: 10 },
      ...({ activation: "relu", conditioning: "scaled" } as const),
    };
    const data = engine.mixture([
      [1e18, 0],
      [-1e18, 1],
    ]);
    await expect(v.mlpScore(data, v.edm(), options)).rejects.toMatchObject({
      code: "E_NONFINITE",
      argument: "learningRate",
    });
  });
});

describe("as a field", () => {
  it("samples, and members make an ensemble with a V-kernel and an effective SDE", async () => {
    const data = three();
    const members = await Promise.all(
      [1, 2, 3].map((seed) => v.mlpScore(data, v.edm(), { steps: 50, samples: 100, times: times(), seed })),
    );
    const grid = v.logarithmic({ steps: 5, sigmaMin: 0.1, sigmaMax: 3, last: "sigmaMin" });
    const run = await v.sample(members[0] as v.MlpScore, { sampler: v.heun(), grid, count: 50, seed: 1 });
    expect(run.samples.every(Number.isFinite)).toBe(true);
    const all = v.ensemble(members);
    const V = await v.vKernel(all).trace([[0.2, 0.1]], 0.5);
    expect(V[0]).toBeGreaterThan(0);
    const effective = await v.sample(v.effectiveSde(all), { sampler: v.euler(), grid, count: 20, seed: 1 });
    expect(effective.samples.every(Number.isFinite)).toBe(true);
    for (const member of members) member.dispose();
    await expect(members[0]?.evaluate([[0, 0]], 0.5, ["score"])).rejects.toMatchObject({
      code: "E_DISPOSED",
    });
  });

  it("comes back from its file to the bit", async () => {
    const data = three();
    for (const options of trainings) {
      const net = await v.mlpScore(data, v.edm(), options);
      const again = v.loadNetwork(net.save(), data, v.edm());
      const [a, b] = await Promise.all(
        [net, again].map((one) => one.evaluate(waves(40, 1), 0.3, ["score", "posteriorMean"])),
      );
      expect(b).toEqual(a);
      expect(again.save()).toHaveLength(net.save().length);
      net.dispose();
      again.dispose();
    }
  });
});

describe("bad input", () => {
  const good = { steps: 1, times: v.gridTimes([0.5]) };
  it.each<[string, () => Promise<unknown>, string, string]>([
    ["no steps", () => v.mlpScore(three(), v.edm(), { times: good.times } as never), "E_TYPE", "steps"],
    ["no times", () => v.mlpScore(three(), v.edm(), { steps: 1 } as never), "E_TYPE", "times"],
    ["a width of 0", () => v.mlpScore(three(), v.edm(), { ...good, widths: [8, 0] }), "E_RANGE", "widths[1]"],
    [
      "widths that are a number",
      () => v.mlpScore(three(), v.edm(), { ...good, widths: 8 as never }),
      "E_TYPE",
      "widths",
    ],
    [
      "an unknown activation",
      () => v.mlpScore(three(), v.edm(), { ...good, activation: "gelu" as never }),
      "E_USAGE",
      "activation",
    ],
    [
      "a negative rate",
      () => v.mlpScore(three(), v.edm(), { ...good, learningRate: -1 }),
      "E_RANGE",
      "learningRate",
    ],
    ["a batch of 0", () => v.mlpScore(three(), v.edm(), { ...good, batch: 0 }), "E_RANGE", "batch"],
    [
      "a misspelt option",
      () => v.mlpScore(three(), v.edm(), { ...good, step: 1 } as never),
      "E_USAGE",
      "step",
    ],
    [
      "anisotropic noise",
      () => v.mlpScore(three(), v.anisotropic(v.edm(), { covariance: Float64Array.of(2, 0, 0, 1) }), good),
      "E_UNSUPPORTED",
      "process",
    ],
  ])("%s", async (_, call, code, argument) => {
    await expect((async () => call())()).rejects.toMatchObject({ code, argument });
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ["no network", () => new TextEncoder().encode("hello, I am no network"), "E_FORMAT"],
    ["nothing", () => new Uint8Array(0), "E_TRUNCATED"],
    ["a file cut short", (bytes) => bytes.slice(0, -8), "E_TRUNCATED"],
    ["one cut in its header", (bytes) => bytes.slice(0, 30), "E_TRUNCATED"],
    ["more than the file", (bytes) => Uint8Array.of(...bytes, 0), "E_FORMAT"],
    ["another version", (bytes) => bytes.map((value, i) => (i === 8 ? 2 : value)), "E_FORMAT"],
    [
      "a changed weight",
      (bytes) => bytes.map((value, i) => (i === bytes.length - 9 ? value ^ 1 : value)),
      "E_FORMAT",
    ],
    ["a changed count", (bytes) => bytes.map((value, i) => (i === 20 ? value - 1 : value)), "E_FORMAT"],
  ])("%s in place of a file", async (_, change, code) => {
    const net = await v.mlpScore(three(), v.edm(), good);
    const bytes = change(net.save());
    net.dispose();
    expect(() => v.loadNetwork(bytes, three(), v.edm())).toThrow(expect.objectContaining({ code }));
  });

  it("a network of another dimension or process", async () => {
    const net = await v.mlpScore(three(), v.edm(), good);
    const line = engine.mixture([[0], [1]]);
    expect(() => v.loadNetwork(net.save(), line, v.edm())).toThrow(
      expect.objectContaining({ code: "E_SHAPE" }),
    );
    expect(() => v.loadNetwork(net.save(), three(), v.ve())).toThrow(
      expect.objectContaining({ code: "E_USAGE" }),
    );
    expect(() => v.loadNetwork("x" as never, three(), v.ve())).toThrow(
      expect.objectContaining({ code: "E_TYPE" }),
    );
    net.dispose();
  });
});
