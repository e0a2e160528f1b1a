import { stat } from "node:fs/promises";
import { type DataSetName, dataSetNames, loadDataSet, type PixelRange, VkernelError } from "vkernel";
import { dataFileEndings, isDataFile } from "vkernel/io";
import { checkClasses, indicesOf } from "vkernel/internal";
import type { Context } from "./context.js";
import { dataFailure, exitCodes, Failure, usage } from "./errors.js";
import { type DataFileChoices, endingOf, type Files } from "./files.js";
import type { Chosen } from "./option.js";
import { dataOptions } from "./options.js";
import { conflict } from "./values.js";

/** Points that a command works on: a built-in set, or the rows of a file. */
export interface Input {
  /** How messages and reports call it. */
  readonly name: string;
  readonly points: Float32Array | Float64Array;
  readonly rows: number;
  readonly dim: number;
  readonly labels: Int32Array | undefined;
  /** A number of each point, where the set has them. */
  readonly values: Float64Array | undefined;
  /** One per point, as in the file. */
  readonly weights: Float64Array | undefined;
  /** Set where points are images. */
  readonly image: { width: number; height: number; channels: number; range: [number, number] } | undefined;
  readonly description: string;
  readonly source: string;
}

/** The options that every command with a data set takes. */
export type DataOptions = Chosen<typeof dataOptions>;

