import { checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, PointsInput } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { checkSamples } from "./input.js";
import { distinctPositions, neighbours, type Positions } from "../data/neighbours.js";
import { quantileLevels, quantilesOf, shareOf } from "../numeric/statistics.js";
import { inSlices } from "../core/scheduler.js";

export interface MemorizationOptions {
  /** Ratios of distances below it count as memorized; 1/3 by default. */
  threshold?: number;
  signal?: AbortSignal;
}

export interface Memorization {
  /** The share of samples whose ratio is below the threshold; NaN of no samples. */
  readonly fraction: number;
  /** Binomial: the samples vary, the data are fixed. */
  readonly standardError: number;
  readonly count: number;
  /** First to second nearest distance of each sample, 0 to 1. */
  readonly ratios: Float64Array<ArrayBuffer>;
  /** The nearest point, as an index into the mixture's points. */
  readonly nearest: Int32Array<ArrayBuffer>;
  /** The quantiles of the ratios. */
  readonly quantiles: { readonly levels: readonly number[]; readonly values: Float64Array<ArrayBuffer> };
}

/**
 * The share of samples that are copies of training points: those whose nearest point is less than `threshold` times
 * as far as the second nearest, |x - mu_1| < |x - mu_2| / 3. Distances are Euclidean and not squared; for a ratio r of
 * squared distances give sqrt(r) as threshold.
 *
 * The second nearest point is the nearest one at another position than the first: duplicates of a training point would
 * else make its copies look like inventions (their ratio would be 1). Points without weight count as absent.
 *
 * A uniform law between two points in one dimension has the fraction 2 threshold / (1 + threshold), half at 1/3:
 * compare with what held-out data get.
 *
 * Source: Yoon et al. (2023), "Diffusion probabilistic models generalize when they fail to memorize".
 * Cost: count x size x dim multiply-adds on the calling thread, in slices of 12 ms.
 *
 * @param samples `[count, dim]` row-major; compared in float64 with the points in the mixture's precision
 * @throws {VkernelError} E_SHAPE (also of data at one position), E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT,
 * E_ABORT, E_DISPOSED
 * @example
 * const run = await sample(exactScore(data, edm()), { sampler: heun(), count: 1000 });
 * const { fraction, standardError } = await memorization(run.samples, data); // 1 and 0
 */
export async function memorization(
  samples: PointsInput,
  data: Mixture,
  options: MemorizationOptions = {},
): Promise<Memorization> {
  checkOptions(options, ["threshold", "signal"]);
  checkLongCall(options);
  const threshold = checkNumber(options.threshold ?? 1 / 3, "threshold", { above: 0, max: 1 });
  const input = checkSamples(samples, data);
  const { count } = input;
  const { positions, index, squared } = await inSlices(nearestTwo(input.samples, data), options.signal);
  const ratios = new Float64Array(count);
  const nearest = new Int32Array(count);
  let hits = 0;
  for (let i = 0; i < count; i++) {
    const first = squared[2 * i];
    // Never 0 / 0: squares of the smallest numbers are 0.
    ratios[i] = first === 0 ? 0 : Math.sqrt(first / squared[2 * i + 1]);
    nearest[i] = positions.index[index[2 * i]];
    if (ratios[i] < threshold) hits++;
  }
  return {
    ...shareOf(hits, count),
    count,
    ratios,
    nearest,
    quantiles: { levels: quantileLevels, values: quantilesOf(ratios) },
  };
}

/** The two nearest distinct positions of each sample. */
export function* nearestTwo(
  samples: Float64Array,
  data: Mixture,
): Generator<void, { positions: Positions; index: Int32Array; squared: Float64Array }, void> {
  const positions = yield* distinctPositions(data);
  if (positions.size < 2)
    throw badArgument("E_SHAPE", "data", "at least two points at different positions", positions.size);
  const found = yield* neighbours(samples, positions.points, data.dim, 2);
  return { positions, ...found };
}
