import * as Plot from "@observablehq/plot";
import { short } from "../../text.js";
import { draw, pageTheme } from "../charts.js";
import { Html, html } from "../html.js";
import { palette, uri } from "../map.js";
import { palettePng } from "../png.js";
import type { Estimate } from "../../../claims/estimate.js";

/** Okabe and Ito's colours, each with a shape of its own; told apart without colour, too. */
const looks = [
  { color: "#0072B2", symbol: "circle" },
  { color: "#D55E00", symbol: "square" },
  { color: "#009E73", symbol: "triangle" },
  { color: "#CC79A7", symbol: "diamond" },
  { color: "#E69F00", symbol: "cross" },
  { color: "#56B4E9", symbol: "star" },
] as const;

/** About how many marks say which curve a long one is. */
const CURVE_MARKS = 12;

/** A curve of numbers with errors. */
export interface Series {
  readonly name: string;
  /** The number of its colour and mark; by default its place in the list. */
  readonly look?: number;
  /** Whether every point has its mark and error bar; by default as the chart says. */
  readonly bars?: boolean;
  /** Whether points are joined; true by default. */
  readonly joined?: boolean;
  readonly points: readonly { readonly x: number; readonly y: Estimate }[];
}

/** Curves with error bars of two standard errors. */
export function curves(
  series: readonly Series[],
  options: {
    label: string;
    x: { label: string; log?: boolean; reverse?: boolean; ticks?: readonly number[] };
    y: { label: string; log?: boolean; domain?: readonly [number, number]; ticks?: readonly number[] };
    width?: number;
    height?: number;
    bars?: boolean;
  },
): Html {
  const { label, x, y, width = 520, height = 270, bars = true } = options;
  const theme = pageTheme;
  const marks: Plot.Markish[] = [];
  series.forEach(({ points, look: own, bars: barred = bars, joined = true }, k) => {
    const { color, symbol } = look(own ?? k);
    const rows = points
      .filter((point) => !y.log || point.y.value > 0)
      .map((point) => ({
        x: point.x,
        y: point.y.value,
        low: point.y.value - 2 * point.y.standardError,
        high: point.y.value + 2 * point.y.standardError,
      }));
    const floor = y.log
      ? rows.reduce((least, row) => Math.min(least, row.y / 3), Number.POSITIVE_INFINITY)
      : 0;
    if (joined) marks.push(Plot.line(rows, { x: "x", y: "y", stroke: color, strokeWidth: 1.5, clip: true }));
    if (barred) {
      marks.push(
        Plot.ruleX(rows, {
          x: "x",
          y1: (row) => (y.log ? Math.max(row.low, floor) : row.low),
          y2: "high",
          stroke: color,
          strokeWidth: 1.2,
          clip: true,
        }),
      );
    }
    // Marks of many points would make a band: some of them say which curve it is.
    const [low, high] = y.domain ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const inside = rows.filter((row) => row.y >= low && row.y <= high);
    const every = barred ? 1 : Math.max(1, Math.ceil(inside.length / CURVE_MARKS));
    const start = Math.floor((every * (k + 0.5)) / series.length);
    const marked = inside.filter((_, i) => i % every === start % every);
    marks.push(
      Plot.dot(marked, {
        x: "x",
        y: "y",
        symbol,
        r: 3.4,
        fill: color,
        stroke: theme.paper,
        strokeWidth: 0.8,
      }),
    );
  });
  const places = series.flatMap(({ points }) => points.map((point) => point.x));
  const heights = series.flatMap(({ points }) => points.map((point) => point.y.value));
  const xTicks = x.ticks && ticksWithin(x.ticks, places, 1);
  // An axis that is rounded to powers of ten has room for the next ones.
  const yTicks = y.ticks && ticksWithin(y.ticks, y.domain ?? heights, y.log ? 10 : 1);
  const axis = {
    tickSize: 4,
    stroke: theme.soft,
    fill: theme.ink,
    labelArrow: "none",
    labelAnchor: "center",
  } as const;
  const svg = draw(
    {
      height,
      marginLeft: 58,
      marginRight: 14,
      marginTop: 10,
      marginBottom: 44,
      x: { type: x.log ? "log" : "linear", reverse: x.reverse === true },
      y: {
        type: y.log ? "log" : "linear",
        ...(y.domain ? { domain: [...y.domain] } : {}),
        nice: true,
      },
      marks: [
        Plot.gridY({ stroke: theme.soft, strokeOpacity: 0.45, ticks: yTicks ?? 5 }),
        Plot.axisX({
          ...axis,
          label: x.label,
          labelOffset: 36,
          ...(xTicks ? { ticks: xTicks, tickFormat: (value: number) => short(value) } : { ticks: 6 }),
        }),
        Plot.axisY({
          ...axis,
          ticks: yTicks ?? 5,
          label: y.label,
          labelOffset: 52,
          tickFormat: (value: number) => short(value, 2),
        }),
        ...marks,
      ],
    },
    { width, theme, label },
  );
  return html`<div class="chart">${new Html(svg)}${legend(series)}</div>`;
}

