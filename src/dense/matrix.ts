import { isFloat64 } from "../core/brand.js";
import { badArgument } from "../core/errors.js";
import type { Matrix, RowSource } from "../numeric/linear.js";

export type { Matrix, RowSource } from "../numeric/linear.js";

/** The most rows and columns of a matrix that is factored or decomposed: 128 MiB. */
export const MAX_ORDER = 4096;

/** Whether all numbers are finite: 0 times infinity and NaN are no zeros. */
export function allFinite(data: Float64Array): boolean {
  let a = 0;
  let b = 0;
  let i = 0;
  for (; i + 2 <= data.length; i += 2) {
    a += data[i] * 0;
    b += data[i + 1] * 0;
  }
  if (i < data.length) a += data[i] * 0;
  return a === 0 && b === 0;
}

/** @throws {VkernelError} E_NONFINITE */
export function checkFinite(data: Float64Array, argument: string): void {
  if (allFinite(data)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  throw badArgument("E_NONFINITE", `${argument}[${at}]`, "a finite number", data[at]);
}

function checkSides(value: unknown, argument: string): void {
  const { rows, columns } = (value ?? {}) as Partial<Matrix>;
  if (value === null || typeof value !== "object") {
    throw badArgument("E_TYPE", argument, "a matrix { data, rows, columns }", value);
  }
  for (const [name, side] of [
    ["rows", rows],
    ["columns", columns],
  ] as const) {
    if (typeof side !== "number" || !Number.isInteger(side) || side < 1) {
      throw badArgument("E_SHAPE", `${argument}.${name}`, "a whole number from 1", side);
    }
  }
}

/**
 * Checks a matrix; with `shape`, its sides (undefined: any).
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE
 */
export function checkMatrix(value: unknown, argument: string, rows?: number, columns?: number): Matrix {
  checkSides(value, argument);
  const matrix = value as Matrix;
  if (!isFloat64(matrix.data)) {
    throw badArgument("E_TYPE", `${argument}.data`, "a Float64Array", matrix.data);
  }
  if (matrix.data.length !== matrix.rows * matrix.columns) {
    const expected = `${matrix.rows} x ${matrix.columns} = ${matrix.rows * matrix.columns} numbers`;
    throw badArgument("E_SHAPE", `${argument}.data`, expected, matrix.data);
  }
  if (rows !== undefined && matrix.rows !== rows) {
    throw badArgument("E_SHAPE", `${argument}.rows`, `${rows}`, matrix.rows);
  }
  if (columns !== undefined && matrix.columns !== columns) {
    throw badArgument("E_SHAPE", `${argument}.columns`, `${columns}`, matrix.columns);
  }
  checkFinite(matrix.data, `${argument}.data`);
  return matrix;
}

/** Checks a matrix or a source of rows, and makes a source of it. */
export function checkRows(value: unknown, argument: string): RowSource {
  if (typeof (value as Partial<RowSource> | null)?.read !== "function") {
    const { data, rows, columns } = checkMatrix(value, argument);
    return {
      rows,
      columns,
      read: (first, count) => data.subarray(first * columns, (first + count) * columns),
    };
  }
  checkSides(value, argument);
  const source = value as RowSource;
  const { rows, columns } = source;
  return {
    rows,
    columns,
    read(first, count) {
      const block = source.read(first, count);
      if (!isFloat64(block)) {
        throw badArgument("E_TYPE", `${argument}.read(${first}, ${count})`, "a Float64Array", block);
      }
      if (block.length !== count * columns) {
        throw badArgument(
          "E_SHAPE",
          `${argument}.read(${first}, ${count})`,
          `${count * columns} numbers`,
          block,
        );
      }
      checkFinite(block, `${argument}.read(${first}, ${count})`);
      return block;
    },
  };
}

/** @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE */
export function checkVector(value: unknown, argument: string, length: number): Float64Array {
  if (!isFloat64(value)) throw badArgument("E_TYPE", argument, "a Float64Array", value);
  if (value.length !== length) throw badArgument("E_SHAPE", argument, `${length} numbers`, value);
  checkFinite(value, argument);
  return value;
}

/** How far two mirrored entries may be apart, as a share of the largest entry. */
const SYMMETRY = 1e-10;

/**
 * Checks a symmetric matrix of at most `MAX_ORDER` rows; gives its largest absolute entry too.
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_LIMIT, E_RANGE where it is not symmetric
 */
export function checkSymmetric(value: unknown, argument: string): { matrix: Matrix; largest: number } {
  checkSides(value, argument);
  const { rows } = value as Matrix;
  if (rows > MAX_ORDER) throw badArgument("E_LIMIT", `${argument}.rows`, `at most ${MAX_ORDER}`, rows);
  const matrix = checkMatrix(value, argument, rows, rows);
  const { data } = matrix;
  let largest = 0;
  for (const entry of data) largest = Math.max(largest, Math.abs(entry));
  const allowed = SYMMETRY * largest;
  for (let i = 1; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      const difference = Math.abs(data[i * rows + j] - data[j * rows + i]);
      if (difference <= allowed) continue;
      const expected = `a symmetric matrix: entries (${i}, ${j}) and (${j}, ${i}) within ${SYMMETRY} of the largest entry`;
      throw badArgument("E_RANGE", argument, expected, difference);
    }
  }
  return { matrix, largest };
}
