import { isFloat32, isFloats, isUint8 } from "../core/brand.js";
import { checkOptions, checkWord, nearestWord } from "../core/check.js";
import { type ByteSource, gunzip, gunzipHead, isGzip } from "../data/gunzip.js";
import {
  checkClasses,
  indicesOf,
  type PixelRange,
  pixelRanges,
  pixelValues,
  rangeEnds,
} from "../data/images.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../core/errors.js";
import { type CsvColumns, parseCsvBytes, parseCsvSource } from "./csv.js";
import { IDX_HEAD, parseIdx, readIdxHeader } from "./idx.js";
import { allocate, checkLimit } from "./limit.js";
import { asTable, NPY_HEAD, type NpyArray, parseNpyKind, readNpyHeader } from "./npy.js";
import { type NpzEntry, openNpz } from "./npz.js";

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

/** What is chosen of a file that holds more than one thing; `splitChoice` reads it from a name. */
export interface FileChoice {
  /** The array of a `.npz` file (default: the first that is there of `npzNames`, or the only one). */
  array?: string;
  /** The columns of a `.csv` file, as `parseCsv` has them. */
  columns?: CsvColumns;
}

/** A file: its content and how messages call it. */
export interface NamedBytes extends FileChoice {
  bytes: Uint8Array;
  name: string;
}

export interface ReadDataSetOptions extends FileChoice {
  /** A file of one label per point; the labels of a `.npz` file give way to it. */
  labels?: NamedBytes;
  /** A file of one weight per point; the weights of a `.npz` file give way to it. */
  weights?: NamedBytes;
  /** Only points with these labels, in the order of the file (default all). */
  classes?: readonly number[];
  /** Scales bytes from 0..255: "unit" to [0, 1], "symmetric" to [-1, 1]. By default values stay as they are. */
  range?: PixelRange;
  /** Whether arrays of three and four dimensions are images (default) or refused. */
  images?: boolean;
  /** The most bytes of a file when unpacked, and of its numbers in memory (default 2^31 - 1). */
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
}

const CHANNELS = [1, 3, 4];
const known = ["labels", "weights", "classes", "range", "images", "limit", "array", "columns"];

/** Whether a name ends as those of `readDataSet` do, with or without a choice behind it. */
export function isDataFile(name: string): boolean {
  return formatOf(splitChoice(name).file).format !== undefined;
}

/**
 * A name and what is chosen in the file: `data.npz:x_train` is the array x_train of data.npz, `points.csv:x,y` the columns x
 * and y (numbers from 0 where there are no names), `points.csv:named` those with a name, `points.csv:all` all. A name that
 * itself ends as a file does has no choice.
 */
export function splitChoice(name: string): { file: string } & FileChoice {
  if (formatOf(name).format !== undefined) return { file: name };
  const match = /^(.+?\.(?:npz(?:\.gz)?|csv(?:\.gz)?|gz)):(.+)$/is.exec(name);
  if (match === null) return { file: name };
  const [, file = "", choice = ""] = match;
  return /\.csv(\.gz)?$/i.test(file)
    ? { file, columns: choice === "all" || choice === "named" ? choice : columnList(choice) }
    : { file, array: choice };
}

const columnList = (text: string): (string | number)[] =>
  text.split(",").map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : part.trim()));

