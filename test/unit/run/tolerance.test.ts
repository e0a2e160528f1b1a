// Runs to a tolerance: near the run on all points, the same bits however they are cut, and never without a word.
import {
  ancestral,
  createEngine,
  dopri5,
  dpmpp2m,
  type Engine,
  edm,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  karras,
  liveRun,
  type Mixture,
  naiveScore,
  posterior,
  type Sampler,
  sample,
  smoothedScore,
  vp,
} from "vkernel";
import { afterAll, beforeAll, expect, it } from "vitest";

let engine: Engine;
let data: Mixture<"f64">;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
  data = engine.mixture(rows(6000), { dim: 2, precision: "f64" });
});
afterAll(() => engine.close());

/** Points on three rings. */
function rows(size: number): Float64Array {
  return Float64Array.from({ length: 2 * size }, (_, i) => {
    const angle = Math.floor(i / 2) * 2.399963;
    return (1 + (Math.floor(i / 2) % 3)) * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
}

const grid = karras({ steps: 12, sigmaMax: 20, sigmaMin: 0.05 });

it.each<[string, Sampler]>([
  ["euler", euler()],
  ["heun", heun()],
  ["dpmpp2m", dpmpp2m()],
  ["ancestral", ancestral()],
  ["eulerMaruyama", eulerMaruyama()],
  ["dopri5", dopri5({ rtol: 1e-6, atol: 1e-6 })],
])("%s: ends where the run on all points ends", async (_, sampler) => {
  const field = exactScore(data, edm());
  const options = { sampler, grid, count: 50, seed: 3 };
  const [full, near] = [await sample(field, options), await sample(field, { ...options, tolerance: 1e-9 })];
  expect(full.stats.errorBound).toBeUndefined();
  expect(near.stats.errorBound).toBeGreaterThan(0);
  expect(near.stats.errorBound).toBeLessThanOrEqual(1e-9);
  expect(near.stats.evaluations).toBe(full.stats.evaluations);
  for (let i = 0; i < full.samples.length; i++) {
    // Errors of scores grow along a path by no more than a few thousand here: rings of 2,000 points at sigma 0.05 and more.
    expect(Math.abs(near.samples[i] - full.samples[i])).toBeLessThan(1e-5);
  }
});

it("a last step to 0 and a shrinking process work as well", async () => {
  const field = exactScore(data, vp());
  const options = {
    grid: karras({ steps: 8, sigmaMax: 10, sigmaMin: 0.05 }),
    count: 20,
    seed: 1,
  };
  const [full, near] = [await sample(field, options), await sample(field, { ...options, tolerance: 1e-9 })];
  for (let i = 0; i < full.samples.length; i++) {
    expect(Math.abs(near.samples[i] - full.samples[i])).toBeLessThan(1e-5);
  }
});

it("has the same bits on any threads and blocks, whole and step by step", async () => {
  const run = async (options: Parameters<typeof createEngine>[0]) => {
    const own = await createEngine(options);
    const field = exactScore(own.mixture(rows(6000), { dim: 2 }), edm());
    const result = await sample(field, { sampler: heun(), grid, count: 70, seed: 5, tolerance: 1e-3 });
    own.close();
    return result;
  };
  const one = await run({ threads: 1 });
  for (const options of [{ threads: 3 }, { threads: 2, blockSize: 8 }]) {
    const other = await run(options);
    expect(other.samples).toEqual(one.samples);
    expect(other.stats.errorBound).toBe(one.stats.errorBound);
  }
  const field = exactScore(engine.mixture(rows(6000), { dim: 2 }), edm());
  const live = await liveRun(field, { sampler: heun(), grid, count: 70, seed: 5, tolerance: 1e-3 });
  while (!live.done) await live.advance();
  expect(Float32Array.from(live.samples)).toEqual(one.samples);
  expect(live.errorBound).toBe(one.stats.errorBound);
  live.dispose();
});

it("is refused where it has no meaning, with the reason", async () => {
  const field = exactScore(data, edm());
  await expect(sample(field, { sampler: posterior(), tolerance: 1e-3 })).rejects.toThrow(
    /"tolerance" expected 0 with posterior, which uses more of the points than their score, got 0.001/,
  );
  await expect(
    sample(field, {
      sampler: heun(),
      grid: karras({ steps: 8, last: "sigmaMin" }),
      logLikelihood: true,
      tolerance: 1e-3,
    }),
  ).rejects.toThrow(/"tolerance" expected 0 with logLikelihood/);
  for (const other of [naiveScore(data, edm(), { draws: 1 }), smoothedScore(data, edm(), { width: 0.1 })]) {
    await expect(sample(other as never, { tolerance: 1e-3 })).rejects.toThrow(
      /"tolerance" expected 0 for fields other than exactScore/,
    );
  }
  await expect(sample(field, { tolerance: -1 })).rejects.toMatchObject({ argument: "tolerance" });
});

it("in many dimensions runs as without one, and says what is certified", async () => {
  const few = engine.mixture(
    Float64Array.from({ length: 60 }, (_, i) => Math.sin(i)),
    { dim: 6 },
  );
  const field = exactScore(few, edm());
  const run = await sample(field, { sampler: heun(), grid, count: 8, seed: 2, tolerance: 1e-9 });
  expect(run.stats.errorBound).toBeGreaterThan(1e-9);
  expect(run.notes[0]).toMatch(
    /^some scores were not certified to the tolerance 1e-9, the largest bound is /,
  );
  few.dispose();
});
