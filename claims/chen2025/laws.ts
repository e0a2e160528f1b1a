import { flowMap, smoothingLoss, smoothingLossLimit, terminalLaw, ve } from "vkernel";
import { rounded } from "../estimate.js";
import { type Bench, twoPoints } from "./figure1.js";
import { settings } from "./settings.js";

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
    limits: settings.lossKappas.map((kappa) => ({
      kappa,
      corrected: smoothingLossLimit(kappa) / 2,
      printed: smoothingLossLimit(kappa * kappa) / 2,
    })),
  };
}

export interface FlowPaths {
  /** Square roots of the times, descending. */
  readonly roots: readonly number[];
  /** Where each start is at each of them. */
  readonly paths: readonly (readonly number[])[];
  /** tau at each of them: the middle region's edge. */
  readonly edge: readonly number[];
}

/** Figure 2: paths of the flow map of two points from t = 1, and the edges of its regions. */
export function measurePaths(bench: Bench): FlowPaths {
  const data = twoPoints(bench);
  const roots = Array.from({ length: 21 }, (_, i) => 1 - i / 20);
  const starts = Float64Array.from({ length: 17 }, (_, i) => (i - 8) / 4);
  const at = roots.map((root) =>
    root === 1 ? starts : flowMap(data, { kappa: settings.kappa, from: 1, to: root * root })(starts),
  );
  data.dispose();
  return {
    roots,
    paths: Array.from(starts, (_, s) => rounded(at.map((places) => places[s]))),
    edge: rounded(roots.map((root) => 1 - Math.sqrt(settings.kappa) * root)),
  };
}

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
