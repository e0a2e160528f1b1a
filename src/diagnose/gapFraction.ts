import { checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, PointsInput } from "../data/mixture.js";
import { checkSamples } from "./input.js";
import { nearestTwo } from "./memorization.js";
import { spacingOf } from "../data/neighbours.js";
import { shareOf } from "../numeric/statistics.js";
import { inSlices } from "../core/scheduler.js";

export interface GapOptions {
  /** Default: a tenth of the median distance between a training position and its nearest other one. */
  radius?: number;
  signal?: AbortSignal;
}

export interface Gaps {
  /** The share of samples farther than `radius` from every training point; NaN of no samples. */
  readonly fraction: number;
  /** Binomial: the samples vary, the data are fixed. */
  readonly standardError: number;
  readonly count: number;
  readonly radius: number;
  /** The nearest training point of each sample, and the nearest one at another position. */
  readonly nearest: Int32Array<ArrayBuffer>;
  readonly secondNearest: Int32Array<ArrayBuffer>;
  /** The distance to the nearest point. */
  readonly distance: Float64Array<ArrayBuffer>;
  /**
   * Where the sample projects on the segment from its nearest point (0) to its second nearest (1), cut to the
   * segment. Never above 1/2, for beyond it the second would be the nearest.
   */
  readonly gapCoordinate: Float64Array<ArrayBuffer>;
  /** The distance to that segment: 0 where the sample interpolates between the two. */
  readonly segmentDistance: Float64Array<ArrayBuffer>;
}

/**
 * The share of samples in the gaps between training points, and where between the two nearest points each lies:
 * whether a model interpolates. Vastola 2025, Sec. 4; `docs/mathematics.md`, Gaps. With `radius` r and a mixture of two points
 * at distance L, a uniform law between them has the fraction 1 - 2 r / L.
 *
 * Cost: count x size x dim multiply-adds, and size x size x dim for the default radius, on the calling thread in slices
 * of 12 ms.
 *
 * @param samples `[count, dim]` row-major
 * @throws {VkernelError} E_SHAPE (also of data at one position), E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT,
 * E_ABORT, E_DISPOSED
 * @example
 * const { fraction, standardError, radius } = await gapFraction(run.samples, data);
 */
export async function gapFraction(
  samples: PointsInput,
  data: Mixture,
  options: GapOptions = {},
): Promise<Gaps> {
  checkOptions(options, ["radius", "signal"]);
  checkLongCall(options);
  if (options.radius !== undefined) checkNumber(options.radius, "radius", { min: 0 });
  const input = checkSamples(samples, data);
  return inSlices(gaps(input.samples, data, options.radius), options.signal);
}

function* gaps(samples: Float64Array, data: Mixture, given: number | undefined): Generator<void, Gaps, void> {
  const { dim } = data;
  const count = samples.length / dim;
  const { positions, index, squared } = yield* nearestTwo(samples, data);
  const { points } = positions;
  let radius = given ?? 0;
  if (given === undefined) {
    radius = 0.1 * (yield* spacingOf(positions));
  }
  const nearest = new Int32Array(count);
  const secondNearest = new Int32Array(count);
  const distance = new Float64Array(count);
  const gapCoordinate = new Float64Array(count);
  const segmentDistance = new Float64Array(count);
  let hits = 0;
  for (let i = 0; i < count; i++) {
    const a = index[2 * i];
    const b = index[2 * i + 1];
    nearest[i] = positions.index[a];
    secondNearest[i] = positions.index[b];
    distance[i] = Math.sqrt(squared[2 * i]);
    if (distance[i] > radius) hits++;
    let along = 0;
    let length = 0;
    for (let d = 0; d < dim; d++) {
      const edge = points[b * dim + d] - points[a * dim + d];
      along += edge * (samples[i * dim + d] - points[a * dim + d]);
      length += edge * edge;
    }
    // Of positions whose difference squares to 0, the first.
    const coordinate = length === 0 ? 0 : Math.min(1, Math.max(0, along / length));
    let square = 0;
    for (let d = 0; d < dim; d++) {
      const from = points[a * dim + d];
      const on = from + coordinate * (points[b * dim + d] - from);
      square += (samples[i * dim + d] - on) ** 2;
    }
    gapCoordinate[i] = coordinate;
    segmentDistance[i] = Math.sqrt(square);
  }
  return {
    ...shareOf(hits, count),
    count,
    radius,
    nearest,
    secondNearest,
    distance,
    gapCoordinate,
    segmentDistance,
  };
}
