import { isFloat32, isFloats } from "../core/brand.js";
import { log2 } from "../numeric/elementary.js";
import type { MixtureLayout } from "../../bindings/job.js";
import { checkInteger, checkNumber, checkOptions, checkWord } from "../core/check.js";
import type { Kernels } from "../core/kernels.js";
import { centred, centreOf, scaledCentre } from "./centre.js";
import { badArgument, describe, VkernelError } from "../core/errors.js";
import { Ownership } from "../core/ownership.js";

export type Precision = "f32" | "f64";

/** The typed array of a precision. */
export type Numbers<P extends Precision> = P extends "f32"
  ? Float32Array<ArrayBuffer>
  : Float64Array<ArrayBuffer>;

/** Rows of numbers, nested as deep as they come. */
export type NestedNumbers = readonly number[] | readonly NestedNumbers[];

/**
 * A table of numbers: flat and row-major, or an array of rows. Deeper arrays are taken too: `[41][41][2]` is 41 x 41 points of
 * dimension 2 where that dimension is known, and `[count][height][width]` as data is one image per point.
 */
export type PointsInput = Float32Array | Float64Array | readonly NestedNumbers[];

export interface MixtureOptions<P extends Precision = Precision> {
  /** The number of coordinates of a point. Needed where `points` is flat. */
  dim?: number;
  /** The weights, non-negative, one per point; they are divided by their sum. Equal by default. */
  weights?: ArrayLike<number>;
  /** A class for each point, kept for reports. */
  labels?: ArrayLike<number>;
  /** Standard deviation of the Gaussian at each point; 0 (default) for the empirical distribution. */
  sigma0?: number;
  /** "f32" (default) for sampling, "f64" for theory. */
  precision?: P;
  /**
   * Whether the mixture keeps points of its own (default true). `false` spares that copy where a flat array has the
   * mixture's precision already: the array becomes `mixture.points` and must not change afterwards.
   */
  copy?: boolean;
}

const optionNames = ["dim", "weights", "labels", "sigma0", "precision", "copy"];

export const MAX_DIM = 4096;
const MAX_ELEMENTS = 2 ** 31 - 1;

/** The largest coordinate whose squares can still be summed over `dim`, in the arithmetic of a precision. */
export function coordinateLimit(precision: Precision, dim: number): number {
  return Math.floor(Math.sqrt((precision === "f32" ? 3.4e38 : 1.79e308) / (16 * dim)) / 1e16) * 1e16;
}

/** Checks a table and returns it flat, as float64 copies where it was rows, as it is where it was flat. */
export function checkTable(
  value: unknown,
  argument: string,
  dimension: number | undefined,
): { data: Float32Array | Float64Array; dim: number; rows: number } {
  if (isFloats(value)) {
    if (dimension === undefined) {
      throw badArgument(
        "E_SHAPE",
        "dim",
        `the number of coordinates of each row of flat "${argument}"`,
        undefined,
        `such as { dim: 2 }, or { dim: 1 } for numbers on a line`,
      );
    }
    if (value.length % dimension !== 0) {
      throw badArgument("E_SHAPE", argument, `a length that is a multiple of dim = ${dimension}`, value);
    }
    return { data: value, dim: dimension, rows: value.length / dimension };
  }
  if (!Array.isArray(value)) {
    throw badArgument("E_TYPE", argument, "a Float32Array, a Float64Array or an array of rows", value);
  }
  const first: unknown = value[0];
  if (value.length > 0 && !Array.isArray(first)) {
    const hint =
      typeof first !== "number"
        ? undefined
        : dimension === undefined
          ? `a list of numbers on a line is new Float64Array([${first}, ...]) with dim: 1, or [[${first}], ...]`
          : `a flat list of ${dimension === 1 ? "numbers" : `rows of ${dimension}`} goes as new Float64Array([${first}, ...])`;
    throw badArgument("E_TYPE", `${argument}[0]`, "a row of numbers", first, hint);
  }
  if (Array.isArray(first) && Array.isArray(first[0])) return fromNested(value, argument, dimension);
  const dim = dimension ?? (first as unknown[] | undefined)?.length ?? 0;
  const data = new Float64Array(value.length * dim);
  for (let i = 0; i < value.length; i++) {
    const row: unknown = value[i];
    if (!Array.isArray(row)) throw badArgument("E_TYPE", `${argument}[${i}]`, "a row of numbers", row);
    if (row.length !== dim) throw badArgument("E_SHAPE", `${argument}[${i}]`, `${dim} numbers`, row);
    for (let d = 0; d < dim; d++) {
      const x: unknown = row[d];
      if (typeof x !== "number") throw badArgument("E_TYPE", `${argument}[${i}][${d}]`, "a number", x);
      data[i * dim + d] = x;
    }
  }
  return { data, dim, rows: value.length };
}

