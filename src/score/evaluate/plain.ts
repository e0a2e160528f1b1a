import { cholesky, solve, solveLower, symmetricOf, trace } from "../../numeric/linear.js";
import { multiply } from "../../numeric/multiply.js";

/**
 * The noised empirical density p(x | t) = sum_m w_m N(x; alpha mu_m, V) with V = alpha^2 sigma0^2 I + S, and all
 * that follows from it. Formulas: `docs/mathematics.md`, Conventions; Vastola 2025, Sec. 2 and Eq. 7.
 */

/** The training points mu_m, their weights w_m (sum 1) and the width sigma0 of each. */
export interface ReferenceMixture {
  /** [size, dim] row-major. */
  readonly points: Float64Array;
  readonly dim: number;
  /** Normalised; a point of weight 0 is absent. */
  readonly weights: Float64Array;
  readonly sigma0: number;
}

/**
 * The process at one time: S = variance A and D = diffusion A, with A = `covariance` or the identity; D = `spread` where
 * that is given.
 */
export interface ReferenceLevel {
  readonly alpha: number;
  readonly variance: number;
  readonly beta: number;
  readonly diffusion: number;
  /** [dim, dim] row-major, symmetric positive definite. */
  readonly covariance?: Float64Array;
  /** D, [dim, dim] row-major, symmetric, where it is no multiple of `covariance`. */
  readonly spread?: Float64Array;
}

/** What can be evaluated at a query, and the shape of each: one number, dim, size or dim x dim numbers. */
export const quantityShapes = Object.freeze({
  logDensity: "scalar",
  divergence: "scalar",
  proxyVariance: "scalar",
  nearest: "scalar",
  nearestDistance: "scalar",
  posteriorEntropy: "scalar",
  effectiveCount: "scalar",
  score: "vector",
  posteriorMean: "vector",
  velocity: "vector",
  posteriorWeights: "weights",
  hessian: "matrix",
  proxyCovariance: "matrix",
  posteriorCovariance: "matrix",
} as const);

export type ReferenceQuantity = keyof typeof quantityShapes;

/** The quantities that take no average over the points. */
const uncentred: ReadonlySet<ReferenceQuantity> = new Set([
  "logDensity",
  "nearest",
  "nearestDistance",
  "posteriorEntropy",
  "effectiveCount",
  "posteriorWeights",
] as const);

/** One number for a scalar quantity, a Float64Array for every other one. */
export type ReferenceResult<Q extends ReferenceQuantity> = {
  [K in Q]: (typeof quantityShapes)[K] extends "scalar" ? number : Float64Array;
};

/** The process at time t, as `evaluatePoint` takes it. */
export function levelAt(
  process: {
    alpha(t: number): number;
    variance(t: number): number;
    beta(t: number): number;
    diffusion(t: number): number;
    readonly covariance?: Float64Array;
    matrices?(t: number): { readonly covariance: Float64Array; readonly diffusion: Float64Array };
  },
  t: number,
): ReferenceLevel {
  const level = {
    alpha: process.alpha(t),
    variance: process.variance(t),
    beta: process.beta(t),
    diffusion: process.diffusion(t),
  };
  const covariance = process.covariance;
  if (covariance !== undefined) return { ...level, covariance };
  if (process.matrices === undefined) return level;
  const at = process.matrices(t);
  return { ...level, covariance: at.covariance, spread: at.diffusion };
}

/**
 * V and what is made of it, at one level. With A = I all are numbers times the identity, and cost nothing; else V has
 * a Cholesky factor, and nothing is ever inverted.
 */
interface Noise {
  /** |V^(-1/2) y|^2 */
  squaredNorm(y: Float64Array): number;
  /** V^-1 y */
  solve(y: Float64Array): Float64Array;
  /** A y */
  colour(y: Float64Array): Float64Array;
  /** D = rate E: E is A, or D itself where that is no multiple of A. */
  readonly rate: number;
  /** E y */
  spread(y: Float64Array): Float64Array;
  logDet(): number;
  /** V^-1 */
  inverse(): Float64Array;
  /** S^-1 V^-1 */
  inverseProduct(): Float64Array;
  /** S V^-1 */
  shrinkage(): Float64Array;
  /** tr(E V^-1) */
  spreadTrace(): number;
  /** tr(S^-1 V^-1) */
  inverseProductTrace(): number;
}

