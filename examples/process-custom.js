// Your own process from its rates, checked when it is made; and noise whose shape turns with time.
import { anisotropic, createEngine, customProcess, edm, exactScore, polygon, VkernelError } from "vkernel";

// dx = -x dt + sqrt(2 t) dW: alpha and S are found by quadrature.
const process = customProcess({ beta: () => 1, diffusion: (t) => t, end: 5 });
console.log(
  `S(0.8) = ${process.variance(0.8).toFixed(6)}, sigma = 1 at t = ${process.timeOfSigma(1).toFixed(6)}`,
);

// A variance that does not follow from the rates is refused.
try {
  customProcess({ beta: () => 1, diffusion: (t) => t, variance: (t) => t, end: 5 });
} catch (error) {
  if (error instanceof VkernelError) console.log(`${error.code}: ${error.message.split(" at t")[0]}`);
}

// Noise with the covariance A(t) = R(t) diag(2, 1/2) R(t)': S_t = t^2 A(t), and D_t follows.
const turning = anisotropic(edm(), {
  dim: 2,
  covariance: (t) => {
    const [c, s] = [Math.cos(t), Math.sin(t)];
    return [
      [2 * c * c + 0.5 * s * s, 1.5 * c * s],
      [1.5 * c * s, 2 * s * s + 0.5 * c * c],
    ];
  },
});
const { variance, diffusion } = turning.matrices(0.5);
/** @param {ArrayLike<number>} list */
const numbers = (list) => Array.from(list, (value) => value.toFixed(4)).join(" ");
console.log(`S: ${numbers(variance)}; D: ${numbers(diffusion)}`);
const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2 });
const { score, divergence } = exactScore(data, turning).evaluateSync([[0.3, 0.4]], 0.5, [
  "score",
  "divergence",
]);
console.log(`score ${numbers(score)}; divergence ${numbers(divergence)}`);
engine.close();
