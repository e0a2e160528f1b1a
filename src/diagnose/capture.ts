import { checkLongCall, checkOptions } from "../core/check.js";
import type { Precision } from "../data/mixture.js";
import { exactScore } from "../score/exact.js";
import type { ScoreField } from "../score/field.js";
import { badArgument } from "../core/errors.js";
import { checkIsotropic, unsupported } from "../score/line.js";
import { excursions } from "./excursions.js";
import { nearestPoints } from "./nearest.js";
import { distinctPositions } from "../data/neighbours.js";
import { checkRun, type RecordedRun } from "./run.js";
import { momentsOf, shareOf } from "../numeric/statistics.js";
import { inSlices } from "../core/scheduler.js";

export interface CaptureOptions {
  /** Whether to count what happens between recorded times too, as `shareByTime.unseen`; false by default. */
  unseen?: boolean;
  signal?: AbortSignal;
}

export interface Shares {
  /** The share of the trajectories, one per time. */
  readonly fraction: Float64Array<ArrayBuffer>;
  /** The standard error of each: binomial, or for the bounds of `unseen` from the spread over particles. */
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
  /** The row of `times` at which each particle is in its final cell for the first time; it may leave it again. */
  readonly firstIndex: Int32Array<ArrayBuffer>;
  /** The time at that row. */
  readonly firstTime: Float64Array<ArrayBuffer>;
  /** The nearest point at the end. */
  readonly nearest: Int32Array<ArrayBuffer>;
  readonly shareByTime: {
    /** The share in their final cell at that time; they may leave and come back. */
    readonly inFinalCell: Shares;
    /** The share that has been in it by that time. */
    readonly entered: Shares;
    /** The share that is not seen outside it again: never above the others, and never falling. */
    readonly settled: Shares;
    /**
     * The share that does not leave it again, seen or not: bounds of that probability for paths that are Brownian bridges
     * between recorded states, where `unseen` asked for it. They close as the recorded times come near to each other.
     */
    readonly unseen: { readonly low: Shares; readonly high: Shares } | undefined;
  };
}

/**
 * When trajectories are captured by the Voronoi cell of the training point that they end on (Cao et al. 2025, Eq. 4.42 and
 * Fig. 10). The nearest point at time t is that to x among alpha_t mu_m, of equal distances the heavier one; at time 0
 * among mu_m.
 *
 * What happens between recorded times is not seen: noisy trajectories leave and come back, so `settled` of a coarse record is too
 * high, by the order of the square root of the steps in S_t / alpha_t^2. Record "all"; with `unseen`, each trajectory is
 * weighed by the probability that the Brownian bridges between its recorded states (in x / alpha, by the variance S / alpha^2,
 * as the exact reverse SDE has them: `posterior()` from "marginal" at any steps, other samplers of that SDE at fine ones) stay
 * inside all walls, of which the bridge from d to d' crosses one with probability exp(-2 d d' / variance). Trajectories of the
 * probability flow have no such excursions.
 *
 * Cost: one search for nearest points of count states for each recorded time, on the engine's threads; with `unseen` as many
 * again on the calling thread in slices of 12 ms.
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
  checkOptions(options, ["unseen", "signal"]);
  checkLongCall(options);
  const { unseen = false, signal } = options;
  if (typeof unseen !== "boolean") throw badArgument("E_TYPE", "unseen", "true or false", unseen);
  const trajectories = checkRun(field, run).slice();
  if (unseen) {
    checkIsotropic(field.process);
    if (field.data.sigma0 > 0)
      throw unsupported("unseen", "points of width 0", `sigma0 = ${field.data.sigma0}`);
  }
  const { count } = run;
  const path = pathOf(run, trajectories);
  const { times } = path;
  const cells = await cellsOf(field, path, signal);
  const nearest = Int32Array.from(cells.at(-1) as Int32Array);
  const { index, firstIndex, inFinal } = passages(cells, nearest);
  const timesAt = (list: Int32Array): Float64Array<ArrayBuffer> =>
    Float64Array.from(list, (row) => times[Math.max(0, row)]);
  return {
    times,
    count,
    index,
    time: timesAt(index),
    firstIndex,
    firstTime: timesAt(firstIndex),
    nearest,
    shareByTime: {
      inFinalCell: sharesOf(inFinal, count),
      entered: sharesOf(hitsBy(firstIndex, times.length), count),
      settled: sharesOf(hitsBy(index, times.length), count),
      unseen: unseen ? await unseenShares(field, path, cells, nearest, signal) : undefined,
    },
  };
}

/** The recorded states of a run, and its last ones, whether they were recorded or not. */
interface RecordedPath {
  readonly times: Float64Array<ArrayBuffer>;
  states(row: number): Float32Array | Float64Array;
}

