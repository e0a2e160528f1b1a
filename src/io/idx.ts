import { isUint8, typedArrayName } from "../core/brand.js";
import { checkInteger, checkOptions } from "../core/check.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../core/errors.js";
import { allocate, checkLimit, overLimit } from "./limit.js";

/** The types that an IDX file may hold, each by its typed array. */
const kinds = {
  ubyte: { code: 0x08, make: Uint8Array },
  byte: { code: 0x09, make: Int8Array },
  short: { code: 0x0b, make: Int16Array },
  int: { code: 0x0c, make: Int32Array },
  float: { code: 0x0d, make: Float32Array },
  double: { code: 0x0e, make: Float64Array },
} as const;

/** A type that an IDX file may hold. */
export type IdxType = keyof typeof kinds;

/** An array of any number of dimensions, in the type of its file. */
export interface IdxArray {
  /** The values in C order (the last index runs fastest). */
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
  /** The lengths of the dimensions, at least one. */
  shape: number[];
  type: IdxType;
}

const MAX_DIMENSIONS = 32;
const MAX_VALUES = 2 ** 31 - 1;

/**
 * Reads the bytes of an IDX file, the format of MNIST and its kin: images `[count, height, width]` of `ubyte`, labels
 * `[count]` of `ubyte`, and any other array of its six types. Big-endian values are converted; the result shares no
 * memory with `bytes`. Everything is checked before anything is allocated.
 *
 * @param name how messages call the file
 * @param options.limit the most bytes that the values may take in memory (default 2^31 - 1)
 * @throws {VkernelError} E_TRUNCATED: the file ends too early; E_FORMAT: it is no IDX file, has an unknown type or
 *   more bytes than it says; E_LIMIT: more than `limit`; E_MEMORY: the host has not enough. Messages give the byte.
 * @example const { data, shape } = parseIdx(await readFile("t10k-labels-idx1-ubyte"), "labels");
 * Source: Y. LeCun, C. Cortes and C. Burges, The MNIST database, "the IDX file format".
 */
export function parseIdx(bytes: Uint8Array, name = "idx", options: { limit?: number } = {}): IdxArray {
  if (!isUint8(bytes)) throw badArgument("E_TYPE", name, "the bytes of a file (a Uint8Array)", bytes);
  checkOptions(options, ["limit"]);
  const limit = checkLimit(options.limit);
  const { type, shape, count, from, to } = readIdxHeader(bytes, name, limit);
  const { make } = kinds[type];
  const size = make.BYTES_PER_ELEMENT;
  const fail = failing(name);
  if (bytes.length < to) {
    const has = `the end of the file after ${bytes.length - from}`;
    fail("E_TRUNCATED", bytes.length, `${count * size} bytes of values from byte ${from}`, has);
  }
  if (bytes.length > to) fail("E_FORMAT", to, "the end of the file", `${bytes.length - to} more bytes`);
  const data = allocate(count * size, name, () => new make(count));
  if (size === 1) {
    new Uint8Array(data.buffer).set(bytes.subarray(from, to));
    return { data, shape, type };
  }
  const read = reader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), type);
  for (let i = 0; i < count; i++) data[i] = read(from + i * size);
  return { data, shape, type };
}

/** @internal What the header of an IDX file says. */
export interface IdxHeader {
  type: IdxType;
  shape: number[];
  count: number;
  /** Where the values are, in bytes. */
  from: number;
  to: number;
}

/** @internal Bytes from which any header can be read. */
export const IDX_HEAD = 4 + 4 * MAX_DIMENSIONS;

function failing(name: string) {
  return (code: VkernelErrorCode, byte: number, expected: string, got: string): never => {
    const message = `"${name}" at byte ${byte}: expected ${expected}, got ${got}`;
    throw new VkernelError(code, { argument: name, expected, got, message });
  };
}

/**
 * @internal Reads and checks the header of an IDX file from its first bytes.
 * @param points whether the values become float64 points, where they are not float32
 */
