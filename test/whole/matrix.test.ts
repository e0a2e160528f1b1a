// Every sampler with every kind of field and every option of a run: the pair takes part in the result, or is refused by name with
// a way out. Pairs come from the registries: a sampler or a field that is not in them fails the test.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { estimatorNames } from "../../cli/options.js";
import { samplerNames } from "../../cli/samplers.js";
import { planSample, type SampleChoices } from "../../cli/plan.js";
import { estimatorTable, namesOf, samplerTable } from "../../site/state/choices.js";
import { loadData, makeDrive } from "../../site/worker/setup.js";
import * as v from "../../src/index.js";
import { abilities, type AnyField } from "../../src/sampler/abilities.js";
import { refusalOf } from "../../src/sampler/capabilities.js";
import { needsOf } from "../../src/sampler/lacks.js";
import { registry } from "../../src/sampler/registry.js";
import { stateWith } from "../site/states.js";

/** Refused of all pairs, in percent, as counted when this was written: it may fall, not rise. */
const MOST_REFUSED = 39.8;
/** The same under other noise. */
const MOST_REFUSED_ELSEWHERE = 44.2;

type Kind = (data: v.Mixture<"f64">, process: v.Process) => Promise<AnyField> | AnyField;

const timesOf = ({ end }: v.Process) => v.logUniformTimes({ tMin: 0.05, tMax: Math.min(2, end) });
const linearFit = (data: v.Mixture<"f64">, process: v.Process) =>
  v.linearScore(data, process, {
    features: v.rbfFeatures({ count: 6, seed: 2 }),
    samples: 60,
    times: timesOf(process),
    ridge: 1e-3,
  });
const ntkFit = (data: v.Mixture<"f64">, process: v.Process) =>
  v.ntkScore(data, process, { samples: 24, times: timesOf(process), ridge: 1e-3 });
const network = (data: v.Mixture<"f64">, process: v.Process, seed = 1) =>
  v.mlpScore(data, process, { widths: [6], steps: 3, batch: 8, times: timesOf(process), seed });

/** Every maker of a field that the library has, and what else may be sampled. */
const kinds: Readonly<Record<string, Kind>> = {
  exactScore: v.exactScore,
  customScore: (data, process) => v.customScore(data, process, (x) => x.map(() => 0)),
  "customScore, with its divergence": (data, process) =>
    v.customScore(data, process, (x) => x.map((value) => -0.1 * value), { divergence: () => -0.2 }),
  "by hand": (data, process) => {
    const { evaluate, evaluateSync } = v.customScore(data, process, (x) => x.map(() => 0));
    const own = v.customScore(data, process, (x) => x.map(() => 0));
    return {
      kind: "field",
      data,
      process,
      evaluate: evaluate.bind(own),
      evaluateSync: evaluateSync.bind(own),
    };
  },
  smoothedScore: (data, process) => v.smoothedScore(data, process, { width: 2 }),
  "smoothedScore, gaussian": (data, process) =>
    v.smoothedScore(data, process, { width: 2, kernel: "gaussian", count: 8 }),
  "smoothedScore, minimumNorm": (data, process) =>
    v.smoothedScore(data, process, { width: 2, kernel: "minimumNorm" }),
  piecewiseScore: (data, process) => v.piecewiseScore(data, { width: 0.4, process }),
  naiveScore: (data, process) => v.naiveScore(data, process),
  "naiveScore, noiseTime": (data, process) => v.naiveScore(data, process, { noiseTime: 0.3 }),
  "effectiveSde of naiveScore": (data, process) => v.effectiveSde(v.naiveScore(data, process)),
  linearScore: linearFit,
  "linearScore, average": async (data, process) => (await linearFit(data, process)).average,
  "effectiveSde of linearScore": async (data, process) => v.effectiveSde(await linearFit(data, process)),
  ntkScore: ntkFit,
  "ntkScore, average": async (data, process) => (await ntkFit(data, process)).average,
  mlpScore: (data, process) => network(data, process),
  loadNetwork: async (data, process) => v.loadNetwork((await network(data, process)).save(), data, process),
  ensemble: async (data, process) =>
    v.ensemble([await network(data, process, 1), await network(data, process, 2)]),
  "ensemble, average": async (data, process) =>
    v.ensemble([v.exactScore(data, process), await network(data, process, 2)]).average,
};

