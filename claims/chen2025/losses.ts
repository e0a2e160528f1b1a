import { smoothingLoss } from "vkernel";
import { inSlices } from "vkernel/internal";
import type { Claim } from "../claim.js";
import { listed, short, told } from "../told.js";
import { type Bench, twoPoints } from "./bench.js";
import { settings } from "./settings.js";
import { limit, limitsOf } from "./smoothedScore.js";

export interface Losses {
  readonly rows: readonly { kappa: number; t: number; value: number; limit: number }[];
  /** F(kappa) / 2 with sqrt(kappa), and with kappa as it is printed. */
  readonly limits: readonly { kappa: number; corrected: number; printed: number }[];
  /** Of n points, evenly spaced: where the loss tends to, its rate, and (n - 1) / n F(kappa). */
  readonly many: readonly {
    readonly n: number;
    readonly kappa: number;
    readonly end: number;
    readonly slope: number;
    readonly theory: number;
  }[];
}

/** Points of the limits of Prop. 8, and what kappa runs over: F falls from 1 to 0. */
const counts = [2, 4, 6];
const range = [1e-6, 0.01, 0.1, 0.4, 1, 2, 5, 20];
/** Times of a rate, and one at which what is left is of the order of its digits. */
const rateTimes = [1e-5, 1e-6] as const;
const END = 1e-8;
/** Units of a loss: more than a slice has, so that the host has its turn after each. */
const PIECE = 2 ** 24;

function* measureMany({ engine }: Bench, n: number): Generator<number, Losses["many"], void> {
  const points = Array.from({ length: n }, (_, k) => [(2 * k) / (n - 1) - 1]);
  const data = engine.mixture(points, { precision: "f64" });
  const rows: Losses["many"][number][] = [];
  for (const kappa of range) {
    const value = (t: number): number => smoothingLoss(data, { kappa, t }).value;
    // What is left falls as sqrt(t): two times lose that.
    const last = value(END);
    yield PIECE;
    const end = 2 * value(END / 4) - last;
    yield PIECE;
    const left: number[] = [];
    for (const t of rateTimes) {
      left.push(Math.abs(value(t) - end));
      yield PIECE;
    }
    const theory = ((n - 1) / n) * 2 * limitsOf(kappa).corrected;
    rows.push({ n, kappa, end, slope: Math.log10(left[0] / left[1]), theory });
  }
  data.dispose();
  return rows;
}

/** The loss of the piecewise score against the exact one, and what it tends to: Prop. 2, with no sampling. */
export const measureLosses = (bench: Bench): Promise<Losses> => inSlices(lossesOf(bench), bench.signal);

/** In pieces of a loss each: some of them take tenths of a second. */
function* lossesOf(bench: Bench): Generator<number, Losses, void> {
  const data = twoPoints(bench);
  const rows = settings.lossKappas.flatMap((kappa) =>
    settings.lossTimes.map((t) => ({ kappa, t, ...smoothingLoss(data, { kappa, t }) })),
  );
  data.dispose();
  const many: Losses["many"][number][] = [];
  for (const n of counts) {
    many.push(...(yield* measureMany(bench, n)));
    bench.done((counts.indexOf(n) + 1) / counts.length);
  }
  return {
    rows,
    limits: settings.lossKappas.map((kappa) => ({ kappa, ...limitsOf(kappa) })),
    many,
  };
}

export const loss: Claim<{ losses: Losses }> = {
  id: "loss",
  source: { paper: "Chen 2025", where: "Prop. 2, Eq. 29" },
  sentence:
    "Smoothed over 1 - sqrt(kappa t), the loss tends to F(kappa) / 2, F(kappa) = 2 times the integral from kappa of (u - kappa)² phi(u).",
  expected: "At the smallest t the loss is within 1% of F / 2 as printed.",
  correction: {
    printed: "F(kappa) = 2 times the integral from kappa of (u - kappa)² phi(u)",
    right: "F(kappa) = 2 times the integral from sqrt(kappa) of (u - sqrt(kappa))² phi(u)",
  },
  reads: ["losses"],
  card: limit,
  judge({ losses }) {
    const at = losses.rows
      .filter(({ kappa }) => kappa === settings.kappa)
      .reduce((a, b) => (b.t < a.t ? b : a));
    const end = losses.limits.find(({ kappa }) => kappa === settings.kappa) as Losses["limits"][number];
    return {
      measured: told`kappa = ${at.kappa}, t = ${at.t}: loss ${short(at.value, 5)}; F / 2 is ${short(end.corrected, 5)} with sqrt(kappa), ${short(end.printed, 5)} as printed.`,
      verdict: Math.abs(at.value / end.printed - 1) < 0.01 ? "exact" : "does not hold",
      why: "The change of variables leaves delta / sigma = sqrt(kappa), not kappa.",
    };
  },
};

export const rate: Claim<{ losses: Losses }> = {
  id: "rate",
  source: { paper: "Chen 2025", where: "Prop. 2 and 8, Eq. 26" },
  sentence: "For n points t times the squared error tends to (n - 1) / n F(kappa), at a rate of sqrt(t).",
  expected:
    "For 2, 4 and 6 points and every kappa the limit is that to 1e-6, and what is left falls as t to the power of 1/2, to 0.05.",
  reads: ["losses"],
  judge({ losses: { many } }) {
    const off = Math.max(...many.map(({ end, theory }) => Math.abs(end - theory)));
    const slopes = many.map(({ slope }) => slope);
    const [least, most] = [Math.min(...slopes), Math.max(...slopes)];
    return {
      measured: told`${listed(counts, ", ")} points, ${range.length} values of kappa from ${range[0]} to ${range[range.length - 1]}: limits off by at most ${short(off, 1)}; from t = ${rateTimes[0]} to ${rateTimes[1]} what is left falls with powers ${least.toFixed(3)} to ${most.toFixed(3)} of t.`,
      verdict: off < 1e-6 && least > 0.45 && most < 0.55 ? "exact" : "does not hold",
      why: "With F as corrected. The loss is an integral, computed to its last digits.",
    };
  },
};

export const excess: Claim<{ losses: Losses }> = {
  id: "excess",
  source: { paper: "Chen 2025", where: "Prop. 8" },
  sentence: "F(kappa) strictly decreases from 1 to 0 as kappa grows from 0.",
  expected: "What the loss of two points tends to falls with every kappa, from above 0.99 to below 0.01.",
  reads: ["losses"],
  judge({ losses: { many } }) {
    const values = many.filter(({ n }) => n === 2).map(({ kappa, end }) => ({ kappa, F: 2 * end }));
    const falls = values.every(({ F }, k) => k === 0 || F < values[k - 1].F);
    const ends = values[0].F > 0.99 && values[values.length - 1].F < 0.01;
    return {
      measured: told`${listed(values.map(({ kappa, F }) => told`${short(F, 4)} at ${kappa}`))}.`,
      verdict: falls && ends ? "exact" : "does not hold",
      why: "Averaged over a wider interval the score loses more of the steps between points, and at kappa = 0 all of them.",
    };
  },
};
