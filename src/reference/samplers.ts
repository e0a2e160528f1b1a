import type { Process } from "../process/process.js";
import { cholesky, multiplyLower } from "../numeric/linear.js";
import {
  evaluatePoint,
  levelAt,
  type ReferenceLevel,
  type ReferenceMixture,
  type ReferenceQuantity,
} from "../score/evaluate/plain.js";
import { categorical, fillNormals, streams, uniform } from "../numeric/random.js";

/**
 * Samplers as loops over particles and steps. A step goes from time t down to a smaller time s; a step to 0
 * replaces the particle by its posterior mean, for every sampler.
 */

/** Where a step stands: everything that it may depend on. */
export interface StepContext {
  readonly mixture: ReferenceMixture;
  readonly process: Process;
  /** The process at t and at s. */
  readonly from: ReferenceLevel;
  readonly to: ReferenceLevel;
  readonly t: number;
  readonly s: number;
  readonly seed: number;
  readonly particle: number;
  /** The number of the step, from 0. */
  readonly step: number;
}

/** One step of one particle: returns the new state; s > 0. */
export type ReferenceStep = (x: Float64Array, context: StepContext) => Float64Array;

export interface IntegrateOptions {
  readonly mixture: ReferenceMixture;
  readonly process: Process;
  /** Descending. */
  readonly times: ArrayLike<number>;
  /** The states to start from, [count, dim] row-major. */
  readonly initial: Float64Array;
  /** 0 to 2^53 - 1; 0 by default. */
  readonly seed?: number;
  /** The number of the first particle; 0 by default. */
  readonly firstParticle?: number;
}

/**
 * Carries particles along a grid of times.
 *
 * @returns `samples` [count, dim], and `trajectories` [steps + 1, count, dim], the first of which is `initial`
 * @example
 * integrate(heun, { mixture, process: edm(), times: [10, 1, 0.1, 0], initial: Float64Array.of(3, 4) }).samples;
 */
export function integrate(
  step: ReferenceStep,
  options: IntegrateOptions,
): { samples: Float64Array; trajectories: Float64Array } {
  const { mixture, process, times, initial, seed = 0, firstParticle = 0 } = options;
  const { dim } = mixture;
  const count = initial.length / dim;
  const steps = times.length - 1;
  const trajectories = new Float64Array((steps + 1) * count * dim);
  trajectories.set(initial);
  let states = initial;
  let from = levelAt(process, times[0]);
  for (let k = 0; k < steps; k++) {
    const t = times[k];
    const s = times[k + 1];
    const to = levelAt(process, s);
    const next = trajectories.subarray((k + 1) * count * dim, (k + 2) * count * dim);
    for (let p = 0; p < count; p++) {
      const x = states.subarray(p * dim, (p + 1) * dim);
      const context = { mixture, process, from, to, t, s, seed, particle: firstParticle + p, step: k };
      const y = s === 0 ? evaluatePoint(mixture, from, x, ["posteriorMean"]).posteriorMean : step(x, context);
      next.set(y, p * dim);
    }
    states = next;
    from = to;
  }
  return { samples: states.slice(), trajectories };
}

const at = <Q extends ReferenceQuantity>({ mixture, from }: StepContext, x: Float64Array, q: readonly Q[]) =>
  evaluatePoint(mixture, from, x, q);

/** sum_j a_j x_j */
function combine(...terms: readonly (readonly [number, Float64Array])[]): Float64Array {
  const out = new Float64Array(terms[0][1].length);
  for (const [a, x] of terms) {
    for (let i = 0; i < out.length; i++) out[i] = out[i] + a * x[i];
  }
  return out;
}

/** PF-ODE, first order: x + (s - t) v(x, t), v = -beta x - D s(x, t). Vastola 2025, Eq. 3. */
export const euler: ReferenceStep = (x, context) => {
  const { velocity } = at(context, x, ["velocity"]);
  return combine([1, x], [context.s - context.t, velocity]);
};

/** PF-ODE, second order, two evaluations per step: the trapezoid rule with an Euler step as predictor. */
export const heun: ReferenceStep = (x, context) => {
  const { mixture, to, s, t } = context;
  const h = s - t;
  const first = at(context, x, ["velocity"]).velocity;
  const predictor = combine([1, x], [h, first]);
  const second = evaluatePoint(mixture, to, predictor, ["velocity"]).velocity;
  return combine([1, x], [h / 2, first], [h / 2, second]);
};

