import type { ByteSource } from "../data/gunzip.js";
import { isFloat32, isFloat64, isInt32, unshared } from "../core/brand.js";
import Papa from "papaparse";
import { checkInteger, checkOptions, nearestWord } from "../core/check.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../core/errors.js";
import { allocate, checkLimit, overLimit } from "./limit.js";

/** A table of numbers with the names of its columns, where it has them. */
export interface CsvTable {
  /** `[rows, dim]`, row-major. */
  data: Float64Array;
  rows: number;
  dim: number;
  /** `[dim]`, the words of the header row. */
  header?: string[];
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;
/** What begins like a number is never taken for the name of a column: `1,5`, `0x10`. */
const LIKE_A_NUMBER = /^[+-]?[.,]?\d/;

/** Which columns: "all"; "named": those that have a name; or a list, by name or by number from 0. */
export type CsvColumns = "all" | "named" | readonly (string | number)[];

export interface ParseCsvOptions {
  /** Which columns are read, in this order (default: all, unless the first holds row numbers). Others may hold words. */
  columns?: CsvColumns;
  /** Takes NaN, Infinity and -Infinity as `encodeCsv` writes them (default: E_NONFINITE). */
  nonFinite?: boolean;
  /** The most bytes that the values may take in memory (default 2^31 - 1). */
  limit?: number;
}

/** What pandas calls a column without a name when it reads one. */
const UNNAMED = /^(Unnamed: ?\d+)?$/;
/** Names under which the first column holds row numbers if it counts from 0 or 1. */
const ROW_NUMBERS = /^#?\s*(index|idx|id|row|row[ _.]?(id|number|names?|index)|rownames?|rn|no|nr|n|i)\.?$/i;
/** Text is split in pieces of about so many letters. */
const PIECE = 2 ** 16;
/** Bytes of a source that are kept at a time. */
const WINDOW = 2 ** 20;

/**
 * Reads comma-separated numbers, with or without one header row of names.
 *
 * Strict: decimal points only, every row as long as the first. A byte-order mark, CRLF or CR line ends,
 * blanks around a number, quotes and blank last lines are valid; a header without rows is a table of 0 rows.
 *
 * Row numbers are no coordinate: a first column without a name, as pandas and R write them, is refused, and so is one
 * called index, id, row or alike that counts from 0 or 1. `columns` says whether to drop or to keep them.
 *
 * @param name how messages call the file
 * @throws {VkernelError} E_FORMAT: a cell that is no number, a ragged row, a broken quote, an empty file, a column of row
 *   numbers; E_NONFINITE: NaN, infinity or overflow; E_USAGE: a column that is not there; E_LIMIT: more than `limit`.
 *   The message begins with `name:line:column`; column counts cells.
 * @example const { data, rows, dim } = parseCsv("x,y\n1,2\n3,4\n", "points.csv");
 */
export function parseCsv(text: string, name = "csv", options: ParseCsvOptions = {}): CsvTable {
  if (typeof text !== "string") throw badArgument("E_TYPE", name, "the text of a file (a string)", text);
  return parse(ofString(text), name, options);
}

/** @internal As `parseCsv` from bytes in UTF-8, which become text in pieces alone. */
export function parseCsvBytes(bytes: Uint8Array, name: string, options: ParseCsvOptions): CsvTable {
  const part = (from: number, to: number): Uint8Array => bytes.subarray(from, to);
  return parse(ofBytes({ length: bytes.length, at: (i) => bytes[i], part }, name), name, options);
}

/** @internal The same of bytes that are not in memory as a whole. */
export function parseCsvSource(source: ByteSource, name: string, options: ParseCsvOptions): CsvTable {
  let [from, to] = [0, 0];
  let window: Uint8Array = new Uint8Array(0);
  const at = (place: number): number => {
    if (place < from || place >= to) {
      from = place - (place % WINDOW);
      to = Math.min(from + WINDOW, source.length);
      window = source.read(from, to);
    }
    return window[place - from];
  };
  const bytes = { length: source.length, at, part: source.read.bind(source) };
  return parse(ofBytes(bytes, name), name, options);
}

/** Text that is looked at letter by letter (of ASCII at least), and is a string in parts only. */
interface Letters {
  readonly length: number;
  /** Where the text begins, behind a byte-order mark. */
  readonly start: number;
  at(place: number): number;
  text(from: number, to: number): string;
}

const ofString = (text: string): Letters => ({
  length: text.length,
  start: text.charCodeAt(0) === 0xfeff ? 1 : 0,
  at: (place) => text.charCodeAt(place),
  text: (from, to) => text.slice(from, to),
});

interface Bytes {
  readonly length: number;
  at(place: number): number;
  part(from: number, to: number): Uint8Array;
}

function ofBytes({ length, at, part }: Bytes, name: string): Letters {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return {
    length,
    start: length >= 3 && at(0) === 0xef && at(1) === 0xbb && at(2) === 0xbf ? 3 : 0,
    at,
    text: (from, to) => {
      try {
        return decoder.decode(unshared(part(from, to)));
      } catch (cause) {
        const [expected, got] = ["UTF-8 text", "other bytes"];
        const message = `${name}: expected ${expected}, got ${got}`;
        throw new VkernelError("E_FORMAT", { argument: name, expected, got, message, cause });
      }
    },
  };
}

const [TAB, LINE_FEED, RETURN, BLANK, QUOTE] = [9, 10, 13, 32, 34];

function parse(letters: Letters, name: string, options: ParseCsvOptions): CsvTable {
  checkOptions(options, ["columns", "nonFinite", "limit"]);
  const { columns, nonFinite = false } = options;
  if (typeof nonFinite !== "boolean") throw badArgument("E_TYPE", "nonFinite", "true or false", nonFinite);
  const limit = checkLimit(options.limit);
  const fail: Fail = (code, line, column, expected, got, hint) => {
    const way = hint === undefined ? "" : `. ${hint}`;
    const message = `${name}:${line}:${column}: expected ${expected}, got ${got}${way}`;
    throw new VkernelError(code, { argument: name, expected, got, message, ...(hint && { hint }) });
  };
  const end = endOf(letters);
  if (end === letters.start) fail("E_FORMAT", 1, 1, "rows of numbers", "an empty file");

  let header: string[] | undefined;
  let picked: number[] | undefined;
  let [width, dim, rows, line] = [-1, 0, 0, 1];
  let data = new Float64Array(0);
  for (const piece of piecesOf(letters, end)) {
    // Of a blank line alone Papa makes no row.
    const { data: cells, errors } =
      piece === ""
        ? { data: [[""]], errors: [] }
        : Papa.parse<string[]>(piece, { delimiter: ",", newline: "\n" });
    for (const error of errors) {
      const before = piece.slice(0, error.index ?? 0).split("\n");
      const column = (before.at(-1) as string).split(",").length;
      fail(
        "E_FORMAT",
        line + before.length - 1,
        column,
        "a well-formed quoted cell",
        error.message.toLowerCase(),
      );
    }
    for (const row of cells) {
      if (width < 0) {
        width = row.length;
        if (isHeader(row)) header = row.map((cell) => cell.trim());
        picked = columnsOf(columns, header, width, name, fail);
        dim = picked?.length ?? width;
        const lines = countLines(letters, end) - (header === undefined ? 0 : 1);
        // A value has a letter and something behind it.
        const most = picked ? lines * dim : Math.min(lines * dim, Math.ceil((end + 1) / 2));
        if (8 * most > limit) {
          const { expected, got } = overLimit(8 * most, `${lines} lines of ${dim}`, limit);
          fail("E_LIMIT", 1, 1, expected, got);
        }
        data = allocate(8 * most, name, () => new Float64Array(most));
        if (header !== undefined) {
          line += 1 + newlines(row);
          continue;
        }
      }
      if (row.length !== width) wrongWidth(row, width, header, line, fail);
      if ((rows + 1) * dim > data.length)
        fail("E_FORMAT", line, 1, "the end of the file", "more rows than lines");
      for (let j = 0; j < dim; j++) {
        const column = picked === undefined ? j : picked[j];
        const cell = row[column].trim();
        const value = numberOf(cell, nonFinite);
        if (value === undefined) wrongCell(cell, line, column, nonFinite, fail);
        else data[rows * dim + j] = value;
      }
      rows++;
      line += 1 + newlines(row);
    }
  }
  if (rows * dim < data.length) data = data.slice(0, rows * dim);
  if (columns === undefined && header !== undefined && dim > 1)
    checkRowNumbers(data, rows, dim, header, fail);
  if (header === undefined) return { data, rows, dim };
  const all = header;
  return { data, rows, dim, header: picked?.map((column) => all[column]) ?? all };
}

type Fail = (
  code: VkernelErrorCode,
  line: number,
  column: number,
  expected: string,
  got: string,
  hint?: string,
) => never;

/** Where the text ends, without blank lines; at its start where there is nothing else. */
function endOf({ length, start, at }: Letters): number {
  let end = length;
  for (let i = length - 1; i >= start; i--) {
    const letter = at(i);
    if (letter === LINE_FEED || letter === RETURN) end = i;
    else if (letter !== BLANK && letter !== TAB) return end;
  }
  return start;
}

/** The text in pieces that end where a row does, outside quotes; line ends become line feeds. */
function* piecesOf({ start, at, text }: Letters, end: number): Generator<string, void, void> {
  let from = start;
  let quoted = false;
  for (let i = start; i <= end; i++) {
    const letter = i < end ? at(i) : LINE_FEED;
    if (letter === QUOTE) quoted = !quoted;
    const last = letter === LINE_FEED || (letter === RETURN && at(i + 1) !== LINE_FEED);
    if (i < end && (!last || quoted || i - from < PIECE)) continue;
    const piece = text(from, i);
    const bare = letter === LINE_FEED ? piece.replace(/\r$/, "") : piece;
    yield bare.includes("\r") ? bare.replace(/\r\n?/g, "\n") : bare;
    from = i + 1;
  }
}

/** How many lines there are, at least as many as rows. */
function countLines({ start, at }: Letters, end: number): number {
  let count = 1;
  for (let i = start; i < end; i++) {
    const letter = at(i);
    if (letter === LINE_FEED || (letter === RETURN && at(i + 1) !== LINE_FEED)) count++;
  }
  return count;
}

/** The value of a cell; undefined where it is none that is taken. */
function numberOf(cell: string, nonFinite: boolean): number | undefined {
  if (NUMBER.test(cell)) {
    const value = Number(cell);
    return Number.isFinite(value) ? value : undefined;
  }
  if (!nonFinite || !NOT_FINITE.test(cell)) return undefined;
  if (/nan/i.test(cell)) return Number.NaN;
  return cell.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function wrongCell(cell: string, line: number, column: number, nonFinite: boolean, fail: Fail): never {
  const word = !NUMBER.test(cell) && (nonFinite || !NOT_FINITE.test(cell));
  const got = cell === "" ? "an empty cell" : JSON.stringify(cell.slice(0, 40));
  return fail(
    word ? "E_FORMAT" : "E_NONFINITE",
    line,
    column + 1,
    word ? "a number" : "a finite number",
    got,
  );
}

function wrongWidth(
  row: readonly string[],
  width: number,
  header: readonly string[] | undefined,
  line: number,
  fail: Fail,
): never {
  if (row.length === 1 && row[0]?.trim() === "") fail("E_FORMAT", line, 1, `${width} cells`, "a blank line");
  const hint =
    header !== undefined && row.length === width + 1 && line === 2
      ? " (row names without a name? In R: row.names = FALSE)"
      : "";
  return fail("E_FORMAT", line, Math.min(row.length, width) + 1, `${width} cells`, `${row.length}${hint}`);
}

/** The numbers of the wanted columns, undefined for all as they are. */
function columnsOf(
  columns: CsvColumns | undefined,
  header: readonly string[] | undefined,
  width: number,
  name: string,
  fail: Fail,
): number[] | undefined {
  if (columns === undefined || columns === "all") {
    if (columns === undefined && header !== undefined && UNNAMED.test(header[0])) {
      const what = header[0] === "" ? "a column without a name" : `a column ${JSON.stringify(header[0])}`;
      refuseRowNumbers(what, header, fail);
    }
    return undefined;
  }
  if (columns === "named" && header === undefined) {
    throw badArgument("E_USAGE", "columns", `names in the first row of ${name}`, "numbers");
  }
  const wanted =
    columns === "named" ? [...Array(width).keys()].filter((j) => !UNNAMED.test(header?.[j] ?? "")) : columns;
  if (!Array.isArray(wanted)) {
    throw badArgument("E_TYPE", "columns", '"all", "named" or an array of names and numbers', columns);
  }
  if (wanted.length === 0) throw badArgument("E_RANGE", "columns", `at least one column of ${name}`, "none");
  return Array.from(wanted, (one: unknown, i) => {
    if (typeof one === "number") return checkInteger(one, `columns[${i}]`, 0, width - 1);
    if (typeof one !== "string") throw badArgument("E_TYPE", `columns[${i}]`, "a name or a number", one);
    const at = header?.indexOf(one.trim()) ?? -1;
    if (at >= 0 && header?.indexOf(one.trim(), at + 1) === -1) return at;
    if (header === undefined) {
      throw badArgument(
        "E_USAGE",
        `columns[${i}]`,
        `a number from 0 to ${width - 1}: ${name} has no names`,
        one,
      );
    }
    const near = nearestWord(
      one,
      header.filter((word) => word !== ""),
    );
    const list = header
      .map((word) => JSON.stringify(word))
      .slice(0, 12)
      .join(", ");
    const expected = `a column of ${name} that is there once: ${list}${near === undefined ? "" : ` (${near}?)`}`;
    throw badArgument("E_USAGE", `columns[${i}]`, expected, one);
  });
}

/** Refuses a first column whose name says row numbers and whose values count. */
function checkRowNumbers(
  data: Float64Array,
  rows: number,
  dim: number,
  header: readonly string[],
  fail: Fail,
) {
  const first = data[0];
  if (rows < 2 || !ROW_NUMBERS.test(header[0]) || (first !== 0 && first !== 1)) return;
  for (let i = 0; i < rows; i++) if (data[i * dim] !== first + i) return;
  const last = first + rows - 1;
  refuseRowNumbers(`${JSON.stringify(header[0])}, which counts from ${first} to ${last}`, header, fail);
}

function refuseRowNumbers(what: string, header: readonly string[], fail: Fail): never {
  const rest = header.slice(1);
  const list = rest.length <= 8 && rest.every((word) => !/[,:\s]/.test(word)) ? rest.join(",") : "named";
  return fail(
    "E_FORMAT",
    1,
    1,
    "coordinates in the first column",
    `${what}: row numbers, as pandas and R write them`,
    `Choose columns after the file's name, ":${list}" without them or ":all" with them (in the library: option columns)`,
  );
}

/**
 * Writes comma-separated numbers, each as short as it can be so that it reads back to the same value of its
 * own type (a float32 0.1 is written 0.1), lines ended by a line feed.
 *
 * @param data `[rows, dim]`, row-major
 * @param header names of the `dim` columns
 * @param options.nonFinite writes NaN, Infinity and -Infinity in these words, which `parseCsv` takes back by the same
 *   option (default: E_NONFINITE)
 * @throws {VkernelError} E_TYPE: another kind of array; E_SHAPE: `data` or `header` of another length;
 *   E_RANGE: rows or dim is no count; E_NONFINITE: NaN or infinity, with the index; E_FORMAT: a header that
 *   would not read back as one (names that begin like a number or hold a line break)
 * @example encodeCsv(Float64Array.of(1, 2, 3, 4), 2, 2, ["x", "y"]) // "x,y\n1,2\n3,4\n"
 */
export function encodeCsv(
  data: Float32Array | Float64Array | Int32Array,
  rows: number,
  dim: number,
  header?: readonly string[],
  options: { nonFinite?: boolean } = {},
): string {
  const single = isFloat32(data);
  if (!single && !isFloat64(data) && !isInt32(data)) {
    throw badArgument("E_TYPE", "data", "a Float32Array, Float64Array or Int32Array", data);
  }
  checkInteger(rows, "rows", 0, 2 ** 31 - 1);
  checkInteger(dim, "dim", 1, 2 ** 31 - 1);
  if (data.length !== rows * dim) throw badArgument("E_SHAPE", "data", `${rows} x ${dim} values`, data);
  checkOptions(options, ["nonFinite"]);
  const wrong = options.nonFinite ? -1 : data.findIndex((value: number) => !Number.isFinite(value));
  if (wrong >= 0) throw badArgument("E_NONFINITE", `data[${wrong}]`, "a finite number", data[wrong]);
  const lines: string[] = [];
  if (header !== undefined) lines.push(headerLine(header, dim));
  const print = single ? printSingle : printDouble;
  for (let i = 0; i < rows; i++) {
    lines.push(Array.from(data.subarray(i * dim, (i + 1) * dim), print).join(","));
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function headerLine(header: readonly string[], dim: number): string {
  if (!Array.isArray(header) || !header.every((word) => typeof word === "string")) {
    throw badArgument("E_TYPE", "header", "an array of strings", header);
  }
  if (header.length !== dim) throw badArgument("E_SHAPE", "header", `${dim} names`, header);
  const unnamed = UNNAMED.test(header[0]);
  if (!isHeader(header) || unnamed || header.some((word) => /[\r\n]/.test(word) || word !== word.trim())) {
    throw badArgument("E_FORMAT", "header", "names that are no numbers, on one line", header.join(","));
  }
  return Papa.unparse([header]);
}

/** Whether a row names columns: some name, and no cell that is or begins like a number. */
function isHeader(row: readonly string[]): boolean {
  const words = row.map((cell) => cell.trim());
  return (
    words.some((word) => word !== "") &&
    !words.some((word) => LIKE_A_NUMBER.test(word) || NOT_FINITE.test(word))
  );
}

function newlines(row: readonly string[]): number {
  let count = 0;
  for (const cell of row) if (cell.includes("\n")) count += cell.split("\n").length - 1;
  return count;
}

function printDouble(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/**
 * The shortest decimal that rounds to the same float32. Nine digits always do; where fewer than six do, six
 * give the same decimal (but for denormals).
 */
function printSingle(value: number): string {
  // toPrecision drops the sign of -0.
  if (value === 0 || !Number.isFinite(value)) return printDouble(value);
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return printDouble(short);
  }
  return printDouble(Number(value.toPrecision(9)));
}
