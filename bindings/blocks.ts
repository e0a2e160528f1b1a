import { factorFree, type MixtureLayout, type SampleJob, type ScoreJob } from "./job.js";
import { sampleRows, scoreRows } from "./work.js";

/** Query-point pairs of a block: for dim >= 4 they take 12 to 16 bytes of scratch each. */
const BLOCK_PAIRS = 2 ** 20;
/** Coordinate differences of a block: enough that points which fill the caches are read for several queries. */
const BLOCK_WORK = 2 ** 27;

/** Queries per block: enough to amortize calls, few enough that its scratch stays in cache. No bits depend on it. */
export function defaultBlock({ dim, width, size, rows }: MixtureLayout): number {
  const upTo = (limit: number, step: number, most: number): number =>
    Math.max(step, Math.floor(Math.min(most, limit) / step) * step);
  // Where a query is soon done, the calls of a block take their share: more of them.
  if (dim <= 3) return upTo((2 * BLOCK_PAIRS) / size, 4, Math.max(512, Math.min(2048, 2 ** 14 / size)));
  return upTo(Math.min(BLOCK_PAIRS / rows, BLOCK_WORK / (rows * width)), 2, 32);
}

/** What the blocks of a job have: as many rows as wanted, or as by default, but never more than `work.ts` allows. */
export function scoreBlock(
  job: Pick<ScoreJob, "mixture" | "covariance" | "trace" | "weights">,
  wanted: number | undefined,
): number {
  return Math.min(wanted ?? defaultBlock(job.mixture), scoreRows(job));
}
export function sampleBlock(job: Pick<SampleJob, "mixture" | "needs">, wanted: number | undefined): number {
  const { mixture, needs } = job;
  return Math.min(wanted ?? defaultBlock(mixture), sampleRows(mixture, needs, factorFree(mixture)));
}
