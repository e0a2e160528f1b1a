/** Layers of a chart drawn beside uPlot's curves. Lengths are pixels of the canvas: `ratio` of them make one to the eye. */
import type uPlot from "uplot";
import type { Bars, Bundle, ChartData, Curve, Heat, Marks, Stems } from "./data.js";
import { number } from "./format.js";
import { drawShape, type Shape } from "./marks.js";
import type { Palette } from "./palette.js";

/** More marks than these are small and without a halo. */
const MANY = 64;
/** CSS pixels between the markers of a curve. */
const MARKERS = 72;

/** What layers are drawn with. */
export interface Pen {
  readonly plot: uPlot;
  readonly ratio: number;
  readonly palette: Palette;
  readonly data: ChartData;
}

/** What lies below axes and curves. */
export function drawBelow(pen: Pen): void {
  clipped(pen, () => {
    for (const layer of pen.data.layers) {
      if (layer.kind === "heat") drawHeat(pen, layer);
      if (layer.kind === "bars") drawBars(pen, layer);
      if (layer.kind === "bundle") drawBundle(pen, layer);
    }
  });
}

/** What lies above them. */
export function drawAbove(pen: Pen): void {
  const { layers } = pen.data;
  clipped(pen, () => {
    drawLines(pen);
    for (const layer of layers) {
      if (layer.kind === "curve" && layer.marker) drawMarkers(pen, layer, layer.marker);
      if (layer.kind === "stems") drawStems(pen, layer);
    }
  });
  // Marks on the edge may reach over it.
  for (const layer of layers) if (layer.kind === "marks") drawMarks(pen, layer);
}

/** Clips to the plot. */
function clipped({ plot: { ctx, bbox } }: Pen, draw: () => void): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}

function line(context: CanvasRenderingContext2D, from: [number, number], to: [number, number]): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

/** The time that is shown, along either axis. */
function drawLines({ plot, ratio, palette, data }: Pen): void {
  const { ctx: context, bbox } = plot;
  context.setLineDash([]);
  if (data.at !== undefined) {
    const left = Math.round(plot.valToPos(data.at, "x", true)) + 0.5;
    context.strokeStyle = palette("muted");
    context.lineWidth = ratio;
    line(context, [left, bbox.top], [left, bbox.top + bbox.height]);
  }
  if (data.level === undefined) return;
  // Over colours: the line with a halo.
  const top = Math.round(plot.valToPos(data.level, "y", true)) + 0.5;
  for (const [colour, width] of [
    ["surface", 3],
    ["ink", 1],
  ] as const) {
    context.strokeStyle = palette(colour);
    context.lineWidth = width * ratio;
    line(context, [bbox.left, top], [bbox.left + bbox.width, top]);
  }
}

function drawHeat({ plot }: Pen, { pixels, width, height }: Heat): void {
  const cells = document.createElement("canvas");
  [cells.width, cells.height] = [width, height];
  cells.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  const { left, top, width: wide, height: high } = plot.bbox;
  plot.ctx.imageSmoothingEnabled = true;
  plot.ctx.drawImage(cells, left, top, wide, high);
}

function drawBars({ plot, palette, data }: Pen, { edges, y, colour }: Bars): void {
  const { ctx: context } = plot;
  const base = plot.valToPos(Math.max(0, data.yRange[0]), "y", true);
  for (let i = 0; i < y.length; i++) {
    const value = y[i];
    if (!(value !== 0)) continue;
    const left = Math.round(plot.valToPos(edges[i], "x", true));
    const right = Math.round(plot.valToPos(edges[i + 1], "x", true));
    const top = plot.valToPos(value, "y", true);
    const meaning = colour === "signed" ? (value > 0 ? "above" : "below") : colour;
    context.globalAlpha = colour === "signed" ? 1 : 0.5;
    context.fillStyle = palette(meaning);
    const gap = right - left > 5 ? 1 : 0;
    context.fillRect(left, Math.min(top, base), Math.max(1, right - left - gap), Math.abs(top - base));
  }
  context.globalAlpha = 1;
}

