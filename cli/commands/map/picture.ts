/** A map as a picture, with its title, its training points and arrows. */
import type { Mixture, Process } from "vkernel";
import type { scalarQuantities, TimeSlices } from "vkernel/internal";
import { withParameters } from "../../plan.js";
import { grouped, short } from "../../text.js";
import { arrowsOf } from "./arrows.js";
import type { Kind, MapChoices } from "./choices.js";
import type { Mapped } from "./result.js";

const longNames: Record<(typeof scalarQuantities)[number], string> = {
  logDensity: "log density",
  divergence: "divergence of the velocity",
  proxyVariance: "variance of the proxy score",
  nearest: "nearest training point",
  nearestDistance: "distance to the nearest training point",
  posteriorEntropy: "posterior entropy",
  effectiveCount: "effective number of points",
};

/** The picture as SVG. */
export async function drawn(mapped: Mapped, choices: MapChoices, slices: TimeSlices): Promise<string> {
  const { quantity, data, field, asked, view, values, colors } = mapped;
  const { kind, process, time } = asked;
  const log = choices.log === true;
  const { arrows: vectors } = choices;
  const picture = {
    ...titlesOf(mapped, choices),
    values,
    colors,
    points: data.dim > 2 ? [] : shownPoints(data, process.alpha(time), kind),
    lines: kind === "overTime" ? pathsOf(data, process, view.up) : [],
    arrows: vectors === undefined ? undefined : await arrowsOf(field, vectors, asked, view),
    quantity: log && colors ? `${longNames[quantity]} (log)` : longNames[quantity],
  };
  // Charts take a while to load: only who asks for a picture waits.
  const { curveFigure, mapFigure } = await import("../../report/map.js");
  if (kind === "curve") return curveFigure({ ...picture, x: view.x, places: view.across, log });
  return mapFigure({ ...picture, ...view }, slices);
}

function titlesOf(
  { name, quantity, data, asked: { process, time, end } }: Mapped,
  { at = "" }: MapChoices,
): { title: string; subtitle: string } {
  const long = longNames[quantity];
  const when = end === undefined ? `t = ${short(time)}` : `t = ${short(time)} to ${short(end)}`;
  const wide = data.sigma0 > 0 ? `, points of width ${short(data.sigma0)}` : "";
  const slice = data.dim > 2 ? `, through ${/^\d+$/.test(at) ? "training point " : ""}${at}` : "";
  return {
    title: `${long.charAt(0).toUpperCase()}${long.slice(1)}${quantity.startsWith("nearest") ? "," : " of"} ${name}`,
    subtitle: `${withParameters(process)}, ${when}, ${grouped(data.size)} points${wide}${slice}`,
  };
}

/** Where the process has taken the training points on average: alpha(t) times each. */
function shownPoints({ points }: Mixture, alpha: number, kind: Kind): Float64Array {
  return kind === "overTime" ? new Float64Array(0) : Float64Array.from(points, (value) => alpha * value);
}

/** The most training points whose ways in time are drawn. */
const MAX_LINES = 60;

function pathsOf({ points, size }: Mixture, process: Process, times: Float64Array): Float64Array[] {
  if (size > MAX_LINES) return [];
  return Array.from(points, (point) =>
    Float64Array.from({ length: 2 * times.length }, (_, i) => {
      const t = times[i >> 1];
      return i % 2 === 0 ? process.alpha(t) * point : t;
    }),
  );
}
