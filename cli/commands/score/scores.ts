import type { Quantity, ScoreField } from "vkernel";
import type { Queries } from "../../input.js";
import { type Column, csvPieces, Shaped } from "../../text.js";
import { columnOf, joined, shapeOf, timeColumn } from "./columns.js";
import type { When } from "./times.js";

/** Quantities at queries, of one time or several. */
export interface Scores {
  readonly when: When;
  /** Of one time. */
  readonly count: number;
  /** Rows of all times, one time after the other. */
  readonly columns: readonly Column[];
  readonly shape: (column: Column) => number[];
}

/** Evaluates all that is wanted, at each time in turn. */
export async function scoresOf(
  field: ScoreField,
  queries: Queries,
  when: When,
  wanted: readonly Quantity[],
  options: { signal: AbortSignal; onProgress: (progress: { done: number; total: number }) => void },
): Promise<Scores> {
  const { signal, onProgress } = options;
  const runs: Awaited<ReturnType<typeof field.evaluate<Quantity>>>[] = [];
  for (const [k, time] of when.passes.entries()) {
    const step = ({ done, total }: { done: number; total: number }): void =>
      onProgress({ done: k * total + done, total: when.passes.length * total });
    runs.push(await field.evaluate(queries.points, time, wanted, { signal, onProgress: step }));
  }
  const { dim, size } = field.data;
  return {
    when,
    count: queries.rows,
    columns: wanted.map((quantity) =>
      columnOf(quantity, joined(runs.map((run) => run[quantity])), dim, size),
    ),
    shape: (column) => [
      ...(when.list === undefined ? [] : [when.list.length]),
      ...shapeOf(column, queries.lead, dim),
    ],
  };
}

export const objectOf = ({ when, columns, shape }: Scores): Record<string, unknown> => ({
  ...(when.list === undefined ? {} : { times: when.list }),
  ...Object.fromEntries(columns.map((column) => [column.name, new Shaped(column.values, shape(column))])),
});

export function csvOf({ when: { list, passes }, columns, count }: Scores, signal: AbortSignal) {
  const all = list === undefined ? columns : [timeColumn(list, count), ...columns];
  return csvPieces(all, passes.length * count, true, signal);
}
