import { covarianceOf, meanOf, planeCovarianceOf } from "./sums.js";
import { type BaselinePoints, type Kept, roomFor, squaresOf, weigh } from "./weights.js";

/**
 * The exact score's work in plain TypeScript, tuned as far as that goes without Wasm: what benchmarks hold the kernels to. Float64
 * arrays, direct differences, two queries and two points at a time, sums in registers, exponentials of what counts alone, nothing
 * allocated per query. The process is edm (alpha = 1, noise of width sigma), the points have no width of their own.
 */
export class Baseline {
  readonly #data: BaselinePoints;
  readonly #rows: readonly [Float64Array, Float64Array];
  readonly #kept: Kept;
  readonly #deviations: Float64Array;

  /**
   * @param points `[size, dim]`
   * @param weights one per point, of any positive sum; equal where left out
   */
  constructor(points: ArrayLike<number>, dim: number, weights?: ArrayLike<number>) {
    const size = points.length / dim;
    const logWeights =
      weights === undefined ? undefined : Float64Array.from(weights, (weight) => Math.log(weight));
    this.#data = { points: Float64Array.from(points), dim, size, logWeights };
    this.#rows = [new Float64Array(size), new Float64Array(size)];
    this.#kept = roomFor(size);
    this.#deviations = new Float64Array(4 * dim);
  }

  /** Posterior means of queries x, `[count, dim]`. */
  posteriorMean(x: Float64Array, sigma: number): Float64Array<ArrayBuffer> {
    const out = new Float64Array(x.length);
    this.#each(x, sigma, (query, kept) => meanOf(this.#data, kept, out, query));
    return out;
  }

  /** Second derivatives of the log density at queries x, `[count, dim, dim]`: C / sigma^4 - 1 / sigma^2, C the posterior covariance. */
  hessian(x: Float64Array, sigma: number): Float64Array<ArrayBuffer> {
    const { dim } = this.#data;
    const out = new Float64Array(x.length * dim);
    const mean = new Float64Array(dim);
    const precision = 1 / (sigma * sigma);
    this.#each(x, sigma, (query, kept) => {
      meanOf(this.#data, kept, mean, 0);
      const at = query * dim;
      if (dim === 2) planeCovarianceOf(this.#data, kept, mean, out, at);
      else covarianceOf(this.#data, kept, mean, this.#deviations, out, at);
      for (let i = 0; i < dim * dim; i++) out[at + i] *= precision * precision;
      for (let i = 0; i < dim; i++) out[at + i * (dim + 1)] -= precision;
    });
    return out;
  }

  /**
   * Carries states from the first noise level to the last by Heun's steps (Karras et al. 2022, Algorithm 1); a step to 0 takes the
   * posterior mean.
   *
   * @param sigmas descending
   */
  heun(initial: ArrayLike<number>, sigmas: ArrayLike<number>): Float64Array<ArrayBuffer> {
    const x = Float64Array.from(initial);
    const ahead = new Float64Array(x.length);
    for (let step = 0; step + 1 < sigmas.length; step++) {
      const [sigma, next] = [sigmas[step], sigmas[step + 1]];
      const mean = this.posteriorMean(x, sigma);
      if (next === 0) return mean;
      const h = next - sigma;
      for (let i = 0; i < x.length; i++) {
        mean[i] = (x[i] - mean[i]) / sigma;
        ahead[i] = x[i] + h * mean[i];
      }
      const second = this.posteriorMean(ahead, next);
      for (let i = 0; i < x.length; i++) x[i] += 0.5 * h * (mean[i] + (ahead[i] - second[i]) / next);
    }
    return x;
  }

  /** What counts at each query, two of which share the way through the points. */
  #each(x: Float64Array, sigma: number, use: (query: number, kept: Kept) => void): void {
    const { dim } = this.#data;
    const kept = this.#kept;
    const [rowA, rowB] = this.#rows;
    for (let a = 0; a < x.length; a += 2 * dim) {
      const b = a + dim < x.length ? a + dim : a;
      squaresOf(this.#data, x, a, b, rowA, rowB);
      weigh(this.#data, rowA, sigma, kept);
      use(a, kept);
      if (b === a) break;
      weigh(this.#data, rowB, sigma, kept);
      use(b, kept);
    }
  }
}
