// Weights of paths: their second moment in closed form against weights of a few steps, whose tail is light. 60,000 paths each; five
// standard errors, two-sided: a false alarm in 600,000 a line.
import {
  createEngine,
  edm,
  effectiveSde,
  euler,
  logarithmic,
  naiveScore,
  pathLogDensity,
  polygon,
  sample,
} from "vkernel";
import { expect, it } from "vitest";
import { meanOf } from "../../../../claims/estimate.js";
import { measurePaths, pathSettings, secondMoment } from "../../../../claims/vastola2025/paths.js";
import { fullSizes } from "../../../../claims/vastola2025/sizes.js";

it("of one step it is the integral of a density squared over another", () => {
  // N(0, r)^2 / N(0, 1) in two dimensions, by polar coordinates.
  const ratio = 0.5;
  const [reach, cells] = [30, 300_000];
  let sum = 0;
  for (let i = 0; i < cells; i++) {
    const s = ((i + 0.5) * reach) / cells;
    sum += ((s * reach) / cells) * Math.exp(-(s * s) / ratio + (s * s) / 2) * ratio ** -2;
  }
  expect(sum).toBeCloseTo(secondMoment(ratio, 1), 8);
  expect(secondMoment(0.5, 16)).toBeCloseTo(99.77, 2);
  expect(secondMoment(0.5, 32)).toBeCloseTo(9955, 0);
});

it("weights that are sampled have it, and average to 1", async () => {
  const engine = await createEngine({ threads: 1 });
  const { rows } = await measurePaths({
    engine,
    seed: 1,
    sizes: { ...fullSizes, pairs: 60_000 },
    signal: new AbortController().signal,
    done: () => {},
  });
  engine.close();
  // 0.97 at every number of steps, 0.5 at two and four: what is beyond has a heavier tail.
  const light = rows.filter(({ ratio, steps }) => ratio === 0.97 || steps <= 4);
  expect(light.length).toBe(7);
  for (const { mean } of light) expect(Math.abs(mean.value - 1)).toBeLessThan(5 * mean.standardError);
  for (const { square, effective } of rows) expect(square * effective).toBeCloseTo(1, 12);
});

it("of two steps the mean of squares is it, by the library's own weights", async () => {
  const engine = await createEngine({ threads: 1 });
  const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
  const { tMax, tMin, noiseTime } = pathSettings;
  const [ratio, count] = [0.5, 60_000];
  const of = (value: number) => effectiveSde(naiveScore(data, edm(), { noiseTime: value }));
  const grid = logarithmic({ steps: 2, tMax, tMin, last: "sigmaMin" });
  const run = await sample(of(noiseTime), { sampler: euler(), grid, count, seed: 7, record: "all" });
  const [a, b] = [await pathLogDensity(run, of(noiseTime)), await pathLogDensity(run, of(ratio * noiseTime))];
  engine.close();
  const squares = a.logDensity.map((value, p) => Math.exp(2 * ((b.logDensity[p] as number) - value)));
  const { value, standardError } = meanOf(squares);
  expect(Math.abs(value - secondMoment(ratio, 2))).toBeLessThan(5 * standardError);
  expect(standardError).toBeLessThan(0.05 * value);
});
