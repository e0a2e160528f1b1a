import { stat } from "node:fs/promises";
import { type DataSetName, dataSetNames, loadDataSet } from "../src/data/sets.js";
import type { VkernelError } from "../src/errors.js";
import { exitCodes, Failure } from "./errors.js";
import { endingOf, type Files } from "./files.js";

/** Points that a command works on: a built-in set, or the rows of a file. */
export interface Input {
  /** How messages and reports call it. */
  readonly name: string;
  readonly points: Float32Array | Float64Array;
  readonly rows: number;
  readonly dim: number;
  readonly labels: Int32Array | undefined;
  readonly image: { width: number; height: number; range: [number, number] } | undefined;
  readonly description: string;
  readonly source: string;
}

/** Loads a built-in set by its name, or a file by its ending. */
export async function readInput(name: string, files: Files): Promise<Input> {
  if ((dataSetNames as readonly string[]).includes(name)) return fromSet(name as DataSetName);
  const ending = endingOf(name);
  const isPath =
    ending !== "" || /[/\\]/.test(name) || (await stat(name).catch(() => undefined)) !== undefined;
  if (!isPath) {
    const error = await loadDataSet(name).then(
      () => undefined,
      (error: unknown) => error as VkernelError,
    );
    throw new Failure(
      "E_USAGE",
      exitCodes.usage,
      name,
      `${error?.message ?? name}; or a file that ends in .npy or .csv`,
    );
  }
  const { data, rows, dim } = await files.readTable(name);
  return {
    name,
    points: data,
    rows,
    dim,
    labels: undefined,
    image: undefined,
    description: `${rows} rows of ${dim} from a file`,
    source: name,
  };
}

async function fromSet(name: DataSetName): Promise<Input> {
  const { points, dim, labels, image, description, source } = await loadDataSet(name);
  return { name, points, rows: points.length / dim, dim, labels, image, description, source };
}
