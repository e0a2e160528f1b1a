import { isFloat32 } from "../core/brand.js";
import type { DenseJob, DenseKernel, TaskPiece } from "../../bindings/dense.js";
import { PIECE } from "../../bindings/work.js";
import type { Kernels } from "../core/kernels.js";
import { LiveRun } from "../run/live.js";
import { type Canvas, type Given, type Layer, type Look, PARTICLE, PIXEL } from "./canvas.js";
import type { ColourTable } from "./tables.js";

/** From this many particles on, threads share them: each has counts of its own, which have to be cleared and added. */
const SLICE = 2 ** 14;
const MAX_SLICES = 8;

type Places = Readonly<Record<Layer | "table" | "levels" | "peaks", number>>;

/** In Wasm memory, by the kernels. */
export class KernelCanvas implements Canvas {
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
