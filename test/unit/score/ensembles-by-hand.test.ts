// Ensembles and fields that are written by hand: what of them serves, and what says at once that it does not.
import * as v from "vkernel";
import { afterAll, beforeAll, expect, it } from "vitest";

let engine: v.Engine;
let data: v.Mixture<"f64">;
const process = v.edm();
const grid = v.logarithmic({ steps: 4, tMin: 0.1, tMax: 2 });
beforeAll(async () => {
  engine = await v.createEngine({ threads: 1 });
  data = engine.mixture(
    [
      [1, 0],
      [-0.6, 0.8],
    ],
    { precision: "f64" },
  );
});
afterAll(() => engine?.close());

it("an ensemble without realizations has no effective SDE, and its draws are sampled", async () => {
  const zero = v.customScore(data, process, (x) => x.map(() => 0));
  const { average, covariance, draw, kind } = v.ensemble([v.exactScore(data, process), zero]);
  const own: v.ScoreEnsemble = { kind, data, process, average, covariance, draw };
  expect(() => v.effectiveSde(own)).toThrow(
    /"estimator" expected an ensemble that draws Gaussian functions of its covariance.*got one without realizations/,
  );
  const run = await v.sample(own, { grid, count: 3 });
  expect(run.samples.every(Number.isFinite)).toBe(true);
});

it("a capture looks at points and states alone, whatever field drives", async () => {
  const exact = v.exactScore(data, process);
  const run = await v.sample(exact, { grid, count: 20, record: "all" });
  const own = v.customScore(data, process, (x) => x.map(() => 0));
  expect((await v.capture(own, run)).nearest).toEqual((await v.capture(exact, run)).nearest);
});
