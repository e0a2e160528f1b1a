/** What the exact reverse process generates, and how far that is from the data. */
import type { ChartData, Layer } from "../../charts/data.js";
import { number } from "../../charts/format.js";
import type { CaptureShares, GeneratedMasses } from "../../worker/panels.js";
import { niceAbove } from "../panel.js";
import { rangeOf, sameValues } from "../parts.js";

/** Distances below this are rounding. */
const EQUAL = 1e-12;

export function generatedLawOf(
  { points, masses: law, weights, errors }: GeneratedMasses,
  shares: CaptureShares | undefined,
): ChartData {
  const ends = shares && sameValues(shares.points, points) ? shares.ends : undefined;
  const extent = (points.at(-1) as number) - points[0] || 2;
  const n = shares?.particles ?? 1;
  const stems = { kind: "stems", x: points } as const;
  const found: readonly Layer[] = ends
    ? [
        {
          ...stems,
          name: shares?.flow ? "particles, of the flow" : "particles",
          y: ends,
          colour: "particles",
          shape: "dot",
        },
      ]
    : [];
  const said = (x: number, m: number): string =>
    `At ${number(x, 3)} the law has ${number(law[m])}, the data ${number(weights[m])}${ends ? `, the particles ${number(ends[m])}` : ""}`;
  return {
    x: points,
    xRange: [points[0] - 0.2 * extent, (points.at(-1) as number) + 0.2 * extent],
    yRange: [0, niceAbove(1.3 * Math.max(...law, ...weights, ...(ends ?? [])))],
    layers: [
      { ...stems, name: "Corollary 3.2", y: law, colour: "theory", shape: "ring", theory: true },
      ...found,
      { ...stems, name: "data", y: weights, colour: "points", shape: "diamond", faint: true },
    ],
    description: Array.from(points, said).join("; "),
    table: {
      head: ["x", "Corollary 3.2", "its error", "weight in the data", "particles", "standard error"],
      rows: Array.from(points, (x, m) => [
        x,
        law[m],
        errors[m],
        weights[m],
        ends ? ends[m] : "–",
        ends ? Math.sqrt((law[m] * (1 - law[m])) / n) : "–",
      ]),
    },
  };
}

export function distanceOf({ horizons, distances, horizon, totalVariation }: GeneratedMasses): ChartData {
  // Rounding of masses is no distance.
  const positive = distances.map((value) => (value > EQUAL ? value : Number.NaN));
  const least = Math.min(...[...positive].filter(Number.isFinite), 1);
  const nothing = !positive.some(Number.isFinite);
  return {
    x: horizons,
    xRange: rangeOf(horizons),
    yRange: [10 ** Math.floor(Math.log10(least)), 1],
    layers: [{ kind: "curve", name: "Corollary 3.2", y: positive, colour: "exact", marker: "dot" }],
    at: horizon,
    description: `Total variation of the generated law from the data: ${number(totalVariation)} at T* = ${number(horizon, 3)}.`,
    table: {
      head: ["horizon", "total variation"],
      rows: Array.from(horizons, (t, i) => [t, distances[i]]),
    },
    ...(nothing ? { empty: "It is the law of the data, to rounding, at every horizon." } : {}),
  };
}
