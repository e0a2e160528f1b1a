import { encodeNpz, type NpzInput } from "./npz.js";

/** What of a run goes into a file: that of `sample`, or a part of it. */
export interface SamplesInput {
  /** `[count, dim]`, row-major. */
  samples: Float32Array | Float64Array;
  count: number;
  dim: number;
  /** `[steps + 1]`, the time grid. */
  times?: Float64Array;
  /** Indices into `times` of the states that `trajectories` holds. */
  recorded?: Int32Array;
  /** `[recorded, count, dim]`. */
  trajectories?: Float32Array | Float64Array | undefined;
}

/**
 * Writes a run as a `.npz` file: `samples` `[count, dim]`; where states were recorded also `trajectories`
 * `[recorded, count, dim]` and `times` `[recorded]`, the time of each recorded state.
 *
 * @throws {VkernelError} E_SHAPE or E_TYPE: arrays of other lengths or kinds
 * @example await writeFile("samples.npz", encodeSamples(await sample(field, options)));
 */
export function encodeSamples(run: SamplesInput): Uint8Array {
  const { samples, count, dim, times, recorded, trajectories } = run;
  const arrays = new Map<string, NpzInput>([["samples", { data: samples, shape: [count, dim] }]]);
  if (trajectories !== undefined && times !== undefined && recorded !== undefined) {
    arrays.set("trajectories", { data: trajectories, shape: [recorded.length, count, dim] });
    arrays.set("times", { data: Float64Array.from(recorded, (index) => times[index]) });
  }
  return encodeNpz(arrays);
}
