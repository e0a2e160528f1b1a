import {
  exactScore,
  type Grid,
  type Mixture,
  mlpScore,
  piecewiseScore,
  type ScoreField,
  smoothedScore,
  squareRoot,
  terminalLaw,
  times,
  uniformTimes,
  ve,
} from "vkernel";
import { chiSquare, kolmogorov } from "vkernel/internal";
import { type Claim, only } from "../claim.js";
import { decide, deviationOf, gapLimit, leastSeen, rareOf, shareDeviation, signOf } from "../decide.js";
import { type Estimate, meanOfRepeats, shareIf } from "../estimate.js";
import { apart, pm, share, short, told } from "../told.js";
import type { Bench } from "./bench.js";
import { endsOf, pointAt } from "./ends.js";
import { atomsCard, continuousMass, exactColumn, networkColumn } from "./lineRecovery.js";
import { settings, type Sizes } from "./settings.js";

export interface Column {
  readonly name: string;
  /** Shares within 0.01 of a training point's place along the line. */
  readonly near: Estimate;
  /** Root mean square across the line at the end. */
  readonly across: number;
  /** Kolmogorov-Smirnov distance along the line from the law of Eq. 13, and what chance is allowed. */
  readonly ks: number;
  readonly ksChance: number;
  /** Cells of the histogram against that law: p of chi-square. */
  readonly p: number;
  /** Density along the line in 40 cells between the outer points, with errors. */
  readonly histogram: readonly Estimate[];
}

export interface Figure3 {
  readonly columns: readonly Column[];
  readonly cells: readonly number[];
  /** The density of Eq. 13, its mean over each cell as the samples are counted: what is within 0.001 of a point is an atom. */
  readonly law: readonly number[];
  /** Every network, of a seed each: shares near a point and root mean squares across the line. */
  readonly networks: { readonly count: number; readonly near: Estimate; readonly across: Estimate };
  readonly atoms: readonly number[];
  readonly continuousMass: number;
  readonly kappas: readonly { kappa: number; theory: number; measured: Estimate }[];
}

const CELLS = 40;
/** What is near zero across the line. */
const ACROSS = 0.02;
/** Samples this near to a point have arrived at it. */
const ATOM = 1e-3;

const flat = ({ engine }: Bench): Mixture<"f64"> =>
  engine.mixture(
    settings.line.map((y) => [y, 0]),
    { precision: "f64" },
  );

/** Steps of du in sqrt(t), from t0 to 0. */
function paperGrid(end = 0): Grid {
  const { t0, du } = settings;
  const list: number[] = [t0];
  for (let u = Math.sqrt(t0) - du; u > Math.sqrt(end) + 1e-12; u -= du) list.push(u * u);
  return times([...list, end]);
}

