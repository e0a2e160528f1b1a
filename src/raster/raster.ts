import { isFloat32, isFloats, isUint8, isUint8Clamped } from "../core/brand.js";
import type { DenseJob, DenseKernel, TaskPiece } from "../../bindings/dense.js";
import { PIECE } from "../../bindings/work.js";
import { Ownership } from "../core/ownership.js";
import { TimeSlices } from "../core/scheduler.js";
import { checkInteger, checkNumber, checkOptions, checkWord } from "../core/check.js";
import { Kernels } from "../core/kernels.js";
import { badArgument, VkernelError } from "../core/errors.js";
import { LiveRun } from "../run/live.js";
import { type Camera, checkCamera } from "./camera.js";
import { colourCountsPlain, colourFieldPlain, splatPlain } from "./plain.js";
import { type ColourTable, checkColours, levelsOf, type Scale } from "./tables.js";

/** Cells that the arithmetic of a splat counts without rounding. */
const MAX_CELLS = 2 ** 23 - 1;
/** Units of work of a pixel and of a particle. */
const PIXEL = 8;
const PARTICLE = 12;
/** From this many particles on, threads share them: each has counts of its own, which have to be cleared and added. */
const SLICE = 2 ** 14;
const MAX_SLICES = 8;

/** Particles: a live run, or their coordinates, `[count, dim]` row-major. */
export type Particles = LiveRun | Float32Array | Float64Array;

export interface SplatOptions {
  camera: Camera;
  /** Coordinates of a particle; 2 by default, of a live run its own. */
  dim?: number;
  /** Which two are looked at; [0, 1] by default. */
  axes?: readonly [number, number];
}

export interface ColourOptions {
  table: ColourTable;
  /** The count that gets the last colour; "peak" (default): the largest there is. */
  exposure?: number | "peak";
  /** "background": over the layer of this name, by the opacity of the colours; "nothing" by default. */
  over?: "background" | "nothing";
}

export interface FieldOptions extends Scale {
  table: ColourTable;
  /** Where they are painted: "pixels" (default), or the layer that `colour` can be put over. */
  into?: "pixels" | "background";
}

/**
 * A picture in Wasm memory: particles become counts, counts and fields become pixels, on all threads of the engine, with the
 * same bytes on any number of them. Made by {@link createRaster}; holds memory until `dispose()` or the engine's `close()`.
 * Calls wait for each other.
 */
