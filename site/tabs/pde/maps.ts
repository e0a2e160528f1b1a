import type { ChartData } from "../../charts/data.js";
import { number } from "../../charts/format.js";
import type { Densities, DensityStart } from "../../worker/panels.js";
import { startNames } from "./controls.js";
import { marksOf, rangeOf } from "../parts.js";

/** A dozen places of a long list. */
const thin = (x: ArrayLike<number>): number[] =>
  Array.from({ length: 12 }, (_, i) => Math.round(((i + 0.5) * x.length) / 12));

/** The density over x and t of the forward or of the reverse equation. */
export function mapOf(
  { x, times, points, equation, ...rest }: Densities,
  which: "forward" | "backward",
  start: DensityStart,
): ChartData {
  const [values, pixels] =
    which === "forward" ? [rest.forward, rest.forwardPixels] : [rest.backward, rest.backwardPixels];
  const span: [number, number] = [times.at(-1) as number, times[0]];
  const what =
    which === "forward" ? "the forward equation" : `${equation} equation, started from ${startNames[start]}`;
  return {
    x,
    xRange: rangeOf(x),
    yRange: span,
    layers: [
      { kind: "heat", name: "density", pixels, width: x.length, height: times.length, quiet: true },
      marksOf(points, which !== "forward"),
    ],
    description: `Density of ${what}, from t = ${number(span[1], 3)} at the top to ${number(span[0], 3)}.`,
    table: {
      head: ["t", ...thin(x).map((i) => `x = ${number(x[i], 3)}`)],
      rows: Array.from(times, (t, k) => [t, ...thin(x).map((i) => values[k * x.length + i])]),
    },
  };
}