/** Reverse SDE dx = (beta x + 2 D s) dt + sqrt(2 D dt) eps. Cao et al. 2025, Eq. 4.19, corrected. */
export const eulerMaruyama: ReferenceStep = (x, context) => {
  const { from, s, t } = context;
  const dt = t - s;
  // beta x + 2 D s = -beta x - 2 v, since v = -beta x - D s.
  const { velocity } = at(context, x, ["velocity"]);
  const z = normals(context, streams.noise);
  // D^(1/2) z
  const noise =
    from.spread === undefined
      ? coloured(z, from)
      : multiplyLower(cholesky(from.spread, z.length), z.length, z);
  const rate = from.spread === undefined ? from.diffusion : 1;
  return combine([1 - dt * from.beta, x], [-2 * dt, velocity], [Math.sqrt(2 * rate * dt), noise]);
};

/**
 * Draws x_0 from the exact posterior p(x_0 | x_t), then x_s from the Gaussian bridge p(x_s | x_t, x_0): exact in law
 * at any step size. With r and v of the transition from s to t, the bridge has mean
 * r (S_s / S_t) x + alpha_s (v / S_t) x_0 and variance S_s v / S_t.
 */
export const posterior: ReferenceStep = (x, context) => {
  const { process, from, to, s, t } = context;
  const { scale, variance } = process.transition(s, t);
  const x0 = drawPosterior(x, context, 0);
  const noise = coloured(normals(context, streams.noise), to);
  return combine(
    [(scale * to.variance) / from.variance, x],
    [(to.alpha * variance) / from.variance, x0],
    [Math.sqrt((to.variance * variance) / from.variance), noise],
  );
};

/**
 * Euler steps with the proxy score of freshly drawn training points: interleaved training and sampling.
 *
 * `draws: R` takes the mean of R proxy scores: x + dt (beta x + D s~) (Vastola 2025, Prop. 4.1).
 * `noiseTime` takes one, its noise scaled so that small steps have a limit:
 * x + dt (beta x + D s) + sqrt(noiseTime dt) D (s~ - s) (docs/mathematics.md, Prop. 4.1).
 */
export function naive(options: { draws: number } | { noiseTime: number }): ReferenceStep {
  return (x, context) => {
    const { from, s, t } = context;
    const dt = t - s;
    // Not where A depends on time: D is no multiple of S there, and the scalar transition refuses.
    if (from.spread !== undefined) context.process.transition(s, t);
    // D S^-1 = diffusion / variance, also where the process is anisotropic: D s~ = ratio (alpha x0 - x).
    const ratio = from.diffusion / from.variance;
    const draws = "draws" in options ? options.draws : 1;
    const { posteriorWeights } = at(context, x, ["posteriorWeights"]);
    let x0: Float64Array = new Float64Array(x.length);
    for (let r = 0; r < draws; r++) {
      x0 = combine([1, x0], [1 / draws, drawPosterior(x, context, r, posteriorWeights)]);
    }
    if ("draws" in options) {
      return combine([1 + dt * (from.beta - ratio), x], [dt * ratio * from.alpha, x0]);
    }
    const { velocity, posteriorMean } = at(context, x, ["velocity", "posteriorMean"]);
    const size = Math.sqrt(options.noiseTime * dt) * ratio * from.alpha;
    return combine([1, x], [-dt, velocity], [size, x0], [-size, posteriorMean]);
  };
}

/** A draw from p(x_0 | x_t): a point by inverse distribution function in index order, then its width. */
export function drawPosterior(
  x: Float64Array,
  context: StepContext,
  index: number,
  posteriorWeights = at(context, x, ["posteriorWeights"]).posteriorWeights,
): Float64Array {
  const { mixture, from, seed, particle, step } = context;
  const { points, dim, sigma0 } = mixture;
  const m = categorical(posteriorWeights, uniform(seed, particle, step, streams.draw, index));
  const mu = points.slice(m * dim, (m + 1) * dim);
  if (sigma0 === 0) return mu;
  // x0 | m, x is Gaussian about its own posterior mean, with covariance sigma0^2 S V^-1.
  const component = { points: mu, dim, weights: Float64Array.of(1), sigma0 };
  const only = evaluatePoint(component, from, x, ["posteriorMean", "posteriorCovariance"]);
  const pairs = (dim + 1) >> 1;
  const z = new Float64Array(2 * pairs * (index + 1));
  fillNormals(z, z.length, 1, particle, seed, step, streams.component);
  const noise = multiplyLower(cholesky(only.posteriorCovariance, dim), dim, z.subarray(2 * pairs * index));
  return combine([1, only.posteriorMean], [1, noise]);
}

function normals(context: StepContext, stream: number): Float64Array {
  const { mixture, seed, particle, step } = context;
  return fillNormals(new Float64Array(mixture.dim), mixture.dim, 1, particle, seed, step, stream);
}

/** A^(1/2) z, by the Cholesky factor of A; z itself where the process is isotropic. */
function coloured(z: Float64Array, level: ReferenceLevel): Float64Array {
  if (level.covariance === undefined) return z;
  return multiplyLower(cholesky(level.covariance, z.length), z.length, z);
}