function isotropicNoise(level: ReferenceLevel, sigma0: number, dim: number): Noise {
  const { alpha, variance, diffusion } = level;
  const v = alpha * alpha * sigma0 * sigma0 + variance;
  const scaled = (value: number) => {
    const out = new Float64Array(dim * dim);
    for (let i = 0; i < dim; i++) out[i * dim + i] = value;
    return out;
  };
  return {
    squaredNorm: (y) => dot(y, y) / v,
    solve: (y) => y.map((value) => value / v),
    colour: (y) => y.slice(),
    rate: diffusion,
    spread: (y) => y.slice(),
    logDet: () => dim * Math.log(v),
    inverse: () => scaled(1 / v),
    inverseProduct: () => scaled(1 / variance / v),
    shrinkage: () => scaled(variance / v),
    spreadTrace: () => dim / v,
    inverseProductTrace: () => dim / variance / v,
  };
}

function anisotropicNoise(level: ReferenceLevel, sigma0: number, dim: number, a: Float64Array): Noise {
  const { alpha, variance, diffusion } = level;
  const e = level.spread ?? a;
  const width = alpha * alpha * sigma0 * sigma0;
  const matrix = a.map((value, k) => variance * value + (k % (dim + 1) === 0 ? width : 0));
  const factor = cholesky(matrix, dim);
  const factorA = cholesky(a, dim);
  const inverse = () => symmetricOf(dim, (unit) => solve(factor, dim, unit));
  const inverseProduct = () =>
    symmetricOf(dim, (unit) => solve(factorA, dim, solve(factor, dim, unit)).map((y) => y / variance));
  const shrinkage = () =>
    symmetricOf(dim, (unit) => solve(factor, dim, multiply(a, dim, unit)).map((y) => y * variance));
  return {
    squaredNorm(y) {
      const white = solveLower(factor, dim, y.slice());
      return dot(white, white);
    },
    solve: (y) => solve(factor, dim, y.slice()),
    colour: (y) => multiply(a, dim, y),
    rate: level.spread === undefined ? diffusion : 1,
    spread: (y) => multiply(e, dim, y),
    logDet() {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += Math.log(factor[i * dim + i]);
      return 2 * sum;
    },
    inverse,
    inverseProduct,
    shrinkage,
    spreadTrace: () =>
      level.spread === undefined
        ? trace(shrinkage(), dim) / variance
        : trace(
            symmetricOf(dim, (unit) => multiply(e, dim, solve(factor, dim, unit))),
            dim,
          ),
    inverseProductTrace: () => trace(inverseProduct(), dim),
  };
}

/** The factors of a level are kept for as long as the level is: many queries share one. */
const noises = new WeakMap<ReferenceLevel, { sigma0: number; dim: number; noise: Noise }>();

