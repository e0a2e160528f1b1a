import { log } from "../../numeric/elementary.js";
import { badArgument } from "../../core/errors.js";
import type { TimeSlices } from "../../core/scheduler.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import type { Process } from "../../process/process.js";
import { inWorkspace, type Workspace } from "../../dense/workspace.js";
import { isIsotropic } from "../evaluate/evaluate.js";
import { matrices, means } from "../evaluate/isotropic.js";
import { inPieces, outputs, type Request, type Targets } from "../evaluate/request.js";
import { levelsOf, shrunk, unpack } from "../evaluate/score.js";
import type { EvaluateOptions, Evaluation, Quantity } from "../field.js";
import { kernelScale, type Level } from "../level.js";
import { ErrorBounds, type SumErrors, type Wanted, wantedOf } from "./errorBound.js";
import { evaluateFully, exceeded, unknown } from "./fullSum.js";
import { type Box, densityAt } from "./density.js";
import { latticesOf } from "./masses.js";
import { type Tree, treeOf } from "./tree.js";

/** Numbers of a query's result, and where each begins: `assembly/mixture/tree/sums.ts`. */
const RESULT = 16;
const At = {
  base: 0,
  nearest: 1,
  total: 2,
  mean: 3,
  covariance: 6,
  logError: 12,
  meanError: 13,
  covarianceError: 14,
  summed: 15,
};
/** Queries whose results are in Wasm memory at once. */
const CHUNK = 2 ** 16;
/** Bytes of scratch of the kernel. */
const SCRATCH = 4096;
/** The kernel's share of the tolerance: the rest is for the rounding of results. */
const SHARE = 0.9;
/** Queries that tell how much work the others are. */
const PILOTS = 8;

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

/** Evaluates a request to a tolerance; `full` evaluates one by all points. */
export async function evaluateTo<P extends Precision, Q extends Quantity>(
  request: Request<P, Q>,
  tolerance: number,
  options: EvaluateOptions,
  slices: TimeSlices,
  full: (request: Request<P, Quantity>) => Promise<Evaluation<P, Quantity>>,
): Promise<Evaluation<P, Q>> {
  const { data, process, quantities } = request;
  checkTolerance(quantities, tolerance);
  if (!hasTree(data, process)) return evaluateFully(request, tolerance, options.signal, slices, full);
  return data.hold(() => evaluateWithin(request, tolerance, options, slices));
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
  const results = new Results(request, out as Targets, levels);
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

interface Sums {
  readonly tree: Tree;
  readonly wanted: Wanted;
  readonly tolerance: number;
  readonly y: Float64Array;
  readonly levels: (q: number) => Level;
  readonly times: Float64Array;
}

/** What runs the kernel on queries `first` ... `last` and copies their results. */
async function preparedSums(
  { data, count }: Request<Precision, Quantity>,
  { tree, wanted, tolerance, y, levels, times }: Sums,
  space: Workspace,
): Promise<(first: number, last: number, results: Float64Array) => Promise<void>> {
  const { dim, size, scale } = tree;
  const single = times.length === 1;
  const most = Math.min(count, CHUNK);
  const queries = space.alloc(most * dim, "x");
  const out = space.alloc(most * RESULT, "x");
  const k = space.alloc(single ? 1 : most, "t");
  const asked = space.alloc(6, "x");
  const inverse = scale > 0 ? 1 / scale : 0;
  space
    .f64(asked, 6)
    .set([
      tolerance,
      wanted.log ? 1 : 0,
      wanted.mean ? inverse : 0,
      wanted.covariance ? Math.max(inverse * inverse, Number.MIN_VALUE) : 0,
      wanted.nearest ? 1 : 0,
      centreSize(data),
    ]);
  let lattice = 0;
  if (single && !wanted.covariance) {
    const lattices = await latticesOf(data, tree);
    const { total, alpha } = levels(0);
    if (lattices)
      lattice = await densityAt(
        lattices,
        tree,
        space,
        Math.sqrt(total) / alpha,
        tolerance,
        boxOf(y, dim),
        centreSize(data),
      );
  }
  if (single) space.f64(k, 1)[0] = kernelScale(levels(0), "f64");
  const args = [
    out,
    queries,
    k,
    single ? 0 : 8,
    asked,
    tree.nodes,
    tree.points,
    tree.row,
    tree.order,
    size,
    tree.depth,
    lattice,
  ];
  const kernel = `treePosterior${dim}` as const;
  return async (first, last, results) => {
    const n = last - first;
    space.f64(queries, n * dim).set(y.subarray(first * dim, last * dim));
    if (!single) {
      const scales = space.f64(k, n);
      for (let i = 0; i < n; i++) scales[i] = kernelScale(levels(first + i), "f64");
    }
    await space.spend(2 * n * dim);
    // A few queries tell what one costs: from one leaf to all points.
    const stride = Math.ceil(n / PILOTS);
    let work = 0;
    let pilots = 0;
    for (let i = 0; i < n; i += stride) {
      const rest = [...args];
      rest[0] += i * RESULT * 8;
      rest[1] += i * dim * 8;
      if (!single) rest[2] += i * 8;
      await space.run(kernel, 1, rest, { work: 1000, scratch: SCRATCH });
      work += workOf(space.f64(rest[0], RESULT)[At.summed]);
      pilots++;
    }
    await space.run(kernel, n, args, { work: (n * work) / pilots, block: 2 ** 16, scratch: SCRATCH });
    results.set(space.f64(out, n * RESULT));
    await space.spend(2 * n * RESULT);
  };
}

const centreSize = ({ centre }: Mixture): number => centre?.reduce((sum, x) => sum + Math.abs(x), 0) ?? 0;

/** Units of work of a query by the points it summed. */
const workOf = (summed: number): number => (summed < 0 ? 9000 : 1000 + 5 * summed);

function boxOf(y: Float64Array, dim: number): Box {
  const least = new Float64Array(dim).fill(Number.POSITIVE_INFINITY);
  const largest = new Float64Array(dim).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < y.length; i++) {
    const d = i % dim;
    if (y[i] < least[d]) least[d] = y[i];
    if (y[i] > largest[d]) largest[d] = y[i];
  }
  return { least, largest };
}

