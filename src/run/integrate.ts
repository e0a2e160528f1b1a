import type { Precision } from "../data/mixture.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { integrateLocal } from "./local.js";
import type { RunResult, RunSpec } from "./spec.js";
import { isDirected, localStart } from "./start.js";

/** Writes the program of a run and runs it, on the kernels or by the reference. */
export async function integrate<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
): Promise<RunResult<P>> {
  const { data } = field;
  const local = localStart(field, run);
  // Noise with a direction is rare: what it takes loads with it.
  const { samples, trajectories, evaluations, logLikelihood, shifts } = isDirected(field.process)
    ? await (await import("./directed.js")).integrateDirected(field, run, local)
    : await integrateLocal(field, local);
  if (data.centre === undefined) {
    return { samples, states: samples, trajectories, paths: trajectories, evaluations, logLikelihood };
  }
  const paths = run.paths && trajectories ? new Float64Array(trajectories.length) : undefined;
  const states = data.outward(samples, shifts[shifts.length - 1]);
  samples.set(states);
  run.recorded.forEach((index, slot) => {
    const some = trajectories?.subarray(slot * samples.length, (slot + 1) * samples.length);
    if (some === undefined) return;
    const whole = data.outward(some, shifts[index]);
    paths?.set(whole, slot * samples.length);
    some.set(whole);
  });
  return { samples, states, trajectories, paths, evaluations, logLikelihood };
}
