import { dopri5 } from "../sampler/dopri5.js";
import { times } from "../sampler/grids/times.js";
import { sample } from "../run/sample.js";
import { drawMarginal, linearLevels, logLevels, normals, type Problem } from "./problems.js";
import { fitLine } from "../numeric/statistics.js";
import type { Subject } from "./subject.js";

/** How an error falls with the number of steps. */
export interface Convergence {
  /**
   * "flow": distance of end points from the exact flow's. "weak": mean and variance against the exact ones, one training
   * point. "strong": distance of end points on one Brownian path from those with half the steps.
   */
  readonly kind: "flow" | "weak" | "strong";
  /** "exact": without statistical error. "sampled": from many particles. */
  readonly method: "exact" | "sampled";
  readonly steps: readonly number[];
  readonly errors: readonly number[];
  /** Of each error, where it is sampled. */
  readonly standardErrors: readonly number[] | null;
  /** Minus the slope of log error against log steps; null where no power of the step shows. */
  readonly order: number | null;
  readonly standardError: number | null;
  /** The steps that the slope is of: where the error follows one power. */
  readonly used: readonly number[];
  /** Whether every error is rounding, or nothing beside its standard error. */
  readonly exact: boolean;
}

/** Errors below this, of states of order 1 after hundreds of steps in float64, are rounding or the reference's. */
const ROUNDING = 1e-11;

/** Sampled errors count from so many standard errors up: the smallest lies within 1 in 4 of its true value. */
const RESOLVED = 4;

/** Slopes between neighbouring errors belong to one power where they differ by less. */
const ONE_POWER = 0.25;

/** Fits the order over the finest steps whose slopes agree. */
export function measure(
  kind: Convergence["kind"],
  steps: readonly number[],
  errors: readonly number[],
  standardErrors: readonly number[] | null,
): Convergence {
  const method: Convergence["method"] = standardErrors === null ? "exact" : "sampled";
  const base = { kind, method, steps, errors, standardErrors };
  const least = (i: number) => (standardErrors === null ? ROUNDING : RESOLVED * standardErrors[i]);
  let end = errors.findIndex((e, i) => !(e > least(i)));
  if (end < 0) end = errors.length;
  const exact = errors.every((e, i) => e <= least(i));
  const enough = standardErrors === null ? 3 : 2;
  if (end < enough) return { ...base, order: null, standardError: null, used: [], exact };
  const slope = (i: number) => -Math.log(errors[i + 1] / errors[i]) / Math.log(steps[i + 1] / steps[i]);
  let first = end - enough;
  const finest = slope(end - 2);
  while (first > 0 && end - first < 6 && Math.abs(slope(first - 1) - finest) < ONE_POWER) first--;
  const window = Array.from({ length: end - first }, (_, i) => first + i);
  const x = window.map((i) => Math.log(steps[i]));
  const y = window.map((i) => Math.log(errors[i]));
  const relative = standardErrors && window.map((i) => standardErrors[i] / errors[i]);
  const fit = fitLine(x, y, relative ?? undefined);
  return {
    ...base,
    order: -fit.slope,
    standardError: fit.standardError,
    used: window.map((i) => steps[i]),
    exact,
  };
}

/** Where the exact flow takes states from the first level to the last (0: the posterior mean at the level before). */
export async function exactFlow(
  problem: Problem,
  start: Float64Array,
  levels: readonly number[],
  tolerance = 1e-13,
): Promise<Float64Array> {
  const run = await sample(problem.field, {
    sampler: dopri5({ rtol: tolerance, atol: tolerance }),
    grid: times(levels),
    initial: start,
  });
  return run.samples;
}

/** The root mean square distance of rows. */
export function rms(a: Float64Array, b: Float64Array, dim: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / (a.length / dim));
}

const doublings = (from: number, to: number): number[] => {
  const out = [from];
  while ((out.at(-1) as number) < to) out.push(2 * (out.at(-1) as number));
  return out;
};

/** Order of the end points against the exact flow's: 64 states, sigma from 3 to 0.3, equal steps in log sigma. */
export async function flowOrder(subject: Subject, problem: Problem, seed: number): Promise<Convergence> {
  const [top, bottom] = [3, 0.3];
  const start = drawMarginal(problem, top, 64, seed);
  const truth = await exactFlow(problem, start, [top, bottom]);
  const steps = doublings(4, 512);
  const errors: number[] = [];
  for (const n of steps) {
    const sigmas = logLevels(top, bottom, n);
    const { ends } = await subject.run({ problem, start, sigmas, seed });
    errors.push(rms(ends, truth, problem.dim));
  }
  return measure("flow", steps, errors, null);
}

const weakLevels = { top: 2, bottom: 0.25 };

/**
 * Weak order on one training point of width sigma0. Denoising is affine there, so that an end point is A x + b + sum_k c_k eps_k,
 * and its mean and variance follow from A, b and c_k, which one run on impulses gives: one particle at 0, one at 1, one for
 * each normal. A last particle with random numbers tells whether the run is affine; where it is not, mean and variance are
 * those of many particles. vkernel's own samplers that make draws of their own are read from their programs.
 */
