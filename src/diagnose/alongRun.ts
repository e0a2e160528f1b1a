import { checkLongCall, checkOptions, unknownName } from "../core/check.js";
import type { Numbers, Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import type { ScoreField } from "../score/field.js";
import { type ScalarQuantity, scalarQuantities } from "../score/field.js";
import { checkRun, type RecordedRun } from "./run.js";
import { momentsOf, quantileLevels, quantilesOf } from "../numeric/statistics.js";

/** A scalar function of the state, to be averaged. */
export type RunQuantity = Exclude<ScalarQuantity, "nearest">;

export interface AlongRunOptions {
  /** Whether to return every value too; false by default. */
  values?: boolean;
  signal?: AbortSignal;
}

export interface RunSeries<P extends Precision = Precision> {
  /** The mean over the particles at each time, and its standard error (NaN of fewer than two particles). */
  readonly mean: Float64Array<ArrayBuffer>;
  readonly standardError: Float64Array<ArrayBuffer>;
  /** The quantiles over the particles, `[times.length, levels.length]` row-major. */
  readonly quantiles: Float64Array<ArrayBuffer>;
  /** The value of every particle, `[times.length, count]` row-major, where asked for. */
  readonly values: Numbers<P> | undefined;
}

export interface AlongRun<P extends Precision, Q extends RunQuantity> {
  /** The recorded times above 0, as the run has them. */
  readonly times: Float64Array<ArrayBuffer>;
  /** Their indices into the run's times. */
  readonly indices: Int32Array<ArrayBuffer>;
  readonly count: number;
  readonly levels: readonly number[];
  readonly series: { readonly [K in Q]: RunSeries<P> };
}

const allowed: readonly string[] = scalarQuantities.filter((name) => name !== "nearest");

/**
 * Quantities of a field along a run with recorded states: mean, standard error and quantiles over the particles at
 * every recorded time. The entropy of the posterior over training points falls from that of the weights to 0 as
 * particles are captured (Cao et al. 2025, Sec. 4).
 *
 * A recorded time 0 is left out: there the density is a sum of points and nothing is defined. Means and errors are
 * over independent particles; particles of one realization of an ensemble are not.
 *
 * Cost: one `evaluate` of count states for each recorded time, on the engine's threads.
 *
 * @param field need not be the field that the run was sampled with; its process should be
 * @param quantities "posteriorEntropy" and "effectiveCount" by default
 * @throws {VkernelError} E_USAGE (also of a run without recorded states), E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE,
 * E_LIMIT, E_MEMORY, E_ABORT, E_DISPOSED
 * @example
 * const run = await sample(field, { count: 1000, record: "all" });
 * const { times, series } = await alongRun(field, run, ["posteriorEntropy"]);
 * console.log(times, series.posteriorEntropy.mean);
 */
export async function alongRun<
  P extends Precision,
  Q extends RunQuantity = "posteriorEntropy" | "effectiveCount",
>(
  field: ScoreField<P>,
  run: RecordedRun,
  quantities: readonly Q[] = ["posteriorEntropy", "effectiveCount"] as unknown as readonly Q[],
  options: AlongRunOptions = {},
): Promise<AlongRun<P, Q>> {
  checkOptions(options, ["values", "signal"]);
  checkLongCall(options);
  const { values: wanted = false, signal } = options;
  if (typeof wanted !== "boolean") throw badArgument("E_TYPE", "values", "true or false", wanted);
  if (!Array.isArray(quantities)) throw badArgument("E_TYPE", "quantities", "a list of names", quantities);
  for (const name of quantities)
    if (!allowed.includes(name)) throw unknownName(String(name), allowed, "quantity");
  const trajectories = checkRun(field, run).slice();
  const { count, dim } = run;
  const rows = Array.from(run.recorded.keys()).filter((row) => timeOf(run, row) > 0);
  const levels = quantileLevels.length;
  const names: Q[] = [...new Set<Q>(quantities)];
  const series = Object.fromEntries(
    names.map((name) => [
      name,
      {
        mean: new Float64Array(rows.length),
        standardError: new Float64Array(rows.length),
        quantiles: new Float64Array(rows.length * levels),
        values: wanted ? field.data.array(rows.length * count) : undefined,
      },
    ]),
  ) as { [K in Q]: RunSeries<P> };
  const times = Float64Array.from(rows, (row) => timeOf(run, row));
  const indices = Int32Array.from(rows, (row) => run.recorded[row]);
  for (const [k, row] of rows.entries()) {
    const states = trajectories.subarray(row * count * dim, (row + 1) * count * dim);
    const result = (await field.evaluate(states, times[k], names, signal ? { signal } : {})) as {
      [K in Q]: Numbers<P>;
    };
    for (const name of names) {
      const of = series[name];
      const { mean, variance } = momentsOf(result[name]);
      of.mean[k] = mean;
      of.standardError[k] = Math.sqrt(variance / count);
      of.quantiles.set(quantilesOf(result[name]), k * levels);
      of.values?.set(result[name], k * count);
    }
  }
  return { times, indices, count, levels: quantileLevels, series };
}

const timeOf = (run: RecordedRun, row: number): number => run.times[run.recorded[row]];
