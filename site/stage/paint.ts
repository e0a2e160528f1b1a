import { LEVELS, fieldTables } from "../worker/colours.js";
import type { Replies, Scale } from "../worker/protocol.js";
import { type Lens, shortNumber, ticksOf } from "./lens.js";
import type { Palette } from "./palette.js";

type Context = CanvasRenderingContext2D;

/** All sizes are in CSS pixels: the context is scaled to the device's before. */
const POINT_SIZE = 6.5;
const FONT = "11px system-ui, sans-serif";

/** Lines in ink, so thick, on a wider halo that sets them off from what lies below. */
function strokeHaloed(
  context: Context,
  palette: Palette,
  ink: number,
  halo: number,
  trace: () => void,
): void {
  for (const [style, thick] of [
    [palette.halo, halo],
    [palette.ink, ink],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = thick;
    context.beginPath();
    trace();
    context.stroke();
  }
}

/** Numbers along two edges, and the ticks they stand at. */
export function paintAxes(context: Context, lens: Lens, palette: Palette): void {
  const { width, height } = lens;
  const [left, top] = lens.toPlane(0, 0);
  const [right, bottom] = lens.toPlane(width, height);
  context.save();
  context.font = FONT;
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = palette.halo;
  context.fillStyle = palette.ink;
  const text = (label: string, x: number, y: number): void => {
    context.strokeText(label, x, y);
    context.fillText(label, x, y);
  };
  const line = (x1: number, y1: number, x2: number, y2: number): void => {
    strokeHaloed(context, palette, 1, 3, () => {
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
    });
    context.strokeStyle = palette.halo;
    context.lineWidth = 3;
  };
  context.textAlign = "center";
  context.textBaseline = "bottom";
  const count = Math.max(4, Math.round(width / 100));
  for (const tick of ticksOf(left, right, count)) {
    const x = Math.round(lens.toPixel(tick, 0)[0]) + 0.5;
    if (x < 28 || x > width - 16) continue;
    line(x, height, x, height - 5);
    text(shortNumber(tick, 4), x, height - 7);
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const tick of ticksOf(bottom, top, count)) {
    const y = Math.round(lens.toPixel(0, tick)[1]) + 0.5;
    if (y < 16 || y > height - 28) continue;
    // So far from its number that it is no minus sign.
    line(0, y, 4, y);
    text(shortNumber(tick, 4), 13, y);
  }
  context.restore();
}

function diamond(context: Context, x: number, y: number, size: number): void {
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
}

/** Training points: diamonds with a halo. */
export function paintPoints(
  context: Context,
  lens: Lens,
  points: ArrayLike<number>,
  active: number | undefined,
  palette: Palette,
): void {
  context.save();
  context.lineJoin = "round";
  const many = points.length > 400;
  for (let m = 0; m < points.length / 2; m++) {
    const [x, y] = lens.toPixel(points[2 * m], points[2 * m + 1]);
    const size = (many ? 0.55 : 1) * POINT_SIZE * (m === active ? 1.35 : 1);
    diamond(context, x, y, size);
    context.strokeStyle = palette.halo;
    context.lineWidth = many ? 2 : 4;
    context.stroke();
    context.fillStyle = palette.point;
    context.fill();
  }
  context.restore();
}

/** Few particles, one by one: dots of a sampler, rings of the kernel density. */
export function paintCircles(
  context: Context,
  lens: Lens,
  particles: ArrayLike<number>,
  rings: boolean,
  palette: Palette,
): void {
  context.save();
  for (let i = 0; i < particles.length; i += 2) {
    const [x, y] = lens.toPixel(particles[i], particles[i + 1]);
    if (x < -8 || y < -8 || x > lens.width + 8 || y > lens.height + 8) continue;
    context.beginPath();
    context.arc(x, y, rings ? 3.5 : 3, 0, 2 * Math.PI);
    context.lineWidth = rings ? 4 : 2;
    context.strokeStyle = palette.halo;
    context.stroke();
    if (rings) {
      context.lineWidth = 1.6;
      context.strokeStyle = palette.kernel;
      context.stroke();
    } else {
      context.fillStyle = palette.sampler;
      context.fill();
    }
  }
  context.restore();
}

type Glyphs = Replies["glyphs"];

/** Scores as arrows: their length grows with |s| and never leaves its square. */
export function paintArrows(
  context: Context,
  lens: Lens,
  glyphs: Glyphs,
  side: number,
  palette: Palette,
): void {
  const { places, scores } = glyphs;
  const cell = Math.min(lens.width, lens.height) / side;
  const norms = Array.from({ length: places.length / 2 }, (_, i) =>
    Math.hypot(scores[2 * i], scores[2 * i + 1]),
  );
  const middle = [...norms].sort((a, b) => a - b)[norms.length >> 1] || 1;
  context.save();
  context.lineCap = "round";
  strokeHaloed(context, palette, 1.3, 3.2, () => {
    for (let i = 0; i < norms.length; i++) {
      const norm = norms[i];
      if (!(norm > 0)) continue;
      const length = (0.86 * cell * norm) / (norm + middle);
      const [ux, uy] = [scores[2 * i] / norm, -scores[2 * i + 1] / norm];
      const [x, y] = lens.toPixel(places[2 * i], places[2 * i + 1]);
      const [tx, ty] = [x + (ux * length) / 2, y + (uy * length) / 2];
      const head = Math.min(5, 0.4 * length);
      context.moveTo(x - (ux * length) / 2, y - (uy * length) / 2);
      context.lineTo(tx, ty);
      context.moveTo(tx - head * (ux + 0.6 * uy), ty - head * (uy - 0.6 * ux));
      context.lineTo(tx, ty);
      context.lineTo(tx - head * (ux - 0.6 * uy), ty - head * (uy + 0.6 * ux));
    }
  });
  context.restore();
}

/** C as ellipses: half axes are its standard deviations, on a scale where the largest fills its square. */
export function paintEllipses(
  context: Context,
  lens: Lens,
  glyphs: Glyphs,
  side: number,
  palette: Palette,
): void {
  const { places, covariances } = glyphs;
  const cell = Math.min(lens.width, lens.height) / side;
  const axes = Array.from({ length: places.length / 2 }, (_, i) => {
    const [a, b, c] = [covariances[3 * i], covariances[3 * i + 1], covariances[3 * i + 2]] as [
      number,
      number,
      number,
    ];
    const middle = (a + c) / 2;
    const spread = Math.hypot((a - c) / 2, b);
    return {
      long: Math.sqrt(Math.max(0, middle + spread)),
      short: Math.sqrt(Math.max(0, middle - spread)),
      angle: Math.atan2(2 * b, a - c) / 2,
    };
  });
  const largest = Math.max(...axes.map(({ long }) => long), 0) || 1;
  context.save();
  const unit = (0.44 * cell) / largest;
  strokeHaloed(context, palette, 1.2, 3.2, () => {
    axes.forEach(({ long, short, angle }, i) => {
      if (long * unit < 0.4) return;
      const [x, y] = lens.toPixel(places[2 * i], places[2 * i + 1]);
      // Each begins where it is: no line leads there from the one before.
      context.moveTo(x + long * unit * Math.cos(angle), y - long * unit * Math.sin(angle));
      context.ellipse(x, y, long * unit, Math.max(0.5, short * unit), -angle, 0, 2 * Math.PI);
    });
  });
  context.restore();
}

/** Ways of particles; what lies ahead of `step` is faint. */
export function paintPaths(
  context: Context,
  lens: Lens,
  { data, count, times }: Replies["paths"],
  t: number,
  colour: string,
  halo: string | undefined,
): void {
  const length = times.length;
  let reached = times.findIndex((time) => time <= t * (1 + 1e-12));
  if (reached < 0) reached = length - 1;
  const trace = (p: number, from: number, to: number): void => {
    for (let i = from; i <= to; i++) {
      const at = 2 * (p * length + i);
      const [x, y] = lens.toPixel(data[at], data[at + 1]);
      if (i === from) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
  };
  context.save();
  context.lineJoin = "round";
  const alone = count < 20;
  for (let p = 0; p < count; p++) {
    if (halo !== undefined) {
      context.beginPath();
      trace(p, 0, length - 1);
      context.globalAlpha = 1;
      context.strokeStyle = halo;
      context.lineWidth = 4;
      context.stroke();
    }
    context.strokeStyle = colour;
    context.lineWidth = alone ? 1.8 : 1;
    context.beginPath();
    trace(p, reached, length - 1);
    context.globalAlpha = alone ? 0.45 : 0.18;
    context.stroke();
    context.beginPath();
    trace(p, 0, reached);
    context.globalAlpha = alone ? 1 : 0.5;
    context.stroke();
  }
  if (alone) {
    context.globalAlpha = 1;
    for (let p = 0; p < count; p++) {
      const [x, y] = lens.toPixel(data[2 * p * length], data[2 * p * length + 1]);
      context.beginPath();
      context.arc(x, y, 3.5, 0, 2 * Math.PI);
      context.lineWidth = 1.8;
      context.stroke();
    }
  }
  context.restore();
}

/** Lines of a path in the plane: the edges of Voronoi cells, `[count, 4]`. */
export function paintEdges(context: Context, lens: Lens, edges: ArrayLike<number>, palette: Palette): void {
  context.save();
  strokeHaloed(context, palette, 1.1, 3, () => {
    for (let i = 0; i < edges.length; i += 4) {
      context.moveTo(...lens.toPixel(edges[i], edges[i + 1]));
      context.lineTo(...lens.toPixel(edges[i + 2], edges[i + 3]));
    }
  });
  context.restore();
}

const titles: Readonly<Record<Scale["quantity"], string>> = {
  none: "",
  fraction: "f = tr C / (tr C + |s|²)",
  proxyVariance: "tr C",
  vKernel: "tr V",
  logDensity: "log p",
  scoreNorm: "|s|",
  posteriorEntropy: "entropy of the weights (nats)",
  cells: "nearest training point",
  residual: "f computed − f in plain float64",
};

export const titleOf = (scale: Scale): string => titles[scale.quantity];

/** A colour bar with its ticks and what it is of: in `width` x 34 pixels. */
export function paintBar(context: Context, scale: Scale, width: number, palette: Palette): void {
  context.clearRect(0, 0, width, 34);
  if (scale.colours === "cells") return;
  const table = fieldTables[scale.colours];
  const [left, right, top, thick] = [8, width - 8, 2, 10];
  const span = right - left;
  for (let i = 0; i < span; i++) {
    const level = Math.round((i / (span - 1)) * (LEVELS - 1));
    context.fillStyle = `rgb(${table[4 * level]}, ${table[4 * level + 1]}, ${table[4 * level + 2]})`;
    context.fillRect(left + i, top, 1.5, thick);
  }
  context.font = FONT;
  context.fillStyle = palette.dim;
  context.strokeStyle = palette.dim;
  context.lineWidth = 1;
  context.textBaseline = "top";
  const { from, to, log } = scale;
  const decades = log ? Math.log10(to / from) : 0;
  const ticks = log
    ? ticksOf(Math.log10(from), Math.log10(to), 6)
        .filter((e) => Math.abs(e - Math.round(e)) < 1e-9)
        .map((e) => 10 ** Math.round(e))
    : ticksOf(from, to, Math.max(2, Math.round(span / 80)));
  for (const tick of ticks) {
    const u = log ? Math.log(tick / from) / Math.log(to / from) : (tick - from) / (to - from);
    const x = Math.round(left + u * span);
    context.textAlign = u < 0.03 ? "left" : u > 0.97 ? "right" : "center";
    context.beginPath();
    context.moveTo(Math.min(right - 0.5, x + 0.5), top + thick);
    context.lineTo(Math.min(right - 0.5, x + 0.5), top + thick + 4);
    context.stroke();
    const label = log && decades > 3 ? powerOfTen(tick) : shortNumber(tick);
    context.fillText(label, x, top + thick + 6);
  }
}

const superscripts: Readonly<Record<string, string>> = {
  "-": "⁻",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};

function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent === 0) return "1";
  return `10${[...String(exponent)].map((digit) => superscripts[digit]).join("")}`;
}
