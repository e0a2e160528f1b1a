import {
  ancestral,
  eulerMaruyama,
  exactScore,
  type Grid,
  linear,
  logSnr,
  type Mixture,
  ou,
  posterior,
  sample,
  type Sampler,
} from "vkernel";
import { type Claim, only } from "../claim.js";
import { deviationOf, differenceOf, signOf } from "../decide.js";
import { type Estimate, meanOf } from "../estimate.js";
import { listed, pm, type Told, told } from "../told.js";
import { type Bench, linePoints } from "./bench.js";
import { forwardDraws, marginalCdf } from "./draws.js";
import { settings, type Sizes } from "./settings.js";

export interface SchemeRow {
  readonly scheme: string;
  readonly grid: "log" | "uniform";
  readonly steps: number;
  /** Wasserstein-1 of the samples from p at epsilon. */
  readonly distance: Estimate;
  /** Standard deviation about the nearest point, over what p at epsilon has. */
  readonly width: Estimate;
  /** The largest difference of a point's share from its weight. */
  readonly mass: Estimate;
}

export interface Schemes {
  readonly rows: readonly SchemeRow[];
  /** What as many exact draws are off: mean and spread of eight sets. */
  readonly floor: Estimate;
  readonly count: number;
  /** One point, epsilon as above: (4.21) and Euler-Maruyama with either noise; variance over the exact one. */
  readonly single: readonly {
    readonly scheme: string;
    readonly steps: number;
    readonly variance: Estimate;
  }[];
}

/** Sec. 4.3: Euler-Maruyama (4.19), "stable diffusion" (4.21), exact bridges; distance to the exact law by steps. */
export async function measureSchemes(bench: Bench): Promise<Schemes> {
  const { sizes, seed, signal, done } = bench;
  const { tMax, epsilon } = settings.schemes;
  const process = ou();
  const data = linePoints(bench);
  const field = exactScore(data, process);
  const count = sizes.schemeParticles;
  const cdf = marginalCdf(data, process, epsilon);
  const schemes: readonly (readonly [string, Sampler])[] = [
    ["Euler-Maruyama", eulerMaruyama()],
    ["Euler-Maruyama, noise as printed", eulerMaruyama({ noise: "asPrinted" })],
    ["stable diffusion (4.21)", ancestral()],
    ["exact bridges", posterior()],
  ];
  const grids: readonly (readonly ["log" | "uniform", (steps: number) => Grid])[] = [
    ["log", (steps) => logSnr({ steps, tMax, tMin: epsilon })],
    ["uniform", (steps) => linear({ steps, tMax, tMin: epsilon })],
  ];
  const rows: SchemeRow[] = [];
  const total = schemes.length * grids.length * sizes.schemeSteps.reduce((a, b) => a + b, 0);
  let spent = 0;
  for (const [grid, gridOf] of grids) {
    for (const [scheme, sampler] of schemes) {
      for (const steps of sizes.schemeSteps) {
        const { samples } = await sample(field, {
          sampler,
          grid: gridOf(steps),
          initial: "marginal",
          count,
          seed: seed + 60,
          signal,
        });
        rows.push({
          scheme,
          grid,
          steps,
          distance: wasserstein(samples, cdf),
          ...nearPoints(samples, data, epsilon),
        });
        spent += steps;
        done((0.9 * spent) / total);
      }
    }
  }
  const sets = Array.from(
    { length: 8 },
    (_, k) =>
      wasserstein(forwardDraws(data, process, epsilon, { count, seed: seed + 61, slot: k }), cdf).value,
  );
  const mean = sets.reduce((a, b) => a + b, 0) / 8;
  const spread = Math.sqrt(sets.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 7);
  const single = await measureSingle(bench, schemes);
  data.dispose();
  done(1);
  return { rows, floor: { value: mean, standardError: spread }, count, single };
}

