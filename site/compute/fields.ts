/** Scores by their recipes. Those that are not the exact one load with this file, when one of them is chosen. */
import {
  effectiveSde,
  exactScore,
  type Mixture,
  naiveScore,
  type Precision,
  piecewiseScore,
  type Process,
  type ScoreField,
  type StepEstimator,
  smoothedScore,
} from "../../src/index.js";
import { pairedScore } from "./pairedScore.js";
import type { FieldRecipe } from "./recipe.js";
import { type Smoothing, widthAt } from "./smoothing.js";

export function fieldOf<P extends Precision>(
  recipe: FieldRecipe,
  data: Mixture<P>,
  process: Process,
): ScoreField<P> | StepEstimator<P> {
  switch (recipe.by) {
    case "exactScore":
      return exactScore(data, process);
    case "naiveScore": {
      const naive = naiveScore(data, process, recipe.options);
      return recipe.effective ? effectiveSde(naive) : naive;
    }
    case "smoothedScore":
      return smoothedOf(recipe, data, process);
    case "piecewiseScore":
      return piecewiseOf(recipe, data, process);
  }
}

/** The score averaged over a width that follows the time. */
export function smoothedOf<P extends Precision>(
  { smoothing, average }: Omit<Extract<FieldRecipe, { by: "smoothedScore" }>, "by">,
  data: Mixture<P>,
  process: Process,
): ScoreField<P> {
  const width = (t: number): number => widthAt(smoothing, process, t);
  if (average?.rule === "pairs") return pairedScore(data, process, { width, count: average.count });
  return smoothedScore(data, process, { ...average, width });
}

type Piecewise = Extract<FieldRecipe, { by: "piecewiseScore" }>;

/** The score of Chen 2025, Eq. 16, at the same width between two points. */
export const piecewiseRecipe = (smoothing: Smoothing): Piecewise => ({
  by: "piecewiseScore",
  options: "kappa" in smoothing ? { kappa: smoothing.kappa } : { width: smoothing.share * smoothing.half },
});

export const piecewiseOf = <P extends Precision>(
  { options }: Piecewise,
  data: Mixture<P>,
  process: Process,
): ScoreField<P> => piecewiseScore(data, { ...options, process });
