/** Which draw a counter is for, so that no two uses share a number. */
export const streams = Object.freeze({
  /** The Gaussian noise of a step. */
  noise: 0,
  /** Which training point a posterior draw takes. */
  draw: 1,
  /** Where in a component of width sigma0 a posterior draw falls. */
  component: 2,
  /** The state that a run starts from. */
  initial: 3,
  /** Gaussian noise of the posterior's covariance. */
  spread: 4,
  /** Noise that is added before a step. */
  churn: 5,
  /** Parameters of random features. */
  features: 6,
  /** Training tuples: the point, its place in a component, the time, the noise. */
  tuples: 7,
  /** Redraws of targets, and draws of members of an ensemble. */
  redraw: 8,
  /** The output of a network before training. */
  start: 9,
  /** Places over which a score is averaged. */
  smoothing: 10,
  /** Weights of a network before training, and which samples a batch takes. */
  network: 11,
  /** Starts over which laws are averaged. */
  law: 12,
  /** Langevin steps at one level: 16, 17, ... */
  langevin: 16,
  /** From 2^31 on: nodes of Brownian paths (`brownianPath`). */
  path: 0x80000000,
});
