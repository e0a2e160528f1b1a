import * as Plot from "@observablehq/plot";
import type { TimeSlices } from "vkernel/internal";
import { type ColorScheme, isDiverging } from "../mapColors.js";
import { short } from "../text.js";
import { document, draw, type Theme } from "./charts.js";
import { MAX_MARKS } from "./pictures.js";
import { palettePng, palettePngAsync } from "./png.js";

/** Colours of a picture file, on white paper. */
export const fileTheme: Theme = {
  ink: "#1d2428",
  soft: "#7d888f",
  paper: "#ffffff",
  sample: "#009E73",
  point: "#D55E00",
  font: "DejaVu Sans, system-ui, sans-serif",
};

/** How values become colours. */
export interface Colors {
  readonly scheme: ColorScheme;
  readonly domain: readonly [number, number];
  readonly log: boolean;
}

/** An axis of a picture: from the first value of a raster to its last, with half a cell more at both ends. */
export interface Axis {
  readonly label: string;
  readonly low: number;
  readonly high: number;
  readonly log?: boolean;
}

/** What a map shows. */
export interface MapPicture {
  readonly title: string;
  readonly subtitle: string;
  /** `[height, width]`, the first row lowest. */
  readonly values: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
  /** Whether a unit is as long on both axes. */
  readonly equal: boolean;
  /** Colours of numbers; undefined: the values are places in a list of training points, each of its own colour. */
  readonly colors: Colors | undefined;
  readonly quantity: string;
  /** `[size, 2]`, drawn as diamonds. */
  readonly points: ArrayLike<number>;
  /** Lines, a list of `[n, 2]`, drawn over the picture: where training points go in time. */
  readonly lines: readonly ArrayLike<number>[];
  /** `[n, 4]`: x, y and the two components of a vector. */
  readonly arrows: ArrayLike<number> | undefined;
}

/** `size` colours of a scheme, three bytes each. */
export function palette(scheme: ColorScheme, size = 256): Uint8Array {
  const scale = Plot.scale({ color: { type: "linear", scheme, domain: [0, 1] } });
  const out = new Uint8Array(3 * size);
  // Blue to red with growing values, as maps of signed numbers are read.
  const flip = scheme === "rdbu";
  for (let i = 0; i < size; i++) {
    const u = i / (size - 1);
    out.set(bytesOf(String(scale.apply(flip ? 1 - u : u))), 3 * i);
  }
  return out;
}

/** The bytes of "#rrggbb" or "rgb(r, g, b)". */
function bytesOf(color: string): number[] {
  const hex = /^#([0-9a-f]{6})$/i.exec(color)?.[1];
  if (hex !== undefined) return [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
  return (color.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Math.round(Number(part)));
}

/** Colours for places: ten that are told apart (Tableau), then again. */
const PLACES = [
  "#4e79a7",
  "#f28e2c",
  "#e15759",
  "#76b7b2",
  "#59a14f",
  "#edc949",
  "#af7aa1",
  "#ff9da7",
  "#9c755f",
  "#bab0ab",
];

/** Where a value lies between the ends of the colours, 0 to 1. */
export function place(value: number, { domain, log }: Colors): number {
  const [low, high] = log ? (domain.map(Math.log10) as [number, number]) : domain;
  const at = log ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value;
  return high > low ? Math.min(1, Math.max(0, (at - low) / (high - low))) : 0.5;
}

/** The picture's pixels as places in a palette, in slices: what is yielded is the work of each. */
function* pixels(picture: MapPicture): Generator<number, Uint8Array, void> {
  const { values, width, height, colors } = picture;
  const places = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    yield PIXEL * width;
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x];
      // Pictures begin at the top.
      places[(height - 1 - y) * width + x] =
        colors === undefined ? value % PLACES.length : Math.round(255 * place(value, colors));
    }
  }
  return places;
}

async function raster(picture: MapPicture, slices: TimeSlices): Promise<string> {
  const { width, height, colors } = picture;
  const places = await slices.run(pixels(picture));
  const table = colors === undefined ? Uint8Array.from(PLACES.flatMap(bytesOf)) : palette(colors.scheme);
  return uri(await palettePngAsync(places, width, height, table));
}

export const uri = (png: Buffer): string => `data:image/png;base64,${png.toString("base64")}`;

/** Units of work of a pixel: a logarithm and a rounding. */
const PIXEL = 64;

const NS = "http://www.w3.org/2000/svg";

/** A picture as a mark that fills the frame. */
function imageMark(href: string, sharp: boolean): Plot.Markish {
  return ((_index: number[], _scales: unknown, _values: unknown, box: Box) => {
    const image = document.createElementNS(NS, "image");
    for (const [name, value] of Object.entries({
      x: box.marginLeft,
      y: box.marginTop,
      width: box.width - box.marginLeft - box.marginRight,
      height: box.height - box.marginTop - box.marginBottom,
      preserveAspectRatio: "none",
      ...(sharp ? { "image-rendering": "optimizeSpeed" } : {}),
      href,
    })) {
      image.setAttribute(name, String(value));
    }
    return image;
  }) as unknown as Plot.Markish;
}