/** Figure 3: the end points of five scores from one law at t0. Chen 2025, Sec. 4.2, A.7. */
export async function measureFigure3(
  bench: Bench,
): Promise<{ result: Figure3; pictures: ReadonlyMap<string, readonly Float64Array[]> }> {
  const { sizes, seed, signal, done } = bench;
  const { kappa, t0, network, earlyStop, line, particles } = settings;
  const data = flat(bench);
  const law = terminalLaw(data, { kappa, from: t0 });
  const delta = (line[1] - (line[0] as number)) / 2;
  const trained = (which: number) =>
    mlpScore(data, ve(), {
      ...network,
      steps: Math.max(10, Math.round(network.steps * sizes.training)),
      conditioning: "scaled",
      activation: "relu",
      loss: "exact",
      times: uniformTimes({ tMin: 1e-6 * t0, tMax: t0 }),
      seed: seed + 1000 * which,
      signal,
    });
  const others: { near: number; across: number }[] = [];
  for (let which = 1; which < sizes.networks; which++) {
    const other = await trained(which);
    const { samples } = await endsOf(bench, other, {
      grid: paperGrid(),
      count: Math.ceil(sizes.particles / 10),
    });
    const { near, across } = endsAt(samples);
    others.push({ near: near.value, across });
    other.dispose();
    done((0.4 * which) / sizes.networks);
  }
  const net = await trained(0);
  done(0.4);
  const fields: [string, ScoreField<"f64">, Grid][] = [
    ["exact", exactScore(data, ve()), paperGrid()],
    ["smoothed", smoothedScore(data, ve(), { width: (t) => delta - Math.sqrt(kappa * t) }), paperGrid()],
    ["piecewise", piecewiseScore(data, { kappa }), paperGrid()],
    ["network", net, paperGrid()],
    ["early stopping", exactScore(data, ve()), paperGrid(earlyStop)],
  ];
  const columns: Column[] = [];
  const pictures = new Map<string, readonly Float64Array[]>();
  const first = line[0] as number;
  const cell = ((line.at(-1) as number) - first) / CELLS;
  for (const [name, field, grid] of fields) {
    const list = grid.times(ve());
    const half = list.reduce(
      (best, t, i) => (Math.abs(t - t0 / 2) < Math.abs(list[best] - t0 / 2) ? i : best),
      0,
    );
    const count = Math.min(particles, sizes.particles);
    const shown = await endsOf(bench, field, { grid, count, record: [0, half, list.length - 1] });
    const trajectories = shown.trajectories as Float64Array;
    pictures.set(
      name,
      [0, 1, 2].map((slot) => trajectories.slice(slot * count * 2, (slot + 1) * count * 2)),
    );
    const { samples } = await endsOf(bench, field, { grid, count: sizes.particles });
    const { y, near, across } = endsAt(samples);
    // Cells about the points too: their edges are in the gaps.
    const edges = Array.from({ length: 26 }, (_, k) => first - 0.04 + (k * 2.08) / 25);
    const expected = edges.slice(1).map((edge, k) => sizes.particles * (law.cdf(edge) - law.cdf(edges[k])));
    const counts = expected.map((_, k) => y.filter((v) => v > edges[k] && v <= edges[k + 1]).length);
    const kept = expected.map((value, k) => [value, counts[k]] as const).filter(([value]) => value > 5);
    columns.push({
      name,
      near,
      across,
      ks: distanceBetweenAtoms(y, law.cdf),
      ksChance: gapLimit(sizes.particles),
      p: chiSquare(
        kept.map(([, count_]) => count_),
        kept.map(([value]) => value),
      ).p,
      histogram: Array.from({ length: CELLS }, (_, k) => {
        const low = first + k * cell;
        const { value, standardError } = shareIf(sizes.particles, (i) => {
          const v = y[i];
          // What has arrived at a point is an atom, not density.
          return pointAt(line, v, ATOM) < 0 && v > low && v <= low + cell;
        });
        const width = widthBetween(low, low + cell);
        return { value: value / width, standardError: standardError / width };
      }),
    });
    done(0.4 + (0.5 * columns.length) / fields.length);
  }
  net.dispose();
  const trainedColumn = only(columns, (column) => column.name === "network");
  const kappas: Figure3["kappas"][number][] = [];
  for (const one of settings.kappas) {
    const field = piecewiseScore(data, { kappa: one });
    const { samples } = await endsOf(bench, field, {
      grid: squareRoot({ steps: 10, tMin: 0, tMax: t0 }),
      count: sizes.particles,
      seed: seed + 1,
    });
    kappas.push({
      kappa: one,
      theory: terminalLaw(data, { kappa: one, from: t0 }).continuousMass,
      measured: shareIf(sizes.particles, (i) => pointAt(line, samples[2 * i], 1e-6) < 0),
    });
  }
  data.dispose();
  const cells = Array.from({ length: CELLS }, (_, k) => first + (k + 0.5) * cell);
  return {
    result: {
      columns,
      cells,
      law: Array.from({ length: CELLS }, (_, k) => {
        const low = first + k * cell;
        const pieces = piecesBetween(low, low + cell);
        const mass = pieces.reduce((sum, [from, to]) => sum + law.cdf(to) - law.cdf(from), 0);
        return mass / widthBetween(low, low + cell);
      }),
      networks: {
        count: others.length + 1,
        ...overSeeds([...others, { near: trainedColumn.near.value, across: trainedColumn.across }]),
      },
      atoms: Array.from(law.atoms),
      continuousMass: law.continuousMass,
      kappas,
    },
    pictures,
  };
}

