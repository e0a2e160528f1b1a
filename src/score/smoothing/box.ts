import { levelOf } from "../level.js";
import { legendre, panelRule } from "./rules.js";
import type { Values } from "./values.js";

/** Below this bend of the score over the interval its mean is taken by nodes: the ratio of densities would cancel. */
const STRAIGHT = 1.5;
/** Numbers of queries at a time. */
const BATCH = 2 ** 19;
/** Nodes along an interval over which the score bends little. */
const FEW = 8;
/** Panels along an axis of a face at most, by how many axes the face has. */
const MOST_PANELS = [1, 128, 6] as const;

/**
 * The mean of the exact score along `direction` (unit, `[dim]`) over x - width ... x + width, of its component along it: the
 * ratio of the densities at the two ends, over 2 width.
 */
export async function lineMean(
  values: Values,
  direction: ArrayLike<number>,
  width: number | Float64Array,
  x: Float64Array,
  t: number,
): Promise<Float64Array> {
  const { dim } = values.data;
  const rows = x.length / dim;
  const widthOf = (i: number): number => (typeof width === "number" ? width : width[i]);
  const bend = values.bend(2, t);
  const out = new Float64Array(rows);
  const straight = new Uint8Array(rows);
  let few = 0;
  for (let i = 0; i < rows; i++) {
    if (bend * widthOf(i) >= STRAIGHT) continue;
    straight[i] = 1;
    few++;
  }
  if (few > 0) {
    const { nodes, weights } = legendre(FEW);
    const queries = new Float64Array(few * FEW * dim);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      if (straight[i] === 0) continue;
      for (let n = 0; n < FEW; n++) {
        const offset = widthOf(i) * (2 * nodes[n] - 1);
        for (let d = 0; d < dim; d++) {
          queries[at++] = x[i * dim + d] + offset * direction[d];
        }
      }
    }
    const scores = await values.score(queries, t);
    at = 0;
    for (let i = 0; i < rows; i++) {
      if (straight[i] === 0) continue;
      let sum = 0;
      for (let n = 0; n < FEW; n++) {
        let along = 0;
        for (let d = 0; d < dim; d++) along += direction[d] * scores[at++];
        sum += weights[n] * along;
      }
      out[i] = sum;
    }
  }
  if (few < rows) {
    const places = new Float64Array((rows - few) * dim);
    const shifts = new Float64Array((rows - few) * dim);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      if (straight[i] === 1) continue;
      for (let d = 0; d < dim; d++) {
        places[at] = x[i * dim + d];
        shifts[at++] = widthOf(i) * direction[d];
      }
    }
    const ratios = await values.ratios(places, shifts, t);
    at = 0;
    for (let i = 0; i < rows; i++) {
      if (straight[i] === 0) out[i] = ratios[at++] / (2 * widthOf(i));
    }
  }
  return out;
}

/** The derivative of that mean along `direction`: the difference of the score at both ends, or where that cancels its mean. */
export async function lineSlope(
  values: Values,
  direction: ArrayLike<number>,
  widths: Float64Array,
  x: Float64Array,
  t: number,
): Promise<Float64Array> {
  const { dim } = values.data;
  const rows = widths.length;
  const bend = values.bend(2, t);
  const { nodes, weights } = legendre(FEW);
  const out = new Float64Array(rows);
  const straight = Array.from({ length: rows }, (_, i) => bend * widths[i] < STRAIGHT);
  const placesOf = (flat: boolean, offsets: readonly number[]): Float64Array => {
    const places: number[] = [];
    for (let i = 0; i < rows; i++) {
      if (straight[i] !== flat) continue;
      for (const offset of offsets) {
        for (let d = 0; d < dim; d++) {
          places.push(x[i * dim + d] + offset * widths[i] * direction[d]);
        }
      }
    }
    return Float64Array.from(places);
  };
  const inside = placesOf(
    true,
    Array.from(nodes, (node) => 2 * node - 1),
  );
  const directions = inside.map((_, at) => direction[at % dim]);
  const bends = await values.bends(inside, t, directions);
  const ends = await values.score(placesOf(false, [-1, 1]), t);
  for (let i = 0, near = 0, far = 0; i < rows; i++) {
    let sum = 0;
    if (straight[i]) {
      for (let n = 0; n < FEW; n++) sum += weights[n] * bends[near++];
    } else {
      for (let d = 0; d < dim; d++, far++) {
        sum += direction[d] * (ends[far + dim] - ends[far]);
      }
      far += dim;
      sum /= 2 * widths[i];
    }
    out[i] = sum;
  }
  return out;
}

/** The axes along which the data vary: along the others the score is linear, and no mean changes it. */
export function varyingAxes(values: Values): number[] {
  return Array.from(values.ranges.keys()).filter((d) => values.ranges[d] > 0);
}

/** Whether panels serve: the faces of the cube have at most two axes. */
export const takesPanels = (axes: readonly number[]): boolean => axes.length <= 3;

/**
 * The mean over the cube x - width ... x + width (Chen 2025, Eq. 18), each component by the ratios of densities on the two
 * faces across its axis, which have one dimension less.
 * @param coarser halves the panels, to see what they leave
 */
