import { isFloat32, isFloat64, isInt32, isUint8 } from "../core/brand.js";
import { checkInteger, checkOptions } from "../core/check.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../core/errors.js";
import { allocate, checkLimit, overLimit } from "./limit.js";

/** An array of any number of dimensions. */
export interface NpyArray {
  /** The values in C order (the last index runs fastest). */
  data: Float32Array | Float64Array;
  /** The lengths of the dimensions; `[]` for a single value. */
  shape: number[];
}

/** A table of numbers. */
export interface Table {
  /** `[rows, dim]`, row-major. */
  data: Float32Array | Float64Array;
  rows: number;
  dim: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const MAX_HEADER = 10_000; // numpy.lib.format's own limit
const MAX_DIMENSIONS = 32; // numpy 1.x's limit
const MAX_VALUES = 2 ** 31 - 1;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

type Read = (buffer: ArrayBuffer, from: number, count: number) => Float32Array | Float64Array;

/** Bytes per value in the file and here, and the conversion of native-endian bytes, by the letters of the dtype. */
const readers: Record<string, { size: number; wide: 4 | 8; read: Read }> = {
  f2: { size: 2, wide: 4, read: (...at) => new Float32Array(new Uint16Array(...at)).map(halfToNumber) },
  f4: { size: 4, wide: 4, read: (...at) => new Float32Array(...at) },
  f8: { size: 8, wide: 8, read: (...at) => new Float64Array(...at) },
  b1: { size: 1, wide: 8, read: (...at) => new Float64Array(new Uint8Array(...at)) },
  i1: { size: 1, wide: 8, read: (...at) => new Float64Array(new Int8Array(...at)) },
  u1: { size: 1, wide: 8, read: (...at) => new Float64Array(new Uint8Array(...at)) },
  i2: { size: 2, wide: 8, read: (...at) => new Float64Array(new Int16Array(...at)) },
  u2: { size: 2, wide: 8, read: (...at) => new Float64Array(new Uint16Array(...at)) },
  i4: { size: 4, wide: 8, read: (...at) => new Float64Array(new Int32Array(...at)) },
  u4: { size: 4, wide: 8, read: (...at) => new Float64Array(new Uint32Array(...at)) },
  i8: { size: 8, wide: 8, read: (...at) => wideToNumbers(new BigInt64Array(...at)) },
  u8: { size: 8, wide: 8, read: (...at) => wideToNumbers(new BigUint64Array(...at)) },
};

/** What else numpy calls these dtypes: type codes, which may follow a byte order, and names. */
const codes: Readonly<Record<string, string>> = {
  ...{ "?": "b1", b: "i1", B: "u1", h: "i2", H: "u2", i: "i4", I: "u4", q: "i8", Q: "u8" },
  // As long as a pointer, or as numpy's own integers where it runs on 64 bits.
  ...{ l: "i8", L: "u8", p: "i8", P: "u8", n: "i8", N: "u8" },
  ...{ e: "f2", f: "f4", d: "f8" },
};
const names: Readonly<Record<string, string>> = {
  ...{ float16: "f2", half: "f2", float32: "f4", single: "f4", float64: "f8", double: "f8", float: "f8" },
  ...{ bool: "b1", bool_: "b1", int8: "i1", byte: "i1", uint8: "u1", ubyte: "u1" },
  ...{
    int16: "i2",
    short: "i2",
    uint16: "u2",
    ushort: "u2",
    int32: "i4",
    intc: "i4",
    uint32: "u4",
    uintc: "u4",
  },
  ...{ int64: "i8", int: "i8", int_: "i8", intp: "i8", long: "i8", longlong: "i8" },
  ...{ uint64: "u8", uint: "u8", uintp: "u8", ulong: "u8", ulonglong: "u8" },
};

/** The kind and byte order that a dtype's text means, as `numpy.dtype` reads it; without an order it is native. */
function dtypeOf(descr: string): { kind: string; littleEndian: boolean } | undefined {
  const [, order = "", code = ""] = /^([<>=|]?)(.*)$/s.exec(descr) ?? [];
  const kind = Object.hasOwn(readers, code)
    ? code
    : Object.hasOwn(codes, code)
      ? codes[code]
      : order === "" && Object.hasOwn(names, code)
        ? names[code]
        : undefined;
  if (kind === undefined) return undefined;
  return { kind, littleEndian: order === "<" || (order !== ">" && LITTLE_ENDIAN) };
}

/**
 * Reads the bytes of a `.npy` file (versions 1.0, 2.0 and 3.0).
 *
 * float32 stays float32 and float64 stays float64; float16 becomes float32; bool and whole numbers of 1 to
 * 8 bytes become float64. Big-endian values and Fortran order are converted. The result shares no memory
 * with `bytes`. Everything is checked before anything is allocated; pickled objects are never executed.
 * NaN and infinities are values like others here. Dtypes are read in all spellings that numpy reads: `<f8`, `f8`, `=f8`,
 * `d`, `float64`.
 *
 * @param name how messages call the file
 * @param options.limit the most bytes that the values may take in memory (default 2^31 - 1)
 * @throws {VkernelError} E_TRUNCATED: the file ends too early; E_FORMAT: it is no `.npy` file or a damaged
 *   one; E_TYPE: its values are no real numbers (object, structured, complex, text, dates); E_RANGE: a
 *   64-bit whole number that a float64 cannot hold; E_LIMIT: more than `limit`; E_MEMORY: the host has not enough.
 *   Messages give the byte.
 * @example const { data, shape } = parseNpy(await readFile("points.npy"), "points.npy");
 * Source: numpy.lib.format (NEP 1).
 */
export function parseNpy(bytes: Uint8Array, name = "npy", options: { limit?: number } = {}): NpyArray {
  checkOptions(options, ["limit"]);
  const { data, shape } = parseNpyKind(bytes, name, { limit: checkLimit(options.limit) });
  return { data, shape };
}

/** @internal What the header of a `.npy` file says. */
export interface NpyHeader {
  /** The letters of the dtype: `u1` for bytes. */
  kind: string;
  littleEndian: boolean;
  fortran: boolean;
  shape: number[];
  count: number;
  /** Where the values are, in bytes. */
  from: number;
  to: number;
}

/** @internal Bytes from which any header can be read. */
export const NPY_HEAD = 12 + MAX_HEADER;

function failing(name: string): Fail {
  return (code, byte, expected, got) => {
    const message = `"${name}" at byte ${byte}: expected ${expected}, got ${got}`;
    throw new VkernelError(code, { argument: name, expected, got, message });
  };
}

/** @internal Reads and checks the header of a `.npy` file from its first bytes, before anything is allocated for values. */
export function readNpyHeader(bytes: Uint8Array, name: string, limit: number): NpyHeader {
  const fail = failing(name);
  const need = (end: number, what: string) => {
    if (bytes.length < end) fail("E_TRUNCATED", bytes.length, what, "the end of the file");
  };

  for (let i = 0; i < MAGIC.length; i++) {
    need(i + 1, "the npy magic \\x93NUMPY");
    if (bytes[i] !== MAGIC[i]) fail("E_FORMAT", i, "the npy magic \\x93NUMPY", `byte ${bytes[i]}`);
  }
  need(8, "a version");
  const [major, minor] = [bytes[6], bytes[7]];
  if (major < 1 || major > 3 || minor !== 0) {
    fail("E_FORMAT", 6, "version 1.0, 2.0 or 3.0", `${major}.${minor}`);
  }
  const start = major === 1 ? 10 : 12;
  need(start, "the length of the header");
  let length = 0;
  for (let i = start - 1; i >= 8; i--) length = length * 256 + bytes[i];
  if (length > MAX_HEADER) fail("E_FORMAT", 8, `a header of at most ${MAX_HEADER} bytes`, `${length}`);
  const bodyStart = start + length;
  need(bodyStart, `a header of ${length} bytes from byte ${start}`);
  // One letter per byte, so that positions are bytes; version 3.0 has other letters only in field names.
  const header = parseHeader(String.fromCharCode(...bytes.subarray(start, bodyStart)), start, fail);

  const { size, wide } = readers[header.kind];
  const count = product(header.shape);
  if (count > MAX_VALUES || count * wide > limit) {
    const { expected, got } = overLimit(count * wide, `shape (${header.shape.join(", ")})`, limit);
    fail("E_LIMIT", start, count > MAX_VALUES ? `at most ${MAX_VALUES} values` : expected, got);
  }
  return { ...header, count, from: bodyStart, to: bodyStart + count * size };
}

/**
 * @internal As `parseNpy`, with the letters of the dtype. Where the bytes are `owned`, no one else's, the result may lie in
 * them.
 */
export function parseNpyKind(
  bytes: Uint8Array,
  name: string,
  { limit, owned = false }: { limit: number; owned?: boolean },
): NpyArray & { kind: string } {
  if (!isUint8(bytes)) throw badArgument("E_TYPE", name, "the bytes of a file (a Uint8Array)", bytes);
  const fail = failing(name);
  const header = readNpyHeader(bytes, name, limit);
  const { count, from: bodyStart, to: bodyEnd } = header;
  const { size, wide, read } = readers[header.kind];
  if (bytes.length < bodyEnd) {
    const has = `the end of the file after ${bytes.length - bodyStart}`;
    fail("E_TRUNCATED", bytes.length, `${count * size} bytes of values from byte ${bodyStart}`, has);
  }
  if (bytes.length > bodyEnd) {
    fail("E_FORMAT", bodyEnd, "the end of the file", `${bytes.length - bodyEnd} more bytes`);
  }
  return allocate(count * wide, name, () => {
    // Values that need another type are read where they are, if they lie on a multiple of their size.
    const native = size === 1 || header.littleEndian === LITTLE_ENDIAN;
    const inPlace = owned || (native && header.kind !== "f4" && header.kind !== "f8");
    const body =
      inPlace && (bytes.byteOffset + bodyStart) % size === 0
        ? bytes.subarray(bodyStart, bodyEnd)
        : new Uint8Array(bytes.subarray(bodyStart, bodyEnd));
    if (header.kind === "b1") {
      const wrong = body.findIndex((value) => value > 1);
      if (wrong >= 0) fail("E_FORMAT", bodyStart + wrong, "a bool of 0 or 1", `${body[wrong]}`);
    }
    if (!native) swapBytes(body, size);
    const values = read(body.buffer as ArrayBuffer, body.byteOffset, count);
    if (header.kind === "i8" || header.kind === "u8") {
      const wrong = values.findIndex((value: number) => !Number.isSafeInteger(value));
      if (wrong >= 0) {
        const got = `about ${values[wrong]}`;
        fail("E_RANGE", bodyStart + 8 * wrong, "a whole number within +-(2^53 - 1)", got);
      }
    }
    const data = header.fortran ? toRowMajor(values, header.shape) : values;
    return { data, shape: header.shape, kind: header.kind };
  });
}

/**
 * Writes a `.npy` file (version 1.0, C order, values on a 64-byte boundary): `<f4`, `<f8` or `<i4`.
 *
 * @param data the values in C order
 * @param shape the lengths of the dimensions, `[]` for a single value
 * @throws {VkernelError} E_TYPE: another kind of array; E_SHAPE: the shape does not hold that many values;
 *   E_RANGE: a length that is no whole number
 * @example await writeFile("samples.npy", encodeNpy(run.samples, [count, dim]));
 * Source: numpy.lib.format (NEP 1).
 */
export function encodeNpy(
  data: Float32Array | Float64Array | Int32Array,
  shape: readonly number[],
): Uint8Array {
  const kind = isFloat32(data) ? "f4" : isFloat64(data) ? "f8" : isInt32(data) ? "i4" : "";
  if (kind === "") throw badArgument("E_TYPE", "data", "a Float32Array, Float64Array or Int32Array", data);
  if (!Array.isArray(shape)) throw badArgument("E_TYPE", "shape", "an array of whole numbers", shape);
  if (shape.length > MAX_DIMENSIONS) {
    throw badArgument("E_SHAPE", "shape", `at most ${MAX_DIMENSIONS} dimensions`, shape);
  }
  const lengths = Array.from(shape, (length: unknown, i) =>
    checkInteger(length, `shape[${i}]`, 0, Number.MAX_SAFE_INTEGER),
  );
  if (product(lengths) !== data.length) {
    throw badArgument("E_SHAPE", "shape", `lengths whose product is ${data.length}`, product(lengths));
  }
  const tuple = lengths.length === 1 ? `(${lengths[0]},)` : `(${lengths.join(", ")})`;
  const order = LITTLE_ENDIAN ? "<" : ">";
  const dictionary = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const bodyStart = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const header = `${dictionary.padEnd(bodyStart - 11)}\n`;
  const bytes = new Uint8Array(bodyStart + data.byteLength);
  bytes.set([...MAGIC, 1, 0, header.length & 255, header.length >> 8]);
  for (let i = 0; i < header.length; i++) bytes[10 + i] = header.charCodeAt(i);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), bodyStart);
  return bytes;
}

