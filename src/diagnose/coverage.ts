import { checkInteger, checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, PointsInput } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { checkSamples } from "./input.js";
import { distinctPositions, neighbours } from "../data/neighbours.js";
import { inSlices } from "../core/scheduler.js";

export interface CoverageOptions {
  /** One radius for every ball. */
  radius?: number;
  /** Where no radius is given: a ball reaches to this neighbour of its point; 5 by default, or what there is. */
  neighbours?: number;
  signal?: AbortSignal;
}

export interface Coverage {
  /** The share of training points (by weight) with at least one sample in their ball. */
  readonly fraction: number;
  readonly standardError: number;
  /** The share of training points (by weight) that are the nearest one of at least one sample. */
  readonly reached: number;
  readonly reachedStandardError: number;
  readonly count: number;
}

/**
 * How much of the data the samples reach (recall), in two senses. `fraction`: training points with a sample in the
 * closed ball around them, of radius `radius` or up to their k-th nearest neighbour (Naeem et al. 2020, "Reliable
 * fidelity and diversity metrics for generative models", Eq. 9, k = 5; their code takes the open ball). `reached`:
 * training points whose Voronoi cell has a sample.
 *
 * Duplicates are one point with their joint weight, so a duplicate equals a doubled weight, neighbours included.
 * Standard errors are for the draw of the samples, the data fixed, by the jackknife: a sample left out uncovers the
 * points that it alone covers. On average their square is no less than the true one (Efron and Stein 1981): with many
 * disjoint balls of lambda samples each on average the error is 1.41 times too large for small lambda, 1.55 times at 1
 * and sqrt(lambda) times for large. Of no samples, all are 0; of one, the errors are NaN.
 *
 * Cost: (2 count + size) x size x dim multiply-adds (2 count with a radius) on the calling thread, in slices of 12 ms.
 *
 * @param samples `[count, dim]` row-major
 * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT, E_ABORT, E_DISPOSED
 * @example
 * const { fraction, reached } = await coverage(run.samples, data, { radius: 0.1 });
 */
export async function coverage(
  samples: PointsInput,
  data: Mixture,
  options: CoverageOptions = {},
): Promise<Coverage> {
  checkOptions(options, ["radius", "neighbours", "signal"]);
  checkLongCall(options);
  const { radius, neighbours: wanted } = options;
  if (radius !== undefined) checkNumber(radius, "radius", { min: 0 });
  if (wanted !== undefined) {
    if (radius !== undefined) throw badArgument("E_USAGE", "neighbours", "no radius beside it", wanted);
    checkInteger(wanted, "neighbours", 1, 1000);
  }
  const input = checkSamples(samples, data);
  return inSlices(cover(input.samples, data, radius, wanted), options.signal);
}

function* cover(
  samples: Float64Array,
  data: Mixture,
  radius: number | undefined,
  wanted: number | undefined,
): Generator<void, Coverage, void> {
  const { dim } = data;
  const count = samples.length / dim;
  const positions = yield* distinctPositions(data);
  const { points, weights, size } = positions;
  const limits = new Float64Array(size);
  if (radius !== undefined) limits.fill(radius * radius);
  else {
    if (size < 2) throw badArgument("E_SHAPE", "data", "points at two positions, or a radius", size);
    const k = wanted ?? Math.min(5, size - 1);
    if (k >= size) throw badArgument("E_RANGE", "neighbours", `at most ${size - 1}, fewer than positions`, k);
    const { squared } = yield* neighbours(points, points, dim, k, true);
    for (let m = 0; m < size; m++) limits[m] = squared[m * k + k - 1];
  }
  // A point is covered by nobody, by one sample alone, or by more: two nearest samples tell.
  const near = yield* neighbours(points, samples, dim, 2);
  const alone = new Float64Array(count);
  let covered = 0;
  for (let m = 0; m < size; m++) {
    const limit = limits[m];
    if (!(near.squared[2 * m] <= limit)) continue;
    covered += weights[m];
    if (near.squared[2 * m + 1] <= limit) continue;
    const i = near.index[2 * m];
    alone[i] = alone[i] + weights[m];
  }
  const { index } = yield* neighbours(samples, points, dim, 1);
  const visits = new Int32Array(size);
  for (const m of index) visits[m] = visits[m] + 1;
  const reachedAlone = Float64Array.from(index, (m) => (visits[m] === 1 ? weights[m] : 0));
  let reached = 0;
  for (let m = 0; m < size; m++) if (visits[m] > 0) reached += weights[m];
  // Summed in the same order, so that all of the points are exactly 1.
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    fraction: covered / all,
    standardError: jackknife(alone),
    reached: reached / all,
    reachedStandardError: jackknife(reachedAlone),
    count,
  };
}

/** The jackknife's standard error, of what is lost without each sample. */
function jackknife(losses: Float64Array): number {
  const n = losses.length;
  if (n === 0) return 0;
  if (n === 1) return Number.NaN;
  let mean = 0;
  for (const loss of losses) mean += loss / n;
  let squares = 0;
  for (const loss of losses) squares += (loss - mean) ** 2;
  return Math.sqrt(((n - 1) / n) * squares);
}
