import { checkLongCall, checkOptions } from "../core/check.js";
import type { Mixture, Numbers, PointsInput, Precision } from "../data/mixture.js";
import { ve } from "../process/ve.js";
import { checkMixture, exactScore } from "../score/exact.js";

export interface NearestOptions {
  signal?: AbortSignal;
}

/**
 * The training point nearest to each sample, and its Euclidean distance; of equal distances the heavier point, then
 * the first. Points without weight count as absent. On the engine's threads, in the mixture's precision.
 *
 * @param samples `[count, dim]` row-major
 * @returns `index` into the mixture's points and `distance`, one per sample
 * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT, E_MEMORY, E_ABORT, E_DISPOSED
 * @example
 * const { index, distance } = await nearestPoints([[0.1, 0.2]], data);
 */
export async function nearestPoints<P extends Precision>(
  samples: PointsInput,
  data: Mixture<P>,
  options: NearestOptions = {},
): Promise<{ index: Int32Array<ArrayBuffer>; distance: Numbers<P> }> {
  checkMixture(data);
  checkOptions(options, ["signal"]);
  checkLongCall(options);
  // alpha is 1 at every time of ve, so any time serves.
  const { nearest, nearestDistance } = await exactScore(data, ve()).evaluate(
    samples,
    1,
    ["nearest", "nearestDistance"],
    options,
  );
  return { index: nearest, distance: nearestDistance };
}

/**
 * The share of samples in the Voronoi cell of each training point, with binomial standard errors; all 0 of no samples.
 *
 * @param samples `[count, dim]` row-major
 * @returns `mass` and `standardError`, one per point
 * @throws {VkernelError} as `nearestPoints`
 * @example
 * const { mass, standardError } = await voronoiMass(run.samples, data);
 */
export async function voronoiMass(
  samples: PointsInput,
  data: Mixture,
  options: NearestOptions = {},
): Promise<{ mass: Float64Array; standardError: Float64Array; count: number }> {
  const { index } = await nearestPoints(samples, data, options);
  const mass = new Float64Array(data.size);
  for (const m of index) mass[m] = mass[m] + 1;
  const count = index.length;
  for (let m = 0; m < mass.length; m++) mass[m] = count === 0 ? 0 : mass[m] / count;
  const standardError = mass.map((p) => (count === 0 ? 0 : Math.sqrt((p * (1 - p)) / count)));
  return { mass, standardError, count };
}
