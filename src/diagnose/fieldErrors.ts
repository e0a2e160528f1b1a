import type { Mixture, Precision } from "../data/mixture.js";
import { multiply } from "../numeric/multiply.js";
import { momentsOf } from "../numeric/statistics.js";
import type { Process } from "../process/process.js";
import type { ScoreField } from "../score/field.js";
import { squaredDistances } from "./smoothingFit.js";

/** Means over draws, one per time, with their standard errors. */
export interface Means {
  readonly mean: Float64Array<ArrayBuffer>;
  readonly standardError: Float64Array<ArrayBuffer>;
}

/** How far a score is from the exact one, by time. */
export interface FieldErrors {
  /** The mean square error of the score, E |s-hat - s|^2. */
  readonly score: Means;
  /** The same relative to the score, E |s-hat - s|^2 over E |s|^2. */
  readonly relative: Means;
  /** The same of predicted ends, E |x0-hat - x0|^2, in units of the data: S^2 / alpha^2 times that of the score. */
  readonly prediction: Means;
}

/** A field and the exact one. */
export interface Compared {
  readonly mine: ScoreField<Precision>;
  readonly exact: ScoreField<Precision>;
  readonly signal: AbortSignal | undefined;
}

/** What two fields say at the same places. */
export interface Scores {
  readonly mine: Float64Array;
  readonly exact: Float64Array;
}

interface Predicted {
  readonly score: ArrayLike<number>;
  readonly posteriorMean: Float32Array | Float64Array;
}

export const emptyMeans = (rows: number): Means => ({
  mean: new Float64Array(rows),
  standardError: new Float64Array(rows),
});

export const emptyErrors = (rows: number): FieldErrors => ({
  score: emptyMeans(rows),
  relative: emptyMeans(rows),
  prediction: emptyMeans(rows),
});

export function write(to: Means, row: number, values: Float64Array): void {
  const { mean, variance } = momentsOf(values);
  to.mean[row] = mean;
  to.standardError[row] = Math.sqrt(variance / values.length);
}

/** Writes a row of errors; returns the scores themselves. */
export async function errorsAt(
  { mine, exact, signal }: Compared,
  x: Float64Array,
  t: number,
  row: number,
  to: FieldErrors,
): Promise<Scores> {
  const asked = signal ? { signal } : {};
  const [own, truth] = [
    await mine.evaluate(x, t, ["score", "posteriorMean"], asked),
    await exact.evaluate(x, t, ["score", "posteriorMean"], asked),
  ];
  const { data, process } = exact;
  const { dim } = data;
  const squares = squaredDistances(own.score, truth.score, dim);
  write(to.score, row, squares);
  write(to.prediction, row, predictionErrors(own, truth, { data, process }, t));
  const sizes = squaredDistances(truth.score, new Float64Array(x.length), dim);
  const [mean, size] = [momentsOf(squares).mean, momentsOf(sizes).mean];
  const ratio = size > 0 ? mean / size : 0;
  const parts = squares.map((value, i) => (size > 0 ? (value - ratio * sizes[i]) / size : 0));
  to.relative.mean[row] = ratio;
  to.relative.standardError[row] = Math.sqrt(momentsOf(parts).variance / parts.length);
  return { mine: Float64Array.from(own.score), exact: Float64Array.from(truth.score) };
}

/** Far from the origin predictions have few digits of what tells them apart: there it is S / alpha times that of the scores. */
function predictionErrors(
  own: Predicted,
  truth: Predicted,
  { data, process }: { readonly data: Mixture<Precision>; readonly process: Process },
  t: number,
): Float64Array {
  const { dim, centre } = data;
  if (centre === undefined) return squaredDistances(own.posteriorMean, truth.posteriorMean, dim);
  const alpha = process.alpha(t);
  const matrices = process.matrices?.(t);
  const variance = process.variance(t);
  return Float64Array.from({ length: own.score.length / dim }, (_, i) => {
    const apart = Float64Array.from(
      { length: dim },
      (_, d) => own.score[i * dim + d] - truth.score[i * dim + d],
    );
    const moved = matrices ? multiply(matrices.variance, dim, apart) : apart.map((value) => variance * value);
    return moved.reduce((sum, value) => sum + (value / alpha) ** 2, 0);
  });
}
