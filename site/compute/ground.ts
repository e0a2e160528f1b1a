import type { Mixture, Precision, Process, ScoreField, StepEstimator } from "../../src/index.js";
import type { EstimatorName } from "../state/choices.js";
import type { FieldRecipe, Recipe } from "./recipe.js";
import type { Average } from "./smoothing.js";

/** What a view is played on, and what differs from tab to tab. */
export interface Ground<P extends Precision> {
  readonly data: Mixture<P>;
  readonly process: Process;
  /** delta of Chen 2025: half the least distance of two different points; undefined where there is none. */
  readonly half: number | undefined;
  /** How boxes are averaged, where not in closed form. */
  readonly average?: Average | undefined;
  /** Where runs start, unless the score holds only below an earlier time; and from what. */
  readonly start: number;
  readonly initial: Recipe["initial"];
  /** Points on a line, where a smoothed score runs from the time on at which it is smooth. */
  readonly line?: boolean;
  /** The densities of an equation are shown beside the particles: their sampler follows it. */
  readonly equations?: boolean;
}

/** The score that drives. */
export interface Driving<P extends Precision> {
  readonly estimator: EstimatorName;
  readonly recipe: FieldRecipe;
  readonly field: ScoreField<P> | StepEstimator<P>;
  readonly start: number;
  readonly initial: Recipe["initial"];
  readonly notices: readonly string[];
}
