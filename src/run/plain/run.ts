import { type Op, SCALAR_OUTPUTS } from "../../../bindings/ops.js";
import { PIECE, TimeSlices } from "../../core/scheduler.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import type { ScoreField, StepEstimator } from "../../score/field.js";
import { calledFieldsOf } from "../calledFields.js";
import type { Framing } from "../framing.js";
import type { ProgramBuilder } from "../programBuilder.js";
import type { RunOutput, RunSpec } from "../spec.js";
import { type Block, opWork, plainOps } from "./ops.js";

/** Particles that go together: as many as make a piece of work, at most. */
export function batchOf({ size, dim }: Mixture): number {
  return Math.max(1, Math.min(64, Math.floor(PIECE / (size * (4 * dim + 20)))));
}

/** Runs a program without Wasm: the same operations on plain float64 arrays, by the reference's functions. */
export async function runPlainly<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  data: Mixture<P>,
  program: ProgramBuilder,
  frames: Framing | undefined,
  run: RunSpec,
): Promise<RunOutput<P>> {
  const { dim } = data;
  const { count, signal, onProgress } = run;
  const recorded = run.recorded.length;
  const samples = data.array(count * dim);
  const trajectories = recorded > 0 ? data.array(recorded * count * dim) : undefined;
  const outputs = new Float64Array(SCALAR_OUTPUTS * count);
  const runOp = plainOps((await calledFieldsOf(field))(signal), data, frames, run, trajectories);
  const total = count * program.ops.length;
  const slices = new TimeSlices(signal, () => data.check());
  const batch = batchOf(data);
  for (let first = 0; first < count; first += batch) {
    const block = startBlock(data, program, run, first);
    const { n } = block;
    for (let i = 0; i < program.ops.length; i++) {
      const op = program.ops.at(i) as Op;
      const later = runOp(op, block);
      if (later) await later;
      const wait = slices.spend(n * opWork(data, op));
      if (!wait) continue;
      await wait;
      if (onProgress)
        slices.report(() => onProgress({ done: first * program.ops.length + n * (i + 1), total }));
    }
    samples.set(block.registers[0], first * dim);
    for (let r = 0; r < SCALAR_OUTPUTS; r++) outputs.set(block.scalars[r], r * count + first);
  }
  if (onProgress) slices.report(() => onProgress({ done: total, total }));
  await slices.settle();
  return { samples, trajectories, outputs };
}

/** The particles from `first` on, as many as go together, before a program begins. */
export function startBlock(
  data: Mixture,
  program: ProgramBuilder,
  { initial, count }: Pick<RunSpec, "initial" | "count">,
  first: number,
): Block {
  const { dim } = data;
  const n = Math.min(batchOf(data), count - first);
  const registers = Array.from({ length: program.registers }, () => new Float64Array(n * dim));
  if (typeof initial !== "string") {
    // In the precision of the run, as everything that is given.
    const rows = data.array(n * dim);
    rows.set(initial.subarray(first * dim, (first + n) * dim));
    (registers[0] as Float64Array).set(rows);
  }
  const scalars = Array.from({ length: program.scalars }, () => new Float64Array(n));
  return { first, n, registers, scalars };
}
