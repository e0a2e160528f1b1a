import type { Mixture, Precision } from "../../data/mixture.js";
import type { Workspace } from "../../dense/workspace.js";
import type { Request } from "../evaluate/request.js";
import type { Quantity } from "../field.js";
import { kernelScale, type Level } from "../level.js";
import { type Box, densityAt } from "./density.js";
import type { Wanted } from "./errorBound.js";
import { latticesOf } from "./masses.js";
import { At, RESULT } from "./results.js";
import { alongCurve } from "./sorted.js";
import type { Tree } from "./tree.js";

/** Queries whose results are in Wasm memory at once; progress is told after each such chunk. */
export const CHUNK = 2 ** 13;
/** Bytes of scratch of the kernel. */
const SCRATCH = 4096;
/** Queries that tell how much work the others are. */
const PILOTS = 8;

export interface Sums {
  readonly tree: Tree;
  readonly wanted: Wanted;
  readonly tolerance: number;
  readonly y: Float64Array;
  readonly levels: (q: number) => Level;
  readonly times: Float64Array;
}

/** What runs the kernel on queries `first` ... `last` and copies their results. */
export async function preparedSums(
  { data, count }: Request<Precision, Quantity>,
  sums: Sums,
  space: Workspace,
): Promise<(first: number, last: number, results: Float64Array) => Promise<void>> {
  const { tree, wanted, tolerance, y, levels, times } = sums;
  const { dim, size, scale } = tree;
  const single = times.length === 1;
  const most = Math.min(count, CHUNK);
  const queries = space.alloc(most * dim, "x");
  const out = space.alloc(most * RESULT, "x");
  const k = space.alloc(single ? 1 : most, "t");
  const asked = space.alloc(6, "x");
  const inverse = scale > 0 ? 1 / scale : 0;
  space
    .f64(asked, 6)
    .set([
      tolerance,
      wanted.log ? 1 : 0,
      wanted.mean ? inverse : 0,
      wanted.covariance ? Math.max(inverse * inverse, Number.MIN_VALUE) : 0,
      wanted.nearest ? 1 : 0,
      centreSize(data),
    ]);
  const lattice = single && !wanted.covariance ? await latticeOf(data, sums, space) : 0;
  if (single) space.f64(k, 1)[0] = kernelScale(levels(0), "f64");
  const args = [
    out,
    queries,
    k,
    single ? 0 : 8,
    asked,
    tree.nodes,
    tree.points,
    tree.row,
    tree.order,
    tree.leaves,
    size,
    tree.depth,
    lattice,
  ];
  const kernel = `treePosterior${dim}` as const;
  return async (first, last, results) => {
    const n = last - first;
    const rows = y.subarray(first * dim, last * dim);
    const order = alongCurve(rows, dim);
    const sorted = space.f64(queries, n * dim);
    for (let i = 0; i < n; i++) for (let d = 0; d < dim; d++) sorted[i * dim + d] = rows[order[i] * dim + d];
    if (!single) {
      const scales = space.f64(k, n);
      for (let i = 0; i < n; i++) scales[i] = kernelScale(levels(first + order[i]), "f64");
    }
    await space.spend(20 * n * dim);
    // A few queries tell what one costs: from one leaf to all points. Where there are no more, they are all.
    const stride = Math.ceil(n / PILOTS);
    let work = 0;
    let pilots = 0;
    for (let i = 0; i < n; i += stride) {
      const rest = [...args];
      rest[0] += i * RESULT * 8;
      rest[1] += i * dim * 8;
      if (!single) rest[2] += i * 8;
      await space.run(kernel, 1, rest, { work: workOf(0), scratch: SCRATCH });
      work += workOf(space.f64(rest[0], RESULT)[At.summed]);
      pilots++;
    }
    if (pilots < n) {
      await space.run(kernel, n, args, { work: (n * work) / pilots, block: CHUNK, scratch: SCRATCH });
    }
    const found = space.f64(out, n * RESULT);
    for (let i = 0; i < n; i++) results.set(found.subarray(i * RESULT, (i + 1) * RESULT), order[i] * RESULT);
    await space.spend(2 * n * RESULT);
  };
}

/** Where the density that all queries look at lies, if a lattice has it; else 0. */
async function latticeOf(
  data: Mixture,
  { tree, tolerance, y, levels }: Sums,
  space: Workspace,
): Promise<number> {
  const lattices = await latticesOf(data, tree);
  if (lattices === undefined) return 0;
  const { total, alpha } = levels(0);
  const sigma = Math.sqrt(total) / alpha;
  return densityAt(lattices, tree, space, sigma, tolerance, boxOf(y, tree.dim), centreSize(data));
}

const centreSize = ({ centre }: Mixture): number => centre?.reduce((sum, x) => sum + Math.abs(x), 0) ?? 0;

/** Units of work of a query by the points it summed. */
const workOf = (summed: number): number => (summed < 0 ? 9000 : 1000 + 5 * summed);

/** The smallest box around rows. */
function boxOf(rows: Float64Array, dim: number): Box {
  const least = new Float64Array(dim).fill(Number.POSITIVE_INFINITY);
  const largest = new Float64Array(dim).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < rows.length; row += dim) {
    for (let d = 0; d < dim; d++) {
      const x = rows[row + d];
      if (x < least[d]) least[d] = x;
      if (x > largest[d]) largest[d] = x;
    }
  }
  return { least, largest };
}
