import type { PointsInput, Precision } from "../data/mixture.js";
import { TimeSlices } from "../core/scheduler.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { checkPlaces } from "../score/checkPlaces.js";
import { checkNumber, checkOptions } from "../core/check.js";
import { checkPlane, type PlaneOptions, planeOptionNames } from "../data/plane.js";
import type { Places, ScoreEnsemble, StepEstimator } from "../score/field.js";
import { checkRandomness } from "../score/checkRandomness.js";

/** V(z, z') = D_t Cov[s-hat(z), s-hat(z')] D_t': Vastola 2025, Prop. 3.1. */
export interface VKernel {
  /** V(z, z) at queries, `[count, dim, dim]`. */
  at(x: PointsInput, t: number | ArrayLike<number>): Promise<Float64Array>;
  /** V(z, z') between all pairs, `[count of a, count of b, dim, dim]`. */
  between(a: Places, b: Places): Promise<Float64Array>;
  /** tr V(z, z), one per query. */
  trace(x: PointsInput, t: number | ArrayLike<number>): Promise<Float64Array>;
  /**
   * tr V(z, z) over a rectangle of the plane of two coordinates; the other coordinates are those of `through`.
   * @throws {VkernelError} E_USAGE, E_SHAPE, E_RANGE, E_TYPE, E_NONFINITE, E_LIMIT
   */
  map(options: VKernelMapOptions): Promise<VKernelMap>;
  /** "white" where draws of different steps are independent, "correlated" where one function serves the whole path. */
  readonly kind: "white" | "correlated";
}

export interface VKernelMapOptions extends PlaneOptions {
  t: number;
}

/** tr V(z, z) on a grid. */
export interface VKernelMap {
  readonly width: number;
  readonly height: number;
  /** Values of the two coordinates, ascending. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** `[height, width]`, the first row at the first y. */
  readonly trace: Float64Array;
}

/**
 * The V-kernel of an estimator.
 *
 * Of an ensemble it is a function of two places. Of a step estimator draws at different times are independent: V is the
 * coefficient of Vastola 2025, Eq. 9: D C D / R for `draws: R`, noiseTime D C D for `noiseTime`, and 0 between different places (the
 * step itself has covariance `stepCovariance`).
 *
 * @example
 * const V = await vKernel(naiveScore(data, edm(), { draws: 1 })).at([[0.1, 0.2]], 0.5);
 */
export function vKernel<P extends Precision>(estimator: StepEstimator<P> | ScoreEnsemble<P>): VKernel {
  const kind = (estimator as { kind?: unknown } | null | undefined)?.kind;
  if (kind !== "step" && kind !== "ensemble") {
    throw badArgument(
      "E_TYPE",
      "estimator",
      "an ensemble or an estimator such as naiveScore(data, process)",
      estimator,
    );
  }
  if (estimator.kind === "step") checkRandomness(estimator);
  const { dim } = estimator.data;
  const at = (x: PointsInput, t: number | ArrayLike<number>): Promise<Float64Array> =>
    estimator.kind === "step" ? stepAt(estimator, { x, t }) : ensembleAt(estimator, { x, t });
  const trace = async (x: PointsInput, t: number | ArrayLike<number>): Promise<Float64Array> =>
    tracesOf(await at(x, t), dim);
  return {
    kind: estimator.kind === "step" ? "white" : "correlated",
    at,
    between: (a, b) =>
      estimator.kind === "step" ? stepBetween(estimator, a, b) : ensembleBetween(estimator, a, b),
    trace,
    async map(options) {
      checkOptions(options, ["t", ...planeOptionNames]);
      const { x, y, places } = checkPlane(options, dim, "estimator");
      const t = checkNumber(options.t, "t", { min: 0 });
      const width = x.length;
      const out = new Float64Array(width * y.length);
      // A band of rows at a time: every place has a matrix.
      const band = Math.max(1, Math.floor(MAP_NUMBERS / (width * dim * dim)));
      for (let first = 0; first < y.length; first += band) {
        const last = Math.min(y.length, first + band);
        out.set(await trace(places(first, last), t), first * width);
      }
      return { width, height: y.length, x, y, trace: out };
    },
  };
}

/** Units of work of a matrix between two others. */
const matrixWork = ({ data: { dim }, process }: AnyEstimator): number =>
  200 + (process.matrices ? 3 * dim ** 3 : 10 * dim * dim);

type AnyEstimator = StepEstimator<Precision> | ScoreEnsemble<Precision>;

