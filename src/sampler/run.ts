import type { Numbers, Precision } from "../data/mixture.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { Frames } from "./frames.js";
import { runKernels } from "./kernelRun.js";
import { runReference } from "./referenceRun.js";
import type { Sampler } from "./sampler.js";
import { type Whitened, whiten } from "./whiten.js";
import { checkEnds, checkEvaluations, coordinatesOf, writeProgram } from "./written.js";
import { isCalled } from "./called.js";

/** A checked run. */
export interface Run {
  readonly sampler: Sampler;
  /** Descending, or ascending for a flow that runs upward. */
  readonly times: Float64Array;
  readonly initial: "noise" | "normal" | "marginal" | Float32Array | Float64Array;
  readonly count: number;
  /** The number of the first particle; 0 by default. */
  readonly particle?: number;
  readonly seed: number;
  readonly recorded: Int32Array;
  /** Supplied normals: steps x count x dim. */
  readonly noise: "independent" | "shared" | Float32Array | Float64Array;
  readonly density: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: { done: number; total: number }) => void) | undefined;
}

export interface RunResult<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
  /** Mean evaluations of the score a particle. */
  evaluations: number;
  /** How much the log density of each particle grew on the way. */
  density: Float64Array | undefined;
}

/** What a run of a program gives, before it is looked at. */
export interface RunOutput<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
  /** SCALAR_OUTPUTS x count. */
  outputs: Float64Array;
}

/** Writes the program of a run and runs it, on the kernels or by the reference. */
export async function integrate<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
): Promise<RunResult<P>> {
  const coordinates = coordinatesOf(field, run);
  if (coordinates === "white") return integrateWhitened(field, run);
  return integratePlain(
    field,
    run,
    coordinates === "framed" ? new Frames(field.data, field.process) : undefined,
  );
}

async function integratePlain<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
  frames?: Frames,
): Promise<RunResult<P>> {
  const { data } = field;
  const { count, recorded, density } = run;
  const { program } = writeProgram(field, run, frames);
  const result =
    data.engine.runtime === undefined
      ? await runReference(field, data, program, frames, run)
      : await data.hold(() => runKernels(field, data, program, frames, run));
  if (isCalled(field)) checkEnds(result.samples, data.dim);
  const own = checkEvaluations(result.outputs.subarray(count, 2 * count));
  return {
    samples: result.samples,
    trajectories: recorded.length > 0 ? result.trajectories : undefined,
    evaluations: program.evaluations + (count === 0 ? 0 : own / count),
    density: density ? result.outputs.slice(0, count) : undefined,
  };
}

/** The same under an anisotropic process, in coordinates where it is isotropic. */
async function integrateWhitened<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
): Promise<RunResult<P>> {
  const white = whiten(field);
  try {
    const done = await integratePlain(white.field, { ...run, initial: await whiteStart(white, run) });
    white.outward(done.samples);
    if (done.trajectories) white.outward(done.trajectories);
    return done;
  } finally {
    white.dispose();
  }
}

/** The start of a run, in the coordinates where its process is isotropic. */
export async function whiteStart<P extends Precision>(white: Whitened<P>, run: Run): Promise<Run["initial"]> {
  let { initial } = run;
  if (initial === "normal") {
    // N(0, I) in x: drawn as such, then carried inward.
    const still = {
      ...run,
      times: run.times.slice(0, 1),
      recorded: new Int32Array(0),
      onProgress: undefined,
    };
    initial = (await integratePlain(white.field, still)).samples;
  }
  return typeof initial === "string" ? initial : white.inward(initial);
}
