/** What the report looks at. The paper draws figures without saying of what; these are the smallest sets that show each. */
export const settings = {
  /** A line: three points of unequal weight whose mean is not 0. */
  line: { points: [-1, 0.5, 2], weights: [1, 2, 1], width: 0.1 },
  /** The times of Figure 3: the start of the reversal first. */
  densityTimes: [2, 0.5, 0.1, 0],
  cells: 1200,
  domain: [-7, 7],
  /** Figure 3's ill-posed equation: s in (2.3). */
  growthTimes: [0.005, 0.015, 0.04],
  growthCells: 192,
  /** The same on cells so wide that no wave is fast: what the drift does to long ones. */
  slowTimes: [0.25, 1, 1.9],
  slowCells: 36,
  /** Figure 5: from y at the later time to the earlier one; forward pairs count where they come this near to y. */
  pair: { earlier: 0.1, later: 0.5, y: 0.6, near: 0.02 },
  /** Figure 6. */
  horizons: [0.25, 0.5, 1, 2, 4],
  /** Figure 10: times, and records of so many steps between two of them. */
  captureTimes: [1, 0.13, 0.016, 0.0003],
  recordings: [1, 4, 16, 64],
  curve: { tMax: 3, tMin: 1e-3, steps: 48 },
  captureHorizon: 2,
  basinTimes: [1, 0.3, 0.05],
  /** A set without symmetry. */
  uneven: {
    points: [
      [0, 0],
      [1, 0.2],
      [0.3, 1.4],
      [-1, -1],
      [1.2, -1.1],
      [-0.9, 1],
    ],
    weights: [1, 2, 3, 4, 2, 1],
  },
  /** Schemes: from p_T to p at epsilon. */
  schemes: { tMax: 3, epsilon: 1e-3 },
  /** Sec. 4.4, 4.5. */
  lossTimes: [1, 0.3, 0.1, 0.03],
  insideTimes: [1, 0.3, 0.1, 0.03, 0.01, 0.003],
  /** Networks of two trainings on the hexagon. */
  network: { widths: [64, 64], batch: 256, learningRate: 0.003, tMin: 1e-3, tMax: 3 },
} as const;

/** How much of everything: the whole report, or the same in small for tests. */
export interface Sizes {
  /** Particles of what is counted. */
  readonly particles: number;
  /** Particles whose whole paths are kept. */
  readonly captured: number;
  /** How many of the recordings. */
  readonly recordings: number;
  /** Forward pairs, of which few come near enough to y. */
  readonly pairs: number;
  /** Steps of the schemes that are compared, and their particles. */
  readonly schemeSteps: readonly number[];
  readonly schemeParticles: number;
  /** Steps of training. */
  readonly training: readonly number[];
  /** Networks of each training, of a seed each: what of their samples is new differs from one to the next. */
  readonly networks: number;
  /** Paths of a network and draws at each time. */
  readonly compared: number;
  /** Where networks are compared with the exact score; and where the shares from N(0, I) are integrated. */
  readonly compareTimes: readonly number[];
  readonly startTimes: readonly number[];
  /** Cells of a map along a side. */
  readonly map: number;
}

export const fullSizes: Sizes = {
  particles: 100_000,
  captured: 20_000,
  recordings: 4,
  pairs: 600_000,
  schemeSteps: [5, 10, 20, 50, 100, 200, 500, 1000],
  schemeParticles: 40_000,
  training: [400, 4000],
  networks: 8,
  compared: 2000,
  compareTimes: [3, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.004],
  startTimes: [2, 1, 0.3, 0.1, 0.03],
  map: 100,
};
export const quickSizes: Sizes = {
  particles: 4000,
  captured: 1000,
  recordings: 3,
  pairs: 60_000,
  schemeSteps: [5, 20, 100],
  schemeParticles: 4000,
  training: [20, 60],
  networks: 2,
  compared: 100,
  compareTimes: [2, 0.5, 0.1],
  startTimes: [2, 0.3],
  map: 24,
};
