import type { Precision } from "../../data/mixture.js";
import type { Request, Targets } from "../evaluate/request.js";
import type { Quantity } from "../field.js";
import type { Level } from "../level.js";

/** What of a query's sums is wanted. */
export interface Wanted {
  readonly log: boolean;
  readonly mean: boolean;
  readonly covariance: boolean;
  readonly nearest: boolean;
}

const fromMeans: readonly Quantity[] = ["posteriorMean", "score", "velocity"];
const fromCovariances: readonly Quantity[] = [
  "hessian",
  "proxyCovariance",
  "posteriorCovariance",
  "proxyVariance",
  "divergence",
];

export function wantedOf(quantities: readonly Quantity[]): Wanted {
  const some = (names: readonly Quantity[]): boolean => names.some((name) => quantities.includes(name));
  return {
    log: some(["logDensity"]),
    mean: some(fromMeans),
    covariance: some(fromCovariances),
    nearest: some(["nearest", "nearestDistance"]),
  };
}

/**
 * Bounds of the errors of a query's sums: of the log density, the mean and the covariance of the points. They are proven where the sums
 * are made: in `assembly/mixture/tree/sums.ts`, `densityErrors.ts` and `fullSum.ts`.
 */
export interface SumErrors {
  readonly log: number;
  readonly mean: number;
  readonly covariance: number;
  /** The sizes of what x - alpha mean is a difference of. */
  readonly residual: number;
}

/** Turns bounds of a query's sums into the bound of its results, in units of their scales, with the rounding of the results. */
export class ErrorBounds {
  readonly #out: Targets;
  readonly #dim: number;
  readonly #wanted: Wanted;
  /** The root mean square distance of the data from their mean. */
  readonly #scale: number;
  /** The most that rounding to the mixture's precision changes a number by, relatively. */
  readonly #unit: number;

  constructor({ data, quantities, wide }: Request<Precision, Quantity>, out: Targets, scale: number) {
    this.#out = out;
    this.#dim = data.dim;
    this.#wanted = wantedOf(quantities);
    this.#scale = scale;
    this.#unit = data.precision === "f32" && !wide ? 2 ** -24 : 2 ** -53;
  }

  /** Scales: log density 1; posterior mean the data's; score that times alpha / V; covariances the squares. Where all points are one, means are exact. */
  of(q: number, { alpha, total, diffusion }: Level, errors: SumErrors): number {
    const dim = this.#dim;
    const unit = this.#unit;
    const scale = this.#scale;
    const out = this.#out;
    let bound = 0;
    const add = (error: number, per: number): void => {
      if (per > 0) bound = Math.max(bound, error / per);
    };
    if (out.logDensity) add(errors.log + 4 * unit * (1 + Math.abs(out.logDensity[q])), 1);
    if (this.#wanted.mean) {
      const score = (errors.mean * alpha + 2 ** -52 * errors.residual) / total;
      const scores = (scale * alpha) / total;
      const { posteriorMean, velocity } = out;
      if (posteriorMean) add(errors.mean + unit * lengthOf(posteriorMean, q, dim), scale);
      if (out.score) add(score + 2 * unit * lengthOf(out.score, q, dim), scores);
      if (velocity) add(diffusion * score + 4 * unit * lengthOf(velocity, q, dim), diffusion * scores);
    }
    if (this.#wanted.covariance) {
      const square = scale * scale;
      const factor = (alpha / total) ** 2;
      const { hessian, proxyCovariance, posteriorCovariance, proxyVariance, divergence } = out;
      const matrix = (values: Targets["hessian"], per: number): void => {
        if (values) add(per * errors.covariance + 4 * unit * lengthOf(values, q, dim * dim), per * square);
      };
      matrix(hessian, factor);
      matrix(proxyCovariance, factor);
      matrix(posteriorCovariance, 1);
      if (proxyVariance)
        add(factor * errors.covariance + 4 * unit * Math.abs(proxyVariance[q]), factor * square);
      if (divergence) {
        const rate = diffusion * factor;
        add(
          rate * errors.covariance + 8 * unit * (Math.abs(divergence[q]) + (diffusion * dim) / total),
          rate * square,
        );
      }
    }
    return bound;
  }
}

/** The Euclidean length of row q. */
function lengthOf(values: { readonly [index: number]: number }, q: number, width: number): number {
  let square = 0;
  for (let i = q * width; i < (q + 1) * width; i++) square += values[i] * values[i];
  return Math.sqrt(square);
}
