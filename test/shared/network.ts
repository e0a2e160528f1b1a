import { edm, type Engine, gridTimes, logUniformTimes, type MlpScoreOptions, mlpScore, ve } from "vkernel";

/** Small trainings of every kind, whose parameters Node and Chromium agree on to the bit. */
export const trainings: readonly MlpScoreOptions[] = [
  {
    steps: 20,
    batch: 100,
    activation: "silu",
    conditioning: "scaled",
    times: logUniformTimes({ tMin: 0.05, tMax: 3 }),
    seed: 1,
  },
  {
    steps: 20,
    batch: 16,
    widths: [10, 7],
    activation: "tanh",
    conditioning: "edm",
    timeFeatures: 2,
    loss: "exact",
    weightDecay: 0.01,
    decay: "decoupled",
    times: logUniformTimes({ tMin: 0.05, tMax: 3 }),
  },
  {
    steps: 20,
    batch: 33,
    widths: [5],
    activation: "relu",
    samples: 60,
    weightDecay: 0.1,
    times: gridTimes([0.1]),
  },
];

/** The parameters that each training ends with, two of them on edm. */
export async function trainedParameters(engine: Engine): Promise<number[][]> {
  const data = engine.mixture([
    [-1, 0.2],
    [1, -0.3],
    [0.4, 0.9],
  ]);
  const out: number[][] = [];
  for (const [i, options] of trainings.entries()) {
    const net = await mlpScore(data, i === 2 ? ve() : edm(), options);
    out.push(Array.from(net.parameters));
    net.dispose();
  }
  data.dispose();
  return out;
}
