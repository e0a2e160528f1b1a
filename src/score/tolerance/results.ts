import { log } from "../../numeric/elementary.js";
import type { Precision } from "../../data/mixture.js";
import { matrices } from "../evaluate/isotropic.js";
import type { Request, Targets } from "../evaluate/request.js";
import { unpack } from "../evaluate/score.js";
import type { Quantity } from "../field.js";
import { isInRange, type Level } from "../level.js";
import type { SumErrors, Wanted } from "./errorBound.js";
import { unknown } from "./fullSum.js";

/** Numbers of a query's result, and where each begins: `assembly/mixture/tree/sums.ts`. */
export const RESULT = 16;
export const At = {
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
/** What the kernel's sums say of the queries. */
export class Results {
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

  constructor(
    request: Request<Precision, Quantity>,
    out: Targets,
    levels: (q: number) => Level,
    wanted: Wanted,
  ) {
    const { data, count } = request;
    this.#request = request;
    this.#out = out;
    this.#levels = levels;
    this.#wanted = wanted;
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
    takeNearest(this.#request, out, q, level, sums[at + At.nearest]);
    if (!this.#wanted.covariance) return;
    for (let e = 0; e < 6; e++) this.#packed[e] = sums[at + At.covariance + e];
    unpack(this.#packed, 0, dim, this.#matrix);
    let trace = 0;
    for (let d = 0; d < dim; d++) trace += this.#matrix[d * (dim + 1)];
    matrices(this.#request, out, level, q, this.#matrix, trace);
  }

  errorsOf(q: number): SumErrors {
    const { data, x } = this.#request;
    const { dim } = data;
    const level = this.#levels(q);
    const { alpha } = level;
    if (!isInRange(level, "f64")) return unknown;
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

/** Takes the point nearest to query q, by its place among those that count, where one is asked for. */
export function takeNearest(
  { data, x }: Request<Precision, Quantity>,
  { nearest, nearestDistance }: Targets,
  q: number,
  { alpha }: Level,
  place: number,
): void {
  if (!(nearest ?? nearestDistance)) return;
  const { dim, local, order } = data;
  const m = order[place];
  if (nearest) nearest[q] = m;
  if (!nearestDistance) return;
  let square = 0;
  for (let d = 0; d < dim; d++) square += (x[q * dim + d] - alpha * local[m * dim + d]) ** 2;
  nearestDistance[q] = Math.sqrt(square);
}