/** Places along the line of rows `[count, 2]`, the share near a point, and the root mean square across. */
function endsAt(samples: ArrayLike<number>): { y: Float64Array; near: Estimate; across: number } {
  const count = samples.length / 2;
  const y = Float64Array.from({ length: count }, (_, i) => samples[2 * i]);
  const square = y.reduce((sum, _, i) => sum + samples[2 * i + 1] ** 2 / count, 0);
  return {
    y,
    near: shareIf(count, (i) => pointAt(settings.line, y[i], 0.01) >= 0),
    across: Math.sqrt(square),
  };
}

const overSeeds = (ends: readonly { near: number; across: number }[]) => ({
  near: meanOfRepeats(ends.map(({ near }) => near)),
  across: meanOfRepeats(ends.map(({ across }) => across)),
});

/** What is left of an interval without what is near a point. */
function piecesBetween(low: number, high: number): [number, number][] {
  let pieces: [number, number][] = [[low, high]];
  for (const place of settings.line) {
    pieces = pieces.flatMap(([from, to]): [number, number][] => {
      const [before, after] = [Math.min(to, place - ATOM), Math.max(from, place + ATOM)];
      return (
        [
          [from, before],
          [after, to],
        ] as [number, number][]
      ).filter(([a, b]) => b > a);
    });
  }
  return pieces;
}

const widthBetween = (low: number, high: number): number =>
  piecesBetween(low, high).reduce((sum, [from, to]) => sum + to - from, 0);

/** The largest distance of the empirical distribution function from one with jumps at the points: halfway between them. */
function distanceBetweenAtoms(y: Float64Array, cdf: (y: number) => number): number {
  // Samples within rounding of a point are on it.
  const snapped = y.map((value) => {
    const near = settings.line.find((place) => Math.abs(value - place) < 1e-6);
    return near ?? value;
  });
  const sorted = snapped.slice().sort();
  let distance = 0;
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i];
    if (settings.line.includes(value as never)) continue;
    const f = cdf(value);
    distance = Math.max(distance, Math.abs(f - i / sorted.length), Math.abs(f - (i + 1) / sorted.length));
  }
  return distance || kolmogorov(sorted, cdf).distance;
}

const columnOf = ({ columns }: Figure3, name: string): Column =>
  only(columns, (column) => column.name === name);

interface Numbers {
  readonly figure3: Figure3;
  readonly sizes: Sizes;
}

export const law: Claim<Numbers> = {
  id: "law",
  source: { paper: "Chen 2025", where: "Eq. 13, Fig. 3 (iii)" },
  sentence:
    "The end law of the piecewise score is an atom at each point and a density between, in closed form.",
  expected: "The chi-square of the samples against that law is none that chance rarely gives.",
  reads: ["figure3"],
  card: atomsCard,
  judge({ figure3, sizes }) {
    const piecewise = columnOf(figure3, "piecewise");
    return {
      measured: told`${share(piecewise.near, sizes.particles)} of the samples within 0.01 of a point; chi-square against the law: p = ${short(piecewise.p, 2)}; continuous mass ${short(figure3.continuousMass, 5)} in theory.`,
      verdict: piecewise.p > rareOf() ? "holds" : "does not hold",
      why: "Euler's method in sqrt(t) is exact where the score is linear in x with these coefficients.",
    };
  },
};

export const agreement: Claim<Numbers> = {
  id: "agreement",
  source: { paper: "Chen 2025", where: "Sec. 4.2, Fig. 3 (ii)" },
  sentence: "At t = 0 the histogram of the smoothed score is well matched by the same prediction.",
  expected:
    "The distance of the distribution functions between the points is no more than chance is allowed.",
  reads: ["figure3"],
  judge({ figure3 }) {
    const [smoothed, piecewise] = [columnOf(figure3, "smoothed"), columnOf(figure3, "piecewise")];
    const excess = smoothed.ks / smoothed.ksChance;
    return {
      measured: told`Largest distance of the distribution functions between the points: ${short(smoothed.ks, 3)} (${short(excess, 3)} times what chance is allowed), ${short(piecewise.ks, 3)} for the piecewise score; chi-square: p = ${short(smoothed.p, 2)}.`,
      verdict: excess > 1 ? "does not hold" : "holds",
      why: "Near the points the smoothed score turns over a length t / Delta, the piecewise one at once (Lemma 1 is an asymptotic bound: at kappa = 0.4 it is near 1 for all t): some mass that would sit on a point stays beside it. To the eye the histograms agree.",
    };
  },
};