const grid = v.logarithmic({ steps: 3, tMin: 0.1, tMax: 2 });
const shared = { grid, count: 6, seed: 4 };
const steps = 3 * 6 * 2;

/** Options of a run beside its sampler. */
const options: Readonly<Record<string, v.SampleOptions>> = {
  none: {},
  "initial normal": { initial: "normal" },
  "initial marginal": { initial: "marginal" },
  "states given": { initial: Array.from({ length: 6 }, (_, i) => [i / 3 - 1, 0.1 * i]) },
  "record all": { record: "all" },
  "noise shared": { noise: "shared" },
  "noise given": { noise: Float64Array.from({ length: steps }, (_, i) => Math.sin(1 + i)) },
  logLikelihood: { logLikelihood: true, initial: "marginal" },
  particlesPerRealization: { particlesPerRealization: 2 },
};

let engine: v.Engine;
let data: v.Mixture<"f64">;
const process = v.edm();
const fields = new Map<string, AnyField>();
const count = { runs: 0, refused: 0 };
const elsewhere = { runs: 0, refused: 0, unmade: 0 };
const table: string[] = [];

beforeAll(async () => {
  engine = await v.createEngine({ threads: 1 });
  data = engine.mixture(
    [
      [-1, 0],
      [0, 0],
      [1.2, 0],
    ],
    { precision: "f64" },
  );
  for (const [name, make] of Object.entries(kinds)) fields.set(name, await make(data, process));
});
afterAll(() => engine?.close());

/** A result, or the refusal, which names what to do. */
async function outcome<T>(
  work: () => Promise<T> | T,
  to: { runs: number; refused: number } = count,
): Promise<T | undefined> {
  try {
    const result = await work();
    to.runs++;
    return result;
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(v.VkernelError);
    const { code, argument, expected, got } = error as v.VkernelError;
    expect(["E_USAGE", "E_UNSUPPORTED"]).toContain(code);
    expect(argument).toBeTruthy();
    expect(expected?.length).toBeGreaterThan(8);
    expect(got?.length).toBeGreaterThan(0);
    to.refused++;
    return undefined;
  }
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
};

describe("the registries are whole", () => {
  it("every sampler that the library exports is in the registry", () => {
    const found = Object.entries(v as unknown as Record<string, unknown>).flatMap(([name, make]) => {
      if (typeof make !== "function" || make.length > 1 || !/^[a-z]/.test(name)) return [];
      try {
        const made = (make as () => unknown)() as
          | (Partial<v.Sampler> & Partial<Promise<unknown>>)
          | undefined;
        made?.catch?.(() => {});
        return typeof made?.step === "function" && typeof made.takesRandom === "boolean" ? [name] : [];
      } catch {
        return [];
      }
    });
    expect(found.sort()).toEqual(Object.keys(registry).sort());
    expect([...samplerNames].sort()).toEqual(Object.keys(registry).sort());
  });

  it("every maker of a field has a row", () => {
    const makers = Object.keys(v).filter((name) =>
      /^[a-z].*Score$|^ensemble$|^loadNetwork$|^effectiveSde$/.test(name),
    );
    expect(makers.length).toBeGreaterThan(8);
    for (const name of makers) {
      expect(
        Object.keys(kinds).some((kind) => kind.startsWith(name)),
        name,
      ).toBe(true);
    }
  });

  it("what a refused sampler is replaced by takes every field that it is refused for", () => {
    for (const [name, field] of fields) {
      for (const make of Object.values(registry)) {
        const refusal = refusalOf(make(), field);
        if (refusal === undefined) continue;
        const other = needsOf((registry.ancestral as () => v.Sampler)()).length === 0;
        expect(other).toBe(true);
        expect(refusalOf((registry[refusal.instead] as () => v.Sampler)(), field), name).toBeUndefined();
        expect(refusal.reason).toBe(abilities[refusal.capability].reason);
      }
    }
  });
});

