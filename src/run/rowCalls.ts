import { isThenable } from "../../bindings/host.js";
import type { CalledField, RowFunction, Slopes } from "../../bindings/job.js";
import { exp } from "../numeric/elementary.js";
import { eachOf } from "../score/ensemble.js";
import type { Process } from "../process/process.js";
import { multiply } from "../numeric/multiply.js";
import type { ScoreField } from "../score/field.js";
import { diffusionShape } from "../score/noise.js";
import { byRows } from "../score/rows.js";

/** What a program of a field calls in a run of a signal. */
export function rowCalls(field: ScoreField, signal: AbortSignal | undefined): readonly CalledField[] {
  const { data, process } = field;
  /** Of x itself, where the program's rows are less alpha_t centres of the data. */
  const outside = (f: RowFunction): RowFunction => {
    const { dim, centre } = data;
    const { each } = f;
    const same: RowFunction = (x, t, first) =>
      f(centre === undefined ? x : data.outward(x, process.alpha(t)), t, first, signal);
    if (each === undefined) return same;
    return Object.assign(same, {
      each: (x: Float64Array, times: Float64Array, particles: Int32Array) => {
        if (centre === undefined) return each(x, times, particles, signal);
        const far = new Float64Array(x.length);
        times.forEach((t, i) => {
          far.set(data.outward(x.subarray(i * dim, (i + 1) * dim), process.alpha(t)), i * dim);
        });
        return each(far, times, particles, signal);
      },
    });
  };
  const score = outside(
    field.scoreRows ?? byRows((x, time, _, callSignal) => eachOf(field, x, time, callSignal)),
  );
  const trace = field.traceRows && outside(field.traceRows);
  return [{ score, trace, slopes: slopesOf(field, score, trace) }];
}

/**
 * dy/dl = -ln 2 (S / alpha) s(alpha y, t) with y = x / alpha and l = log2 sigma(t), and of log densities of y
 * ln 2 S tr s': y - x_0 with x_0 = (x + S s) / alpha. Where noise has a direction, D_t s / D in place of s.
 */
function slopesOf(
  field: ScoreField,
  score: RowFunction,
  trace: RowFunction | undefined,
): CalledField["slopes"] {
  const { process, data } = field;
  const { dim } = data;
  return (y, levels, particles, wanted) => {
    const rows = new Float64Array(y.length);
    const logLikelihood = wanted ? new Float64Array(levels.length) : undefined;
    const times = Float64Array.from(levels, (level) =>
      Math.min(process.timeOfSigma(exp(Math.LN2 * level)), process.end),
    );
    const [alphas, variances] = [times.map((t) => process.alpha(t)), times.map((t) => process.variance(t))];
    const x = y.map((value, i) => alphas[Math.floor(i / dim)] * value);
    const keep = (scores: Float64Array, first: number): void => {
      const values = process.matrices ? directed(process, scores, times.subarray(first), dim) : scores;
      for (let i = first * dim, j = 0; j < values.length; i++, j++) {
        const row = Math.floor(i / dim);
        rows[i] = -Math.LN2 * (variances[row] / alphas[row]) * values[j];
      }
    };
    const keepTraces = (values: Float64Array, first: number): void => {
      logLikelihood?.set(
        values.map((value, i) => Math.LN2 * variances[first + i] * value),
        first,
      );
    };
    return both(all(score, keep), wanted && trace ? () => all(trace, keepTraces)() : undefined, {
      rows,
      logLikelihood,
    } satisfies Slopes);

    /** Makes what a function gives of all rows: in one call, or in one for each stretch of rows of one time. */
    function all(f: RowFunction, take: (values: Float64Array, first: number) => void) {
      const whole = together(levels, particles, 0) === levels.length;
      const ask = (first: number, last: number) =>
        f(x.subarray(first * dim, last * dim).slice(), times[first], particles[first]);
      const { each } = f;
      const go = (start: number): void | Promise<void> => {
        for (let first = start; first < levels.length; ) {
          const here = first;
          const last = each && !whole ? levels.length : together(levels, particles, first);
          const result = each && !whole ? each(x, times, particles) : ask(first, last);
          if (isThenable(result)) {
            return result.then((values) => {
              take(values, here);
              return go(last);
            });
          }
          take(result, here);
          first = last;
        }
      };
      return () => go(0);
    }
  };
}

/** D_t s over the scalar D, row by row: what takes the place of s where noise has a direction. */
function directed(process: Process, rows: Float64Array, times: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(rows.length);
  let known = Number.NaN;
  let matrix: Float64Array = new Float64Array(0);
  for (let i = 0; i * dim < rows.length; i++) {
    const t = times[i];
    if (t !== known) {
      matrix = diffusionShape(process, t);
      known = t;
    }
    out.set(multiply(matrix, dim, rows.subarray(i * dim, (i + 1) * dim)), i * dim);
  }
  return out;
}

/** One after the other, then what they have filled. */
function both<T>(
  first: () => void | Promise<void>,
  second: (() => void | Promise<void>) | undefined,
  filled: T,
): T | Promise<T> {
  const later = first();
  if (isThenable(later))
    return Promise.resolve(later)
      .then(() => second?.())
      .then(() => filled);
  const last = second?.();
  return isThenable(last) ? Promise.resolve(last).then(() => filled) : filled;
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
