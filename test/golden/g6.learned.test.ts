// g6: one step of the naive estimator as theory has it; linear and infinitely wide estimators, their averages and exact
// covariances over redraws of x_0.
import { createEngine, type Engine } from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import { checkLinear, checkNaiveStep, checkNetwork, type EstimatorGolden } from "./g6.check.js";

const { naive_step, linear_model, ntk } = readGolden<EstimatorGolden>("g6_vkernel.json");

describe.each(["simd", "relaxed", "reference"] as const)("g6, %s", (kernels) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  it.each(
    naive_step.map((item) => [item.process.kind, item.t, item.t_next, item.x.join(", "), item] as const),
  )("naive step on %s from %d to %d at (%s)", async (_, __, ___, ____, item) => {
    expect(await checkNaiveStep(engine, item)).toEqual([]);
  });

  it.each(linear_model.models.map((model) => [model.features, model] as const))(
    "linear score, %s",
    async (_, model) => {
      expect(await checkLinear(engine, linear_model, model)).toEqual([]);
    },
  );

  it.each(ntk.learned.results.map((result) => [result.L, result.tau, result.init, result] as const))(
    "infinitely wide network of depth %d, tau = %s, started from %s",
    async (_, __, ___, result) => {
      expect(await checkNetwork(engine, ntk.learned, result)).toEqual([]);
    },
  );
});