describe("sample and liveRun", () => {
  it.each(Object.keys(registry))("%s", { tags: ["long"] }, async (name) => {
    const make = registry[name] as () => v.Sampler;
    for (const [option, more] of Object.entries(options)) {
      const exact = await v
        .sample(v.exactScore(data, process), { ...shared, sampler: make(), ...more })
        .catch(() => undefined);
      const row: string[] = [];
      for (const [kind, field] of fields) {
        const run = await outcome(() =>
          v.sample(field as v.ScoreField, { ...shared, sampler: make(), ...more }),
        );
        row.push(run ? "+" : "-");
        if (run === undefined) continue;
        const same = kind === "exactScore";
        if (exact) {
          const difference = apart(run.samples, exact.samples);
          if (same) expect(difference).toBe(0);
          else expect(difference, `${name}, ${option}, ${kind}`).toBeGreaterThan(1e-3);
          if (run.likelihood && exact.likelihood && !same) {
            expect(apart(run.likelihood.divergence, exact.likelihood.divergence)).toBeGreaterThan(1e-4);
          }
        }
        if (option === "noise shared" || option === "noise given") {
          expect(run.notes.length > 0).toBe(make().noise === "none");
        }
        if (option === "record all" || option === "logLikelihood") continue;
        // A live run takes the same, and comes to the same bits.
        const live = await v.liveRun(field as v.ScoreField, { ...shared, sampler: make(), ...more });
        await live.advance(3);
        expect(apart(live.samples, run.samples)).toBe(0);
        live.dispose();
      }
      table.push(`${name.padEnd(20)} ${option.padEnd(24)} ${row.join("")}`);
    }
  });

  it("a score of your own that is the exact one ends where the exact one does, and its likelihood is the same", async () => {
    const exact = v.exactScore(data, process);
    const own = v.customScore(
      data,
      process,
      (x, t) => exact.evaluateSync([Array.from(x)], t, ["score"]).score,
      {
        divergence: (x, t) => {
          const { divergence } = exact.evaluateSync([Array.from(x)], t, ["divergence"]);
          return -(divergence[0] as number) / process.diffusion(t);
        },
      },
    );
    for (const make of Object.values(registry)) {
      if (refusalOf(make(), own)) continue;
      const likely = make().flow;
      const [a, b] = await Promise.all(
        [exact, own].map((field) => v.sample(field, { ...shared, sampler: make(), logLikelihood: likely })),
      );
      // Rounding of a few dozen slopes.
      expect(apart(a?.samples ?? [], b?.samples ?? [])).toBeLessThan(1e-9);
      if (likely)
        expect(apart(a?.likelihood?.logDensity ?? [], b?.likelihood?.logDensity ?? [])).toBeLessThan(1e-8);
    }
  });
});

describe("evaluate", () => {
  it("a quantity is the field's own, or refused: never that of the exact score", async () => {
    const x = [
      [0.3, 0.2],
      [-0.6, 0.1],
    ];
    const exact = await v.exactScore(data, process).evaluate(x, 0.4, v.quantities);
    for (const [kind, field] of fields) {
      if (field.kind !== "field" || kind === "exactScore") continue;
      for (const name of v.quantities) {
        const found = await outcome(() => field.evaluate(x, 0.4, [name]));
        if (found) expect(apart(found[name], exact[name]), `${kind}, ${name}`).toBeGreaterThan(1e-4);
      }
    }
  });
});

