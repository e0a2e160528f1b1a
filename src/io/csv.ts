import { isFloat32, isFloat64, isInt32 } from "../brand.js";
import Papa from "papaparse";
import { checkInteger } from "../check.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../errors.js";

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

/**
 * Reads comma-separated numbers, with or without one header row of names.
 *
 * Strict: decimal points only, every row as long as the first. A byte-order mark, CRLF or CR line ends,
 * blanks around a number, quotes and blank last lines are valid; a header without rows is a table of 0 rows.
 *
 * @param name how messages call the file
 * @throws {VkernelError} E_FORMAT: a cell that is no number, a ragged row, a broken quote, an empty file;
 *   E_NONFINITE: NaN, infinity or overflow. The message begins with `name:line:column`; column counts cells.
 * @example const { data, rows, dim } = parseCsv("x,y\n1,2\n3,4\n", "points.csv");
 */
export function parseCsv(text: string, name = "csv"): CsvTable {
  if (typeof text !== "string") throw badArgument("E_TYPE", name, "the text of a file (a string)", text);
  const fail = (
    code: VkernelErrorCode,
    line: number,
    column: number,
    expected: string,
    got: string,
  ): never => {
    const message = `${name}:${line}:${column}: expected ${expected}, got ${got}`;
    throw new VkernelError(code, { argument: name, expected, got, message });
  };
  const body = trimLines(text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text);
  if (body === "") fail("E_FORMAT", 1, 1, "rows of numbers", "an empty file");
  const { data: cells, errors } = Papa.parse<string[]>(body, { delimiter: ",", newline: "\n" });
  for (const error of errors) {
    const before = body.slice(0, error.index ?? 0).split("\n");
    const column = (before.at(-1) as string).split(",").length;
    fail("E_FORMAT", before.length, column, "a well-formed quoted cell", error.message.toLowerCase());
  }

  const first = cells[0] as string[];
  const header = isHeader(first) ? first.map((cell) => cell.trim()) : undefined;
  const dim = first.length;
  const rows = cells.length - (header === undefined ? 0 : 1);
  const data = new Float64Array(rows * dim);
  let line = 1;
  let k = 0;
  for (let i = 0; i < cells.length; i++) {
    const row = cells[i] as string[];
    if (row.length !== dim) {
      const got = row.length === 1 && row[0]?.trim() === "" ? "a blank line" : `${row.length}`;
      fail(
        "E_FORMAT",
        line,
        Math.min(row.length, dim) + (got === "a blank line" ? 0 : 1),
        `${dim} cells`,
        got,
      );
    }
    if (i > 0 || header === undefined) {
      for (let j = 0; j < dim; j++) {
        const cell = (row[j] as string).trim();
        const value = NUMBER.test(cell) ? Number(cell) : Number.NaN;
        if (!Number.isFinite(value)) {
          const finite = !NUMBER.test(cell) && !NOT_FINITE.test(cell);
          const got = cell === "" ? "an empty cell" : JSON.stringify(cell.slice(0, 40));
          fail(
            finite ? "E_FORMAT" : "E_NONFINITE",
            line,
            j + 1,
            finite ? "a number" : "a finite number",
            got,
          );
        }
        data[k++] = value;
      }
    }
    line += 1 + newlines(row);
  }
  return header === undefined ? { data, rows, dim } : { data, rows, dim, header };
}

/**
 * Writes comma-separated numbers, each as short as it can be so that it reads back to the same value of its
 * own type (a float32 0.1 is written 0.1), lines ended by a line feed.
 *
 * @param data `[rows, dim]`, row-major
 * @param header names of the `dim` columns
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
): string {
  const single = isFloat32(data);
  if (!single && !isFloat64(data) && !isInt32(data)) {
    throw badArgument("E_TYPE", "data", "a Float32Array, Float64Array or Int32Array", data);
  }
  checkInteger(rows, "rows", 0, 2 ** 31 - 1);
  checkInteger(dim, "dim", 1, 2 ** 31 - 1);
  if (data.length !== rows * dim) throw badArgument("E_SHAPE", "data", `${rows} x ${dim} values`, data);
  const wrong = data.findIndex((value: number) => !Number.isFinite(value));
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
  if (!isHeader(header) || header.some((word) => /[\r\n]/.test(word) || word !== word.trim())) {
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

/** Without the byte-order mark and the blank lines at the end. */
function trimLines(text: string): string {
  let end = text.length;
  for (let i = end - 1; i >= 0 && " \t\n".includes(text.charAt(i)); i--) {
    if (text.charAt(i) === "\n") end = i;
  }
  const body = text.slice(text.charCodeAt(0) === 0xfeff ? 1 : 0, end);
  return body.trim() === "" ? "" : body;
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
  if (value === 0) return printDouble(value); // toPrecision drops the sign of -0
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return printDouble(short);
  }
  return printDouble(Number(value.toPrecision(9)));
}
