import { isFloat32, isFloats, isUint8, unshared } from "../brand.js";
import { checkInteger, checkOptions, checkWord } from "../check.js";
import { gunzip, isGzip } from "../data/gunzip.js";
import {
  checkClasses,
  indicesOf,
  type PixelRange,
  pixelRanges,
  pixelValues,
  rangeEnds,
} from "../data/images.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../errors.js";
import { parseCsv } from "./csv.js";
import { parseIdx } from "./idx.js";
import { asTable, parseNpyKind } from "./npy.js";
import { openNpz } from "./npz.js";

/**
 * The names that arrays of a `.npz` file are known by, the first that is there counts. Points may also be the only
 * array of a file under any name.
 */
export const npzNames = Object.freeze({
  points: Object.freeze(["points", "x", "X", "samples", "x_train", "arr_0"]),
  labels: Object.freeze(["labels", "y", "y_train"]),
  weights: Object.freeze(["weights"]),
});

/** The ends of names that `readDataSet` knows, each also followed by `.gz`. */
export const dataFileEndings = Object.freeze([".npy", ".npz", ".csv", ".idx", "-ubyte"]);

/** A file: its content and how messages call it. */
export interface NamedBytes {
  bytes: Uint8Array;
  name: string;
}

export interface ReadDataSetOptions {
  /** A file of one label a point; the labels of a `.npz` file give way to it. */
  labels?: NamedBytes;
  /** A file of one weight a point; the weights of a `.npz` file give way to it. */
  weights?: NamedBytes;
  /** Only points with these labels, in the order of the file (default all). */
  classes?: readonly number[];
  /** Scales bytes from 0..255: "unit" to [0, 1], "symmetric" to [-1, 1]. By default values stay as they are. */
  range?: PixelRange;
  /** Takes arrays of three and four dimensions as images (default: only IDX files, and where `range` is given). */
  images?: boolean;
  /** The most bytes of a file when unpacked (default 2^31 - 1). */
  limit?: number;
}

/** The points of a file, with what is known about them. */
export interface DataFile {
  /** `[rows, dim]`, row-major. */
  points: Float32Array | Float64Array;
  rows: number;
  dim: number;
  /** The lengths of the dimensions in the file, the first of them after `classes`. */
  shape: number[];
  /** `[rows]`, the class of each point. */
  labels?: Int32Array;
  /** `[rows]`, as in the file. */
  weights?: Float64Array;
  /** Set where each point is an image, `[height, width, channels]` row-major, with values in `range`. */
  image?: { width: number; height: number; channels: number; range: [number, number] };
}

interface Source {
  data: ArrayLike<number>;
  shape: number[];
  /** What messages call it. */
  name: string;
  /** Whether the values are bytes, 0 to 255. */
  bytes: boolean;
  /** Whether the format itself is one of images. */
  images: boolean;
}

const MAX_BYTES = 2 ** 31 - 1;
const CHANNELS = [1, 3, 4];
const known = ["labels", "weights", "classes", "range", "images", "limit"];

/** Whether a name ends as those of `readDataSet` do. */
export function isDataFile(name: string): boolean {
  return formatOf(name).format !== undefined;
}

/**
 * Reads points, and labels and weights where there are any, from a file of any format that this library knows: `.npy`,
 * `.npz`, `.csv`, IDX (`.idx`, `-ubyte`), and each of these in `.gz`.
 *
 * One dimension of n values is n points of dimension 1, two are as they are. Three, `[count, height, width]`, and
 * four, `[count, height, width, channels]` with 1, 3 or 4 channels, are images, one a point: in IDX files, and in
 * others where `images` or `range` asks for it. Bytes keep their values, 0 to 255, unless `range` scales them.
 * float32 stays float32, all else is float64. Names in `.npz` files are those of `npzNames`.
 *
 * @param name the file's name; its end says what is in it
 * @throws {VkernelError} E_USAGE: an unknown kind of file or option, or `classes` without labels; E_SHAPE: an array
 *   that is neither table nor images, labels or weights of another length; E_TYPE: `range` for values that are no
 *   bytes; E_RANGE: a label that is no 32-bit whole number, classes of no point; E_NONFINITE: a label or weight; E_LIMIT: more than
 *   `limit`; E_FORMAT and E_TRUNCATED with the byte or line: what the readers of each format throw
 * @example
 * const [images, labels] = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"];
 * const { points, dim } = await readDataSet(await readFile(images), images, {
 *   labels: { bytes: await readFile(labels), name: labels },
 *   classes: [7, 9],
 *   range: "symmetric",
 * });
 */
