// How steps draw a score is checked by whatever takes an estimator, naiveScore's or one written by hand.
import {
  createEngine,
  cumulants,
  edm,
  effectiveSde,
  type Engine,
  heun,
  karras,
  liveRun,
  naiveScore,
  pathLogDensity,
  polygon,
  sample,
  type StepEstimator,
  stepCovariance,
  vKernel,
  type VkernelErrorCode,
} from "../../../src/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let engine: Engine;
let naive: StepEstimator;
beforeAll(async () => {
  engine = await createEngine({ kernels: "reference" });
  naive = naiveScore(engine.mixture(polygon().points, { dim: 2 }), edm());
});
afterAll(() => engine.close());

/** An estimator as somebody may write it who does not know the types. */
const byHand = (randomness: unknown): StepEstimator => ({ ...naive, randomness }) as StepEstimator;

const refused: [string, unknown, VkernelErrorCode, RegExp][] = [
  [
    "the old name",
    { kappa: 0.1 },
    "E_USAGE",
    /"randomness.kappa" expected noiseTime, which kappa of naiveScore is called now/,
  ],
  ["none", undefined, "E_TYPE", /"randomness" expected \{ draws \} or \{ noiseTime \}/],
  ["a number", 3, "E_TYPE", /"randomness" expected/],
  ["nothing in it", {}, "E_USAGE", /"randomness.noiseTime" expected either draws or noiseTime, got neither/],
  ["both", { draws: 1, noiseTime: 1 }, "E_USAGE", /expected either draws or noiseTime, got both/],
  ["a misspelt name", { draw: 1 }, "E_USAGE", /unknown option "draw": expected draws/],
  ["no draws", { draws: 0 }, "E_RANGE", /"randomness.draws" expected a whole number from 1 to 4096/],
  ["draws as text", { draws: "1" }, "E_TYPE", /"randomness.draws"/],
  ["a negative time", { noiseTime: -1 }, "E_RANGE", /"randomness.noiseTime"/],
  ["a time that is none", { noiseTime: undefined }, "E_TYPE", /"randomness.noiseTime"/],
  [
    "a law that is none",
    { draws: 1, gaussian: true },
    "E_TYPE",
    /"randomness.gaussian" expected one of matched, literal/,
  ],
  [
    "a literal law of a time",
    { noiseTime: 1, gaussian: "literal" },
    "E_USAGE",
    /"randomness.gaussian" expected one of matched/,
  ],
];

const x = [[0.1, 0.2]];
const paths = { trajectories: new Float64Array(4), times: Float64Array.of(2, 1), count: 1, dim: 2 };
const takers: [string, (estimator: StepEstimator) => unknown][] = [
  ["sample", (estimator) => sample(estimator, { count: 1, grid: karras({ steps: 2 }) })],
  ["liveRun", (estimator) => liveRun(estimator, { count: 1, grid: karras({ steps: 2 }) })],
  ["vKernel", (estimator) => vKernel(estimator)],
  ["stepCovariance", (estimator) => stepCovariance(estimator, { x, t: 1 }, { dt: 0.1 })],
  ["effectiveSde", (estimator) => effectiveSde(estimator)],
  ["cumulants", (estimator) => cumulants(estimator, { x, t: 1 })],
  ["pathLogDensity", (estimator) => pathLogDensity(paths as never, estimator)],
];

describe.each(takers)("%s", (_, take) => {
  it.each(refused)("refuses a randomness with %s", async (_, randomness, code, message) => {
    const error = await Promise.resolve()
      .then(() => take(byHand(randomness)))
      .then(
        () => undefined,
        (cause: Error & { code: string }) => cause,
      );
    expect([error?.code, error?.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

it("one written by hand is naiveScore's own", async () => {
  const options = { count: 5, seed: 3, grid: karras({ steps: 4 }) };
  for (const given of [{ draws: 3 }, { noiseTime: 0.2 }]) {
    const { samples } = await sample(byHand(given), options);
    const { data, process } = naive;
    expect(samples).toEqual((await sample(naiveScore(data, process, given), options)).samples);
  }
  await expect(sample(byHand({ draws: 1 }), { ...options, sampler: heun() })).rejects.toThrow(/sampler/);
});
