import { TimeSlices } from "../../core/scheduler.js";
import type { EvaluateOptions, ScoreField } from "../field.js";
import { hasTree } from "./evaluate.js";
import { hasFrame } from "./frame/evaluate.js";
import { frameOf } from "./frame/frame.js";
import { treeOf } from "./tree.js";

/** Builds the tree or the frame of a field's data, where tolerances use one. */
export async function prepare(
  { data, process }: ScoreField,
  { signal, onProgress }: EvaluateOptions,
): Promise<void> {
  if (hasFrame(data, process)) await frameOf(data, signal);
  if (!hasTree(data, process)) return;
  const slices = new TimeSlices(signal, () => data.check());
  await treeOf(data, signal, (done, total) => {
    if (onProgress) slices.report(() => onProgress({ done, total }));
  });
  await slices.settle();
}