function pathOf(
  { count, dim, recorded, times, samples: last }: RecordedRun,
  trajectories: Float32Array | Float64Array,
): RecordedPath {
  const indices = Array.from(recorded);
  const end = times.length - 1;
  const samples = last.slice();
  if (indices.at(-1) !== end) indices.push(end);
  const rows = recorded.length;
  return {
    times: Float64Array.from(indices, (index) => times[index]),
    states: (row) =>
      row < rows ? trajectories.subarray(row * count * dim, (row + 1) * count * dim) : samples,
  };
}

/** The point that each state is nearest to, time by time. */
async function cellsOf(
  { data, process }: ScoreField<Precision>,
  { times, states }: RecordedPath,
  signal: AbortSignal | undefined,
): Promise<Int32Array[]> {
  const asked = signal ? { signal } : {};
  const cells: Int32Array[] = [];
  // Whatever drives, points and their places are those of the data.
  const exact = exactScore(data, process);
  for (const [row, t] of times.entries()) {
    cells.push(
      t > 0
        ? (await exact.evaluate(states(row), t, ["nearest"], asked)).nearest
        : (await nearestPoints(states(row), data, asked)).index,
    );
  }
  return cells;
}

/** When each path last changed its cell and when it first was in its last one (-1: never after the start), and how many are there. */
function passages(
  cells: readonly Int32Array[],
  nearest: Int32Array,
): { index: Int32Array<ArrayBuffer>; firstIndex: Int32Array<ArrayBuffer>; inFinal: Int32Array } {
  const count = nearest.length;
  const index = new Int32Array(count).fill(-1);
  const firstIndex = new Int32Array(count).fill(-1);
  const inFinal = new Int32Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const now = cells[row];
    const before = cells[row - 1];
    let here = 0;
    for (let i = 0; i < count; i++) {
      if (now[i] === nearest[i]) {
        here++;
        if (firstIndex[i] < 0) firstIndex[i] = row;
      }
      if (before !== undefined && now[i] !== before[i]) index[i] = row;
    }
    inFinal[row] = here;
  }
  return { index, firstIndex, inFinal };
}

/** How many of a list of rows come at each row or before. */
function hitsBy(list: Int32Array, rows: number): Int32Array {
  const hits = new Int32Array(rows);
  for (const row of list) hits[Math.max(0, row)] = hits[Math.max(0, row)] + 1;
  for (let row = 1; row < rows; row++) hits[row] = hits[row] + hits[row - 1];
  return hits;
}

/** The share of paths that stay in their last cell from each time on, also between the times: bounds of it. */
async function unseenShares(
  { data, process }: ScoreField<Precision>,
  { times, states }: RecordedPath,
  cells: readonly Int32Array[],
  nearest: Int32Array,
  signal: AbortSignal | undefined,
): Promise<{ low: Shares; high: Shares }> {
  const [count, rows] = [nearest.length, times.length];
  const positions = await inSlices(distinctPositions(data), signal);
  const stay = { low: new Float64Array(count).fill(1), high: new Float64Array(count).fill(1) };
  const [low, high] = [emptyShares(rows), emptyShares(rows)];
  for (let row = rows - 1; row >= 0; row--) {
    const now = cells[row];
    if (row + 1 < rows) {
      const between = {
        earlier: states(row),
        later: states(row + 1),
        process,
        from: times[row],
        to: times[row + 1],
      };
      await inSlices(excursions(positions, nearest, stay, between), signal);
    }
    for (const [side, shares] of [
      [stay.low, low],
      [stay.high, high],
    ] as const) {
      for (let i = 0; i < count; i++) if (now[i] !== nearest[i]) side[i] = 0;
      const { mean, variance } = momentsOf(side);
      shares.fraction[row] = mean;
      shares.standardError[row] = Math.sqrt(variance / count);
    }
  }
  return { low, high };
}

const emptyShares = (rows: number): Shares => ({
  fraction: new Float64Array(rows),
  standardError: new Float64Array(rows),
});

function sharesOf(hits: Int32Array, count: number): Shares {
  const shares = Array.from(hits, (of) => shareOf(of, count));
  return {
    fraction: Float64Array.from(shares, ({ fraction }) => fraction),
    standardError: Float64Array.from(shares, ({ standardError }) => standardError),
  };
}
