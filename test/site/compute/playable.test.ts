// What a view runs: every estimator with every sampler on every process, on the ground of each tab. What the chosen ones cannot
// do together is said; what is exported is what runs, for the program is executed up to its run.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as v from "vkernel";
import type { Ground } from "../../../site/compute/ground.js";
import { processOf } from "../../../site/compute/make.js";
import { type Playable, playable } from "../../../site/compute/playable.js";
import { samplerOf, samplerRecipe } from "../../../site/compute/samplers.js";
import { averageOf } from "../../../site/compute/smoothing.js";
import { codeOf } from "../../../site/export/code.js";
import {
  type EstimatorName,
  estimatorTable,
  gridTable,
  namesOf,
  processTable,
  type SamplerName,
  samplerTable,
} from "../../../site/state/choices.js";
import type { View } from "../../../site/state/state.js";
import { lineProblem, lineRun } from "../../../site/worker/line.js";
import { type Drive, loadData, makeDrive } from "../../../site/worker/setup.js";
import { stateWith } from "../states.js";

let engine: v.Engine;
beforeAll(async () => {
  engine = await v.createEngine({ threads: 1 });
});
afterAll(() => engine?.close());

const estimators = namesOf(estimatorTable);
const samplers = namesOf(samplerTable);
const processes = namesOf(processTable);

/** What the library's field of each estimator looks like from outside. */
const looksLike: Readonly<Record<EstimatorName, (view: View) => object>> = {
  exact: () => ({ kind: "field" }),
  kde: () => ({ kind: "field" }),
  smoothed: () => ({ kind: "field" }),
  piecewise: () => ({ kind: "field" }),
  naive: ({ draws }) => ({ kind: "step", randomness: { draws } }),
  noiseTime: ({ noiseTime }) => ({ kind: "step", randomness: { noiseTime } }),
  effective: () => ({ kind: "step" }),
};

/** A view's choices run as they are, or a notice says what does instead; and what runs is what its recipe says. */
async function expectSaid(view: View, run: Playable<v.Precision>): Promise<void> {
  const { recipe, field, sampler, notices } = run;
  const what = JSON.stringify([view.set, view.process, view.estimator, view.sampler]);
  const chosen = await samplerOf(samplerRecipe(view.sampler));
  const refused = v.refusalOf(chosen, field) !== undefined;
  expect(v.refusalOf(sampler, field), what).toBeUndefined();
  expect(recipe.sampler.name !== view.sampler, what).toBe(refused);
  expect(
    notices.some((text) => / does not go with this score: .* runs instead\.$/.test(text)),
    what,
  ).toBe(refused);
  expect(sampler.name, what).toBe(recipe.sampler.by);
  expect(sampler.parameters, what).toMatchObject(recipe.sampler.options ?? {});
  expect(field, what).toMatchObject(looksLike[recipe.estimator](view));
  const other = recipe.estimator !== view.estimator;
  const says = /: the (smoothed|exact) score runs( instead)?\.$/;
  expect(
    notices.some((text) => says.test(text)),
    what,
  ).toBe(other);
  if (other) expect(notices.find((text) => says.test(text))).toContain(`the ${recipe.estimator} score`);
}

/** Ones of the plane, of a line, of one point, with each way of giving a width. */
const views: readonly Partial<View>[] = [
  { set: "polygon", tau: "tied" },
  { set: "polygon", tau: 0.58, draws: 3, grid: "squareRoot" },
  { set: "four", tau: "tied", smoothingKappa: 0.7 },
  { set: "line", tau: 0.3, noiseTime: 0.37, epsilon: 0.5 },
  { set: "own", points: [0.25, -1], tau: "tied" },
];

describe.each(views)("the stage: %o", (more) => {
  it.each(processes)("%s", async (process) => {
    for (const estimator of estimators) {
      for (const sampler of samplers) {
        const { view } = stateWith({ ...more, process, estimator, sampler, steps: 5, particles: 40 });
        const data = await loadData(engine, view);
        const drive = await makeDrive(data, view);
        await expectSaid(view, drive);
        await expectSame(await executed(view, drive, data.points), drive, view);
        data.dispose();
      }
    }
  });
});

it("a piecewise score that holds below a time starts there, and says so", async () => {
  const { view } = stateWith({ set: "four", process: "ve", estimator: "piecewise", sampler: "euler" });
  const data = await loadData(engine, view);
  const { recipe, times, notices } = await makeDrive(data, view);
  expect([recipe.estimator, recipe.initial]).toEqual(["piecewise", "marginal"]);
  expect(times[0]).toBeLessThan(processTable.ve.start);
  expect(notices.join()).toMatch(/holds below t = .* from p\(x \| t\)/);
  data.dispose();
});

/** What a program hands to `sample`. */
interface Given {
  readonly field: Drive["field"];
  readonly options: v.SampleOptions & { readonly sampler?: v.Sampler; readonly grid: v.Grid };
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...code: string[]
) => (library: object) => Promise<void>;

/** Runs an exported program as it stands, with this engine, up to its call of `sample`. */
async function executed(view: View, drive: Drive, points: Float64Array): Promise<Given> {
  const moment = { step: 3, t: drive.times[3] as number };
  const code = codeOf(view, drive.recipe, 77, Array.from(points), moment);
  let given: Given | undefined;
  const library = {
    ...v,
    createEngine: async () => ({ mixture: engine.mixture.bind(engine), close() {} }),
    sample: async (field: Given["field"], options: Given["options"]) => {
      given = { field, options };
      return { trajectories: undefined };
    },
  };
  const body = code
    .replace(/^import (\{.*\}) from "vkernel";$/m, "const $1 = library;")
    .replace("console.log(particles);\n", "");
  await new AsyncFunction("library", body)(library);
  return given as Given;
}

