import { exactScore, fokkerPlanck, heun, ou, posterior, sample, type Sampler } from "vkernel";
import { chiSquare } from "vkernel/internal";
import { type Estimate, rounded } from "../estimate.js";
import { type Bench, linePoints, listed } from "./bench.js";
import { counted, edgesBetween, forwardDraws, histogram, marginalCdf } from "./draws.js";
import { settings } from "./settings.js";

/** One equation at one time. */
export interface DensityRow {
  readonly equation: "forward" | "reverse" | "deterministic";
  readonly t: number;
  /** Total variation of the equation's solution on its grid from the exact law; and what its mass is off 1. */
  readonly distance: number;
  readonly mass: number;
  /** Particles of the same process against the exact law in 60 cells: p of chi-square. */
  readonly p: number;
}

export interface Densities {
  readonly rows: readonly DensityRow[];
  /** Pictures: the solution of each equation, and particles of the first two, in the middles of cells; one per time. */
  readonly x: readonly number[];
  readonly pictures: readonly {
    readonly t: number;
    readonly exact: readonly number[];
    readonly reverse: readonly number[];
    readonly cells: readonly number[];
    readonly forwardParticles: readonly Estimate[];
    readonly reverseParticles: readonly Estimate[];
  }[];
}

/** Where particles stand for time 0: a step to 0 itself replaces them by their posterior means. */
const NEARLY = 1e-7;
const PICTURE = { low: -3.4, high: 3.8, cells: 60 };

/** Figure 3: the equations (2.1), (2.7), (2.8) and their particles. */
export async function measureDensities(bench: Bench): Promise<Densities> {
  const { sizes, seed, signal, done } = bench;
  const process = ou();
  const data = linePoints(bench, settings.line.width);
  const field = exactScore(data, process);
  const { densityTimes: times, cells } = settings;
  const domain = settings.domain as unknown as readonly [number, number];
  const solve = (direction: "forward" | "reverse" | "deterministic") =>
    fokkerPlanck(data, process, {
      direction,
      times: direction === "forward" ? [...times].reverse() : [...times],
      cells,
      domain,
      signal,
    });
  const runs = {
    forward: await solve("forward"),
    reverse: await solve("reverse"),
    deterministic: await solve("deterministic"),
  };
  done(0.5);
  const count = sizes.particles;
  const particleTimes = times.map((t) => (t === 0 ? NEARLY : t));
  const move = async (sampler: Sampler, steps: number): Promise<Float64Array[]> => {
    const { sigma, timeOfSigma } = process;
    const grid = particleTimes.slice(1).flatMap((to, i) => {
      const from = particleTimes[i] as number;
      const between = (k: number): number =>
        timeOfSigma(sigma(from) * (sigma(to) / sigma(from)) ** (k / steps));
      return Array.from({ length: steps }, (_, k) => (k === 0 ? from : between(k)));
    });
    const run = await sample(field, {
      sampler,
      grid: listed([...grid, NEARLY]),
      initial: "marginal",
      count,
      seed: seed + 10,
      record: times.map((_, i) => i * steps),
      signal,
    });
    const states = run.trajectories as Float64Array;
    return times.map((_, i) => states.slice(i * count, (i + 1) * count));
  };
  const particles = {
    forward: times.map((t, i) => forwardDraws(data, process, t, { count, seed: seed + 11, slot: i })),
    reverse: await move(posterior(), 2),
    deterministic: await move(heun(), 60),
  };
  done(0.9);
  const rows: DensityRow[] = [];
  for (const equation of ["forward", "reverse", "deterministic"] as const) {
    const { densities, edges, mass, times: own } = runs[equation];
    const axis = edges[0];
    const width = axis[1] - axis[0];
    for (const [i, t] of times.entries()) {
      const k = Array.from(own).indexOf(t);
      const cdf = marginalCdf(data, process, t);
      const distances = densities[k].map(
        (q, c) => 0.5 * Math.abs(q * width - cdf(axis[c + 1]) + cdf(axis[c])),
      );
      rows.push({
        equation,
        t,
        distance: distances.reduce((sum, value) => sum + value, 0),
        mass: Math.abs(mass[k] - 1),
        p: agreement(particles[equation][i], cdf, count),
      });
    }
  }
  const { low, high, cells: shown } = PICTURE;
  const edges = edgesBetween(low, high, shown);
  const middles = edges.slice(1).map((edge, k) => (edge + edges[k]) / 2);
  const axis = runs.reverse.axes[0];
  const inside = Array.from(axis.keys()).filter((c) => c % 2 === 0 && axis[c] > low && axis[c] < high);
  const seen = (list: Float64Array) => histogram(counted(list, edges), count, (high - low) / shown);
  const spacing = axis[1] - axis[0];
  const pictures = times.map((t, i) => {
    const cdf = marginalCdf(data, process, t);
    return {
      t,
      exact: rounded(
        inside.map((c) => {
          const x = axis[c];
          return (cdf(x + spacing / 2) - cdf(x - spacing / 2)) / spacing;
        }),
      ),
      reverse: rounded(inside.map((c) => runs.reverse.densities[i][c])),
      cells: rounded(middles),
      forwardParticles: seen(particles.forward[i]),
      reverseParticles: seen(particles.reverse[i]),
    };
  });
  data.dispose();
  done(1);
  return { rows, x: rounded(inside.map((c) => axis[c])), pictures };
}

