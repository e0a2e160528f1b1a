import * as Plot from "@observablehq/plot";
import type { View } from "./frames.js";
import { document, draw, type Frame, type Theme } from "./charts.js";

// Pictures of points and samples in the plane or on a line, readable for any number of them.

/** Above this many samples their density is drawn, not a dot for each. */
export const MAX_DOTS = 4000;
/** Above this many training points their density is drawn, not a mark for each. */
export const MAX_MARKS = 2000;
/** Density is counted in this many cells across and up. */
const CELLS = 90;
/** Steps of opacity of a density. */
const LEVELS = 8;

const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Radius and opacity of the dots of so many samples. */
export const dotLook = (count: number): { radius: number; opacity: number } => ({
  radius: within(1.5 * (MAX_DOTS / Math.max(count, 1)) ** 0.16, 1.5, 3.2),
  opacity: within(0.55 * (MAX_DOTS / Math.max(count, 1)) ** 0.1, 0.55, 0.9),
});

/** Radius, stroke and opacity of the hollow marks of so many training points: together they never cover the frame. */
export const markLook = (count: number): { radius: number; stroke: number; opacity: number } => {
  const radius = within(7 * Math.sqrt(12 / Math.max(count, 1)), 1.2, 7);
  return { radius, stroke: within(radius / 2.5, 1, 2), opacity: count > 60 ? 0.7 : 1 };
};

const NS = "http://www.w3.org/2000/svg";

type Scales = { x: (value: number) => number; y: (value: number) => number };

function group(
  attributes: Readonly<Record<string, string | number>>,
  paths: readonly Record<string, string>[],
) {
  const element = document.createElementNS(NS, "g");
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  for (const one of paths) {
    const path = document.createElementNS(NS, "path");
    for (const [name, value] of Object.entries(one)) path.setAttribute(name, value);
    element.appendChild(path);
  }
  return element;
}

const mark = (render: (scales: Scales) => Element): Plot.Markish =>
  ((_index: number[], scales: Plot.ScaleFunctions) =>
    render(scales as unknown as Scales)) as unknown as Plot.Markish;

/** Many small dots as few paths of round points of no length: a tenth of the text of as many circles. */
function dots(samples: ArrayLike<number>, count: number, view: View, theme: Theme): Plot.Markish {
  const { radius, opacity } = dotLook(count);
  return mark(({ x, y }) => {
    // Dots of one path do not add up where they overlap, those of different paths do.
    const parts = Array.from({ length: 24 }, () => "");
    for (let i = 0; i < count; i++) {
      const [a, b] = [samples[2 * i], samples[2 * i + 1]];
      if (!isInside(a, b, view)) continue;
      parts[i % parts.length] += `M${x(a).toFixed(1)} ${y(b).toFixed(1)}h0`;
    }
    return group(
      {
        "data-layer": "samples",
        stroke: theme.sample,
        "stroke-width": 2 * radius,
        "stroke-linecap": "round",
        "stroke-opacity": opacity,
        fill: "none",
      },
      parts.filter((d) => d !== "").map((d) => ({ d })),
    );
  });
}

const isInside = (a: number, b: number, { x, y }: View): boolean =>
  a >= x[0] && a <= x[1] && b >= y[0] && b <= y[1];

/** How many of a table of rows of 2 lie in each cell of the frame, `[CELLS, CELLS]`, the first row lowest. */
export function cellCounts(table: ArrayLike<number>, { x, y }: View): Float64Array {
  const counts = new Float64Array(CELLS * CELLS);
  for (let i = 0; i + 1 < table.length; i += 2) {
    const [a, b] = [table[i], table[i + 1]];
    if (!isInside(a, b, { x, y })) continue;
    const column = Math.min(CELLS - 1, Math.floor((CELLS * (a - x[0])) / (x[1] - x[0])));
    const row = Math.min(CELLS - 1, Math.floor((CELLS * (b - y[0])) / (y[1] - y[0])));
    counts[row * CELLS + column] = counts[row * CELLS + column] + 1;
  }
  return counts;
}

/** All rows of a table as shades: the more in a cell, the darker, by the logarithm of their number. */
function density(
  table: ArrayLike<number>,
  view: View,
  look: { color: string; layer: string; most: number },
): Plot.Markish {
  return mark(({ x, y }) => {
    const counts = cellCounts(table, view);
    const top = Math.log1p(counts.reduce((a, b) => Math.max(a, b), 0));
    const level = (i: number): number => {
      const n = counts[i];
      return n === 0 ? 0 : Math.max(1, Math.ceil((LEVELS * Math.log1p(n)) / top));
    };
    const [left, bottom] = [x(view.x[0]), y(view.y[0])];
    const [wide, high] = [(x(view.x[1]) - left) / CELLS, (bottom - y(view.y[1])) / CELLS];
    const parts = Array.from({ length: LEVELS }, () => "");
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0, end = 0; column < CELLS; column = end) {
        const here = level(row * CELLS + column);
        end = column + 1;
        while (end < CELLS && level(row * CELLS + end) === here) end++;
        if (here === 0) continue;
        const at = `M${(left + column * wide).toFixed(1)} ${(bottom - (row + 1) * high).toFixed(1)}`;
        const length = ((end - column) * wide).toFixed(1);
        parts[here - 1] += `${at}h${length}v${high.toFixed(1)}h-${length}z`;
      }
    }
    return group(
      { "data-layer": look.layer, fill: look.color, stroke: "none" },
      parts.flatMap((d, k) =>
        d === "" ? [] : [{ d, "fill-opacity": ((look.most * (k + 1)) / LEVELS).toFixed(3) }],
      ),
    );
  });
}

