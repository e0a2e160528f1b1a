import {
  type ExactScore,
  exactScore,
  type Precision,
  type Process,
  type Sampler,
  type ScoreField,
  type StepEstimator,
} from "../../src/index.js";
import type { View } from "../state/state.js";
import type { Driving, Ground } from "./ground.js";
import type { Recipe } from "./recipe.js";
import { samplerOf, samplerRecipe } from "./samplers.js";

/** What a view runs. */
export interface Playable<P extends Precision> {
  readonly recipe: Recipe;
  readonly process: Process;
  readonly exact: ExactScore<P>;
  readonly field: ScoreField<P> | StepEstimator<P>;
  readonly sampler: Sampler;
  /** What did not go together, and what runs instead. */
  readonly notices: readonly string[];
}

/**
 * What a view of the state runs on its ground: the one place where estimators and samplers are chosen and put right. What does
 * not go together is never something else in silence: a notice says what runs instead.
 */
export async function playable<P extends Precision>(view: View, ground: Ground<P>): Promise<Playable<P>> {
  const { data, process, start, initial } = ground;
  const exact = exactScore(data, process);
  const { estimator } = view;
  const plain = estimator === "exact" || estimator === "kde";
  const driving: Driving<P> = plain
    ? { estimator, recipe: { by: "exactScore" }, field: exact, start, initial, notices: [] }
    : (await import("./estimators.js")).drivingOf(view, ground);
  const { field } = driving;
  const notices = [...driving.notices];
  let recipe = samplerRecipe(view.sampler);
  let sampler = await samplerOf(recipe);
  // Every sampler takes the exact score.
  const other =
    plain && !ground.equations
      ? undefined
      : (await import("./pairs.js")).insteadOf(view.sampler, sampler, field, ground.equations === true);
  if (other !== undefined) {
    notices.push(other.notice);
    recipe = samplerRecipe(other.name);
    sampler = await samplerOf(recipe);
  }
  if (ground.line && recipe.by === "euler" && view.grid === "squareRoot") {
    // Chen 2025, Sec. 4.2: steps in the root of time, on a grid that is even in it.
    recipe = { ...recipe, options: { variable: "squareRoot" } };
    sampler = await samplerOf(recipe);
  }
  return {
    recipe: {
      process: view.process,
      estimator: driving.estimator,
      field: driving.recipe,
      sampler: recipe,
      grid: {
        name: view.grid,
        steps: view.steps,
        tMin: Math.min(view.epsilon, driving.start / 2),
        tMax: driving.start,
      },
      initial: driving.initial,
    },
    process,
    exact,
    field,
    sampler,
    notices,
  };
}
