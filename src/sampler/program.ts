import type { Register } from "../../bindings/ops.js";
import type { Process } from "../process/process.js";
import type { Level } from "../score/level.js";

/** One term of a sum: a factor times a register. */
export type Term = readonly [Register, number];

/** dx/dt at one place, as terms, and the trace that its divergence follows from. */
export interface Slope {
  readonly terms: readonly Term[];
  /** div = constant + factor times a scalar register. */
  readonly divergence?: { readonly scalar: number; readonly constant: number; readonly factor: number };
}

/** A prediction of x_0 at one place, as terms, and the trace of the derivative of x_0 with respect to x / alpha. */
export interface Predicted {
  readonly terms: readonly Term[];
  /** tr = constant + factor times a scalar register. */
  readonly trace?: { readonly scalar: number; readonly constant: number; readonly factor: number };
}

/**
 * What a recipe writes a step to: operations on registers, which hold one vector for each particle. All factors are computed
 * when they are written, in float64; the operations run later, block by block. Terms hold until the next request of their kind in the
 * step (slopes: of their name), which takes the same registers.
 */
export interface Program {
  readonly process: Process;
  /** The number of steps of the grid, and the number of the step being written. */
  readonly steps: number;
  readonly step: number;
  /** The start of the step before; undefined in the first. */
  readonly previous: number | undefined;
  /** The state of a particle. */
  readonly state: Register;

  /** A scratch register by name; the same name gives the same register. */
  register(name: string): Register;

  /** The process at a time, with the width of the data's components. */
  level(t: number): Level;

  /** out <- sum of the terms; terms of one register are added up, those of factor 0 dropped. */
  affine(out: Register, terms: readonly Term[]): void;

  /**
   * The velocity dx/dt = -beta x - D s-hat of the probability flow, with s-hat exact or drawn by the estimator.
   * `name` tells slopes of one step apart. `dt` is the length of the step, which the noise of some estimators asks for.
   */
  slope(x: Register, t: number, dt: number, name?: string): Slope;

  /** out <- x + sum of h slope, and other terms. Where out is the state, its log density goes with it. */
  move(
    out: Register,
    x: Register,
    slopes: readonly (readonly [Slope, number])[],
    others?: readonly Term[],
  ): void;

  /** `factor` times the prediction of x_0 from x at time t: its posterior mean, with the noise of estimators that draw. */
  prediction(factor: number, x: Register, t: number, dt: number): Predicted;

  /** A prediction kept by name, for this step and later ones. */
  keep(name: string, prediction: Predicted): Predicted;

  /** What an earlier step kept by that name. */
  kept(name: string): Predicted;

  /**
   * The log density of a step from t to s along the flow dy/dl = y - x_0(y), y = x / alpha, l = log sigma, with the trace of
   * x_0's derivative held at a combination of what is known: of weights that add up to 1, as the state's own.
   */
  carry(t: number, s: number, predictions: readonly (readonly [Predicted, number])[]): void;

  /** The terms of `factor` times the score at x. */
  scoreTerms(factor: number, x: Register, t: number): Term[];

  /** `factor` times the average of `draws` draws of x_0 from its law given x. */
  draw(factor: number, x: Register, t: number, draws: number): Term[];

  /**
   * Carries the state from t to s by the law of x_s given x_t and what `origin` gives times a factor, a prediction of x_0: DDPM's
   * where eta is 1, with less noise below it; `noise` gives the standard normals, where there are to be any. Returns what was given.
   */
  bridge(
    t: number,
    s: number,
    eta: number,
    origin: (factor: number) => Predicted,
    noise: () => Register,
  ): Predicted;

  /**
   * A Langevin step at s after a step from t: x + E s-hat + sqrt(2 E) eps, E = 2 r^2 snr^2 S_s (r: the scale of the transition
   * from s to t), with standard normals of a stream.
   */
  langevin(t: number, s: number, snr: number, stream: number): void;

  /** Carries the state up from t to a later time by the process itself, with noise `noiseScale` times as large. */
  raise(t: number, later: number, noiseScale: number, stream: number): void;

  /** Fresh standard normals. */
  normal(name: string, stream: number, step?: number): Register;

  /** The standard normals of the step being written: fresh of a stream, of the particle's Brownian path, or supplied. */
  increment(stream?: number): Register;

  /** sqrt(2 D_t dt) times the increment of the step: the noise of the reverse SDE. */
  diffusionNoise(t: number, dt: number): Term[];

  /** Carries the state from t to s by steps of each particle's own, within tolerances in units of the data. */
  adaptive(t: number, s: number, tolerance: { rtol: number; atol: number }): void;

  /** Replaces the state by its posterior mean: the step to 0 of every sampler. */
  posteriorMean(t: number): void;
}
