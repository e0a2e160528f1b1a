import type { RowFunction } from "../../bindings/job.js";
import type { RealizedRows } from "./field.js";

/**
 * A function of rows that takes each at a time of its own, and of a particle of its own: in one call, where steps that every
 * particle chooses by itself would take one call per row.
 */
export function byRows(
  f: (
    x: Float64Array,
    time: (row: number) => number,
    particle: (row: number) => number,
    signal: AbortSignal | undefined,
  ) => Float64Array | Promise<Float64Array>,
): RowFunction {
  const each: NonNullable<RowFunction["each"]> = (x, times, particles, signal) =>
    f(
      x,
      (row) => times[row],
      (row) => particles[row],
      signal,
    );
  const same = (x: Float64Array, t: number, first: number, signal?: AbortSignal) =>
    f(
      x,
      () => t,
      (row) => first + row,
      signal,
    );
  return Object.assign(same, { each });
}

/** The same of realizations. */
export function realized(each: NonNullable<RealizedRows["each"]>): RealizedRows {
  const same = (x: Float64Array, t: number, realization: (row: number) => number) =>
    each(x, () => t, realization);
  return Object.assign(same, { each });
}

/** The rows of each time together, in the order in which times come. */
function byTimes(times: ArrayLike<number>): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < times.length; i++) {
    const time = times[i];
    const group = groups.get(time);
    if (group) group.push(i);
    else groups.set(time, [i]);
  }
  return groups;
}

/** Some rows of many. */
export function picked(x: Float64Array, rows: readonly number[], dim: number): Float64Array {
  const out = new Float64Array(rows.length * dim);
  rows.forEach((row, i) => {
    out.set(x.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return out;
}

/** What one function of a time makes of one time after the other, put together again: `width` numbers per row. */
export async function timeByTime(
  x: Float64Array,
  time: (row: number) => number,
  dim: number,
  width: number,
  f: (x: Float64Array, t: number) => Float64Array | Promise<Float64Array>,
): Promise<Float64Array> {
  const rows = x.length / dim;
  const times = Float64Array.from({ length: rows }, (_, row) => time(row));
  const groups = byTimes(times);
  if (groups.size === 1) return f(x, times[0]);
  const out = new Float64Array(rows * width);
  for (const [t, members] of groups) {
    const some = await f(picked(x, members, dim), t);
    members.forEach((row, i) => {
      out.set(some.subarray(i * width, (i + 1) * width), row * width);
    });
  }
  return out;
}
