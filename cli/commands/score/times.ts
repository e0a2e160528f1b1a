import { isDataFile } from "vkernel/io";
import type { Context } from "../../context.js";
import { dataFailure } from "../../errors.js";
import { numberList } from "../../values.js";

/** When queries are scored: each of `passes` is a time of all of them, or one of each. */
export interface When {
  readonly passes: readonly (number | Float64Array)[];
  /** The times of a list, over which results have an axis of their own. */
  readonly list: readonly number[] | undefined;
  /** All times as they go to a file. */
  readonly times: Float64Array;
  readonly file: boolean;
}

/** One number, a list of numbers, or a file of one number per query. */
export async function readTimes(given: string, count: number, context: Context): Promise<When> {
  if (!isDataFile(given)) {
    context.sources.t = { option: "--time" };
    const passes = numberList("--time", given);
    return {
      passes,
      list: passes.length > 1 ? passes : undefined,
      times: Float64Array.from(passes),
      file: false,
    };
  }
  const table = await context.files.readTable(given);
  context.sources.t = { file: given, dim: 1 };
  if (table.dim !== 1 || table.rows !== count) {
    const message = `${given} expected ${count} rows of one time, a time for each query, got ${table.rows} rows of ${table.dim}; several times for all queries are a list: --time 0.05,0.2`;
    throw dataFailure("E_SHAPE", given, message);
  }
  const times = Float64Array.from(table.data);
  return { passes: [times], list: undefined, times, file: true };
}