export const memorizes: Claim<Numbers> = {
  id: "memorizes",
  source: { paper: "Chen 2025", where: "Sec. 2, Fig. 3 (i)" },
  sentence: "The exact score ends on the training points.",
  expected: "More than 99.9% of the samples end within 0.01 of a point.",
  reads: ["figure3"],
  card: exactColumn,
  judge({ figure3, sizes }) {
    const { near } = columnOf(figure3, "exact");
    return {
      measured: told`${share(near, sizes.particles)} within 0.01 of a point.`,
      verdict: near.value > 0.999 ? "holds" : "does not hold",
      why: "The flow's end at t = 0 is the empirical distribution.",
    };
  },
};

export const early: Claim<Numbers> = {
  id: "early",
  source: { paper: "Chen 2025", where: "Sec. 3.4" },
  sentence:
    "Early stopping is not the same: it leaves noise in every direction, smoothing keeps the samples on the line.",
  expected: "Stopped early, samples are over 100 times as far across the line as smoothed ones.",
  reads: ["figure3"],
  judge({ figure3 }) {
    const [stopped, smoothed, piecewise] = ["early stopping", "smoothed", "piecewise"].map(
      (name) => columnOf(figure3, name).across,
    );
    return {
      measured: told`Across the line, root mean square: ${short(stopped, 3)} when stopped at t = ${settings.earlyStop}, ${short(smoothed, 2)} smoothed, ${short(piecewise, 2)} piecewise.`,
      verdict: stopped > 100 * smoothed ? "holds" : "does not hold",
      why: "The average along the line leaves the linear part across it as it is, which contracts as sqrt(t).",
    };
  },
};

export const network: Claim<Numbers> = {
  id: "network",
  source: { paper: "Chen 2025", where: "Sec. 4.2, Fig. 3 (iv)" },
  sentence:
    "A trained network without regularization interpolates too, and converges to near zero in the second dimension.",
  expected:
    "Over seeds, clearly less than 90% of the samples end within 0.01 of a point, and their root mean square across the line is clearly below 0.02.",
  reads: ["figure3"],
  card: networkColumn,
  judge({ figure3, sizes }) {
    const { near, across, count } = figure3.networks;
    const exact = columnOf(figure3, "exact");
    const signs = [deviationOf(near, 0.9), deviationOf(across, ACROSS)].map((one) => signOf(one, 2));
    const seen = ACROSS - leastSeen(across, 2);
    return {
      measured: told`${count} networks: ${pm({ value: 100 * near.value, standardError: 100 * near.standardError })}% of the samples within 0.01 of a point (exact: ${share(exact.near, sizes.particles)}); across the line, root mean square ${pm(across)}.`,
      verdict: signs.every((sign) => sign < 0)
        ? "holds"
        : signs.some((sign) => sign > 0)
          ? "does not hold"
          : "not seen",
      why: `${seen.toFixed(4)} across the line would have been seen of so many networks. 3,000 steps of 16 samples leave the steps between points smoothed; the linear part across is learned first. Errors are those between seeds of training.`,
    };
  },
};

export const kappa: Claim<Numbers> = {
  id: "kappa",
  source: { paper: "Chen 2025", where: "Sec. 3.2" },
  sentence: "kappa sets how much mass ends between the points.",
  expected: "At every kappa the share of samples off the points is the mass of the closed form.",
  reads: ["figure3"],
  card: continuousMass,
  judge({ figure3: { kappas }, sizes }) {
    const shares = decide(
      kappas.map(({ theory, measured }) => shareDeviation(measured, sizes.particles, theory)),
    );
    return {
      measured: told`${kappas.length} values: theory and samples differ by at most ${apart(shares)}; ${short(100 * (kappas[0]?.theory ?? 0), 3)}% at kappa = ${kappas[0]?.kappa}, ${short(100 * (kappas.at(-1)?.theory ?? 0), 3)}% at ${kappas.at(-1)?.kappa}.`,
      verdict: shares.differs ? "does not hold" : "holds",
      why: "Mass within sqrt(kappa t0) of a point at t0 ends on it.",
    };
  },
};
