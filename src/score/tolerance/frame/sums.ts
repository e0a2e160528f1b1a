import type { Precision } from "../../../data/mixture.js";
import { log2 } from "../../../numeric/elementary.js";
import type { Workspace } from "../../../dense/workspace.js";
import type { Request } from "../../evaluate/request.js";
import type { Quantity } from "../../field.js";
import type { Level } from "../../level.js";
import type { Wanted } from "../errorBound.js";
import type { Frame } from "./frame.js";
import { type ByteErrors, byteErrors } from "./byteSums.js";
import { lengthOf } from "../lengths.js";
import { layoutOf, turned, writeQuery } from "./queries.js";

/** Queries of a task of the kernel. */
const TILE = 8;
/** Those that share sums by bytes. */
const TOGETHER = 4;
/** Numbers of what is asked for. */
const ASKED = 8;
/** Where in a query's numbers the factors of sums by bytes begin. */
const FACTORS = 3;
/** Of how many points one may be left, lest the sum over all points costs less; and never more than so many. */
const SHARE = 8;
const LEAST = 64;
const MOST = 2 ** 17;
/** Squares this much farther than the nearest, as a share of the data's largest, are no few points. */
const WIDE = 0.1;
/** What the kernel certifies of its own sums, when tolerances are larger. */
const COARSEST = 1 / 16;

/** Numbers of a query's result, and where each begins, before the mean: `assembly/mixture/frame/sums.ts`. */
export const HEAD = 8;
export const At = {
  base: 0,
  nearest: 1,
  total: 2,
  trace: 3,
  logError: 4,
  meanError: 5,
  covarianceError: 6,
  summed: 7,
};

export interface FrameSums {
  /** Queries y = x / alpha. */
  readonly y: Float64Array;
  readonly levels: (q: number) => Level;
  readonly wanted: Wanted;
  readonly tolerance: number;
  /** How far rounding may have moved a query. */
  readonly moved: (q: number) => number;
}

/** Bytes of the kernel's scratch: lists of points that are left, and weights, distances and totals of sums by bytes. */
const scratchOf = (counted: number, width: number, most: number): number =>
  8192 + TILE * (64 + 16 * (most + 4)) + TOGETHER * (16 * (counted + 4) + 8 * width);

/** Numbers of a query's result. */
export const resultOf = ({ layout }: Request<Precision, Quantity>["data"]): number => HEAD + layout.width;

/** Results of queries, and bounds of those that bytes may serve. */
export interface FrameResults {
  readonly numbers: Float64Array;
  readonly byBytes: readonly (ByteErrors | undefined)[];
}

/** Runs the kernel on queries `first` to `last` (exclusive) and copies their results. */
export async function frameSums(
  { data }: Request<Precision, Quantity>,
  frame: Frame,
  { y, levels, wanted, tolerance, moved }: FrameSums,
  [first, last]: readonly [number, number],
  space: Workspace,
  signal: AbortSignal | undefined,
): Promise<FrameResults> {
  const { dim, engine, layout, counted, weights, order } = data;
  const { width, points, logWeights } = layout;
  const count = last - first;
  const rows = y.subarray(first * dim, last * dim);
  const { centred, rotated } = await turned(engine, frame, rows, signal ? { signal } : {});
  const { numbers, integers } = layoutOf(frame);
  const each = resultOf(data);
  const most = Math.min(MOST, Math.max(LEAST, Math.ceil(counted / SHARE)));
  const inverse = frame.scale > 0 ? 1 / frame.scale : 0;
  const asked = space.alloc(ASKED, "x");
  const lightest = -log2(weights[order[counted - 1]]);
  space
    .f64(asked, ASKED)
    .set([
      log2(Math.min(COARSEST, tolerance)),
      wanted.log ? 1 : 0,
      wanted.mean ? inverse : 0,
      wanted.covariance ? inverse * inverse : 0,
      log2(weights[order[0]]),
      lightest,
      most,
      WIDE * frame.reach * frame.reach,
    ]);
  const out = space.alloc(count * each, "x");
  const queries = space.zeros(count * width, "x");
  const ofQueries = space.alloc(count * numbers, "x");
  const ofIntegers = space.alloc(Math.ceil((count * integers) / 4), "x");
  const directions = rotated.length / count;
  const byBytes: (ByteErrors | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * dim, (i + 1) * dim);
    space.f64(queries + 8 * i * width, dim).set(row);
    const { buffer } = space.f64(ofIntegers, 0);
    const query = {
      y: row,
      distance: lengthOf(centred.subarray(i * dim, (i + 1) * dim)),
      rotated: rotated.subarray(i * directions, (i + 1) * directions),
      moved: moved(first + i),
    };
    const level = levels(first + i);
    const written = space.f64(ofQueries + 8 * i * numbers, numbers);
    const sums = writeQuery(
      frame,
      level,
      query,
      written,
      new Int16Array(buffer, ofIntegers + 2 * i * integers, integers),
    );
    const errors = sums && byteErrors(data, frame, level, query, sums, wanted, tolerance);
    if (sums && errors) written.set(sums.factors, FACTORS);
    byBytes.push(errors);
    await space.spend(12 * dim);
  }
  const { stages, records } = frame;
  await space.run(
    layout.bytes === 4 ? "frameSumsF32" : "frameSumsF64",
    Math.ceil(count / TILE),
    [
      ...[out, queries, ofQueries, ofIntegers, 2 * integers, count, asked],
      ...[records, stages.length, points, width, logWeights, counted],
    ],
    { work: count * counted * 16, scratch: scratchOf(counted, width, most) },
  );
  const results = space.f64(out, count * each).slice();
  for (const pointer of [asked, out, queries, ofQueries, ofIntegers]) space.release(pointer);
  return { numbers: results, byBytes };
}
