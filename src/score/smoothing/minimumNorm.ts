import type { Line } from "../line.js";
import { levelOf } from "../level.js";
import { lineMean, lineSlope } from "./box.js";
import { legendre, NODES, normalRule } from "./rules.js";
import type { Values } from "./values.js";

/** Widths, or directions, looked at before the best is refined. */
const SCAN = 48;
/** Golden sections: the bracket shrinks by 0.618 each. */
const SECTIONS = 40;
const GOLDEN = 0.6180339887498949;
/** Panels along a segment at most. */
const MOST_PANELS = 32;

/** Minimizes f of one number per row, all rows at once, in brackets [low, high]. */
async function goldenSections(
  low: Float64Array,
  high: Float64Array,
  f: (at: Float64Array) => Promise<Float64Array>,
): Promise<Float64Array> {
  const rows = low.length;
  const left = low.map((a, i) => high[i] - GOLDEN * (high[i] - a));
  const right = low.map((a, i) => a + GOLDEN * (high[i] - a));
  const [fl, fr] = [await f(left), await f(right)];
  const fresh = new Float64Array(rows);
  for (let round = 0; round < SECTIONS; round++) {
    const lower = Array.from({ length: rows }, (_, i) => fl[i] <= fr[i]);
    for (let i = 0; i < rows; i++) {
      if (lower[i]) {
        high[i] = right[i];
        right[i] = left[i];
        fr[i] = fl[i];
        left[i] = high[i] - GOLDEN * (high[i] - low[i]);
        fresh[i] = left[i];
      } else {
        low[i] = left[i];
        left[i] = right[i];
        fl[i] = fr[i];
        right[i] = low[i] + GOLDEN * (high[i] - low[i]);
        fresh[i] = right[i];
      }
    }
    const value = await f(fresh);
    for (let i = 0; i < rows; i++) (lower[i] ? fl : fr)[i] = value[i];
  }
  return left.map((a, i) => (fl[i] <= fr[i] ? a : right[i]));
}

/**
 * Of the means of the score over segments of half length `width` through x, the shortest. For points on a line: the component
 * along it is a mean over some half length of at most `width`, the rest is linear. Chen 2025, Eq. 37.
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
  const { means: chosen } = await shortestMeans(values, direction, width, x, t);
  const out = new Float64Array(x.length);
  for (let i = 0; i < rows; i++) {
    let place = 0;
    for (let d = 0; d < dim; d++) place += direction[d] * x[i * dim + d];
    for (let d = 0; d < dim; d++) {
      const u = direction[d];
      const across = alpha * origin[d] + place * u - x[i * dim + d];
      out[i * dim + d] = chosen[i] * u + across / total;
    }
  }
  return out;
}

/**
 * The trace of its derivative. The least of means that move with x has the derivative of the one that is taken, almost everywhere
 * (Danskin 1967), and 0 where it is 0; across the line it is -1 / V.
 */
export async function shortestTrace(
  values: Values,
  { direction }: Line,
  width: number,
  x: Float64Array,
  t: number,
): Promise<Float64Array> {
  const { dim, sigma0 } = values.data;
  const { total } = levelOf(values.process, t, sigma0);
  const { widths, crossed } = await shortestMeans(values, direction, width, x, t);
  const slopes = await lineSlope(values, direction, widths, x, t);
  return slopes.map((slope, i) => (crossed[i] ? 0 : slope) - (dim - 1) / total);
}

/** The shortest means along the line over half lengths up to `width`, those half lengths, and where means change sign. */
async function shortestMeans(
  values: Values,
  direction: Float64Array,
  width: number,
  x: Float64Array,
  t: number,
): Promise<{ means: Float64Array; widths: Float64Array; crossed: Uint8Array }> {
  const rows = x.length / values.data.dim;
  const mean = (widths: Float64Array): Promise<Float64Array> => lineMean(values, direction, widths, x, t);
  const size = async (widths: Float64Array): Promise<Float64Array> => (await mean(widths)).map(Math.abs);
  const best = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const means = new Float64Array(rows);
  const widths = new Float64Array(rows);
  const low = new Float64Array(rows);
  const signs = new Float64Array(rows);
  const crossed = new Uint8Array(rows);
  for (let k = 0; k <= SCAN; k++) {
    const some = await mean(new Float64Array(rows).fill((width * k) / SCAN));
    some.forEach((value, i) => {
      if (k > 0 && value * signs[i] <= 0) crossed[i] = 1;
      signs[i] = Math.sign(value);
      if (Math.abs(value) < best[i]) [best[i], low[i]] = [Math.abs(value), k];
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
    const [a, b] = [refined[i], atScan[i]];
    // Where the mean changes sign, it is 0 for some width.
    const inner = Math.abs(a) < Math.abs(b);
    means[i] = crossed[i] ? 0 : inner ? a : b;
    widths[i] = inner ? found[i] : (width * low[i]) / SCAN;
  }
  return { means, widths, crossed };
}

/** Means of the score over segments of half length `width` through rows, each in its own direction `[rows, dim]`. */
async function segmentMeans(
  values: Values,
  width: number,
  x: Float64Array,
  t: number,
  directions: Float64Array,
): Promise<Float64Array> {
  const { dim } = values.data;
  const rows = x.length / dim;
  const { nodes, weights } = legendre(NODES);
  const panels = Math.max(1, Math.min(MOST_PANELS, Math.ceil(values.bend(width, t) / Math.PI)));
  const along = NODES * panels;
  const queries = new Float64Array(rows * along * dim);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < along; j++) {
      const r = width * ((2 * (Math.floor(j / NODES) + nodes[j % NODES])) / panels - 1);
      for (let d = 0; d < dim; d++) {
        queries[(i * along + j) * dim + d] = x[i * dim + d] + r * directions[i * dim + d];
      }
    }
  }
  const scores = await values.score(queries, t);
  const out = new Float64Array(x.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < along; j++) {
      const weight = weights[j % NODES] / panels;
      for (let d = 0; d < dim; d++) {
        out[i * dim + d] = out[i * dim + d] + weight * scores[(i * along + j) * dim + d];
      }
    }
  }
  return out;
}

