import type { TimeSlices } from "../core/scheduler.js";
import { checkSize, type Numbers, type Precision } from "../data/mixture.js";
import type { Request } from "./evaluate/request.js";
import type { EvaluateOptions, ScoreField } from "./field.js";

/** The posterior expectation of rows of values, one row per point; `[count, columns]`. */
export async function expectationOf<P extends Precision>(
  field: ScoreField<P>,
  request: Request<P, never>,
  table: Float64Array,
  options: EvaluateOptions,
  slices: TimeSlices,
): Promise<Numbers<P>> {
  const { data } = field;
  const columns = table.length / data.size;
  const { count, times } = request;
  checkSize("values", count, columns);
  const out = data.array(count * columns);
  // Some queries at a time, so that the weights in between stay small.
  const batch = Math.max(1, Math.floor(2 ** 22 / data.size));
  for (let first = 0; first < count; first += batch) {
    const last = Math.min(count, first + batch);
    const part = request.absolute.subarray(first * data.dim, last * data.dim);
    const at = times.length === 1 ? times[0] : times.subarray(first, last);
    const { onProgress } = options;
    const { posteriorWeights } = await field.evaluate(part, at, ["posteriorWeights"], {
      ...options,
      ...(onProgress && { onProgress: ({ done }) => onProgress({ done: first + done, total: count }) }),
    });
    const sums = new Float64Array(columns);
    for (let q = first; q < last; q++) {
      sums.fill(0);
      for (let m = 0; m < data.size; m++) {
        const w = posteriorWeights[(q - first) * data.size + m];
        if (w === 0) continue;
        for (let c = 0; c < columns; c++) {
          sums[c] = sums[c] + w * table[m * columns + c];
        }
      }
      out.set(sums, q * columns);
      const wait = slices.spend(data.size * (columns + 2));
      if (wait) await wait;
    }
  }
  return out;
}
