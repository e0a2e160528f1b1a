import { drawMarginal, logLevels, nearest, type Problem, project } from "./problems.js";
import { exactFlow } from "./order.js";
import { normalCdf } from "../numeric/special.js";
import { chiSquare, kolmogorov } from "../numeric/statistics.js";
import { karras } from "../sampler/grids/karras.js";
import type { Subject } from "./subject.js";

/** What came out where p_sigma was to come out: five unequal atoms, 256 steps from sigma 10 to 0.05, from p_10 itself. */
export interface Law {
  readonly particles: number;
  readonly steps: number;
  /** Of each atom: its weight, the share of the particles nearest to it, and the share's binomial standard error. */
  readonly atoms: readonly { weight: number; share: number; standardError: number }[];
  /** Pearson's chi-square of the shares. */
  readonly chiSquare: { statistic: number; degrees: number; p: number };
  /** The share of particles more than eight sigma away from every atom; 1e-13 in the exact law. */
  readonly between: number;
  /**
   * The variance of the others about their atoms, in units of sigma^2, with its standard error; `limit`: extrapolated
   * from half the steps to endless many, at order 1. Null where none is near an atom.
   */
  readonly spread: {
    value: number;
    standardError: number;
    limit: number;
    limitStandardError: number;
  } | null;
  /** The largest distance between distribution functions along three directions, and the least of their p-values times 3. */
  readonly kolmogorov: { distance: number; p: number };
  /** For deterministic samplers: the share of particles that the exact flow takes to another atom. */
  readonly elsewhere: number | null;
  /** After a last step to 0: the median distance from the nearest atom in units of the level before. 0 is right. */
  readonly leftover: number;
}

const FAR = 8;

export async function lawOf(
  subject: Subject,
  problem: Problem,
  options: { particles: number; seed: number; random: boolean },
): Promise<Law> {
  const { particles, seed, random } = options;
  const { dim, weights } = problem;
  const [top, bottom, steps] = [10, 0.05, 256];
  const start = drawMarginal(problem, top, particles, seed);
  const spreads: number[] = [];
  let ends = start;
  let near = nearest(start, problem);
  let within = 0;
  for (const n of [steps / 2, steps]) {
    // Starts and noises of their own, so that the two spreads have independent errors.
    const own = n === steps ? start : drawMarginal(problem, top, particles, seed + 1);
    ends = (await subject.run({ problem, start: own, sigmas: logLevels(top, bottom, n), seed: seed + n }))
      .ends;
    near = nearest(ends, problem);
    let square = 0;
    within = 0;
    for (const d of near.distance) {
      if (d > FAR * bottom) continue;
      within++;
      square += d * d;
    }
    spreads.push(within === 0 ? Number.NaN : square / (within * dim * bottom * bottom));
  }
  const [coarse, fine] = spreads as [number, number];
  const standardError = Math.sqrt(2 / (Math.max(1, within) * dim));
  const counts = new Float64Array(weights.length);
  for (const m of near.index) counts[m] = counts[m] + 1;

  const tests = [
    Float64Array.of(1, 0),
    Float64Array.of(0, 1),
    Float64Array.of(Math.SQRT1_2, Math.SQRT1_2),
  ].map((direction) => {
    const means = project(problem.points, dim, direction);
    return kolmogorov(project(ends, dim, direction), (z) =>
      means.reduce((sum, mean, m) => sum + weights[m] * normalCdf((z - mean) / bottom), 0),
    );
  });

  let elsewhere: number | null = null;
  if (!random) {
    const truth = nearest(await exactFlow(problem, start, [top, bottom], 1e-10), problem).index;
    elsewhere = truth.reduce((sum, m, i) => sum + (m === near.index[i] ? 0 : 1), 0) / particles;
  }
  return {
    particles,
    steps,
    atoms: Array.from(weights, (weight, m) => ({
      weight,
      share: counts[m] / particles,
      standardError: Math.sqrt((weight * (1 - weight)) / particles),
    })),
    chiSquare: chiSquare(
      counts,
      weights.map((w) => w * particles),
    ),
    between: 1 - within / particles,
    spread: Number.isFinite(fine + coarse)
      ? {
          value: fine,
          standardError,
          limit: 2 * fine - coarse,
          limitStandardError: Math.sqrt(5) * standardError,
        }
      : null,
    kolmogorov: {
      distance: Math.max(...tests.map((t) => t.distance)),
      p: Math.min(1, 3 * Math.min(...tests.map((t) => t.p))),
    },
    elsewhere,
    leftover: await leftoverOf(subject, problem, seed),
  };
}

/** karras, 32 steps from 10 to 0.002 and then to 0: what is left of the level 0.002. */
async function leftoverOf(subject: Subject, problem: Problem, seed: number): Promise<number> {
  const sigmaMin = 0.002;
  const sigmas = karras({ steps: 32, sigmaMin, sigmaMax: 10 }).times(problem.field.process);
  const start = drawMarginal(problem, 10, 511, seed + 2);
  const { ends } = await subject.run({ problem, start, sigmas, seed: seed + 2 });
  const { distance } = nearest(ends, problem);
  return distance.sort()[255] / sigmaMin;
}