/** Arrays of three axes and more as a table: the last axes make a row of `dimension` numbers, or all but the first do. */
function fromNested(
  value: readonly unknown[],
  argument: string,
  dimension: number | undefined,
): { data: Float64Array; dim: number; rows: number } {
  const shape: number[] = [];
  for (let one: unknown = value; Array.isArray(one); one = one[0]) shape.push(one.length);
  const size = checkSize(argument, ...shape);
  const data = new Float64Array(size);
  let at = 0;
  const index: number[] = [];
  const take = (one: unknown, axis: number): void => {
    const wrong = (code: "E_TYPE" | "E_SHAPE", expected: string) =>
      badArgument(code, `${argument}${index.map((i) => `[${i}]`).join("")}`, expected, one);
    if (axis === shape.length) {
      if (typeof one !== "number") throw wrong("E_TYPE", "a number");
      data[at++] = one;
      return;
    }
    if (!Array.isArray(one)) throw wrong("E_TYPE", "an array, as the first of its kind is");
    if (one.length !== shape[axis]) throw wrong("E_SHAPE", `${shape[axis]} entries`);
    for (let i = 0; i < one.length; i++) {
      index.push(i);
      take(one[i], axis + 1);
      index.pop();
    }
  };
  take(value, 0);
  let dim = 1;
  for (let axis = shape.length - 1; axis > 0 && (dimension === undefined || dim < dimension); axis--) {
    dim *= shape[axis];
  }
  if (dimension !== undefined && (dim !== dimension || shape.includes(0))) {
    throw badArgument(
      "E_SHAPE",
      argument,
      `last axes of ${dimension} numbers`,
      `shape (${shape.join(", ")})`,
    );
  }
  return { data, dim, rows: dim === 0 ? 0 : size / dim };
}

/** Checks that all from `first` to `last` are finite and no larger than a limit. */
export function checkFinite(
  data: ArrayLike<number>,
  argument: string,
  limit: number,
  precision: Precision,
  first = 0,
  last = data.length,
): void {
  for (let i = first; i < last; i++) {
    const x = data[i];
    if (Math.abs(x) <= limit) continue;
    if (!Number.isFinite(x)) throw badArgument("E_NONFINITE", `${argument}[${i}]`, "a finite number", x);
    throw badArgument(
      "E_RANGE",
      `${argument}[${i}]`,
      `a number whose square does not overflow in ${precision} (at most ${limit.toExponential(1)})`,
      x,
    );
  }
}

/** Checks a product of sizes against 2^31. */
export function checkSize(argument: string, ...factors: number[]): number {
  const product = factors.reduce((a, b) => a * b, 1);
  if (product > MAX_ELEMENTS) {
    throw badArgument(
      "E_LIMIT",
      argument,
      "fewer than 2^31 numbers in all",
      `${factors.join(" x ")} = ${product}`,
    );
  }
  return product;
}

/** The points that weigh something, heaviest first: in x, less the centre, and their weights. */
interface Packed {
  readonly points: Float64Array;
  readonly local: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Training points mu_m with weights w_m: p(x | t) = sum_m w_m N(x; alpha_t mu_m, alpha_t^2 sigma0^2 I + S_t).
 * Made by `engine.mixture`; holds Wasm memory until `dispose()` or the engine's `close()`.
 */
export class Mixture<P extends Precision = Precision> {
  readonly engine: Kernels;
  readonly precision: P;
  readonly dim: number;
  /** The number of points as given. */
  readonly size: number;
  readonly sigma0: number;
  /** Points as given (a copy unless `copy` is false, in the mixture's precision): `[size, dim]`. */
  readonly points: Numbers<P>;
  /**
   * Where data far from the origin is computed with less of it: p - centre is taken in float64 and rounded after that.
   * Undefined where 0 is as good, which is within twice the data's extent of it.
   */
  readonly centre: Float64Array | undefined;
  /** @internal Points less the centre, `[size, dim]`: what kernels see. `points` itself where there is no centre. */
  readonly local: Numbers<P>;
  /** Weights as given, divided by their sum. */
  readonly weights: Float64Array;
  readonly labels: Float64Array | undefined;
  /**
   * @internal How many points weigh something: those in `order`.
   */
  readonly counted: number;
  /** @internal Whether all weights that count are equal. */
  readonly uniform: boolean;
  #order: Int32Array | undefined;
  #packed: Packed | undefined;
  #layout: MixtureLayout | undefined;
  readonly #kept = new Map<string, { free(): void }>();
  readonly #making = new Map<string, Promise<unknown>>();
  readonly #ownership = new Ownership(
    () => this.check(),
    () => this.#release(),
  );