/** Those of `DataOptions` that say what is read. */
function choicesOf({ labels, weights, classes, pixels, limit }: DataOptions): InputChoices {
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(weights === undefined ? {} : { weights }),
    ...(classes === undefined ? {} : { classes }),
    ...(pixels === undefined ? {} : { range: pixels }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** How a mixture of the input is made. */
export function mixtureOptions<P extends "f32" | "f64" = "f32" | "f64">(input: Input, choices: DataOptions) {
  return {
    dim: input.dim,
    sigma0: choices.sigma0 ?? dataOptions.sigma0.default,
    precision: (choices.precision ?? dataOptions.precision.default) as P,
    // Nothing writes to what was read.
    copy: false,
    ...(input.weights === undefined ? {} : { weights: input.weights }),
    ...(input.labels === undefined ? {} : { labels: input.labels }),
  };
}

/** What of a set or file is wanted, in the words of the command line. */
export interface InputChoices extends DataFileChoices {
  /** Options of a built-in set: count, noise, seed, and its own. */
  set?: { readonly [option: string]: number | undefined };
}

/** Loads a built-in set by its name, or a file by its ending. */
export async function readInput(name: string, files: Files, choices: InputChoices = {}): Promise<Input> {
  if ((dataSetNames as readonly string[]).includes(name)) return fromSet(name as DataSetName, choices);
  const isPath =
    endingOf(name) !== "" ||
    isDataFile(name) ||
    /[/\\]/.test(name) ||
    (await stat(name).catch(() => undefined)) !== undefined;
  if (!isPath) {
    const error = await loadDataSet(name).then(
      () => undefined,
      (error: unknown) => error as VkernelError,
    );
    throw new Failure(
      "E_USAGE",
      exitCodes.usage,
      name,
      `${error?.message ?? name}; or a file that ends in ${dataFileEndings.join(", ")}`,
    );
  }
  const [option] = setOptions(choices);
  if (option !== undefined) throw conflict(`--${option}`, `goes with a built-in set, not with ${name}`);
  const { points, rows, dim, labels, weights, image } = await files.readData(name, choices);
  return {
    name,
    points,
    rows,
    dim,
    labels,
    values: undefined,
    weights,
    image,
    description: image
      ? `${rows} images of ${image.width} x ${image.height} ${image.channels === 1 ? "" : "colour "}pixels from a file`
      : `${rows} rows of ${dim} from a file`,
    source: name,
  };
}

/** Reads the data of a command, and notes where the library's points and weights come from. */
export async function readSource(
  name: string,
  choices: DataOptions,
  { files, sources }: Context,
): Promise<Input> {
  const input = await readInput(name, files, choicesOf(choices));
  if (input.weights !== undefined) sources.weights = { file: choices.weights ?? name, dim: 1 };
  sources.points = { file: name, dim: input.dim };
  return input;
}

/** Points that something is asked at: the last axes of a file make one point, those before are kept. */
export interface Queries {
  readonly points: Float32Array | Float64Array;
  readonly rows: number;
  /** The lengths of the axes before, whose product is `rows`. */
  readonly lead: readonly number[];
}

/**
 * Reads points of dimension `dim` from a built-in set or a file; `data` is what they go with, whose pixels say how theirs are
 * scaled.
 */
export async function readQueries(
  name: string,
  { dim, name: data }: Input,
  { pixels }: Pick<DataOptions, "pixels">,
  files: Files,
): Promise<Queries> {
  const range = pixels === undefined ? {} : { range: pixels };
  if (isDataFile(name)) {
    const { data: points, shape } = await files.readArray(name, range);
    const lead = leadOf(shape, dim);
    if (lead !== undefined) return { points, rows: points.length / dim, lead };
    throw wrongDim(name, dim, data, shape.at(-1) ?? 1, `shape (${shape.join(", ")})`);
  }
  const scaled = (imageSets as readonly string[]).includes(name) ? range : {};
  const { points, rows, dim: found } = await readInput(name, files, scaled);
  if (found !== dim) throw wrongDim(name, dim, data, found);
  return { points, rows, lead: [rows] };
}

function wrongDim(name: string, dim: number, data: string, found: number, shape?: string): Failure {
  const got = `rows of ${found}${shape === undefined ? "" : `, ${shape}`}`;
  return dataFailure("E_SHAPE", name, `${name} expected rows of ${dim} as ${data} has, got ${got}`);
}

/** The axes before those that make one point; undefined where none do. One axis of many values is points on a line. */
export function leadOf(shape: readonly number[], dim: number): number[] | undefined {
  if (shape.length > 0 && shape.at(-1) === dim && (dim > 1 || shape.length > 1)) return shape.slice(0, -1);
  if (dim === 1) return [...shape];
  let product = 1;
  for (let axis = shape.length - 1; axis >= 0 && product < dim; axis--) {
    product *= shape[axis];
    if (product === dim) return shape.slice(0, axis);
  }
  return undefined;
}

const setOptions = ({ set = {} }: InputChoices) =>
  Object.keys(set).filter((option) => set[option] !== undefined);

const imageSets: readonly DataSetName[] = ["digits", "fashion"];

async function fromSet(name: DataSetName, choices: InputChoices): Promise<Input> {
  for (const option of ["labels", "weights"] as const) {
    if (choices[option] !== undefined) throw conflict(`--${option}`, `goes with a file, not with ${name}`);
  }
  const { range, classes } = choices;
  if (range !== undefined && !imageSets.includes(name)) {
    throw usage("--pixels", `a set of images (${imageSets.join(", ")}) or a file of bytes`, name);
  }
  const options: Record<string, number | PixelRange | undefined> = {};
  for (const option of setOptions(choices)) options[option] = choices.set?.[option];
  try {
    const set = await loadDataSet(name, { ...options, ...(range === undefined ? {} : { range }) });
    const { points, dim, labels, values, image, description, source } = set;
    const whole = { name, dim, weights: undefined, image: image && { ...image, channels: 1 }, source };
    if (classes === undefined)
      return { ...whole, points, rows: points.length / dim, labels, values, description };
    if (labels === undefined) {
      throw usage("--classes", "a set that has labels, such as digits", `${name}, which has none`);
    }
    const kept = indicesOf(labels, checkClasses(classes, "classes", -(2 ** 31), 2 ** 31 - 1), name);
    const some = new Float64Array(kept.length * dim);
    kept.forEach((i, row) => {
      some.set(points.subarray(i * dim, (i + 1) * dim), row * dim);
    });
    return {
      ...whole,
      points: some,
      rows: kept.length,
      labels: Int32Array.from(kept, (i) => labels[i]),
      values: values && Float64Array.from(kept, (i) => values[i]),
      description: `${description}, of which ${kept.length} of the classes ${classes.join(", ")}`,
    };
  } catch (error) {
    if (!(error instanceof VkernelError)) throw error;
    // All that can be wrong here is an option, which the library calls without its dashes.
    const option = `--${error.argument}`;
    const message = `${option} expected ${error.expected}, got ${error.got}`;
    throw new Failure(error.code, exitCodes.usage, option, message, error);
  }
}
