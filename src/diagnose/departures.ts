import { inSlices } from "../core/scheduler.js";
import type { Mixture, Precision } from "../data/mixture.js";
import { distinctPositions, spacingOf } from "../data/neighbours.js";
import { shareOf } from "../numeric/statistics.js";
import type { Shares } from "./capture.js";
import { emptyMeans, type Means, write } from "./fieldErrors.js";
import { nearestPoints } from "./nearest.js";
import { squaredDistances } from "./smoothingFit.js";

/** Where the paths of two fields part. */
export interface Departures {
  /** The distance |x - x'| from which on two paths count as parted; and the points' spacing. */
  readonly threshold: number;
  readonly spacing: number;
  /** When each path first is farther than that from the exact one of the same start and noise; NaN if it never is. */
  readonly time: Float64Array<ArrayBuffer>;
  /** The share that has departed by each of `times`, and by the end. */
  readonly departed: Shares;
  readonly departedAtEnd: { readonly fraction: number; readonly standardError: number };
  /** The distance of the two, |x - x'|, by time. */
  readonly distance: Means;
  /** The share of paths whose end is nearest to another point than the exact one's. */
  readonly elsewhere: { readonly fraction: number; readonly standardError: number };
  /** The nearest point at the end of each path. */
  readonly ends: { readonly mine: Int32Array<ArrayBuffer>; readonly exact: Int32Array<ArrayBuffer> };
}

/** Paths of a field and of the exact one from the same starts, at the times of `grid`: `[times, rows]`, `rows` numbers at each. */
export interface BothPaths {
  readonly mine: Float32Array | Float64Array;
  readonly exact: Float32Array | Float64Array;
  readonly grid: readonly number[];
  readonly rows: number;
}

/** The states of paths at a time of their grid. */
export const statesAt = (
  paths: Float32Array | Float64Array,
  index: number,
  { rows }: BothPaths,
): Float32Array | Float64Array => paths.subarray(index * rows, (index + 1) * rows);

/** What is asked of the paths: `steps` of the grid lie between two of the times that are told. */
interface Asked {
  readonly times: Float64Array;
  readonly count: number;
  readonly steps: number;
  readonly departure: number;
  readonly signal: AbortSignal | undefined;
}

export async function departuresOf(
  paths: BothPaths,
  data: Mixture<Precision>,
  { times, count, steps, departure, signal }: Asked,
): Promise<Departures> {
  const spacing = await inSlices(
    (function* () {
      return yield* spacingOf(yield* distinctPositions(data));
    })(),
    signal,
  );
  const threshold = departure * spacing;
  const time = new Float64Array(count).fill(Number.NaN);
  const gone = new Uint8Array(count);
  const departed = emptyMeans(times.length);
  const distance = emptyMeans(times.length);
  for (const [index, t] of paths.grid.entries()) {
    const [own, truth] = [statesAt(paths.mine, index, paths), statesAt(paths.exact, index, paths)];
    const apart = squaredDistances(own, truth, data.dim).map(Math.sqrt);
    for (const [i, value] of apart.entries()) {
      if (gone[i] === 1 || !(value > threshold)) continue;
      gone[i] = 1;
      time[i] = t;
    }
    if (t === 0 || index % steps !== 0) continue;
    write(distance, index / steps, apart);
    const { fraction, standardError } = shareOf(sum(gone), count);
    departed.mean[index / steps] = fraction;
    departed.standardError[index / steps] = standardError;
  }
  const ends = {
    mine: await nearestAtEnd(paths.mine, paths, data, signal),
    exact: await nearestAtEnd(paths.exact, paths, data, signal),
  };
  const others = ends.mine.reduce((hits, end, i) => hits + Number(end !== ends.exact[i]), 0);
  return {
    threshold,
    spacing,
    time,
    departed: { fraction: departed.mean, standardError: departed.standardError },
    departedAtEnd: shareOf(sum(gone), count),
    distance,
    elsewhere: shareOf(others, count),
    ends,
  };
}

/** The point that is nearest to the end of each path. */
async function nearestAtEnd(
  paths: Float32Array | Float64Array,
  both: BothPaths,
  data: Mixture<Precision>,
  signal: AbortSignal | undefined,
): Promise<Int32Array<ArrayBuffer>> {
  const ends = Float64Array.from(statesAt(paths, both.grid.length - 1, both));
  return (await nearestPoints(ends, data, signal ? { signal } : {})).index;
}

const sum = (flags: Uint8Array): number => flags.reduce((total, flag) => total + flag, 0);
