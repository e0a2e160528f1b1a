// Where a trained network departs from the exact score: by noise level, along its paths, and which smoothing it is like.
import { compareFields, createEngine, exactScore, logUniformTimes, mlpScore, ou, polygon } from "vkernel";

const engine = await createEngine();
const data = engine.mixture(polygon().points, { dim: 2 });
const exact = exactScore(data, ou());
const net = await mlpScore(data, ou(), {
  widths: [48, 48],
  steps: 800,
  learningRate: 0.003,
  times: logUniformTimes({ tMin: 0.003, tMax: 3 }),
  seed: 1,
});
const times = [2, 0.5, 0.1, 0.02, 0.005];
const {
  marginal,
  along,
  departures,
  smoothing = [],
} = await compareFields(net, exact, {
  times,
  count: 300,
  seed: 1,
});
const show = (/** @type {import("vkernel").Means} */ { mean, standardError }, /** @type {number} */ row) =>
  `${Math.sqrt(mean[row]).toFixed(4)} +- ${(standardError[row] / (2 * Math.sqrt(mean[row]))).toFixed(4)}`;
times.forEach((t, row) => {
  const { width, unexplained } = smoothing[row];
  console.log(
    `t = ${t}: its x0 is off by ${show(marginal.prediction, row)} at p_t, ${show(along.prediction, row)} on its paths; ` +
      `departed ${departures.departed.fraction[row].toFixed(3)}; ` +
      `nearest smoothing ${width.toFixed(3)}, which leaves ${(100 * unexplained).toFixed(0)}% of the difference`,
  );
});
const { fraction, standardError } = departures.elsewhere;
console.log(`ends on another point: ${fraction.toFixed(3)} +- ${standardError.toFixed(3)}`);
net.dispose();
engine.close();
