/** The axes of a chart, for uPlot. */
import type uPlot from "uplot";
import type { ChartData, ChartOptions } from "./data.js";
import { number } from "./format.js";

/** Width of the y-axis, the same for all so that charts above one another line up. */
export const AXIS = 50;
export const FONT = "12px system-ui, sans-serif";

type Values = (number | null)[];

const plain = (_: uPlot, values: Values): string[] =>
  values.map((value) => (value === null ? "" : number(value, 6)));

const power = (value: number): string => `1e${Math.round(Math.log10(value))}`.replace("-", "−");

/** How a logarithmic axis is written, and which of its places are. */
const logarithmic = (data: ChartData) => ({
  values: (_: uPlot, values: Values): string[] =>
    values.map((value) =>
      value === null ? "" : value >= 1e4 || value < 1e-3 ? power(value) : number(value),
    ),
  filter: (plot: uPlot, splits: number[], index: number) =>
    readable(splits, plot.axes[index]?.scale === "x" ? data.xRange : data.yRange),
});

/** The two axes; `zoom` pixels of theirs are one of the screen's. `colour` is that of the theme at the time. */
export function axesOf(
  { log, logX, bare, ends, x }: ChartOptions,
  data: ChartData,
  zoom: number,
  colour: (meaning: "muted" | "grid") => string,
): uPlot.Axis[] {
  const font = FONT.replace("12px", `${12 * zoom}px`);
  const grid = { stroke: () => colour("grid"), width: zoom };
  const axis: uPlot.Axis = {
    font,
    labelFont: font,
    stroke: () => colour("muted"),
    grid,
    ticks: { show: false },
    gap: 6 * zoom,
  };
  const asLog = logarithmic(data);
  const logged = { ...asLog, grid: { ...grid, filter: asLog.filter } };
  return [
    {
      ...axis,
      space: 56 * zoom,
      size: (bare ? 4 : 22) * zoom,
      values: bare ? (_, values) => values.map(() => "") : plain,
      ...(logX && logged),
      ...(bare ? {} : { label: x, labelSize: 16 * zoom, labelGap: 2 * zoom }),
    },
    {
      ...axis,
      size: AXIS * zoom,
      space: 26 * zoom,
      values: plain,
      ...(log && logged),
      ...(ends && { splits: (_: uPlot, __: number, min: number, max: number) => [min, 0, max] }),
    },
  ];
}

/** Which places of a logarithmic axis are told: powers of ten, 2 and 5 times them where there are few, each so many where many. */
function readable(splits: readonly number[], [from, to]: readonly [number, number]): (number | null)[] {
  const decades = Math.log10(to / from);
  const every = Math.max(1, Math.ceil(decades / 5));
  return splits.map((value) => {
    const power = Math.floor(Math.log10(value) + 1e-9);
    const mantissa = Math.round((value / 10 ** power) * 1e6) / 1e6;
    const told = mantissa === 1 ? power % every === 0 : decades < 1.8 && (mantissa === 2 || mantissa === 5);
    return told ? value : null;
  });
}
