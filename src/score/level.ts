import type { Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";

/** An isotropic process at one time, with what the kernels need of it. */
export interface Level {
  readonly t: number;
  readonly alpha: number;
  /** S_t */
  readonly variance: number;
  /** V = alpha^2 sigma0^2 + S */
  readonly total: number;
  readonly beta: number;
  readonly diffusion: number;
}

export function levelOf(process: Process, t: number, sigma0: number): Level {
  const alpha = process.alpha(t);
  const variance = process.variance(t);
  const width = alpha * sigma0;
  return {
    t,
    alpha,
    variance,
    total: width * width + variance,
    beta: process.beta(t),
    diffusion: process.diffusion(t),
  };
}

/**
 * k = alpha^2 log2(e) / (2 V): log2 of a relative weight is -k |x / alpha - mu|^2. Kept where neither it nor its
 * inverse overflows in the kernel's arithmetic; beyond that the weights are those of the limits (one point, or the
 * weights of the data).
 */
export function kernelScale(level: Pick<Level, "alpha" | "total">, precision: Precision): number {
  const limit = precision === "f32" ? 1e30 : 1e290;
  return Math.min(limit, Math.max(1 / limit, scaleOf(level)));
}

const scaleOf = ({ alpha, total }: Pick<Level, "alpha" | "total">): number =>
  (alpha * alpha * Math.LOG2E) / (2 * total);

/** Whether that is k itself and no limit. */
export const isInRange = (level: Pick<Level, "alpha" | "total">, precision: Precision): boolean =>
  kernelScale(level, precision) === scaleOf(level);
