// Scores a data set: the noised density, its score, the ideal denoiser and more, at some queries.
import { createEngine, edm, exactScore, polygon } from "vkernel";

const engine = await createEngine(); // threads, kernels ("auto" | "simd" | "relaxed" | "reference"), memory: all optional
console.log(`${engine.info.kernels} kernels, ${engine.info.threads} threads`);

const { points } = polygon(); // or your own: Float32Array | Float64Array | number[][]
const data = engine.mixture(points, { dim: 2, precision: "f64", labels: [0, 0, 0, 1, 1, 1] });
const field = exactScore(data, edm());

const x = [
  [0, 0],
  [0.5, 0.5],
];
const sigma = 0.5; // on edm, time is the standard deviation of the noise

// Asynchronous, on the engine's threads.
const { score, logDensity, posteriorMean, proxyVariance } = await field.evaluate(x, sigma, [
  "score",
  "logDensity",
  "posteriorMean",
  "proxyVariance",
]);
for (let i = 0; i < x.length; i++) {
  const row = [2 * i, 2 * i + 2];
  console.log(
    `at (${x[i]}): log density ${logDensity[i].toFixed(6)}, proxy variance ${proxyVariance[i].toFixed(6)}`,
  );
  console.log(`  score (${Array.from(score.slice(...row), (s) => s.toFixed(6)).join(", ")})`);
  console.log(`  denoised (${Array.from(posteriorMean.slice(...row), (s) => s.toFixed(6)).join(", ")})`);
}

// The same on the calling thread, and at one time per query.
const same = field.evaluateSync(x, [sigma, sigma], ["score"]);
console.log(`same bits: ${same.score.every((value, i) => value === score[i])}`);

// The posterior average of anything that the points have: here the probability of class 1.
const classOne = await field.posteriorExpectation(x, sigma, data.labels ?? []);
console.log(`class 1 with probability ${Array.from(classOne, (p) => p.toFixed(6)).join(" and ")}`);
engine.close();
