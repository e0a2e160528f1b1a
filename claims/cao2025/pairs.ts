import { eulerMaruyama, exactScore, logSnr, ou, pairLaw, posterior, sample, type Sampler } from "vkernel";
import { chiSquare, integrate, panels } from "vkernel/internal";
import { fillNormals, streams } from "vkernel/reference";
import type { Claim } from "../claim.js";
import { rareOf } from "../decide.js";
import { type Estimate, rounded } from "../estimate.js";
import { listed, short, told } from "../told.js";
import { type Bench, linePoints } from "./bench.js";
import { counted, edgesBetween, forwardDraws, histogram } from "./draws.js";
import { settings } from "./settings.js";

export interface PairRow {
  readonly name: string;
  readonly count: number;
  /** Against the density of Theorem 1 in cells: p of chi-square. */
  readonly p: number;
  readonly density: readonly Estimate[];
}

/** Figure 5: the past of rho given X at the later time, beside the future of q from there. */
export interface Pairs {
  readonly x: readonly number[];
  /** rho(x, earlier | y, later) in the middles of the cells. */
  readonly theory: readonly number[];
  /** The posterior weights of the points given y: those of the bridges that the law is made of. */
  readonly posterior: readonly number[];
  readonly rows: readonly PairRow[];
  /** Bayes' rule from the forward densities against the bridges of Theorem 2: log densities at 200 places. */
  readonly bayes: number;
}

const VIEW = { low: -1.8, high: 2.4, cells: 42 };

/** Figure 5, Theorem 1. */
export async function measurePairs(bench: Bench): Promise<Pairs> {
  const { sizes, seed, signal, done } = bench;
  const { earlier, later, y, near } = settings.pair;
  const process = ou();
  const data = linePoints(bench);
  const field = exactScore(data, process);
  const law = pairLaw(data, process, { earlier, later });
  const edges = edgesBetween(VIEW.low, VIEW.high, VIEW.cells);
  const width = (VIEW.high - VIEW.low) / VIEW.cells;
  const { weights, means, variance } = await law.bridges([[y]]);
  const density = (x: number): number => {
    let sum = 0;
    for (const [m, w] of weights.entries()) {
      const d = x - means[m];
      sum += (w * Math.exp(-(d * d) / (2 * variance))) / Math.sqrt(2 * Math.PI * variance);
    }
    return sum;
  };
  const expected = edges
    .slice(1)
    .map((edge, k) => integrate(density, panels([edges[k], edges[k] / 2 + edge / 2, edge])));
  const row = (name: string, values: ArrayLike<number>): PairRow => {
    const counts = counted(values, edges);
    const kept = counts
      .map((hits, k) => [hits, expected[k] * values.length] as const)
      .filter(([, e]) => e >= 10);
    return {
      name,
      count: values.length,
      p: chiSquare(
        kept.map(([hits]) => hits),
        kept.map(([, e]) => e),
      ).p,
      density: histogram(counts, values.length, width),
    };
  };
  const rows: PairRow[] = [];
  // Forward: pairs whose later state comes near to y.
  const before = forwardDraws(data, process, earlier, { count: sizes.pairs, seed: seed + 20, slot: 0 });
  const noise = fillNormals(new Float64Array(sizes.pairs), 1, sizes.pairs, 0, seed + 20, 9, streams.tuples);
  const { scale, variance: added } = process.transition(earlier, later);
  rows.push(
    row(
      "forward pairs",
      before.filter((x, i) => Math.abs(scale * x + Math.sqrt(added) * noise[i] - y) < near),
    ),
  );
  done(0.3);
  const reverse = async (name: string, sampler: Sampler, steps: number): Promise<void> => {
    const { samples } = await sample(field, {
      sampler,
      grid: logSnr({ steps, tMax: later, tMin: earlier }),
      initial: new Float64Array(sizes.particles).fill(y),
      seed: seed + 21,
      signal,
    });
    rows.push(row(name, samples));
  };
  await reverse("reverse SDE, Euler-Maruyama, 500 steps", eulerMaruyama(), 500);
  await reverse("reverse SDE, one exact step", posterior(), 1);
  done(0.9);
  const places = edgesBetween(-2, 2.5, 199).map((x) => [x]);
  const backward = await law.backward(places, [[y]]);
  const bayes = Math.max(...backward.map((value, i) => Math.abs(Math.log(density(places[i][0])) - value)));
  data.dispose();
  done(1);
  const middles = edges.slice(1).map((edge, k) => (edge + edges[k]) / 2);
  return {
    x: rounded(middles),
    theory: rounded(expected.map((mass) => mass / width)),
    posterior: Array.from(weights),
    rows,
    bayes,
  };
}

export const past: Claim<{ pairs: Pairs }> = {
  id: "past",
  source: { paper: "Cao et al. 2025", where: "Theorem 1, Fig. 5" },
  sentence: "The past of rho is the future of q: rho(x, t1 | y, t2) = q(x, s1 | y, s2).",
  expected:
    "Forward pairs and reverse paths have the density of the theorem: no chi-square is one that chance rarely gives.",
  reads: ["pairs"],
  judge: ({ pairs: { rows } }) => ({
    measured: told`From y = ${settings.pair.y}: ${listed(rows.map(({ name, p }) => told`${name} p = ${short(p, 2)}`))}.`,
    verdict: rows.every(({ p }) => p > rareOf(rows.length)) ? "holds" : "does not hold",
    why: "Forward pairs near y and reverse paths from y have one law, a Gaussian bridge from each training point with its posterior weight.",
  }),
};
