import { smoothingLoss } from "vkernel";
import type { Claim } from "../claim.js";
import { short, told } from "../told.js";
import { type Bench, twoPoints } from "./bench.js";
import { settings } from "./settings.js";
import { limit, limitsOf } from "./smoothedScore.js";

export interface Losses {
  readonly rows: readonly { kappa: number; t: number; value: number; limit: number }[];
  /** F(kappa) / 2 with sqrt(kappa), and with kappa as it is printed. */
  readonly limits: readonly { kappa: number; corrected: number; printed: number }[];
}

/** The loss of the piecewise score against the exact one, and what it tends to: Prop. 2, with no sampling. */
export async function measureLosses(bench: Bench): Promise<Losses> {
  const data = twoPoints(bench);
  const rows = settings.lossKappas.flatMap((kappa) =>
    settings.lossTimes.map((t) => ({ kappa, t, ...smoothingLoss(data, { kappa, t }) })),
  );
  data.dispose();
  return {
    rows,
    limits: settings.lossKappas.map((kappa) => ({ kappa, ...limitsOf(kappa) })),
  };
}

export const loss: Claim<{ losses: Losses }> = {
  id: "loss",
  source: { paper: "Chen 2025", where: "Prop. 2, Eq. 29" },
  sentence:
    "Smoothed over 1 - sqrt(kappa t), the loss tends to F(kappa) / 2, F(kappa) = 2 times the integral from kappa of (u - kappa)² phi(u).",
  expected:
    "At the smallest t the loss is nearer to F / 2 as printed than to F / 2 with sqrt(kappa) for kappa.",
  reads: ["losses"],
  card: limit,
  judge({ losses }) {
    const at = losses.rows
      .filter(({ kappa }) => kappa === settings.kappa)
      .reduce((a, b) => (b.t < a.t ? b : a));
    const end = losses.limits.find(({ kappa }) => kappa === settings.kappa) as Losses["limits"][number];
    const nearer = Math.abs(at.value - end.corrected) < Math.abs(at.value - end.printed);
    return {
      measured: told`kappa = ${at.kappa}, t = ${at.t}: loss ${short(at.value, 5)}; F / 2 is ${short(end.corrected, 5)} with sqrt(kappa), ${short(end.printed, 5)} as printed.`,
      verdict: nearer ? "corrected" : "holds",
      why: "The change of variables leaves delta / sigma = sqrt(kappa), not kappa.",
    };
  },
};
