// DDIM, EDM, DPM-Solver++ and the predictor-corrector of the score SDE, as their papers set them up.
import {
  ancestral,
  createEngine,
  dpmpp2m,
  edm,
  euler,
  exactScore,
  heun,
  karras,
  logSnr,
  polygon,
  predictorCorrector,
  sample,
  songVp,
} from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const logGrid = logSnr({ steps: 20, sigmaMin: 0.01, sigmaMax: 100 });
const setups = [
  // Song et al. 2021: on vp the step of Eq. 12 with eta 0; in x / alpha against sigma it is an Euler step.
  { name: "DDIM, vp", process: songVp(), sampler: ancestral({ eta: 0 }), grid: logGrid },
  { name: "DDIM, edm", process: edm(), sampler: euler(), grid: logGrid },
  // Karras et al. 2022, Algorithm 1; Algorithm 2 with the settings of their Table 5 for ImageNet-64.
  { name: "EDM 1", process: edm(), sampler: heun(), grid: karras({ steps: 18 }) },
  {
    name: "EDM 2",
    process: edm(),
    sampler: heun({ churn: 40, churnMin: 0.05, churnMax: 50, noiseScale: 1.003 }),
    grid: karras({ steps: 256 }),
  },
  // Lu et al. 2022, Algorithm 2: equal steps in log-SNR.
  { name: "DPM-Solver++", process: songVp(), sampler: dpmpp2m(), grid: logGrid },
  // Song et al. 2021 (score SDE): the predictor "ancestral sampling" and one Langevin step at each level.
  {
    name: "score SDE",
    process: edm(),
    sampler: predictorCorrector({ snr: 0.16 }),
    grid: karras({ steps: 200, sigmaMin: 0.01, sigmaMax: 50 }),
  },
];
const start = Float64Array.of(60, -80, -30, 40);
for (const { name, process, sampler, grid } of setups) {
  // The same start in x / alpha on every process.
  const top = grid.times(process)[0];
  const initial = start.map((x) => x * process.alpha(top));
  const run = await sample(exactScore(data, process), { sampler, grid, initial, seed: 1 });
  const last = process.alpha(run.times[run.times.length - 1]);
  const ends = Array.from(run.samples, (x) => (x / last).toFixed(4)).join(" ");
  console.log(`${name}: ${ends} (${run.stats.evaluations} evaluations)`);
}
engine.close();
