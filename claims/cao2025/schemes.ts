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
import type { Estimate } from "../estimate.js";
import { type Bench, linePoints } from "./bench.js";
import { forwardDraws, marginalCdf } from "./draws.js";
import { settings } from "./settings.js";

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
      rows.push({ scheme, steps, variance: momentsOf(squares) });
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

function momentsOf(values: ArrayLike<number>): Estimate {
  const n = values.length;
  let [mean, square] = [0, 0];
  for (let i = 0; i < n; i++) mean += values[i] / n;
  for (let i = 0; i < n; i++) square += (values[i] - mean) ** 2 / (n - 1);
  return { value: mean, standardError: Math.sqrt(square / n) };
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
  const { value, standardError } = momentsOf(squares);
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
