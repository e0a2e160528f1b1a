import { isDataFile } from "vkernel/io";
import type { Context } from "./context.js";
import { dataFailure, exitCodes, Failure } from "./errors.js";
import { initialNames, noiseNames } from "./options.js";
import { numberList, word } from "./values.js";

// Options that take a word, a list, or a file.

const isFile = (given: string): boolean => isDataFile(given);

/** The states of a file given as the initial law, if one is. */
export async function readInitial(
  given: string | undefined,
  context: Context,
  dim: number,
): Promise<Float32Array | Float64Array | undefined> {
  if (given === undefined) return undefined;
  if (!isFile(given)) {
    word("--initial", initialNames)(given);
    return undefined;
  }
  const table = await context.files.readTable(given);
  context.sources.initial = { file: given, dim };
  if (table.dim !== dim) {
    const message = `${given} expected rows of ${dim} as the data have, got rows of ${table.dim}`;
    throw new Failure("E_SHAPE", exitCodes.data, given, message);
  }
  return table.data;
}

/** The times that `--times` gives, as a list or in a file of one column or one row. */
export async function readTimes(
  given: string | undefined,
  context: Context,
): Promise<Float64Array | undefined> {
  if (given === undefined) return undefined;
  if (!isFile(given)) {
    context.sources["grid times"] = { option: "--times" };
    return Float64Array.from(numberList("--times", given));
  }
  const table = await context.files.readTable(given);
  context.sources.times = { file: given, dim: 1 };
  context.sources["grid times"] = { file: given, dim: 1 };
  if (table.dim !== 1 && table.rows !== 1) {
    throw dataFailure(
      "E_SHAPE",
      given,
      `${given} expected one column or one row of times, got ${table.rows} rows of ${table.dim}`,
    );
  }
  return Float64Array.from(table.data);
}

/** The standard normals of `--noise file.npy`, with the file's shape. */
export async function readNoise(
  given: string | undefined,
  context: Context,
): Promise<{ values: Float32Array | Float64Array; shape: readonly number[] } | undefined> {
  if (given === undefined) return undefined;
  if (!isFile(given)) {
    word("--noise", noiseNames)(given);
    return undefined;
  }
  const { data, shape } = await context.files.readArray(given);
  return { values: data, shape };
}

/** Checks the shape of the noise of a file against the run. */
export function checkNoiseShape(given: string, shape: readonly number[], expected: readonly number[]): void {
  if (shape.length === 3 && shape.every((length, i) => length === expected[i])) return;
  const message = `${given} expected the shape ${expected.join(" x ")} (steps x count x dim), got ${shape.join(" x ") || "one value"}`;
  throw dataFailure("E_SHAPE", given, message);
}

/** One point of `dim` numbers, of a file of one row or as a list. */
export async function readPoint(
  option: string,
  given: string,
  dim: number,
  context: Context,
): Promise<Float64Array> {
  const values = isFile(given)
    ? Float64Array.from((await context.files.readTable(given)).data)
    : Float64Array.from(numberList(option, given));
  if (values.length !== dim) {
    throw dataFailure(
      "E_SHAPE",
      option,
      `${option} ${isFile(given) ? given : ""} expected ${dim} numbers, got ${values.length}`.replace(
        "  ",
        " ",
      ),
    );
  }
  return values;
}
