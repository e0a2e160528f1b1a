// How often a run looks at the score: what the statistics say, what the program contains, what a plain count says.
import {
  ancestral,
  createEngine,
  dopri5,
  dpmpp2m,
  type Engine,
  edm,
  effectiveSde,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  karras,
  loadDataSet,
  logarithmic,
  logLikelihood,
  type Mixture,
  naiveScore,
  posterior,
  predictorCorrector,
  rk4,
  type Sampler,
  type ScoreField,
  type StepEstimator,
  sample,
  times,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OpCode } from "../../../bindings/ops.js";
import type { ProgramBuilder } from "../../../src/run/programBuilder.js";
import { dormandPrince } from "../../../src/run/plain/dormandPrince.js";

const steps = 40;
const process = edm();
let engine: Engine;
let plain: Engine;
let digits: Mixture<"f32">;
let few: Mixture<"f64">;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  plain = await createEngine({ kernels: "reference" });
  const { points, dim } = await loadDataSet("digits");
  digits = engine.mixture(points, { dim });
  few = plain.mixture(
    [
      [0, 1],
      [1, -1],
      [-1, 0],
    ],
    { precision: "f64" },
  );
});
afterAll(() => {
  engine.close();
  plain.close();
});

/** The sampler, and how often its steps (not the last one, to 0) write an operation that looks at the points. */
function counted(sampler: Sampler): { sampler: Sampler; looks(): number } {
  let looks = 0;
  const codes: number[] = [OpCode.Score, OpCode.Draw, OpCode.Spread];
  return {
    looks: () => looks,
    sampler: {
      ...sampler,
      step(program, t, s) {
        const { ops } = program as ProgramBuilder;
        const first = ops.length;
        sampler.step(program, t, s);
        for (const op of ops.slice(first)) if (codes.includes(op.code)) looks++;
      },
    },
  };
}

type Field = (data: Mixture) => ScoreField | StepEstimator;
const exact: Field = (data) => exactScore(data, process);
/** Evaluations of 40 steps, the last of which goes to 0 and takes one: 39 times those of a step, plus 1. */
const expected: [string, Sampler, number, Field?][] = [
  ["euler", euler(), 40],
  ["heun", heun(), 79],
  ["heun with churn", heun({ churn: 40 }), 79],
  ["rk4", rk4(), 157],
  ["dpmpp2m", dpmpp2m(), 40],
  ["ancestral", ancestral(), 40],
  ["ancestral, eta 0", ancestral({ eta: 0 }), 40],
  ["eulerMaruyama", eulerMaruyama(), 40],
  ["posterior", posterior(), 40],
  ["predictorCorrector", predictorCorrector(), 79],
  ["predictorCorrector, 3 correctors", predictorCorrector({ correctors: 3 }), 157],
  ["naive, draws 4", euler(), 40, (data) => naiveScore(data, process, { draws: 4 })],
  ["naive, noise time", euler(), 40, (data) => naiveScore(data, process, { noiseTime: 0.1 })],
  ["effective", euler(), 40, (data) => effectiveSde(naiveScore(data, process))],
];

describe.each(expected)("%s", (_, sampler, evaluations, field = exact) => {
  it(`${evaluations} evaluations in 40 steps to 0, and one less look per step to 0 than in the statistics`, async () => {
    for (const data of [digits, few] as Mixture[]) {
      const { sampler: watched, looks } = counted(sampler);
      const run = await sample(field(data), { sampler: watched, grid: karras({ steps }), count: 3, seed: 1 });
      expect(run.stats.evaluations).toBe(evaluations);
      expect(looks()).toBe(evaluations - 1);
    }
  });

  it("without a step to 0: 40 times those of a step", async () => {
    const run = await sample(field(few), {
      sampler,
      grid: karras({ steps, last: "sigmaMin" }),
      count: 3,
    });
    expect(run.stats.evaluations).toBe(((evaluations - 1) / 39) * 40);
  });
});

describe("dopri5", () => {
  it("counts the calls of the slope: six an attempt, and one at the start of each time of the grid", () => {
    let calls = 0;
    const slope = (y: Float64Array, l: number): Float64Array => {
      calls++;
      return y.map((value) => value * Math.cos(3 * l));
    };
    const { evaluations } = dormandPrince(Float64Array.of(1, 2), slope, {
      from: 0,
      to: 3,
      rtol: 1e-9,
      atol: 1e-9,
    });
    expect(evaluations).toBe(calls);
    expect(calls % 6).toBe(1);
    expect(calls).toBeGreaterThan(60);
  });

  it("kernels and reference make the same attempts; each grid interval costs 1 + 6 k", async () => {
    const points = [
      [0, 1],
      [1, -1],
      [-1, 0],
    ];
    const data = engine.mixture(points, { precision: "f64" });
    const sampler = dopri5({ rtol: 1e-8, atol: 1e-8 });
    for (const list of [
      [10, 0.1],
      [10, 1, 0.1],
    ]) {
      for (const logDensities of [false, true]) {
        const options = { sampler, grid: times(list), count: 1, seed: 3, logLikelihood: logDensities };
        const a = await sample(exactScore(data, process), options);
        const b = await sample(exactScore(few, process), options);
        expect(a.stats.evaluations).toBe(b.stats.evaluations);
        expect((a.stats.evaluations - (list.length - 1)) % 6).toBe(0);
        const up = await logLikelihood(exactScore(data, process), a.samples, { sampler, grid: times(list) });
        expect((up.evaluations - (list.length - 1)) % 6).toBe(0);
      }
    }
    data.dispose();
  });

  it("the mean over particles", async () => {
    const sampler = dopri5({ rtol: 1e-6, atol: 1e-6 });
    const grid = logarithmic({ steps: 1, tMax: 10, tMin: 0.1 });
    const initial = Float64Array.from({ length: 10 }, (_, i) => 3 * Math.sin(i + 1));
    const all = await sample(exactScore(few, process), { sampler, grid, initial });
    let sum = 0;
    for (let i = 0; i < 5; i++) {
      const one = await sample(exactScore(few, process), {
        sampler,
        grid,
        initial: initial.subarray(2 * i, 2 * i + 2),
      });
      sum += one.stats.evaluations;
    }
    expect(all.stats.evaluations).toBe(sum / 5);
  });
});
