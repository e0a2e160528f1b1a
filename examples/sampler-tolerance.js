// Each particle to a tolerance: dopri5 chooses the steps of each particle.
import { createEngine, dopri5, edm, exactScore, karras, polygon, sample } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
let exact = new Float64Array(0);
for (const rtol of [1e-12, 1e-8, 1e-6, 1e-4, 1e-2]) {
  const { samples, stats } = await sample(exactScore(data, edm()), {
    sampler: dopri5({ rtol, atol: rtol / 10 }),
    grid: karras({ steps: 2, sigmaMin: 0.1, last: "sigmaMin" }), // it meets every time of the grid: few are best
    count: 1000,
    seed: 1,
  });
  if (exact.length === 0) exact = samples; // the first run is what the others are compared with
  const largest = samples.reduce((most, x, i) => Math.max(most, Math.abs(x - exact[i])), 0);
  console.log(
    `rtol ${rtol}: ${stats.evaluations.toFixed(1)} evaluations, largest error ${largest.toExponential(1)}`,
  );
}
engine.close();
