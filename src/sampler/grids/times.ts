import { isFloats } from "../../core/brand.js";
import { badArgument } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import { type Grid, maxSteps } from "./grid.js";

/**
 * A grid of your own: a strictly descending list of at least two times, of which the last may be 0.
 *
 * @throws {VkernelError} E_RANGE for a list that is empty, unsorted or has repeats
 * @example
 * times([3, 1.5, 0.7, 0.3, 0.1]);
 */
export function times(list: readonly number[] | Float64Array | Float32Array): Grid {
  const expected = "a strictly descending list of two or more times, none below 0";
  if (!Array.isArray(list) && !isFloats(list)) {
    throw badArgument("E_TYPE", "times", expected, list);
  }
  if (list.length < 2 || list.length > maxSteps + 1) throw badArgument("E_RANGE", "times", expected, list);
  const values = new Float64Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const t: unknown = list[i];
    if (typeof t !== "number") throw badArgument("E_TYPE", `times[${i}]`, "a finite number", t);
    if (!Number.isFinite(t)) throw badArgument("E_NONFINITE", `times[${i}]`, "a finite number", t);
    if (t < 0) throw badArgument("E_RANGE", `times[${i}]`, "a time of 0 or more", t);
    if (i > 0 && t >= values[i - 1]) {
      throw badArgument("E_RANGE", `times[${i}]`, `a time below the one before it, ${values[i - 1]}`, t);
    }
    values[i] = t === 0 ? 0 : t;
  }
  const largest = values[0];
  return Object.freeze({
    name: "times",
    parameters: Object.freeze({ steps: values.length - 1 }),
    times(process: Process): Float64Array {
      if (largest > process.end) {
        const range = `a time at most ${process.end} (the end of ${process.name})`;
        throw badArgument("E_RANGE", "times[0]", range, largest);
      }
      return values.slice();
    },
  });
}
