import type { Timing } from "../../src/baseline/timing.js";
import type { End, Host } from "../aside/job.js";

/** What is measured: points of a standard normal, so many of so many dimensions, for so long. */
export interface Request extends Host {
  readonly points: number;
  readonly dim: number;
  readonly seconds: number;
}

/** What was measured of one way to do the work, beside the first. */
export interface Row extends Timing {
  readonly name: string;
  /** The largest difference of a number from those of the first row, in scales of the data. */
  readonly difference: number;
}

/** One piece of work, done by all. */
export interface Table {
  readonly name: string;
  readonly rounds: number;
  readonly rows: readonly Row[];
}

export type Message =
  /** What comes next. */
  | { readonly kind: "next"; readonly name: string; readonly index: number; readonly total: number }
  | { readonly kind: "table"; readonly table: Table }
  /** Something less than was hoped for, in a sentence. */
  | { readonly kind: "note"; readonly note: string }
  | End;
