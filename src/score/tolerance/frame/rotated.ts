import { matmul } from "../../../dense/index.js";
import type { Workspace } from "../../../dense/workspace.js";
import type { Points, StoredStage } from "./stage.js";

/** Coordinates at the end of each stage. The first has room for 16, whatever there are. */
const ENDS = [16, 64, 256];
/** The length of a vector of integers, but for its rounding: sums of products of two such stay below 2^31. */
export const LARGEST = 32_767;
/** Numbers that are rotated at a time. */
const PART = 2 ** 20;

/** A stage while it is filled. */
interface Filling {
  readonly from: number;
  readonly end: number;
  readonly vectors: number;
  readonly inPanels: boolean;
  readonly points: number;
  readonly norms: number;
  readonly residuals: number;
  epsilon: number;
  norm: number;
}

/** The stages of rotated coordinates: the last has no residual where there are as many directions as dimensions. */
export async function rotated(
  points: Points,
  space: Workspace,
  signal: AbortSignal | undefined,
): Promise<StoredStage[]> {
  const { data, directions, reach } = points;
  const { counted, dim, engine, order, local } = data;
  const { rows, centre } = directions;
  const step = reach / LARGEST;
  const fillings = roomFor(points, space);
  const most = Math.max(1, Math.floor(PART / dim));
  const options = signal ? { signal } : {};
  for (let first = 0; first < counted; first += most) {
    const count = Math.min(most, counted - first);
    const centred = new Float64Array(count * dim);
    for (let i = 0; i < count; i++) {
      const row = order[first + i] * dim;
      for (let d = 0; d < dim; d++) centred[i * dim + d] = local[row + d] - centre[d];
    }
    await space.spend(2 * count * dim);
    const part = { data: centred, rows: count, columns: dim };
    const { data: turned } = await matmul(engine, part, rows, { ...options, transposeB: true });
    for (let i = 0; i < count; i++) {
      take(points, space, fillings, step, first + i, turned.subarray(i * rows.rows, (i + 1) * rows.rows));
    }
    await space.spend(4 * count * rows.rows);
  }
  return fillings.map(({ end, vectors, points: at, norms, residuals, epsilon, norm }) => ({
    stage: {
      end,
      integers: 8 * vectors,
      step,
      epsilon,
      norm,
      residual: residuals !== 0,
      origin: 0,
      length: 0,
      all: false,
    },
    record: [at, vectors, norms, residuals, 0],
    blocks: [at, norms, residuals].filter((pointer) => pointer !== 0),
  }));
}

function roomFor({ data: { counted }, directions }: Points, space: Workspace): Filling[] {
  const { rows, columns } = directions.rows;
  const ends = ENDS.map((end) => Math.min(end, rows)).filter((end, s, all) => s < 2 || end > all[s - 1]);
  const padded = 4 * Math.ceil(counted / 4);
  return ends.map((end, s) => {
    const from = s === 0 ? 0 : ends[s - 1];
    const vectors = s === 0 ? 2 : Math.ceil((end - from) / 8);
    const norms = space.alloc(padded / 2, "points");
    // What is beyond the points compares with nothing.
    new Float32Array(space.f64(norms, 0).buffer, norms, padded).fill(Number.NaN);
    return {
      from,
      end,
      vectors,
      inPanels: s < 2,
      points: space.zeros(2 * vectors * padded, "points"),
      norms,
      residuals: end < columns ? space.zeros(padded / 2, "points") : 0,
      epsilon: 0,
      norm: 0,
    };
  });
}

/** Writes the rotated coordinates of point i to all stages. */
function take(
  { squares, reach, rounding }: Points,
  space: Workspace,
  fillings: readonly Filling[],
  step: number,
  i: number,
  row: Float64Array,
): void {
  const { buffer } = space.f64(fillings[0].points, 0);
  const square = squares[i];
  const far = square > reach * reach;
  // What float64 may lose of a residual's square: twice of the rotated vector, and of two sums.
  const lost = 6 * rounding * square;
  let [inside, turned, moved] = [0, 0, 0];
  for (const filling of fillings) {
    const { from, end, vectors, points, norms, residuals, inPanels } = filling;
    // Of the first two stages 4 points lie side by side, by pairs of coordinates.
    const start = points + (inPanels ? (i >> 2) * vectors * 64 + (i & 3) * 4 : i * vectors * 16);
    const view = new Int16Array(buffer, start);
    for (let j = from; j < end; j++) {
      const integer = far ? 0 : Math.round(row[j] / step);
      const place = j - from;
      view[inPanels ? (place >> 1) * 8 + (place & 1) : place] = integer;
      inside += (integer * step) ** 2;
      turned += row[j] ** 2;
      moved += (integer * step - row[j]) ** 2;
    }
    const norm = new Float32Array(buffer, norms, i + 1);
    if (far) {
      norm[i] = Number.NEGATIVE_INFINITY;
      continue;
    }
    let [residual, off] = [0, 0];
    if (residuals !== 0) {
      residual = Math.fround(Math.sqrt(Math.max(0, square - turned)));
      off = lost / Math.max(residual, Math.sqrt(lost)) + 2 ** -23 * residual;
      new Float32Array(buffer, residuals, i + 1)[i] = residual;
    }
    norm[i] = inside + residual * residual;
    filling.norm = Math.max(filling.norm, inside + residual * residual);
    const epsilon = Math.sqrt(moved + off * off) * 1.000001 + rounding * Math.sqrt(square);
    filling.epsilon = Math.max(filling.epsilon, epsilon);
  }
}
