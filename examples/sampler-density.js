// Log densities: of given points, and of the samples of a run as they go.
import { createEngine, edm, exactScore, heun, logarithmic, logLikelihood, polygon, sample } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const field = exactScore(data, edm());
const grid = logarithmic({ steps: 1, tMin: 0.2, tMax: 20 }); // dopri5, the default, chooses its own steps between

const points = [
  [1, 0],
  [0.5, 0.5],
  [0, 0],
];
const flow = await logLikelihood(field, points, { grid, base: "marginal" });
const { logDensity } = await field.evaluate(points, 0.2, ["logDensity"]);
points.forEach((x, i) => {
  console.log(`(${x}): ${flow.logDensity[i].toFixed(4)} by the flow, ${logDensity[i].toFixed(4)} exactly`);
});

const run = await sample(field, {
  sampler: heun(),
  grid: logarithmic({ steps: 100, tMin: 0.2, tMax: 20 }),
  count: 1000,
  seed: 1,
  initial: "marginal",
  logLikelihood: true,
});
const own = await field.evaluate(run.samples, 0.2, ["logDensity"]);
const along = run.likelihood?.logDensity ?? [];
const errors = own.logDensity.map((value, i) => Math.abs(value - along[i]));
console.log(`1000 samples: mean difference ${(errors.reduce((a, b) => a + b) / 1000).toFixed(4)}`);
engine.close();
