import type { Mixture, Numbers, PointsInput, Precision } from "../data/mixture.js";
import { ve } from "../process/ve.js";
import { checkMixture, exactScore } from "../score/exact.js";

/**
 * The training point nearest to each sample, and its Euclidean distance.
 *
 * @param samples `[count, dim]` row-major
 */
export async function nearestPoints<P extends Precision>(
  samples: PointsInput,
  data: Mixture<P>,
): Promise<{ index: Int32Array<ArrayBuffer>; distance: Numbers<P> }> {
  checkMixture(data);
  // alpha is 1 at every time of ve, so any time serves.
  const { nearest, nearestDistance } = await exactScore(data, ve()).evaluate(samples, 1, [
    "nearest",
    "nearestDistance",
  ]);
  return { index: nearest, distance: nearestDistance };
}

/**
 * The share of samples in the Voronoi cell of each training point, with binomial standard errors.
 *
 * @returns `mass` and `standardError`, one a point
 */
export async function voronoiMass(
  samples: PointsInput,
  data: Mixture,
): Promise<{ mass: Float64Array; standardError: Float64Array; count: number }> {
  const { index } = await nearestPoints(samples, data);
  const mass = new Float64Array(data.size);
  for (const m of index) mass[m] = (mass[m] as number) + 1;
  const count = index.length;
  for (let m = 0; m < mass.length; m++) mass[m] = count === 0 ? 0 : (mass[m] as number) / count;
  const standardError = mass.map((p) => (count === 0 ? 0 : Math.sqrt((p * (1 - p)) / count)));
  return { mass, standardError, count };
}
