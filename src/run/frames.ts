import type { Mixture } from "../data/mixture.js";
import { VkernelError } from "../core/errors.js";
import { kernelScale } from "../score/level.js";
import { bridgeMatrices } from "../process/bridgeMatrices.js";
import type { Process, ProcessMatrices } from "../process/process.js";
import {
  type Matrix,
  cholesky,
  matmul,
  solve,
  solveLower,
  solveUpper,
  steadyRoot,
  symmetricOf,
  timesInverse,
} from "../numeric/linear.js";
import { multiply } from "../numeric/multiply.js";

interface Frame {
  /** alpha^2 log2(e) / (2 v) */
  scale: number;
  points: number;
  inward: number;
  outward: number;
  pull: number;
  width: number;
  /** L^-T */
  transposed: Float64Array;
  v: number;
}

/**
 * Coordinates in which the noise of one time is round, for processes whose V_t = alpha^2 sigma0^2 I + S_t is no multiple
 * of one matrix. With V = v L L' (v the mean of its diagonal) they are z = L^-1 x. Matrices and whitened points go to
 * tables, by their indices in which operations name them.
 */
export class Frames {
  /** Row-major dim x dim. */
  readonly matrices: Float64Array[] = [];
  /** Points L^-1 mu, packed; index i + 1 names entry i, 0 the points as they are. */
  readonly pointSets: Float64Array[] = [];
  readonly #data: Mixture;
  readonly #process: Process;
  readonly #frames = new Map<number, Frame>();
  readonly #roots = new Map<string, number>();
  readonly #bridges = new Map<string, { state: number; point: number; root: number }>();

  /** Whether the covariance is the same at all times, so that all matrices are multiples of it. */
  readonly constant: boolean;

  constructor(data: Mixture, process: Process) {
    this.constant = process.covariance !== undefined;
    this.#data = data;
    this.#process = process;
  }

