// Exact to a tolerance: most of many points are left out of a query's sums, and how much that matters is proven.
import { createEngine, edm, exactScore, heun, karras, sample } from "vkernel";

const engine = await createEngine();
// 20,000 points on a spring.
const points = Float64Array.from({ length: 3 * 20_000 }, (_, i) => {
  const turn = Math.floor(i / 3) / 1000;
  return [Math.cos(turn), Math.sin(turn), turn / 10 - 1][i % 3];
});
const data = engine.mixture(points, { dim: 3, precision: "f64" });
const field = exactScore(data, edm());

const x = [
  [0.5, 0.2, 0.4],
  [1, 0, -1],
];
const near = await field.evaluate(x, 0.1, ["posteriorMean"], { tolerance: 1e-5 });
const full = await field.evaluate(x, 0.1, ["posteriorMean"]);

// The bound is in units of the data's root mean square distance from their mean.
const means = [0, 1, 2].map((d) => points.reduce((sum, p, i) => sum + (i % 3 === d ? p : 0), 0) / 20_000);
const scale = Math.sqrt(points.reduce((sum, p, i) => sum + (p - means[i % 3]) ** 2, 0) / 20_000);
for (let q = 0; q < x.length; q++) {
  const parts = [0, 1, 2].map((d) => near.posteriorMean[3 * q + d] - full.posteriorMean[3 * q + d]);
  const error = Math.hypot(...parts) / scale;
  console.log(
    `query ${q}: off by ${error.toExponential(1)}, at most ${near.errorBound?.[q].toExponential(1)}`,
  );
}

const run = await sample(field, {
  sampler: heun(),
  grid: karras({ steps: 18 }),
  count: 500,
  tolerance: 1e-5,
});
console.log(
  `a run of ${run.stats.evaluations} evaluations: every score within ${run.stats.errorBound?.toExponential(1)}`,
);
engine.close();
