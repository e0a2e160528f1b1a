// A noisy score: a fresh estimate at every step. Samplers of first order take it; what its noise does is then exact.
import {
  ancestral,
  createEngine,
  edm,
  euler,
  heun,
  karras,
  naiveScore,
  nearestPoints,
  polygon,
  sample,
  VkernelError,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2 });
const grid = karras({ steps: 30, sigmaMin: 0.1, sigmaMax: 10, last: "sigmaMin" });
for (const draws of [1, 16]) {
  for (const sampler of [euler(), ancestral()]) {
    const field = naiveScore(data, edm(), { draws });
    const run = await sample(field, { sampler, grid, count: 20_000, seed: 1, initial: "marginal" });
    const { distance } = await nearestPoints(run.samples, data);
    const square = distance.reduce((sum, d) => sum + d * d, 0) / run.count;
    console.log(`${draws} draws, ${sampler.name}: root mean square distance ${Math.sqrt(square).toFixed(3)}`);
  }
}
try {
  await sample(naiveScore(data, edm(), { draws: 1 }), { sampler: heun(), grid });
} catch (error) {
  console.log(`heun: ${error instanceof VkernelError ? error.code : error}`); // it would take two different scores for one
}
engine.close();
