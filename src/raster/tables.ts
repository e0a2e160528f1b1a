import { isUint8, isUint8Clamped } from "../core/brand.js";
import { checkNumber, checkWord } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import { exp, log } from "../numeric/elementary.js";

/** 256 colours, red, green, blue and opacity, 0 to 255 each: 1,024 bytes. */
export type ColourTable = Uint8Array | Uint8ClampedArray;

export function checkColours(table: unknown, argument = "table"): ColourTable {
  const expected = "256 colours of 4 bytes in a Uint8Array";
  if (!(isUint8(table) || isUint8Clamped(table))) {
    throw badArgument("E_TYPE", argument, expected, table);
  }
  if (table.length !== 1024) throw badArgument("E_SHAPE", argument, expected, table);
  return table;
}

/** How numbers become colours: the ends of the table, and what is even between them. */
export interface Scale {
  /** The ends: each of the 256 colours has an equal part between them, the first also what is below, the last what is above. */
  lo: number;
  hi: number;
  /** "linear" (default), or "log", for `lo` above 0. */
  scale?: "linear" | "log";
}

/** The 255 numbers at which the next colour begins. */
export function levelsOf({ lo, hi, scale = "linear" }: Scale): Float64Array {
  const kind = checkWord(scale, ["linear", "log"] as const, "scale");
  checkNumber(lo, "lo", kind === "log" ? { above: 0 } : {});
  checkNumber(hi, "hi", { above: lo });
  const [from, to] = kind === "log" ? [log(lo), log(hi)] : [lo, hi];
  const levels = Float64Array.from({ length: 255 }, (_, i) => {
    const share = (i + 1) / 256;
    // Not by the difference of the ends, which may be more than the largest number.
    const level = from * (1 - share) + to * share;
    return kind === "log" ? exp(level) : level;
  });
  // Where the ends are closer than their digits tell, rounding must not turn the order round.
  for (let i = 1; i < 255; i++) levels[i] = Math.max(levels[i], levels[i - 1]);
  return levels;
}
