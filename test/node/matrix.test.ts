// Every sampler with every kind of field and every option of a run: the pair takes part in the result, or is refused by name with
// a way out. Pairs come from the registries: a sampler or a field that is not in them fails the test.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { estimatorNames } from "../../cli/estimators.js";
import { planSample, type SampleChoices } from "../../cli/plan.js";
import { samplerNames } from "../../cli/tables.js";
import { estimators as pageEstimators, samplers as pageSamplers } from "../../site/state/state.js";
import { loadData, makeDrive } from "../../site/worker/setup.js";
import * as v from "../../src/index.js";
import { abilities, type AnyField } from "../../src/sampler/abilities.js";
import { needsOf, refusalOf } from "../../src/sampler/capabilities.js";
import { registry } from "../../src/sampler/registry.js";
import { stateWith } from "../site/states.js";

/** Refused of all pairs, in percent, as counted when this was written: it may fall, not rise. */
const MOST_REFUSED = 41.9;

type Kind = (data: v.Mixture<"f64">, process: v.Process) => Promise<AnyField> | AnyField;

const times = v.logUniformTimes({ tMin: 0.05, tMax: 2 });
const linearFit = (data: v.Mixture<"f64">, process: v.Process) =>
  v.linearScore(data, process, {
    features: v.rbfFeatures({ count: 6, seed: 2 }),
    samples: 60,
    times,
    ridge: 1e-3,
  });
const ntkFit = (data: v.Mixture<"f64">, process: v.Process) =>
  v.ntkScore(data, process, { samples: 24, times, ridge: 1e-3 });
const network = (data: v.Mixture<"f64">, process: v.Process, seed = 1) =>
  v.mlpScore(data, process, { widths: [6], steps: 3, batch: 8, times, seed });

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
  "naiveScore, kappa": (data, process) => v.naiveScore(data, process, { kappa: 0.3 }),
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
async function outcome<T>(work: () => Promise<T> | T): Promise<T | undefined> {
  try {
    const result = await work();
    count.runs++;
    return result;
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(v.VkernelError);
    const { code, argument, expected, got } = error as v.VkernelError;
    expect(["E_USAGE", "E_UNSUPPORTED"]).toContain(code);
    expect(argument).toBeTruthy();
    expect(expected?.length).toBeGreaterThan(8);
    expect(got?.length).toBeGreaterThan(0);
    count.refused++;
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
  it.each(Object.keys(registry))("%s", async (name) => {
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

  it("the page runs another sampler, and says so, just where the library refuses", async () => {
    for (const estimator of pageEstimators) {
      for (const sampler of pageSamplers) {
        const { view } = stateWith({ estimator, sampler, set: "line", process: "ve", steps: 4 });
        const points = await loadData(engine, view);
        const drive = await makeDrive(points, view);
        expect(refusalOf(drive.sampler, drive.field)).toBeUndefined();
        const kept = drive.plan.sampler === sampler;
        expect(drive.notices.some((notice) => /runs instead/.test(notice))).toBe(!kept);
        count[kept ? "runs" : "refused"]++;
        points.dispose();
      }
    }
  });

  it("prints the table; refusals are no more than they were", () => {
    const share = (100 * count.refused) / (count.runs + count.refused);
    const heads = [...fields.keys()].map((name, i) => `${String(i + 1).padStart(2)} ${name}`);
    console.log(
      `${heads.join("\n")}\n\n${table.join("\n")}\n\n${count.runs} take part, ${count.refused} refused (${share.toFixed(1)} %)`,
    );
    expect(count.runs).toBeGreaterThan(1000);
    expect(share).toBeLessThanOrEqual(MOST_REFUSED);
  });
});
