import { exactScore, gridTimes, ou } from "vkernel";
import { trainingTuples } from "vkernel/internal";
import type { Claim } from "../claim.js";
import { decide, differenceOf } from "../decide.js";
import { type Estimate, meanOf } from "../estimate.js";
import { apart, listed, pm, short, told } from "../told.js";
import { type Bench, hexagon } from "./bench.js";
import { type InsideRow, insideCells } from "./insideCells.js";
import { settings } from "./settings.js";

/** Eq. 4.29 at a time: total loss less that of the flow, beside what the paper subtracts and what is right. */
export interface LossRow {
  readonly t: number;
  /** c^2 E |predictor - X_0|^2 - c^2 E |predictor - E[X_0 | X_t]|^2 for half of the right predictor. */
  readonly difference: Estimate;
  /** c^2 E tr Var(X_0 | X_t). */
  readonly conditional: Estimate;
  /** tr Var[c E[X_0 | X_t]], as printed. */
  readonly printed: Estimate;
}

export interface Identities {
  readonly loss: readonly LossRow[];
  readonly inside: readonly InsideRow[];
}

/** Sec. 4.4 and 4.5: the loss that cannot be 0, and the predictor inside the cells. */
export async function measureIdentities(bench: Bench): Promise<Identities> {
  const { sizes, seed, signal, done } = bench;
  const process = ou();
  const data = hexagon(bench);
  const field = exactScore(data, process);
  const count = sizes.particles;
  const draw = (t: number, first: number) =>
    trainingTuples(data, process, {
      samples: count,
      first,
      seed: seed + 70,
      weighting: "one",
      times: gridTimes([t]),
    });
  const loss: LossRow[] = [];
  for (const [i, t] of settings.lossTimes.entries()) {
    const { x, x0 } = await draw(t, i * count);
    const { posteriorMean, posteriorCovariance } = await field.evaluate(
      x,
      t,
      ["posteriorMean", "posteriorCovariance"],
      {
        signal,
      },
    );
    const c = process.alpha(t) / process.variance(t);
    const square = (row: number, f: (d: number) => number): number =>
      c * c * (f(2 * row) ** 2 + f(2 * row + 1) ** 2);
    const rows = Array.from({ length: count }, (_, row) => row);
    const mean = (d: number): number => posteriorMean[d];
    const center = [0, 1].map((d) => rows.reduce((sum, row) => sum + mean(2 * row + d) / count, 0));
    loss.push({
      t,
      difference: meanOf(
        rows.map(
          (row) => square(row, (d) => 0.5 * mean(d) - x0[d]) - square(row, (d) => 0.5 * mean(d) - mean(d)),
        ),
      ),
      conditional: meanOf(
        rows.map((row) => c * c * (posteriorCovariance[4 * row] + posteriorCovariance[4 * row + 3])),
      ),
      printed: meanOf(rows.map((row) => square(row, (d) => mean(d) - center[d % 2]))),
    });
    done((0.9 * (i + 1)) / settings.lossTimes.length);
  }
  const inside = settings.insideTimes.map((t) => insideCells(data, process, t, 0.01));
  done(1);
  data.dispose();
  return { loss, inside };
}

export const constant: Claim<{ identities: Identities }> = {
  id: "constant",
  source: { paper: "Cao et al. 2025", where: "Eq. 4.41, 4.43" },
  sentence: "Inside the cells the predictor tends to the cell's sample as t goes to 0.",
  expected: "At the smallest t more than 99% of p_t has it within 0.01 of the nearest point.",
  reads: ["identities"],
  judge({ identities: { inside } }) {
    const last = inside[inside.length - 1];
    return {
      measured: told`Not within 0.01 of the nearest point under p_t, by quadrature: ${listed(inside.map(({ t, within }) => told`${short(1 - within, 3)} at t = ${t}`))}; mean distance ${short(last.distance, 4)} at the last.`,
      verdict: last.within > 0.99 ? "exact" : "does not hold",
      why: "What is left is a band around the walls of width about t over the distance of neighbours, where p_t has ever less mass.",
    };
  },
};

export const totalLoss: Claim<{ identities: Identities }> = {
  id: "loss",
  source: { paper: "Cao et al. 2025", where: "Eq. 4.29" },
  sentence: "The total loss is the flow's loss plus E Var[c x0-bar(X_t, t)].",
  expected: "At every time their difference is the variance of the predictor, within the errors.",
  correction: { printed: "Var[c x0-bar(X_t, t)]", right: "c² E Var[X_0 | X_t]" },
  reads: ["identities"],
  judge({ identities: { loss } }) {
    const [right, asPrinted] = (["conditional", "printed"] as const).map((name) =>
      decide(loss.map((row) => differenceOf(row.difference, row[name]))),
    );
    const [first] = loss;
    return {
      measured: told`t = ${first.t}: total less flow ${pm(first.difference)}; c² E Var(X_0 | X_t) ${pm(first.conditional)}; Var[c x0-bar(X_t)] ${pm(first.printed)}. At ${loss.length} times the difference is off the first by ${apart(right)}, off the second by ${apart(asPrinted)}.`,
      verdict: asPrinted.differs ? "does not hold" : "holds",
      why: "What a predictor cannot know is the variance of X_0 given X_t, not that of its mean.",
    };
  },
};
