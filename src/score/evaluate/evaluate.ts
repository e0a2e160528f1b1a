import type { ScoreJob } from "../../../bindings/job.js";
import type { Precision } from "../../data/mixture.js";
import type { Process } from "../../process/process.js";
import type { Evaluation, Quantity } from "../field.js";
import { isMatrix, type Request, outputs, type Targets } from "./request.js";
import { levelsOf } from "./score.js";
import { isotropic, findNearest } from "./isotropic.js";
import type { anisotropic } from "./anisotropic.js";

/**
 * Evaluates a request. It yields the jobs that have to run; the caller runs each, at once or on the pool, and
 * resumes. Kernels give weighted means and covariances; what follows from them is computed here in float64.
 *
 * @param directed what evaluates where noise has a direction: given if, and only if, it has one
 */
export function* evaluation<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  directed: typeof anisotropic | undefined,
): Generator<ScoreJob | number, Evaluation<P, Q>, void> {
  const out = outputs(request);
  if (request.quantities.length === 0) return out;
  for (const [first, last] of portionsOf(request)) {
    yield* portion(...partOf(request, out as Targets, first, last), directed);
  }
  return out;
}

function* portion(
  request: Request<Precision, Quantity>,
  out: Targets,
  directed: typeof anisotropic | undefined,
): Generator<ScoreJob | number, void, void> {
  const { data, process, times, quantities } = request;
  const nearest = !!(out.nearest ?? out.nearestDistance);
  const others = quantities.some((name) => name !== "nearest" && name !== "nearestDistance");
  if (directed === undefined) {
    const levels = yield* levelsOf(process, times, data.sigma0);
    const alone = data.uniform;
    if (others || alone) yield* isotropic(request, out, levels, nearest && alone);
    if (nearest && !alone) yield* findNearest(request, out, levels);
  } else {
    if (others) yield* directed(request, out);
    if (nearest) yield* findNearest(request, out, yield* levelsOf(process, times, data.sigma0));
  }
}

/** Bytes that a call takes beside queries and results, about: queries are evaluated in portions of so many. */
const PORTION = 2 ** 22;

/** Ranges of queries that are evaluated one after the other; results are those of all at once. */
function portionsOf({ data, count, quantities }: Request<Precision, Quantity>): [number, number][] {
  const { dim, size } = data;
  // Queries divided by alpha, and in Wasm memory; means there and here; what is summed of weights; matrices; weights.
  const weights = quantities.includes("posteriorWeights") ? 16 * size : 0;
  const each = 32 * dim + 128 + (quantities.some(isMatrix) ? 16 * dim * dim : 0) + weights;
  const step = Math.max(1, Math.floor(PORTION / each));
  const portions: [number, number][] = [];
  for (let first = 0; first < count; first += step) portions.push([first, Math.min(count, first + step)]);
  return portions;
}

/** Queries `first` to `last` of a request, and where their results go. */
function partOf(
  request: Request<Precision, Quantity>,
  out: Targets,
  first: number,
  last: number,
): [Request<Precision, Quantity>, Targets] {
  const { x, absolute, times, count, data } = request;
  const { dim } = data;
  const rows = <T extends Targets[Quantity] | Float64Array>(values: T, width: number): T =>
    (values as Float64Array).subarray(first * width, last * width) as unknown as T;
  const targets: Targets = {};
  for (const [name, values] of Object.entries(out) as [Quantity, Float64Array][])
    targets[name] = rows(values, values.length / count);
  return [
    {
      ...request,
      x: rows(x as Float64Array, dim),
      absolute: rows(absolute as Float64Array, dim),
      times: times.length === 1 ? times : times.subarray(first, last),
      count: last - first,
    },
    targets,
  ];
}

/** Whether S_t and D_t are multiples of the identity. */
export function isIsotropic(process: Process): boolean {
  return process.covariance === undefined && process.matrices === undefined;
}

/** How many jobs `evaluation` will yield. */
export function partsOf(request: Request<Precision, Quantity>): number {
  const { data, process, times, quantities } = request;
  const nearest = quantities.some((name) => name === "nearest" || name === "nearestDistance");
  const others = quantities.some((name) => name !== "nearest" && name !== "nearestDistance");
  let parts = 0;
  for (const [first, last] of portionsOf(request)) {
    if (!isIsotropic(process)) {
      const known = times.length === 1 ? 1 : new Set(times.subarray(first, last)).size;
      parts += (others ? known : 0) + (nearest ? 1 : 0);
    } else parts += data.uniform ? 1 : (others ? 1 : 0) + (nearest ? 1 : 0);
  }
  return parts;
}
