// Replay another program's noise: k-diffusion's sample_euler_ancestral by its own formulas, then by ancestral().
import { ancestral, createEngine, edm, exactScore, karras, polygon, sample, times } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2, precision: "f64" });
const field = exactScore(data, edm());
const [steps, count, dim] = [10, 50, 2];
const sigmas = karras({ steps, sigmaMin: 0.1, last: "sigmaMin" }).times(edm());

// Any standard normals, [steps, count, dim]: from a file, say. Here by Box and Muller from a little generator.
let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
const noise = Float64Array.from({ length: steps * count * dim }, normal);
const initial = Float64Array.from({ length: count * dim }, () => sigmas[0] * normal());

let x = initial;
for (let i = 0; i < steps; i++) {
  const [from, to] = [sigmas[i], sigmas[i + 1]];
  const denoised = field.evaluateSync(x, from, ["posteriorMean"]).posteriorMean;
  const up = Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2);
  const down = Math.sqrt(to ** 2 - up ** 2);
  const eps = noise.subarray(i * count * dim);
  x = x.map((v, j) => v + ((v - denoised[j]) / from) * (down - from) + up * eps[j]);
}

const run = await sample(field, { sampler: ancestral(), grid: times(sigmas), initial, noise });
const largest = run.samples.reduce((most, v, i) => Math.max(most, Math.abs(v - x[i])), 0);
console.log(`largest difference after ${steps} steps: ${largest.toExponential(1)}`);
engine.close();
