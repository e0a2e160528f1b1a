/** Trajectories, and where the flow takes each place. */
import type { ChartData, Layer } from "../../charts/data.js";
import { number } from "../../charts/format.js";
import type { Meaning } from "../../charts/palette.js";
import { type EstimatorName, estimatorTable } from "../../state/choices.js";
import type { Flow } from "../../worker/panels.js";
import { marksOf, rangeOf } from "../parts.js";

const colours: Partial<Record<EstimatorName, Meaning>> = {
  exact: "exact",
  smoothed: "smoothed",
  piecewise: "piecewise",
};

const colourOf = (estimator: EstimatorName): Meaning => colours[estimator] ?? "particles";

export function pathsOf(
  { from, points, paths, sigmas, times }: Flow,
  estimator: EstimatorName,
  count: number,
): ChartData {
  const { called: name } = estimatorTable[estimator];
  return {
    x: from,
    xRange: rangeOf(from),
    yRange: [0, sigmas[0] || 1],
    layers: [
      { kind: "bundle", name, x: paths, y: sigmas, count, colour: colourOf(estimator) },
      marksOf(points),
    ],
    description: `${count} trajectories of the ${name} from noise level ${number(sigmas[0], 3)} to 0.`,
    table: {
      head: ["t", "noise level", ...Array.from({ length: count }, (_, p) => `path ${p + 1}`)],
      rows: Array.from(times, (t, i) => [
        t,
        sigmas[i],
        ...Array.from(paths.subarray(i * count, (i + 1) * count)),
      ]),
    },
  };
}

function flowLayers(flow: Flow, estimator: EstimatorName): Layer[] {
  const { from, points, exact, exactTheory, chosen, random, closedForm } = flow;
  const { called: name } = estimatorTable[estimator];
  const colour = colourOf(estimator);
  const layers: Layer[] = [
    { kind: "curve", name: "exact score", y: exact, colour: "exact" },
    { kind: "curve", name: "its quantiles", y: exactTheory, colour: "muted", dash: true },
  ];
  if (chosen && random) layers.push({ kind: "marks", name, x: from, y: chosen, colour, shape: "dot" });
  else if (chosen) {
    const marker = estimator === "piecewise" ? "square" : "ring";
    layers.push({ kind: "curve", name, y: chosen, colour, marker });
  }
  if (closedForm)
    layers.push({
      kind: "curve",
      name: "smoothed, closed form",
      y: closedForm,
      colour: "theory",
      dash: true,
    });
  layers.push(marksOf(points, true));
  return layers;
}

export function flowOf(flow: Flow, estimator: EstimatorName): ChartData {
  const { from, points, exact, exactTheory, chosen, closedForm, times } = flow;
  const extent = (points.at(-1) as number) - points[0] || 1;
  return {
    x: from,
    xRange: rangeOf(from),
    yRange: [points[0] - 0.15 * extent, (points.at(-1) as number) + 0.15 * extent],
    layers: flowLayers(flow, estimator),
    description: `Where places at t = ${number(times[0], 3)} end at t = 0.`,
    table: {
      head: [
        "x at start",
        "exact score",
        "quantiles",
        ...(chosen ? [estimatorTable[estimator].called] : []),
        ...(closedForm ? ["closed form"] : []),
      ],
      rows: Array.from(from, (x, i) => [
        x,
        exact[i],
        exactTheory[i],
        ...(chosen ? [chosen[i]] : []),
        ...(closedForm ? [closedForm[i]] : []),
      ]),
    },
  };
}