/** Training points as hollow diamonds. */
function marks(points: ArrayLike<number>, view: View, theme: Theme): Plot.Markish {
  const count = points.length / 2;
  const { radius: r, stroke, opacity } = markLook(count);
  return mark(({ x, y }) => {
    let d = "";
    for (let i = 0; i + 1 < points.length; i += 2) {
      const [a, b] = [points[i], points[i + 1]];
      if (!isInside(a, b, view)) continue;
      // A diamond of the area of a circle of that radius, as Plot has it.
      const [h, v] = [(0.95 * r).toFixed(2), (1.64 * r).toFixed(2)];
      d += `M${x(a).toFixed(1)} ${(y(b) - 1.64 * r).toFixed(1)}l${h} ${v}l-${h} ${v}l-${h} -${v}z`;
    }
    return group(
      {
        "data-layer": "points",
        "data-radius": r.toFixed(2),
        fill: "none",
        stroke: theme.point,
        "stroke-width": stroke.toFixed(2),
        "stroke-opacity": opacity,
      },
      d === "" ? [] : [{ d }],
    );
  });
}

/**
 * Samples over training points, with the same scale on both axes: hollow marks below dots, or the densities of both where
 * there are too many for marks.
 */
export function scatter(
  points: ArrayLike<number>,
  samples: ArrayLike<number>,
  view: View,
  frame: Frame,
): string {
  const { theme, width } = frame;
  const margin = { marginLeft: 40, marginRight: 8, marginTop: 6, marginBottom: 24 };
  const side = width - margin.marginLeft - margin.marginRight;
  const axis = {
    stroke: theme.soft,
    fill: theme.ink,
    tickSize: 4,
    ticks: 4,
    label: null,
    tickFormat: tickOf(view),
  };
  const [size, count] = [points.length / 2, samples.length / 2];
  return draw(
    {
      ...margin,
      height: side + margin.marginTop + margin.marginBottom,
      x: { domain: [...view.x] },
      y: { domain: [...view.y] },
      marks: [
        Plot.frame({ stroke: theme.soft }),
        Plot.axisX(axis),
        Plot.axisY(axis),
        size > MAX_MARKS
          ? density(points, view, { color: theme.point, layer: "points", most: 0.6 })
          : marks(points, view, theme),
        count > MAX_DOTS
          ? density(samples, view, { color: theme.sample, layer: "samples", most: 0.95 })
          : dots(samples, count, view, theme),
      ],
    },
    frame,
  );
}

/** Numbers of an axis, short where they are large or close to one another. */
function tickOf({ x, y }: View): (value: number) => string {
  const step = Math.max(x[1] - x[0], y[1] - y[0]) / 5;
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  const largest = Math.max(...x.map(Math.abs), ...y.map(Math.abs));
  if (largest >= 1e5 || digits > 4) return (value) => String(Number(value.toPrecision(4)));
  return (value) => String(Number(value.toFixed(digits)));
}

/** Bars of dimension 1. */
const BARS = 60;

/** The share of a table that lies in each of `BARS` bars between two ends. */
export function barShares(values: ArrayLike<number>, [low, high]: readonly [number, number]): Float64Array {
  const shares = new Float64Array(BARS);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < low || value > high) continue;
    const bar = Math.min(BARS - 1, Math.floor((BARS * (value - low)) / (high - low)));
    shares[bar] = shares[bar] + 1 / values.length;
  }
  return shares;
}

/** Above this many training points of dimension 1 they are an outline of bars, not a mark for each. */
export const MAX_TICKS = 200;

/** Samples of dimension 1 as a histogram; training points below its foot, or as an outline of bars where there are many. */
export function lineHistogram(
  points: ArrayLike<number>,
  samples: ArrayLike<number>,
  view: readonly [number, number],
  frame: Frame & { height: number },
): string {
  const { theme, height } = frame;
  const [low, high] = view;
  const at = (i: number) => low + ((high - low) * i) / BARS;
  const bars = (values: ArrayLike<number>) =>
    Array.from(barShares(values, view), (share, i) => ({ x1: at(i), x2: at(i + 1), share }));
  const drawn = bars(samples);
  const many = points.length > MAX_TICKS;
  const outline = many ? bars(points) : [];
  const top = Math.max(1e-9, ...drawn.map(({ share }) => share), ...outline.map(({ share }) => share));
  const { radius } = markLook(2 * points.length);
  const foot = -0.06 * top;
  return draw(
    {
      height,
      marginLeft: 40,
      marginBottom: 30,
      x: { domain: [low, high], label: null },
      y: { domain: [many ? 0 : 2 * foot, top], label: null },
      marks: [
        Plot.rectY(drawn, { x1: "x1", x2: "x2", y: "share", fill: theme.sample, inset: 0.3 }),
        Plot.ruleY([0], { stroke: theme.soft }),
        ...(many
          ? [
              Plot.line(
                outline.flatMap(({ x1, x2, share }) => [
                  [x1, share],
                  [x2, share],
                ]),
                { x: "0", y: "1", stroke: theme.point, strokeWidth: 1.5 },
              ),
            ]
          : [
              Plot.dot(
                Array.from(points).filter((x) => x >= low && x <= high),
                {
                  x: (x: number) => x,
                  y: foot,
                  symbol: "diamond",
                  r: Math.min(5, radius),
                  fill: "none",
                  stroke: theme.point,
                  strokeWidth: 1.5,
                },
              ),
            ]),
        Plot.axisX({ ticks: 6, tickSize: 4, stroke: theme.soft, fill: theme.ink, label: null }),
        Plot.axisY({
          ticks: 4,
          tickSize: 4,
          tickFormat: (share: number) => (share < 0 ? "" : `${Number((100 * share).toPrecision(2))}%`),
          stroke: theme.soft,
          fill: theme.ink,
          label: null,
        }),
      ],
    },
    frame,
  );
}
