import { type Precision, VkernelError } from "../../src/index.js";
import type { EstimatorName } from "../state/choices.js";
import type { View } from "../state/state.js";
import { fieldOf, piecewiseRecipe } from "./fields.js";
import type { Driving, Ground } from "./ground.js";
import type { FieldRecipe } from "./recipe.js";
import { type Smoothing, smoothedFrom, smoothingOf } from "./smoothing.js";

/** The score that a view's estimator is on its ground; another where there is none, which a notice says. */
export function drivingOf<P extends Precision>(view: View, ground: Ground<P>): Driving<P> {
  const { draws, noiseTime, estimator } = view;
  // A single point has no gap: any width leaves its score as it is.
  const smoothing = smoothingOf(view, ground.half ?? 1);
  switch (estimator) {
    case "naive":
      return driving(ground, estimator, { by: "naiveScore", options: { draws } });
    case "noiseTime":
      return driving(ground, estimator, { by: "naiveScore", options: { noiseTime } });
    case "effective":
      return driving(ground, estimator, { by: "naiveScore", options: { draws }, effective: true });
    case "smoothed":
      return ground.line ? onLine(view, ground, smoothing) : smoothed(ground, smoothing);
    case "piecewise":
      return ground.line ? onLine(view, ground, smoothing) : piecewise(ground, smoothing);
    default:
      return driving(ground, estimator, { by: "exactScore" });
  }
}

function driving<P extends Precision>(
  ground: Ground<P>,
  estimator: EstimatorName,
  recipe: FieldRecipe,
  more: Partial<Driving<P>> = {},
): Driving<P> {
  const { data, process, start, initial } = ground;
  return { estimator, recipe, field: fieldOf(recipe, data, process), start, initial, notices: [], ...more };
}

function smoothed<P extends Precision>(
  ground: Ground<P>,
  smoothing: Smoothing,
  notices: readonly string[] = [],
): Driving<P> {
  const { average } = ground;
  return driving(
    ground,
    "smoothed",
    { by: "smoothedScore", smoothing, ...(average && { average }) },
    { notices },
  );
}

/** Of the plane: there is a piecewise score where its points are distinct and lie on a line. */
function piecewise<P extends Precision>(ground: Ground<P>, smoothing: Smoothing): Driving<P> {
  try {
    return driving(ground, "piecewise", piecewiseRecipe(smoothing), belowItsEnd(ground, smoothing));
  } catch (error) {
    if (!(error instanceof VkernelError)) throw error;
    return smoothed(ground, smoothing, [
      "The piecewise score is that of distinct points on a line: the smoothed score runs instead.",
    ]);
  }
}

/** A width that follows t falls to 0 at kappa S / alpha^2 = delta^2: the run starts below, with room for the grid's rounding. */
function belowItsEnd<P extends Precision>(
  { process, start }: Ground<P>,
  smoothing: Smoothing,
): Partial<Driving<P>> {
  if (!("kappa" in smoothing) || smoothing.kappa === 0) return {};
  const most = process.timeOfSigma(Math.sqrt(0.98 / smoothing.kappa) * smoothing.half);
  if (most >= start) return {};
  return {
    start: most,
    initial: "marginal",
    notices: [
      `The piecewise score holds below t = ${most.toPrecision(3)}: the run starts there, from p(x | t).`,
    ],
  };
}

/** Of points on a line: from the time on at which the score is smooth. */
function onLine<P extends Precision>(view: View, ground: Ground<P>, smoothing: Smoothing): Driving<P> {
  const { half, start, process } = ground;
  const end = Math.min(view.epsilon, start / 2);
  const top = half === undefined ? undefined : smoothedFrom(smoothing, process, { start, end });
  if (top === undefined)
    return driving(
      ground,
      "exact",
      { by: "exactScore" },
      { notices: ["Nothing to smooth: the exact score runs."] },
    );
  const recipe: FieldRecipe =
    view.estimator === "piecewise" ? piecewiseRecipe(smoothing) : { by: "smoothedScore", smoothing };
  const later = `Smoothing reaches up to t = ${Number(top.toPrecision(3))} (kappa S / alpha² below Δ²): the run starts there.`;
  return driving(ground, view.estimator, recipe, { start: top, notices: top < start ? [later] : [] });
}