describe("logLikelihood", () => {
  it("of points: by the field's own divergence, or refused", async () => {
    const points = [
      [0.3, 0.2],
      [-0.6, 0.1],
    ];
    const of = (field: AnyField, name: string) =>
      v.logLikelihood(field as v.ScoreField, points, {
        sampler: (registry[name] as () => v.Sampler)(),
        grid,
        base: "marginal",
      });
    for (const name of Object.keys(registry)) {
      const exact = await of(v.exactScore(data, process), name).catch(() => undefined);
      for (const [kind, field] of fields) {
        if (field.kind !== "field") continue;
        const run = await outcome(() => of(field, name));
        if (run && exact && kind !== "exactScore") {
          expect(apart(run.logDensity, exact.logDensity), `${name}, ${kind}`).toBeGreaterThan(1e-4);
        }
      }
    }
  });
});

describe("other noise: every sampler with every field", () => {
  const other: Readonly<Record<string, v.Process>> = {
    vp: v.vp(),
    anisotropic: v.anisotropic(v.ou(), {
      covariance: [
        [1, 0.3],
        [0.3, 0.7],
      ],
    }),
  };
  // By scores that live on this noise, and by components with a width.
  it.each(Object.keys(other))("%s", { tags: ["long"] }, async (name) => {
    const noise = other[name] as v.Process;
    const wide = engine.mixture(
      [
        [-1, 0],
        [0, 0],
        [1.2, 0],
      ],
      { precision: "f64", sigma0: 0.2 },
    );
    const [tMin, tMax] = [noise.timeOfSigma(0.1), noise.timeOfSigma(1.5)];
    const schedule = { grid: v.logarithmic({ steps: 2, tMin, tMax }), count: 4, seed: 4 };
    for (const on of [data, wide]) {
      const exact = v.exactScore(on, noise);
      for (const [kind, make] of Object.entries(kinds)) {
        let field: AnyField;
        try {
          field = await make(on, noise);
        } catch (error) {
          // Scores that are made for round noise, or for points without a width, are no scores of this.
          expect(error, `${name}, ${kind}`).toMatchObject({
            code: expect.stringMatching(/E_UNSUPPORTED|E_USAGE/),
          });
          elsewhere.unmade++;
          continue;
        }
        for (const sampler of Object.keys(registry)) {
          for (const [option, more] of Object.entries({
            none: {},
            "noise shared": { noise: "shared" },
            logLikelihood: { logLikelihood: true, initial: "marginal" },
          } as const)) {
            const by = (registry[sampler] as () => v.Sampler)();
            const what = `${name}, ${sampler}, ${option}, ${kind}`;
            const run = await outcome(
              () => v.sample(field as v.ScoreField, { ...schedule, sampler: by, ...more }),
              elsewhere,
            );
            if (run === undefined) continue;
            expect(run.samples.every(Number.isFinite), what).toBe(true);
            if (kind === "exactScore") continue;
            const truth = await v.sample(exact, { ...schedule, sampler: by, ...more }).catch(() => undefined);
            if (truth) expect(apart(run.samples, truth.samples), what).toBeGreaterThan(1e-4);
          }
        }
      }
    }
    wide.dispose();
  });

  it("what is refused there has its reason, and is no more than it was", { tags: ["long"] }, () => {
    const share = (100 * elsewhere.refused) / (elsewhere.runs + elsewhere.refused);
    console.log(
      `other noise: ${elsewhere.runs} take part, ${elsewhere.refused} refused (${share.toFixed(1)} %), ${elsewhere.unmade} fields are not made`,
    );
    expect(elsewhere.runs).toBeGreaterThan(900);
    expect(share).toBeLessThanOrEqual(MOST_REFUSED_ELSEWHERE);
  });
});