  /** @internal */
  constructor(
    engine: Kernels,
    fields: {
      precision: P;
      dim: number;
      points: Numbers<P>;
      weights: Float64Array;
      labels: Float64Array | undefined;
      sigma0: number;
      centre: Float64Array | undefined;
      /** Points less the centre. */
      local: Numbers<P>;
    },
  ) {
    this.engine = engine;
    this.precision = fields.precision;
    this.dim = fields.dim;
    this.points = fields.points;
    this.centre = fields.centre;
    this.local = fields.local;
    this.weights = fields.weights;
    this.labels = fields.labels;
    this.sigma0 = fields.sigma0;
    this.size = fields.weights.length;
    const { weights } = fields;
    let counted = 0;
    let [smallest, largest] = [Number.POSITIVE_INFINITY, 0];
    for (const weight of weights) {
      if (weight === 0) continue;
      counted++;
      smallest = Math.min(smallest, weight);
      largest = Math.max(largest, weight);
    }
    this.counted = counted;
    this.uniform = smallest === largest;
    if (engine.runtime) {
      const inOrder = this.uniform && counted === this.size;
      this.#layout = this.upload(this.local, !this.uniform, inOrder ? undefined : this.order);
    }
    engine.own(this);
  }

  /**
   * @internal The points that weigh something, heaviest first (so that ties go to the heavier), as indices into `points`;
   * made when first asked for.
   */
  get order(): Int32Array {
    this.#order ??= heaviestFirst(this.weights);
    return this.#order;
  }

