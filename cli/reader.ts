// Reads the bytes of a data file on a thread of its own, so that a large one does not keep Ctrl-C waiting.
import { parentPort, workerData } from "node:worker_threads";
import { VkernelError } from "../src/errors.js";
import { type DataFile, type ReadDataSetOptions, readDataSet } from "../src/io/index.js";

/** What the thread is handed. */
export interface ReaderInput {
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly options: ReadDataSetOptions;
}

/** What it answers: the file, or what was wrong with it. */
export type ReaderAnswer =
  | { readonly file: DataFile }
  | { readonly wrong: Pick<VkernelError, "code" | "argument" | "expected" | "got" | "hint" | "message"> }
  | { readonly failed: string; readonly memory: boolean };

const { bytes, path, options } = workerData as ReaderInput;

/** The memory of a table, if nothing else lies in it. */
const buffersOf = (file: DataFile): ArrayBuffer[] => [
  ...new Set(
    [file.points, file.labels, file.weights].flatMap((one) =>
      one !== undefined && one.buffer instanceof ArrayBuffer ? [one.buffer] : [],
    ),
  ),
];

async function answer(): Promise<[ReaderAnswer, ArrayBuffer[]]> {
  try {
    const file = await readDataSet(bytes, path, options);
    return [{ file }, buffersOf(file)];
  } catch (error) {
    if (error instanceof VkernelError) {
      const { code, argument, expected, got, hint, message } = error;
      return [{ wrong: { code, argument, expected, got, hint, message } }, []];
    }
    const memory = error instanceof RangeError;
    return [{ failed: error instanceof Error ? error.message : String(error), memory }, []];
  }
}

const [message, transfer] = await answer();
parentPort?.postMessage(message, transfer);
