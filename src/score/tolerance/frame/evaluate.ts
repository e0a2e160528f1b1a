import { log } from "../../../numeric/elementary.js";
import type { TimeSlices } from "../../../core/scheduler.js";
import type { Mixture, Precision } from "../../../data/mixture.js";
import { inWorkspace } from "../../../dense/workspace.js";
import type { Process } from "../../../process/process.js";
import { isIsotropic } from "../../evaluate/evaluate.js";
import { matrices, means } from "../../evaluate/isotropic.js";
import { inPieces, isMatrix, outputs, type Request, type Targets } from "../../evaluate/request.js";
import { levelsOf, shrunk } from "../../evaluate/score.js";
import type { EvaluateOptions, Evaluation, Quantity } from "../../field.js";
import { isInRange, type Level } from "../../level.js";
import { ErrorBounds, type SumErrors, wantedOf } from "../errorBound.js";
import { evaluateFully, exceeded } from "../fullSum.js";
import { type Frame, frameOf, MOST_NORM } from "./frame.js";
import { lengthOf } from "../lengths.js";
import { takeNearest } from "../results.js";
import { At, type FrameResults, frameSums, HEAD, resultOf } from "./sums.js";

/** Below so many points their sum costs less. */
const LEAST_POINTS = 64;
/** The kernel's share of the tolerance: the rest is for the rounding of results. */
const SHARE = 0.9;
/** Numbers of queries that are in Wasm memory at once; progress is told after each such chunk. */
const CHUNK = 2 ** 18;

/** Whether points can be left out by a frame: in four and more dimensions, on the kernels, and where noise has no direction. */
export const hasFrame = ({ dim, engine, counted }: Mixture, process: Process): boolean =>
  dim > 3 && counted >= LEAST_POINTS && engine.runtime !== undefined && isIsotropic(process);

/** The sum over all points. */
export type FullSum<P extends Precision> = (
  request: Request<P, Quantity>,
  options: EvaluateOptions,
) => Promise<Evaluation<P, Quantity>>;

/** What was found of the queries, and which of them want the sum over all points. */
class Framed {
  readonly means: Float64Array;
  readonly full: number[] = [];
  /** Points that were summed, -1 where all are. */
  readonly summed: Int32Array;
  readonly #errors: SumErrors[] = [];
  readonly #request: Request<Precision, Quantity>;
  readonly #out: Targets;
  readonly #levels: (q: number) => Level;

  constructor(request: Request<Precision, Quantity>, out: Targets, levels: (q: number) => Level) {
    this.#request = request;
    this.#out = out;
    this.#levels = levels;
    this.means = new Float64Array(request.count * request.data.dim);
    this.summed = new Int32Array(request.count).fill(-1);
  }

