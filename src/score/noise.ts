import { runAtOnce } from "../core/scheduler.js";
import type { Process } from "../process/process.js";
import { cholesky, multiplyLower, solve, symmetricOf } from "../numeric/linear.js";

/** The noise of a process at one time, as maps of vectors of `dim` numbers, which are changed in place. */
export interface Noise {
  readonly alpha: number;
  /** S^(1/2) z: noise of covariance S from standard normals. */
  colour(z: Float64Array): Float64Array;
  /** S^-1 y */
  solve(y: Float64Array): Float64Array;
  /** V^-1 y, V = alpha^2 sigma0^2 I + S. */
  solveTotal(y: Float64Array): Float64Array;
  /** (sigma0^2 S V^-1)^(1/2) z: how x_0 lies about its mean, given its point and x. */
  spread(z: Float64Array): Float64Array;
  /** The diagonal of alpha^2 S^-1 Cov S^-1 for that spread: S^-1 - V^-1. */
  readonly widths: Float64Array;
}

/** The noise of any process by time; the last one asked for is kept, and so is the factor of a constant covariance. */
export function noiseOf(process: Process, dim: number, sigma0: number): (t: number) => Noise {
  const isotropic = process.covariance === undefined && process.matrices === undefined;
  const constant = process.covariance && cholesky(process.covariance, dim);
  let known = Number.NaN;
  let noise: Noise | undefined;
  return (t) => {
    if (noise === undefined || t !== known) {
      noise = isotropic ? plain(process, t, dim, sigma0) : shaped(process, t, dim, sigma0, constant);
      known = t;
    }
    return noise;
  };
}

/** x scaled in place. */
function scaled(x: Float64Array, factor: number): Float64Array {
  for (let d = 0; d < x.length; d++) x[d] = factor * x[d];
  return x;
}

function divided(x: Float64Array, by: number): Float64Array {
  for (let d = 0; d < x.length; d++) x[d] = x[d] / by;
  return x;
}

function plain(process: Process, t: number, dim: number, sigma0: number): Noise {
  const alpha = process.alpha(t);
  const variance = process.variance(t);
  const width = alpha * sigma0;
  const total = width * width + variance;
  return {
    alpha,
    colour: (z) => scaled(z, Math.sqrt(variance)),
    solve: (y) => divided(y, variance),
    solveTotal: (y) => divided(y, total),
    spread: (z) => scaled(z, sigma0 * Math.sqrt(variance / total)),
    get widths() {
      return new Float64Array(dim).fill((width * width) / (variance * total));
    },
  };
}

function shaped(
  process: Process,
  t: number,
  dim: number,
  sigma0: number,
  constant: Float64Array | undefined,
): Noise {
  const alpha = process.alpha(t);
  const variance = process.variance(t);
  const width = alpha * sigma0;
  const matrices = () => (process.matrices as NonNullable<Process["matrices"]>)(t);
  const factor = constant ?? cholesky(matrices().covariance, dim);
  let total: Float64Array | undefined;
  let root: Float64Array | undefined;
  const inverse = (y: Float64Array): Float64Array => solve(factor, dim, divided(y, variance));
  const solveTotal = (y: Float64Array): Float64Array => {
    if (sigma0 === 0) return inverse(y);
    if (total === undefined) {
      const v = matrices().variance.slice();
      for (let d = 0; d < dim; d++) v[d * (dim + 1)] = v[d * (dim + 1)] + width * width;
      total = cholesky(v, dim);
    }
    return solve(total, dim, y);
  };
  return {
    alpha,
    colour(z) {
      z.set(multiplyLower(factor, dim, z));
      return scaled(z, Math.sqrt(variance));
    },
    solve: inverse,
    solveTotal,
    spread(z) {
      // sigma0^2 S V^-1 = sigma0^2 (I - alpha^2 sigma0^2 V^-1) cancels where S is small; S and V^-1 commute.
      if (root === undefined) {
        const { variance: s } = matrices();
        const kept = symmetricOf(dim, (unit) => {
          const column = solveTotal(unit);
          const out = new Float64Array(dim);
          for (let i = 0; i < dim; i++) {
            for (let k = 0; k < dim; k++) {
              out[i] = out[i] + s[i * dim + k] * column[k];
            }
          }
          return scaled(out, sigma0 * sigma0);
        });
        root = cholesky(kept, dim);
      }
      z.set(multiplyLower(root, dim, z));
      return z;
    },
    get widths() {
      if (sigma0 === 0) return new Float64Array(dim);
      const product = symmetricOf(dim, (unit) => scaled(inverse(solveTotal(unit)), width * width));
      return Float64Array.from({ length: dim }, (_, d) => product[d * (dim + 1)]);
    },
  };
}

interface ProxySamples {
  readonly x: Float64Array;
  readonly x0: Float64Array;
  readonly t: Float64Array;
}

/** The proxy scores S^-1 (alpha x_0 - x) of samples, `[count, dim]`. Vastola 2025, Eq. 5. */
export const proxyScores = (process: Process, dim: number, samples: ProxySamples): Float64Array =>
  runAtOnce(proxyScoresInPieces(process, dim, samples));

/** The same, in pieces. */
export function* proxyScoresInPieces(
  process: Process,
  dim: number,
  samples: ProxySamples,
): Generator<number, Float64Array, void> {
  const { x, x0, t } = samples;
  const noiseAt = noiseOf(process, dim, 0);
  const out = new Float64Array(x.length);
  for (let n = 0; n < t.length; n++) {
    const noise = noiseAt(t[n]);
    for (let d = n * dim; d < (n + 1) * dim; d++) {
      out[d] = noise.alpha * x0[d] - x[d];
    }
    noise.solve(out.subarray(n * dim, (n + 1) * dim));
    yield 100 + 4 * dim;
  }
  return out;
}

/** D_t over the scalar `diffusion(t)`: what turns a score where noise has a direction, a fresh matrix. */
export function diffusionShape(process: Process, t: number): Float64Array {
  const { diffusion } = (process.matrices as NonNullable<Process["matrices"]>)(t);
  const scale = process.diffusion(t);
  return diffusion.map((value) => value / scale);
}
