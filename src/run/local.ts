import { TimeSlices } from "../core/scheduler.js";
import type { Numbers, Precision } from "../data/mixture.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { isCalled } from "./calledFields.js";
import { checkEnds, checkEvaluations, compileProgram } from "./compile.js";
import type { Framing } from "./framing.js";
import { runOnKernels } from "./wasm/run.js";
import type { RunSpec } from "./spec.js";

/** A run in coordinates less multiples of the data's centre: its ends, and those multiples. */
export interface LocalResult<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
  evaluations: number;
  logLikelihood: Float64Array | undefined;
  /** How many centres have been taken from the state at each time of the grid. */
  shifts: readonly number[];
}

/** Writes the program of a run and runs it, in those coordinates. */
export async function integrateLocal<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
  frames?: Framing,
): Promise<LocalResult<P>> {
  const { data } = field;
  const { count, recorded, logLikelihood } = run;
  const slices = new TimeSlices(run.signal, () => data.check());
  const { program, shifts } = await slices.run(compileProgram(field, run, frames));
  const result =
    data.engine.runtime === undefined
      ? await (await import("./plain/run.js")).runPlainly(field, data, program, frames, run)
      : await data.hold(() => runOnKernels(field, data, program, frames, run));
  if (isCalled(field)) checkEnds(result.samples, data.dim);
  const own = checkEvaluations(result.outputs.subarray(count, 2 * count));
  return {
    samples: result.samples,
    trajectories: recorded.length > 0 ? result.trajectories : undefined,
    evaluations: program.evaluations + (count === 0 ? 0 : own / count),
    logLikelihood: logLikelihood ? result.outputs.slice(0, count) : undefined,
    shifts,
  };
}
