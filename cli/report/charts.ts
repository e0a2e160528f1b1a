import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** Colours of a drawing: CSS variables on a page, plain colours in a picture file. */
export interface Theme {
  readonly ink: string;
  readonly soft: string;
  readonly paper: string;
  readonly sample: string;
  readonly point: string;
  readonly font: string;
}

/** Okabe and Ito's palette, told apart by every reader; shapes differ too. */
export const pageTheme: Theme = {
  ink: "var(--ink)",
  soft: "var(--line)",
  paper: "var(--paper)",
  sample: "var(--sample)",
  point: "var(--point)",
  font: "system-ui, sans-serif",
};

export const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** What a drawing shows and how large it is in its own units; it scales with the page. */
export interface Frame {
  readonly width: number;
  readonly theme: Theme;
  /** What it shows, for those who do not see it. */
  readonly label: string;
}

export function draw(options: Plot.PlotOptions, frame: Frame): string {
  const svg = Plot.plot({
    ...options,
    document: document as unknown as Document,
    width: frame.width,
    style: {
      background: "none",
      color: frame.theme.ink,
      fontFamily: frame.theme.font,
      fontSize: "12px",
      overflow: "visible",
    },
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", frame.label);
  // Plot's own style sheet is for tips and ordinal axes; the page and resvg have no use for it.
  for (const style of svg.querySelectorAll("style")) style.remove();
  return svg.outerHTML;
}

const NS = "http://www.w3.org/2000/svg";

/** Many small dots as few paths of round points of no length: a tenth of the text of as many circles. */
function dots(samples: ArrayLike<number>, count: number, radius: number, theme: Theme): Plot.Markish {
  return ((_index: number[], scales: Plot.ScaleFunctions) => {
    const group = document.createElementNS(NS, "g");
    for (const [name, value] of Object.entries({
      stroke: theme.sample,
      "stroke-width": 2 * radius,
      "stroke-linecap": "round",
      "stroke-opacity": 0.55,
      fill: "none",
    })) {
      group.setAttribute(name, String(value));
    }
    // Dots of one path do not add up where they overlap, those of different paths do.
    const paths = 24;
    const parts = Array.from({ length: paths }, () => "");
    const [x, y] = [scales.x, scales.y] as unknown as ((value: number) => number)[];
    for (let i = 0; i < count; i++) {
      const px = x?.(samples[2 * i] as number) ?? 0;
      const py = y?.(samples[2 * i + 1] as number) ?? 0;
      parts[i % paths] += `M${px.toFixed(1)} ${py.toFixed(1)}h0`;
    }
    for (const d of parts) {
      if (d === "") continue;
      const path = document.createElementNS(NS, "path");
      path.setAttribute("d", d);
      group.appendChild(path);
    }
    return group;
  }) as unknown as Plot.Markish;
}

/** The most dots that a scatter shows. */
export const MAX_DOTS = 4000;

export interface View {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** The square that holds all points and samples. */
export function commonView(points: ArrayLike<number>, sets: readonly ArrayLike<number>[]): View {
  const range = (axis: number): [number, number] => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const table of [points, ...sets]) {
      for (let i = axis; i < table.length; i += 2) {
        low = Math.min(low, table[i] as number);
        high = Math.max(high, table[i] as number);
      }
    }
    return [low, high];
  };
  const [x, y] = [range(0), range(1)];
  const half = 0.53 * Math.max(x[1] - x[0], y[1] - y[0], 1e-12);
  const around = ([low, high]: [number, number]): [number, number] => [
    (low + high) / 2 - half,
    (low + high) / 2 + half,
  ];
  return { x: around(x), y: around(y) };
}

/** Samples as dots and training points as diamonds, with the same scale on both axes. */
export function scatter(
  points: ArrayLike<number>,
  samples: ArrayLike<number>,
  view: View,
  frame: Frame,
): string {
  const { theme, width } = frame;
  const margin = { marginLeft: 34, marginRight: 8, marginTop: 6, marginBottom: 24 };
  const side = width - margin.marginLeft - margin.marginRight;
  const axis = { stroke: theme.soft, tickSize: 4, ticks: 4, label: null };
  const rows = Array.from({ length: points.length / 2 }, (_, m) => [points[2 * m], points[2 * m + 1]]);
  return draw(
    {
      ...margin,
      height: side + margin.marginTop + margin.marginBottom,
      x: { domain: [...view.x] },
      y: { domain: [...view.y] },
      marks: [
        Plot.frame({ stroke: theme.soft }),
        Plot.axisX({ ...axis, stroke: theme.soft, fill: theme.ink }),
        Plot.axisY({ ...axis, stroke: theme.soft, fill: theme.ink }),
        dots(samples, Math.min(MAX_DOTS, samples.length / 2), 1.5, theme),
        Plot.dot(rows, {
          x: "0",
          y: "1",
          symbol: "diamond",
          r: 7,
          stroke: theme.point,
          strokeWidth: 2,
        }),
      ],
    },
    frame,
  );
}

export interface DistanceBins {
  /** Powers of ten: distances up to `10 ** low` are in the first bar. */
  readonly low: number;
  readonly high: number;
  /** The largest share of any bar of any histogram drawn beside. */
  readonly top: number;
}

const PER_DECADE = 6;

/** The decades for distances read against a spacing: four below it and what is above. */
export function distanceBins(sets: readonly Float64Array[], spacing: number): DistanceBins {
  // A spacing that misses a power of ten by a rounding counts as that power.
  const low = Math.floor(Math.log10(spacing) + 0.01) - 4;
  const largest = sets.reduce((max, set) => set.reduce((a, b) => Math.max(a, b), max), spacing);
  const high = Math.max(Math.ceil(Math.log10(largest) - 0.01), low + 1);
  const top = Math.max(...sets.map((set) => Math.max(...shares(set, low, high))));
  return { low, high, top: Math.min(1, Math.ceil(20 * top - 1e-9) / 20) };
}

function shares(distances: Float64Array, low: number, high: number): Float64Array {
  const bins = new Float64Array((high - low) * PER_DECADE);
  for (const distance of distances) {
    const at = Math.floor((Math.log10(Math.max(distance, 1e-300)) - low) * PER_DECADE);
    const bin = Math.min(bins.length - 1, Math.max(0, at));
    bins[bin] = (bins[bin] as number) + 1 / distances.length;
  }
  return bins;
}

/** Distances to the nearest training point on a logarithmic axis; a dashed rule marks the spacing of the data. */
export function distanceHistogram(
  distances: Float64Array,
  bins: DistanceBins,
  rule: number | undefined,
  frame: Frame & { height: number },
): string {
  const { theme, height } = frame;
  const { low, high, top } = bins;
  const bars = Array.from(shares(distances, low, high), (share, i) => ({
    x1: 10 ** (low + i / PER_DECADE),
    x2: 10 ** (low + (i + 1) / PER_DECADE),
    share,
  }));
  const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const plain = (value: number): string =>
    value >= 0.01 || value === 0
      ? String(Number(value.toPrecision(3)))
      : `1e${Math.round(Math.log10(value))}`;
  return draw(
    {
      height,
      marginLeft: 34,
      marginRight: 8,
      marginTop: 10,
      marginBottom: 36,
      x: { type: "log", domain: [10 ** low, 10 ** high] },
      y: { domain: [0, top], percent: false },
      marks: [
        Plot.ruleY([0], { stroke: theme.soft }),
        Plot.rectY(bars, { x1: "x1", x2: "x2", y: "share", fill: theme.sample, inset: 0.5 }),
        Plot.axisX({
          ticks: decades,
          tickFormat: (value: number) => `${value < 1.01 * 10 ** low ? "≤ " : ""}${plain(value)}`,
          tickSize: 4,
          stroke: theme.soft,
          fill: theme.ink,
          label: "distance to the nearest training point",
          labelAnchor: "center",
          labelArrow: "none",
          labelOffset: 32,
        }),
        Plot.axisY({
          ticks: 3,
          tickFormat: (value: number) => `${Math.round(100 * value)}%`,
          tickSize: 4,
          stroke: theme.soft,
          fill: theme.ink,
          label: null,
        }),
        ...(rule === undefined ? [] : [Plot.ruleX([rule], { stroke: theme.ink, strokeDasharray: "3 3" })]),
      ],
    },
    frame,
  );
}

/** Samples of dimension 1 as a histogram, training points as diamonds below it. */
export function lineHistogram(
  points: ArrayLike<number>,
  samples: ArrayLike<number>,
  frame: Frame & { height: number },
): string {
  const { theme, height } = frame;
  return draw(
    {
      height,
      marginLeft: 40,
      marginBottom: 30,
      x: { label: null },
      y: { label: null, tickFormat: (share: number) => `${Math.round(100 * share)}%` },
      marks: [
        Plot.rectY(
          Array.from(samples),
          Plot.binX<Plot.RectYOptions>(
            { y: "proportion" },
            { x: (x: number) => x, fill: theme.sample, thresholds: 60 },
          ),
        ),
        Plot.ruleY([0], { stroke: theme.soft }),
        Plot.dot(Array.from(points), {
          x: (x: number) => x,
          y: 0,
          symbol: "diamond",
          r: 5,
          fill: theme.point,
          stroke: theme.paper,
        }),
      ],
    },
    frame,
  );
}

/** Any numbers as a histogram; a dashed rule marks their mean. */
export function valueHistogram(
  values: Float64Array,
  mean: number,
  axis: string,
  frame: Frame & { height: number },
): string {
  const { theme, height } = frame;
  return draw(
    {
      height,
      marginLeft: 40,
      marginRight: 8,
      marginTop: 10,
      marginBottom: 36,
      y: { label: null },
      marks: [
        Plot.ruleY([0], { stroke: theme.soft }),
        Plot.rectY(
          Array.from(values),
          Plot.binX<Plot.RectYOptions>(
            { y: "proportion" },
            { x: (x: number) => x, fill: theme.sample, thresholds: 40 },
          ),
        ),
        Plot.axisX({
          ticks: 5,
          tickSize: 4,
          stroke: theme.soft,
          fill: theme.ink,
          label: axis,
          labelAnchor: "center",
          labelArrow: "none",
          labelOffset: 32,
        }),
        Plot.axisY({
          ticks: 3,
          tickFormat: (share: number) => `${Math.round(100 * share)}%`,
          tickSize: 4,
          stroke: theme.soft,
          fill: theme.ink,
          label: null,
        }),
        Plot.ruleX([mean], { stroke: theme.ink, strokeDasharray: "3 3" }),
      ],
    },
    frame,
  );
}
