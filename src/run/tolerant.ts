import { badArgument } from "../core/errors.js";
import { TimeSlices } from "../core/scheduler.js";
import { requestInPieces } from "../score/evaluate/request.js";
import type { Precision } from "../data/mixture.js";
import { lackOf } from "../sampler/lacks.js";
import { RowField } from "../score/custom.js";
import type { ExactScore } from "../score/exact.js";
import { evaluateWithin, hasTree } from "../score/tolerance/evaluate.js";
import type { RunSpec } from "./spec.js";

/** The exact score to a tolerance, as a field that a run calls at all its particles; and the largest bound of its calls so far. */
export interface TolerantField<P extends Precision> {
  readonly field: RowField<P>;
  errorBound(): number;
  /** What has to be said of it, in sentences. */
  notes(): string[];
}

/** Rows of a block: they share what their time takes. */
export const TOLERANT_BLOCK = 2 ** 16;

export function tolerantField<P extends Precision>(
  exact: ExactScore<P>,
  { tolerance, sampler }: RunSpec,
): TolerantField<P> {
  let largest = 0;
  const scores = async (
    x: Float64Array,
    t: number | Float64Array,
    signal: AbortSignal | undefined,
  ): Promise<Float64Array> => {
    const { score, errorBound } = await evaluated(x, t, signal);
    for (const bound of errorBound ?? []) if (!(bound <= largest)) largest = bound;
    return Float64Array.from(score);
  };
  /** In float64 where there is a tree: a float32 score would be rounded by more than a tolerance where noise is large. */
  const evaluated = async (x: Float64Array, t: number | Float64Array, signal: AbortSignal | undefined) => {
    const { data, process } = exact;
    const options = signal ? { signal } : {};
    if (!hasTree(data, process)) return exact.evaluate(x, t, ["score"], { ...options, tolerance });
    const slices = new TimeSlices(signal, () => data.check());
    const request = await slices.run(requestInPieces(data, process, x, t, ["score"] as const));
    return data.hold(() => evaluateWithin({ ...request, wide: true }, tolerance, options, slices));
  };
  const rows = Object.assign(
    (x: Float64Array, t: number, _: number, signal?: AbortSignal) => scores(x, t, signal),
    {
      each: (x: Float64Array, times: Float64Array, _: Int32Array, signal?: AbortSignal) =>
        scores(x, times, signal),
    },
  );
  const field = new RowField(exact.data, exact.process, rows, { part: TOLERANT_BLOCK * exact.data.dim });
  const lack = lackOf(sampler, field);
  if (lack !== undefined) {
    throw badArgument(
      "E_USAGE",
      "tolerance",
      `0 with ${sampler.name}, which uses more of the points than their score`,
      tolerance,
    );
  }
  const notes = (): string[] => {
    if (!(largest > tolerance)) return [];
    const { data, process } = exact;
    const certified = `some scores were not certified to the tolerance ${tolerance}, the largest bound is ${largest.toPrecision(2)}: `;
    const why = hasTree(data, process)
      ? "rounding alone is larger"
      : "where most points count, without Wasm and where noise has a direction all are summed, and rounding remains";
    return [`${certified}${why}${data.precision === "f32" ? '; precision "f64" rounds less' : ""}`];
  };
  return { field, errorBound: () => largest, notes };
}
