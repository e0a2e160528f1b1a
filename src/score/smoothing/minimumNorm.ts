import type { Line } from "../line.js";
import { levelOf } from "../level.js";
import { lineMean } from "./box.js";
import { legendre, NODES } from "./rules.js";
import type { Values } from "./values.js";

/** Widths, or directions, looked at before the best is refined. */
const SCAN = 48;
/** Golden sections: the bracket shrinks by 0.618 each. */
const SECTIONS = 40;
const GOLDEN = 0.6180339887498949;
/** Panels along a segment at most. */
const MOST_PANELS = 32;

/** Minimizes f of one number a row, all rows at once, in brackets [low, high]. */
async function goldenSections(
  low: Float64Array,
  high: Float64Array,
  f: (at: Float64Array) => Promise<Float64Array>,
): Promise<Float64Array> {
  const rows = low.length;
  const left = low.map((a, i) => (high[i] as number) - GOLDEN * ((high[i] as number) - a));
  const right = low.map((a, i) => a + GOLDEN * ((high[i] as number) - a));
  const [fl, fr] = [await f(left), await f(right)];
  const fresh = new Float64Array(rows);
  for (let round = 0; round < SECTIONS; round++) {
    const lower = Array.from({ length: rows }, (_, i) => (fl[i] as number) <= (fr[i] as number));
    for (let i = 0; i < rows; i++) {
      if (lower[i]) {
        high[i] = right[i] as number;
        right[i] = left[i] as number;
        fr[i] = fl[i] as number;
        left[i] = (high[i] as number) - GOLDEN * ((high[i] as number) - (low[i] as number));
        fresh[i] = left[i] as number;
      } else {
        low[i] = left[i] as number;
        left[i] = right[i] as number;
        fl[i] = fr[i] as number;
        right[i] = (low[i] as number) + GOLDEN * ((high[i] as number) - (low[i] as number));
        fresh[i] = right[i] as number;
      }
    }
    const value = await f(fresh);
    for (let i = 0; i < rows; i++) (lower[i] ? fl : fr)[i] = value[i] as number;
  }
  return left.map((a, i) => ((fl[i] as number) <= (fr[i] as number) ? a : (right[i] as number)));
}

/**
 * Of the means of the score over segments of half length `width` through x, the shortest. For points on a line: the component
 * along it is a mean over some half length of at most `width`, the rest is linear. Paper 003, Eq. 37.
 */
export async function shortestOnLine(
  values: Values,
  { direction, origin }: Line,
  width: number,
  x: Float64Array,
  t: number,
): Promise<Float64Array> {
  const { dim, sigma0 } = values.data;
  const { alpha, total } = levelOf(values.process, t, sigma0);
  const rows = x.length / dim;
  const mean = (widths: Float64Array): Promise<Float64Array> => lineMean(values, direction, widths, x, t);
  const size = async (widths: Float64Array): Promise<Float64Array> => (await mean(widths)).map(Math.abs);
  const best = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const chosen = new Float64Array(rows);
  const low = new Float64Array(rows);
  const signs = new Float64Array(rows);
  const crossed = new Uint8Array(rows);
  for (let k = 0; k <= SCAN; k++) {
    const some = await mean(new Float64Array(rows).fill((width * k) / SCAN));
    some.forEach((value, i) => {
      if (k > 0 && value * (signs[i] as number) <= 0) crossed[i] = 1;
      signs[i] = Math.sign(value);
      if (Math.abs(value) < (best[i] as number)) [best[i], low[i]] = [Math.abs(value), k];
    });
  }
  const high = low.map((k) => (width * Math.min(SCAN, k + 1)) / SCAN);
  const found = await goldenSections(
    low.map((k) => (width * Math.max(0, k - 1)) / SCAN),
    high,
    size,
  );
  const refined = await mean(found);
  const atScan = await mean(low.map((k) => (width * k) / SCAN));
  for (let i = 0; i < rows; i++) {
    const [a, b] = [refined[i] as number, atScan[i] as number];
    // Where the mean changes sign, it is 0 for some width.
    chosen[i] = crossed[i] ? 0 : Math.abs(a) < Math.abs(b) ? a : b;
  }
  const out = new Float64Array(x.length);
  for (let i = 0; i < rows; i++) {
    let place = 0;
    for (let d = 0; d < dim; d++) place += (direction[d] as number) * (x[i * dim + d] as number);
    for (let d = 0; d < dim; d++) {
      const u = direction[d] as number;
      const across = alpha * (origin[d] as number) + place * u - (x[i * dim + d] as number);
      out[i * dim + d] = (chosen[i] as number) * u + across / total;
    }
  }
  return out;
}

/** The same in the plane, over all directions. */
export async function shortestInPlane(
  values: Values,
  width: number,
  x: Float64Array,
  t: number,
): Promise<Float64Array> {
  const rows = x.length / 2;
  const { nodes, weights } = legendre(NODES);
  const panels = Math.max(1, Math.min(MOST_PANELS, Math.ceil(values.bend(width, t) / Math.PI)));
  const along = NODES * panels;
  const means = async (angles: Float64Array): Promise<Float64Array> => {
    const queries = new Float64Array(rows * along * 2);
    for (let i = 0; i < rows; i++) {
      const [c, s] = [Math.cos(angles[i] as number), Math.sin(angles[i] as number)];
      for (let j = 0; j < along; j++) {
        const node = nodes[j % NODES] as number;
        const r = width * ((2 * (Math.floor(j / NODES) + node)) / panels - 1);
        queries[(i * along + j) * 2] = (x[2 * i] as number) + r * c;
        queries[(i * along + j) * 2 + 1] = (x[2 * i + 1] as number) + r * s;
      }
    }
    const scores = await values.score(queries, t);
    const out = new Float64Array(x.length);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < along; j++) {
        const weight = (weights[j % NODES] as number) / panels;
        for (let d = 0; d < 2; d++) {
          out[2 * i + d] = (out[2 * i + d] as number) + weight * (scores[(i * along + j) * 2 + d] as number);
        }
      }
    }
    return out;
  };
  const size = async (angles: Float64Array): Promise<Float64Array> => {
    const vectors = await means(angles);
    return angles.map((_, i) => Math.hypot(vectors[2 * i] as number, vectors[2 * i + 1] as number));
  };
  const best = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const angle = new Float64Array(rows);
  const step = Math.PI / SCAN;
  for (let k = 0; k < SCAN; k++) {
    (await size(new Float64Array(rows).fill(k * step))).forEach((value, i) => {
      if (value < (best[i] as number)) [best[i], angle[i]] = [value, k * step];
    });
  }
  const found = await goldenSections(
    angle.map((a) => a - step),
    angle.map((a) => a + step),
    size,
  );
  return means(found);
}
