import { flowMap } from "vkernel";
import { rounded } from "../estimate.js";
import { type Bench, twoPoints } from "./bench.js";
import { settings } from "./settings.js";

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
