/** How much of everything: the whole report, or the same in small for tests. */
export interface Sizes {
  /** Places along a side of a map of Figure 1, and of a V-kernel map. */
  readonly map: number;
  readonly kernelMap: number;
  /** Particles of runs of the naive estimator, and of pairs of laws whose distance is measured. */
  readonly particles: number;
  readonly pairs: number;
  /** Particles of the run from one start, where small masses are compared. */
  readonly fixed: number;
  /** Realizations of learned scores: where distances of laws are claimed, and elsewhere. */
  readonly learned: number;
  readonly scanned: number;
  /** P of linear fits (F = 100 of the first), and of networks. */
  readonly linear: readonly number[];
  readonly features: number;
  readonly network: number;
  readonly trainingTimes: readonly number[];
  /** Samples of objectives, of distributed times each. */
  readonly objectives: number;
  /** Redraws of x_0 for covariances. */
  readonly redraws: number;
  /** Steps of runs of learned scores. */
  readonly steps: number;
}

export const fullSizes: Sizes = {
  map: 81,
  kernelMap: 33,
  particles: 20_000,
  pairs: 6000,
  fixed: 200_000,
  learned: 4000,
  scanned: 1500,
  linear: [2000, 1000, 500, 200],
  features: 100,
  network: 256,
  trainingTimes: [0.1, 1, 10, 100, 1000],
  objectives: 20_000,
  redraws: 4000,
  steps: 40,
};

export const quickSizes: Sizes = {
  map: 21,
  kernelMap: 9,
  particles: 1000,
  pairs: 300,
  fixed: 2000,
  learned: 200,
  scanned: 100,
  linear: [400, 200, 100, 40],
  features: 20,
  network: 48,
  trainingTimes: [0.1, 1, 10, 100, 1000],
  objectives: 1000,
  redraws: 100,
  steps: 20,
};