function noiseAt(level: ReferenceLevel, sigma0: number, dim: number): Noise {
  const kept = noises.get(level);
  if (kept !== undefined && kept.sigma0 === sigma0 && kept.dim === dim) return kept.noise;
  const noise =
    level.covariance === undefined
      ? isotropicNoise(level, sigma0, dim)
      : anisotropicNoise(level, sigma0, dim, level.covariance);
  noises.set(level, { sigma0, dim, noise });
  return noise;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * Evaluates quantities at one query.
 *
 * @param x the query, [dim]
 * @example
 * const { score } = evaluatePoint(mixture, levelAt(edm(), 0.5), Float64Array.of(0.1, 0.2), ["score"]);
 */
export function evaluatePoint<Q extends ReferenceQuantity>(
  mixture: ReferenceMixture,
  level: ReferenceLevel,
  x: Float64Array,
  quantities: readonly Q[],
): ReferenceResult<Q> {
  const noise = noiseAt(level, mixture.sigma0, mixture.dim);
  const posterior = posteriorAt(mixture, level, noise, x);
  const centred = quantities.some((name) => !uncentred.has(name));
  const shift = centred ? shiftOf(mixture, posterior) : new Float64Array(mixture.dim);
  const { points, dim } = mixture;
  const mean = shift.map((value, i) => points[posterior.best * dim + i] + value);
  const residual = mean.map((value, i) => x[i] - level.alpha * value);
  const at: AtPoint = { mixture, level, noise, x, posterior, shift, mean, residual };
  const asked: ReadonlySet<ReferenceQuantity> = new Set(quantities);
  return {
    ...scalarsAt(at, asked),
    ...vectorsAt(at, asked),
    ...tracesAt(at, asked),
    ...matricesAt(at, asked),
  } as ReferenceResult<Q>;
}

/** p(m | x, t), and what of it comes on the way. */
interface Posterior {
  /** The nearest point, and |x - alpha mu|^2 of it. */
  readonly nearest: number;
  readonly nearestSquare: number;
  /** The exponent of the nearest point, which log terms are relative to: its half square over `scale`. */
  readonly origin: number;
  readonly scale: number;
  /** log (w_m N_m); the likeliest point has the largest, `top`. */
  readonly logTerms: Float64Array;
  readonly best: number;
  readonly top: number;
  /** The sum of all others over the likeliest, so that log1p keeps it. */
  readonly rest: number;
  readonly weights: Float64Array;
}

/** Distances from x to every alpha mu_m, by direct differences; the nearest point. */
function distancesAt(
  { points, dim, weights }: ReferenceMixture,
  level: ReferenceLevel,
  noise: Noise,
  x: Float64Array,
): { halfSquares: Float64Array; nearest: number; nearestSquare: number } {
  const isotropic = level.covariance === undefined;
  const size = weights.length;
  const halfSquares = new Float64Array(size); // |V^(-1/2) (x - alpha mu_m)|^2 / 2, times v if isotropic
  let nearest = -1;
  let nearestSquare = Number.POSITIVE_INFINITY;
  const difference = new Float64Array(dim);
  for (let m = 0; m < size; m++) {
    const weight = weights[m];
    if (weight === 0) continue;
    let square = 0;
    for (let i = 0, k = m * dim; i < dim; i++, k++) {
      const d = x[i] - level.alpha * points[k];
      difference[i] = d;
      square += d * d;
    }
    halfSquares[m] = 0.5 * (isotropic ? square : noise.squaredNorm(difference));
    if (nearest < 0 || square < nearestSquare || (square === nearestSquare && weight > weights[nearest])) {
      nearest = m;
      nearestSquare = square;
    }
  }
  return { halfSquares, nearest, nearestSquare };
}

function posteriorAt(
  mixture: ReferenceMixture,
  level: ReferenceLevel,
  noise: Noise,
  x: Float64Array,
): Posterior {
  const { weights: prior, sigma0 } = mixture;
  const size = prior.length;
  const { halfSquares, nearest, nearestSquare } = distancesAt(mixture, level, noise, x);

  // log (w_m N_m), relative to the exponent of the nearest point; the likeliest point.
  const origin = halfSquares[nearest];
  const v = level.alpha * level.alpha * sigma0 * sigma0 + level.variance;
  const scale = level.covariance === undefined ? v : 1;
  const logTerms = new Float64Array(size);
  let best = nearest;
  for (let m = 0; m < size; m++) {
    const weight = prior[m];
    logTerms[m] =
      weight === 0 ? Number.NEGATIVE_INFINITY : Math.log(weight) - (halfSquares[m] - origin) / scale;
    if (logTerms[m] > logTerms[best]) best = m;
  }

  // log-sum-exp about the likeliest point.
  const weights = new Float64Array(size);
  const top = logTerms[best];
  let rest = 0;
  for (let m = 0; m < size; m++) {
    const term = Math.exp(logTerms[m] - top);
    weights[m] = term;
    if (m !== best) rest += term;
  }
  const sum = 1 + rest;
  for (let m = 0; m < size; m++) weights[m] = weights[m] / sum;
  return { nearest, nearestSquare, origin, scale, logTerms, best, top, rest, weights };
}

/** E[mu | x, t] - mu_best, a sum that is accurate also where one point has nearly all the weight. */
function shiftOf({ points, dim }: ReferenceMixture, { weights, best }: Posterior): Float64Array {
  const shift = new Float64Array(dim);
  for (let m = 0; m < weights.length; m++) {
    const p = weights[m];
    if (p === 0 || m === best) continue;
    for (let i = 0, k = m * dim, b = best * dim; i < dim; i++, k++, b++) {
      shift[i] = shift[i] + p * (points[k] - points[b]);
    }
  }
  return shift;
}

/** A query, and what all quantities at it are made of. */
interface AtPoint {
  readonly mixture: ReferenceMixture;
  readonly level: ReferenceLevel;
  readonly noise: Noise;
  readonly x: Float64Array;
  readonly posterior: Posterior;
  /** E[mu | x, t] - mu_best, and E[mu | x, t] itself. */
  readonly shift: Float64Array;
  readonly mean: Float64Array;
  /** x - alpha E[mu | x, t] = -V s */
  readonly residual: Float64Array;
}

type Asked = ReadonlySet<ReferenceQuantity>;
type Values = Partial<Record<ReferenceQuantity, number | Float64Array>>;

/** mu_m - E[mu | x, t] */
const deviationAt = (
  { mixture: { points, dim }, posterior: { best }, shift }: AtPoint,
  m: number,
): Float64Array => shift.map((value, i) => points[m * dim + i] - points[best * dim + i] - value);

/** What is of distances and weights alone. */
function scalarsAt({ mixture: { dim }, noise, posterior }: AtPoint, asked: Asked): Values {
  const { nearest, nearestSquare, origin, scale, logTerms, top, rest, weights } = posterior;
  const out: Values = {};
  if (asked.has("logDensity")) {
    out.logDensity =
      top + Math.log1p(rest) - origin / scale - 0.5 * (dim * Math.log(2 * Math.PI) + noise.logDet());
  }
  if (asked.has("nearest")) out.nearest = nearest;
  if (asked.has("nearestDistance")) out.nearestDistance = Math.sqrt(nearestSquare);
  if (asked.has("posteriorWeights")) out.posteriorWeights = weights;
  if (asked.has("posteriorEntropy")) {
    let entropy = Math.log1p(rest);
    for (let m = 0; m < weights.length; m++) {
      const p = weights[m];
      if (p > 0) entropy += p * (top - logTerms[m]);
    }
    out.posteriorEntropy = entropy;
  }
  if (asked.has("effectiveCount")) out.effectiveCount = 1 / dot(weights, weights);
  return out;
}

/** Means, and what is linear in them. */
function vectorsAt({ mixture: { sigma0 }, level, noise, x, mean, residual }: AtPoint, asked: Asked): Values {
  const { alpha, beta } = level;
  const out: Values = {};
  if (asked.has("posteriorMean")) {
    // mubar + alpha sigma0^2 V^-1 (x - alpha mubar)
    const pull = sigma0 === 0 ? undefined : noise.solve(residual);
    out.posteriorMean =
      pull === undefined ? mean : mean.map((value, i) => value + alpha * sigma0 * sigma0 * pull[i]);
  }
  if (!asked.has("score") && !asked.has("velocity")) return out;
  const score = noise.solve(residual).map((y) => 0 - y);
  if (asked.has("score")) out.score = score;
  if (asked.has("velocity")) {
    // -beta x - D s
    const spread = noise.spread(score);
    out.velocity = spread.map((value, i) => 0 - beta * x[i] - noise.rate * value);
  }
  return out;
}

/** Traces of covariances. */
function tracesAt(at: AtPoint, asked: Asked): Values {
  if (!asked.has("divergence") && !asked.has("proxyVariance")) return {};
  const { mixture, level, noise, posterior } = at;
  const { dim, sigma0 } = mixture;
  const { alpha, beta } = level;
  // With u = V^-1 (mu_m - mubar): tr(V^-1 Cov V^-1) = E |u|^2, tr(E V^-1 Cov V^-1) = E u' E u.
  let squares = 0;
  let spreads = 0;
  for (let m = 0; m < posterior.weights.length; m++) {
    const p = posterior.weights[m];
    if (p === 0) continue;
    const u = noise.solve(deviationAt(at, m));
    squares += p * dot(u, u);
    spreads += p * dot(u, noise.spread(u));
  }
  const out: Values = {};
  if (asked.has("divergence")) {
    // -beta dim - tr(D Hess), Hess = alpha^2 V^-1 Cov V^-1 - V^-1
    out.divergence = noise.rate * (noise.spreadTrace() - alpha * alpha * spreads) - beta * dim;
  }
  if (asked.has("proxyVariance")) {
    const width = sigma0 === 0 ? 0 : sigma0 * sigma0 * noise.inverseProductTrace();
    out.proxyVariance = alpha * alpha * (squares + width);
  }
  return out;
}

const matrixNames = ["hessian", "proxyCovariance", "posteriorCovariance"] as const;

/** alpha^2 V^-1 Cov V^-1 as E[u u'], positive semidefinite by construction. */
function matricesAt(at: AtPoint, asked: Asked): Values {
  if (!matrixNames.some((name) => asked.has(name))) return {};
  const { mixture, level, noise, posterior } = at;
  const { dim, sigma0 } = mixture;
  const { alpha } = level;
  const inner = new Float64Array(dim * dim); // E[u u'] with u = V^-1 (mu_m - mubar)
  const outer = new Float64Array(dim * dim); // E[b b'] with b = S u = S V^-1 (mu_m - mubar)
  for (let m = 0; m < posterior.weights.length; m++) {
    const p = posterior.weights[m];
    if (p === 0) continue;
    const d = deviationAt(at, m);
    const u = noise.solve(d);
    addOuter(inner, dim, p, u);
    addOuter(outer, dim, p, sigma0 === 0 ? d : noise.colour(u).map((y) => level.variance * y));
  }
  const width = sigma0 * sigma0;
  const out: Values = {};
  if (asked.has("hessian")) {
    const inverse = noise.inverse();
    out.hessian = inner.map((value, k) => alpha * alpha * value - inverse[k]);
  }
  if (asked.has("proxyCovariance")) {
    // + alpha^2 sigma0^2 S^-1 V^-1, which is S^-1 - V^-1 without its cancellation
    const extra = width === 0 ? undefined : noise.inverseProduct();
    out.proxyCovariance = inner.map(
      (value, k) => alpha * alpha * (value + width * (extra === undefined ? 0 : extra[k])),
    );
  }
  if (asked.has("posteriorCovariance")) {
    // Within a component Cov(x0) = sigma0^2 I - alpha^2 sigma0^4 V^-1 = sigma0^2 S V^-1.
    const extra = width === 0 ? undefined : noise.shrinkage();
    out.posteriorCovariance = outer.map((value, k) => value + width * (extra === undefined ? 0 : extra[k]));
  }
  return out;
}

function addOuter(out: Float64Array, dim: number, p: number, u: Float64Array): void {
  for (let i = 0; i < dim; i++) {
    // p (u_i u_j): the same bits on both sides of the diagonal.
    for (let j = 0; j < dim; j++) {
      out[i * dim + j] = out[i * dim + j] + p * (u[i] * u[j]);
    }
  }
}

/** How many numbers a quantity has at one query. */
export function quantitySize(quantity: ReferenceQuantity, dim: number, size: number): number {
  switch (quantityShapes[quantity]) {
    case "scalar":
      return 1;
    case "vector":
      return dim;
    case "weights":
      return size;
    case "matrix":
      return dim * dim;
  }
}

/**
 * Evaluates quantities at many queries of one level.
 *
 * @param x the queries, [count, dim] row-major
 * @returns one Float64Array per quantity, [count, ...] row-major
 */
export function evaluate<Q extends ReferenceQuantity>(
  mixture: ReferenceMixture,
  level: ReferenceLevel,
  x: Float64Array,
  quantities: readonly Q[],
): Record<Q, Float64Array> {
  const { dim } = mixture;
  const count = x.length / dim;
  const size = mixture.weights.length;
  const out = {} as Record<Q, Float64Array>;
  for (const name of quantities) out[name] = new Float64Array(count * quantitySize(name, dim, size));
  for (let q = 0; q < count; q++) {
    const result = evaluatePoint(mixture, level, x.subarray(q * dim, (q + 1) * dim), quantities);
    for (const name of quantities) {
      const value: number | Float64Array = result[name];
      if (typeof value === "number") out[name][q] = value;
      else out[name].set(value, q * value.length);
    }
  }
  return out;
}
