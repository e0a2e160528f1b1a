import type { LiveRun } from "../run/live.js";
import type { Camera } from "./camera.js";
import type { ColourTable } from "./tables.js";

/** Units of work of a pixel and of a particle. */
export const PIXEL = 8;
export const PARTICLE = 12;

/** How particles are looked at. */
export interface Look {
  readonly dim: number;
  readonly axes: readonly [number, number];
  readonly map: Camera;
}

export type Layer = "counts" | "pixels" | "background";

/** A copy of numbers: where the kernels read them, or an array. */
export interface Given {
  readonly single: boolean;
  readonly length: number;
  readonly pointer: number;
  readonly values: Float32Array | Float64Array | undefined;
}

/** Where counts and pixels are, and what fills them. */
export interface Canvas {
  give(values: Float32Array | Float64Array): Given;
  drop(given: Given): void;
  /** Gives the largest count. */
  splat(particles: LiveRun | Given, look: Look): Promise<number>;
  colour(table: ColourTable, scale: number, over: boolean): Promise<void>;
  field(given: Given, table: ColourTable, levels: Float64Array, into: "pixels" | "background"): Promise<void>;
  bytes(layer: Layer): Uint8Array;
  free(): void;
}