/** One point: all is Gaussian, and the variance at epsilon says which noise is right. Theorem 2. */
async function measureSingle(
  { engine, sizes, seed, signal }: Bench,
  schemes: readonly (readonly [string, Sampler])[],
): Promise<Schemes["single"]> {
  const { tMax, epsilon } = settings.schemes;
  const process = ou();
  const one = engine.mixture([[0.7]], { precision: "f64" });
  const rows: Schemes["single"][number][] = [];
  const largest = Math.max(...sizes.schemeSteps);
  for (const [scheme, sampler] of schemes) {
    for (const steps of [5, largest]) {
      const { samples } = await sample(exactScore(one, process), {
        sampler,
        grid: logSnr({ steps, tMax, tMin: epsilon }),
        initial: "marginal",
        count: sizes.schemeParticles,
        seed: seed + 62,
        signal,
      });
      const mean = process.alpha(epsilon) * 0.7;
      const squares = samples.map((x) => (x - mean) ** 2 / process.variance(epsilon));
      rows.push({ scheme, steps, variance: meanOf(squares) });
    }
  }
  one.dispose();
  return rows;
}

/**
 * The integral of |F_n - F| over the line, with its error to first order: that of the mean of the integral of the sign of
 * F_n - F up to each sample.
 */
function wasserstein(samples: ArrayLike<number>, cdf: (x: number) => number): Estimate {
  const sorted = Float64Array.from(samples).sort();
  const n = sorted.length;
  const [first, last] = [sorted[0], sorted[n - 1]];
  // Fine where p at epsilon has its mass, coarse beyond.
  const nodes: number[] = [];
  const { points } = settings.line;
  const sigma = Math.sqrt(ou().variance(settings.schemes.epsilon));
  for (const point of points) {
    for (let k = -240; k <= 240; k++) nodes.push(point + (k * sigma) / 30);
  }
  const [low, high] = [Math.min(first, -2) - 0.1, Math.max(last, 3) + 0.1];
  for (let k = 0; k <= 2000; k++) nodes.push(low + (k * (high - low)) / 2000);
  nodes.sort((a, b) => a - b);
  let below = 0;
  let distance = 0;
  let signed = 0;
  let mean = 0;
  let square = 0;
  let before = 0;
  for (let i = 1; i < nodes.length; i++) {
    const [from, to] = [nodes[i - 1], nodes[i]];
    const middle = (from + to) / 2;
    while (below < n && sorted[below] <= middle) below++;
    const difference = below / n - cdf(middle);
    distance += Math.abs(difference) * (to - from);
    // Samples up to the middle have seen the signs so far.
    mean += ((below - before) * signed) / n;
    square += ((below - before) * signed * signed) / n;
    before = below;
    signed += Math.sign(difference) * (to - from);
  }
  return { value: distance, standardError: Math.sqrt(Math.max(0, square - mean * mean) / n) };
}

/** Width and masses of the clusters that samples make. */
function nearPoints(
  samples: ArrayLike<number>,
  data: Mixture,
  epsilon: number,
): { width: Estimate; mass: Estimate } {
  const process = ou();
  const alpha = process.alpha(epsilon);
  const n = samples.length;
  const hits = new Float64Array(data.size);
  const squares = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let m = 0; m < data.size; m++) {
      const d = Math.abs(samples[i] - alpha * data.points[m]);
      if (d < least) [best, least] = [m, d];
    }
    hits[best] = hits[best] + 1 / n;
    squares[i] = (least * least) / process.variance(epsilon);
  }
  const { value, standardError } = meanOf(squares);
  let worst = 0;
  for (let m = 0; m < data.size; m++) {
    const off = Math.abs(hits[m] - data.weights[m]);
    if (off > Math.abs(hits[worst] - data.weights[worst])) worst = m;
  }
  const share = hits[worst];
  return {
    width: { value: Math.sqrt(value), standardError: standardError / (2 * Math.sqrt(value)) },
    mass: {
      value: Math.abs(share - data.weights[worst]),
      standardError: Math.sqrt((share * (1 - share)) / n),
    },
  };
}

interface Numbers {
  readonly schemes: Schemes;
  readonly sizes: Sizes;
}

const varianceOf = ({ single }: Schemes, scheme: string, steps: number): Estimate =>
  only(single, (row) => row.scheme === scheme && row.steps === steps).variance;

