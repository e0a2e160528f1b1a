import { checkOptions } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import type { Precision } from "../data/mixture.js";
import type { Places, StepEstimator } from "../score/field.js";
import { vKernel } from "./vKernel.js";

/**
 * The covariance of what an estimator's noise adds in one step of length dt: dt^2 D C D / R for draws (dt D C D / R in the literal
 * effective SDE), noiseTime dt D C D for noiseTime. Vastola 2025, Eq. 9, corrected; docs/mathematics.md, Prop. 4.1.
 *
 * @returns `[count, dim, dim]`
 */
export async function stepCovariance<P extends Precision>(
  estimator: StepEstimator<P>,
  places: Places,
  options: { dt: number },
): Promise<Float64Array> {
  checkOptions(options, ["dt"]);
  const V = vKernel(estimator);
  if (V.kind !== "white") throw badArgument("E_TYPE", "estimator", "a step estimator", "an ensemble");
  const { dt } = options;
  if (!(typeof dt === "number" && dt > 0)) throw badArgument("E_RANGE", "dt", "a step length above 0", dt);
  const { randomness } = estimator;
  const factor = "noiseTime" in randomness || randomness.gaussian === "literal" ? dt : dt * dt;
  return (await V.at(places.x, places.t)).map((value) => factor * value);
}