/**
 * An array as a table of points: one dimension of n values is n points of dimension 1, two are as they are.
 *
 * @param name how the message calls the file
 * @returns `data` `[rows, dim]`, the same memory; no rows at all are valid
 * @throws {VkernelError} E_SHAPE: no dimension, three or more, or points of dimension 0
 */
export function asTable(parsed: NpyArray, name = "npy"): Table {
  const { data, shape } = parsed;
  const [rows, dim = 1] = shape;
  if (rows === undefined || shape.length > 2 || dim === 0) {
    const what = shape.length > 2 || rows === undefined ? `${shape.length} dimensions` : "rows of no values";
    throw new VkernelError("E_SHAPE", {
      argument: name,
      expected: "a table (1 or 2 dimensions)",
      got: what,
      message: `"${name}" expected a table (1 or 2 dimensions), got ${what}, shape (${shape.join(", ")})`,
    });
  }
  return { data, rows, dim };
}

type Fail = (code: VkernelErrorCode, byte: number, expected: string, got: string) => never;

type Header = Pick<NpyHeader, "kind" | "littleEndian" | "fortran" | "shape">;

/** Reads the header, a Python dictionary with exactly the keys descr, fortran_order and shape. */
function parseHeader(text: string, start: number, fail: Fail): Header {
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    position = pattern.lastIndex;
    return match;
  };
  function wrong(expected: string): never {
    const rest = text.slice(position, position + 20);
    return fail(
      "E_FORMAT",
      start + position,
      expected,
      rest === "" ? "the end of the header" : JSON.stringify(rest),
    );
  }

  const found: Partial<Header> = {};
  const seen = new Set<string>();
  if (!take(/\s*\{\s*/y)) wrong("a header dictionary");
  while (!take(/\}\s*$/y)) {
    const before = position;
    const key = take(/(['"])(\w+)\1\s*:\s*/y)?.[2];
    if (key === undefined) wrong(seen.size === 3 ? "the end of the dictionary" : "a key");
    if (seen.has(key) || !["descr", "fortran_order", "shape"].includes(key)) {
      position = before;
      wrong("the keys descr, fortran_order and shape, each once");
    }
    seen.add(key);
    if (key === "descr") Object.assign(found, parseDescr());
    else if (key === "shape") found.shape = parseShape();
    else found.fortran = (take(/True|False/y) ?? wrong("True or False"))[0] === "True";
    if (!take(/\s*,\s*/y) && !take(/\s*(?=\})/y)) wrong("a comma or the end of the dictionary");
  }
  for (const key of ["descr", "fortran_order", "shape"]) {
    if (!seen.has(key)) fail("E_FORMAT", start, `a header with the key ${key}`, "none");
  }
  return found as Header;

  function parseDescr(): { kind: string; littleEndian: boolean } {
    const before = position;
    const expected = "a dtype of real numbers (f2, f4, f8, i1 to i8, u1 to u8, b1)";
    if (/[[(]/.test(text.charAt(position))) fail("E_TYPE", start + position, expected, "a structured dtype");
    const descr = (take(/(['"])([^'"\\]*)\1/y) ?? wrong("a dtype"))[2];
    const dtype = dtypeOf(descr);
    if (dtype !== undefined) return dtype;
    const kinds: Record<string, string> = {
      O: " (Python objects, never unpickled)",
      c: " (complex)",
      V: " (void)",
    };
    const hint = kinds[descr.replace(/^[<>|=]/, "").charAt(0)] ?? "";
    return fail("E_TYPE", start + before, expected, `${JSON.stringify(descr.slice(0, 40))}${hint}`);
  }

  function parseShape(): number[] {
    const before = position;
    const expected = "a shape: a tuple of whole numbers from 0";
    const inner = (take(/\(([^()]*)\)/y) ?? wrong(expected))[1];
    const fields = inner.split(",").map((field) => field.trim());
    const tuple = fields.length > 1 || fields[0] === "";
    if (fields.at(-1) === "") fields.pop();
    // Python 2 wrote long integers as 3L.
    const lengths = fields.map((field) =>
      /^(0|[1-9]\d*)L?$/.test(field) ? Number.parseInt(field, 10) : Number.NaN,
    );
    if (!tuple || !lengths.every(Number.isSafeInteger) || lengths.length > 2 * MAX_DIMENSIONS) {
      position = before;
      wrong(expected);
    }
    return lengths;
  }
}

/** The product of lengths; 0 as soon as one is 0, whatever the others. */
function product(lengths: readonly number[]): number {
  return lengths.includes(0) ? 0 : lengths.reduce((a, b) => a * b, 1);
}

/** Reverses the bytes of each value in place. */
function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start < bytes.length; start += size) {
    for (let a = start, b = start + size - 1; a < b; a++, b--) {
      const byte = bytes[a];
      bytes[a] = bytes[b];
      bytes[b] = byte;
    }
  }
}

/** 64-bit whole numbers to the nearest float64; the caller checks that none was rounded. */
function wideToNumbers(values: BigInt64Array | BigUint64Array): Float64Array {
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = Number(values[i]);
  return result;
}

/** Fortran order (first index fastest) to C order (last index fastest). */
function toRowMajor<T extends Float32Array | Float64Array>(values: T, shape: readonly number[]): T {
  if (shape.length < 2 || values.length === 0) return values;
  const result = values.slice() as T;
  const last = shape.at(-1) as number;
  const stride = values.length / last;
  const index = new Array<number>(shape.length - 1).fill(0);
  for (let row = 0; row < stride; row++) {
    let from = 0;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      from = from * shape[axis] + index[axis];
    }
    for (let j = 0; j < last; j++) result[row * last + j] = values[from + j * stride];
    for (let axis = index.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis] + 1;
      if (index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return result;
}

/** The value of an IEEE 754 half-precision number. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