/**
 * Reads points, and labels and weights where there are any, from a file of any format that this library knows: `.npy`,
 * `.npz`, `.csv`, IDX (`.idx`, `-ubyte`), and each of these in `.gz`.
 *
 * One dimension of n values is n points of dimension 1, two are as they are. Three, `[count, height, width]`, and
 * four, `[count, height, width, channels]` with 1, 3 or 4 channels, are images, one per point. Bytes keep their values, 0 to
 * 255, unless `range` scales them. float32 stays float32, all else is float64. Names in `.npz` files are those of
 * `npzNames`; of a file with others, `array` (or `data.npz:array` as its name) says which holds the points, and labels
 * and weights of the file count only beside the array that would be taken without it.
 *
 * What begins like `.npy`, `.npz`, IDX or gzip is taken as such, whatever its name.
 *
 * @param name the file's name; its end says what is in it
 * @throws {VkernelError} E_USAGE: an unknown kind of file or option, or `classes` without labels; E_SHAPE: an array
 *   that is neither table nor images, labels or weights of another length; E_TYPE: `range` for values that are no
 *   bytes; E_RANGE: a label that is no 32-bit whole number, classes of no point; E_NONFINITE: a label or weight; E_LIMIT: more than
 *   `limit`, by the header and before anything is unpacked; E_MEMORY: the host has not enough; E_FORMAT and E_TRUNCATED
 *   with the byte or line: what the readers of each format throw
 * @example
 * const [images, labels] = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"];
 * const { points, dim } = await readDataSet(await readFile(images), images, {
 *   labels: { bytes: await readFile(labels), name: labels },
 *   classes: [7, 9],
 *   range: "symmetric",
 * });
 */
export function readDataSet(
  bytes: Uint8Array,
  name: string,
  options: ReadDataSetOptions = {},
): Promise<DataFile> {
  return read(bytes, name, options, {});
}

/** @internal Whether numbers may stay in the bytes, and where the bytes behind the first come from. */
interface Ownership {
  owned?: boolean;
  source?: ByteSource;
}

/** @internal The same of bytes that no one else has, in which numbers may stay, or of a source of bytes. */
export function readOwnDataSet(
  given: Uint8Array | ByteSource,
  name: string,
  options: ReadDataSetOptions = {},
): Promise<DataFile> {
  if (isUint8(given)) return read(given, name, options, { owned: true });
  const head = given.read(0, Math.min(HEAD, given.length));
  return read(head, name, options, { owned: true, source: given });
}

/** Bytes that say what a file is. */
const HEAD = 256;

