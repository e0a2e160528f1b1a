// Fewest evaluations: how near each sampler comes to the exact flow with 20 evaluations per particle.
import { createEngine, digits, dopri5, dpmpp2m, edm, euler, exactScore, heun, karras, sample } from "vkernel";

const engine = await createEngine();
const { points, dim } = await digits({ labels: [3, 8] });
const field = exactScore(engine.mixture(points, { dim, precision: "f64" }), edm());
const shared = { count: 200, seed: 1 }; // the same seed: the same starts

const exact = await sample(field, {
  ...shared,
  sampler: dopri5({ rtol: 1e-9, atol: 1e-9 }),
  grid: karras({ steps: 2 }),
});
const runs = [
  { sampler: dpmpp2m(), steps: 20 },
  { sampler: heun(), steps: 10 }, // two evaluations per step, one in the last
  { sampler: euler(), steps: 20 },
];
for (const { sampler, steps } of runs) {
  const run = await sample(field, { ...shared, sampler, grid: karras({ steps }) });
  const squares = run.samples.reduce((sum, x, i) => sum + (x - exact.samples[i]) ** 2, 0);
  const distance = Math.sqrt(squares / run.count);
  console.log(`${sampler.name}: ${run.stats.evaluations} evaluations, distance ${distance.toFixed(3)}`);
}
engine.close();
