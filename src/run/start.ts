import type { Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import type { RunSpec } from "./spec.js";

/** Whether noise has a direction. */
export const isDirected = ({ covariance, matrices }: Process): boolean =>
  covariance !== undefined || matrices !== undefined;

/** A run whose given states are less alpha_t centres of the data. */
export function localStart<P extends Precision>(
  { data, process }: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
): RunSpec {
  const { initial, times } = run;
  if (typeof initial === "string" || data.centre === undefined) return run;
  return { ...run, initial: data.inward(initial, process.alpha(times[0])) };
}
