import type { Mixture } from "../../../data/mixture.js";
import { kernelScale, type Level } from "../../level.js";
import type { Wanted } from "../errorBound.js";
import type { Frame } from "./frame.js";
import type { ByteSums, Query } from "./queries.js";
import { lengthOf } from "../lengths.js";

/** Bounds of what sums over all points by bytes are off by. */
export interface ByteErrors {
  readonly log: number;
  readonly mean: number;
}

/**
 * Bounds of the errors of sums over all points by bytes (`assembly/mixture/frame/dense.ts`); undefined where they are above the tolerance, or
 * more is wanted than such sums give. With no weight off by more than `share` of itself, a mean moves by `share` of the mean distance from it,
 * which is at most the data's reach. Weights and 64 of them at a time are summed in the mixture's precision.
 */
export function byteErrors(
  data: Mixture,
  frame: Frame,
  level: Level,
  { distance, moved }: Query,
  { error }: ByteSums,
  { log, mean, covariance, nearest }: Wanted,
  tolerance: number,
): ByteErrors | undefined {
  const last = frame.stages[frame.stages.length - 1];
  if (covariance || nearest || !last.all) return undefined;
  const { reach, directions, scale } = frame;
  const { dim, counted, bytes } = data;
  const [unit, range] = bytes === 4 ? [2 ** -24, 127] : [2 ** -53, 1023];
  const k = Math.LN2 * kernelScale(level, "f64");
  const share =
    k * (2 * error + 4 * moved * reach) +
    unit * (0.7 * range + 32) +
    counted * 2 ** (1 - range) +
    counted * 2 ** -53;
  if (!(share < 0.25)) return undefined;
  const relative = share / (1 - share);
  const far = distance + reach;
  const errors = {
    log: relative + k * ((dim / 4 + 12) * 2 ** -53 * far * far + 2 * moved * far),
    mean: relative * reach + 80 * unit * (lengthOf(directions.centre) + reach),
  };
  const allowed = (!log || errors.log <= tolerance) && (!mean || errors.mean <= tolerance * scale);
  return allowed ? errors : undefined;
}
