import { exactScore, fokkerPlanck, heun, ou, posterior, sample, type Sampler } from "vkernel";
import { chiSquare } from "vkernel/internal";
import type { Claim } from "../claim.js";
import { rareOf } from "../decide.js";
import { type Estimate, rounded } from "../estimate.js";
import type { Card } from "../held.js";
import { short, told } from "../told.js";
import { type Bench, linePoints, listed } from "./bench.js";
import { counted, edgesBetween, forwardDraws, histogram, marginalCdf, totalVariation } from "./draws.js";
import { deterministicCard, reverseCard } from "./illPosedReversal.js";
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
    for (const [i, t] of times.entries()) {
      const k = Array.from(own).indexOf(t);
      const cdf = marginalCdf(data, process, t);
      rows.push({
        equation,
        t,
        distance: totalVariation(densities[k], edges[0], cdf),
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

/** A solution on a grid whose total variation from the exact law is below this is the law. */
const NEAR = 2e-3;

/** What an equation solves: grid and particles against the exact law. */
const solves = (
  equation: DensityRow["equation"],
  claim: Pick<Claim<{ densities: Densities }>, "id" | "source" | "sentence"> & {
    readonly why: string;
    readonly card: Card;
  },
): Claim<{ densities: Densities }> => {
  const { why, ...said } = claim;
  return {
    ...said,
    expected: `On the grid the total variation from the exact law is below ${NEAR}, and no chi-square of the particles is one that chance rarely gives.`,
    reads: ["densities"],
    judge({ densities }) {
      const rows = densities.rows.filter((row) => row.equation === equation);
      const worst = Math.max(...rows.map(({ distance }) => distance));
      const least = Math.min(...rows.map(({ p }) => p));
      return {
        measured: told`Total variation from the exact law at most ${short(worst, 2)} on ${settings.cells} cells, mass off 1 by ${short(Math.max(...rows.map(({ mass }) => mass)), 1)}; particles against it: p at least ${short(least, 2)} in ${rows.length} chi-squares.`,
        verdict: worst < NEAR && least > rareOf(rows.length) ? "holds" : "does not hold",
        why,
      };
    },
  };
};

export const reversal = solves("reverse", {
  id: "reversal",
  source: { paper: "Cao et al. 2025", where: "Sec. 2.1, Eq. 2.7, Fig. 3" },
  card: reverseCard,
  sentence:
    "Started from rho(x, T*), the stable reverse diffusion is the forward law read backward: q(x, s) = rho(x, T* - s).",
  why: "The score of rho turns half of the antidiffusion into transport; a finite volume scheme and particles agree with the closed form.",
});

export const deterministic = solves("deterministic", {
  id: "deterministic",
  source: { paper: "Cao et al. 2025", where: "Eq. 2.8" },
  card: deterministicCard,
  sentence: "Adding the Laplacian once instead of twice gives the same laws without diffusion.",
  why: "Transport by -x - grad log rho carries rho(T* - s) along.",
});
