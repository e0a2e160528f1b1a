// What the exact reverse process generates, and that the past of rho is the future of q: Cao et al. 2025, Section 3.
import { createEngine, exactScore, generatedLaw, logarithmic, ou, pairLaw, posterior, sample } from "vkernel";

const engine = await createEngine();
const weights = [0.5, 0.3, 0.2];
const data = engine.mixture([[-1], [0.5], [2]], { weights, precision: "f64" });
/** @param {ArrayLike<number>} list */
const show = (list) => Array.from(list, (p) => p.toFixed(5)).join(" ");

// Started from N(0, 1) in place of p_T it ends on the training points, with masses that are not quite their weights.
for (const horizon of [0.25, 0.5, 1, 2, 4]) {
  const { masses, totalVariation } = await generatedLaw(data, ou(), { horizon, initial: "normal" });
  console.log(`T* = ${horizon}: ${show(masses)}, ${totalVariation.value.toExponential(2)} from the weights`);
}

// A sampler that makes no error of steps ends there too.
const law = await generatedLaw(data, ou(), { horizon: 0.5, initial: "normal" });
const run = await sample(exactScore(data, ou()), {
  sampler: posterior(),
  grid: logarithmic({ steps: 6, tMin: 1e-4, tMax: 0.5 }),
  initial: "normal",
  count: 100_000,
  seed: 1,
});
const shares = [-1, 0.5, 2].map((y) => run.samples.filter((x) => Math.abs(x - y) < 0.1).length / run.count);
console.log(`sampled: ${show(shares)}`);

// The law on the way, beside that of the forward process at the same time.
const { values } = await law.density([[-1], [0.5], [2]], 0.1);
const { values: ratios } = await law.ratio([[-1], [0.5], [2]], 0.1);
console.log(`q at t = 0.1: ${show(values)}; over rho: ${show(ratios)}`);

// Where it starts is up to you: a density on a grid or as a function, or samples. Data may be a density on a grid as well.
const right = await generatedLaw(data, ou(), { horizon: 0.5, initial: { density: () => 1, box: [[1, 2]] } });
console.log(`from [1, 2]: ${show(right.masses)}`);
const triangle = { x: [-1, 0, 1], density: [0, 1, 0] };
const smooth = await generatedLaw(triangle, ou(), { horizon: 0.5, initial: "normal" });
console.log(`a triangle: ${show((await smooth.density([[-0.5], [0], [0.5]], 0)).values)}`);

// From one place: the law of the past given the future.
const { weights: past } = await pairLaw(data, ou(), { earlier: 0, later: 0.5 }).bridges([[1.5]]);
console.log(`from 1.5: ${show(past)}`);
engine.close();