export class Raster {
  readonly engine: Kernels;
  readonly width: number;
  readonly height: number;
  readonly #canvas: Canvas;
  readonly #ownership = new Ownership(
    () => this.#check(),
    () => this.#canvas.free(),
  );
  #peak = 0;
  #levels: { key: string; values: Float64Array } | undefined;

  /** @internal */
  constructor(engine: Kernels, width: number, height: number) {
    this.engine = engine;
    this.width = width;
    this.height = height;
    this.#canvas = engine.runtime ? new KernelCanvas(engine, width, height) : new PlainCanvas(width, height);
    engine.own(this);
  }

  /**
   * Counts the particles in each pixel. Those outside, or that are no numbers, are in none. Coordinates are mapped in the
   * arithmetic of the particles. A live run is read where it lies, at the step where it stands when its turn comes; coordinates
   * are copied before it returns.
   *
   * @throws {VkernelError} E_USAGE, E_TYPE, E_SHAPE, E_RANGE, E_NONFINITE, E_MEMORY, E_WORKER, E_DISPOSED
   */
  async splat(particles: Particles, options: SplatOptions): Promise<void> {
    checkOptions(options, ["camera", "dim", "axes"]);
    const map = checkCamera(options?.camera);
    const live = particles instanceof LiveRun ? particles : undefined;
    if (!live && !isFloats(particles)) {
      throw badArgument("E_TYPE", "particles", "a live run, a Float32Array or a Float64Array", particles);
    }
    if (live && live.engine !== this.engine) {
      throw badArgument("E_USAGE", "particles", "a live run of the raster's engine", "one of another");
    }
    const dim = checkInteger(options.dim ?? live?.dim ?? 2, "dim", live?.dim ?? 1, live?.dim ?? 4096);
    const axes = checkAxes(options.axes ?? [0, Math.min(1, dim - 1)], dim);
    if (!live && (particles as Float32Array).length % dim !== 0) {
      throw badArgument("E_SHAPE", "particles", `a length that is a multiple of dim = ${dim}`, particles);
    }
    const look = { dim, axes, map };
    if (live) {
      await this.#ownership.add(() =>
        live.hold(async () => {
          this.#peak = await this.#canvas.splat(live, look);
        }),
      );
      return;
    }
    await this.#with(particles as Float32Array, async (given) => {
      this.#peak = await this.#canvas.splat(given, look);
    });
  }

  /**
   * Paints the counts: colour ceil(255 sqrt(count / exposure)), at most the last. The first is for pixels without particles.
   *
   * @throws {VkernelError} E_USAGE, E_TYPE, E_SHAPE, E_RANGE, E_WORKER, E_DISPOSED
   */
  async colour(options: ColourOptions): Promise<void> {
    checkOptions(options, ["table", "exposure", "over"]);
    const table = new Uint8Array(checkColours(options?.table));
    const { exposure = "peak" } = options;
    if (exposure !== "peak") checkNumber(exposure, "exposure", { above: 0 });
    const over = checkWord(options.over ?? "nothing", ["background", "nothing"] as const, "over");
    await this.#ownership.add(() => {
      const most = exposure === "peak" ? Math.max(1, this.#peak) : exposure;
      return this.#canvas.colour(table, 255 / Math.sqrt(most), over === "background");
    });
  }

  /**
   * Paints numbers, `[height, width]` row-major from the top. Where one is no number (NaN) the pixel is clear.
   *
   * @throws {VkernelError} E_USAGE, E_TYPE, E_SHAPE, E_RANGE, E_NONFINITE, E_MEMORY, E_WORKER, E_DISPOSED
   */
  async field(values: Float32Array | Float64Array, options: FieldOptions): Promise<void> {
    checkOptions(options, ["table", "lo", "hi", "scale", "into"]);
    const table = new Uint8Array(checkColours(options?.table));
    const { lo, hi, scale } = options;
    const into = checkWord(options.into ?? "pixels", ["pixels", "background"] as const, "into");
    if (!isFloats(values)) {
      throw badArgument("E_TYPE", "values", "a Float32Array or a Float64Array", values);
    }
    if (values.length !== this.width * this.height) {
      throw badArgument("E_SHAPE", "values", `${this.width * this.height} numbers (height x width)`, values);
    }
    const key = `${lo} ${hi} ${scale}`;
    if (this.#levels?.key !== key) this.#levels = { key, values: levelsOf(options) };
    const levels = this.#levels.values;
    await this.#with(values, (given) => this.#canvas.field(given, table, levels, into));
  }

  /**
   * Takes pixels as the layer that `colour` can be put over, `[height, width, 4]` bytes.
   *
   * @throws {VkernelError} E_TYPE, E_SHAPE, E_DISPOSED
   */
  async background(pixels: Uint8Array | Uint8ClampedArray): Promise<void> {
    this.#checkPixels(pixels, "pixels");
    const given = new Uint8Array(pixels);
    await this.#ownership.add(async () => this.#canvas.bytes("background").set(given));
  }

  /** The largest count of the last splat. */
  get peak(): number {
    return this.#peak;
  }

  /** A copy of the counts, `[height, width]`. */
  get counts(): Uint32Array<ArrayBuffer> {
    this.#check();
    const bytes = this.#canvas.bytes("counts");
    return new Uint32Array(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
  }

  /** A copy of the pixels, `[height, width, 4]`, as `ImageData` takes them. */
  get pixels(): Uint8ClampedArray<ArrayBuffer> {
    const out = new Uint8ClampedArray(4 * this.width * this.height);
    this.copyTo(out);
    return out;
  }

  /** Copies the pixels to bytes that are there already, such as those of an `ImageData`. */
  copyTo(target: Uint8Array | Uint8ClampedArray): void {
    this.#checkPixels(target, "target");
    this.#check();
    target.set(this.#canvas.bytes("pixels"));
  }

  /**
   * The pixels where they lie in memory: valid until the next `await`. Where the engine has threads the memory is shared,
   * which `ImageData` does not take: `copyTo` is for that.
   */
  view(): Uint8ClampedArray {
    this.#check();
    const { buffer, byteOffset, length } = this.#canvas.bytes("pixels");
    return new Uint8ClampedArray(buffer, byteOffset, length);
  }

  /** Work on numbers that are copied at once: they may change before its turn comes. */
  async #with(values: Float32Array | Float64Array, work: (given: Given) => Promise<void>): Promise<void> {
    this.#check();
    const given = this.#canvas.give(values);
    await this.#ownership.hold(async () => {
      try {
        await this.#ownership.add(() => work(given));
      } finally {
        this.#canvas.drop(given);
      }
    });
  }

  #checkPixels(value: unknown, argument: string): void {
    const expected = `${4 * this.width * this.height} bytes (height x width x 4)`;
    if (!(isUint8(value) || isUint8Clamped(value))) {
      throw badArgument("E_TYPE", argument, expected, value);
    }
    if (value.length !== 4 * this.width * this.height)
      throw badArgument("E_SHAPE", argument, expected, value);
  }

  #check(): void {
    if (this.#ownership.disposed) {
      throw new VkernelError("E_DISPOSED", { argument: "raster", message: "the raster was disposed of" });
    }
    this.engine.check();
  }

  /** Gives its memory back, once a call under way is done with it. Using it afterwards is an error. */
  dispose(): void {
    if (this.#ownership.dispose()) this.engine.disown(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * A picture of width x height pixels that particles and fields are drawn in.
 *
 * @example
 * const raster = createRaster(engine, { width: 600, height: 600 });
 * await raster.splat(live, { camera: camera({ center: [0, 0], scale: 150, width: 600, height: 600 }) });
 * await raster.colour({ table });
 * raster.copyTo(imageData.data);
 * @throws {VkernelError} E_USAGE, E_TYPE, E_RANGE, E_LIMIT, E_MEMORY, E_DISPOSED
 */
export function createRaster(engine: Kernels, options: { width: number; height: number }): Raster {
  if (!(engine instanceof Kernels)) throw badArgument("E_TYPE", "engine", "an engine", engine);
  engine.check();
  checkOptions(options, ["width", "height"]);
  const width = checkInteger(options?.width, "width", 1, MAX_CELLS);
  const height = checkInteger(options.height, "height", 1, MAX_CELLS);
  if (width * height > MAX_CELLS) {
    throw badArgument("E_LIMIT", "height", "fewer than 2^23 pixels in all", `${width} x ${height}`);
  }
  return new Raster(engine, width, height);
}

function checkAxes(value: unknown, dim: number): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw badArgument("E_TYPE", "axes", "two numbers of coordinates", value);
  }
  return value.map((axis: unknown, i) => checkInteger(axis, `axes[${i}]`, 0, dim - 1)) as [number, number];
}