/** p of chi-square in cells of at least ten expected. */
function agreement(values: Float64Array, cdf: (x: number) => number, count: number): number {
  const edges = edgesBetween(PICTURE.low, PICTURE.high, 60);
  const counts = counted(values, edges);
  const expected = counts.map((_, k) => count * (cdf(edges[k + 1]) - cdf(edges[k])));
  // What lies outside is a cell too.
  const outside = count - counts.reduce((a, b) => a + b, 0);
  const all = [...counts.map((hits, k) => [hits, expected[k]] as const)];
  all.push([outside, count - expected.reduce((a, b) => a + b, 0)]);
  const kept = all.filter(([, e]) => e >= 10);
  return chiSquare(
    kept.map(([hits]) => hits),
    kept.map(([, e]) => e),
  ).p;
}

/** Growth of one wave number. */
export interface Growth {
  readonly s: number;
  readonly k: number;
  readonly measured: number;
  /** exp(k^2 (1 - e^(-2 s)) / 2); the same of the grid, which sees k as (2 / h) sin(k h / 2); and that wave's exp(k^2 s). */
  readonly theory: number;
  readonly onGrid: number;
  readonly brownian: number;
}

export interface IllPosed {
  readonly growth: readonly Growth[];
  /** Long waves for long. */
  readonly slow: readonly Growth[];
  /** The largest relative difference of what was measured from theory on the grid, all modes and times. */
  readonly worst: number;
  /** The naive reversal of p_T: densities at some s, in the coordinates of the start, and where it was stopped. */
  readonly x: readonly number[];
  readonly densities: readonly { readonly s: number; readonly values: readonly number[] }[];
  readonly exact: readonly number[];
  readonly stopped: { readonly s: number; readonly largest: number } | null;
}

/** Equation (2.3): what each wave number grows by, and what becomes of p_T. */
export async function measureGrowth(bench: Bench): Promise<IllPosed> {
  const { signal, done } = bench;
  const process = ou();
  const data = linePoints(bench);
  const horizon = 2;
  const { growthCells: cells, growthTimes } = settings;
  const domain = settings.domain as unknown as readonly [number, number];
  /** What each mode of a spike grows by. */
  const grown = async (count: number, after: readonly number[]): Promise<Growth[]> => {
    // Every mode: a uniform law with one cell a little higher.
    const level = 1 / ((domain[1] - domain[0]) * (1 + 1e-3 / count));
    const spike = Float64Array.from({ length: count }, (_, i) => level * (i === 17 ? 1 + 1e-3 : 1));
    const times = [horizon, ...after.map((s) => horizon - s)];
    const run = await fokkerPlanck(data, process, {
      direction: "unstable",
      times,
      cells: count,
      domain,
      initial: spike,
      signal,
    });
    const width = (domain[1] - domain[0]) / count;
    const [start] = run.amplitudes as [Float64Array];
    return after.flatMap((s, row) =>
      Array.from(run.waveNumbers.entries())
        // A mode that the spike has none of says nothing.
        .filter(([j]) => j > 0 && Math.abs(start[j]) >= 1e-8)
        .map(([j, k]) => ({
          s,
          k,
          measured: run.amplitudes[row + 1]?.[j] / start[j],
          theory: run.growth[row + 1]?.[j],
          onGrid: run.gridGrowth[row + 1]?.[j],
          brownian: Math.exp(((2 / width) * Math.sin((k * width) / 2)) ** 2 * s),
        })),
    );
  };
  const growth = await grown(cells, growthTimes);
  const slow = await grown(settings.slowCells, settings.slowTimes);
  const worst = [...growth, ...slow].reduce(
    (most, { measured, onGrid }) => Math.max(most, Math.abs(measured / onGrid - 1)),
    0,
  );
  done(0.5);
  const shown = [0.02, 0.027, 0.03];
  const later = Array.from({ length: 29 }, (_, i) => 0.05 * (i + 1));
  const naive = await fokkerPlanck(data, process, {
    direction: "unstable",
    times: [horizon, ...shown, ...later].map((s, i) => (i === 0 ? s : horizon - s)),
    cells: 256,
    domain,
    signal,
  });
  const last = naive.times[Math.min(naive.times.length - 1, shown.length)];
  const scale = process.alpha(last) / process.alpha(horizon);
  const cdf = marginalCdf(data, process, last);
  const half = (naive.axis[1] - naive.axis[0]) / 2;
  const exact = naive.axis.map((x) => (cdf((x + half) * scale) - cdf((x - half) * scale)) / (2 * half));
  data.dispose();
  done(1);
  return {
    growth,
    slow,
    worst,
    x: rounded(naive.axis),
    densities: Array.from(naive.times)
      .map((t, i) => ({ s: horizon - t, values: rounded(naive.densities[i]) }))
      .slice(1, 1 + shown.length),
    exact: rounded(exact),
    stopped: naive.stopped ? { s: horizon - naive.stopped.time, largest: naive.stopped.largest } : null,
  };
}
