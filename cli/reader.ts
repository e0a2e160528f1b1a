// Reads the bytes of a data file on a thread of its own, so that a large one does not keep Ctrl-C waiting.
import { readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { VkernelError } from "vkernel";
import type { DataFile, ReadDataSetOptions } from "vkernel/io";
import { readOwnDataSet } from "vkernel/internal";

/** What the thread is handed. */
export interface ReaderInput {
  /** The content, or an open file that is read from as far as it is needed. */
  readonly content: Uint8Array | { readonly fd: number; readonly size: number };
  readonly path: string;
  readonly options: ReadDataSetOptions;
}

/** What it answers: the file, or what was wrong with it. */
export type ReaderAnswer =
  | { readonly file: DataFile }
  | { readonly wrong: Pick<VkernelError, "code" | "argument" | "expected" | "got" | "hint" | "message"> }
  | { readonly failed: string; readonly memory: boolean };

const { content, path, options } = workerData as ReaderInput;

/** A part of the open file. */
function part(fd: number, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array(to - from);
  for (let at = 0; at < bytes.length; ) {
    const count = readSync(fd, bytes, at, bytes.length - at, from + at);
    if (count === 0) throw new Error("it became shorter while it was read");
    at += count;
  }
  return bytes;
}

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
    const given =
      content instanceof Uint8Array
        ? content
        : {
            length: content.size,
            read: (from: number, to: number): Uint8Array => part(content.fd, from, to),
          };
    const file = await readOwnDataSet(given, path, options);
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
