import { isFloat64, isFloats, isInt32 } from "../core/brand.js";
import type { Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import type { SampleRun } from "../run/sample.js";
import type { ScoreField } from "../score/field.js";

/** What diagnosis needs of a run: what `sample` returns, or the same of your own. */
export type RecordedRun = Pick<
  SampleRun,
  "samples" | "count" | "dim" | "times" | "recorded" | "trajectories"
>;

/** Checks that an argument is a field, and another a run of it with recorded states. */
export function checkRun(field: ScoreField<Precision>, run: RecordedRun): Float32Array | Float64Array {
  const kind: unknown = (field as { kind?: unknown } | null | undefined)?.kind;
  if (kind !== "field") {
    throw badArgument("E_TYPE", "field", "a score field such as exactScore(data, process)", field);
  }
  field.data.check();
  const parts = (run ?? {}) as Partial<RecordedRun>;
  if (!isFloat64(parts.times) || !isInt32(parts.recorded)) {
    throw badArgument("E_TYPE", "run", "a run that sample returned", run);
  }
  const { trajectories, recorded, times, count, dim } = run;
  if (trajectories === undefined) {
    throw badArgument("E_USAGE", "run", 'a run with recorded states (record: "all")', "none");
  }
  if (!isFloats(trajectories)) {
    throw badArgument("E_TYPE", "run.trajectories", "a Float32Array or a Float64Array", trajectories);
  }
  if (dim !== field.data.dim)
    throw badArgument("E_SHAPE", "run", `states of ${field.data.dim} coordinates`, dim);
  const length = recorded.length * count * dim;
  if (trajectories.length !== length) {
    throw badArgument("E_SHAPE", "run.trajectories", `${length} numbers`, trajectories.length);
  }
  recorded.forEach((index, row) => {
    if (!(index >= 0 && index < times.length) || (row > 0 && index <= recorded[row - 1])) {
      throw badArgument("E_RANGE", `run.recorded[${row}]`, "ascending indices into run.times", index);
    }
  });
  return trajectories;
}
