import { createEngine, edm, exactScore, heun, karras, polygon, sample } from "vkernel";

const engine = await createEngine();
const set = polygon(); // six points on a circle
const data = engine.mixture(set.points, { dim: set.dim });
const field = exactScore(data, edm());
const { score, logDensity } = await field.evaluate([[0.1, 0.2]], 0.5, ["score", "logDensity"]);
const run = await sample(field, { sampler: heun(), grid: karras({ steps: 18 }), count: 10_000, seed: 1 });
console.log(score, logDensity, run.samples.subarray(0, 4), run.stats);
engine.close();
