import { isFloat32 } from "../core/brand.js";
import { LiveRun } from "../run/live.js";
import type { Canvas, Given, Layer, Look } from "./canvas.js";
import type { ColourTable } from "./tables.js";

/** In arrays, without Wasm; what fills them loads when it is first asked for. */
export class PlainCanvas implements Canvas {
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

  async splat(particles: LiveRun | Given, look: Look): Promise<number> {
    const { splatPlain } = await import("./pixels.js");
    const rows = particles instanceof LiveRun ? particles.samples : (particles.values as Float64Array);
    return splatPlain(this.#layers.counts, this.#width, this.#height, rows, look);
  }

  async colour(table: ColourTable, scale: number, over: boolean): Promise<void> {
    const { colourCountsPlain } = await import("./pixels.js");
    const { pixels, counts, background } = this.#layers;
    await colourCountsPlain(pixels, counts, table, scale, over ? background : undefined);
  }

  async field(
    { values }: Given,
    table: ColourTable,
    levels: Float64Array,
    into: "pixels" | "background",
  ): Promise<void> {
    const { colourFieldPlain } = await import("./pixels.js");
    await colourFieldPlain(this.#layers[into], values as Float64Array, table, levels);
  }

  bytes(layer: Layer): Uint8Array {
    return new Uint8Array(this.#layers[layer].buffer);
  }

  free(): void {}
}
