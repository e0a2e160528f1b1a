import { SCALAR_OUTPUTS } from "../../../bindings/ops.js";
import { TimeSlices } from "../../core/scheduler.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import { copyInParts, readInParts } from "../../data/parts.js";
import type { ScoreField, StepEstimator } from "../../score/field.js";
import { calledFieldsOf } from "../calledFields.js";
import type { Framing } from "../framing.js";
import type { ProgramBuilder } from "../programBuilder.js";
import type { RunSpec, RunOutput } from "../spec.js";
import { Blocks, uploadJob, writeStart } from "./upload.js";

/** Runs a program from its start to its end. */
export async function runOnKernels<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  data: Mixture<P>,
  program: ProgramBuilder,
  frames: Framing | undefined,
  run: RunSpec,
): Promise<RunOutput<P>> {
  const { count, onProgress } = run;
  const recorded = run.recorded.length;
  const { layout, runtime, dim } = data;
  const { memory } = runtime;
  if (count === 0) {
    return { samples: data.array(0), trajectories: data.array(0), outputs: new Float64Array(0) };
  }
  const blocks = new Blocks(memory);
  try {
    const bytes = count * layout.width * layout.bytes;
    const state = blocks.take(bytes, "count");
    const slices = new TimeSlices(run.signal, () => data.check());
    await slices.run(writeStart(data, state, run));
    const record = recorded > 0 ? blocks.take(recorded * bytes, "record") : 0;
    const outputs = blocks.take(8 * SCALAR_OUTPUTS * count, "count");
    const whole = await slices.run(uploadJob(data, program, frames, run, blocks));
    const job = { ...whole, state, end: state, record, outputs };
    await runtime.run(job, {
      calledFields: (await calledFieldsOf(field))(run.signal),
      signal: run.signal,
      onProgress: onProgress && ((done: number, total: number) => onProgress({ done, total })),
    });
    return {
      samples: await slices.run(readInParts(data, state, count, dim, layout.width)),
      trajectories:
        recorded > 0
          ? await slices.run(readInParts(data, record, recorded * count, dim, layout.width))
          : undefined,
      outputs: await slices.run(copyInParts(data, 8, outputs, SCALAR_OUTPUTS * count)),
    };
  } finally {
    blocks.free();
  }
}
