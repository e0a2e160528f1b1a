// g7 and g7f: what 83 runs of nine samplers end with, against 2e5 particles of an independent program each. `g7.check.ts`
// says how often these tests may fail for a change of stream.
import { createEngine, type Engine } from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import { checkLawRun, fewerRuns, type LawGolden, lawTitle } from "./g7.check.js";

const files = [
  ["g7_distribution.json", 7000, 1272],
  ["g7f_fixed_start.json", 7500, 2928],
] as const;

/** As many as in the files. */
const count = 200_000;
/** Of the shorter runs: 1 / 10, and in plain TypeScript 1 / 50. */
const fewer = 20_000;
const fewest = 4_000;

// Rounding of float32 moves a particle by 1e-6 at most on these paths (g3 bounds it): a twentieth of a standard error of the
// sharpest statistic, so float32 tells as much as float64.
describe("every run in float32, simd", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels: "simd" });
  });
  afterAll(() => engine.close());

  describe.each(files)("%s", (name, firstSeed, numbers) => {
    const { runs } = readGolden<LawGolden>(name);
    let comparisons = 0;
    let worst = 0;
    it.each(runs.map((run, i) => [lawTitle(run), run, firstSeed + i] as const))(
      "%s",
      { tags: ["long"] },
      async (_, run, seed) => {
        const result = await checkLawRun(engine, run, { precision: "f32", count, seed });
        comparisons += result.comparisons;
        worst = Math.max(worst, result.worst);
        expect(result.failures).toEqual([]);
      },
    );
    it.runIf(!process.env.GOLDEN_DIR)("compared all numbers, and they do differ", { tags: ["long"] }, () => {
      expect(comparisons).toBe(numbers);
      // Of a thousand normal numbers the largest is above 2 but for 1 case in 1e20.
      expect(worst).toBeGreaterThan(2);
    });
  });
});

describe.each([
  ["simd", "f64", fewer],
  ["relaxed", "f32", fewer],
  ["relaxed", "f64", fewer],
  ["reference", "f64", fewest],
] as const)("some runs with fewer particles: %s %s", (kernels, precision, particles) => {
  const [g7, g7f] = files.map(([name]) => readGolden<LawGolden>(name)) as [LawGolden, LawGolden];
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels });
    expect(engine.info.kernels).toBe(kernels);
  });
  afterAll(() => engine.close());

  it.each(fewerRuns(g7, g7f).map((run, i) => [lawTitle(run), run, 7900 + i] as const))(
    "%s",
    { tags: ["long"] },
    async (_, run, seed) => {
      const { failures } = await checkLawRun(engine, run, { precision, count: particles, seed });
      expect(failures).toEqual([]);
    },
  );
});