function drawBundle({ plot, ratio, palette }: Pen, { x, y, count, colour, dash }: Bundle): void {
  const { ctx: context } = plot;
  context.strokeStyle = palette(colour);
  context.lineWidth = (dash ? 1.25 : 1) * ratio;
  context.globalAlpha = dash ? 1 : 0.65;
  context.setLineDash(dash ? [5 * ratio, 4 * ratio] : []);
  context.beginPath();
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < y.length; i++) {
      const left = plot.valToPos(x[i * count + p], "x", true);
      const top = plot.valToPos(y[i], "y", true);
      if (i === 0) context.moveTo(left, top);
      else context.lineTo(left, top);
    }
  }
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function drawMarks({ plot, ratio, palette }: Pen, { x, y, colour, shape }: Marks): void {
  const { ctx: context, bbox } = plot;
  for (let k = 0; k < x.length; k++) {
    const left = plot.valToPos(x[k], "x", true);
    if (left < bbox.left - 1 || left > bbox.left + bbox.width + 1) continue;
    const top = y ? plot.valToPos(y[k], "y", true) : bbox.top + bbox.height;
    if (x.length <= MANY)
      drawShape(context, shape, [left, top], 4 * ratio, palette(colour), palette("surface"));
    else {
      context.fillStyle = palette(colour);
      context.fillRect(left - ratio, top - ratio, 2 * ratio, 2 * ratio);
    }
  }
}

/** The largest mass of a chart's stems. */
function mostOf({ layers }: ChartData): number {
  let most = 0;
  for (const layer of layers) {
    if (layer.kind !== "stems") continue;
    for (let k = 0; k < layer.y.length; k++) most = Math.max(most, layer.y[k]);
  }
  return most;
}

function drawStems(pen: Pen, { x, y, colour, shape, own, theory, faint }: Stems): void {
  const { plot, ratio, palette } = pen;
  const { ctx: context, bbox } = plot;
  const most = mostOf(pen.data);
  if (most === 0) return;
  const bottom = bbox.top + bbox.height;
  context.setLineDash([]);
  for (let k = 0; k < x.length; k++) {
    const left = plot.valToPos(x[k], "x", true);
    const top = own ? bottom - (y[k] / most) * 0.8 * bbox.height : plot.valToPos(y[k], "y", true);
    if (theory) {
      drawAcross(pen, left, top, palette(colour));
      continue;
    }
    if (!faint) {
      context.strokeStyle = palette(colour);
      context.lineWidth = 3 * ratio;
      line(context, [left, bottom], [left, top]);
    }
    drawShape(context, shape, [left, top], 4 * ratio, palette(colour), palette("surface"));
    if (!faint && x.length <= 8) drawWords(pen, number(y[k], 3), left, top - 8 * ratio);
  }
}

/** A short line across, with a halo. */
function drawAcross({ plot: { ctx }, ratio, palette }: Pen, left: number, top: number, colour: string): void {
  for (const [stroke, width] of [
    [palette("surface"), 5],
    [colour, 2],
  ] as const) {
    ctx.strokeStyle = stroke;
    ctx.lineWidth = width * ratio;
    line(ctx, [left - 11 * ratio, top], [left + 11 * ratio, top]);
  }
}

function drawWords({ plot: { ctx }, ratio, palette }: Pen, words: string, left: number, top: number): void {
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "bottom";
  ctx.lineWidth = 4 * ratio;
  ctx.strokeStyle = palette("surface");
  ctx.strokeText(words, left, top);
  ctx.fillStyle = palette("ink");
  ctx.fillText(words, left, top);
}

function drawMarkers({ plot, ratio, palette, data }: Pen, curve: Curve, marker: Shape): void {
  const every = MARKERS * ratio;
  // Each curve's own third of the way, so that curves that coincide show the shapes of all.
  const marked = data.layers.filter((layer) => layer.kind === "curve" && layer.marker);
  let next = plot.bbox.left + every * (0.25 + marked.indexOf(curve) / Math.max(2, marked.length));
  for (let i = 0; i < data.x.length; i++) {
    const left = plot.valToPos(data.x[i], "x", true);
    const value = curve.y[i];
    if (left < next || !Number.isFinite(value)) continue;
    next = left + every;
    const top = plot.valToPos(value, "y", true);
    drawShape(plot.ctx, marker, [left, top], 3.5 * ratio, palette(curve.colour), palette("surface"));
  }
}
