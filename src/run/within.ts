import type { Precision } from "../data/mixture.js";
import type { ExactScore } from "../score/exact.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import type { RunSpec } from "./spec.js";
import type { TolerantField } from "./tolerant.js";

/** The exact score of a run to its tolerance, whose particles then come in larger blocks; undefined where all points count. */
export async function tolerantOf<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P> | ScoreEnsemble<P>,
  run: { -readonly [K in keyof RunSpec]: RunSpec[K] },
): Promise<TolerantField<P> | undefined> {
  if (run.tolerance === 0) return undefined;
  const { tolerantField, TOLERANT_BLOCK } = await import("./tolerant.js");
  if (field.data.dim <= 3) run.block = Math.max(1, Math.min(run.count, TOLERANT_BLOCK));
  return tolerantField(field as ExactScore<P>, run);
}
