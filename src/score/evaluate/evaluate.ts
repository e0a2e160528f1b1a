import type { ScoreJob } from "../../../bindings/job.js";
import type { Precision } from "../../data/mixture.js";
import type { Process } from "../../process/process.js";
import type { Evaluation, Quantity } from "../field.js";
import { type Request, outputs, type Targets } from "./request.js";
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
  const { data, process, count, times, quantities } = request;
  if (count === 0 || quantities.length === 0) return out;
  const targets = out as Targets;
  const wants = (...names: Quantity[]): boolean => names.some((name) => name in out);
  const nearest = wants("nearest", "nearestDistance");
  const others = quantities.some((name) => name !== "nearest" && name !== "nearestDistance");
  if (directed === undefined) {
    const levels = yield* levelsOf(process, times, data.sigma0);
    const alone = data.uniform;
    if (others || alone) yield* isotropic(request, targets, levels, nearest && alone);
    if (nearest && !alone) yield* findNearest(request, targets, levels);
  } else {
    if (others) yield* directed(request, targets);
    if (nearest) yield* findNearest(request, targets, yield* levelsOf(process, times, data.sigma0));
  }
  return out;
}

/** Whether S_t and D_t are multiples of the identity. */
export function isIsotropic(process: Process): boolean {
  return process.covariance === undefined && process.matrices === undefined;
}

/** How many jobs `evaluation` will yield. */
export function partsOf({ data, process, times, quantities }: Request<Precision, Quantity>): number {
  const nearest = quantities.some((name) => name === "nearest" || name === "nearestDistance");
  const others = quantities.some((name) => name !== "nearest" && name !== "nearestDistance");
  if (!isIsotropic(process)) return (others ? new Set(times).size : 0) + (nearest ? 1 : 0);
  return data.uniform ? 1 : (others ? 1 : 0) + (nearest ? 1 : 0);
}