/** The program's field, sampler, grid and start are those of the picture, to the bit. */
async function expectSame({ field, options }: Given, drive: Drive, view: View): Promise<void> {
  const { recipe, process } = drive;
  const what = JSON.stringify([view.set, view.process, view.estimator, view.sampler]);
  expect(options, what).toMatchObject({ count: view.particles, seed: 77 });
  expect(field.process.name, what).toBe(process.name);
  expect(field.kind, what).toBe(drive.field.kind);
  const places = Float32Array.of(0.3, 0, -0.9, 0);
  if (recipe.estimator === "kde") {
    const t = drive.times[3] as number;
    expect(options, what).toMatchObject({ initial: "marginal", record: [0] });
    expect(options.grid.times(process)[0], what).toBe(t);
  } else {
    expect(options, what).toMatchObject({ initial: recipe.initial, record: [3] });
    expect(options.sampler, what).toMatchObject({
      name: drive.sampler.name,
      parameters: drive.sampler.parameters,
    });
    expect(options.grid.times(process), what).toEqual(drive.times);
  }
  if (field.kind === "step" && drive.field.kind === "step") {
    expect(field.randomness, what).toEqual(drive.field.randomness);
    return;
  }
  const at = drive.times.at(-1) as number;
  const scores = [field, drive.field].map((one) => (one as v.ScoreField).evaluate(places, at, ["score"]));
  const [theirs, ours] = await Promise.all(scores);
  expect(theirs?.score, what).toEqual(ours?.score);
}

describe.each([{ set: "two" }, { set: "four", tau: 0.4, grid: "squareRoot" }] as const)(
  "the 1-D tab: %o",
  (more) => {
    it.each(processes)("%s", async (process) => {
      for (const estimator of estimators) {
        for (const sampler of samplers) {
          const { view } = stateWith({ ...more, process, estimator, sampler, steps: 5 });
          const problem = await lineProblem(engine, view);
          const run = await lineRun(problem, problem.particles);
          await expectSaid(view, run);
          const steps = run.sampler.name === "euler" && view.grid === "squareRoot";
          expect(run.sampler.parameters.variable).toBe(steps ? "squareRoot" : undefined);
          expect([run.times.length, run.times.at(-1)]).toEqual([7, 0]);
          problem.data.dispose();
          problem.particles.dispose();
        }
      }
    });

    it("a single point has nothing to smooth, which is said", async () => {
      for (const estimator of ["smoothed", "piecewise"] as const) {
        const { view } = stateWith({ ...more, set: "own", points: [0.5, 0], estimator });
        const problem = await lineProblem(engine, view);
        const { recipe, notices } = await lineRun(problem, problem.particles);
        expect([recipe.estimator, notices]).toEqual(["exact", ["Nothing to smooth: the exact score runs."]]);
        problem.data.dispose();
        problem.particles.dispose();
      }
    });
  },
);

describe("other grounds", () => {
  const ground = (data: v.Mixture<"f32">, process: v.Process, more: object): Ground<"f32"> => ({
    data,
    process,
    half: 0.4,
    start: 1,
    initial: "marginal",
    ...more,
  });

  it("images: smoothed in pairs, by a sampler that takes it", async () => {
    const data = engine.mixture(Float32Array.of(0, 0, 1, 0, 0, 1), { dim: 3 });
    for (const process of processes) {
      for (const sampler of samplers) {
        const { view } = stateWith({ process, sampler, estimator: "smoothed" });
        const average = { rule: "pairs", count: 4 } as const;
        const run = await playable(view, ground(data, processOf(process), { average }));
        await expectSaid(view, run);
        expect(run.recipe.field).toMatchObject({ by: "smoothedScore", average });
      }
    }
    data.dispose();
  });

  it("beside densities: samplers of neither equation give way to the posterior's, which is said", async () => {
    const data = engine.mixture(Float32Array.of(-1, 1), { dim: 1 });
    const process = v.ve();
    const gave: SamplerName[] = [];
    for (const sampler of samplers) {
      const { view } = stateWith({ process: "ve", sampler });
      const run = await playable(view, ground(data, process, { equations: true }));
      const other = run.recipe.sampler.name !== sampler;
      if (other) {
        gave.push(sampler);
        expect(run.sampler.name).toBe("posterior");
      }
      const said = run.notices.some((text) => /follows neither equation: posterior steps run\.$/.test(text));
      expect(said, sampler).toBe(other);
      if (!other) expect(run.sampler.flow, sampler).toBe(run.sampler.noise === "none");
    }
    expect(gave).toEqual(["eulerMaruyamaPrinted", "predictorCorrector"]);
    data.dispose();
  });

  it("boxes have closed forms on a line along an axis, else they are averaged", () => {
    expect(averageOf([0, 0, 1, 0, 3, 0])).toBeUndefined();
    expect(averageOf([0, 0, 1, 0.5])).toEqual({ rule: "quasi", count: 64 });
  });
});

it("every grid of the page is the library's of that name", async () => {
  for (const grid of namesOf(gridTable)) {
    const { view } = stateWith({ grid, steps: 6 });
    const data = await loadData(engine, view);
    const drive = await makeDrive(data, view);
    expect(drive.grid.name).toBe(grid);
    await expectSame(await executed(view, drive, data.points), drive, view);
    data.dispose();
  }
});
