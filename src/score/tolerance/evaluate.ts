import { badArgument } from "../../core/errors.js";
import type { TimeSlices } from "../../core/scheduler.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import { inWorkspace } from "../../dense/workspace.js";
import type { Process } from "../../process/process.js";
import { isIsotropic } from "../evaluate/evaluate.js";
import { means } from "../evaluate/isotropic.js";
import { inPieces, outputs, type Request, type Targets } from "../evaluate/request.js";
import { levelsOf, shrunk } from "../evaluate/score.js";
import type { EvaluateOptions, Evaluation, Quantity } from "../field.js";
import { ErrorBounds, wantedOf } from "./errorBound.js";
import { evaluateFramed, type FullSum, hasFrame } from "./frame/evaluate.js";
import { evaluateFully, exceeded } from "./fullSum.js";
import { RESULT, Results } from "./results.js";
import { CHUNK, preparedSums, type Sums } from "./sums.js";
import { treeOf } from "./tree.js";

/** The kernel's share of the tolerance: the rest is for the rounding of results. */
const SHARE = 0.9;

const refused: readonly (readonly [Quantity, string])[] = [
  ["posteriorWeights", "it has a number for every point, so that nothing can be left out"],
  ["posteriorEntropy", "it has no bound of what is left out"],
  ["effectiveCount", "it has no bound of what is left out"],
];

/** Refuses quantities that a tolerance has no meaning for. */
function checkTolerance(quantities: readonly Quantity[], tolerance: number): void {
  for (const [name, reason] of refused) {
    if (!quantities.includes(name)) continue;
    throw badArgument("E_UNSUPPORTED", "tolerance", `0 with ${name}: ${reason}`, tolerance);
  }
}

/** Evaluates a request to a tolerance; `full` evaluates one by all points, with options of its own. */
export async function evaluateTo<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  tolerance: number,
  options: EvaluateOptions,
  slices: TimeSlices,
  full: FullSum<P>,
): Promise<Evaluation<P, Q>> {
  const { data, process, quantities } = request;
  checkTolerance(quantities, tolerance);
  if (hasTree(data, process)) return data.hold(() => evaluateWithin(request, tolerance, options, slices));
  if (hasFrame(data, process))
    return data.hold(() => evaluateFramed(request, tolerance, options, slices, full));
  return evaluateFully(request, tolerance, options.signal, slices, (all) => full(all, options));
}

/** Whether points can be left out: in one to three dimensions, on the kernels, and where noise has no direction. */
export const hasTree = ({ dim, engine }: Mixture, process: Process): boolean =>
  dim <= 3 && engine.runtime !== undefined && isIsotropic(process);

/** By the tree of the points, which there is, and by lattices of smoothed masses where all queries share a time. */
export async function evaluateWithin<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  tolerance: number,
  { signal, onProgress }: EvaluateOptions,
  slices: TimeSlices,
): Promise<Evaluation<P, Q>> {
  const { data, process, count, times, quantities } = request;
  const out = outputs(request);
  const errorBound = new Float64Array(count);
  const result = Object.assign(out, { errorBound });
  if (count === 0 || quantities.length === 0) return result;
  const tree = await treeOf(data, signal);
  const levels = await slices.run(levelsOf(process, times, data.sigma0));
  const y = await slices.run(shrunk(request, levels));
  const wanted = wantedOf(quantities);
  const raw = new Float64Array(Math.min(count, CHUNK) * RESULT);
  const sums: Sums = { tree, wanted, tolerance: SHARE * tolerance, y, levels, times };
  const results = new Results(request, out as Targets, levels, wanted);
  await inWorkspace(data.engine, signal ? { signal } : {}, count, async (space) => {
    const run = await preparedSums(request, sums, space);
    for (let first = 0; first < count; first += CHUNK) {
      const last = Math.min(count, first + CHUNK);
      await run(first, last, raw);
      await slices.run(
        inPieces(last - first, 40 + 12 * data.dim * data.dim, (from, to) => {
          for (let i = from; i < to; i++) results.take(raw, i * RESULT, first + i);
        }),
      );
      if (onProgress) slices.report(() => onProgress({ done: last, total: count }));
    }
  });
  await slices.run(means(request, out as Targets, levels, results.means));
  const bounds = new ErrorBounds(request, out as Targets, tree.scale);
  await slices.run(
    inPieces(count, 60 + 8 * data.dim, (first, last) => {
      for (let q = first; q < last; q++) errorBound[q] = bounds.of(q, levels(q), results.errorsOf(q));
    }),
  );
  await slices.settle();
  const notes = exceeded(errorBound, tolerance, request.wide ? "f64" : data.precision);
  return notes.length > 0 ? Object.assign(result, { notes }) : result;
}