export async function boxMean(
  values: Values,
  axes: readonly number[],
  width: number,
  x: Float64Array,
  t: number,
  coarser: boolean,
): Promise<Float64Array> {
  const { data, process } = values;
  const { dim, absolutePoints: points } = data;
  const { alpha, total } = levelOf(process, t, data.sigma0);
  const rows = x.length / dim;
  const out = new Float64Array(x.length);
  for (let i = 0, d = 0; i < x.length; i++, d = d + 1 === dim ? 0 : d + 1) {
    out[i] = (alpha * points[d] - x[i]) / total;
  }
  const faces = axes.length - 1;
  // Two points' shares change over a length V / (alpha R) along a face.
  const wanted = Math.ceil(values.bend(width, t) / Math.PI);
  const most = MOST_PANELS[faces] as number;
  const panels = Math.max(1, Math.ceil(Math.min(most, wanted) / (coarser ? 2 : 1)));
  const rule =
    faces === 0 ? { places: new Float64Array(0), weights: Float64Array.of(1) } : panelRule(faces, panels);
  const each = rule.weights.length;
  const step = Math.max(1, Math.floor(BATCH / (each * dim)));
  for (const axis of axes) {
    const others = axes.filter((d) => d !== axis);
    const direction = new Float64Array(dim);
    direction[axis] = 1;
    if (faces === 0) {
      const means = await lineMean(values, direction, width, x, t);
      for (let i = 0; i < rows; i++) out[i * dim + axis] = means[i];
      continue;
    }
    for (let first = 0; first < rows; first += step) {
      const some = Math.min(step, rows - first);
      const queries = new Float64Array(some * each * dim);
      for (let i = 0; i < some; i++) {
        for (let j = 0; j < each; j++) {
          const at = (i * each + j) * dim;
          for (let d = 0; d < dim; d++) queries[at + d] = x[(first + i) * dim + d];
          others.forEach((d, k) => {
            queries[at + d] = queries[at + d] + width * rule.places[j * faces + k];
          });
        }
      }
      await values.spend(4 * queries.length);
      const means = await lineMean(values, direction, width, queries, t);
      for (let i = 0; i < some; i++) {
        let sum = 0;
        for (let j = 0; j < each; j++) sum += rule.weights[j] * means[i * each + j];
        out[(first + i) * dim + axis] = sum;
      }
    }
  }
  return out;
}

/**
 * The trace of that mean's derivative: along each axis (s(x + w e) - s(x - w e)) / (2 w) over the face, by the same panels; where
 * the score bends little over it the mean of its derivative, which does not cancel; -1 / V along every other axis.
 */
export async function boxTrace(
  values: Values,
  axes: readonly number[],
  width: number,
  x: Float64Array,
  t: number,
): Promise<Float64Array> {
  const { data, process } = values;
  const { dim } = data;
  const { total } = levelOf(process, t, data.sigma0);
  const faces = axes.length - 1;
  const out = new Float64Array(x.length / dim).fill(-(dim - axes.length) / total);
  const wanted = Math.ceil(values.bend(width, t) / Math.PI);
  const panels = Math.max(1, Math.min(MOST_PANELS[faces] ?? 1, wanted));
  const rule =
    faces <= 0 ? { places: new Float64Array(0), weights: Float64Array.of(1) } : panelRule(faces, panels);
  const each = rule.weights.length;
  const straight = values.bend(2, t) * width < STRAIGHT;
  const { nodes, weights } = legendre(FEW);
  const offsets = straight ? nodes.map((node) => width * (2 * node - 1)) : Float64Array.of(-width, width);
  const count = offsets.length;
  const step = Math.max(1, Math.floor(BATCH / (each * count * dim)));
  for (const axis of axes) {
    const others = axes.filter((d) => d !== axis);
    for (let first = 0; first < out.length; first += step) {
      const some = Math.min(step, out.length - first);
      const queries = new Float64Array(some * each * count * dim);
      for (let i = 0, at = 0; i < some; i++) {
        for (let j = 0; j < each; j++) {
          for (let n = 0; n < count; n++, at += dim) {
            for (let d = 0; d < dim; d++) queries[at + d] = x[(first + i) * dim + d];
            others.forEach((d, k) => {
              queries[at + d] = queries[at + d] + width * rule.places[j * faces + k];
            });
            queries[at + axis] = queries[at + axis] + offsets[n];
          }
        }
      }
      await values.spend(4 * queries.length);
      const found = straight ? await values.slopes(queries, t, axis) : await values.along(queries, t, axis);
      for (let i = 0; i < some; i++) {
        for (let j = 0; j < each; j++) {
          const at = (i * each + j) * count;
          let mean = 0;
          if (straight) {
            for (let n = 0; n < count; n++) mean += weights[n] * found[at + n];
          } else mean = (found[at + 1] - found[at]) / (2 * width);
          out[first + i] = out[first + i] + rule.weights[j] * mean;
        }
      }
    }
  }
  return out;
}
