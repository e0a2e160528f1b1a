// Samples real digits by the exact score: with progress, a way to stop, recorded steps, and what became of it.
import { createEngine, digits, edm, exactScore, karras, nearestPoints, posterior, sample } from "vkernel";

const engine = await createEngine({ threads: 2 });
const { points, dim } = await digits({ labels: [3, 8] });
const data = engine.mixture(points, { dim });

const controller = new AbortController(); // controller.abort() would stop the run
const run = await sample(exactScore(data, edm()), {
  sampler: posterior(), // exact in law at any number of steps, if it starts from the marginal
  grid: karras({ steps: 10, sigmaMin: 0.01, sigmaMax: 20 }),
  count: 200,
  seed: 1,
  initial: "marginal",
  record: [0, 5, 10], // states to keep: indices into the grid
  signal: controller.signal,
  onProgress: ({ done, total }) => {
    if (done === total) console.log(`done: ${done} of ${total}`);
  },
});
console.log(`${run.count} samples of ${run.dim} pixels, ${run.stats.evaluations} evaluations each`);
console.log(`times ${Array.from(run.recorded, (i) => run.times[i].toFixed(3)).join(", ")}`);
console.log(`recorded ${run.trajectories?.length} numbers`);

// The exact score memorizes: every sample is a training digit.
const { distance } = await nearestPoints(run.samples, data);
console.log(`largest distance to the training set ${Math.max(...distance).toFixed(6)}`);

// The same seed gives the same bits, whatever the threads and the block size.
const single = await createEngine({ threads: 1, blockSize: 7 });
const again = await sample(exactScore(single.mixture(points, { dim }), edm()), {
  sampler: posterior(),
  grid: karras({ steps: 10, sigmaMin: 0.01, sigmaMax: 20 }),
  count: 200,
  seed: 1,
  initial: "marginal",
});
console.log(`same bits: ${again.samples.every((value, i) => value === run.samples[i])}`);
single.close();
engine.close();
