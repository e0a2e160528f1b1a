// A network may predict the noise, the data, v or the velocity: each gives all others. Cao et al. 2025, Section 4.4.
import {
  convertPrediction,
  createEngine,
  customScore,
  exactScore,
  heun,
  logarithmic,
  ou,
  polygon,
  predict,
  quadratureTuples,
  sample,
  scoreLosses,
} from "vkernel";

const engine = await createEngine();
const { points } = polygon();
const data = engine.mixture(points, { dim: 2, precision: "f64" });
const exact = exactScore(data, ou());

// Any field, seen as any of them.
const x = Float64Array.of(0.3, -0.2);
/** @param {ArrayLike<number>} list */
const show = (list) => Array.from(list, (value) => value.toFixed(6)).join(" ");
for (const kind of /** @type {const} */ (["score", "posteriorMean", "noise", "v", "velocity"])) {
  console.log(`${kind}: ${show(await predict(exact, x, 0.5, kind))}`);
}
const noise = await predict(exact, x, 0.5, "noise");
console.log(
  `score from noise: ${show(convertPrediction(noise, x, 0.5, ou(), { from: "noise", to: "score" }))}`,
);

// A network that predicts the noise, here one that takes all data for a single Gaussian, as a field to sample.
const network = customScore(
  data,
  ou(),
  (x, t) => {
    const [variance, spread] = [ou().variance(t), 0.5 * ou().alpha(t) ** 2];
    return x.map((value) => (Math.sqrt(variance) * value) / (variance + spread));
  },
  { predicts: "noise" },
);
const grid = logarithmic({ steps: 20, tMin: 0.01, tMax: 3, last: "sigmaMin" });
const run = await sample(network, { sampler: heun(), grid, count: 1000, seed: 1 });
const radius = run.samples.reduce((sum, value) => sum + value * value, 0) / run.count;
console.log(`mean square radius ${radius.toFixed(3)} (1 of the data)`);

// The losses that it is trained by, as expectations: what no network can get below is what x_0 varies by given x.
const samples = quadratureTuples(data, ou(), { t: [0.2, 1] });
const { score, total, noise: other, conditionalVariance } = await scoreLosses(network, { samples });
console.log(`score ${score.value.toFixed(6)}, total ${total.value.toFixed(6)} = ${other.value.toFixed(6)}`);
console.log(
  `total - score ${(total.value - score.value).toFixed(6)}, variance ${conditionalVariance.value.toFixed(6)}`,
);
engine.close();
