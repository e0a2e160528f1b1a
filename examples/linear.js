// Generalization through variance: a linear score, fitted to samples with fresh training points each time, and its noise.
import {
  createEngine,
  edm,
  effectiveSde,
  euler,
  gapFraction,
  linearScore,
  logarithmic,
  logUniformTimes,
  polygon,
  rbfFeatures,
  sample,
  vKernel,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const linear = await linearScore(data, edm(), {
  features: rbfFeatures({ count: 60, seed: 1, width: 0.7 }),
  samples: 600,
  ridge: 0,
  times: logUniformTimes({ tMin: 0.05, tMax: 3 }),
});

// How much the learned score varies at a training point, and between two of them.
const { trace } = vKernel(linear);
const [near, between] = await trace(
  [
    [1, 0],
    [0.75, 0.433],
  ],
  0.3,
);
console.log(`tr V at t = 0.3: ${near.toFixed(3)} at a point, ${between.toFixed(3)} between two`);

// The mean score, a fresh fit for every particle, and Gaussian noise of the same covariance: the same starts.
const grid = logarithmic({ steps: 60, tMax: 3, tMin: 0.05 });
const fields = { average: linear.average, ensemble: linear, "effective SDE": effectiveSde(linear) };
for (const [name, field] of Object.entries(fields)) {
  const run = await sample(field, { sampler: euler(), grid, count: 500, seed: 1 });
  const { fraction, standardError } = await gapFraction(run.samples, data, { radius: 0.2 });
  console.log(`${name}: in gaps ${fraction.toFixed(3)} +- ${standardError.toFixed(3)}`);
}
engine.close();
