import type { MixtureLayout, ScoreJob } from "./job.js";
import type { ProgramNeeds } from "./ops.js";

/**
 * What kernels take, in units of work: one multiply-add of a plain loop. Rough, but of the right size; no result depends on
 * it. Blocks of workers and slices of the calling thread are bounded in these units, not by a clock.
 */

/** The most units of a call of a kernel, between two looks at the stop flag and two beats: some 8 ms. */
export const PIECE = 2 ** 23;
/** The most units of an operation on a block, where it can be cut over the points. */
const BLOCK = 4 * PIECE;
/** Query-point pairs of a block for dim >= 4, whatever the caller wants: they take 12 to 16 bytes of scratch each. */
const PAIRS = 2 ** 22;

const wide = ({ bytes }: MixtureLayout): number => bytes / 4;

/** A row's distances to a point of the tile kernels; its share of the mean; its weight. */
export const distanceWork = (mixture: MixtureLayout): number => 0.11 * wide(mixture) * mixture.width;
export const averageWork = (mixture: MixtureLayout): number => 0.09 * wide(mixture) * mixture.width;
export const weightWork = (mixture: MixtureLayout): number => 3 * wide(mixture);
/** A row's covariance, a point (dim >= 4). */
export const covarianceWork = (mixture: MixtureLayout): number =>
  wide(mixture) * (0.07 * mixture.dim * mixture.dim + 1.2 * mixture.dim + 4);
/** Its noise without a matrix, a point. */
export const spreadWork = ({ dim }: MixtureLayout): number => 12 + 1.5 * dim;

/** The weighted mean of the points seen from a row. */
export function posteriorWork(mixture: MixtureLayout): number {
  if (mixture.dim <= 3) return 2.5 * wide(mixture) * mixture.size;
  return mixture.rows * (distanceWork(mixture) + averageWork(mixture) + weightWork(mixture));
}

/** Draws of points for a row. */
export function drawWork(mixture: MixtureLayout, draws: number): number {
  if (draws === 0) return 0;
  if (mixture.dim <= 3) return posteriorWork(mixture) + draws * (64 + mixture.size / 64);
  return draws * (mixture.size + mixture.width);
}

/** The trace of a row's covariance. */
export function traceWork(mixture: MixtureLayout): number {
  return mixture.dim <= 3 ? posteriorWork(mixture) : mixture.rows * (distanceWork(mixture) + 1);
}

/** A row of a score job. */
export function scoreWork(job: Pick<ScoreJob, "mixture" | "covariance" | "trace" | "weights">): number {
  const { mixture } = job;
  let work = posteriorWork(mixture);
  if (job.covariance) {
    work += mixture.dim <= 3 ? posteriorWork(mixture) : mixture.size * covarianceWork(mixture);
  }
  if (job.trace) work += traceWork(mixture);
  if (job.weights) work += 2 * mixture.size;
  return work;
}

/** A normal number; an increment of a Brownian path, a coordinate. */
export const NORMAL = 12;
export const PATH = 2 * 64 * (NORMAL + 2);

/** Noise by a factor of a row's covariance. */
export const colourWork = ({ dim }: MixtureLayout): number => dim * (NORMAL + (dim * dim) / 4 + 4 * dim);

/** The most rows of a block of a score job. */
export function scoreRows(job: Pick<ScoreJob, "mixture" | "covariance" | "trace" | "weights">): number {
  return mostRows(job.mixture, scoreWork(job), 0);
}

/** The most rows of a block of a sample job, by its heaviest operation. `free`: noise of a covariance without its matrix. */
export function sampleRows(mixture: MixtureLayout, needs: ProgramNeeds, free: boolean): number {
  const { dim, width, size } = mixture;
  const { draws } = needs;
  let cut = posteriorWork(mixture);
  let whole = NORMAL * dim;
  if (draws > 0) {
    if (dim <= 3) cut += drawWork(mixture, draws);
    else whole = Math.max(whole, drawWork(mixture, 1));
  }
  if (needs.covariance) cut += traceWork(mixture);
  if (needs.spread && dim > 3) cut += size * (free ? spreadWork(mixture) : covarianceWork(mixture));
  if (needs.spread && !free) whole = Math.max(whole, colourWork(mixture));
  if (needs.linear) whole = Math.max(whole, 0.5 * dim * width);
  if (needs.path) whole = Math.max(whole, (PATH / 2) * dim);
  return mostRows(mixture, cut, whole);
}

/**
 * A whole multiple of what kernels take at a time. Up to three dimensions that is four rows, whose work is not cut over the
 * points: beyond 800,000 of them in float32 a call takes more than a piece, in proportion. `cut`: units per row of work that can be cut over the points where there
 * are many dimensions; `whole`: of work that cannot.
 */
function mostRows(mixture: MixtureLayout, cut: number, whole: number): number {
  const { dim, rows } = mixture;
  if (dim <= 3) return Math.max(4, 4 * Math.floor(PIECE / Math.max(cut, whole) / 4));
  // A chunk of points is not cut.
  const chunk = CHUNK * Math.max(distanceWork(mixture), averageWork(mixture));
  const most = Math.min(BLOCK / cut, PIECE / Math.max(whole, chunk, 2 * dim), PAIRS / rows);
  return Math.max(2, 2 * Math.floor(most / 2));
}

/** Points of which sums are taken together: `CHUNK` of the kernels. */
export const CHUNK = 64;
/** Points whose differences from the mean a covariance takes at a time: `PANEL` of the kernels. */
export const PANEL = 64;
