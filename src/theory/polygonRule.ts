import { panels } from "../numeric/panels.js";
import { cutBy, type Side } from "./voronoi.js";

/** A convex polygon cut to the square of half side `reach` around 0. */
export function bounded(sides: readonly Side[], reach: number): readonly Side[] {
  const far = { d: reach, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  let cut = sides;
  for (const [nx, ny] of [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ] as const) {
    cut = cutBy(cut, { nx, ny, ...far }, 1e-12 * reach);
  }
  return cut;
}

/** A side from left to right, or undefined where it stands upright. */
function chordOf({ nx, ny, d, from, to }: Side): { low: Corner; high: Corner } | undefined {
  const ends = [from, to].map((s) => ({ x: nx * d - ny * s, y: ny * d + nx * s })) as [Corner, Corner];
  const [low, high] = ends[0].x < ends[1].x ? ends : [ends[1], ends[0]];
  return high.x > low.x ? { low, high } : undefined;
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

/**
 * Places and weights of a rule over a bounded convex polygon: Gauss-Legendre of 16 nodes in panels no wider than `widest`,
 * across and between the sides.
 */
export function* polygonRule(
  sides: readonly Side[],
  widest: number,
): Generator<{ x: number; y: number; weight: number }, void, void> {
  const chords = sides.map(chordOf).filter((chord) => chord !== undefined);
  const breaks = Array.from(new Set(chords.flatMap(({ low, high }) => [low.x, high.x]))).sort(
    (a, b) => a - b,
  );
  const across = panels(breaks, widest);
  for (const [i, x] of across.nodes.entries()) {
    const heights = chords
      .filter(({ low, high }) => low.x <= x && x <= high.x)
      .map(({ low, high }) => low.y + ((x - low.x) / (high.x - low.x)) * (high.y - low.y));
    const [bottom, top] = [Math.min(...heights), Math.max(...heights)];
    if (!(top > bottom)) continue;
    const up = panels([bottom, top], widest);
    for (const [j, y] of up.nodes.entries()) {
      yield { x, y, weight: across.weights[i] * up.weights[j] };
    }
  }
}
