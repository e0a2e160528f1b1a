/** The density and the scores at a time. */
import type { ChartData, Layer } from "../../charts/data.js";
import { count, number } from "../../charts/format.js";
import type { Curves } from "../../worker/panels.js";
import { niceAbove } from "../panel.js";
import { marksOf, niceTop, rangeOf } from "../parts.js";

const atOf = ({ t, sigma }: Curves): string => `t = ${number(t, 3)}, noise level ${number(sigma, 3)}`;

export function densityOf(curves: Curves): ChartData {
  const { x, points, density, densityTheory } = curves;
  return {
    x,
    xRange: rangeOf(x),
    yRange: [0, niceTop(densityTheory)],
    layers: [
      { kind: "curve", name: "computed", y: density, colour: "exact" },
      { kind: "curve", name: "theory", y: densityTheory, colour: "theory", dash: true },
      marksOf(points),
    ],
    description: `Density of the noised data at ${atOf(curves)}: ${count(points.length)} points.`,
    table: {
      head: ["x", "p", "theory", "difference"],
      rows: Array.from(x, (value, i) => {
        const [p, q] = [density[i], densityTheory[i]];
        return [value, p, q, p - q];
      }),
    },
  };
}

/** The exact score's teeth grow as 1 / S: they may leave the picture, so that the others are seen in it. */
function topOf({ x, points, exact, smoothed, piecewise, sigma }: Curves): number {
  const inner = (y: ArrayLike<number> | undefined): number => {
    let most = 0;
    for (let i = 0; y && i < x.length; i++) {
      if (x[i] < points[0] || x[i] > (points.at(-1) as number)) continue;
      most = Math.max(most, Math.abs(y[i]));
    }
    return most;
  };
  const gentle = Math.max(inner(smoothed), inner(piecewise));
  const steep = Math.max(inner(exact), 1 / sigma);
  return niceAbove(gentle > 0 ? Math.min(steep, 6 * gentle) : steep);
}

function scoreLayers({ points, exact, exactTheory, ...rest }: Curves): Layer[] {
  const { smoothed, smoothedTheory, piecewise } = rest;
  const theory = { kind: "curve", colour: "theory", dash: true } as const;
  const layers: Layer[] = [{ kind: "curve", name: "exact", y: exact, colour: "exact" }];
  if (smoothed)
    layers.push({ kind: "curve", name: "smoothed", y: smoothed, colour: "smoothed", marker: "ring" });
  if (piecewise)
    layers.push({ kind: "curve", name: "piecewise", y: piecewise, colour: "piecewise", marker: "square" });
  layers.push({ ...theory, name: "theory", y: exactTheory });
  if (smoothedTheory) layers.push({ ...theory, name: "theory, smoothed", y: smoothedTheory, quiet: true });
  layers.push(marksOf(points, true));
  return layers;
}

export function scoresOf(curves: Curves): ChartData {
  const { x, exact, exactTheory, smoothed, smoothedTheory, piecewise, width } = curves;
  const top = topOf(curves);
  const at = atOf(curves);
  const column = (y: ArrayLike<number> | undefined, i: number): (number | string)[] => (y ? [y[i]] : []);
  return {
    x,
    xRange: rangeOf(x),
    yRange: [-top, top],
    layers: scoreLayers(curves),
    description:
      width === undefined
        ? `Exact score at ${at}; nothing is smoothed there.`
        : `Exact, smoothed and piecewise score at ${at}; smoothed over ${number(2 * width, 3)}.`,
    table: {
      head: [
        "x",
        "exact",
        "theory",
        ...(smoothed ? ["smoothed", "theory, smoothed"] : []),
        ...(piecewise ? ["piecewise"] : []),
      ],
      rows: Array.from(x, (value, i) => [
        value,
        exact[i],
        exactTheory[i],
        ...column(smoothed, i),
        ...column(smoothedTheory, i),
        ...column(piecewise, i),
      ]),
    },
  };
}