export async function readDataSet(
  bytes: Uint8Array,
  name: string,
  options: ReadDataSetOptions = {},
): Promise<DataFile> {
  checkOptions(options, known);
  const range = options.range === undefined ? undefined : checkWord(options.range, pixelRanges, "range");
  const { images = range !== undefined } = options;
  if (typeof images !== "boolean") throw badArgument("E_TYPE", "images", "true or false", images);
  const limit = checkInteger(options.limit ?? MAX_BYTES, "limit", 0, MAX_BYTES);
  const classes =
    options.classes === undefined
      ? undefined
      : checkClasses(options.classes, "classes", -(2 ** 31), 2 ** 31 - 1);

  const file = await open(bytes, name, "points", limit);
  const { points: source } = file;
  if (source === undefined) throw noArray(name, npzNames.points, file.names);
  const { rows, dim, size } = layout(source, images);
  if (range !== undefined && !source.bytes) {
    throw badArgument("E_TYPE", "range", `${source.name} to hold bytes (uint8), which it scales`, "others");
  }
  const one = (kind: "labels" | "weights") => {
    const given = options[kind];
    return given === undefined ? file[kind]?.() : column(given, kind, limit);
  };
  const [labelSource, weightSource] = [await one("labels"), await one("weights")];
  let labels = labelSource && toLabels(labelSource, rows);
  let weights = weightSource && toWeights(weightSource, rows);

  let kept: number[] | undefined;
  if (classes !== undefined) {
    if (labels === undefined)
      throw badArgument("E_USAGE", "classes", "labels to choose by", `none with ${name}`);
    const all = labels;
    kept = indicesOf(all, classes, name);
    labels = Int32Array.from(kept, (i) => all[i] as number);
    const old = weights;
    weights = old && Float64Array.from(kept, (i) => old[i] as number);
  }

  const points = toPoints(source, dim, kept, range);
  const shape = [kept?.length ?? rows, ...source.shape.slice(1)];
  const ends: [number, number] | undefined =
    range !== undefined ? rangeEnds(range) : source.bytes ? [0, 255] : undefined;
  return {
    points,
    rows: kept?.length ?? rows,
    dim,
    shape,
    ...(labels === undefined ? {} : { labels }),
    ...(weights === undefined ? {} : { weights }),
    ...(size === undefined ? {} : { image: { ...size, range: ends ?? span(points) } }),
  };
}

/** What a file is by its name, and whether it is packed. */
function formatOf(name: string): {
  format: "npy" | "npz" | "csv" | "idx" | "gz" | undefined;
  packed: boolean;
} {
  const lower = name.toLowerCase();
  const packed = lower.endsWith(".gz");
  const inner = packed ? lower.slice(0, -3) : lower;
  const ending = /\.(npy|npz|csv)$/.exec(inner)?.[1] as "npy" | "npz" | "csv" | undefined;
  if (ending !== undefined) return { format: ending, packed };
  if (/(\.idx\d*|-ubyte|[-.]idx\d+-(byte|short|int|float|double))$/.test(inner)) {
    return { format: "idx", packed };
  }
  return { format: packed ? "gz" : undefined, packed };
}

type Kind = keyof typeof npzNames;

interface Opened {
  points: Source | undefined;
  labels?: (() => Source) | undefined;
  weights?: (() => Source) | undefined;
  /** The names of the arrays, where they have any. */
  names: string[];
}

/** Opens a file for one kind of array; that array comes as `points` whatever the kind. */
async function open(given: Uint8Array, name: string, kind: Kind, limit: number): Promise<Opened> {
  if (typeof name !== "string") throw badArgument("E_TYPE", "name", "the name of a file", name);
  if (!isUint8(given)) {
    throw badArgument("E_TYPE", name, "the bytes of a file (a Uint8Array)", given);
  }
  let { format, packed } = formatOf(name);
  if (format === undefined) {
    const expected = `a file that ends in ${dataFileEndings.join(", ")} or any of these with .gz`;
    throw badArgument("E_USAGE", "name", expected, name);
  }
  // Browsers and servers unpack some files on the way without changing their names.
  const bytes = packed && (isGzip(given) || format === "gz") ? await gunzip(given, name, limit) : given;
  if (format === "gz") format = sniff(bytes, name);
  if (format === "csv") {
    const { data, rows, dim } = parseCsv(decode(bytes, name), name);
    return { points: { data, shape: [rows, dim], name, bytes: false, images: false }, names: [] };
  }
  if (format === "idx") {
    const { data, shape, type } = parseIdx(bytes, name);
    return { points: { data, shape, name, bytes: type === "ubyte", images: true }, names: [] };
  }
  if (format === "npy") {
    const { data, shape, kind } = parseNpyKind(bytes, name);
    return { points: { data, shape, name, bytes: kind === "u1", images: false }, names: [] };
  }
  const arrays = openNpz(bytes, name, { limit });
  const names = [...arrays.keys()];
  const source = (key: string) => (): Source => {
    const { data, shape, kind } = (arrays.get(key) as () => ReturnType<typeof parseNpyKind>)();
    return { data, shape, name: `${name}[${key}]`, bytes: kind === "u1", images: false };
  };
  const find = (wanted: readonly string[]) => {
    const key = wanted.find((one) => arrays.has(one));
    return key === undefined ? undefined : source(key);
  };
  const only = names.length === 1 ? source(names[0] as string) : undefined;
  return {
    points: (find(npzNames[kind]) ?? only)?.(),
    labels: find(npzNames.labels),
    weights: find(npzNames.weights),
    names,
  };
}

