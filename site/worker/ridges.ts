import type { Mixture, Process } from "../../src/index.js";

/** How near to the border of a pixel a ridge is on it, as a share of the pixel. */
const TIE = 1e-3;

/** Points beyond which a pixel's two nearest are not searched. */
const MOST_POINTS = 512;

/**
 * Moves places of pixels onto the boundary between their two likeliest points, where the boundary crosses the pixel and
 * the band around it is thinner than a pixel. What is drawn of such a pixel is then the value on the ridge instead of that
 * at a place which may lie just beside it: a thin line stays a line. Wider bands are left as they are.
 *
 * Across a boundary the log ratio of two weights changes by |A - B| / S per unit of length, A and B the points times alpha:
 * the band is S / |A - B| wide (mathematics of `posteriorWeights`).
 *
 * @param places `[count, 2]`, changed in place
 * @param pixel side of a pixel
 */
export function toRidges(
  places: Float64Array,
  pixel: number,
  data: Pick<Mixture, "points" | "weights" | "size">,
  process: Process,
  t: number,
): void {
  const { size, weights } = data;
  const variance = process.variance(t);
  if (size < 2 || size > MOST_POINTS || !(variance > 0)) return;
  const alpha = process.alpha(t);
  const points = Float64Array.from(data.points, (value) => alpha * value);
  const span = widest(points);
  if (variance >= pixel * span) return;
  // Squared distances less 2 S log w: the likeliest point has the least.
  const shifts = Float64Array.from({ length: size }, (_, m) => -2 * variance * Math.log(weights[m]));
  for (let i = 0; i < places.length; i += 2) {
    const x = places[i];
    const y = places[i + 1];
    let a = 0;
    let b = 0;
    let first = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    for (let m = 0; m < size; m++) {
      const dx = x - points[2 * m];
      const dy = y - points[2 * m + 1];
      const distance = dx * dx + dy * dy + shifts[m];
      if (distance < first) {
        second = first;
        b = a;
        first = distance;
        a = m;
      } else if (distance < second) {
        second = distance;
        b = m;
      }
    }
    const nx = points[2 * b] - points[2 * a];
    const ny = points[2 * b + 1] - points[2 * a + 1];
    const apart = Math.hypot(nx, ny);
    if (!(variance < pixel * apart)) continue;
    const away = (second - first) / (2 * apart);
    const reach = (pixel * (Math.abs(nx) + Math.abs(ny))) / (2 * apart);
    // On the border of two pixels it is in one of them, that of the first point, whatever rounding says.
    if (Math.abs(away - reach) < TIE * pixel ? a > b : away > reach) continue;
    places[i] = x + (nx / apart) * away;
    places[i + 1] = y + (ny / apart) * away;
  }
}

/** The diagonal of the box around points. */
function widest(points: Float64Array): number {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  points.forEach((value, i) => {
    low[i % 2] = Math.min(low[i % 2], value);
    high[i % 2] = Math.max(high[i % 2], value);
  });
  return Math.hypot(high[0] - low[0], high[1] - low[1]);
}