/** The ticks that an axis has room for: others would be drawn beyond its ends. */
function ticksWithin(ticks: readonly number[], values: ArrayLike<number>, room: number): number[] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (room > 1 && !(value > 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // 1e-9: ends that are ticks themselves, less rounding.
  const near = 1e-9 * Math.abs(high - low);
  const [first, last] =
    room > 1 ? [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))] : [low, high];
  return ticks.filter((tick) => tick >= first - near && tick <= last + near);
}

const look = (k: number) => looks[k % looks.length];

const shapes: Record<(typeof looks)[number]["symbol"], string> = {
  circle: '<circle cx="7" cy="7" r="4"/>',
  square: '<rect x="3.4" y="3.4" width="7.2" height="7.2"/>',
  triangle: '<path d="M7 2.4L11.6 10.6H2.4Z"/>',
  diamond: '<path d="M7 1.8L11.2 7L7 12.2L2.8 7Z"/>',
  cross: '<path d="M5.6 2.6H8.4V5.6H11.4V8.4H8.4V11.4H5.6V8.4H2.6V5.6H5.6Z"/>',
  star: '<path d="M7 1.6L8.4 5.2L12.2 5.4L9.2 7.8L10.2 11.6L7 9.4L3.8 11.6L4.8 7.8L1.8 5.4L5.6 5.2Z"/>',
};

/** Names of curves beside their marks, each once. */
function legend(series: readonly Series[]): Html {
  const known = new Map<string, number>();
  series.forEach(({ name, look: own }, k) => {
    if (!known.has(name)) known.set(name, own ?? k);
  });
  return html`<div class="key">${Array.from(known, ([name, k]) => {
    const { color, symbol } = look(k);
    return html`<span>${new Html(`<svg viewBox="0 0 14 14" aria-hidden="true" fill="${color}">${shapes[symbol]}</svg>`)}${name}</span>`;
  })}</div>`;
}

const CIVIDIS = palette("cividis");

/** A number on a square as an image in cividis, with training points as diamonds; `domain` on a linear or a logarithmic scale. */
export function mapTile(
  values: ArrayLike<number>,
  side: number,
  options: {
    domain: readonly [number, number];
    log?: boolean;
    points: ArrayLike<number>;
    half: number;
    label: string;
  },
): Html {
  const { domain, log = false, points, half, label } = options;
  const [low, high] = log ? (domain.map(Math.log10) as [number, number]) : domain;
  const places = Uint8Array.from({ length: side * side }, (_, i) => {
    const value = values[i];
    const at = log ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value;
    return Math.round(255 * Math.min(1, Math.max(0, (at - low) / (high - low))));
  });
  const href = uri(palettePng(places, side, side, CIVIDIS));
  const size = 100;
  const diamonds: string[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = (size * (points[i] + half)) / (2 * half);
    const y = (size * (half - points[i + 1])) / (2 * half);
    if (x >= 0 && x <= size && y >= 0 && y <= size) {
      diamonds.push(`M${x.toFixed(1)} ${(y - 3).toFixed(1)}l2.4 3l-2.4 3l-2.4 -3z`);
    }
  }
  return new Html(
    `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}"><image href="${href}" width="${size}" height="${size}" preserveAspectRatio="none"/><path d="${diamonds.join("")}" fill="#D55E00" stroke="#fff" stroke-width="0.7"/></svg>`,
  );
}

/** Which training point belongs to each place of a square, in the points' colours; the points themselves as diamonds. */
export function placeTile(
  places: ArrayLike<number>,
  side: number,
  options: { points: ArrayLike<number>; half: number; label: string },
): Html {
  const colors = Uint8Array.from(
    looks.flatMap(({ color }) => [1, 3, 5].map((i) => Number.parseInt(color.slice(i, i + 2), 16))),
  );
  // The first row of a map is the lowest, that of an image the highest.
  const pixels = Uint8Array.from({ length: side * side }, (_, i) => {
    const row = side - 1 - Math.floor(i / side);
    return places[row * side + (i % side)] % looks.length;
  });
  const href = uri(palettePng(pixels, side, side, colors));
  const { points, half, label } = options;
  return new Html(
    `<svg viewBox="0 0 100 100" role="img" aria-label="${label}"><image href="${href}" width="100" height="100" preserveAspectRatio="none"/><path d="${diamondsOf(points, half)}" fill="#fff" stroke="#000" stroke-width="0.7"/></svg>`,
  );
}

