import { setImmediate } from "node:timers/promises";
import { encodeCsv } from "vkernel/io";

/** Numbers that are written as text between two looks at Ctrl-C. */
const ROW_NUMBERS = 16_384;

type Values = Float32Array | Float64Array | Int32Array;

/** A table of columns under one name. */
export interface Column {
  readonly name: string;
  readonly values: Values;
  /** Numbers per row. */
  readonly width: number;
  /** Names of the columns, `width` of them. */
  readonly header: readonly string[];
}

/** Numbers that are none, as every output of text has them: JSON as strings, csv as words. */
const NOT_FINITE = "NaN, Infinity and -Infinity";

/** How many values of columns are not finite, in a sentence; undefined where all are. */
export function notFinite(columns: readonly Pick<Column, "name" | "values">[]): string | undefined {
  const told = columns.flatMap(({ name, values }) => {
    let count = 0;
    for (const value of values) if (!Number.isFinite(value)) count++;
    return count === 0 ? [] : [`${grouped(count)} of ${grouped(values.length)} values of ${name}`];
  });
  return told.length === 0 ? undefined : `not finite (${NOT_FINITE}): ${told.join(", ")}`;
}

/**
 * Tables side by side as csv, some rows at a time, so that neither memory nor Ctrl-C has to wait for the whole.
 */
export async function* csvPieces(
  columns: readonly Column[],
  rows: number,
  header: boolean,
  signal: AbortSignal,
) {
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const batch = Math.max(1, Math.floor(ROW_NUMBERS / width));
  if (header) {
    const empty = new Float64Array(0);
    yield encodeCsv(
      empty,
      0,
      width,
      columns.flatMap((column) => column.header),
    );
  }
  for (let first = 0; first < rows; first += batch) {
    const last = Math.min(rows, first + batch);
    const parts = columns.map(({ values, width }) =>
      encodeCsv(values.subarray(first * width, last * width) as Values, last - first, width, undefined, {
        nonFinite: true,
      }),
    );
    if (parts.length === 1) yield parts[0];
    else {
      const lines = parts.map((part) => part.split("\n"));
      let text = "";
      for (let i = 0; i < last - first; i++) text += `${lines.map((part) => part[i]).join(",")}\n`;
      yield text;
    }
    await setImmediate();
    signal.throwIfAborted();
  }
}

/** One piece as a stream of pieces. */
export async function* onePiece<T>(piece: T) {
  yield piece;
}

/** Values of any shape, which are nested arrays in JSON. */
export class Shaped {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];

  constructor(values: ArrayLike<number>, shape: readonly number[]) {
    this.values = values;
    this.shape = shape;
  }
}

/** JSON text in which numbers that are not finite are the strings "NaN", "Infinity" and "-Infinity", not null. */
export function jsonText(value: unknown): string {
  return JSON.stringify(plain(value));
}

/** The value itself, or a copy where something in it is not finite. */
function plain(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const one: unknown = value[i];
      if (plain(one) !== one) return value.map(plain);
    }
    return value;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value);
  if (entries.every(([, one]) => plain(one) === one)) return value;
  return Object.fromEntries(entries.map(([key, one]) => [key, plain(one)]));
}

/** JSON text is for small results; files are for large ones. */
export const MAX_JSON = 5_000_000;

/** A line of the same text in pieces: of an object, in which `Shaped` values stand anywhere but in arrays. */
export async function* jsonPieces(value: object, signal: AbortSignal) {
  for (const piece of piecesOf(value)) {
    yield piece;
    await setImmediate();
    signal.throwIfAborted();
  }
  yield "\n";
}

function* piecesOf(value: unknown): Generator<string, void, void> {
  if (value instanceof Shaped) return yield* shapedPieces(value);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return yield jsonText(value);
  }
  let before = "{";
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined) continue;
    yield `${before}${JSON.stringify(key)}:`;
    yield* piecesOf(one);
    before = ",";
  }
  yield before === "{" ? "{}" : "}";
}

function* shapedPieces({ values, shape }: Shaped): Generator<string, void, void> {
  // How many numbers each axis and those behind it hold, from the last to the first.
  const sizes: number[] = [];
  for (const length of shape.toReversed()) sizes.push(length * (sizes.at(-1) ?? 1));
  const [total = 1] = sizes.slice(-1);
  if (total === 0) {
    const empty = (axis: number): unknown[] => Array.from({ length: shape[axis] }, () => empty(axis + 1));
    return yield jsonText(empty(0));
  }
  let text = "";
  for (let i = 0; i < total; i++) {
    if (i > 0) text += ",";
    for (const size of sizes) if (i % size === 0) text += "[";
    const x = values[i];
    text += Number.isFinite(x) ? (x === 0 ? 0 : x) : `"${x}"`;
    for (const size of sizes) if ((i + 1) % size === 0) text += "]";
    if ((i + 1) % ROW_NUMBERS === 0) {
      yield text;
      text = "";
    }
  }
  yield text;
}

/** Writes to stdout, as fast as its reader takes it. */
export async function print(pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (!process.stdout.write(piece)) await new Promise((done) => process.stdout.once("drain", done));
  }
}

export function printJson(value: unknown): void {
  process.stdout.write(`${jsonText(value)}\n`);
}

/** Numbers with thousands set apart: 12,345. */
export const grouped = (n: number): string => n.toLocaleString("en-US");

/** A number in a few digits, as one would write it. */
export function short(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(digits - 1).replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** Milliseconds or seconds, whichever reads well. */
export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** A word as a POSIX shell reads it back. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command that a person would type. */
export function commandLine(words: readonly string[]): string {
  return ["vkernel", ...words].map(shellQuote).join(" ");
}
