import { TimeSlices } from "../core/scheduler.js";
import type { Numbers, Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import type { Framing } from "./framing.js";
import { runOnKernels } from "./wasm/run.js";
import { runPlainly } from "./plain/run.js";
import type { Whitened } from "./whiten.js";
import { checkEnds, checkEvaluations, compileProgram } from "./compile.js";
import { isCalled } from "./calledFields.js";
import type { RunSpec, RunResult } from "./spec.js";

/** A run in coordinates less multiples of the data's centre: its ends, and those multiples. */
interface LocalResult<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
  evaluations: number;
  logLikelihood: Float64Array | undefined;
  /** How many centres have been taken from the state at each time of the grid. */
  shifts: readonly number[];
}

/** Whether noise has a direction. */
export const isDirected = ({ covariance, matrices }: Process): boolean =>
  covariance !== undefined || matrices !== undefined;

/** Writes the program of a run and runs it, on the kernels or by the reference. */
export async function integrate<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
): Promise<RunResult<P>> {
  const { data } = field;
  const local = localStart(field, run);
  // Noise with a direction is rare: what it takes loads with it.
  const directed = isDirected(field.process) ? await import("./directed.js") : undefined;
  const coordinates = directed?.coordinatesOf(field, run);
  const frames =
    directed && coordinates === "framed" ? new directed.RunFrames(data, field.process) : undefined;
  const done =
    directed && coordinates === "white"
      ? await integrateWhitened(field, local, directed.whiten(field))
      : await integrateLocal(directed && frames ? directed.driven(field, run) : field, local, frames);
  const { samples, trajectories, evaluations, logLikelihood, shifts } = done;
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

/** A run whose given states are less alpha_t centres of the data. */
export function localStart<P extends Precision>(
  { data, process }: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
): RunSpec {
  const { initial, times } = run;
  if (typeof initial === "string" || data.centre === undefined) return run;
  return { ...run, initial: data.inward(initial, process.alpha(times[0])) };
}

async function integrateLocal<P extends Precision>(
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
      ? await runPlainly(field, data, program, frames, run)
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

/** The same under an anisotropic process, in coordinates where it is isotropic. */
async function integrateWhitened<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
  white: Whitened<P>,
): Promise<LocalResult<P>> {
  try {
    const initial = await whiteStart(white, run, field);
    const done = await integrateLocal(white.field, { ...run, initial });
    white.outward(done.samples);
    if (done.trajectories) white.outward(done.trajectories);
    return done;
  } finally {
    white.dispose();
  }
}

/** The start of a run, in the coordinates where its process is isotropic; both less alpha_t centres. */
export async function whiteStart<P extends Precision>(
  white: Whitened<P>,
  run: RunSpec,
  field: ScoreField<P> | StepEstimator<P>,
): Promise<RunSpec["initial"]> {
  let { initial } = run;
  const still = {
    ...run,
    times: run.times.slice(0, 1),
    recorded: new Int32Array(0),
    logLikelihood: false,
    onProgress: undefined,
  };
  if (initial === "normal") {
    // N(0, I) in x: drawn as such, then carried inward.
    const drawn = (await integrateLocal(white.field, still)).samples;
    initial = white.data.inward(drawn, white.process.alpha(run.times[0]));
  } else if (initial === "marginal" && white.data.sigma0 > 0) {
    // Components with a width are round in x alone.
    const { RunFrames } = await import("./directed.js");
    initial = (await integrateLocal(field, still, new RunFrames(white.data, white.process))).samples;
  }
  return typeof initial === "string" ? initial : white.inward(initial);
}
