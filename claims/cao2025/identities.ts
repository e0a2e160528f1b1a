import { exactScore, gridTimes, ou } from "vkernel";
import { trainingTuples } from "vkernel/internal";
import type { Claim } from "../claim.js";
import { clear, differenceOf, type Estimate, meanOf } from "../estimate.js";
import { listed, pm, share, told } from "../told.js";
import { type Bench, hexagon } from "./bench.js";
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

/** Eq. 4.43 at a time: shares of p_t where E[X_0 | X_t] is within 0.01 of the nearest point, and its mean distance. */
export interface InsideRow {
  readonly t: number;
  readonly within: Estimate;
  readonly distance: Estimate;
}

export interface Identities {
  readonly loss: readonly LossRow[];
  readonly inside: readonly InsideRow[];
  readonly count: number;
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
    done((0.5 * (i + 1)) / settings.lossTimes.length);
  }
  const inside: InsideRow[] = [];
  for (const [i, t] of settings.insideTimes.entries()) {
    const { x } = await draw(t, (10 + i) * count);
    const { posteriorMean, nearest } = await field.evaluate(x, t, ["posteriorMean", "nearest"], { signal });
    const distances = Array.from(nearest, (m, row) =>
      Math.hypot(
        posteriorMean[2 * row] - data.points[2 * m],
        posteriorMean[2 * row + 1] - data.points[2 * m + 1],
      ),
    );
    inside.push({
      t,
      within: meanOf(distances.map((d) => Number(d < 0.01))),
      distance: meanOf(distances),
    });
    done(0.5 + (0.5 * (i + 1)) / settings.insideTimes.length);
  }
  data.dispose();
  return { loss, inside, count };
}

export const constant: Claim<{ identities: Identities }> = {
  id: "constant",
  source: { paper: "Cao et al. 2025", where: "Eq. 4.41, 4.43" },
  sentence: "Inside the cells the predictor tends to the cell's sample as t goes to 0.",
  expected: "At the smallest t more than 99% of p_t has it within 0.01 of the nearest point.",
  reads: ["identities"],
  judge({ identities: { inside, count } }) {
    const last = inside[inside.length - 1];
    return {
      measured: told`Within 0.01 of the nearest point under p_t: ${listed(inside.map(({ t, within }) => told`${share(within, count)} at t = ${t}`))}.`,
      verdict: last.within.value > 0.99 ? "holds" : "does not hold",
      why: "What is left is a band around the walls of width about t over the distance of neighbours, where p_t has ever less mass.",
    };
  },
};

export const totalLoss: Claim<{ identities: Identities }> = {
  id: "loss",
  source: { paper: "Cao et al. 2025", where: "Eq. 4.29" },
  sentence: "The total loss is the flow's loss plus E Var[c x0-bar(X_t, t)].",
  expected:
    "At every time their difference is the variance of the predictor's mean. It is corrected where it is that of X_0 given X_t instead.",
  reads: ["identities"],
  judge({ identities: { loss } }) {
    const zs = loss.map(({ difference, conditional, printed }) => ({
      right: differenceOf(difference, conditional).z,
      printed: differenceOf(difference, printed).z,
    }));
    const [first] = loss;
    return {
      measured: told`t = ${first.t}: total less flow ${pm(first.difference)}; c² E Var(X_0 | X_t) ${pm(first.conditional)}; Var[c x0-bar(X_t)] ${pm(first.printed)}.`,
      verdict:
        zs.every(({ right }) => !clear(right)) && zs.some(({ printed }) => clear(printed))
          ? "corrected"
          : "holds",
      why: "What a predictor cannot know is the variance of X_0 given X_t, not that of its mean.",
    };
  },
};
