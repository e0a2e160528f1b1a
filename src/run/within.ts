import type { Precision } from "../data/mixture.js";
import type { ExactScore } from "../score/exact.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import type { RunSpec } from "./spec.js";
import type { TolerantField } from "./tolerant.js";

/** The exact score of a run to its tolerance, whose particles then come in larger blocks; undefined where none is asked for. */
export async function tolerantOf<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P> | ScoreEnsemble<P>,
  run: { -readonly [K in keyof RunSpec]: RunSpec[K] },
): Promise<TolerantField<P> | undefined> {
  if (run.tolerance === 0) return undefined;
  const { tolerantField, TOLERANT_BLOCK } = await import("./tolerant.js");
  const { dim } = field.data;
  const most = dim <= 3 ? TOLERANT_BLOCK : Math.ceil((4 * TOLERANT_BLOCK) / dim);
  run.block = Math.max(1, Math.min(run.count, most));
  return tolerantField(field as ExactScore<P>, run);
}