/** D C D at places, C of each by `covariances` of all of them, `[count, dim, dim]`. */
async function sandwiches(
  estimator: AnyEstimator,
  places: Places,
  covariances: (
    x: Float64Array,
    times: Float64Array,
  ) => Promise<(p: number) => Promise<Float64Array> | Float64Array>,
): Promise<Float64Array> {
  const { data, process } = estimator;
  const { dim } = data;
  const { count, times, x } = checkPlaces(data, process, places, "z");
  const out = new Float64Array(count * dim * dim);
  const slices = new TimeSlices(undefined, () => data.check());
  const blockOf = await covariances(x, times);
  for (let p = 0; p < count; p++) {
    const block = await blockOf(p);
    out.set(sandwich(process, times[p], block, times[p], dim), p * dim * dim);
    const wait = slices.spend(matrixWork(estimator));
    if (wait) await wait;
  }
  return out;
}

/** Of a step estimator: its coefficient at places. */
async function stepAt(estimator: StepEstimator<Precision>, places: Places): Promise<Float64Array> {
  const { randomness, average } = estimator;
  const size = estimator.data.dim ** 2;
  const factor = "noiseTime" in randomness ? randomness.noiseTime : 1 / randomness.draws;
  const all = await sandwiches(estimator, places, async (x, times) => {
    const { proxyCovariance } = await average.evaluate(x, times, ["proxyCovariance"]);
    return (p) => Float64Array.from(proxyCovariance.subarray(p * size, (p + 1) * size));
  });
  return all.map((value) => factor * value);
}

/** Of an ensemble: the kernel of every place with itself. */
function ensembleAt(ensemble: ScoreEnsemble<Precision>, places: Places): Promise<Float64Array> {
  const { dim } = ensemble.data;
  return sandwiches(ensemble, places, async (x, times) => {
    const variances = await ensemble.variance?.({ x, t: times });
    return (p) =>
      variances?.subarray(p * dim * dim, (p + 1) * dim * dim) ??
      ensemble.covariance({ x: x.slice(p * dim, (p + 1) * dim), t: times[p] });
  });
}

/** Of an ensemble: the kernel of every place of `a` with every one of `b`. */
async function ensembleBetween(
  ensemble: ScoreEnsemble<Precision>,
  a: Places,
  b: Places,
): Promise<Float64Array> {
  const { data, process } = ensemble;
  const { dim } = data;
  const left = checkPlaces(data, process, a, "a");
  const right = checkPlaces(data, process, b, "b");
  const out = new Float64Array(left.count * right.count * dim * dim);
  const slices = new TimeSlices(undefined, () => data.check());
  const covariance = await ensemble.covariance(a, b);
  for (let p = 0; p < left.count; p++) {
    for (let q = 0; q < right.count; q++) {
      const start = (p * right.count + q) * dim * dim;
      const block = covariance.subarray(start, start + dim * dim);
      out.set(sandwich(process, left.times[p], block, right.times[q], dim), start);
      const wait = slices.spend(matrixWork(ensemble));
      if (wait) await wait;
    }
  }
  return out;
}

/** Of a step estimator: draws at different places have nothing to do with each other. */
async function stepBetween(estimator: StepEstimator<Precision>, a: Places, b: Places): Promise<Float64Array> {
  const { data, process } = estimator;
  const { dim } = data;
  const left = checkPlaces(data, process, a, "a");
  const right = checkPlaces(data, process, b, "b");
  const out = new Float64Array(left.count * right.count * dim * dim);
  const slices = new TimeSlices(undefined, () => data.check());
  const white = await stepAt(estimator, a);
  for (let p = 0; p < left.count; p++) {
    for (let q = 0; q < right.count; q++) {
      let same = left.times[p] === right.times[q];
      for (let d = 0; same && d < dim; d++) same = left.x[p * dim + d] === right.x[q * dim + d];
      if (same)
        out.set(white.subarray(p * dim * dim, (p + 1) * dim * dim), (p * right.count + q) * dim * dim);
    }
    const wait = slices.spend(4 * right.count);
    if (wait) await wait;
  }
  return out;
}

/** The trace of each of many matrices. */
const tracesOf = (matrices: Float64Array, dim: number): Float64Array =>
  Float64Array.from({ length: matrices.length / (dim * dim) }, (_, p) => {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += matrices[p * dim * dim + d * (dim + 1)];
    return sum;
  });

/** Matrices of places of a map that are kept at a time, in numbers. */
const MAP_NUMBERS = 2 ** 20;

/** D_t block D_t'. */
function sandwich(process: Process, t: number, block: Float64Array, s: number, dim: number): Float64Array {
  if (process.matrices === undefined) {
    const factor = process.diffusion(t) * process.diffusion(s);
    return block.map((value) => factor * value);
  }
  const left = process.matrices(t).diffusion;
  const right = process.matrices(s).diffusion;
  return product(product(left, block, dim), right, dim);
}

function product(a: Float64Array, b: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k < dim; k++) {
      const factor = a[i * dim + k];
      for (let j = 0; j < dim; j++) {
        out[i * dim + j] = out[i * dim + j] + factor * b[k * dim + j];
      }
    }
  }
  return out;
}