/** What a packed file without a telling name holds, by how it begins. */
function sniff(bytes: Uint8Array, name: string): "npy" | "npz" | "idx" {
  const [a, b] = bytes;
  if (a === 0x93 && b === 0x4e) return "npy";
  if (a === 0x50 && b === 0x4b) return "npz";
  if (a === 0 && b === 0) return "idx";
  return fail("E_FORMAT", name, "npy, npz or IDX in a .gz file", "something else (csv is known by .csv.gz)");
}

async function column(file: NamedBytes, kind: "labels" | "weights", limit: number): Promise<Source> {
  checkOptions(file, ["bytes", "name"], kind);
  const { points: source, names } = await open(file.bytes, file.name, kind, limit);
  if (source === undefined) throw noArray(file.name, npzNames[kind], names);
  return source;
}

/** Checks that an array is one value a point. */
function checkColumn({ shape, name }: Source, rows: number, what: string): void {
  if ((shape.length === 1 || (shape.length === 2 && shape[1] === 1)) && shape[0] === rows) return;
  fail("E_SHAPE", name, `${rows} ${what}, one a point`, `shape (${shape.join(", ")})`);
}

function toLabels(source: Source, rows: number): Int32Array {
  checkColumn(source, rows, "labels");
  return Int32Array.from({ length: rows }, (_, i) => {
    const value = source.data[i] as number;
    if (Math.trunc(value) === value && value >= -(2 ** 31) && value < 2 ** 31) return value;
    const code = Number.isFinite(value) ? "E_RANGE" : "E_NONFINITE";
    throw badArgument(code, `${source.name}[${i}]`, "a whole number of 32 bits", value);
  });
}

function toWeights(source: Source, rows: number): Float64Array {
  checkColumn(source, rows, "weights");
  return Float64Array.from({ length: rows }, (_, i) => {
    const value = source.data[i] as number;
    if (Number.isFinite(value)) return value;
    throw badArgument("E_NONFINITE", `${source.name}[${i}]`, "a finite number", value);
  });
}

/** Rows and their length, and the size of an image where each is one. */
function layout(
  source: Source,
  asked: boolean,
): { rows: number; dim: number; size?: { width: number; height: number; channels: number } } {
  const { shape, name } = source;
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  if ((shape.length !== 3 && shape.length !== 4) || !(asked || source.images)) {
    const { rows, dim } = asTable({ data: new Float64Array(), shape }, name);
    return { rows, dim };
  }
  const dim = height * width * channels;
  if (dim === 0 || !CHANNELS.includes(channels)) {
    const expected = "images: (count, height, width) or (count, height, width, channels), channels 1, 3 or 4";
    fail("E_SHAPE", name, expected, `shape (${shape.join(", ")})`);
  }
  return { rows: count, dim, size: { width, height, channels } };
}

function toPoints(
  source: Source,
  dim: number,
  kept: readonly number[] | undefined,
  range: PixelRange | undefined,
): Float32Array | Float64Array {
  const { data } = source;
  const real = isFloats(data) ? data : undefined;
  if (real !== undefined && kept === undefined && range === undefined) return real;
  const rows = kept?.length ?? data.length / dim;
  const length = dim === 0 ? 0 : rows * dim;
  const points = isFloat32(real) ? new Float32Array(length) : new Float64Array(length);
  const value = range === undefined ? undefined : pixelValues(255, range);
  for (let i = 0; i < rows; i++) {
    const from = (kept === undefined ? i : (kept[i] as number)) * dim;
    for (let d = 0; d < dim; d++) {
      const x = data[from + d] as number;
      points[i * dim + d] = value === undefined ? x : (value[x] as number);
    }
  }
  return points;
}

/** What range to show images in: [0, 1] or [-1, 1] where the values lie in it, or else from least to largest. */
function span(points: Float32Array | Float64Array): [number, number] {
  let low = 0;
  let high = 1;
  for (const x of points) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  if (high === 1 && low >= -1) return low < 0 ? [-1, 1] : [0, 1];
  return [low, high];
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(unshared(bytes));
  } catch {
    const message = `${name}: expected UTF-8 text, got other bytes`;
    throw new VkernelError("E_FORMAT", {
      argument: name,
      expected: "UTF-8 text",
      got: "other bytes",
      message,
    });
  }
}

function noArray(name: string, wanted: readonly string[], names: readonly string[]): VkernelError {
  const list = names.length === 0 ? "none" : names.slice(0, 12).join(", ");
  const [expected, got] = [`an array named ${wanted.join(", ")}`, list];
  const message = `"${name}" expected ${expected}, got ${got}`;
  return new VkernelError("E_FORMAT", { argument: name, expected, got, message });
}

function fail(code: VkernelErrorCode, argument: string, expected: string, got: string): never {
  const message = `"${argument}" expected ${expected}, got ${got}`;
  throw new VkernelError(code, { argument, expected, got, message });
}
