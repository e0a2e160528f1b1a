import type { CalledField } from "../../bindings/job.js";
import { isExact } from "../score/exact.js";
import type { ScoreField, StepEstimator } from "../score/field.js";

/** Whether a run asks the field itself for its score: every field but the exact one, whose mean the kernels have. */
export function isCalled(field: ScoreField | StepEstimator): boolean {
  return field.kind === "field" && !isExact(field);
}

/** What a program calls in a run of a signal. */
export type CalledFields = (signal: AbortSignal | undefined) => readonly CalledField[];

/** What a program of a field calls; nothing for the exact score and for estimators that draw. */
export async function calledFieldsOf(field: ScoreField | StepEstimator): Promise<CalledFields> {
  if (field.kind !== "field" || !isCalled(field)) return () => [];
  const { rowCalls } = await import("./rowCalls.js");
  return (signal) => rowCalls(field, signal);
}
