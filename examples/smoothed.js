// Smoothing the exact score makes samples between the training points: Chen 2025, Section 4.2.
import {
  createEngine,
  euler,
  piecewiseScore,
  sample,
  smoothedScore,
  squareRoot,
  terminalLaw,
  ve,
} from "vkernel";

const engine = await createEngine();
const kappa = 0.4;
const line = engine.mixture([
  [-1, 0],
  [-1 / 3, 0],
  [1 / 3, 0],
  [1, 0],
]);
const from = 0.02;
const law = terminalLaw(line, { kappa, from });
console.log(`in theory ${law.continuousMass.toFixed(4)} of the mass ends between the points`);

const half = 1 / 3;
const fields = {
  piecewise: piecewiseScore(line, { kappa }),
  smoothed: smoothedScore(line, ve(), { width: (t) => half - Math.sqrt(kappa * t) }),
};
for (const [name, field] of Object.entries(fields)) {
  const { samples } = await sample(field, {
    sampler: euler({ variable: "squareRoot" }),
    grid: squareRoot({ steps: 70, tMin: 0, tMax: from }),
    initial: "marginal",
    count: 20_000,
    seed: 1,
  });
  let between = 0;
  for (let i = 0; i < samples.length; i += 2) {
    const off = Math.min(...Array.from(law.places, (place) => Math.abs(samples[i] - place)));
    if (off > 0.01) between += 1 / 20_000;
  }
  console.log(`${name}: ${between.toFixed(4)} are more than 0.01 away from every point`);
}
engine.close();
