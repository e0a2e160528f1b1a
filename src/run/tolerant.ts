import { badArgument } from "../core/errors.js";
import type { Precision } from "../data/mixture.js";
import { lackOf } from "../sampler/lacks.js";
import { RowField } from "../score/custom.js";
import type { ExactScore } from "../score/exact.js";
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
  { tolerance, sampler, logLikelihood }: RunSpec,
): TolerantField<P> {
  let largest = 0;
  const scores = async (
    x: Float64Array,
    t: number | Float64Array,
    signal: AbortSignal | undefined,
  ): Promise<Float64Array> => {
    const options = { tolerance, ...(signal && { signal }) };
    const { posteriorMean, errorBound } = await exact.evaluate(x, t, ["posteriorMean"], options);
    for (const bound of errorBound ?? []) if (!(bound <= largest)) largest = bound;
    // (alpha E[x_0] - x) / S, in float64: a float32 score would be rounded where noise is large.
    const { dim } = exact.data;
    const out = new Float64Array(x.length);
    let time = Number.NaN;
    let [alpha, variance] = [0, 0];
    for (let i = 0; i < out.length; i++) {
      const now = typeof t === "number" ? t : t[Math.floor(i / dim)];
      if (now !== time)
        [time, alpha, variance] = [now, exact.process.alpha(now), exact.process.variance(now)];
      out[i] = (alpha * posteriorMean[i] - x[i]) / variance;
    }
    return out;
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
  if (logLikelihood) {
    throw badArgument(
      "E_USAGE",
      "tolerance",
      "0 with logLikelihood, whose divergence is that of all points",
      tolerance,
    );
  }
  const notes = (): string[] =>
    largest > tolerance
      ? [
          `some scores were not certified to the tolerance ${tolerance}, the largest bound is ${largest.toPrecision(2)}: ` +
            "in more than three dimensions, without Wasm and where noise has a direction all points are summed, and rounding remains",
        ]
      : [];
  return { field, errorBound: () => largest, notes };
}
