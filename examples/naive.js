// The naive estimator: every step takes the score of one freshly drawn training point, as if training and sampling
// were interleaved. With one draw, from the marginal, on edm, its samples follow the kernel density of width epsilon
// exactly, at any number of steps; more draws, or a short noise time, come near the exact score. (Vastola 2025, Prop. 4.1.)
import {
  createEngine,
  edm,
  euler,
  exactScore,
  karras,
  naiveScore,
  nearestPoints,
  polygon,
  sample,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2 });
const epsilon = 0.1;
const estimators = {
  exact: exactScore(data, edm()),
  "1 draw": naiveScore(data, edm(), { draws: 1 }),
  "16 draws": naiveScore(data, edm(), { draws: 16 }),
  "noise time 0.1": naiveScore(data, edm(), { noiseTime: 0.1 }), // the noise of a step does not vanish with its length
};
console.log("root mean square distance to the nearest corner:");
console.log(`  a kernel density of width epsilon: ${(epsilon * Math.SQRT2).toFixed(4)}`);
for (const [name, estimator] of Object.entries(estimators)) {
  for (const steps of [1, 3, 30]) {
    const { samples } = await sample(estimator, {
      sampler: euler(), // a sampler of first order: others do not take a score that is fresh at every step
      grid: karras({ steps, sigmaMin: epsilon, sigmaMax: 10, last: "sigmaMin" }), // down to epsilon, not to 0
      count: 20_000,
      seed: 1,
      initial: "marginal",
    });
    const { distance } = await nearestPoints(samples, data);
    const square = distance.reduce((sum, d) => sum + d * d, 0) / distance.length;
    console.log(`  ${name}, ${steps} steps: ${Math.sqrt(square).toFixed(4)}`);
  }
}
engine.close();
