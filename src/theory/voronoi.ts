import { runAtOnce } from "../core/scheduler.js";
import { owenT } from "../numeric/special.js";

/** A side of a convex polygon: the places n d + s u, from <= s <= to, u being n turned left; inside is n . z <= d. */
export interface Side {
  readonly nx: number;
  readonly ny: number;
  readonly d: number;
  readonly from: number;
  readonly to: number;
}

/** Sides shorter than this share of the data's extent are corners. */
const CORNER = 1e-12;
/** Lines whose directions differ by less than this are parallel. */
const PARALLEL = 1e-13;

/** The part of a line within a half plane; undefined where there is none. */
function clipped(line: Side, { nx, ny, d }: Side, corner: number): Side | undefined {
  const slope = ny * line.nx - nx * line.ny;
  const room = d - line.d * (nx * line.nx + ny * line.ny);
  if (Math.abs(slope) < PARALLEL) return room < -corner ? undefined : line;
  const at = room / slope;
  const [from, to] = slope > 0 ? [line.from, Math.min(line.to, at)] : [Math.max(line.from, at), line.to];
  return to - from > corner ? { ...line, from, to } : undefined;
}

/** A convex polygon cut by a half plane. */
export function cutBy(sides: readonly Side[], half: Side, corner: number): readonly Side[] {
  let fresh: Side | undefined = half;
  for (const side of sides) {
    fresh = clipped(fresh, side, corner);
    if (fresh === undefined) return sides;
  }
  const left = sides.map((side) => clipped(side, half, corner)).filter((side) => side !== undefined);
  return [...left, fresh];
}

/**
 * The Voronoi cells of distinct points of the plane as convex polygons, unbounded ones with sides that reach infinity. Cao et al. 2025,
 * Eq. 4.42. Cost: size^2 times the sides of a cell.
 * @param points `[size, 2]`
 */
export const voronoiCells = (points: Float64Array): (readonly Side[])[] =>
  runAtOnce(voronoiCellsInPieces(points));

/** The same, in pieces. */
export function* voronoiCellsInPieces(points: Float64Array): Generator<number, (readonly Side[])[], void> {
  const size = points.length / 2;
  let extent = 0;
  for (const value of points) extent = Math.max(extent, Math.abs(value));
  const corner = CORNER * (extent || 1);
  const cells: (readonly Side[])[] = [];
  for (let k = 0; k < size; k++) {
    const [x, y] = [points[2 * k], points[2 * k + 1]];
    const others = Array.from({ length: size }, (_, m) => {
      const [dx, dy] = [points[2 * m] - x, points[2 * m + 1] - y];
      return { dx, dy, length: Math.hypot(dx, dy) };
    });
    others.splice(k, 1);
    others.sort((a, b) => a.length - b.length);
    let sides: readonly Side[] = [];
    for (const { dx, dy, length } of others) {
      const [nx, ny] = [dx / length, dy / length];
      const d = nx * (x + dx / 2) + ny * (y + dy / 2);
      const line = { nx, ny, d, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
      sides = cutBy(sides, line, corner);
    }
    cells.push(sides);
    yield size * CUT * (sides.length + 1);
  }
  return cells;
}

/** Units of work of a side that a line may cut, with its share of the sorting. */
const CUT = 50;
/** Units of work of a side in `normalMass`. */
export const SIDE = 500;

/** Beyond this many standard deviations nothing is left of a normal law in float64. */
const NOTHING = 39;

/**
 * The mass of N((x, y), sigma^2 I) in a convex polygon, to about 1e-15: what is beyond each side, seen from the centre, is a
 * difference of two values of Owen's T; sides that face the centre from outside count negatively.
 * @param reach sides farther than so many standard deviations do not count
 */
export function normalMass(
  sides: readonly Side[],
  x: number,
  y: number,
  sigma: number,
  reach = NOTHING,
): number {
  let inside = true;
  let beyond = 0;
  for (const { nx, ny, d, from, to } of sides) {
    const h = (d - nx * x - ny * y) / sigma;
    if (h < -reach) return 0;
    if (h < 0) inside = false;
    if (h > reach) continue;
    const along = nx * y - ny * x;
    const size = Math.abs(h);
    const [low, high] = [(from - along) / sigma, (to - along) / sigma];
    const part = owenT(size, slopeOf(high, size)) - owenT(size, slopeOf(low, size));
    beyond += h < 0 ? -part : part;
  }
  return Math.max(0, (inside ? 1 : 0) - beyond);
}

/** u / h, of h = 0 too. */
const slopeOf = (u: number, h: number): number => (u === 0 ? 0 : u / h);