export const noise: Claim<Numbers> = {
  id: "noise",
  source: { paper: "Cao et al. 2025", where: "Eq. 4.19" },
  sentence: "Euler-Maruyama with the noise sqrt(ds) e.",
  expected: "With many steps to one sample the variance is the exact one.",
  correction: { printed: "noise sqrt(ds) e", right: "noise sqrt(2 ds) e" },
  reads: ["schemes"],
  judge({ schemes, sizes }) {
    const largest = Math.max(...sizes.schemeSteps);
    const right = varianceOf(schemes, "Euler-Maruyama", largest);
    const printed = varianceOf(schemes, "Euler-Maruyama, noise as printed", largest);
    return {
      measured: told`One sample, ${largest} steps: variance over the exact one ${pm(printed)} as printed, ${pm(right)} with sqrt(2 ds).`,
      verdict: signOf(deviationOf(printed, 1)) !== 0 ? "does not hold" : "holds",
      why: "The reverse SDE (4.6) has sqrt(2) dB. With half the variance all clusters are narrower by sqrt(2), at any number of steps.",
    };
  },
};

export const single: Claim<Numbers> = {
  id: "single",
  source: { paper: "Cao et al. 2025", where: "Theorem 2, Eq. 4.12, 4.21-4.24" },
  sentence: "For one sample (4.21) is exact at any step.",
  expected: "With few steps the variance is the exact one.",
  reads: ["schemes"],
  judge({ schemes, sizes }) {
    const [few] = sizes.schemeSteps;
    const one = varianceOf(schemes, "stable diffusion (4.21)", few);
    return {
      measured: told`${few} steps: variance over the exact one ${pm(one)}.`,
      verdict: signOf(deviationOf(one, 1)) !== 0 ? "does not hold" : "holds",
      why: "With the origin known the process is a Gaussian bridge.",
    };
  },
};

/** Distances of two schemes. */
interface Pair {
  readonly steps: number;
  readonly euler: Estimate;
  readonly stable: Estimate;
}

export const frozen: Claim<Numbers> = {
  id: "schemes",
  source: { paper: "Cao et al. 2025", where: "Sec. 4.3, Eq. 4.19, 4.21" },
  sentence: "Freezing the predictor alone over a step is subtler than Euler-Maruyama.",
  expected:
    "At every number of steps, on both grids, (4.21) is clearly nearer to the law than Euler-Maruyama.",
  reads: ["schemes"],
  judge({ schemes, sizes }) {
    const distance = (scheme: string, grid: "log" | "uniform", steps: number): Estimate =>
      only(schemes.rows, (row) => row.scheme === scheme && row.grid === grid && row.steps === steps).distance;
    const compared = (grid: "log" | "uniform"): Pair[] =>
      sizes.schemeSteps.map((steps) => ({
        steps,
        euler: distance("Euler-Maruyama", grid, steps),
        stable: distance("stable diffusion (4.21)", grid, steps),
      }));
    const all = 2 * sizes.schemeSteps.length;
    const signs = (list: readonly Pair[]): number[] =>
      list.map(({ euler, stable }) => signOf(differenceOf(euler, stable), all));
    const count = (list: readonly Pair[], sign: 1 | -1): number =>
      signs(list).filter((one) => one === sign).length;
    const distances = (list: readonly Pair[]): Told =>
      listed(
        list.map(({ steps, euler, stable }) => told`${steps} steps ${pm(euler)}, ${pm(stable)}`),
        "; ",
      );
    const [log, uniform] = [compared("log"), compared("uniform")];
    const [onLog, onUniform] = [count(log, 1), count(uniform, 1)];
    const farther = count(log, -1) + count(uniform, -1);
    return {
      measured: told`Wasserstein distance from p at t = ${settings.schemes.epsilon}, Euler-Maruyama and (4.21). Steps uniform in t: ${distances(uniform)}. Uniform in log sigma: ${distances(log)}. As many exact draws: ${pm(schemes.floor)}.`,
      verdict: onLog + onUniform === all ? "holds" : farther > 0 ? "does not hold" : "not seen",
      why: `(4.21) is nearer at ${onUniform} of ${sizes.schemeSteps.length} step counts uniform in t, where Euler-Maruyama overshoots at small t, and at ${onLog} uniform in log sigma; farther at ${farther}. It has the width of the clusters right, but a frozen mean of several samples puts wrong masses on them. Drawing the origin from the posterior instead of its mean has neither error.`,
    };
  },
};
