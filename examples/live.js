// A run step by step: particles flow from noise to data, stop, go back, and have the bits of sample() everywhere.
import { createEngine, edm, exactScore, heun, karras, liveRun, polygon, sample } from "vkernel";

const engine = await createEngine({ threads: 2 });
const data = engine.mixture(polygon().points, { dim: 2 });
const field = exactScore(data, edm());
const options = {
  sampler: heun(),
  grid: karras({ steps: 20, sigmaMin: 0.01, sigmaMax: 10 }),
  count: 5000,
  seed: 1,
};

const live = await liveRun(field, options);
let kept = live.samples;
while (true) {
  // The particles where they lie, without a copy: read them before the next await.
  const view = live.view();
  let sum = 0;
  for (let i = 0; i < view.length; i += live.stride) sum += Math.hypot(view[i], view[i + 1]);
  if (live.step % 5 === 0) {
    console.log(`step ${live.step}, t = ${live.t.toFixed(3)}: mean radius ${(sum / live.count).toFixed(3)}`);
  }
  if (live.step === 5) kept = live.samples;
  if (live.done) break;
  await live.advance();
}
const whole = await sample(field, options);
console.log(`same bits as sample: ${whole.samples.every((value, i) => value === live.samples[i])}`);

// Backward: computed again from the seed.
await live.seek(5);
console.log(
  `back at step ${live.step} with the same bits: ${live.samples.every((value, i) => value === kept[i])}`,
);
await live.restart({ seed: 2 });
console.log(`another seed: step ${live.step} of ${live.times.length - 1}`);
live.dispose();
engine.close();