export function readIdxHeader(bytes: Uint8Array, name: string, limit: number, points = false): IdxHeader {
  const fail = failing(name);
  const need = (end: number, what: string) => {
    if (bytes.length < end) fail("E_TRUNCATED", bytes.length, what, "the end of the file");
  };

  for (let i = 0; i < 2; i++) {
    need(i + 1, "the IDX magic 00 00");
    if (bytes[i] !== 0) fail("E_FORMAT", i, "the IDX magic 00 00", `byte ${bytes[i]}`);
  }
  need(3, "the type of the values");
  const code = bytes[2];
  const type = (Object.keys(kinds) as IdxType[]).find((one) => kinds[one].code === code);
  const known = Object.entries(kinds).map(([word, { code }]) => `${code} (${word})`);
  if (type === undefined) return fail("E_FORMAT", 2, `a type: ${known.join(", ")}`, `${code}`);
  need(4, "the number of dimensions");
  const dimensions = bytes[3];
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    fail("E_FORMAT", 3, `1 to ${MAX_DIMENSIONS} dimensions`, `${dimensions}`);
  }
  const start = 4 + 4 * dimensions;
  need(start, `the lengths of ${dimensions} dimensions`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const count = product(shape);
  const size = kinds[type].make.BYTES_PER_ELEMENT;
  const memory = count * (points && type !== "float" ? 8 : size);
  if (count > MAX_VALUES || memory > limit) {
    const { expected, got } = overLimit(memory, `lengths ${shape.join(" x ")}`, limit);
    fail("E_LIMIT", 4, count > MAX_VALUES ? `at most ${MAX_VALUES} values` : expected, got);
  }
  return { type, shape, count, from: start, to: start + count * size };
}

/**
 * Writes an IDX file; its type is that of the array.
 *
 * @param data the values in C order
 * @param shape the lengths of the dimensions, at least one
 * @throws {VkernelError} E_TYPE: another kind of array; E_SHAPE: the shape does not hold that many values, or has no
 *   or more than 32 dimensions; E_RANGE: a length that is no whole number below 2^32
 * @example await writeFile("labels-idx1-ubyte", encodeIdx(Uint8Array.of(3, 1, 4), [3]));
 */
export function encodeIdx(data: IdxArray["data"], shape: readonly number[]): Uint8Array {
  const type = (Object.keys(kinds) as IdxType[]).find((one) => typedArrayName(data) === kinds[one].make.name);
  if (type === undefined) {
    const expected = "a Uint8Array, Int8Array, Int16Array, Int32Array, Float32Array or Float64Array";
    throw badArgument("E_TYPE", "data", expected, data);
  }
  if (!Array.isArray(shape)) throw badArgument("E_TYPE", "shape", "an array of whole numbers", shape);
  if (shape.length < 1 || shape.length > MAX_DIMENSIONS) {
    throw badArgument("E_SHAPE", "shape", `1 to ${MAX_DIMENSIONS} dimensions`, shape);
  }
  const lengths = Array.from(shape, (length: unknown, i) =>
    checkInteger(length, `shape[${i}]`, 0, 2 ** 32 - 1),
  );
  if (product(lengths) !== data.length) {
    throw badArgument("E_SHAPE", "shape", `lengths whose product is ${data.length}`, product(lengths));
  }
  const start = 4 + 4 * lengths.length;
  const bytes = new Uint8Array(start + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, kinds[type].code, lengths.length]);
  lengths.forEach((length, i) => {
    view.setUint32(4 + 4 * i, length);
  });
  const write = writer(view, type);
  for (let i = 0; i < data.length; i++) write(start + i * data.BYTES_PER_ELEMENT, data[i]);
  return bytes;
}

function reader(view: DataView, type: IdxType): (byte: number) => number {
  if (type === "short") return (byte) => view.getInt16(byte);
  if (type === "int") return (byte) => view.getInt32(byte);
  if (type === "float") return (byte) => view.getFloat32(byte);
  return (byte) => view.getFloat64(byte);
}

function writer(view: DataView, type: IdxType): (byte: number, value: number) => void {
  if (type === "ubyte") return (byte, value) => view.setUint8(byte, value);
  if (type === "byte") return (byte, value) => view.setInt8(byte, value);
  if (type === "short") return (byte, value) => view.setInt16(byte, value);
  if (type === "int") return (byte, value) => view.setInt32(byte, value);
  if (type === "float") return (byte, value) => view.setFloat32(byte, value);
  return (byte, value) => view.setFloat64(byte, value);
}

/** The product of lengths; 0 as soon as one is 0, whatever the others. */
function product(lengths: readonly number[]): number {
  return lengths.includes(0) ? 0 : lengths.reduce((a, b) => a * b, 1);
}
