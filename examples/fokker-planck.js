// The reverse process as an equation: a density runs back from noise to data, with and without diffusion, and the naive way.
import { createEngine, fokkerPlanck, ou } from "vkernel";

const engine = await createEngine();
const data = engine.mixture([[-1], [0.2], [1.1]], { weights: [1, 2, 1], precision: "f64" });
const times = [2, 1, 0.3, 0.05];
const domain = /** @type {const} */ ([-6, 6]);
const shared = { times, cells: 800, domain };

// Started from the law of the data at t = 2 the stable reversal and the deterministic one are the forward law, read backward.
const law = await fokkerPlanck(data, ou(), { ...shared, direction: "forward", times: [...times].reverse() });
const h = law.axes[0][1] - law.axes[0][0];
/** Total variation of two densities on the grid. @param {Float64Array} p @param {Float64Array} q */
const apart = (p, q) => 0.5 * h * p.reduce((sum, value, i) => sum + Math.abs(value - q[i]), 0);
for (const direction of /** @type {const} */ (["reverse", "deterministic"])) {
  const run = await fokkerPlanck(data, ou(), { ...shared, direction });
  const distances = run.densities.map((q, k) => apart(q, law.densities[times.length - 1 - k]).toFixed(4));
  console.log(
    `${direction}: apart from the forward law by ${distances.join(", ")}; mass ${run.mass[3].toFixed(12)}`,
  );
}

// Started from N(0, 1) instead, the masses near the points are those of Corollary 3.2, almost the weights.
const run = await fokkerPlanck(data, ou(), { ...shared, direction: "reverse", initial: "normal" });
const masses = [-0.4, 0.65, 7].map((end, m) => {
  const start = [-7, -0.4, 0.65][m];
  return run.densities[3].reduce((sum, q, i) => {
    const x = run.axes[0][i];
    return x > start && x <= end ? sum + h * q : sum;
  }, 0);
});
console.log(`from N(0, 1): masses ${masses.map((mass) => mass.toFixed(3)).join(", ")}`);

// The naive reversal makes every wave number k grow by exp(k^2 (1 - e^-2s) / 2), those of rounding most.
const naive = await fokkerPlanck(data, ou(), {
  direction: "unstable",
  times: [2, 1.98, 0.05],
  cells: 192,
  domain,
});
const mode = naive.waveNumbers.findIndex((k) => k > 3);
const grown = naive.amplitudes[1][mode] / naive.amplitudes[0][mode];
console.log(
  `naive, after s = 0.02: k = ${naive.waveNumbers[mode].toFixed(2)} times ${grown.toFixed(4)}`,
  `(theory ${naive.growth[1][mode].toFixed(4)}); the largest k times ${Math.max(...naive.growth[1]).toExponential(1)}`,
);
console.log(
  `stopped at t = ${naive.stopped?.time.toFixed(2)}: rounding has grown to ${naive.stopped?.largest.toExponential(0)}`,
);
engine.close();