describe("what else takes a field", () => {
  it("comparisons, losses, basins and captures take every kind, as it is", async () => {
    const exact = v.exactScore(data, process);
    const levels = [1.5, 0.6, 0.2];
    const run = await v.sample(exact, { ...shared, record: "all" });
    const losses = await v.scoreLosses(exact, { samples: 60, times: timesOf(process) });
    const plain = await v
      .alongRun(exact, run, ["score" as never])
      .catch((error: v.VkernelError) => error.code);
    expect(plain).toBe("E_USAGE");
    const basin = { t: 0.8, x: [-2, 2], y: [-1, 1], width: 4, height: 3 } as const;
    const cells = await v.basinMap(exact, basin);
    const captured = await v.capture(exact, run);
    for (const [kind, field] of fields) {
      if (field.kind !== "field") {
        // Randomness in a field's place is named, not averaged.
        for (const call of [
          () => v.compareFields(field as unknown as v.ScoreField, exact, { times: levels, count: 8 }),
          () => v.scoreLosses(field as unknown as v.ScoreField, { samples: 10, times: timesOf(process) }),
          () => v.basinMap(field as unknown as v.ScoreField, basin),
        ]) {
          await expect(call(), kind).rejects.toMatchObject({ code: "E_TYPE" });
        }
        continue;
      }
      const comparison = await v.compareFields(field, exact, {
        times: levels,
        count: 8,
        steps: 3,
        smoothing: false,
      });
      const errors = comparison.marginal.score.mean;
      if (kind === "exactScore") expect(Math.max(...errors)).toBe(0);
      else expect(Math.min(...errors), kind).toBeGreaterThan(1e-6);
      const own = await v.scoreLosses(field, { samples: 60, times: timesOf(process) });
      if (kind === "exactScore") expect(own.score.value).toBe(0);
      else expect(Math.abs(own.total.value - losses.total.value), kind).toBeGreaterThan(1e-6);
      const map = await v.basinMap(field, basin);
      // The piecewise score ends on the points as the exact one does.
      if (kind !== "exactScore" && kind !== "piecewiseScore")
        expect(apart(map.distance, cells.distance), kind).toBeGreaterThan(1e-6);
      // A capture looks at points and states alone, whatever drives.
      expect((await v.capture(field, run)).nearest, kind).toEqual(captured.nearest);
      // A fit that is asked elsewhere says so here too.
      if (field.fitted) {
        const beyond = await v.compareFields(field, exact, {
          times: [9, 1],
          count: 4,
          steps: 2,
          smoothing: false,
        });
        expect(beyond.notes[0], kind).toMatch(/is asked for t = 9/);
        expect((await v.basinMap(field, { ...basin, t: 9 })).notes[0], kind).toMatch(/is asked for t = 9/);
      }
    }
  });
});

