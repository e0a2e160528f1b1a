// The discrete levels of DDPM as a process: diffusers' timesteps, DDPM's posterior, and the same states on edm.
import {
  createEngine,
  ddpm,
  edm,
  exactScore,
  heun,
  polygon,
  processPresets,
  sample,
  timesteps,
  translate,
} from "vkernel";

// Time t = i is timestep i - 1 of diffusers; t = 0 is the data.
const process = ddpm({ schedule: "linear", steps: 1000 });
console.log(`alphas_cumprod[999] = ${process.alphasCumprod[999].toExponential(3)}`);

// x_{i-1} given x_i and x_0: DDPM, Eq. 7.
const { meanCoefficientX0, meanCoefficientX, variance } = process.posterior(500);
console.log(
  `step 500: ${meanCoefficientX0.toFixed(6)} x_0 + ${meanCoefficientX.toFixed(6)} x_t, variance ${variance.toFixed(6)}`,
);

// The levels that diffusers visits in four steps.
for (const spacing of /** @type {const} */ (["leading", "linspace", "trailing"])) {
  const times = timesteps({ steps: 4, spacing }).times(process);
  console.log(`${spacing}: ${Array.from(times).join(" ")}`);
}

// The same noisy state on edm has the same posterior mean.
const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const x = Float64Array.of(0.3, -0.2);
const there = translate(x, 300, process, edm());
const here = exactScore(data, process).evaluateSync(x, 300, ["posteriorMean"]).posteriorMean;
const mean = exactScore(data, edm()).evaluateSync(there.x, there.t, ["posteriorMean"]).posteriorMean;
console.log(`posterior means agree: ${Math.hypot(here[0] - mean[0], here[1] - mean[1]) < 1e-12}`);

const grid = timesteps({ steps: 25, spacing: "trailing" });
const run = await sample(exactScore(data, process), { sampler: heun(), grid, count: 100, seed: 1 });
console.log(`sampled from ${run.times[0]} down to ${run.times[25]}`);
for (const [name, { description }] of Object.entries(processPresets)) console.log(`${name}: ${description}`);
engine.close();
