// Exact in law at any number of steps: draws from the exact posterior, started from the marginal.
import { ancestral, createEngine, edm, exactScore, karras, posterior, sample, voronoiMass } from "vkernel";

const engine = await createEngine();
const points = [
  [-1, 0],
  [1, 0],
  [0, 1.5],
];
const weights = [0.6, 0.3, 0.1];
const data = engine.mixture(points, { weights });
for (const sampler of [posterior(), ancestral()]) {
  for (const steps of [2, 5, 40]) {
    const run = await sample(exactScore(data, edm()), {
      sampler,
      grid: karras({ steps }),
      count: 100_000,
      seed: 1,
      initial: "marginal",
    });
    const { mass } = await voronoiMass(run.samples, data);
    const shares = Array.from(mass, (share) => share.toFixed(4)).join(" ");
    console.log(`${sampler.name}, ${steps} steps: ${shares}`);
  }
}
engine.close();
