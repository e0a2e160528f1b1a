import type { TimeSlices } from "../../core/scheduler.js";
import type { Numbers, Precision } from "../../data/mixture.js";
import { evaluatePoint, levelAt, type ReferenceLevel } from "./plain.js";
import type { EvaluateOptions, Evaluation, Quantity } from "../field.js";
import { type Request, outputs } from "./request.js";

/** What depends on where the data is, from coordinates less its centre to x. */
function carryOut(
  { posteriorMean, velocity }: { posteriorMean?: Float64Array; velocity?: Float64Array },
  centre: Float64Array,
  { alpha, beta }: ReferenceLevel,
): void {
  centre.forEach((far, d) => {
    if (posteriorMean) posteriorMean[d] = posteriorMean[d] + far;
    if (velocity) velocity[d] = velocity[d] - beta * alpha * far;
  });
}

/** The same by the reference, query by query; yields now and then so that the caller can breathe. */
export function* referenceEvaluation<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
): Generator<number, Evaluation<P, Q>, void> {
  const { data, process, x, count, times, quantities } = request;
  const out = outputs(request);
  const { dim } = data;
  const { centre } = data;
  const mixture = { points: Float64Array.from(data.local), dim, weights: data.weights, sigma0: data.sigma0 };
  const levels = new Map<number, ReferenceLevel>();
  for (let q = 0; q < count; q++) {
    const t = times[times.length === 1 ? 0 : q];
    let level = levels.get(t);
    if (level === undefined) {
      level = levelAt(process, t);
      levels.set(t, level);
    }
    const query = Float64Array.from(x.subarray(q * dim, (q + 1) * dim));
    const result = evaluatePoint(mixture, level, query, quantities);
    if (centre) carryOut(result, centre, level);
    for (const name of quantities) {
      const value: number | Float64Array = result[name];
      const target = out[name] as Numbers<P> | Int32Array;
      if (typeof value === "number") target[q] = value;
      else target.set(value, q * value.length);
    }
    yield q;
  }
  return out;
}

/** The same for a call that waits, in turns with all else that happens on the calling thread. */
export async function evaluatePlainly<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  { onProgress }: EvaluateOptions,
  slices: TimeSlices,
): Promise<Evaluation<P, Q>> {
  const work = referenceEvaluation(request);
  const { count, data } = request;
  const each = data.size * (4 * data.dim + 20);
  for (;;) {
    const next = work.next();
    if (next.done) {
      if (onProgress) slices.report(() => onProgress({ done: count, total: count }));
      await slices.settle();
      return next.value;
    }
    const wait = slices.spend(each);
    if (!wait) continue;
    await wait;
    if (onProgress) slices.report(() => onProgress({ done: next.value, total: count }));
  }
}
