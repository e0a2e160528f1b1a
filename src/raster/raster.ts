import { isFloats, isUint8, isUint8Clamped } from "../core/brand.js";
import { Ownership } from "../core/ownership.js";
import { checkInteger, checkNumber, checkOptions, checkWord } from "../core/check.js";
import { Kernels } from "../core/kernels.js";
import { badArgument, VkernelError } from "../core/errors.js";
import { LiveRun } from "../run/live.js";
import { type Camera, checkCamera } from "./camera.js";
import type { Canvas, Given } from "./canvas.js";
import { KernelCanvas } from "./kernelCanvas.js";
import { PlainCanvas } from "./plainCanvas.js";
import { type ColourTable, checkColours, levelsOf, type Scale } from "./tables.js";

/** Cells that the arithmetic of a splat counts without rounding. */
const MAX_CELLS = 2 ** 23 - 1;

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