interface Box {
  width: number;
  height: number;
  marginLeft: number;
  marginRight: number;
  marginTop: number;
  marginBottom: number;
}

const axisText = { tickSize: 5, labelArrow: "none", labelAnchor: "center" } as const;

/** Numbers of an axis: 0.01, 12, 1e-5. */
const tick = (value: number): string => short(value, 4).replace("-", "\u2212");

function axes(x: Axis, y: Axis, theme: Theme): Plot.Markish[] {
  const style = { ...axisText, stroke: theme.soft, fill: theme.ink };
  const ticks = (axis: Axis, many: number) => (axis.log ? logTicks(axis) : { ticks: many, tickFormat: tick });
  return [
    Plot.frame({ stroke: theme.soft }),
    Plot.axisX({ ...style, ...ticks(x, 6), label: x.label, labelOffset: 36 }),
    Plot.axisY({ ...style, ...ticks(y, 6), label: y.label, labelOffset: 46 }),
  ];
}

/** Text instead of a format: Plot would leave out all but a few of a logarithmic axis. */
const logTicks = (axis: { low: number; high: number }) => ({
  ticks: decades(axis),
  text: (value: number) => tick(value),
});

/** Powers of ten, with 2 and 5 where these are few. */
function decades({ low, high }: { low: number; high: number }): number[] {
  const out: number[] = [];
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const span = Math.log10(high / low);
  const factors = span > 3 ? [1] : span > 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const stride = Math.max(1, Math.ceil((last - first) / 8));
  for (let e = first; e <= last; e += stride) {
    for (const factor of factors) {
      const value = Number(`${factor}e${e}`);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) out.push(value);
    }
  }
  return out;
}

/** A diamond with a rim, seen on any colour. */
function diamonds(points: ArrayLike<number>, view: { x: Axis; y: Axis }, theme: Theme): Plot.Markish[] {
  const rows: [number, number][] = [];
  // So many would hide the map.
  if (points.length > 2 * MAX_MARKS) return [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x, y] = [points[i], points[i + 1]];
    if (x >= view.x.low && x <= view.x.high && y >= view.y.low && y <= view.y.high) rows.push([x, y]);
  }
  const size = rows.length > 300 ? 2 : rows.length > 60 ? 3.5 : 5.5;
  return [
    Plot.dot(rows, {
      x: "0",
      y: "1",
      symbol: "diamond",
      r: size,
      fill: theme.point,
      stroke: theme.paper,
      strokeWidth: size > 3 ? 1.5 : 0.5,
    }),
  ];
}

/** The whole figure as SVG: title, picture, axes, training points, colour bar. */
export async function mapFigure(
  picture: MapPicture,
  slices: TimeSlices,
  theme: Theme = fileTheme,
): Promise<string> {
  const image = await raster(picture, slices);
  const { x, y, colors, title, subtitle } = picture;
  const left = 62;
  const bar = colors === undefined ? 20 : 96;
  let [inner, tall] = [460, 460];
  if (picture.equal) {
    const ratio = (y.high - y.low) / (x.high - x.low);
    if (ratio <= 1) tall = inner * ratio;
    else inner = tall / ratio;
  } else tall = 380;
  const width = left + inner + 14;
  const box = { marginLeft: left, marginRight: 14, marginTop: 10, marginBottom: 46 };
  const label = `${title}: ${picture.quantity}`;
  const plot = draw(
    {
      ...box,
      height: tall + box.marginTop + box.marginBottom,
      x: { domain: [x.low, x.high], ...(x.log ? { type: "log" } : {}) },
      y: { domain: [y.low, y.high], ...(y.log ? { type: "log" } : {}) },
      marks: [
        imageMark(image, colors === undefined),
        ...picture.lines.map((line) =>
          Plot.line(pairs(line), {
            x: "0",
            y: "1",
            stroke: theme.paper,
            strokeOpacity: 0.8,
            strokeWidth: 1.2,
            clip: true,
          }),
        ),
        ...(picture.arrows === undefined ? [] : [arrowMark(picture.arrows, onColors(colors, theme))]),
        ...diamonds(picture.points, picture, theme),
        ...axes(x, y, theme),
      ],
    },
    { width, theme, label },
  );
  const top = 56;
  const total = Math.max(width + bar, 430);
  const height = top + tall + box.marginTop + box.marginBottom + 6;
  const parts = [heading(title, subtitle, left, theme), placed(plot, 0, top)];
  if (colors !== undefined) {
    parts.push(placed(colorBar(colors, tall, picture.quantity, theme), width, top));
  }
  return figure(parts, total, height, label, theme);
}