/** How particles are looked at. */
interface Look {
  readonly dim: number;
  readonly axes: readonly [number, number];
  readonly map: Camera;
}

type Layer = "counts" | "pixels" | "background";

/** A copy of numbers: where the kernels read them, or an array. */
interface Given {
  readonly single: boolean;
  readonly length: number;
  readonly pointer: number;
  readonly values: Float32Array | Float64Array | undefined;
}

/** Where counts and pixels are, and what fills them. */
interface Canvas {
  give(values: Float32Array | Float64Array): Given;
  drop(given: Given): void;
  /** Gives the largest count. */
  splat(particles: LiveRun | Given, look: Look): Promise<number>;
  colour(table: ColourTable, scale: number, over: boolean): Promise<void>;
  field(given: Given, table: ColourTable, levels: Float64Array, into: "pixels" | "background"): Promise<void>;
  bytes(layer: Layer): Uint8Array;
  free(): void;
}

type Places = Readonly<Record<Layer | "table" | "levels" | "peaks", number>>;

/** In Wasm memory, by the kernels. */
class KernelCanvas implements Canvas {
  readonly #engine: Kernels;
  readonly #width: number;
  readonly #height: number;
  readonly #slices: number;
  readonly #stride: number;
  readonly #at: Places;

  constructor(engine: Kernels, width: number, height: number) {
    this.#engine = engine;
    this.#width = width;
    this.#height = height;
    const cells = width * height;
    this.#slices = Math.min(engine.info.threads, MAX_SLICES);
    this.#stride = Math.ceil((4 * (cells + 1)) / 64) * 64;
    const sizes = {
      counts: this.#slices * this.#stride,
      pixels: 4 * cells,
      background: 4 * cells,
      table: 1024,
      levels: 8 * 255,
      peaks: 4 * height,
    };
    const at: Record<string, number> = {};
    try {
      for (const [name, bytes] of Object.entries(sizes)) {
        at[name] = this.#memory.alloc(bytes, "width");
        this.#memory.zero(at[name], bytes);
      }
    } catch (error) {
      for (const pointer of Object.values(at)) this.#memory.free(pointer);
      throw error;
    }
    this.#at = at as Places;
  }