export async function weakOrder(subject: Subject, problem: Problem, seed: number): Promise<Convergence> {
  const { top, bottom } = weakLevels;
  const mean = problem.points[0];
  const variance = (sigma: number) => problem.sigma0 ** 2 + sigma ** 2;
  const error = (m: number, v: number) =>
    Math.hypot((m - mean) / Math.sqrt(variance(bottom)), v / variance(bottom) - 1);
  if (subject.takesNoise || subject.moments) {
    const steps = doublings(4, 512);
    const errors: number[] = [];
    const from = { mean, variance: variance(top) };
    for (const n of steps) {
      const sigmas = logLevels(top, bottom, n);
      const moments =
        subject.moments?.(problem, sigmas, from) ??
        (await impulse(subject, problem, sigmas, seed, mean, variance(top)));
      if (moments === undefined) break;
      errors.push(error(moments.mean, moments.variance));
    }
    if (errors.length === steps.length) return measure("weak", steps, errors, null);
  }
  const steps = doublings(2, 64);
  const count = 2 ** 17;
  const errors: number[] = [];
  const start = drawMarginal(problem, top, count, seed);
  for (const n of steps) {
    const { ends } = await subject.run({ problem, start, sigmas: logLevels(top, bottom, n), seed: seed + n });
    const m = ends.reduce((a, b) => a + b, 0) / count;
    errors.push(error(m, ends.reduce((a, b) => a + (b - m) ** 2, 0) / (count - 1)));
  }
  // Of a variance v the standard error is v sqrt(2 / n), of a mean sqrt(v / n): the larger.
  return measure(
    "weak",
    steps,
    errors,
    steps.map(() => Math.sqrt(2 / count)),
  );
}

/** An affine run's last particle agrees with what the impulses say to this, relative to its size. */
const AFFINE = 1e-8;

async function impulse(
  subject: Subject,
  problem: Problem,
  sigmas: Float64Array,
  seed: number,
  mean: number,
  variance: number,
): Promise<{ mean: number; variance: number } | undefined> {
  const probe = await subject.run({ problem, start: Float64Array.of(0.5), sigmas, seed });
  const calls = probe.draws;
  if (calls < 0 || calls > 4096) return undefined;
  const count = calls + 3;
  const start = new Float64Array(count);
  start[1] = 1;
  const test = normals(1, calls + 1, seed, 1);
  start[count - 1] = 1 + test[calls];
  let asked = 0;
  const { ends, draws } = await subject.run({
    problem,
    start,
    sigmas,
    seed,
    noise: (call, length) => {
      asked = Math.max(asked, call + 1);
      const out = new Float64Array(length);
      if (call + 2 < count - 1) out[call + 2] = 1;
      out[count - 1] = test[call] ?? 0;
      return out;
    },
  });
  const at = (i: number) => ends[i];
  const b = at(0);
  const a = at(1) - b;
  let sum = a * start[count - 1] + b;
  let size = Math.abs(sum) + Math.abs(b);
  let square = 0;
  for (let k = 0; k < calls; k++) {
    const c = at(k + 2) - b;
    sum += c * test[k];
    size += Math.abs(c);
    square += c * c;
  }
  if (draws !== calls || asked > calls || !(Math.abs(at(count - 1) - sum) <= AFFINE * size)) return undefined;
  return { mean: a * mean + b, variance: a * a * variance + square };
}

/**
 * Strong order: end points with n and with 2 n steps on one Brownian path in sigma, equal steps in sigma, from 3 to 0.3. Only
 * where a step takes one normal per coordinate, which is then the path's increment over it, of unit variance.
 */
export async function strongOrder(
  subject: Subject,
  problem: Problem,
  seed: number,
): Promise<Convergence | undefined> {
  if (!subject.takesNoise) return undefined;
  const [top, bottom] = [3, 0.3];
  const count = 256;
  const start = drawMarginal(problem, top, count, seed);
  const finest = 512;
  const fine = Array.from({ length: finest }, (_, k) => normals(problem.dim, count, seed + 1, k));
  const all: Float64Array[] = [];
  const steps = doublings(8, finest);
  for (const n of steps) {
    const each = finest / n;
    const { ends, draws } = await subject.run({
      problem,
      start,
      sigmas: linearLevels(top, bottom, n),
      seed,
      noise: (call, length) => {
        const out = new Float64Array(length);
        for (let k = call * each; k < Math.min(finest, (call + 1) * each); k++) {
          const z = fine[k];
          for (let i = 0; i < length; i++) out[i] = out[i] + z[i] / Math.sqrt(each);
        }
        return out;
      },
    });
    if (draws !== n) return undefined;
    all.push(ends);
  }
  const errors = all.slice(1).map((ends, i) => rms(ends, all[i], problem.dim));
  return measure("strong", steps.slice(0, -1), errors, null);
}
