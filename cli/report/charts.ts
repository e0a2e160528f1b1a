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
    bins[bin] = bins[bin] + 1 / distances.length;
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
      marginLeft: 44,
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