  get #runtime() {
    return this.#engine.runtime as NonNullable<Kernels["runtime"]>;
  }

  get #memory() {
    return this.#runtime.memory;
  }

  /** `work`: units of a task. */
  #run(
    kernel: DenseKernel,
    count: number,
    block: number,
    work: number,
    args: number[],
    pieces?: readonly TaskPiece[],
  ): Promise<void> {
    const step = Math.max(1, Math.min(block, Math.floor(PIECE / work)));
    const job: DenseJob = { kind: "dense", kernel, count, block, step, args, work, scratch: 0, pieces };
    return this.#runtime.run(job);
  }

  /** Rows in a few parts for each thread. */
  #rows(kernel: DenseKernel, args: number[]): Promise<void> {
    const block = Math.max(1, Math.ceil(this.#height / (4 * this.#engine.info.threads)));
    return this.#run(kernel, this.#height, block, PIXEL * this.#width, args);
  }

  give(values: Float32Array | Float64Array): Given {
    const single = isFloat32(values);
    const pointer = this.#memory.alloc(values.byteLength, "particles");
    this.#memory.numbers(single ? 4 : 8, pointer, values.length).set(values);
    return { single, length: values.length, pointer, values: undefined };
  }

  drop({ pointer }: Given): void {
    this.#memory.free(pointer);
  }

  async splat(particles: LiveRun | Given, { dim, axes, map }: Look): Promise<number> {
    const live = particles instanceof LiveRun ? particles : undefined;
    const single = live ? live.precision === "f32" : (particles as Given).single;
    const size = single ? 4 : 8;
    const rows = live ? (live.pointer() as number) : (particles as Given).pointer;
    const count = live ? live.count : (particles as Given).length / dim;
    const slices = Math.max(1, Math.min(this.#slices, Math.floor(count / SLICE)));
    const { counts, peaks } = this.#at;
    const stride = size * (live?.stride ?? dim);
    const offsets = axes.map((axis) => axis * size) as [number, number];
    const work = (PARTICLE * count) / slices;
    const parts = Math.max(1, Math.ceil(work / PIECE));
    const pieces = Array.from(
      { length: parts },
      (_, part): TaskPiece => ({
        args: [part, parts],
        work: work / parts,
      }),
    );
    const args = [counts, this.#stride, slices, this.#width, this.#height, rows, count, stride];
    await this.#run(single ? "splatF32" : "splatF64", slices, 1, work, [...args, ...offsets, ...map], pieces);
    await this.#rows("sumCounts", [counts, this.#stride, slices, this.#width, peaks]);
    return new Uint32Array(this.#memory.memory.buffer, peaks, this.#height).reduce(
      (a, b) => Math.max(a, b),
      0,
    );
  }

  #table(table: ColourTable): number {
    new Uint8Array(this.#memory.memory.buffer, this.#at.table, 1024).set(table);
    return this.#at.table;
  }

  colour(table: ColourTable, scale: number, over: boolean): Promise<void> {
    const { pixels, counts, background } = this.#at;
    const below = over ? background : 0;
    return this.#rows("colourCounts", [pixels, counts, this.#width, this.#table(table), scale, below]);
  }

  field(
    { single, pointer: from }: Given,
    table: ColourTable,
    levels: Float64Array,
    into: "pixels" | "background",
  ): Promise<void> {
    const kernel = single ? "colourFieldF32" : "colourFieldF64";
    this.#memory.f64(this.#at.levels, 255).set(levels);
    return this.#rows(kernel, [this.#at[into], from, this.#width, this.#table(table), this.#at.levels]);
  }

  bytes(layer: Layer): Uint8Array {
    return new Uint8Array(this.#memory.memory.buffer, this.#at[layer], 4 * this.#width * this.#height);
  }

  free(): void {
    for (const pointer of Object.values(this.#at)) this.#memory.free(pointer);
  }
}

/** Work on a range of `count` in slices of the scheduler, `units` of work each. */
function inParts(count: number, units: number, work: (first: number, last: number) => void): Promise<void> {
  const step = Math.floor(PIECE / units / 4);
  function* parts(): Generator<number, void, void> {
    for (let first = 0; first < count; first += step) {
      const last = Math.min(count, first + step);
      work(first, last);
      yield units * (last - first);
    }
  }
  return new TimeSlices().run(parts());
}

/** In arrays, without Wasm. */
class PlainCanvas implements Canvas {
  readonly #width: number;
  readonly #height: number;
  readonly #layers: Record<Layer, Uint32Array>;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    const layer = (): Uint32Array => new Uint32Array(width * height);
    this.#layers = { counts: layer(), pixels: layer(), background: layer() };
  }

  give(values: Float32Array | Float64Array): Given {
    const single = isFloat32(values);
    return { single, length: values.length, pointer: 0, values: values.slice() };
  }

  drop(): void {}

  async splat(particles: LiveRun | Given, { dim, axes, map }: Look): Promise<number> {
    const rows = particles instanceof LiveRun ? particles.samples : (particles.values as Float64Array);
    const { counts } = this.#layers;
    counts.fill(0);
    await inParts(rows.length / dim, PARTICLE, (first, last) => {
      const some = rows.subarray(first * dim, last * dim);
      splatPlain(counts, this.#width, this.#height, some, dim, axes, map);
    });
    let peak = 0;
    for (const count of counts) peak = Math.max(peak, count);
    return peak;
  }

  async colour(table: ColourTable, scale: number, over: boolean): Promise<void> {
    const { pixels, counts, background } = this.#layers;
    const colours = words(table);
    await inParts(pixels.length, PIXEL, (first, last) => {
      const [out, some, below] = [pixels, counts, background].map((all) => all.subarray(first, last)) as [
        Uint32Array,
        Uint32Array,
        Uint32Array,
      ];
      colourCountsPlain(out, some, colours, scale, over ? below : undefined);
    });
  }

  async field(
    { values }: Given,
    table: ColourTable,
    levels: Float64Array,
    into: "pixels" | "background",
  ): Promise<void> {
    const colours = words(table);
    await inParts(this.#layers[into].length, 4 * PIXEL, (first, last) => {
      const some = (values as Float64Array).subarray(first, last);
      colourFieldPlain(this.#layers[into].subarray(first, last), some, colours, levels);
    });
  }

  bytes(layer: Layer): Uint8Array {
    return new Uint8Array(this.#layers[layer].buffer);
  }

  free(): void {}
}

/** Colours as words, as pixels are in memory. */
function words(table: ColourTable): Uint32Array {
  return new Uint32Array(Uint8Array.from(table).buffer);
}
