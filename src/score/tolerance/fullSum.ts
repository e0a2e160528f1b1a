import type { TimeSlices } from "../../core/scheduler.js";
import type { Precision } from "../../data/mixture.js";
import { isIsotropic } from "../evaluate/evaluate.js";
import { inPieces, type Request, type Targets } from "../evaluate/request.js";
import { levelsOf } from "../evaluate/score.js";
import type { Evaluation, Quantity } from "../field.js";
import { isInRange, kernelScale, type Level } from "../level.js";
import { ErrorBounds, type SumErrors } from "./errorBound.js";
import { type Extent, extentOf } from "./extent.js";

/** Points this many powers of two below the heaviest in sight weigh nothing in sums of 2^-53. */
const NOTHING = 64;

/** Where nothing may be left out all points are summed; what is certified then is the rounding of that sum. */
export async function evaluateFully<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  tolerance: number,
  signal: AbortSignal | undefined,
  slices: TimeSlices,
  full: (request: Request<P, Quantity>) => Promise<Evaluation<P, Quantity>>,
): Promise<Evaluation<P, Q>> {
  const { data, process, count, times, quantities } = request;
  const asked: Quantity[] = [...quantities];
  if (!asked.includes("nearestDistance")) asked.push("nearestDistance");
  const all = await full({ ...request, quantities: asked });
  const { nearestDistance } = all;
  const result: Record<string, unknown> = {};
  for (const name of quantities) result[name] = all[name];
  const errorBound = new Float64Array(count);
  const notes: string[] = [];
  if (isIsotropic(process)) {
    const extent = await extentOf(data, signal);
    const levels = await slices.run(levelsOf(process, times, data.sigma0));
    const bounds = new ErrorBounds(request, result as Targets, extent.scale);
    await slices.run(
      inPieces(count, 100 + 4 * data.dim, (first, last) => {
        for (let q = first; q < last; q++) {
          const level = levels(q);
          errorBound[q] = bounds.of(q, level, roundingOf(request, q, level, nearestDistance[q], extent));
        }
      }),
    );
    notes.push(...exceeded(errorBound, tolerance, data.precision));
  } else {
    errorBound.fill(Number.POSITIVE_INFINITY);
    notes.push("noise with a direction: the full sum was taken, and no bound of its rounding is known");
  }
  return Object.assign(result, { errorBound }, notes.length > 0 ? { notes } : {}) as unknown as Evaluation<
    P,
    Q
  >;
}

/** Where the scale of weights leaves the arithmetic's range, limits take their place. */
export const unknown: SumErrors = {
  log: Number.POSITIVE_INFINITY,
  mean: Number.POSITIVE_INFINITY,
  covariance: Number.POSITIVE_INFINITY,
  residual: 0,
};

/** Says where bounds are above the tolerance, and what rounds less. */
export function exceeded(bounds: Float64Array, tolerance: number, precision: Precision): string[] {
  const over = bounds.reduce((sum, bound) => sum + (bound > tolerance ? 1 : 0), 0);
  if (over === 0) return [];
  const way = precision === "f32" ? '; precision "f64" rounds less' : "";
  return [`rounding can exceed the tolerance at ${over} of ${bounds.length} queries: see errorBound${way}`];
}

/**
 * Bounds of what rounding does to a query's sums, u the arithmetic's half ulp. Squared distances are off by 24 u of themselves (sums of
 * 64 coordinates in four lanes) and by 4 u |y| times the distance, for y itself is rounded. Points that count are at most `reach` away, so
 * that no weight is off by more than `share` of itself; a mean of points within `reach` of y then moves by 2 share reach.
 */
function roundingOf(
  { data, x }: Request<Precision, Quantity>,
  q: number,
  level: Level,
  distance: number,
  { diagonal, weights }: Extent,
): SumErrors {
  const { dim, precision, size, engine } = data;
  const single = precision === "f32" && engine.runtime !== undefined;
  const u = single ? 2 ** -24 : 2 ** -53;
  const { alpha } = level;
  const k = kernelScale(level, precision);
  if (!isInRange(level, precision)) return unknown;
  // The distance was rounded itself.
  const nearest = (distance * (1 + 24 * u)) / alpha;
  let length = 0;
  for (let d = 0; d < dim; d++) length += x[q * dim + d] ** 2;
  length = Math.sqrt(length) / alpha;
  const slack = (NOTHING + Math.log2(size) + weights) / k;
  const reach = Math.min(nearest + diagonal, Math.sqrt(nearest * nearest + slack));
  const exponent = Math.LN2 * k * u * (24 * reach * reach + 4 * length * reach);
  const share = exponent + u * (2 * Math.min(NOTHING + Math.log2(size), Math.LN2 * k * reach * reach) + 80);
  const safe = share < 0.25 ? 1 / (1 - 2 * share) : Number.POSITIVE_INFINITY;
  const side = Math.min(diagonal, 2 * reach);
  return {
    log: share * safe + exponent,
    mean: (2 * share * side + 2 * u * (diagonal + length)) * safe,
    covariance: 8 * share * side * side * safe,
    residual: alpha * (2 * length + diagonal),
  };
}
