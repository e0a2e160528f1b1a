import type { Mixture, Process } from "vkernel";
import { integrate, panels } from "vkernel/internal";

/** Eq. 4.43 at a time, by quadrature: the share of p_t where E[X_0 | X_t] is within a distance of the nearest point, and its mean distance. */
export interface InsideRow {
  readonly t: number;
  readonly within: number;
  readonly distance: number;
}

/** Panels of a direction get this many times wider from the wall of a cell inwards. */
const GROW = 1.6;

/**
 * The predictor of points of equal weight on a circle of radius 1, the first at angle 0. All cells are alike, and both halves of one: the
 * places are r e + s n with e along the wall between the first two and n into the cell of the first, s from 0 to its middle. What is not
 * within `near` lies in a band around the walls far narrower than the cell, where sampling has nobody to ask.
 */
export function insideCells(data: Mixture, process: Process, t: number, near: number): InsideRow {
  const { size, points } = data;
  const half = Math.PI / size;
  const [alpha, variance] = [process.alpha(t), process.variance(t)];
  const spread = Math.sqrt(variance);
  const [along, inward] = [
    [Math.cos(half), Math.sin(half)],
    [Math.sin(half), -Math.cos(half)],
  ];
  /** Density of p_t, and the predictor's distance from the first point, which is the nearest. */
  const at = (r: number, s: number): { density: number; distance: number } => {
    const [x, y] = [0, 1].map((d) => r * along[d] + s * inward[d]);
    const squareTo = (m: number): number =>
      (x - alpha * points[2 * m]) ** 2 + (y - alpha * points[2 * m + 1]) ** 2;
    const nearest = squareTo(0);
    let [total, across, up] = [1, 0, 0];
    for (let m = 1; m < size; m++) {
      const weight = Math.exp((nearest - squareTo(m)) / (2 * variance));
      total += weight;
      across += weight * (points[2 * m] - points[0]);
      up += weight * (points[2 * m + 1] - points[1]);
    }
    const density = (total * Math.exp(-nearest / (2 * variance))) / (2 * Math.PI * variance * size);
    return { density, distance: Math.hypot(across, up) / total };
  };
  // The width over which the weight of the neighbour falls by e, at the wall.
  const width = variance / (2 * alpha * Math.sin(half));
  const reach = alpha + 12 * spread;
  let [within, distance] = [0, 0];
  const rs = panels([0, ...graded(Math.min(spread, 0.1), reach)], spread / 2);
  for (const [i, r] of rs.nodes.entries()) {
    const most = Math.min(r * Math.tan(half), reach);
    const breaks = [0, ...graded(Math.min(width, most), most)];
    const inner = panels(breaks, spread / 2);
    distance += rs.weights[i] * integrate((s) => at(r, s).density * at(r, s).distance, inner);
    const far = (s: number): number => at(r, s).distance - near;
    const cut = crossings(far, breaks);
    for (const [k, to] of cut.entries()) {
      const from = k === 0 ? 0 : cut[k - 1];
      if (far((from + to) / 2) > 0) continue;
      within +=
        rs.weights[i] *
        integrate((s) => at(r, s).density, panels([from, ...inside(breaks, from, to), to], spread / 2));
    }
  }
  return { t, within: 2 * size * within, distance: 2 * size * distance };
}

/** Ends of panels that grow from `first` to `last`. */
function graded(first: number, last: number): number[] {
  const ends: number[] = [];
  for (let end = first, step = first; end < last; step *= GROW, end += step) ends.push(end);
  return [...ends, last];
}

const inside = (breaks: readonly number[], from: number, to: number): number[] =>
  breaks.filter((s) => s > from && s < to);

/** Where a function changes its sign between breaks, and the last of them. */
function crossings(f: (s: number) => number, breaks: readonly number[]): number[] {
  const found: number[] = [];
  for (const [i, to] of breaks.entries()) {
    if (i === 0) continue;
    let [low, high] = [breaks[i - 1], to];
    if (f(low) > 0 === f(high) > 0) continue;
    const sign = f(low) > 0;
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (f(middle) > 0 === sign) low = middle;
      else high = middle;
    }
    found.push((low + high) / 2);
  }
  return [...found, breaks[breaks.length - 1]];
}