describe("a fit says where it was fitted", () => {
  it("a run beyond says so, one by default stays within", async () => {
    for (const kind of [
      "linearScore",
      "linearScore, average",
      "ntkScore, average",
      "mlpScore",
      "loadNetwork",
      "ensemble",
    ]) {
      const field = fields.get(kind) as v.ScoreField;
      const far = v.karras({ steps: 3, sigmaMax: 80 });
      const { notes } = await v.sample(field, { sampler: v.euler(), grid: far, count: 2 });
      expect(notes[0], kind).toMatch(
        /^the field was fitted on t in \[.*\] and is asked for t = 80: .* tMax .* \(--t-max/,
      );
      const near = await v.sample(field, { count: 2 });
      expect(near.notes).toEqual([]);
      expect(near.times[0]).toBeLessThanOrEqual(2 * (1 + 1e-9));
    }
    const exact = await v.sample(v.exactScore(data, process), { count: 2 });
    expect(exact.notes).toEqual([]);
    expect(exact.times[0]).toBeCloseTo(80, 9);
  });
});

describe("the command line and the page decide alike", () => {
  it("every --estimator with every --sampler, with and without --likelihood", async () => {
    const plane = engine.mixture(
      [
        [-1, 0],
        [0, 0.3],
        [1, 0],
      ],
      { precision: "f64" },
    );
    const choices: Readonly<Record<string, object>> = {
      smoothed: { width: 0.4 },
      piecewise: { width: 0.3 },
      linear: { features: "polynomial", fitSamples: 50 },
      ntk: { fitSamples: 16, ridge: 1e-3 },
    };
    const saved = (await network(plane as v.Mixture<"f64">, process)).save();
    const networks = ["a.vkn", "b.vkn"].map((name) => ({ name, bytes: saved }));
    for (const estimator of estimatorNames) {
      const on = estimator === "piecewise" ? data : plane;
      for (const sampler of samplerNames) {
        for (const likelihood of [false, true]) {
          const given = {
            estimator,
            sampler,
            steps: 3,
            last: "sigmaMin",
            ...choices[estimator],
            ...(estimator === "network" && { network: "a" }),
          } as SampleChoices;
          try {
            const plan = await planSample(on, given, { likelihood, networks });
            count.runs++;
            expect(refusalOf(plan.options.sampler, plan.field)).toBeUndefined();
          } catch (error) {
            expect(String(error)).toMatch(/--(sampler|likelihood) /);
            count.refused++;
          }
        }
      }
    }
  });

  it("a sampler that a fit cannot serve is refused before the fit is made", async () => {
    const plane = engine.mixture(
      [
        [-1, 0],
        [0, 0.3],
        [1, 0],
      ],
      { precision: "f64" },
    );
    for (const [estimator, more, words] of [
      ["linear", {}, { sampler: "posterior" }],
      ["linear", { realization: "average" }, { sampler: "posterior" }],
      ["ntk", {}, { sampler: "posterior" }],
      ["linear", {}, { likelihood: true }],
      ["ntk", { realization: "fit" }, { sampler: "eulerMaruyama", likelihood: true }],
      ["ntk", { effective: "literal" }, {}],
      ["linear", { realization: "average", perRealization: 3 }, {}],
      ["ntk", { noise: "shared" }, { sampler: "predictorCorrector" }],
      ["ntk", {}, { likelihood: true, realization: "average", last: "zero" }],
    ] as const) {
      // A fit to so many samples is refused by itself, and so would be the first thing to be said.
      const { likelihood = false, ...chosen } = words as SampleChoices & { likelihood?: boolean };
      const base: object = { estimator, steps: 3, fitSamples: 1e9, last: "sigmaMin" };
      const given: SampleChoices = { ...base, ...(more as object), ...chosen };
      const error = await planSample(plane, given, { likelihood }).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(String(error), JSON.stringify([estimator, more, words])).toMatch(
        /--(sampler|likelihood|effective|per-realization|noise) /,
      );
    }
    const { message } = (await planSample(plane, {
      estimator: "ntk",
      ...({ fitSamples: 1e9 } as object),
    }).catch((error: unknown) => error)) as Error;
    expect(message).toMatch(/samples/);
    plane.dispose();
  });

  it("the page runs another sampler, and says so, just where the library refuses", async () => {
    for (const estimator of namesOf(estimatorTable)) {
      for (const sampler of namesOf(samplerTable)) {
        const { view } = stateWith({ estimator, sampler, set: "line", process: "ve", steps: 4 });
        const points = await loadData(engine, view);
        const drive = await makeDrive(points, view);
        expect(refusalOf(drive.sampler, drive.field)).toBeUndefined();
        const kept = drive.recipe.sampler.name === sampler;
        expect(drive.notices.some((notice) => /runs instead/.test(notice))).toBe(!kept);
        count[kept ? "runs" : "refused"]++;
        points.dispose();
      }
    }
  });

  it("prints the table; refusals are no more than they were", { tags: ["long"] }, () => {
    const share = (100 * count.refused) / (count.runs + count.refused);
    const heads = [...fields.keys()].map((name, i) => `${String(i + 1).padStart(2)} ${name}`);
    console.log(
      `${heads.join("\n")}\n\n${table.join("\n")}\n\n${count.runs} take part, ${count.refused} refused (${share.toFixed(1)} %)`,
    );
    expect(count.runs).toBeGreaterThan(1000);
    expect(share).toBeLessThanOrEqual(MOST_REFUSED);
  });
});
