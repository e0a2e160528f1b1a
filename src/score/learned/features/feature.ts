import { atOnce, checkNumber } from "../../../core/check.js";
import { sin } from "../../../numeric/circular.js";
import { exp } from "../../../numeric/elementary.js";
import { badArgument, VkernelError } from "../../../core/errors.js";
import type { Process } from "../../../process/process.js";

/** Functions phi_j(x, t) that a linear score is made of. Vastola 2025, Eq. 10. */
export interface FeatureMap {
  readonly name: string;
  /** The parameters that the map was made with, to print and to send elsewhere. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Fixes the map for `dim` coordinates under a process. */
  bind(dim: number, process: Process): BoundFeatures;
}

/** A feature map for one dimension and process: each function is one of x times a factor of t, unless it is custom. */
export interface BoundFeatures {
  readonly count: number;
  /** The functions of x at n rows, into out `[n, count]`. Absent where functions of x and t are not apart. */
  base?(x: Float64Array, out: Float64Array): void;
  /** The factor of every function at time t, `[count]`. */
  factors?(t: number): Float64Array;
  /** phi(x, t) of one row, into out `[count]`. */
  row(x: Float64Array, t: number, out: Float64Array): void;
  /** d phi / dx of one row, into out `[count, dim]`, where it is known. */
  slopes?(x: Float64Array, t: number, out: Float64Array): void;
  /** What the kernels compute, where they can. */
  readonly kernel?: FeatureKernel;
}

/** exp(-|x - c_j|^2 / (2 width^2)), or scale cos(c_j . x + offset_j). */
export type FeatureKernel =
  | { readonly kind: "rbf"; readonly centres: Float64Array; readonly width: number }
  | {
      readonly kind: "fourier";
      readonly centres: Float64Array;
      readonly offsets: Float64Array;
      readonly scale: number;
    };

/**
 * How a feature depends on time: "noise" (default): divided by sqrt(S_t), as scores grow; "none"; or a function of t.
 */
export type TimeFactor = "noise" | "none" | ((t: number) => number);

export function timeFactor(time: TimeFactor | undefined, process: Process): (t: number) => number {
  if (time === undefined || time === "noise") return (t) => 1 / Math.sqrt(process.variance(t));
  if (time === "none") return () => 1;
  if (typeof time === "function") {
    return (t) => checkNumber(atOnce(time(t), "time"), "time", {});
  }
  throw badArgument("E_TYPE", "time", '"noise", "none" or a function of t', time);
}

export const timeName = (time: TimeFactor | undefined): string =>
  typeof time === "function" ? "function" : (time ?? "noise");

/** Derivatives of functions of x `[count, dim]`, times the factors of t. */
export function slopesBy(
  dim: number,
  base: (x: Float64Array, out: Float64Array) => void,
  factors: (t: number) => Float64Array,
): NonNullable<BoundFeatures["slopes"]> {
  return (x, t, out) => {
    base(x, out);
    const f = factors(t);
    for (let k = 0; k < out.length; k++) out[k] = out[k] * f[Math.floor(k / dim)];
  };
}

/** The derivatives of what the kernels compute, `[count, dim]`: of bumps and of waves. */
export function kernelSlopes(
  kernel: FeatureKernel,
  dim: number,
): (x: Float64Array, out: Float64Array) => void {
  const { centres } = kernel;
  const count = centres.length / dim;
  return (x, out) => {
    for (let j = 0; j < count; j++) {
      const centre = centres.subarray(j * dim, (j + 1) * dim);
      if (kernel.kind === "rbf") {
        const square = kernel.width * kernel.width;
        let distance = 0;
        for (let d = 0; d < dim; d++) distance += (x[d] - centre[d]) ** 2;
        const value = exp(-distance / (2 * square));
        for (let d = 0; d < dim; d++) {
          out[j * dim + d] = (-(x[d] - centre[d]) / square) * value;
        }
        continue;
      }
      let phase = kernel.offsets[j];
      for (let d = 0; d < dim; d++) phase += centre[d] * x[d];
      const value = -kernel.scale * sin(phase);
      for (let d = 0; d < dim; d++) out[j * dim + d] = value * centre[d];
    }
  };
}

/** A map whose functions are those of `base` times one factor of t. */
export function separable(
  count: number,
  base: (x: Float64Array, out: Float64Array) => void,
  factor: (t: number) => number,
  more: { readonly kernel?: FeatureKernel; readonly slopes?: BoundFeatures["slopes"] } = {},
): BoundFeatures {
  return {
    count,
    base,
    factors: (t) => new Float64Array(count).fill(factor(t)),
    row(x, t, out) {
      base(x, out);
      const f = factor(t);
      for (let j = 0; j < count; j++) out[j] = out[j] * f;
    },
    ...(more.kernel && { kernel: more.kernel }),
    ...(more.slopes && { slopes: more.slopes }),
  };
}

/** The most functions that a map may have. */
export const MAX_FEATURES = 10_000;

export function checkCount(count: number, what: string): void {
  if (count > MAX_FEATURES) {
    throw new VkernelError("E_LIMIT", {
      argument: what,
      expected: `at most ${MAX_FEATURES} functions`,
      got: `${count}`,
    });
  }
}