/** Lengths of rows. */
function lengths(rows: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(rows.length / dim);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += rows[i * dim + d] ** 2;
    out[i] = Math.sqrt(sum);
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
  const means = (angles: Float64Array): Promise<Float64Array> => {
    const directions = new Float64Array(x.length);
    angles.forEach((angle, i) => {
      directions[2 * i] = Math.cos(angle);
      directions[2 * i + 1] = Math.sin(angle);
    });
    return segmentMeans(values, width, x, t, directions);
  };
  const size = async (angles: Float64Array): Promise<Float64Array> => lengths(await means(angles), 2);
  const best = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const angle = new Float64Array(rows);
  const step = Math.PI / SCAN;
  for (let k = 0; k < SCAN; k++) {
    (await size(new Float64Array(rows).fill(k * step))).forEach((value, i) => {
      if (value < best[i]) [best[i], angle[i]] = [value, k * step];
    });
  }
  const found = await goldenSections(
    angle.map((a) => a - step),
    angle.map((a) => a + step),
    size,
  );
  return means(found);
}

/** Directions that are looked at first, a coordinate. */
const STARTS = 24;
/** Compass steps at most, and the least of them. */
const ROUNDS = 400;
const LEAST_STEP = 1e-7;

/**
 * The same in any dimension: the best of 24 D seeded directions, refined by compass search on the sphere. It finds a minimum;
 * that no other is lower follows from the starts alone.
 */
export async function shortestInSpace(
  values: Values,
  width: number,
  x: Float64Array,
  t: number,
  seed: number,
): Promise<Float64Array> {
  const { dim } = values.data;
  const rows = x.length / dim;
  const starts = normalRule(dim, STARTS * dim, seed).places;
  const best = new Float64Array(x.length);
  const vectors = new Float64Array(x.length);
  const size = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const steps = new Float64Array(rows).fill(0.3);
  /** Takes what is shorter than before; says of which rows it was. */
  const tryOut = async (directions: Float64Array): Promise<Uint8Array> => {
    const found = await segmentMeans(values, width, x, t, directions);
    const long = lengths(found, dim);
    const taken = new Uint8Array(rows);
    for (let i = 0; i < rows; i++) {
      if (!(long[i] < size[i])) continue;
      taken[i] = 1;
      size[i] = long[i];
      best.set(directions.subarray(i * dim, (i + 1) * dim), i * dim);
      vectors.set(found.subarray(i * dim, (i + 1) * dim), i * dim);
    }
    return taken;
  };
  for (let s = 0; s < STARTS * dim; s++) {
    const one = starts.subarray(s * dim, (s + 1) * dim);
    const [length] = lengths(one, dim) as unknown as [number];
    const directions = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) directions[i] = one[i % dim] / length;
    await tryOut(directions);
  }
  for (let round = 0; round < ROUNDS && steps.some((step) => step > LEAST_STEP); round++) {
    const better = new Uint8Array(rows);
    for (let axis = 0; axis < 2 * dim; axis++) {
      const directions = best.slice();
      for (let i = 0; i < rows; i++) {
        const at = i * dim + (axis >> 1);
        directions[at] = directions[at] + (axis % 2 === 0 ? 1 : -1) * steps[i];
      }
      const long = lengths(directions, dim);
      for (let i = 0; i < directions.length; i++) {
        directions[i] = directions[i] / long[Math.floor(i / dim)];
      }
      (await tryOut(directions)).forEach((taken, i) => {
        if (taken) better[i] = 1;
      });
    }
    for (let i = 0; i < rows; i++) if (!better[i]) steps[i] = steps[i] / 2;
  }
  return vectors;
}
