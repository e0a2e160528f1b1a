/**
 * What the golden tests share: the variants that they run over, the processes of the files, and what float32 may
 * add to the tolerances of the files. Nothing here needs Node, so that a browser can run the same checks.
 */
import type { Process } from "vkernel";
import { anisotropic, edm, ou, ve, vp } from "vkernel";
import { upperGamma } from "../../src/numeric/special.js";
import {
  evaluatePoint,
  type IntegrateOptions,
  integrate,
  levelAt,
  type ReferenceMixture,
  type ReferenceStep,
} from "vkernel/reference";

export type Precision = "f32" | "f64";
export type Kernels = "simd" | "relaxed" | "reference";
export interface Variant {
  readonly kernels: Kernels;
  readonly precision: Precision;
}

export const variants: readonly Variant[] = (["simd", "relaxed", "reference"] as const).flatMap((kernels) =>
  (["f64", "f32"] as const).map((precision) => ({ kernels, precision })),
);

/** The title of a variant in `describe.each`. */
export const variantTitle = "$kernels $precision";

/** The process of a golden file. */
export interface GoldenProcess {
  readonly kind: string;
  readonly beta_min?: number;
  readonly beta_d?: number;
  /** aniso_diag: the factors of sigma along the axes (A = diag(s^2)); the base is edm. */
  readonly s?: readonly number[];
  /** aniso_full: A; the base is edm. */
  readonly A?: readonly (readonly number[])[];
}

export function processOf(golden: GoldenProcess): Process {
  switch (golden.kind) {
    case "edm":
      return edm();
    case "ve":
      return ve();
    case "ou":
      return ou();
    case "vp":
      return vp({ betaMin: golden.beta_min as number, betaD: golden.beta_d as number });
    case "aniso_diag": {
      const s = golden.s as readonly number[];
      return anisotropic(edm(), {
        covariance: s.map((value, i) => s.map((_, j) => (i === j ? value * value : 0))),
      });
    }
    case "aniso_full":
      return anisotropic(edm(), { covariance: golden.A as readonly (readonly number[])[] });
    default:
      throw new Error(`a process that these tests do not know: ${golden.kind}`);
  }
}

/** The mixture of a golden file, for `vkernel/reference`. */
export function mixtureOf(golden: {
  mu: readonly (readonly number[])[];
  w: readonly number[];
  sigma0?: number;
}): ReferenceMixture {
  return {
    points: Float64Array.from(golden.mu.flat()),
    dim: (golden.mu[0] as readonly number[]).length,
    weights: Float64Array.from(golden.w),
    sigma0: golden.sigma0 ?? 0,
  };
}

/** Every number rounded to float32, as a float32 engine gets it. */
export function rounded(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, Math.fround);
}

/** The mixture whose numbers are rounded to float32. */
export function roundedMixture(mixture: ReferenceMixture): ReferenceMixture {
  return {
    ...mixture,
    points: rounded(mixture.points),
    weights: rounded(mixture.weights),
    sigma0: Math.fround(mixture.sigma0),
  };
}

/** Float32 results are right to this, relative to scale and condition (`docs/reliability.md`): 34 units of 2^-24. */
export const float32Unit = 2e-6;

/** The unit of the files' exponent error, dE = 4e-16 (D + 8) (1 + E): what float64 loses in an exponent E. */
export function float64Unit(dim: number): number {
  return 4e-16 * (dim + 8);
}

/**
 * The tolerances of g1 are linear in dE plus roundings of a few 1e-16 of the scale. For float32 dE is
 * 2e-6 (1 + E): all of it grows by this factor.
 */
export function float32Factor(dim: number): number {
  return float32Unit / float64Unit(dim);
}

/**
 * Float32 loses weights below its smallest normal number 2^-126, float64 does not: with a factor of 64 for sums and
 * scalings, a weight may be off by this.
 */
export const float32LostWeight = 2 ** -120;

/** The largest absolute value. */
export function largest(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, Math.abs(values[i] as number));
  return max;
}

/**
 * A bound on what float32 adds to a run of a deterministic sampler: every step commits an error of 2e-6 of its scale
 * and condition, which the rest of the steps carry to the end. How they carry it is the product of the Jacobians of
 * the step maps along the float64 path, by central differences.
 *
 * The error of a step: 2e-6 of the largest of |x| and alpha |mu|, plus what an error 2e-6 (1 + E_m) in each exponent
 * does to the posterior mean (2 sum_m p_m (1 + E_m) |mu_m - mean|), times the step's change for a change of the mean,
 * |h| D alpha / S. Paths that start at x_T itself are rounded once more, which "one error before the first step" is.
 */
export function float32PathBound(step: ReferenceStep, options: IntegrateOptions): number {
  const { mixture, process, times } = options;
  const { dim } = mixture;
  const { trajectories } = integrate(step, options);
  const steps = times.length - 1;
  const scaleOfPoints = largest(mixture.points);
  let bound = 0;
  /** The Jacobian of all the steps from k on, row-major. */
  let tail = Float64Array.from({ length: dim * dim }, (_, k) => (k % (dim + 1) === 0 ? 1 : 0));
  for (let k = steps - 1; k >= 0; k--) {
    const x = trajectories.slice(k * dim, (k + 1) * dim);
    const t = times[k] as number;
    const s = times[k + 1] as number;
    const level = levelAt(process, t);
    const scale = Math.max(largest(x), level.alpha * scaleOfPoints);
    const { posteriorWeights } = evaluatePoint(mixture, level, x, ["posteriorWeights"]);
    const mean = new Float64Array(dim);
    posteriorWeights.forEach((p, m) => {
      for (let i = 0; i < dim; i++)
        mean[i] = (mean[i] as number) + p * (mixture.points[m * dim + i] as number);
    });
    let meanError = 0;
    posteriorWeights.forEach((p, m) => {
      let square = 0;
      let distance = 0;
      for (let i = 0; i < dim; i++) {
        const mu = mixture.points[m * dim + i] as number;
        square += ((x[i] as number) - level.alpha * mu) ** 2;
        distance = Math.max(distance, Math.abs(mu - (mean[i] as number)));
      }
      meanError += 2 * p * (1 + square / (2 * level.variance)) * distance;
    });
    const gain = ((t - s) * level.diffusion * level.alpha) / level.variance;
    const error = float32Unit * (scale + gain * meanError);
    bound += error * Math.sqrt(tail.reduce((sum, value) => sum + value * value, 0) * dim);

    const jacobian = new Float64Array(dim * dim);
    const width = 1e-6 * scale;
    for (let j = 0; j < dim; j++) {
      const both = new Float64Array(2 * dim);
      both.set(x, 0);
      both.set(x, dim);
      both[j] = (both[j] as number) + width;
      both[dim + j] = (both[dim + j] as number) - width;
      const { samples } = integrate(step, { mixture, process, times: [t, s], initial: both });
      for (let i = 0; i < dim; i++) {
        jacobian[i * dim + j] = ((samples[i] as number) - (samples[dim + i] as number)) / (2 * width);
      }
    }
    const next = new Float64Array(dim * dim);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) {
        for (let l = 0; l < dim; l++) {
          next[i * dim + j] =
            (next[i * dim + j] as number) + (tail[i * dim + l] as number) * (jacobian[l * dim + j] as number);
        }
      }
    }
    tail = next;
  }
  return bound;
}

/** The probability that a chi-square variable with `freedom` degrees of freedom exceeds x. */
export const chiSquareTail = (x: number, freedom: number): number => upperGamma(freedom / 2, x / 2);
