// The conformance suite itself: right samplers pass, each wrong one is caught, and the tables of docs/samplers.md are its own.
//
// False alarms: all seeds are fixed. A report has five statistical tests (chi-square, Kolmogorov-Smirnov, spread), each with
// a false-alarm rate of 1e-8 or less (`rareP`, `spreadErrors`); the reports below have 80 of them, so 1e-6 in all. Orders of the
// flow and of mean and variance have no statistical error.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  ancestral,
  createEngine,
  dopri5,
  dpmpp2m,
  euler,
  eulerMaruyama,
  heun,
  karras,
  posterior,
  predictorCorrector,
  rk4,
  type Sampler,
  sample,
  times,
} from "../../../src/index.js";
import {
  type AnySampler,
  type ConformanceOptions,
  type ConformanceReport,
  conformance,
  formatConformance,
  type SampleFunction,
  type StepSampler,
  type StepState,
} from "../../../src/conformance/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programMoments } from "../../../src/conformance/moments.js";
import { measure } from "../../../src/conformance/order.js";
import { drawMarginal, logLevels, single, smooth } from "../../../src/conformance/problems.js";
import { normalCdf, upperGamma } from "../../../src/numeric/special.js";
import { chiSquare, fitLine, kolmogorov, wasserstein } from "../../../src/numeric/statistics.js";
import { abortedAfter } from "../../shared/turns.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** A script, without types. */
const tables = await import(`${root}/scripts/samplers-table.js`);

let engine: Awaited<ReturnType<typeof createEngine>>;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

/** Half the particles of the default: enough for every mistake below. */
const quick = { seed: 3, particles: 4096, budgets: [10, 20] } satisfies ConformanceOptions;
const report = (sampler: AnySampler, options: ConformanceOptions = {}) =>
  conformance(sampler, { ...quick, ...options });
const faults = ({ findings }: ConformanceReport) =>
  findings.filter(({ level }) => level === "fault").map(({ code }) => code);

// Samplers as a user would write them, by the formulas of k-diffusion.

const eulerStep = ({ x, t, s, denoise }: StepState): Float64Array => {
  const d = denoise(x, t);
  return x.map((v, i) => v + ((s - t) / t) * (v - (d[i] as number)));
};

/** sample_euler_ancestral, its noise times `scale`. */
const ancestralStep = (scale: number): StepSampler => ({
  step({ x, t, s, denoise, normal }) {
    const up = Math.sqrt((s ** 2 * (t ** 2 - s ** 2)) / t ** 2);
    const down = Math.sqrt(s ** 2 - up ** 2);
    const d = denoise(x, t);
    const z = normal();
    return x.map((v, i) => v + ((v - (d[i] as number)) / t) * (down - t) + scale * up * (z[i] as number));
  },
});

/** sample_dpmpp_2m */
const kDpmpp2m: SampleFunction = (denoise, start, sigmas) => {
  let x = start;
  let old: Float64Array | undefined;
  const at = (i: number) => sigmas[i] as number;
  for (let i = 0; i + 1 < sigmas.length; i++) {
    const denoised = denoise(x, at(i));
    const h = Math.log(at(i)) - Math.log(at(i + 1));
    let used = denoised;
    if (old !== undefined && at(i + 1) > 0) {
      const r = (Math.log(at(i - 1)) - Math.log(at(i))) / h;
      used = denoised.map(
        (v, j) => (1 + 1 / (2 * r)) * v - (1 / (2 * r)) * ((old as Float64Array)[j] as number),
      );
    }
    x = x.map((v, j) => (at(i + 1) / at(i)) * v - Math.expm1(-h) * (used[j] as number));
    old = denoised;
  }
  return x;
};

