import { checkLongCall, checkOptions } from "../check.js";
import type { Precision } from "../data/mixture.js";
import type { ScoreField } from "../score/field.js";
import { nearestPoints } from "./nearest.js";
import { checkRun, type RecordedRun } from "./run.js";
import { shareOf } from "./statistics.js";

export interface CaptureOptions {
  signal?: AbortSignal;
}

export interface Shares {
  /** One a time. */
  readonly fraction: Float64Array<ArrayBuffer>;
  /** Binomial. */
  readonly standardError: Float64Array<ArrayBuffer>;
}

export interface Capture {
  /** The times looked at: the recorded ones, and the last of the run. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly count: number;
  /** The row of `times` by which each particle last changed its nearest point; -1 if it never did. */
  readonly index: Int32Array<ArrayBuffer>;
  /**
   * The time at that row: from there on the nearest point stays (the change fell between the row before and it). The
   * first time of all if it never changed.
   */
  readonly time: Float64Array<ArrayBuffer>;
  /** The nearest point at the end. */
  readonly nearest: Int32Array<ArrayBuffer>;
  readonly shareByTime: {
    /** In the final cell at that time; it may leave and come back. */
    readonly inFinalCell: Shares;
    /** Not to leave it again: never above the other, and never falling. */
    readonly settled: Shares;
  };
}

/**
 * When trajectories are captured by the Voronoi cell of the training point that they end on (paper 004, Eq. 4.42 and
 * Fig. 10). The nearest point at time t is that to x among alpha_t mu_m, of equal distances the heavier one; at time 0
 * among mu_m. What happens between recorded times is not seen: record "all".
 *
 * Cost: one search for nearest points of count states for each recorded time, on the engine's threads.
 *
 * @param field gives points and alpha_t; its score is not used
 * @throws {VkernelError} E_USAGE (also of a run without recorded states), E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE,
 * E_LIMIT, E_MEMORY, E_ABORT, E_DISPOSED
 * @example
 * const run = await sample(field, { count: 1000, record: "all" });
 * const { times, shareByTime } = await capture(field, run);
 * console.log(times, shareByTime.settled.fraction);
 */
export async function capture(
  field: ScoreField<Precision>,
  run: RecordedRun,
  options: CaptureOptions = {},
): Promise<Capture> {
  checkOptions(options, ["signal"]);
  checkLongCall(options);
  const trajectories = checkRun(field, run).slice();
  const { count, dim } = run;
  const asked = options.signal ? { signal: options.signal } : {};
  const indices = Array.from(run.recorded);
  const end = run.times.length - 1;
  const samples = run.samples.slice();
  if (indices.at(-1) !== end) indices.push(end);
  const times = Float64Array.from(indices, (index) => run.times[index] as number);
  const rows = times.length;
  const cells: Int32Array[] = [];
  for (let row = 0; row < rows; row++) {
    const states =
      row < run.recorded.length ? trajectories.subarray(row * count * dim, (row + 1) * count * dim) : samples;
    const t = times[row] as number;
    cells.push(
      t > 0
        ? (await field.evaluate(states, t, ["nearest"], asked)).nearest
        : (await nearestPoints(states, field.data, asked)).index,
    );
  }
  const nearest = Int32Array.from(cells.at(-1) as Int32Array);
  const index = new Int32Array(count).fill(-1);
  const inFinal = new Int32Array(rows);
  const settled = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const now = cells[row] as Int32Array;
    const before = cells[row - 1];
    let here = 0;
    for (let i = 0; i < count; i++) {
      if (now[i] === nearest[i]) here++;
      if (before !== undefined && now[i] !== before[i]) index[i] = row;
    }
    inFinal[row] = here;
  }
  for (let row = 0; row < rows; row++)
    for (const last of index) if (last <= row) settled[row] = (settled[row] as number) + 1;
  return {
    times,
    count,
    index,
    time: Float64Array.from(index, (row) => times[Math.max(0, row)] as number),
    nearest,
    shareByTime: { inFinalCell: sharesOf(inFinal, count), settled: sharesOf(settled, count) },
  };
}

function sharesOf(hits: Int32Array, count: number): Shares {
  const shares = Array.from(hits, (of) => shareOf(of, count));
  return {
    fraction: Float64Array.from(shares, ({ fraction }) => fraction),
    standardError: Float64Array.from(shares, ({ standardError }) => standardError),
  };
}