  scale = (t: number): number => this.#at(t).scale;
  points = (t: number): number => this.#at(t).points;
  /** L^-1 */
  inward = (t: number): number => this.#at(t).inward;
  /** L */
  outward = (t: number): number => this.#at(t).outward;
  /** (alpha / v) D_t L^-T: takes z - mean to D_t V^-1 (x - alpha mean). */
  pull = (t: number): number => this.#at(t).pull;
  /** (alpha^2 sigma0^2 / v) L^-T: takes z - mean to alpha sigma0^2 V^-1 (x - alpha mean). */
  width = (t: number): number => this.#at(t).width;
  /** (alpha / v) L^-T: takes z - mean to V^-1 (x - alpha mean), the score but for its sign. */
  score = (t: number): number =>
    this.#root(`score ${t}`, () => {
      const { transposed, v } = this.#at(t);
      return transposed.map((entry) => (this.#process.alpha(t) / v) * entry);
    });
  /** (1 / v) S_t L^-T: takes a difference of points to that of x_0, S_t V^-1 of it. */
  hold = (t: number): number =>
    this.#root(`hold ${t}`, () => {
      const { transposed, v } = this.#at(t);
      return this.#times(this.#matrices(t).variance, transposed, 1 / v);
    });

  /** D_t and S_t themselves. */
  diffusion = (t: number): number => this.#root(`D ${t}`, () => this.#matrices(t).diffusion);
  variance = (t: number): number => this.#root(`S ${t}`, () => this.#matrices(t).variance);

  /** A matrix R with R R' = S_t. */
  noiseRoot = (t: number): number =>
    this.#root(`noise ${t}`, () => cholesky(this.#matrices(t).variance, this.#data.dim));
  /** A matrix R with R R' = V_t. */
  totalRoot = (t: number): number => this.#root(`total ${t}`, () => cholesky(this.#total(t), this.#data.dim));
  /** A matrix R with R R' = sigma0^2 S_t V^-1: the covariance of x_0 given x and a component's mean. */
  componentRoot = (t: number): number => this.#root(`component ${t}`, () => this.#component(t));
  /** D_t S_t^-1 R of that R. */
  componentPull = (t: number): number =>
    this.#root(`component pull ${t}`, () => {
      const { dim } = this.#data;
      const { variance, diffusion } = this.#matrices(t);
      const ratio = timesInverse(diffusion, cholesky(variance, dim), dim);
      return this.#times(ratio, this.#component(t), 1);
    });

  /** The bridge from t to s, by three matrices: its covariance by a root. */
  bridge(t: number, s: number): { state: number; point: number; root: number } {
    const key = `${t} ${s}`;
    let found = this.#bridges.get(key);
    if (found === undefined) {
      const { state, point, covariance } = bridgeMatrices(this.#process, t, s, this.#data.dim);
      const root = this.#addedRoot(covariance, s, t);
      found = { state: this.#keep(state), point: this.#keep(point), root: this.#keep(root) };
      this.#bridges.set(key, found);
    }
    return found;
  }

  /** The transition from s up to t: its scale, and a matrix R with R R' its covariance. */
  transition(s: number, t: number): { scale: number; root: number } {
    const { scale, variance } = this.#transition(s, t);
    return { scale, root: this.#root(`transition ${s} ${t}`, () => this.#addedRoot(variance, s, t)) };
  }

  /** Its scale alone. */
  scaleOf = (s: number, t: number): number => this.#transition(s, t).scale;

  /** A matrix R with R R' = D_t, which has to be positive semidefinite. */
  diffusionRoot = (t: number): number =>
    this.#root(`diffusion ${t}`, () => {
      const { root, semidefinite } = steadyRoot(this.#matrices(t).diffusion, this.#data.dim);
      if (semidefinite) return root;
      throw new VkernelError("E_RANGE", {
        argument: "process",
        expected:
          "a positive semidefinite diffusion matrix for a sampler with noise (euler, heun and rk4 take any)",
        got: `one with a negative direction at t = ${t}`,
      });
    });

  /** A root of the covariance of noise that is added between two times. */
  #addedRoot(covariance: Float64Array, s: number, t: number): Float64Array {
    const { root, semidefinite } = steadyRoot(covariance, this.#data.dim);
    if (semidefinite) return root;
    throw new VkernelError("E_RANGE", {
      argument: "process",
      expected:
        "a covariance that shrinks no faster than noise is added, for a sampler with noise (euler, rk4, and heun without churn take any)",
      got: `one by which noise is taken away from t = ${s} to t = ${t}`,
    });
  }

  #transition(s: number, t: number): { scale: number; variance: Float64Array } {
    return (this.#process.transitionMatrix as NonNullable<Process["transitionMatrix"]>)(s, t);
  }

  /** As above, symmetric positive definite where sigma0 is above 0. */
  #component(t: number): Float64Array {
    const { dim, sigma0 } = this.#data;
    const { variance } = this.#matrices(t);
    const total = cholesky(this.#total(t), dim);
    // S and V commute.
    const covariance = symmetricOf(dim, (unit) => solve(total, dim, multiply(variance, dim, unit)));
    return cholesky(
      covariance.map((value) => sigma0 * sigma0 * value),
      dim,
    );
  }

  #matrices(t: number): ProcessMatrices {
    // Every process that comes here has them.
    return (this.#process.matrices as (t: number) => ProcessMatrices)(t);
  }

  #total(t: number): Float64Array {
    const { dim, sigma0 } = this.#data;
    const total = this.#matrices(t).variance.slice();
    const width = (this.#process.alpha(t) * sigma0) ** 2;
    for (let d = 0; d < dim; d++) total[d * (dim + 1)] = total[d * (dim + 1)] + width;
    return total;
  }

  #keep(matrix: Float64Array): number {
    return this.matrices.push(matrix) - 1;
  }

  #root(name: string, make: () => Float64Array): number {
    let index = this.#roots.get(name);
    if (index === undefined) {
      index = this.#keep(make());
      this.#roots.set(name, index);
    }
    return index;
  }

  #at(t: number): Frame {
    let frame = this.#frames.get(t);
    if (frame === undefined) {
      frame = this.#make(t);
      this.#frames.set(t, frame);
    }
    return frame;
  }

  #make(t: number): Frame {
    const { dim, sigma0, packed } = this.#data;
    const alpha = this.#process.alpha(t);
    const total = this.#total(t);
    let v = 0;
    for (let d = 0; d < dim; d++) v += total[d * (dim + 1)] / dim;
    const factor = cholesky(
      total.map((entry) => entry / v),
      dim,
    );
    const points = packed.local.slice();
    for (let i = 0; i < points.length; i += dim) solveLower(factor, dim, points.subarray(i, i + dim));
    // Column j of L^-1 solves L c = e_j, that of L^-T solves L' c = e_j.
    const inward = new Float64Array(dim * dim);
    const transposed = new Float64Array(dim * dim);
    for (let j = 0; j < dim; j++) {
      const unit = new Float64Array(dim);
      unit[j] = 1;
      const lower = solveLower(factor, dim, unit.slice());
      const upper = solveUpper(factor, dim, unit);
      for (let i = 0; i < dim; i++) {
        inward[i * dim + j] = lower[i];
        transposed[i * dim + j] = upper[i];
      }
    }
    const { diffusion } = this.#matrices(t);
    const width = (alpha * sigma0) ** 2 / v;
    return {
      scale: kernelScale({ alpha, total: v }, this.#data.precision),
      points: this.pointSets.push(points),
      inward: this.#keep(inward),
      outward: this.#keep(factor),
      pull: this.#keep(this.#times(diffusion, transposed, alpha / v)),
      width: this.#keep(transposed.map((entry) => width * entry)),
      transposed,
      v,
    };
  }

  /** `factor` times the product of two matrices. */
  #times(a: Float64Array, b: Float64Array, factor: number): Float64Array {
    const { dim } = this.#data;
    const of = (data: Float64Array): Matrix => ({ data, rows: dim, columns: dim });
    return matmul(of(a), of(b)).data.map((entry) => factor * entry);
  }
}
