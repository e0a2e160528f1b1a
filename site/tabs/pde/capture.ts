import type { ChartData, Layer } from "../../charts/data.js";
import { count } from "../../charts/format.js";
import type { CaptureShares } from "../../worker/panels.js";

const ascending = (y: Float64Array): Float64Array => y.slice().reverse();

/** The share of the particles that are in the cell of their end, and to stay there, beside what theory says. */
export function captureOf(shares: CaptureShares, t: number | undefined): ChartData {
  const { times, inFinalCell, settled, inFinalCellTheory, settledTheory, particles, error } = shares;
  const theory = (y: Float64Array | undefined, name: string, quiet: boolean): readonly Layer[] =>
    y === undefined ? [] : [{ kind: "curve", name, y: ascending(y), colour: "theory", dash: true, quiet }];
  return {
    x: ascending(times),
    xRange: [times.at(-1) as number, times[0]],
    yRange: [0, 1.05],
    layers: [
      { kind: "curve", name: "in it", y: ascending(inFinalCell), colour: "particles", marker: "dot" },
      { kind: "curve", name: "to stay", y: ascending(settled), colour: "exact", marker: "square" },
      ...theory(inFinalCellTheory, "theory", false),
      ...theory(settledTheory, "theory, to stay", true),
    ],
    ...(t !== undefined && { at: t }),
    description: `Share of ${count(particles)} particles in the Voronoi cell of the point that they end on, and to stay there.`,
    table: {
      head: ["t", "in its final cell", "standard error", "theory", "to stay", "theory"],
      rows: Array.from(times, (time, k) => [
        time,
        inFinalCell[k],
        error[k],
        inFinalCellTheory ? inFinalCellTheory[k] : "–",
        settled[k],
        settledTheory ? settledTheory[k] : "–",
      ]),
    },
  };
}
