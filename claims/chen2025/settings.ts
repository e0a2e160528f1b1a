import { KAPPA, T0, TIME, WIDTH } from "./shown.js";

/** The paper's own settings: Sec. 4.2 and A.7. */
export const settings = {
  /** Figure 1: two points, -1 and 1, at this time; the width of its left panel, and those of its right. */
  time: TIME,
  width: WIDTH,
  printedWidths: [0.35, 0.42, 0.53],
  /** A.7: Adam, 0.001, 1,200 steps of 1,024 samples, these L2 weights. Hidden layers and activation are not printed. */
  weightDecays: [0.005, 0.01, 0.02],
  fit: { steps: 1200, batch: 1024, learningRate: 0.001, widths: [64, 64] },
  /** Figure 3: four points on the first axis of the plane, tau = Delta - sqrt(kappa t), from t0 by steps of du in sqrt(t). */
  line: [-1, -1 / 3, 1 / 3, 1],
  kappa: KAPPA,
  t0: T0,
  du: 0.002,
  particles: 4096,
  network: { steps: 3000, batch: 16, learningRate: 0.004, widths: [64, 64] },
  /** Early stopping: the exact score to this time. */
  earlyStop: 0.002,
  kappas: [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2],
  lossTimes: [1e-2, 1e-3, 1e-4, 1e-5],
  lossKappas: [0.1, 0.4, 1, 2],
} as const;

/** How much of everything: the whole report, or the same in small for tests. */
export interface Sizes {
  /** Particles of what is counted. */
  readonly particles: number;
  /** Networks of Figure 1 at each weight decay, and of Figure 3. */
  readonly networks: number;
  /** Steps of training, as a share of the paper's. */
  readonly training: number;
  /** Particles around a curve. */
  readonly curve: number;
}

export const fullSizes: Sizes = { particles: 100_000, networks: 8, training: 1, curve: 4000 };
export const quickSizes: Sizes = { particles: 2000, networks: 2, training: 0.02, curve: 200 };
