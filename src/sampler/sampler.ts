import type { Capability } from "./abilities.js";
import type { Program } from "./program.js";

/** A sampler: how one step from t to s is written. */
export interface Sampler {
  readonly name: string;
  /** The parameters that the sampler was made with, to print and to send elsewhere. */
  readonly parameters: Readonly<Record<string, number | boolean | string>>;
  /** Order of convergence; random estimators are taken by samplers of order 1 only. */
  readonly order: number;
  /** Whether it takes estimators that draw a fresh score at every step. */
  readonly takesRandom: boolean;
  /** What the sampler needs of a field beside its score (and a steady score, where it takes no random estimators). */
  readonly needs?: readonly Capability[];
  /**
   * Which random numbers a step takes: none; one standard normal per coordinate, the increment of a Brownian path
   * ("increment"), which can be shared between grids or supplied; or draws of its own.
   */
  readonly noise: "none" | "increment" | "own";
  /** Whether it integrates the probability-flow ODE, so that log densities go with it and it can run upward in time. */
  readonly flow: boolean;
  /** The one option, with its value, that makes `flow` true, where the sampler has such an option. */
  readonly flowWith?: { readonly option: string; readonly value: number };
  /**
   * Whether it is written in what also serves noise that is no multiple of one matrix: slopes, predictions, draws, bridges of
   * eta 1 and Langevin steps, and no numbers of the level but alpha and beta.
   */
  readonly anyCovariance: boolean;
  /** Whether it chooses its own steps between the times of the grid. */
  readonly adaptive?: { readonly rtol: number; readonly atol: number };
  /** The sampler that goes from level to level, where this one does more at each level. */
  readonly predictor?: Sampler;
  /** Adds the operations of a step from time t to s > 0; s < t, or s > t for a flow that runs upward. */
  step(program: Program, t: number, s: number): void;
  /** Adds the operations of the step from t to 0. Left out, that step is the posterior mean. */
  finish?(program: Program, t: number): void;
}