/** Paths in a square over the Voronoi cells' walls, each in the colour of the point that it ends on. */
export function pathTile(
  paths: readonly { readonly states: ArrayLike<number>; readonly end: number }[],
  options: {
    points: ArrayLike<number>;
    walls: readonly (readonly [number, number, number, number])[];
    half: number;
    label: string;
  },
): Html {
  const { points, walls, half, label } = options;
  const at = (value: number): string => ((100 * (value + half)) / (2 * half)).toFixed(1);
  const lines = paths.map(({ states, end }) => {
    let d = "";
    for (let i = 0; i + 1 < states.length; i += 2) {
      d += `${i === 0 ? "M" : "L"}${at(states[i])} ${at(-states[i + 1])}`;
    }
    return `<path d="${d}" stroke="${look(end).color}"/>`;
  });
  const edges = walls.map(([x, y, u, v]) => `M${at(x)} ${at(-y)}L${at(u)} ${at(-v)}`).join("");
  return new Html(
    `<svg viewBox="0 0 100 100" role="img" aria-label="${label}"><rect x="0.25" y="0.25" width="99.5" height="99.5" fill="none" stroke="var(--line)" stroke-width="0.5"/><path d="${edges}" stroke="var(--quiet)" stroke-width="0.4" stroke-dasharray="2 1.5" fill="none"/><g fill="none" stroke-width="0.5" stroke-linejoin="round" stroke-opacity="0.9">${lines.join("")}</g><path d="${diamondsOf(points, half)}" fill="#D55E00" stroke="var(--paper)" stroke-width="0.7"/></svg>`,
  );
}

function diamondsOf(points: ArrayLike<number>, half: number): string {
  let d = "";
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = (100 * (points[i] + half)) / (2 * half);
    const y = (100 * (half - points[i + 1])) / (2 * half);
    d += `M${x.toFixed(1)} ${(y - 3).toFixed(1)}l2.4 3l-2.4 3l-2.4 -3z`;
  }
  return d;
}

/** The scale of maps: colours with the numbers at their ends and between. */
export function colorBar(domain: readonly [number, number], log: boolean, name: string): Html {
  const href = uri(
    palettePng(
      Uint8Array.from({ length: 256 }, (_, i) => i),
      256,
      1,
      CIVIDIS,
    ),
  );
  const ends = [0, 0.5, 1].map((u) => {
    const [low, high] = log ? (domain.map(Math.log10) as [number, number]) : domain;
    const value = low + u * (high - low);
    return short(log ? 10 ** value : value, 2);
  });
  return html`<div class="bar"><span>${name}</span><div><img src="${href}" alt="" width="256" height="12"><div class="ends">${ends.map((end) => html`<span>${end}</span>`)}</div></div></div>`;
}

/** Samples as dots on a square of their own, training points as diamonds. */
export function cloud(
  points: ArrayLike<number>,
  samples: ArrayLike<number>,
  options: { half: number; label: string; color?: number; most?: number },
): Html {
  const { half, label, color = 2, most = 1500 } = options;
  const size = 100;
  const at = (value: number): string => ((size * (value + half)) / (2 * half)).toFixed(1);
  // Dots of one path do not add up where they overlap, those of different paths do.
  const paths = Array.from({ length: 12 }, () => "");
  let drawn = 0;
  const count = Math.min(most, samples.length / 2);
  for (let i = 0; i < count; i++) {
    const [x, y] = [samples[2 * i], samples[2 * i + 1]];
    if (Math.abs(x) > half || Math.abs(y) > half) continue;
    drawn++;
    paths[i % 12] += `M${at(x)} ${at(-y)}h0`;
  }
  const diamonds: string[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    diamonds.push(`M${at(points[i])} ${at(-points[i + 1])}m0 -3l2.4 3l-2.4 3l-2.4 -3z`);
  }
  const dots = paths.map((d) => (d === "" ? "" : `<path d="${d}"/>`)).join("");
  const text = `${label}: ${drawn} of ${count} samples within ${half} of the centre`;
  return new Html(
    `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${text}"><rect x="0.25" y="0.25" width="99.5" height="99.5" fill="none" stroke="var(--line)" stroke-width="0.5"/><g stroke="${look(color).color}" stroke-width="1" stroke-linecap="round" stroke-opacity="0.6" fill="none">${dots}</g><path d="${diamonds.join("")}" fill="#D55E00" stroke="var(--paper)" stroke-width="0.7"/></svg>`,
  );
}

/** Pictures in rows with a heading above each column and a name before each row. */
export function pictureGrid(
  columns: readonly string[],
  rows: readonly { readonly name: string; readonly pictures: readonly Html[] }[],
): Html {
  return html`<div class="grid" data-columns="${columns.length}"><span></span>${columns.map((name) => html`<span class="column">${name}</span>`)}${rows.map(
    ({ name, pictures }) =>
      html`<span class="row">${name}</span>${pictures.map((picture) => html`<div>${picture}</div>`)}`,
  )}</div>`;
}
