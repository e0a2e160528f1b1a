import { inWorkspace, type Workspace } from "../../dense/workspace.js";
import type { Mixture } from "../../data/mixture.js";
import { extentOf } from "./extent.js";

/** The points of a mixture that weigh something in a tree, in Wasm memory: `assembly/mixture/tree/nodes.ts`. */
export interface Tree {
  readonly dim: 1 | 2 | 3;
  readonly size: number;
  /** Levels below the root. */
  readonly depth: number;
  readonly nodes: number;
  /** Rows of coordinates and one of weights, `row` bytes apart. */
  readonly points: number;
  readonly row: number;
  /** Their blocks in float32: `assembly/mixture/tree/leaves.ts`. */
  readonly leaves: number;
  /** The place of each point in `data.order`. */
  readonly order: number;
  /** The smallest box around all points. */
  readonly least: readonly number[];
  readonly largest: readonly number[];
  /** The root mean square distance of the data from their mean: what a tolerance of means is counted in. */
  readonly scale: number;
  free(): void;
}

/** The most points of a leaf. */
const LEAF = 64;
/** Numbers of the record of two nodes. */
const PAIR = 16;
/** Bytes of a leaf in float32: what all its points share, and a row. */
const BLOCK = 64;
const ROW = 4 * LEAF;

/** The tree of a mixture of one to three dimensions, made when it is first asked for and freed with the mixture. */
export function treeOf(
  data: Mixture,
  signal: AbortSignal | undefined,
  report: (done: number, total: number) => void = () => {},
): Promise<Tree> {
  return data.kept("tree", async () => plant(data, (await extentOf(data, signal)).scale, signal, report));
}

function plant(
  data: Mixture,
  scale: number,
  signal: AbortSignal | undefined,
  report: (done: number, total: number) => void,
): Promise<Tree> {
  const { counted: size, engine, dim } = data;
  const depth = Math.max(0, Math.ceil(Math.log2(size / LEAF)));
  const perLevel = size * (4 * dim + 8);
  const total = (depth + 1) * perLevel + 4 * size * dim;
  return inWorkspace(engine, signal ? { signal } : {}, total, async (space) => {
    // A leaf's last point may be read with the one after it.
    const row = 8 * (size + 2 + (size % 2));
    const nodes = space.zeros(PAIR * 2 ** depth, "points");
    const points = space.zeros((row / 8) * (dim + 1), "points");
    const order = space.alloc(Math.ceil(size / 2) + 1, "points");
    await fill(data, space, points, row, order);
    for (let level = 0; level <= depth; level++) {
      const args = [nodes, points, row, order, size, dim, level, level < depth ? 1 : 0];
      await space.run("treeNodes", 2 ** level, args, { work: perLevel, block: 2 ** 16 });
      report(level + 1, depth + 2);
    }
    const leaves = space.alloc((2 ** depth * (BLOCK + (dim + 1) * ROW)) / 8, "points");
    await space.run(`treeLeaves${dim as 1 | 2 | 3}`, 2 ** depth, [leaves, nodes, points, row, size, depth], {
      work: 20 * size * (dim + 1),
      block: 2 ** 16,
    });
    report(depth + 2, depth + 2);
    const root = space.f64(nodes, PAIR);
    const least = Array.from({ length: dim }, (_, d) => root[2 * d + 1]);
    const largest = Array.from({ length: dim }, (_, d) => root[6 + 2 * d + 1]);
    for (const pointer of [nodes, points, order, leaves]) space.keep(pointer);
    const { memory } = data.runtime;
    return {
      dim: dim as 1 | 2 | 3,
      size,
      depth,
      nodes,
      points,
      row,
      leaves,
      order,
      least,
      largest,
      scale,
      free: () => {
        for (const pointer of [nodes, points, order, leaves]) memory.free(pointer);
      },
    };
  });
}

/** Points that fit in a piece of work. */
const PART = 2 ** 15;

/** Writes points and weights to their rows. */
async function fill(
  data: Mixture,
  space: Workspace,
  points: number,
  row: number,
  order: number,
): Promise<void> {
  const { counted: size, dim, local, weights, order: given } = data;
  for (let first = 0; first < size; first += PART) {
    const last = Math.min(size, first + PART);
    const columns = Array.from({ length: dim }, (_, d) => space.f64(points + d * row, size));
    const shares = space.f64(points + dim * row, size);
    const indices = space.i32(order, size);
    for (let i = first; i < last; i++) {
      const m = given[i];
      shares[i] = weights[m];
      indices[i] = i;
      for (let d = 0; d < dim; d++) columns[d][i] = local[m * dim + d];
    }
    await space.spend(2 * (last - first) * (dim + 1));
  }
}
