// DDPM as published: 1,000 levels, the linear schedule, ancestral steps with the posterior variance ("fixed_small"), beside
// Eq. 7 of the paper written out; then 50 of the levels, with DDPM's noise, and without any (DDIM).
import {
  ancestral,
  createEngine,
  ddpm,
  exactScore,
  nearestPoints,
  polygon,
  sample,
  timesteps,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, sigma0: 0.1, precision: "f64" }); // points of width 0.1
const process = ddpm({ schedule: "linear", steps: 1000 });
const field = exactScore(data, process);

const noise = Float64Array.from({ length: 1000 * 8 }, (_, i) => Math.sqrt(2) * Math.sin(i * i)); // stands for a recorded run
const initial = Float64Array.of(1, -1, 0.5, 0.8, -1.4, -0.3, 0.1, 2);
const recorded = await sample(field, {
  sampler: ancestral(),
  grid: timesteps({ steps: 1000, spacing: "leading" }),
  initial,
  noise,
});
let x = initial;
for (let t = 1000; t >= 1; t--) {
  const { meanCoefficientX0, meanCoefficientX, variance } = process.posterior(t);
  const { posteriorMean } = field.evaluateSync(x, t, ["posteriorMean"]);
  const eps = noise.subarray((1000 - t) * 8);
  x = x.map(
    (v, i) => meanCoefficientX0 * posteriorMean[i] + meanCoefficientX * v + Math.sqrt(variance) * eps[i],
  );
}
const largest = recorded.samples.reduce((most, v, i) => Math.max(most, Math.abs(v - x[i])), 0);
console.log(`largest difference from Eq. 7 after 1000 steps: ${largest.toExponential(0)}`);

for (const eta of [1, 0]) {
  const grid = timesteps({ steps: 50, spacing: "leading" });
  const run = await sample(field, {
    sampler: ancestral({ eta }),
    grid,
    count: 5000,
    seed: 1,
    initial: "normal",
  });
  const { distance } = await nearestPoints(run.samples, data);
  const near = distance.filter((d) => d < 0.3).length / run.count;
  console.log(`50 steps, eta ${eta}: ${(100 * near).toFixed(1)}% within 0.3 of a training point`);
}
engine.close();
