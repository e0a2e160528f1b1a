import { fillNormals } from "../../src/numeric/random.js";

/** A point of a shape, from a share of the way along it and three standard normals. */
type Place = (share: number, normal: readonly [number, number, number]) => [number, number, number];

/** How thick a line is drawn. */
const THICKNESS = 0.04;

/** A trefoil, the simplest knot, wound about a torus. */
const knot: Place = (share, [a, b, c]) => {
  const angle = 2 * Math.PI * share;
  const around = 1 + 0.4 * Math.cos(3 * angle);
  return [
    around * Math.cos(2 * angle) + THICKNESS * a,
    around * Math.sin(2 * angle) + THICKNESS * b,
    0.4 * Math.sin(3 * angle) + THICKNESS * c,
  ];
};

/** Two arms about a bright middle, as of a galaxy. */
const galaxy: Place = (share, [a, b, c]) => {
  const arm = share < 0.5 ? 0 : Math.PI;
  const along = (2 * share) % 1;
  const radius = 0.1 + 1.3 * Math.sqrt(along);
  const angle = arm + 3.5 * along;
  const spread = 0.05 + 0.08 * along;
  return [radius * Math.cos(angle) + spread * a, radius * Math.sin(angle) + spread * b, 0.05 * c];
};

/** A normal law: the hardest for a tree, for there is no empty space. */
const normal: Place = (_, [a, b, c]) => [0.6 * a, 0.6 * b, 0.6 * c];

export const shapes: Readonly<Record<string, { readonly title: string; readonly place: Place }>> = {
  knot: { title: "A trefoil knot", place: knot },
  galaxy: { title: "A galaxy of two arms", place: galaxy },
  normal: { title: "A normal law", place: normal },
};

/** Points of a shape, rows of three. */
export function pointsOf(shape: string, count: number): Float32Array {
  const { place } = shapes[shape];
  const draws = fillNormals(new Float64Array(3 * count), 3, count, 0, 1, 0, 0);
  const out = new Float32Array(3 * count);
  for (let m = 0; m < count; m++) {
    out.set(place((m + 0.5) / count, [draws[3 * m], draws[3 * m + 1], draws[3 * m + 2]]), 3 * m);
  }
  return out;
}

/** The largest coordinate. */
export function reachOf(rows: Float32Array): number {
  let reach = 0;
  for (const x of rows) reach = Math.max(reach, Math.abs(x));
  return reach;
}
