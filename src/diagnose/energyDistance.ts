import { checkLongCall, checkOptions } from "../core/check.js";
import type { Mixture, PointsInput } from "../data/mixture.js";
import { checkSides } from "./input.js";
import { type Discrepancy, discrepancy } from "./pairs.js";
import { inSlices } from "../core/scheduler.js";

export interface EnergyOptions {
  /** Coordinates of a sample. Needed where both sides are flat. */
  dim?: number;
  signal?: AbortSignal;
}

/**
 * The energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'|, 0 for equal laws and for these alone (Szekely and Rizzo
 * 2013; some take its root). Samples are taken as draws and give the unbiased estimate, which can be below 0; a
 * mixture is taken as the law itself, with its weights and without sampling error.
 *
 * The standard error is that of the U-statistic (its variance to second order, so it holds for equal laws too, where
 * it errs upward). The value is about normal for laws that differ, and a weighted sum of centred chi-squares for
 * equal ones: its right tail is then longer than a normal one's.
 *
 * Cost: (n^2 / 2 + m^2 / 2 + n m) (dim + 8) on the calling thread, in slices of 12 ms.
 *
 * @param a `[n, dim]` row-major, or a mixture of sigma0 0
 * @param b `[m, dim]` row-major, or a mixture of sigma0 0
 * @returns NaN of fewer than two draws on a side; a standard error of NaN of fewer than four
 * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT, E_UNSUPPORTED, E_ABORT, E_DISPOSED
 * @example
 * const { value, standardError } = await energyDistance(run.samples, data);
 */
export async function energyDistance(
  a: PointsInput | Mixture,
  b: PointsInput | Mixture,
  options: EnergyOptions = {},
): Promise<Discrepancy> {
  checkOptions(options, ["dim", "signal"]);
  checkLongCall(options);
  const sides = checkSides(a, b, options.dim);
  return inSlices(
    discrepancy(sides.a, sides.b, sides.dim, (squared) => -Math.sqrt(squared)),
    options.signal,
  );
}