  /** Takes the sums of query q, the i-th of the kernel's results. */
  take({ numbers: sums, byBytes }: FrameResults, i: number, q: number): void {
    const at = i * resultOf(this.#request.data);
    const { data, x } = this.#request;
    const { dim } = data;
    const level = this.#levels(q);
    const out = this.#out;
    let [ofX, ofMean] = [0, 0];
    for (let d = 0; d < dim; d++) ofX += x[q * dim + d] ** 2;
    // Far out and at ends of the arithmetic's range kernels' numbers may be none.
    const inRange = isInRange(level, "f64") && Math.sqrt(ofX) < MOST_NORM * level.alpha;
    this.summed[q] = inRange ? sums[at + At.summed] : -1;
    if (this.summed[q] < 0) {
      this.full.push(q);
      return;
    }
    for (let d = 0; d < dim; d++) {
      const mean = sums[at + HEAD + d];
      this.means[q * dim + d] = mean;
      ofMean += mean * mean;
    }
    const base = Math.LN2 * sums[at + At.base];
    const width = 0.5 * dim * log(2 * Math.PI * level.total);
    if (out.logDensity) out.logDensity[q] = log(sums[at + At.total]) - base - width;
    takeNearest(this.#request, out, q, level, sums[at + At.nearest]);
    if (out.proxyVariance ?? out.divergence) {
      matrices(this.#request, out, level, q, undefined, sums[at + At.trace]);
    }
    const { log: ofLog, mean: ofMeans } = (sums[at + At.logError] < 0 ? byBytes[i] : undefined) ?? {
      log: sums[at + At.logError],
      mean: sums[at + At.meanError],
    };
    this.#errors[q] = {
      log: ofLog + 2 ** -50 * (Math.abs(base) + Math.abs(width)),
      mean: ofMeans,
      covariance: sums[at + At.covarianceError],
      residual: Math.sqrt(ofX) + level.alpha * Math.sqrt(ofMean),
    };
  }

  errorsOf = (q: number): SumErrors => this.#errors[q];
}

/** By the frame of the points where few of them count, and by all of them elsewhere, query by query. */
export async function evaluateFramed<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  tolerance: number,
  options: EvaluateOptions,
  slices: TimeSlices,
  full: FullSum<P>,
): Promise<Evaluation<P, Q>> {
  const { data, process, count, times, quantities } = request;
  const { signal, onProgress } = options;
  const some = count > 0 && quantities.length > 0;
  const matrix = quantities.some(isMatrix);
  const frame = some && !matrix ? await frameOf(data, signal) : undefined;
  if (frame === undefined)
    return evaluateFully(request, tolerance, signal, slices, (all) => full(all, options));
  const out = outputs(request);
  const errorBound = new Float64Array(count);
  const result = Object.assign(out, { errorBound });
  const levels = await slices.run(levelsOf(process, times, data.sigma0));
  const framed = new Framed(request, out as Targets, levels);
  await sumAll(request, frame, framed, levels, tolerance, options, slices);
  await slices.run(means(request, out as Targets, levels, framed.means));
  const bounds = new ErrorBounds(request, out as Targets, frame.scale);
  await slices.run(
    inPieces(count, 60 + 8 * data.dim, (first, last) => {
      for (let q = first; q < last; q++) {
        if (framed.summed[q] >= 0) errorBound[q] = bounds.of(q, levels(q), framed.errorsOf(q));
      }
    }),
  );
  const done = count - framed.full.length;
  if (framed.full.length > 0) {
    const report =
      onProgress &&
      ((progress: { done: number }) => onProgress({ done: done + progress.done, total: count }));
    const rest = await evaluateFully(pick(request, framed.full), tolerance, signal, slices, (all) =>
      full(all, report ? { ...options, onProgress: report } : options),
    );
    for (const name of [...quantities, "errorBound"] as const) {
      copyRows(rest[name as Q] as ArrayLike<number>, result[name as Q] as Float64Array, framed.full);
    }
  }
  await slices.settle();
  const notes = exceeded(errorBound, tolerance, request.wide ? "f64" : data.precision);
  return notes.length > 0 ? Object.assign(result, { notes }) : result;
}

/** Runs the kernel on all queries, a chunk after another. */
async function sumAll(
  request: Request<Precision, Quantity>,
  frame: Frame,
  framed: Framed,
  levels: (q: number) => Level,
  tolerance: number,
  { signal, onProgress }: EvaluateOptions,
  slices: TimeSlices,
): Promise<void> {
  const { data, count, quantities } = request;
  const { dim, centre, engine } = data;
  const y = await slices.run(shrunk(request, levels));
  const far = centre ? lengthOf(centre) : 0;
  const moved = (q: number): number => {
    if (levels(q).alpha === 1 && centre === undefined) return 0;
    return 2 ** -51 * (lengthOf(y.subarray(q * dim, (q + 1) * dim)) + far);
  };
  const sums = { y, levels, wanted: wantedOf(quantities), tolerance: SHARE * tolerance, moved };
  const chunk = Math.max(1, Math.floor(CHUNK / dim));
  await inWorkspace(engine, signal ? { signal } : {}, count, async (space) => {
    for (let first = 0; first < count; first += chunk) {
      const last = Math.min(count, first + chunk);
      const raw = await frameSums(request, frame, sums, [first, last], space, signal);
      await slices.run(
        inPieces(last - first, 8 * dim, (from, to) => {
          for (let i = from; i < to; i++) framed.take(raw, i, first + i);
        }),
      );
      const done = last - framed.full.length;
      if (onProgress) slices.report(() => onProgress({ done, total: count }));
    }
  });
}

/** Some queries of a request. */
function pick<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  queries: readonly number[],
): Request<P, Q> {
  const { data, absolute, x, times } = request;
  const rows = <T extends Float32Array | Float64Array>(all: T): T => {
    const some = all.slice(0, queries.length * data.dim) as T;
    queries.forEach((q, i) => {
      some.set(all.subarray(q * data.dim, (q + 1) * data.dim), i * data.dim);
    });
    return some;
  };
  return {
    ...request,
    absolute: rows(absolute),
    x: rows(x),
    count: queries.length,
    times: times.length === 1 ? times : Float64Array.from(queries, (q) => times[q]),
  };
}

/** Copies rows to the places of some queries. */
function copyRows(
  from: ArrayLike<number>,
  to: { [index: number]: number },
  queries: readonly number[],
): void {
  const width = from.length / queries.length;
  queries.forEach((q, i) => {
    for (let d = 0; d < width; d++) to[q * width + d] = from[i * width + d];
  });
}
