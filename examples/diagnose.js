// Diagnoses samples: copies of training points or something new, where it lies, how far its law is from another, and
// when trajectories were captured. Everything comes with its standard error.
import {
  alongRun,
  capture,
  coverage,
  createEngine,
  edm,
  energyDistance,
  exactScore,
  gapFraction,
  heun,
  hullFraction,
  karras,
  massKl,
  memorization,
  mmd,
  polygon,
  posterior,
  sample,
  slicedWasserstein,
  voronoiMass,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2 });
const field = exactScore(data, edm());
const sampler = heun();
const grid = karras({ steps: 30, sigmaMax: 100 });
const exact = await sample(field, { sampler, grid, count: 2000, seed: 1 });
// Stopped at a noise level of 0.25: a kernel density of that width.
const early = karras({ steps: 30, sigmaMin: 0.25, sigmaMax: 100, last: "sigmaMin" });
const blurred = await sample(field, { sampler, grid: early, count: 2000, seed: 2 });

const plusMinus = (/** @type {number} */ value, /** @type {number} */ error) =>
  `${value.toFixed(3)} +- ${error.toFixed(3)}`;
for (const [name, { samples }] of Object.entries({ exact, blurred })) {
  const copies = await memorization(samples, data); // nearest point less than 1/3 as far as the second
  const gaps = await gapFraction(samples, data); // farther from all points than a tenth of their spacing
  const hull = await hullFraction(samples, data); // outside the convex hull: extrapolation
  const reach = await coverage(samples, data, { radius: 0.2 });
  console.log(
    `${name}: copies ${plusMinus(copies.fraction, copies.standardError)}, in gaps ${plusMinus(gaps.fraction, gaps.standardError)}, ` +
      `outside the hull ${plusMinus(hull.fraction, hull.standardError)}, covers ${reach.fraction.toFixed(3)} of the points`,
  );
  // Against the training law itself (a mixture has no sampling error), or against other samples: `dim` where all is flat.
  const energy = await energyDistance(samples, data);
  const discrepancy = await mmd(samples, exact.samples, { dim: 2, kernel: "gaussian" });
  const sliced = await slicedWasserstein(samples, data, { seed: 1 });
  const kl = massKl(await voronoiMass(samples, data), data.weights);
  console.log(
    `  energy distance to the data ${plusMinus(energy.value, energy.standardError)}, sliced Wasserstein ` +
      `${plusMinus(sliced.value, sliced.standardError)}, KL of masses ${plusMinus(kl.value, kl.standardError)}, ` +
      `squared MMD to the exact samples ${plusMinus(discrepancy.value, discrepancy.standardError)}`,
  );
}

// Along the run: how undecided particles are, and how many have reached the cell that they never leave again.
// Noisy trajectories change cells for long; those of the probability flow hardly ever do.
const noisy = await sample(field, {
  sampler: posterior(),
  grid,
  count: 2000,
  seed: 3,
  initial: "marginal",
  record: "all",
});
const { times, series } = await alongRun(field, noisy, ["posteriorEntropy", "effectiveCount"]);
for (const k of [0, 15, 25]) {
  const { mean, standardError } = series.effectiveCount;
  console.log(`noise ${times[k].toFixed(2)}: effective points ${plusMinus(mean[k], standardError[k])}`);
}
const captured = await capture(field, noisy);
const settled = captured.shareByTime.settled.fraction;
console.log(
  `settled by noise level: ${[0, 10, 15, 20, 25, 30].map((k) => `${captured.times[k].toFixed(2)} ${settled[k].toFixed(2)}`).join(", ")}`,
);
engine.close();