/** A curve over one axis, with the training points below. */
export function curveFigure(
  picture: Pick<MapPicture, "title" | "subtitle" | "values" | "x" | "quantity" | "points"> & {
    places: ArrayLike<number>;
    log: boolean;
  },
  theme: Theme = fileTheme,
): string {
  const { title, subtitle, x, values, places, log, quantity } = picture;
  const width = 620;
  const height = 360;
  const rows = Array.from(places, (at, i) => [at, values[i]]);
  const label = `${title}: ${quantity}`;
  const style = { ...axisText, stroke: theme.soft, fill: theme.ink, tickFormat: tick };
  const inside = Array.from(picture.points).filter((at) => at >= x.low && at <= x.high);
  const plot = draw(
    {
      width,
      height,
      marginLeft: 72,
      marginRight: 18,
      marginTop: 10,
      marginBottom: 50,
      x: { domain: [x.low, x.high] },
      y: { ...(log ? { type: "log" } : { nice: true }), grid: false },
      marks: [
        Plot.frame({ stroke: theme.soft }),
        Plot.axisX({ ...style, label: x.label, labelOffset: 40, tickPadding: 8 }),
        Plot.axisY({ ...style, label: quantity, labelOffset: 58, ticks: 6 }),
        Plot.line(rows, { x: "0", y: "1", stroke: theme.sample, strokeWidth: 2 }),
        Plot.dot(inside, {
          x: (at: number) => at,
          frameAnchor: "bottom",
          symbol: "diamond",
          r: inside.length > 60 ? 3 : 5.5,
          fill: theme.point,
          stroke: theme.paper,
          strokeWidth: 1.5,
        }),
      ],
    },
    { width, theme, label },
  );
  return figure([heading(title, subtitle, 72, theme), placed(plot, 0, 56)], width, height + 62, label, theme);
}

const pairs = (line: ArrayLike<number>): number[][] =>
  Array.from({ length: line.length / 2 }, (_, i) => [line[2 * i], line[2 * i + 1]]);

/** What is seen on the colours: ink on schemes that are light for the most part, paper on the others. */
const onColors = (colors: Colors | undefined, theme: Theme): string =>
  colors !== undefined && (isDiverging(colors.scheme) || ["greys", "blues"].includes(colors.scheme))
    ? theme.ink
    : theme.paper;

/** Arrows of a length that says which is larger, the longest a little over the distance between two. */
function arrowMark(arrows: ArrayLike<number>, stroke: string): Plot.Markish {
  const rows = Array.from({ length: arrows.length / 4 }, (_, i) => ({
    x: arrows[4 * i],
    y: arrows[4 * i + 1],
    toX: arrows[4 * i] + arrows[4 * i + 2],
    toY: arrows[4 * i + 1] + arrows[4 * i + 3],
  }));
  return Plot.arrow(rows, {
    x1: "x",
    y1: "y",
    x2: "toX",
    y2: "toY",
    stroke,
    strokeOpacity: 0.9,
    strokeWidth: 1.1,
    headLength: 6,
    clip: true,
  });
}

function colorBar(colors: Colors, tall: number, quantity: string, theme: Theme): string {
  const [low, high] = colors.domain;
  const steps = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
  const href = uri(palettePng(steps, 1, 256, palette(colors.scheme)));
  const [from, to] = high > low ? [low, high] : [low - 0.5, low + 0.5];
  return draw(
    {
      height: tall + 56,
      marginLeft: 4,
      marginRight: 74,
      marginTop: 10,
      marginBottom: 46,
      x: { domain: [0, 1], axis: null },
      y: { domain: [from, to], ...(colors.log ? { type: "log" } : {}) },
      marks: [
        imageMark(href, false),
        Plot.frame({ stroke: theme.soft }),
        Plot.axisY({
          ...axisText,
          anchor: "right",
          stroke: theme.soft,
          fill: theme.ink,
          ...(colors.log ? logTicks({ low: from, high: to }) : { ticks: 6, tickFormat: tick }),
          label: quantity,
          labelOffset: 66,
        }),
      ],
    },
    { width: 96, theme, label: `colours of ${quantity}` },
  );
}

function heading(title: string, subtitle: string, x: number, theme: Theme): string {
  const text = (y: number, size: number, fill: string, words: string) =>
    `<text x="${x}" y="${y}" font-family="${theme.font}" font-size="${size}" fill="${fill}">${escaped(words)}</text>`;
  return text(26, 16, theme.ink, title) + text(47, 12, "#5b666d", subtitle);
}

const placed = (svg: string, x: number, y: number): string => svg.replace("<svg", `<svg x="${x}" y="${y}"`);

function figure(
  parts: readonly string[],
  width: number,
  height: number,
  label: string,
  theme: Theme,
): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" aria-label="${escaped(label)}">
<rect width="100%" height="100%" fill="${theme.paper}"/>
${parts.join("\n")}
</svg>
`;
}

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter] as string,
  );
