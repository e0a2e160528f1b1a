// Processes (how noise comes in) and grids (at which times a sampler stops): what each of them is.
import {
  createEngine,
  edm,
  exactScore,
  heun,
  karras,
  linear,
  logarithmic,
  logSnr,
  ou,
  polygon,
  sample,
  songVp,
  squareRoot,
  times,
  ve,
  vp,
} from "vkernel";

// A process: x_t = alpha(t) x_0 + sqrt(variance(t)) noise.
const processes = { edm: edm(), ve: ve(), vp: vp({ betaMin: 0.1, betaD: 19.9 }), songVp: songVp(), ou: ou() };
for (const [name, process] of Object.entries(processes)) {
  const t = 0.5;
  const row = [process.alpha(t), process.variance(t), process.beta(t), process.diffusion(t)];
  console.log(`${name}: alpha, S, beta, D at t = ${t}: ${row.map((value) => value.toFixed(6)).join(", ")}`);
}

// A grid: steps + 1 descending times. Levels are standard deviations of noise in units of the data.
const ends = { steps: 6, sigmaMin: 0.01, sigmaMax: 10 };
const grids = {
  karras: karras({ ...ends, rho: 7 }), // ends with 0, as EDM does
  logarithmic: logarithmic(ends),
  linear: linear(ends),
  squareRoot: squareRoot(ends),
  logSnr: logSnr(ends),
  "six levels and no 0": karras({ ...ends, last: "sigmaMin" }),
  times: times([10, 3, 1, 0.1, 0]), // your own
};
for (const [name, grid] of Object.entries(grids)) {
  console.log(`${name}: ${Array.from(grid.times(edm()), (t) => t.toPrecision(4)).join(" ")}`);
}

// The same levels on every process lead to the same points.
const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2 });
for (const [name, process] of Object.entries(processes)) {
  const run = await sample(exactScore(data, process), {
    sampler: heun(),
    grid: karras({ steps: 20, sigmaMin: 0.01, sigmaMax: 10 }),
    count: 1000,
    seed: 1,
  });
  let radius = 0;
  for (let i = 0; i < run.count; i++)
    radius += Math.hypot(run.samples[2 * i], run.samples[2 * i + 1]) / run.count;
  console.log(`${name}: mean radius ${radius.toFixed(4)}`);
}
engine.close();
