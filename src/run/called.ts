import { isThenable } from "../../bindings/host.js";
import type { Called, RowFunction, Slopes } from "../../bindings/job.js";
import { exp } from "../numeric/elementary.js";
import { rowsOf } from "../score/ensemble.js";
import { isExact } from "../score/exact.js";
import type { ScoreField, StepEstimator } from "../score/field.js";

/** Whether a run asks the field itself for its score: every field but the exact one, whose mean the kernels have. */
export function isCalled(field: ScoreField | StepEstimator): boolean {
  return field.kind === "field" && !isExact(field);
}

/** What a program of a field calls; nothing for the exact score and for estimators that draw. */
export function callsOf(
  field: ScoreField | StepEstimator,
  signal: AbortSignal | undefined,
): readonly Called[] {
  if (field.kind !== "field" || !isCalled(field)) return [];
  const { data, process } = field;
  /** Of x itself, where the program's rows are less alpha_t centres of the data. */
  const outside = (f: RowFunction): RowFunction =>
    data.centre === undefined
      ? (x, t, first) => f(x, t, first, signal)
      : (x, t, first) => f(data.outward(x, process.alpha(t)), t, first, signal);
  const score = outside(field.scoreRows ?? ((x, t) => rowsOf(field, x, t, signal)));
  const trace = field.traceRows && outside(field.traceRows);
  return [{ score, trace, slopes: slopesOf(field, score, trace) }];
}

/**
 * dy/dl = -ln 2 (S / alpha) s(alpha y, t) with y = x / alpha and l = log2 sigma(t), and of log densities of y
 * ln 2 S tr s': y - x_0 with x_0 = (x + S s) / alpha.
 */
function slopesOf(field: ScoreField, score: RowFunction, trace: RowFunction | undefined): Called["slopes"] {
  const { process, data } = field;
  const { dim } = data;
  return (y, levels, particles, wanted) => {
    const rows = new Float64Array(y.length);
    const density = wanted ? new Float64Array(levels.length) : undefined;
    const some = (first: number, last: number): Promise<void> | undefined => {
      const t = Math.min(process.timeOfSigma(exp(Math.LN2 * levels[first])), process.end);
      const [alpha, variance] = [process.alpha(t), process.variance(t)];
      const x = y.slice(first * dim, last * dim).map((value) => alpha * value);
      const particle = particles[first];
      const keep = (values: Float64Array): void => {
        for (let i = 0; i < values.length; i++) {
          rows[first * dim + i] = -Math.LN2 * (variance / alpha) * values[i];
        }
      };
      const keepTraces = (values: Float64Array): void => {
        density?.set(
          values.map((value) => Math.LN2 * variance * value),
          first,
        );
      };
      const scores = score(x, t, particle);
      const traces = wanted && trace ? trace(x, t, particle) : undefined;
      if (isThenable(scores) || isThenable(traces)) {
        return Promise.all([scores, traces]).then(([values, others]) => {
          keep(values);
          if (others) keepTraces(others);
        });
      }
      keep(scores);
      if (traces) keepTraces(traces);
      return undefined;
    };
    const done: Slopes = { rows, density };
    const go = (start: number): Slopes | Promise<Slopes> => {
      for (let first = start; first < levels.length; ) {
        const last = together(levels, particles, first);
        const waits = some(first, last);
        if (waits) return waits.then(() => go(last));
        first = last;
      }
      return done;
    };
    return go(0);
  };
}

/** Where the rows end that are of one time and of particles in a row. */
function together(levels: Float64Array, particles: Int32Array, first: number): number {
  let last = first + 1;
  while (
    last < levels.length &&
    levels[last] === levels[first] &&
    particles[last] === particles[last - 1] + 1
  ) {
    last++;
  }
  return last;
}