describe("right samplers pass", () => {
  const ours: [string, Sampler, number | "exact" | undefined][] = [
    ["euler", euler(), 1],
    ["heun", heun(), 2],
    ["rk4", rk4(), 4],
    ["dpmpp2m", dpmpp2m(), 2],
    ["dopri5", dopri5(), undefined],
    ["ancestral, eta 1", ancestral(), 1],
    ["ancestral, eta 0.5", ancestral({ eta: 0.5 }), 1],
    ["ancestral, eta 0", ancestral({ eta: 0 }), 1],
    ["eulerMaruyama", eulerMaruyama(), 1],
    ["heun with churn", heun({ churn: 10 }), 2],
    ["posterior", posterior(), "exact"],
  ];
  it.each(ours)("%s", { tags: ["long"] }, async (_, sampler, order) => {
    const found = await report(sampler);
    expect(found.findings.filter(({ level }) => level === "fault")).toEqual([]);
    expect(found.passed).toBe(true);
    expect(found.stochastic).toBe(sampler.noise !== "none");
    const [first] = found.order?.measured ?? [];
    if (order === "exact") expect(first?.exact).toBe(true);
    else if (order === undefined) expect(first).toBeUndefined();
    // Within 0.05: the finest slopes of all of them are nearer to their limit than 0.03.
    else expect(Math.abs((first?.order as number) - order)).toBeLessThan(0.05);
    expect(first?.method ?? "exact").toBe("exact");
    expect(found.bias).toHaveLength(sampler.adaptive ? 1 : 2);
    // Plain data: nothing is lost as JSON.
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(formatConformance(found)).toContain(": passed");
  });

  const written: [string, AnySampler, ConformanceOptions][] = [
    ["euler, one step", { name: "mine", step: eulerStep }, { order: 1 }],
    ["euler ancestral, one step", ancestralStep(1), { order: 1 }],
    ["dpmpp 2m, a whole run", kDpmpp2m, { order: 2 }],
    [
      "dpmpp 2m, in an object, asynchronous",
      { sample: async (...all) => await kDpmpp2m(...all) },
      { order: 2 },
    ],
  ];
  it.each(written)("written by hand: %s", { tags: ["slow"] }, async (_, sampler, options) => {
    expect(faults(await report(sampler, options))).toEqual([]);
  });

  it("the same report for a sampler of vkernel and for the same steps by hand", {
    tags: ["long"],
  }, async () => {
    const strip = ({ name: _, ...rest }: ConformanceReport) => rest;
    const [mine, own] = [await report({ step: eulerStep }, { order: 1 }), await report(euler())];
    const numbers = (found: ConformanceReport) => found.order?.measured[0]?.errors as number[];
    // Roundings differ: 1e-12 of states of order 1 after hundreds of steps.
    for (const [i, e] of numbers(mine).entries()) {
      expect(Math.abs(e - (numbers(own)[i] as number))).toBeLessThan(1e-12);
    }
    expect(strip(mine).law?.atoms).toEqual(strip(own).law?.atoms);
    expect(mine.bias?.map((b) => b.evaluations)).toEqual([10, 20]);
  });

  it("the same seed gives the same report, another seed another one", { tags: ["long"] }, async () => {
    const of = async (seed: number) => JSON.stringify(await report(ancestralStep(1), { seed }));
    const one = await of(5);
    expect(await of(5)).toBe(one);
    expect(await of(6)).not.toBe(one);
  });
});

describe("predictorCorrector has a limit of its own", () => {
  it("is said not to converge, and nothing else", { tags: ["slow"] }, async () => {
    expect(faults(await report(predictorCorrector()))).toEqual(["no-convergence"]);
    // Without the Langevin step it is its predictor.
    expect(faults(await report(predictorCorrector({ correctors: 0 })))).toEqual([]);
  });

  it.each([0.16, 0.3, 0.5])("whose variance is V / (1 - snr^2 S / V): snr %d", (snr) => {
    // x + e s + sqrt(2 e) eps keeps the variance V / (1 - e / (2 V)), with e = 2 snr^2 S.
    const problem = single(engine);
    const V = 0.5 ** 2 + 0.25 ** 2;
    const limit = 1 / (1 - (snr ** 2 * 0.25 ** 2) / V) - 1;
    const excess = (steps: number, correctors: number) => {
      const start = { mean: 0.7, variance: 0.5 ** 2 + 4 };
      const sampler = predictorCorrector({ snr, correctors });
      return programMoments(sampler, problem, logLevels(2, 0.25, steps), start).variance / V - 1;
    };
    // 1,000 Langevin steps forget (1 - 2 snr^2 S / V)^2000 of what they start from: 1e-9 at snr 0.16.
    expect(Math.abs(excess(1, 1000) - limit)).toBeLessThan(1e-8);
    // So do many levels with one step each; at 512 what is left is a tenth of it.
    expect(Math.abs(excess(512, 1) / limit - 1)).toBeLessThan(0.15);
  });
});

