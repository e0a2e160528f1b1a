// Compare grids on one Brownian path: with shared noise, runs on different grids see the same path and come together.
import { createEngine, edm, eulerMaruyama, exactScore, linear, polygon, sample } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, sigma0: 0.3, precision: "f64" });
for (const shared of [true, false]) {
  let before = new Float64Array(0);
  for (const steps of [50, 100, 200, 400, 800]) {
    const { samples, count } = await sample(exactScore(data, edm()), {
      sampler: eulerMaruyama(),
      grid: linear({ steps, tMax: 2, tMin: 0.2 }),
      count: 500,
      seed: 1,
      noise: shared ? "shared" : "independent",
    });
    if (before.length > 0) {
      const squares = samples.reduce((sum, x, i) => sum + (x - before[i]) ** 2, 0);
      const distance = Math.sqrt(squares / count).toFixed(4);
      console.log(
        `${shared ? "shared" : "independent"}: ${steps / 2} and ${steps} steps end ${distance} apart`,
      );
    }
    before = samples;
  }
}
engine.close();
