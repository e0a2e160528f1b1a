import type { Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { symmetricEigen } from "../numeric/linear.js";
import { rowsOf } from "../score/ensemble.js";
import type { ScoreEnsemble, StepEstimator } from "../score/field.js";
import { checkRandomness } from "../score/checkRandomness.js";
import { stepCovariance } from "./stepCovariance.js";
import { vKernel } from "./vKernel.js";

/** Trajectories with every time of their grid: what `sample(..., { record: "all" })` returns, or the like. */
export interface Paths {
  /** `[times, count, dim]` */
  readonly trajectories: Float32Array | Float64Array | undefined;
  /** Descending. */
  readonly times: Float64Array;
  readonly count: number;
}

export interface PathDensity {
  /** log density of each path given its start, `[count]`; -Infinity for a path that leaves the range of V. */
  readonly logDensity: Float64Array;
  /** The quadratic form in the residuals, `[count]`: chi-square with `rank` degrees of freedom under the effective SDE. */
  readonly quadratic: Float64Array;
  /** The rank of the covariance of all residuals of a path, `[count]`. */
  readonly rank: Int32Array;
}

/** Eigenvalues below this share of the largest count as 0; residuals off the range by this share of their size as rounding. */
const RANGE = 1e-10;
const OFF_RANGE = 1e-5;
/** Numbers of a covariance of a whole path: (steps dim)^2. */
const MAX_ORDER = 600;

/**
 * The discretized weight of a path under the effective SDE: Vastola 2025, Eq. 7 with its M1 and M2 integrated over the
 * auxiliary p_t, which leaves a Gaussian in the residuals r_k = x_(k+1) - x_k - dt (beta x_k + D s_avg(x_k, t_k)) of covariance
 * dt_k V(z_k, z_l) dt_l, taken on its range (`docs/mathematics.md`, Densities of paths). Residuals are functions of the path with unit
 * Jacobian (Ito), so this is the density of the Euler scheme itself.
 *
 * @param estimator `effectiveSde(...)` of a naive estimator (V white) or of an ensemble (V correlated)
 * @throws {VkernelError} E_USAGE for an estimator that is not Gaussian, whose paths have no density; E_SHAPE, E_LIMIT
 */
export async function pathLogDensity<P extends Precision>(
  paths: Paths,
  estimator: StepEstimator<P> | ScoreEnsemble<P>,
): Promise<PathDensity> {
  const run = checkPaths(paths, estimator);
  const { count, order } = run;
  const density = {
    logDensity: new Float64Array(count),
    quadratic: new Float64Array(count),
    rank: new Int32Array(count),
  };
  const add = (path: number, term: Gaussian): void => {
    density.logDensity[path] = density.logDensity[path] + term.logDensity;
    density.quadratic[path] = density.quadratic[path] + term.quadratic;
    density.rank[path] = density.rank[path] + term.rank;
  };
  const residuals = new Float64Array(count * order);
  for (let k = 0; k < run.steps; k++) {
    await setResiduals(residuals, run, k, estimator);
    if (estimator.kind === "step") await addStep(residuals, run, k, estimator, add);
  }
  if (estimator.kind === "ensemble") await addWhole(residuals, run, estimator, add);
  return density;
}

/** Paths that were checked: the states at every time, `[steps + 1, count, dim]`, with `order` residuals of each path. */
interface Run {
  readonly trajectories: NonNullable<Paths["trajectories"]>;
  readonly times: Float64Array;
  readonly count: number;
  readonly dim: number;
  readonly steps: number;
  readonly order: number;
}

type AnyEstimator = StepEstimator<Precision> | ScoreEnsemble<Precision>;

function checkPaths(paths: Paths, estimator: AnyEstimator): Run {
  const { kind, data, process } = estimator;
  if (kind !== "step" && kind !== "ensemble") {
    throw badArgument("E_TYPE", "estimator", "an effective SDE", estimator);
  }
  if (process.matrices !== undefined) {
    throw badArgument("E_UNSUPPORTED", "estimator", "an isotropic process", process.name);
  }
  const white = kind === "step";
  if (white) checkRandomness(estimator);
  if (white ? estimator.randomness.gaussian === undefined : !("effective" in estimator)) {
    const expected = "effectiveSde(...): paths of others have no density";
    throw badArgument("E_USAGE", "estimator", expected, "one that is not Gaussian");
  }
  const { trajectories, times, count } = paths ?? {};
  const { dim } = data;
  const steps = (times?.length ?? 0) - 1;
  if (trajectories?.length !== (steps + 1) * count * dim || steps < 1) {
    const expected = 'trajectories of every time of the grid (record: "all")';
    throw badArgument("E_SHAPE", "paths", expected, trajectories?.length);
  }
  if (times[steps] === 0) {
    throw badArgument("E_RANGE", "paths", "a last time above 0 (a step to 0 has no noise)", 0);
  }
  const order = steps * dim;
  if (!white && order > MAX_ORDER) {
    const expected = `at most ${MAX_ORDER} steps x dim where noise is correlated`;
    throw badArgument("E_LIMIT", "paths", expected, order);
  }
  return { trajectories, times, count, dim, steps, order };
}

const statesAt = ({ trajectories, count, dim }: Run, k: number): Float64Array =>
  Float64Array.from(trajectories.subarray(k * count * dim, (k + 1) * count * dim));

/** What step k of every path has beyond its drift. */
async function setResiduals(
  residuals: Float64Array,
  run: Run,
  k: number,
  { average, process }: AnyEstimator,
): Promise<void> {
  const { times, count, dim, order } = run;
  const [t, s] = [times[k], times[k + 1]];
  const dt = t - s;
  const x = statesAt(run, k);
  const next = run.trajectories.subarray((k + 1) * count * dim, (k + 2) * count * dim);
  const score = await rowsOf(average, x, t);
  const [beta, diffusion] = [process.beta(t), process.diffusion(t)];
  for (let p = 0; p < count; p++) {
    for (let d = 0; d < dim; d++) {
      const i = p * dim + d;
      const drift = beta * x[i] + diffusion * score[i];
      residuals[p * order + k * dim + d] = next[i] - x[i] - dt * drift;
    }
  }
}

type Add = (path: number, term: Gaussian) => void;

/** Where noise is white, steps are independent: one Gaussian for each. */
async function addStep(
  residuals: Float64Array,
  run: Run,
  k: number,
  estimator: StepEstimator<Precision>,
  add: Add,
): Promise<void> {
  const { times, count, dim, order } = run;
  const x = statesAt(run, k);
  const covariance = await stepCovariance(estimator, { x, t: times[k] }, { dt: times[k] - times[k + 1] });
  for (let p = 0; p < count; p++) {
    const block = covariance.slice(p * dim * dim, (p + 1) * dim * dim);
    const residual = residuals.slice(p * order + k * dim, p * order + (k + 1) * dim);
    add(p, gaussian(residual, block, dim, sizeOf(x, p * dim, dim)));
  }
}

/** Where noise is correlated, a path is one Gaussian. */
async function addWhole(
  residuals: Float64Array,
  { trajectories, times, count, dim, steps, order }: Run,
  estimator: ScoreEnsemble<Precision>,
  add: Add,
): Promise<void> {
  const V = vKernel(estimator);
  for (let p = 0; p < count; p++) {
    const x = new Float64Array(order);
    for (let k = 0; k < steps; k++) {
      const at = (k * count + p) * dim;
      x.set(trajectories.subarray(at, at + dim), k * dim);
    }
    const places = { x, t: times.slice(0, steps) };
    const blocks = await V.between(places, places);
    const matrix = new Float64Array(order * order);
    for (let k = 0; k < steps; k++) {
      for (let l = 0; l < steps; l++) {
        const factor = (times[k] - times[k + 1]) * (times[l] - times[l + 1]);
        for (let i = 0; i < dim; i++) {
          for (let j = 0; j < dim; j++) {
            matrix[(k * dim + i) * order + l * dim + j] =
              factor * blocks[((k * steps + l) * dim + i) * dim + j];
          }
        }
      }
    }
    add(p, gaussian(residuals.slice(p * order, (p + 1) * order), matrix, order, sizeOf(x, 0, order)));
  }
}

interface Gaussian {
  logDensity: number;
  quadratic: number;
  rank: number;
}

/** log N(r; 0, C) on the range of C. `size` is that of the states, whose rounding residuals carry. */
function gaussian(r: Float64Array, c: Float64Array, n: number, size: number): Gaussian {
  // Scaled to 1, as the decomposition asks.
  let scale = 0;
  for (const entry of c) scale = Math.max(scale, Math.abs(entry));
  const found =
    scale === 0
      ? undefined
      : symmetricEigen(
          c.map((entry) => entry / scale),
          n,
          60,
        );
  const values = found ? found.d.map((value) => scale * value) : new Float64Array(n);
  const vectors = found?.z ?? identity(n);
  let largest = 0;
  for (const value of values) largest = Math.max(largest, value);
  let quadratic = 0;
  let logDeterminant = 0;
  let rank = 0;
  let off = 0;
  for (let k = 0; k < n; k++) {
    let along = 0;
    for (let i = 0; i < n; i++) along += vectors[i * n + k] * r[i];
    const value = values[k];
    if (value > RANGE * largest) {
      quadratic += (along * along) / value;
      logDeterminant += Math.log(2 * Math.PI * value);
      rank++;
    } else off = Math.max(off, Math.abs(along));
  }
  // What lies off the range may be rounding of the states or of the noise.
  const allowed = OFF_RANGE * Math.sqrt(largest) + 1e-12 * size;
  if (off > allowed)
    return { logDensity: Number.NEGATIVE_INFINITY, quadratic: Number.POSITIVE_INFINITY, rank };
  return { logDensity: -0.5 * (quadratic + logDeterminant), quadratic, rank };
}

function sizeOf(x: Float64Array, start: number, dim: number): number {
  let largest = 0;
  for (let d = 0; d < dim; d++) largest = Math.max(largest, Math.abs(x[start + d]));
  return largest;
}

function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * (n + 1)] = 1;
  return out;
}