describe("wrong samplers are caught", () => {
  const step = (work: (state: StepState) => Float64Array): StepSampler => ({ step: work });
  const wrong: [string, AnySampler, ConformanceOptions, readonly string[]][] = [
    ["noise one percent too small", ancestralStep(0.99), { order: 1 }, ["no-convergence"]],
    ["noise one percent too large", ancestralStep(1.01), { order: 1 }, ["no-convergence"]],
    ["Euler said to be of order 2", { step: eulerStep }, { order: 2 }, ["order"]],
    [
      "a wrong sign",
      step((state) => eulerStep(state).map((v, i) => 2 * (state.x[i] as number) - v)),
      {},
      ["no-convergence", "between", "unstable", "last-step"],
    ],
    ["NaN", step(({ x }) => x.map(() => Number.NaN)), {}, ["not-finite"]],
    [
      "NaN at few steps only",
      step((state) => eulerStep(state).map((v) => (state.t > 8 * state.s && state.s > 0 ? Number.NaN : v))),
      {},
      ["unstable"],
    ],
    [
      "the last step left out",
      (denoise, start, sigmas) => {
        let x = start;
        for (let i = 0; i + 2 < sigmas.length; i++) {
          x = eulerStep({ x, t: sigmas[i], s: sigmas[i + 1], denoise } as StepState);
        }
        return x;
      },
      { order: 1 },
      ["last-step"],
    ],
    [
      "the score of the level before",
      step((state) => {
        const d = state.denoise(state.x, state.t * 1.1);
        return state.x.map((v, i) => v + ((state.s - state.t) / state.t) * (v - (d[i] as number)));
      }),
      { order: 1 },
      ["no-convergence"],
    ],
    [
      "noise of another law, a tenth too small",
      step((state) => {
        const signs = state.normal().map((z) => Math.sign(z));
        return ancestralStep(0.9).step({ ...state, normal: () => signs }) as Float64Array;
      }),
      { order: 1 },
      ["no-convergence"],
    ],
    ["a shape", step(({ x }) => x.subarray(1)), {}, ["shape"]],
    ["nothing", step(() => undefined as unknown as Float64Array), {}, ["shape"]],
    [
      "a query that is no table",
      (denoise, x) => {
        denoise(x.subarray(1), 1);
        return x;
      },
      {},
      ["shape"],
    ],
    ["a query at sigma 0", (denoise, x) => denoise(x, 0), {}, ["not-finite"]],
    [
      "an exception",
      () => {
        throw new Error("out of order");
      },
      {},
      ["throws"],
    ],
    [
      "a promise that stays open",
      () => new Promise<never>(() => undefined),
      { timeLimit: 0.2 },
      ["time-limit"],
    ],
    [
      "a loop without end",
      (denoise, x) => {
        for (;;) denoise(x, 1);
      },
      { timeLimit: 0.2 },
      ["time-limit"],
    ],
  ];
  it.each(wrong)("%s", { tags: ["long"] }, async (_, sampler, options, expected) => {
    const found = await report(sampler, options);
    expect(found.passed).toBe(false);
    expect(faults(found)).toEqual(expect.arrayContaining([...expected]));
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(formatConformance(found)).toContain("FAILED");
  });

  it("noise one percent too small is measured: two percent of the variance that noise makes", {
    tags: ["long"],
  }, async () => {
    const found = await report(ancestralStep(0.99), { order: 1 });
    const [weak] = found.order?.measured ?? [];
    // Extrapolated from 256 and 512 steps; 1 - 0.99^2 = 0.0199 of what is noise, nearly all of the variance here.
    const [a, b] = (weak?.errors ?? []).slice(-2) as [number, number];
    expect(2 * b - a).toBeGreaterThan(0.017);
    expect(2 * b - a).toBeLessThan(0.0199);
  });

  it("randomness from elsewhere is noted, and its error is found from samples", {
    tags: ["long"],
  }, async () => {
    // A generator of the test: a Weyl sequence and a mixing function. (A linear congruential one, whose neighbours are
    // correlated, gets the occupancies wrong and is found out.)
    let weyl = 1;
    const mixed = () => {
      weyl = (weyl + 0x6d2b79f5) >>> 0;
      let z = Math.imul(weyl ^ (weyl >>> 15), weyl | 1);
      z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
      return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
    };
    let congruential = 1;
    const correlated = () => {
      congruential = (Math.imul(congruential, 1664525) + 1013904223) >>> 0;
      return (congruential + 0.5) / 2 ** 32;
    };
    const own = (scale: number, uniform = mixed): StepSampler => ({
      step(state) {
        const z = state.x.map(() => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
        return ancestralStep(scale).step({ ...state, normal: () => z }) as Float64Array;
      },
    });
    const [right, wrong] = [await report(own(1), { order: 1 }), await report(own(0.7), { order: 1 })];
    expect(right.findings.map(({ code }) => code)).toContain("not-reproducible");
    expect(right.order?.measured[0]?.method).toBe("sampled");
    expect(faults(right)).toEqual([]);
    expect(faults(wrong)).toEqual(expect.arrayContaining(["no-convergence", "spread"]));
    expect(faults(await report(own(1, correlated), { order: 1 }))).toContain("occupancy");
  });
});

describe("arguments", () => {
  it.each([
    ["sampler", () => conformance(undefined as never), "E_TYPE"],
    ["sampler", () => conformance({} as never), "E_TYPE"],
    ["sampler", () => conformance({ step: eulerStep, sample: kDpmpp2m } as never), "E_TYPE"],
    ["sampel", () => conformance(euler(), { sampel: 1 } as never), "E_USAGE"],
    ["seed", () => conformance(euler(), { seed: -1 }), "E_RANGE"],
    ["particles", () => conformance(euler(), { particles: 10 }), "E_RANGE"],
    ["budgets[1]", () => conformance(euler(), { budgets: [10, 5] }), "E_RANGE"],
    ["budgets", () => conformance(euler(), { budgets: 5 as never }), "E_TYPE"],
    ["order", () => conformance(euler(), { order: 0 }), "E_RANGE"],
    ["stochastic", () => conformance(euler(), { stochastic: 1 as never }), "E_TYPE"],
    ["name", () => conformance(euler(), { name: 1 as never }), "E_TYPE"],
    ["timeLimit", () => conformance(euler(), { timeLimit: 0 }), "E_RANGE"],
    ["signal", () => conformance(euler(), { signal: {} as never }), "E_TYPE"],
  ])("%s", async (argument, call, code) => {
    await expect(call()).rejects.toMatchObject({ code, argument });
  });

  it("a signal stops it: before, between steps, while it waits", { tags: ["slow"] }, async () => {
    await expect(report(euler(), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "E_ABORT" });
    for (const sampler of [{ step: eulerStep }, () => new Promise<never>(() => undefined)] as AnySampler[]) {
      const { code } = await abortedAfter(3, (signal) => report(sampler, { signal }));
      expect(code).toBe("E_ABORT");
    }
  });

  it("progress goes to its end", { tags: ["long"] }, async () => {
    const seen: number[] = [];
    await report(euler(), { onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
  });
});

describe("its statistics", () => {
  it("distribution functions", () => {
    // Q(1/2, z^2 / 2) is the mass beyond both z and -z; chi-square with two degrees is exp(-x / 2).
    for (const z of [0.3, 0.7, 1.9, 2.5, 5, 6]) {
      expect(Math.abs(normalCdf(-z) / (0.5 * upperGamma(0.5, 0.5 * z * z)) - 1)).toBeLessThan(1e-14);
    }
    for (const x of [0.1, 1, 5, 30, 200]) {
      expect(Math.abs(upperGamma(1, x) / Math.exp(-x) - 1)).toBeLessThan(4e-15);
      expect(Math.abs(upperGamma(2, x) / (Math.exp(-x) * (1 + x)) - 1)).toBeLessThan(4e-15);
    }
    const { statistic, degrees, p } = chiSquare([60, 30, 10], [50, 30, 20]);
    expect([statistic, degrees]).toEqual([7, 2]);
    expect(Math.abs(p - Math.exp(-3.5))).toBeLessThan(1e-12);
  });

  it("distances and slopes", () => {
    expect(kolmogorov(Float64Array.of(0.25, 0.5), (z) => z).distance).toBe(0.5);
    // Half the mass moves by 1, a quarter by 2.
    expect(
      wasserstein(Float64Array.of(0, 0, 1, 3), Float64Array.of(0, 1), Float64Array.of(0.5, 0.5)),
    ).toBeCloseTo(0.5, 14);
    const fit = fitLine([0, 1, 2], [1, 3, 5]);
    expect([fit.slope, fit.standardError]).toEqual([2, 0]);
  });

  it("the order of errors, down to rounding", () => {
    const steps = [4, 8, 16, 32, 64, 128, 256, 512];
    const of = (error: (n: number) => number) => measure("flow", steps, steps.map(error), null);
    expect(of((n) => 3 / n ** 2).order).toBeCloseTo(2, 12);
    // Order 5 with rounding at 1e-13: the finest steps do not count.
    const five = of((n) => n ** -5 + 1e-13);
    expect(Math.abs((five.order as number) - 5)).toBeLessThan(0.01);
    expect(five.used.at(-1)).toBe(128);
    // A second order that only shows at small steps.
    expect(Math.abs((of((n) => 1 / n ** 2 + 50 / n ** 4).order as number) - 2)).toBeLessThan(0.05);
    expect(of(() => 1e-14).exact).toBe(true);
    expect(Math.abs(of((n) => 0.02 + 1 / n ** 3).order as number)).toBeLessThan(0.01);
  });

  it("exact moments agree with a run of many particles", { tags: ["slow"] }, async () => {
    // For every sampler that is read from its program; 2^17 numbers: standard errors sqrt(2 / n) of the variance.
    const problem = single(engine);
    const levels = logLevels(2, 0.25, 6);
    const count = 2 ** 17;
    const start = drawMarginal(problem, 2, count, 9);
    for (const sampler of [posterior(), heun({ churn: 10 }), predictorCorrector()]) {
      const { mean, variance } = programMoments(sampler, problem, levels, { mean: 0.7, variance: 4.25 });
      const run = await sample(problem.field, { sampler, grid: times(levels), initial: start, seed: 9 });
      const m = run.samples.reduce((a, b) => a + b, 0) / count;
      const v = run.samples.reduce((a, b) => a + (b - m) ** 2, 0) / count;
      // 5.7 standard errors: a false alarm in 1e8.
      expect(Math.abs(m - mean)).toBeLessThan(5.7 * Math.sqrt(variance / count));
      expect(Math.abs(v / variance - 1)).toBeLessThan(5.7 * Math.sqrt(2 / count));
    }
  });
});

describe("names across libraries: what docs/samplers.md says is the same", () => {
  it.each([1, 0.5, 0])("k-diffusion's ancestral step is ancestral({ eta }) on edm: eta %d", async (eta) => {
    const problem = smooth(engine);
    const sigmas = karras({ steps: 12, sigmaMin: 0.1, last: "sigmaMin" }).times(problem.field.process);
    const start = drawMarginal(problem, 80, 32, 4);
    const noise = drawMarginal(problem, 1, 32 * 12, 5);
    let x = start;
    for (let i = 0; i < 12; i++) {
      const [from, to] = [sigmas[i] as number, sigmas[i + 1] as number];
      const up = Math.min(to, eta * Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2));
      const down = Math.sqrt(to ** 2 - up ** 2);
      const d = problem.field.evaluateSync(x, from, ["posteriorMean"]).posteriorMean;
      x = x.map(
        (v, j) => v + ((v - (d[j] as number)) / from) * (down - from) + up * (noise[i * 64 + j] as number),
      );
    }
    const options = { grid: times(sigmas), initial: start, ...(eta > 0 && { noise }) };
    const { samples } = await sample(problem.field, { sampler: ancestral({ eta }), ...options });
    // States from 80 down: 12 steps of roundings of 1e-14.
    for (let j = 0; j < x.length; j++) {
      expect(Math.abs((samples[j] as number) - (x[j] as number))).toBeLessThan(1e-11);
    }
  });
});

describe("docs/samplers.md", () => {
  const page = readFileSync(`${root}/docs/samplers.md`, "utf8");
  /** Markdown's cells without their padding. */
  const rowsOf = (text: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) =>
        line
          .slice(2, -2)
          .split("|")
          .map((cell) => cell.trim())
          .join("|"),
      );

  it("has every example sampler-*.js word for word", () => {
    const blocks = Array.from(page.matchAll(/```js\n([\s\S]*?)```/g), (match) => match[1]);
    const names = Array.from(page.matchAll(/\(\.\.\/(examples\/sampler-[\w-]+\.js)\)/g), (match) => match[1]);
    expect(names.length).toBe(blocks.length);
    expect(names.length).toBeGreaterThanOrEqual(9);
    for (const [i, name] of names.entries()) {
      expect(blocks[i]).toBe(readFileSync(`${root}/${name}`, "utf8"));
    }
  });

  it("has the orders that are measured", { tags: ["long"] }, async () => {
    const rows = rowsOf(page);
    for (const entry of tables.samplers) {
      expect(rows).toContain((await tables.orderRow(engine, entry)).join("|"));
    }
  });

  it("has the errors that are measured on the hexagon", { tags: ["long"] }, async () => {
    const rows = rowsOf(page);
    const ground = await tables.polygonGround(engine);
    for (const entry of tables.samplers) {
      if (!["euler()", "heun()", "ancestral()"].includes(entry.text)) continue;
      const list = await tables.biasOfEntry(ground, entry);
      expect(rows).toContain(tables.lawRow(entry, list).join("|"));
      if (entry.sampler.noise !== "none") continue;
      expect(rows).toContain(tables.flowRow(entry, list).join("|"));
      expect(rows).toContain(tables.elsewhereRow(entry, list).join("|"));
    }
  });
});
