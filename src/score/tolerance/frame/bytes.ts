import type { Workspace } from "../../../dense/workspace.js";
import { type Points, piece, type StoredStage } from "./stage.js";

/** The stage of all coordinates as given, in bytes: 256 steps from the least coordinate to the largest. Images of 8 bits are exact in it. */
export async function inBytes({ data, squares, reach }: Points, space: Workspace): Promise<StoredStage> {
  const { counted, dim, order, local } = data;
  const vectors = Math.ceil(dim / 8);
  const padded = 4 * Math.ceil(counted / 4);
  const points = space.zeros(vectors * padded, "points");
  const norms = space.alloc(padded / 2, "points");
  const exact = space.zeros(padded, "points");
  new Float32Array(space.f64(norms, 0).buffer, norms, padded).fill(Number.NaN);
  const near = (i: number): boolean => squares[i] <= reach * reach;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  await eachPoint((i, row) => {
    if (!near(i)) return;
    for (let d = 0; d < dim; d++) {
      low = Math.min(low, local[row + d]);
      high = Math.max(high, local[row + d]);
    }
  });
  const step = high > low ? (high - low) / 255 : 1;
  const origin = low + 128 * step;
  const size = Math.max(Math.abs(low), Math.abs(high));
  let [epsilon, norm, length] = [0, 0, 0];
  let all = true;
  await eachPoint((i, row) => {
    const { buffer } = space.f64(points, 0);
    const norms32 = new Float32Array(buffer, norms, padded);
    if (!near(i)) {
      norms32[i] = Number.NEGATIVE_INFINITY;
      all = false;
      return;
    }
    const bytes = new Int8Array(buffer, points + 8 * vectors * i, dim);
    let [inside, moved, square] = [0, 0, 0];
    for (let d = 0; d < dim; d++) {
      const integer = Math.max(-128, Math.min(127, Math.round((local[row + d] - origin) / step)));
      bytes[d] = integer;
      inside += integer * integer;
      moved += (local[row + d] - origin - integer * step) ** 2;
      square += (local[row + d] - origin) ** 2;
    }
    norms32[i] = inside * step * step;
    new Float64Array(buffer, exact, padded)[i] = square;
    norm = Math.max(norm, inside * step * step);
    length = Math.max(length, inside);
    epsilon = Math.max(epsilon, moved);
  });
  return {
    stage: {
      end: 0,
      integers: 16 * vectors,
      step,
      // Differences from the origin are rounded in every coordinate.
      epsilon: Math.sqrt(epsilon) * 1.000001 + 2 ** -50 * size * Math.sqrt(dim),
      norm,
      residual: false,
      origin,
      length: Math.sqrt(length),
      all,
    },
    record: [points, vectors, norms, 0, exact],
    blocks: [points, norms, exact],
  };

  async function eachPoint(work: (i: number, row: number) => void): Promise<void> {
    const some = piece(dim);
    for (let first = 0; first < counted; first += some) {
      const last = Math.min(counted, first + some);
      for (let i = first; i < last; i++) work(i, order[i] * dim);
      await space.spend(4 * (last - first) * dim);
    }
  }
}
