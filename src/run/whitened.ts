import type { Precision } from "../data/mixture.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { RunFrames } from "./framed.js";
import { integrateLocal, type LocalResult } from "./local.js";
import type { RunSpec } from "./spec.js";
import type { Whitened } from "./whiten.js";

/** The same under an anisotropic process, in coordinates where it is isotropic. */
export async function integrateWhitened<P extends Precision>(
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
    initial = (await integrateLocal(field, still, new RunFrames(white.data, white.process))).samples;
  }
  return typeof initial === "string" ? initial : white.inward(initial);
}
