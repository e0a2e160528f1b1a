import type { View } from "../state/state.js";
import type { Frame } from "../worker/protocol.js";
import { shortNumber } from "./lens.js";

const sets: Readonly<Record<View["set"], string>> = {
  polygon: "the hexagon",
  line: "six points on a line",
  l: "six points that make an L",
  random: "five random points and an outlier",
  two: "two points",
  four: "four points on a line",
  own: "points of your own",
  digits: "the hexagon",
  fashion: "the hexagon",
};

const fields: Readonly<Record<View["quantity"], string>> = {
  none: "",
  fraction: "the share of tr C in tr C + |s|²",
  proxyVariance: "tr C",
  vKernel: "tr V",
  logDensity: "the log density",
  scoreNorm: "the length of the score",
  posteriorEntropy: "the entropy of the posterior weights",
  cells: "the cell of the nearest point",
  residual: "the error of the kernels' f",
};

const percent = (share: number): string =>
  share > 0 && share < 0.01
    ? "under 1 %"
    : share < 1 && share > 0.99
      ? "over 99 %"
      : `${Math.round(100 * share)} %`;

/** What a pane shows, in words and live numbers. */
export function describeFrame(view: View, frame: Frame | undefined, steps: number): string {
  const field = view.quantity === "none" ? "" : ` Colours show ${fields[view.quantity]}.`;
  if (frame === undefined) return `The stage shows ${sets[view.set]}; nothing is drawn yet.`;
  const { summary, t, step, done } = frame;
  const { particles } = summary;
  if (particles === undefined) return `The stage shows ${sets[view.set]} at t = ${shortNumber(t)}.${field}`;
  const where = done ? "at the end of the run" : `at step ${step} of ${steps}`;
  const near = `${percent(summary.near)} of the particles lie within ${shortNumber(
    summary.reach,
    2,
  )} of a training point`;
  const most = `most, ${percent(summary.topShare)}, are nearest to point ${summary.topPoint + 1}`;
  return `${particles.toLocaleString("en")} particles and ${sets[view.set]}, ${where}, t = ${shortNumber(t)}: ${near}; ${most}.${field}`;
}
