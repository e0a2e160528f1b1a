import type { LiveRun } from "../../src/index.js";

/** Particles at a time of their run. */
export interface Run {
  /** Descending, `steps + 1`. */
  readonly times: Float64Array;
  readonly count: number;
  readonly step: number;
  /** A copy, `[count, 2]`. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** The run itself, where it lies in the kernels' memory. */
  readonly live: LiveRun<"f32"> | undefined;
  /** The particles without a copy, until the next `await`. */
  view(): Float32Array;
  /** Goes to a step of the grid; backward by the same run from its seed. */
  seek(step: number, signal?: AbortSignal): Promise<void>;
  dispose(): void;
}

export interface RunOptions {
  readonly count: number;
  readonly seed: number;
}

export const aborts = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal ? { signal } : {};