  /** @internal Points and `weights` in `order`, made when first asked for: few need this copy. */
  get packed(): Packed {
    if (this.#packed) return this.#packed;
    const { dim, order } = this;
    const local = new Float64Array(order.length * dim);
    const weights = new Float64Array(order.length);
    for (let i = 0; i < order.length; i++) {
      const m = order[i];
      weights[i] = this.weights[m];
      for (let d = 0; d < dim; d++) local[i * dim + d] = this.local[m * dim + d];
    }
    const points = this.centre ? this.outward(local) : local;
    this.#packed = { points, local, weights };
    return this.#packed;
  }

  /** @internal The points with all the digits that are kept of them, `[size, dim]`: float64 where there is a centre. */
  get absolutePoints(): Numbers<P> | Float64Array<ArrayBuffer> {
    return this.centre ? this.outward(this.local) : this.points;
  }

  /** @internal Rows of x less `scale` times the centre, in float64; the rows themselves where there is none. */
  inward<T extends Float32Array | Float64Array>(rows: T, scale: number): T | Float64Array<ArrayBuffer> {
    return this.centre ? centred(rows, scaledCentre(this.centre, scale)) : rows;
  }

  /** @internal The inverse, in float64. */
  outward(rows: ArrayLike<number>, scale = 1): Float64Array<ArrayBuffer> {
    const { centre, dim } = this;
    const out = Float64Array.from(rows);
    if (centre === undefined) return out;
    for (let i = 0; i < out.length; i++) out[i] = out[i] + scale * centre[i % dim];
    return out;
  }

  /** @internal Bytes of a number. */
  get bytes(): 4 | 8 {
    return this.precision === "f32" ? 4 : 8;
  }

  /** @internal Where the points lie in Wasm memory. */
  get layout(): MixtureLayout {
    this.check();
    return this.#layout as MixtureLayout;
  }

  /**
   * @internal Copies points (dim per row), those that weigh something in their order, to Wasm memory; the caller frees them
   * by `freeLayout`. Without `picked` the points are in that order already.
   */
  upload(source: Float32Array | Float64Array, weighted: boolean, picked?: Int32Array): MixtureLayout {
    const { memory } = this.runtime;
    const { bytes, dim } = this;
    const lanes = 16 / bytes;
    const size = picked?.length ?? source.length / dim;
    const width = dim <= 3 ? dim : Math.ceil(dim / lanes) * lanes;
    const rows = dim <= 3 ? size : Math.ceil(size / 4) * 4;
    const points = memory.alloc(rows * width * bytes, "points");
    memory.zero(points, rows * width * bytes);
    this.writeRows(points, source, dim, width, picked);
    let logWeights = 0;
    if (weighted) {
      const wide = dim > 3 || bytes === 8;
      try {
        logWeights = memory.alloc(rows * (wide ? 8 : 4), "weights");
      } catch (error) {
        memory.free(points);
        throw error;
      }
      const view = memory.numbers(wide ? 8 : 4, logWeights, rows);
      view.fill(0);
      for (let i = 0; i < size; i++) view[i] = log2(this.weights[this.order[i]]);
    }
    return { bytes, dim, width, size, rows, points, logWeights };
  }

  /** @internal */
  freeLayout(layout: MixtureLayout): void {
    const memory = this.engine.runtime?.memory;
    memory?.free(layout.points);
    memory?.free(layout.logWeights);
  }

  /** @internal Writes rows of `dim` numbers, all or those picked, to rows of `width` in Wasm memory. */
  writeRows(
    target: number,
    source: ArrayLike<number>,
    dim: number,
    width: number,
    picked?: ArrayLike<number>,
  ): void {
    const rows = picked?.length ?? source.length / dim;
    const view = this.runtime.memory.numbers(this.bytes, target, rows * width);
    if (dim === width && picked === undefined) {
      view.set(source);
      return;
    }
    for (let i = 0; i < rows; i++) {
      const from = (picked === undefined ? i : picked[i]) * dim;
      for (let d = 0; d < dim; d++) view[i * width + d] = source[from + d];
    }
  }

  /** @internal Copies rows of `width` in Wasm memory to a fresh array of rows of `dim`. */
  readRows(source: number, rows: number, dim: number, width: number): Numbers<P> {
    const view = this.runtime.memory.numbers(this.bytes, source, rows * width);
    const out = this.array(rows * dim);
    if (dim === width) out.set(view);
    else for (let i = 0; i < rows; i++) for (let d = 0; d < dim; d++) out[i * dim + d] = view[i * width + d];
    return out;
  }

  /** @internal A fresh array of the mixture's precision. */
  array(length: number): Numbers<P> {
    return (this.precision === "f32" ? new Float32Array(length) : new Float64Array(length)) as Numbers<P>;
  }

  /** @internal */
  get runtime(): NonNullable<Kernels["runtime"]> {
    return this.engine.runtime as NonNullable<Kernels["runtime"]>;
  }

  /** @internal */
  check(): void {
    if (this.#ownership.disposed) {
      throw new VkernelError("E_DISPOSED", { argument: "mixture", message: "the mixture was disposed of" });
    }
    this.engine.check();
  }

  /** @internal Runs work on the points; what is disposed of meanwhile is freed when the last such work ends. */
  hold<T>(work: () => Promise<T>): Promise<T> {
    return this.#ownership.hold(work);
  }

  /**
   * @internal What is made of the points when it is first wanted, once, and freed with them; calls that want it meanwhile wait. Where making
   * it fails, as by a signal, whoever wants it next begins anew.
   */
  async kept<T extends { free(): void }>(name: string, make: () => Promise<T>): Promise<T> {
    for (;;) {
      const known = this.#kept.get(name) as T | undefined;
      if (known) return known;
      const other = this.#making.get(name);
      if (other === undefined) break;
      await other.catch(() => {});
    }
    const making = this.hold(make);
    this.#making.set(name, making);
    try {
      const made = await making;
      this.#kept.set(name, made);
      return made;
    } finally {
      this.#making.delete(name);
    }
  }

  #release(): void {
    for (const one of this.#kept.values()) one.free();
    this.#kept.clear();
    if (!this.#layout) return;
    this.freeLayout(this.#layout);
    this.#layout = undefined;
  }

  /** Gives its memory back, once runs under way are done with it. Using it afterwards is an error. */
  dispose(): void {
    if (this.#ownership.dispose()) this.engine.disown(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @internal Checks everything that a mixture is made of, then makes it. */
export function makeMixture<P extends Precision>(
  engine: Kernels,
  input: PointsInput,
  options: MixtureOptions<P>,
  /** The points are less this centre, or have none (null); by default it is found. */
  known?: Float64Array | null,
): Mixture<P> {
  checkOptions(options, optionNames);
  const precision = checkWord(options.precision ?? "f32", ["f32", "f64"] as const, "precision") as P;
  const dimOption = options.dim === undefined ? undefined : checkDim(options.dim);
  const { copy = true } = options;
  if (typeof copy !== "boolean") throw badArgument("E_TYPE", "copy", "true or false", copy);
  const { data, dim, rows } = checkTable(input, "points", dimOption);
  if (rows === 0) throw badArgument("E_SHAPE", "points", "at least one point", input);
  checkDim(dim);
  checkSize("points", rows, dim);
  checkFinite(data, "points", coordinateLimit(precision, dim), precision);
  const weights = checkWeights(options.weights, rows);
  const labels = checkLabels(options.labels, rows);
  const sigma0 = checkNumber(options.sigma0 ?? 0, "sigma0", { min: 0, max: coordinateLimit(precision, dim) });
  // Rows were read into an array that no one else has.
  const points = rounded(data, precision, !copy || data !== input);
  const found = known === undefined ? centreOf(data, dim, weights) : (known ?? undefined);
  const local = known || !found ? points : rounded(centred(data, scaledCentre(found, 1)), precision, true);
  return new Mixture(engine, { precision, dim, points, weights, labels, sigma0, centre: found, local });
}

/** Numbers in a precision: those given, if they are in it and may be kept, or else a copy. */
function rounded<P extends Precision>(
  data: Float32Array | Float64Array,
  precision: P,
  keep: boolean,
): Numbers<P> {
  if (keep && isFloat32(data) === (precision === "f32")) return data as Numbers<P>;
  return (precision === "f32" ? new Float32Array(data) : new Float64Array(data)) as Numbers<P>;
}

function checkDim(dim: unknown): number {
  if (typeof dim === "number" && dim >= 1 && Number.isInteger(dim)) {
    if (dim > MAX_DIM) throw badArgument("E_LIMIT", "dim", `at most ${MAX_DIM}`, dim);
    return dim;
  }
  if (dim === 0) throw badArgument("E_SHAPE", "dim", `a whole number from 1 to ${MAX_DIM}`, dim);
  return checkInteger(dim, "dim", 1, MAX_DIM);
}

function checkWeights(weights: unknown, size: number): Float64Array {
  if (weights === undefined) return new Float64Array(size).fill(1 / size);
  const expected = `${size} non-negative numbers`;
  if (!isNumberList(weights)) throw badArgument("E_TYPE", "weights", expected, weights);
  if (weights.length !== size) throw badArgument("E_SHAPE", "weights", expected, weights.length);
  const out = new Float64Array(size);
  let largest = 0;
  for (let m = 0; m < size; m++) {
    const w: unknown = weights[m];
    if (typeof w !== "number") throw badArgument("E_TYPE", `weights[${m}]`, "a number", w);
    if (!Number.isFinite(w)) throw badArgument("E_NONFINITE", `weights[${m}]`, "a finite number", w);
    if (w < 0) throw badArgument("E_RANGE", `weights[${m}]`, "a number that is not negative", w);
    out[m] = w;
    largest = Math.max(largest, w);
  }
  if (largest === 0) throw badArgument("E_RANGE", "weights", "at least one above 0", "only zeros");
  // Divided by the largest first, so that neither huge nor subnormal weights are lost in the sum.
  let sum = 0;
  for (let m = 0; m < size; m++) {
    out[m] = out[m] / largest;
    sum += out[m];
  }
  for (let m = 0; m < size; m++) out[m] = out[m] / sum;
  return out;
}

/** The indices of weights above 0, the heaviest first, of equal ones the first. */
function heaviestFirst(weights: Float64Array): Int32Array {
  const order = new Int32Array(weights.length);
  let count = 0;
  let sorted = true;
  for (let m = 0; m < weights.length; m++) {
    const weight = weights[m];
    if (!(weight > 0)) continue;
    if (count > 0 && weight > weights[order[count - 1]]) sorted = false;
    order[count++] = m;
  }
  const some = count === order.length ? order : order.slice(0, count);
  return sorted ? some : some.sort((a, b) => weights[b] - weights[a] || a - b);
}

function checkLabels(labels: unknown, size: number): Float64Array | undefined {
  if (labels === undefined) return undefined;
  const expected = `${size} numbers`;
  if (!isNumberList(labels)) throw badArgument("E_TYPE", "labels", expected, labels);
  if (labels.length !== size) throw badArgument("E_SHAPE", "labels", expected, labels.length);
  return Float64Array.from(labels, (label, m) => {
    if (typeof label === "number" && Number.isFinite(label)) return label;
    throw badArgument("E_TYPE", `labels[${m}]`, "a finite number", label);
  });
}

function isNumberList(value: unknown): value is ArrayLike<number> {
  if (Array.isArray(value)) return true;
  return ArrayBuffer.isView(value) && "length" in value && !/^Big/.test(describe(value));
}
