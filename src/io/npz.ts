import { isMap, isUint8 } from "../core/brand.js";
import { checkOptions } from "../core/check.js";
import { badArgument, VkernelError } from "../core/errors.js";
import { checkLimit } from "./limit.js";
import { encodeNpy, NPY_HEAD, type NpyArray, type NpyHeader, parseNpyKind, readNpyHeader } from "./npy.js";
import { nameLength, openZip, writeZip } from "./zip.js";

const MAX_BYTES = 2 ** 31 - 1;
const ENDING = ".npy";

/**
 * Reads the bytes of a `.npz` file (`numpy.savez`, `numpy.savez_compressed`): its arrays by name, each as `parseNpy`
 * gives it. Files in it that do not end in `.npy` are passed over, as are folders.
 *
 * @param name how messages call the file
 * @param options.limit the most bytes that all arrays may have together, in the file and in memory (default 2^31 - 1); more
 *   is refused before anything is unpacked
 * @throws {VkernelError} E_TRUNCATED: the file ends too early; E_FORMAT: no zip archive, a damaged or encrypted one,
 *   an unknown method of packing; E_LIMIT: larger than `limit`; and what `parseNpy` throws, with the name of the array:
 *   `points.npz[x]`
 * @example const points = parseNpz(await readFile("data.npz"), "data.npz").get("points");
 * Source: numpy.savez; PKWARE, APPNOTE.TXT.
 */
export function parseNpz(
  bytes: Uint8Array,
  name = "npz",
  options: { limit?: number } = {},
): Map<string, NpyArray> {
  checkOptions(options, ["limit"]);
  let limit = checkLimit(options.limit);
  const arrays = openNpz(bytes, name, limit);
  // All headers before the first array: what they sum to is known then.
  for (const { header } of arrays.values()) limit -= sizeOf(header(limit));
  return new Map(
    Array.from(arrays, ([key, array]): [string, NpyArray] => {
      const { data, shape } = array.read(checkLimit(options.limit));
      return [key, { data, shape }];
    }),
  );
}

/** What an array takes in memory, in bytes. */
const sizeOf = ({ count, kind }: NpyHeader): number => count * (kind === "f2" || kind === "f4" ? 4 : 8);

/** @internal An array of a `.npz` file, unpacked only when it is read. */
export interface NpzEntry {
  header(limit: number): NpyHeader;
  read(limit: number): NpyArray & { kind: string };
}

/** @internal The arrays of a `.npz` file, of which all files together may have `most` bytes when unpacked. */
export function openNpz(bytes: Uint8Array, name: string, most: number): Map<string, NpzEntry> {
  if (!isUint8(bytes)) throw badArgument("E_TYPE", name, "the bytes of a file (a Uint8Array)", bytes);
  const arrays = new Map<string, NpzEntry>();
  for (const entry of openZip(bytes, name, most)) {
    if (!entry.name.endsWith(ENDING)) continue;
    const key = entry.name.slice(0, -ENDING.length);
    const called = `${name}[${key}]`;
    const header = (limit: number) => readNpyHeader(entry.head(NPY_HEAD), called, limit);
    arrays.set(key, {
      header,
      read: (limit) => {
        if (entry.size > limit) {
          throw badArgument(
            "E_LIMIT",
            called,
            `at most ${limit} bytes when unpacked (option limit)`,
            entry.size,
          );
        }
        header(limit);
        return parseNpyKind(entry.read(), called, { limit, owned: true });
      },
    });
  }
  return arrays;
}

/** An array that `encodeNpz` writes: float32, float64 or int32 values in C order. */
export interface NpzInput {
  data: Float32Array | Float64Array | Int32Array;
  /** The lengths of the dimensions; by default one, the length of `data`. */
  shape?: readonly number[];
}

/**
 * Writes a `.npz` file that `numpy.load` reads. The same arrays give the same bytes.
 *
 * @param arrays by name, in order
 * @param options.compress deflates, as `numpy.savez_compressed` (default: stores, as `numpy.savez`)
 * @throws {VkernelError} E_TYPE, E_SHAPE or E_RANGE: what `encodeNpy` throws, with the name of the array; E_FORMAT: a
 *   name that is no file name; E_LIMIT: 2^31 bytes or more; E_USAGE: a wrong option
 * @example await writeFile("data.npz", encodeNpz({ points: { data: points, shape: [count, dim] } }));
 */
export function encodeNpz(
  arrays: Readonly<Record<string, NpzInput>> | ReadonlyMap<string, NpzInput>,
  options: { compress?: boolean } = {},
): Uint8Array {
  checkOptions(options, ["compress"]);
  const { compress = false } = options;
  if (typeof compress !== "boolean") throw badArgument("E_TYPE", "compress", "true or false", compress);
  if (arrays === null || typeof arrays !== "object" || Array.isArray(arrays) || ArrayBuffer.isView(arrays)) {
    throw badArgument("E_TYPE", "arrays", "arrays by name", arrays);
  }
  const entries = isMap(arrays) ? [...arrays] : Object.entries(arrays);
  let total = 0;
  const files = entries.map(([name, array]): [string, Uint8Array] => {
    const argument = `arrays[${String(name).slice(0, 40)}]`;
    if (!isFileName(name)) throw badArgument("E_FORMAT", argument, "the name of a file", name);
    const { data, shape } = (array ?? {}) as NpzInput;
    total += ArrayBuffer.isView(data) ? data.byteLength : 0;
    if (total > MAX_BYTES - 2 ** 20) throw badArgument("E_LIMIT", "arrays", "less than 2 GiB", total);
    try {
      return [`${name}${ENDING}`, encodeNpy(data, shape ?? [data?.length ?? 0])];
    } catch (error) {
      if (!(error instanceof VkernelError)) throw error;
      throw new VkernelError(error.code, {
        argument: `${argument}.${error.argument}`,
        expected: error.expected ?? "",
        got: error.got ?? "",
      });
    }
  });
  return writeZip(files, compress ? 6 : 0);
}

/** Whether a name can stand in an archive: one part of a path, no control characters, not too long. */
function isFileName(name: unknown): name is string {
  return (
    typeof name === "string" &&
    name !== "" &&
    !/\p{Surrogate}/u.test(name) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    !/[/\\\u0000-\u001f\u007f]/.test(name) &&
    nameLength(name) <= 1000
  );
}
