import { normalMass, type Side } from "./voronoi.js";

/** How far an angle may be from pi / n. */
const CLOSE = 1e-9;

interface Place {
  readonly x: number;
  readonly y: number;
  /** 1, or -1 after an odd number of reflections. */
  readonly sign: number;
}

const mirrored = ({ x, y, sign }: Place, { nx, ny, d }: Side): Place => {
  const reach = 2 * (d - nx * x - ny * y);
  return { x: x + reach * nx, y: y + reach * ny, sign: -sign };
};

/**
 * The images of a place under the reflections that a cell's walls generate, where they are few: no wall, one, or two that meet
 * at an angle pi / n. Undefined elsewhere.
 */
function imagesOf(sides: readonly Side[], x: number, y: number): readonly Place[] | undefined {
  const own = { x, y, sign: 1 };
  const [a, b] = sides;
  if (a === undefined) return [own];
  if (b === undefined) return [own, mirrored(own, a)];
  const angle = Math.PI - Math.acos(Math.max(-1, Math.min(1, a.nx * b.nx + a.ny * b.ny)));
  const n = Math.round(Math.PI / angle);
  if (sides.length > 2 || !(Math.abs(angle * n - Math.PI) < CLOSE)) return undefined;
  // A turn by twice the angle is a reflection in one wall and then in the other.
  const places: Place[] = [];
  for (let k = 0, turned: Place = own; k < n; k++) {
    const other = mirrored(turned, a);
    places.push(turned, other);
    turned = mirrored(other, b);
  }
  return places;
}

/**
 * The probability that Brownian motion from (x, y) has not left a polygon by the time at which its standard deviation is sigma,
 * by the method of images: the masses in the polygon of normal laws around the images, with their signs. NaN where the walls'
 * reflections do not close.
 */
export function survival(sides: readonly Side[], x: number, y: number, sigma: number): number {
  const images = imagesOf(sides, x, y);
  if (images === undefined) return Number.NaN;
  let sum = 0;
  for (const image of images) sum += image.sign * normalMass(sides, image.x, image.y, sigma);
  return sum;
}