/** What the kernel's sums say of the queries. */
class Results {
  /** Weighted means of the points, `[count, dim]`. */
  readonly means: Float64Array;
  readonly #request: Request<Precision, Quantity>;
  readonly #out: Targets;
  readonly #levels: (q: number) => Level;
  readonly #wanted: Wanted;
  readonly #matrix: Float64Array;
  readonly #packed = new Float64Array(6);
  /** Bounds of each query: log density, mean, covariance. */
  readonly #errors: Float64Array;

  constructor(request: Request<Precision, Quantity>, out: Targets, levels: (q: number) => Level) {
    const { data, count, quantities } = request;
    this.#request = request;
    this.#out = out;
    this.#levels = levels;
    this.#wanted = wantedOf(quantities);
    this.means = new Float64Array(count * data.dim);
    this.#matrix = new Float64Array(data.dim * data.dim);
    this.#errors = new Float64Array(3 * count);
  }

  /** Takes the sums of query q, which begin at a number of the kernel's results. */
  take(sums: Float64Array, at: number, q: number): void {
    const { data } = this.#request;
    const { dim } = data;
    const out = this.#out;
    const level = this.#levels(q);
    for (let d = 0; d < dim; d++) this.means[q * dim + d] = sums[at + At.mean + d];
    for (let e = 0; e < 3; e++) this.#errors[3 * q + e] = sums[at + At.logError + e];
    if (out.logDensity) {
      const width = 0.5 * dim * log(2 * Math.PI * level.total);
      out.logDensity[q] = log(sums[at + At.total]) - Math.LN2 * sums[at + At.base] - width;
    }
    if (this.#wanted.nearest) this.#takeNearest(data.order[sums[at + At.nearest]], q, level);
    if (!this.#wanted.covariance) return;
    for (let e = 0; e < 6; e++) this.#packed[e] = sums[at + At.covariance + e];
    unpack(this.#packed, 0, dim, this.#matrix);
    let trace = 0;
    for (let d = 0; d < dim; d++) trace += this.#matrix[d * (dim + 1)];
    matrices(this.#request, out, level, q, this.#matrix, trace);
  }

  #takeNearest(m: number, q: number, { alpha }: Level): void {
    const { data, x } = this.#request;
    const { dim, local } = data;
    const out = this.#out;
    if (out.nearest) out.nearest[q] = m;
    if (!out.nearestDistance) return;
    let square = 0;
    for (let d = 0; d < dim; d++) square += (x[q * dim + d] - alpha * local[m * dim + d]) ** 2;
    out.nearestDistance[q] = Math.sqrt(square);
  }

  errorsOf(q: number): SumErrors {
    const { data, x } = this.#request;
    const { dim } = data;
    const level = this.#levels(q);
    const { alpha } = level;
    if (kernelScale(level, "f64") !== (alpha * alpha * Math.LOG2E) / (2 * level.total)) return unknown;
    let residual = 0;
    for (let i = q * dim; i < (q + 1) * dim; i++)
      residual += Math.abs(x[i]) + alpha * Math.abs(this.means[i]);
    return {
      log: this.#errors[3 * q],
      mean: this.#errors[3 * q + 1],
      covariance: this.#errors[3 * q + 2],
      residual,
    };
  }
}