async function read(
  bytes: Uint8Array,
  name: string,
  options: ReadDataSetOptions,
  ownership: Ownership,
): Promise<DataFile> {
  checkOptions(options, known);
  const range = options.range === undefined ? undefined : checkWord(options.range, pixelRanges, "range");
  const { images = true } = options;
  if (typeof images !== "boolean") throw badArgument("E_TYPE", "images", "true or false", images);
  const limit = checkLimit(options.limit);
  const classes =
    options.classes === undefined
      ? undefined
      : checkClasses(options.classes, "classes", -(2 ** 31), 2 ** 31 - 1);

  const file = await open(bytes, name, options, "points", limit, ownership);
  const source = file.points();
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

  let kept: Int32Array | undefined;
  if (classes !== undefined) {
    if (labels === undefined)
      throw new VkernelError("E_USAGE", {
        argument: "classes",
        expected: "labels to choose by",
        got: `${name}, which has none`,
        hint: "give them as labels",
      });
    const all = labels;
    kept = indicesOf(all, classes, name);
    labels = Int32Array.from(kept, (i) => all[i]);
    const old = weights;
    weights = old && Float64Array.from(kept, (i) => old[i]);
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

/**
 * An array of any shape from a file of any format that `readDataSet` knows: the only one, or the one that is chosen. `range`
 * scales bytes as `readDataSet` does; other numbers stay as they are.
 */
export async function readArray(
  bytes: Uint8Array,
  name: string,
  options: FileChoice & { limit?: number; range?: PixelRange } = {},
): Promise<NpyArray> {
  checkOptions(options, ["array", "columns", "limit", "range"]);
  const range = options.range === undefined ? undefined : checkWord(options.range, pixelRanges, "range");
  const file = await open(bytes, name, options, "points", checkLimit(options.limit));
  const source = file.points();
  return { data: toPoints(source, 1, undefined, source.bytes ? range : undefined), shape: source.shape };
}

type Format = "npy" | "npz" | "csv" | "idx";

/** What a file is by its name, and whether it is packed. */
function formatOf(name: string): { format: Format | "gz" | undefined; packed: boolean } {
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
  points: () => Source;
  labels?: (() => Source) | undefined;
  weights?: (() => Source) | undefined;
}

/** Opens a file for one kind of array; that array comes as `points` whatever the kind. */
async function open(
  given: Uint8Array,
  fullName: string,
  choice: FileChoice,
  kind: Kind,
  limit: number,
  { owned: own = false, source: behind }: Ownership = {},
): Promise<Opened> {
  if (typeof fullName !== "string") throw badArgument("E_TYPE", "name", "the name of a file", fullName);
  const { file: name, ...chosen } = splitChoice(fullName);
  const { array = chosen.array, columns = chosen.columns } = choice;
  if (!isUint8(given)) {
    throw badArgument("E_TYPE", name, "the bytes of a file (a Uint8Array)", given);
  }
  const named = formatOf(name).format;
  if (named === undefined) {
    const expected = `a file that ends in ${dataFileEndings.join(", ")} or any of these with .gz`;
    throw badArgument("E_USAGE", "name", expected, name);
  }
  const packed = isGzip(given);
  const streamed = behind !== undefined && !packed && formatFor(given, name, named) === "csv";
  const whole = behind === undefined || streamed || packed ? given : behind.read(0, behind.length);
  const { bytes, format, owned } = await unpacked(
    whole,
    packed ? behind : undefined,
    name,
    named,
    limit,
    own,
  );
  if (array !== undefined && format !== "npz") {
    throw badArgument("E_USAGE", "array", `a .npz file to choose from, ${name} is a ${format} file`, array);
  }
  if (columns !== undefined && format !== "csv") {
    throw badArgument(
      "E_USAGE",
      "columns",
      `a .csv file to choose from, ${name} is a ${format} file`,
      columns,
    );
  }
  if (format === "npz") return openArrays(bytes, name, array, kind, limit);
  const read = (): Omit<Source, "name"> => {
    if (format === "csv") {
      const options = { limit, ...(columns === undefined ? {} : { columns }) };
      const { data, rows, dim } = streamed
        ? parseCsvSource(behind, name, options)
        : parseCsvBytes(bytes, name, options);
      return { data, shape: [rows, dim], bytes: false };
    }
    if (format === "idx") {
      readIdxHeader(bytes, name, limit, true);
      const { data, shape, type } = parseIdx(bytes, name, { limit });
      return { data, shape, bytes: type === "ubyte" };
    }
    const { data, shape, kind } = parseNpyKind(bytes, name, { limit, owned });
    return { data, shape, bytes: kind === "u1" };
  };
  return { points: () => ({ ...read(), name }) };
}

/** The arrays of a .npz file: the one that was chosen, or the usual one of a kind and those that go with it. */
function openArrays(
  bytes: Uint8Array,
  name: string,
  array: FileChoice["array"],
  kind: Kind,
  limit: number,
): Opened {
  const arrays = openNpz(bytes, name, Number.POSITIVE_INFINITY);
  const source = (key: string) => (): Source => {
    const { data, shape, kind } = (arrays.get(key) as NpzEntry).read(limit);
    return { data, shape, name: `${name}[${key}]`, bytes: kind === "u1" };
  };
  const find = (wanted: readonly string[]) => wanted.find((one) => arrays.has(one));
  const usual = find(npzNames[kind]) ?? (arrays.size === 1 ? [...arrays.keys()][0] : undefined);
  if (array !== undefined && typeof array !== "string") {
    throw badArgument("E_TYPE", "array", "the name of an array", array);
  }
  // numpy names arrays with and without the ending of their files.
  const key = array === undefined ? usual : find([array, array.replace(/\.npy$/, "")]);
  if (key === undefined) throw noArray(name, array, npzNames[kind], arrays);
  if (key !== usual) return { points: source(key) };
  const [labels, weights] = [find(npzNames.labels), find(npzNames.weights)];
  return {
    points: source(key),
    labels: labels === undefined ? undefined : source(labels),
    weights: weights === undefined ? undefined : source(weights),
  };
}

/** The content of a file out of gzip, if it is in it, and what that is: by how it begins, or else by its name. */
async function unpacked(
  given: Uint8Array,
  behind: ByteSource | undefined,
  name: string,
  named: Format | "gz",
  limit: number,
  owned: boolean,
): Promise<{ bytes: Uint8Array; format: Format; owned: boolean }> {
  // Browsers and servers unpack some files on the way without changing their names.
  if (!isGzip(given) && (named !== "gz" || formatOfBytes(given) !== undefined)) {
    return { bytes: given, format: formatFor(given, name, named), owned };
  }
  const source = behind ?? given;
  const head = await gunzipHead(source, name, Math.max(NPY_HEAD, IDX_HEAD));
  if (isGzip(head)) fail("E_FORMAT", name, "a file packed once", "gzip inside gzip");
  const format = formatFor(head, name, named);
  let size: number | undefined;
  if (format === "npy") size = readNpyHeader(head, name, limit).to;
  if (format === "idx") size = readIdxHeader(head, name, limit, true).to;
  const most = Math.max(limit, size ?? 0);
  return { bytes: await gunzip(source, name, most, size), format, owned: true };
}

/** What begins so that it can be nothing else. */
function formatOfBytes(bytes: Uint8Array): Format | undefined {
  const [a, b, c, d = 0] = bytes;
  if (a === 0x93 && b === 0x4e) return "npy";
  if (a === 0x50 && b === 0x4b && ((c === 3 && d === 4) || (c === 5 && d === 6))) return "npz";
  if (a === 0 && b === 0 && [8, 9, 11, 12, 13, 14].includes(c ?? 0) && d >= 1 && d <= 32) return "idx";
  return undefined;
}

/** How files begin that are none of ours. */
const strangers: readonly (readonly [string, string])[] = [
  ["\x89HDF", "an HDF5 file"],
  ["\x89PNG", "a PNG image"],
  ["\xff\xd8\xff", "a JPEG image"],
  ["PAR1", "a Parquet file"],
  ["ARROW1", "an Arrow file"],
  ["MATLAB 5.0", "a MATLAB file"],
  ["\xd0\xcf\x11\xe0", "an old Excel file"],
  ["BZh", "a bzip2 file"],
  ["\xfd7zXZ", "an xz file"],
  ["\x28\xb5\x2f\xfd", "a zstd file"],
  ["\xff\xfe", "text in UTF-16"],
  ["\xfe\xff", "text in UTF-16"],
  ["\x80\x02", "a Python pickle"],
  ["\x80\x03", "a Python pickle"],
  ["\x80\x04", "a Python pickle"],
  ["\x80\x05", "a Python pickle"],
];

/** The format of bytes in a file of this name; says what they are where they are something else. */
function formatFor(bytes: Uint8Array, name: string, named: Format | "gz"): Format {
  const format = formatOfBytes(bytes);
  if (format !== undefined) return format;
  const start = String.fromCharCode(...bytes.subarray(0, 256));
  const stranger = strangers.find(([magic]) => start.startsWith(magic));
  const expected = named === "gz" ? "npy, npz or IDX in a .gz file" : formats[named];
  if (stranger) atStart(name, expected, stranger[1]);
  if (named === "csv") return named;
  const text = /^[\t\n\r\x20-\x7e]+$/.test(start);
  if (text) {
    const ending = named === "gz" ? ".csv.gz" : ".csv";
    atStart(name, expected, `text (comma-separated numbers are known by a name that ends in ${ending})`);
  }
  return named === "gz" ? atStart(name, expected, "something else") : named;
}

function atStart(name: string, expected: string, got: string): never {
  const message = `"${name}" at byte 0: expected ${expected}, got ${got}`;
  throw new VkernelError("E_FORMAT", { argument: name, expected, got, message });
}

const formats: Readonly<Record<Format, string>> = {
  npy: "the npy magic \\x93NUMPY",
  npz: "the zip magic PK",
  idx: "the IDX magic 00 00",
  csv: "comma-separated numbers in UTF-8",
};

async function column(file: NamedBytes, kind: "labels" | "weights", limit: number): Promise<Source> {
  checkOptions(file, ["bytes", "name", "array", "columns"], kind);
  return (await open(file.bytes, file.name, file, kind, limit)).points();
}

/** Checks that an array is one value per point. */
function checkColumn({ shape, name }: Source, rows: number, what: string): void {
  if ((shape.length === 1 || (shape.length === 2 && shape[1] === 1)) && shape[0] === rows) return;
  fail("E_SHAPE", name, `${rows} ${what}, one per point`, `shape (${shape.join(", ")})`);
}

function toLabels(source: Source, rows: number): Int32Array {
  checkColumn(source, rows, "labels");
  return Int32Array.from({ length: rows }, (_, i) => {
    const value = source.data[i];
    if (Math.trunc(value) === value && value >= -(2 ** 31) && value < 2 ** 31) return value;
    const code = Number.isFinite(value) ? "E_RANGE" : "E_NONFINITE";
    throw badArgument(code, `${source.name}[${i}]`, "a whole number of 32 bits", value);
  });
}

function toWeights(source: Source, rows: number): Float64Array {
  checkColumn(source, rows, "weights");
  return Float64Array.from({ length: rows }, (_, i) => {
    const value = source.data[i];
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
  if ((shape.length !== 3 && shape.length !== 4) || !asked) {
    const { rows, dim } = asTable({ data: new Float64Array(), shape }, name);
    return { rows, dim };
  }
  // One channel first is the same as one channel last.
  const first = shape.length === 4 && shape[1] === 1;
  const [count = 0, height = 0, width = 0, channels = 1] = first ? [shape[0], shape[2], shape[3]] : shape;
  const dim = height * width * channels;
  if (dim === 0 || !CHANNELS.includes(channels)) {
    const turn = CHANNELS.includes(shape[1]) ? " (channels last: numpy.moveaxis(x, 1, -1))" : "";
    const expected = `images: (count, height, width) or (count, height, width, channels), channels 1, 3 or 4${turn}`;
    fail("E_SHAPE", name, expected, `shape (${shape.join(", ")})`);
  }
  return { rows: count, dim, size: { width, height, channels } };
}

function toPoints(
  source: Source,
  dim: number,
  kept: Int32Array | undefined,
  range: PixelRange | undefined,
): Float32Array | Float64Array {
  const { data } = source;
  const real = isFloats(data) ? data : undefined;
  if (real !== undefined && kept === undefined && range === undefined) return real;
  const rows = kept?.length ?? data.length / dim;
  const length = dim === 0 ? 0 : rows * dim;
  const points = allocate(8 * length, source.name, () =>
    isFloat32(real) ? new Float32Array(length) : new Float64Array(length),
  );
  const value = range === undefined ? undefined : pixelValues(255, range);
  for (let i = 0; i < rows; i++) {
    const from = (kept === undefined ? i : kept[i]) * dim;
    for (let d = 0; d < dim; d++) {
      const x = data[from + d];
      points[i * dim + d] = value === undefined ? x : value[x];
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

function noArray(
  name: string,
  array: string | undefined,
  usual: readonly string[],
  arrays: ReadonlyMap<string, NpzEntry>,
): VkernelError {
  const keys = [...arrays.keys()];
  const told = keys.slice(0, 12).map((key) => {
    try {
      return `${key} (${(arrays.get(key) as NpzEntry).header(Number.POSITIVE_INFINITY).shape.join(", ")})`;
    } catch {
      return `${key} (no numbers)`;
    }
  });
  const got = keys.length === 0 ? "no .npy file in it" : `${told.join(", ")}${keys.length > 12 ? ", …" : ""}`;
  const near = array === undefined ? undefined : nearestWord(array, keys);
  const expected =
    array === undefined
      ? `an array named ${usual.join(", ")}`
      : `an array named ${JSON.stringify(array.slice(0, 40))}${near === undefined ? "" : ` (${near}?)`}`;
  const way = keys.length === 0 ? "" : `; choose one by its name: ${name}:${near ?? keys[0]}`;
  const message = `"${name}" expected ${expected}, got ${got}${way}`;
  return new VkernelError("E_FORMAT", { argument: name, expected, got, message });
}

function fail(code: VkernelErrorCode, argument: string, expected: string, got: string): never {
  const message = `"${argument}" expected ${expected}, got ${got}`;
  throw new VkernelError(code, { argument, expected, got, message });
}
