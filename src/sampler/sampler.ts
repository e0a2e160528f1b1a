import type { Program } from "./program.js";

/** A sampler: how one step from t down to s > 0 is written. */
export interface Sampler {
  readonly name: string;
  /** What it was made with, to print and to send elsewhere. */
  readonly parameters: Readonly<Record<string, number | boolean>>;
  /** Order of convergence; random estimators are taken by samplers of order 1 only. */
  readonly order: number;
  /** Whether it takes estimators that draw a fresh score at every step. */
  readonly takesRandom: boolean;
  /** Adds the operations of a step from time t to s, 0 < s < t. */
  step(program: Program, t: number, s: number): void;
}
