import type { Mixture } from "../../data/mixture.js";
import type { Workspace } from "../../dense/workspace.js";
import type { Tree } from "./tree.js";
import { BEFORE, coarserTable, TAPS, windowTable } from "./window.js";

/** Below this many points their sum costs less than a lattice. */
const LEAST_POINTS = 4096;
/** The most nodes of a lattice, and of one a point. */
const NODES = 2 ** 22;
const NODES_PER_POINT = 8;
/** Layers of the last axis that a task of the kernel fills. */
const SLAB = 16;

/** Masses of the data on one lattice. */
export interface Masses {
  readonly spacing: number;
  readonly origin: readonly number[];
  /** Nodes an axis, the first a multiple of 8. */
  readonly nodes: readonly number[];
  readonly values: number;
  /** The largest of them. */
  readonly top: number;
  /** How many times they were made of a finer lattice's. */
  readonly coarsened: number;
}

/** The masses of a data set on lattices whose spacings grow by sqrt(2), made as they are wanted. */
export interface Lattices {
  readonly finest: number;
  readonly levels: Map<number, Masses>;
  free(): void;
}

/** The lattices of a mixture's tree; undefined where a sum costs less, or the data is one place. */
export async function latticesOf(data: Mixture, tree: Tree): Promise<Lattices | undefined> {
  const finest = finestSpacing(tree);
  if (finest === undefined) return undefined;
  return data.kept("lattices", () => {
    const levels = new Map<number, Masses>();
    const { memory } = data.runtime;
    return Promise.resolve({
      finest,
      levels,
      free: () => {
        for (const { values } of levels.values()) memory.free(values);
      },
    });
  });
}

function finestSpacing({ size, least, largest }: Tree): number | undefined {
  const sides = least.map((x, d) => largest[d] - x);
  const longest = Math.max(...sides);
  if (size < LEAST_POINTS || !(longest > 0)) return undefined;
  const most = Math.min(NODES, NODES_PER_POINT * size);
  const nodesOf = (h: number): number => sides.reduce((product, side) => product * (side / h + TAPS + 4), 1);
  // Spacings of a lattice of that many nodes lie between the longest side and a millionth of it.
  let [low, high] = [longest * 1e-6, longest];
  if (nodesOf(high) > most) return undefined;
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    if (nodesOf(middle) > most) low = middle;
    else high = middle;
  }
  return high;
}

/** The masses of a level: of the points, or of the lattice twice as fine. */
export async function massesAt(
  lattices: Lattices,
  tree: Tree,
  space: Workspace,
  level: number,
): Promise<Masses | undefined> {
  const known = lattices.levels.get(level);
  if (known) return known;
  // Far above the data's extent nothing is left to resolve.
  if (level > 80) return undefined;
  const made = await (level < 2
    ? deposit(tree, space, lattices.finest * Math.SQRT2 ** level)
    : massesAt(lattices, tree, space, level - 2).then((finer) => finer && coarser(tree, space, finer)));
  if (made === undefined) return undefined;
  // Another call may have made them meanwhile: these go with the space.
  const other = lattices.levels.get(level);
  if (other) return other;
  space.keep(made.values);
  lattices.levels.set(level, made);
  return made;
}

async function deposit(tree: Tree, space: Workspace, spacing: number): Promise<Masses> {
  const { dim, least, largest, size, depth } = tree;
  const origin = least.map((x) => x - (BEFORE + 1) * spacing);
  const nodes = least.map((x, d) => {
    const count = Math.floor((largest[d] - x) / spacing) + TAPS + 3;
    return d === 0 ? 8 * Math.ceil(count / 8) : count;
  });
  const values = space.zeros(product(nodes), "points");
  const place = space.alloc(4 + TAPS, "points");
  const block = space.f64(place, 4 + TAPS);
  block.set(origin);
  block[3] = 1 / spacing;
  block.set(windowTable(), 4);
  const layers = nodes[dim - 1];
  const args = [values, nodes[0], nodes[1] ?? 1, layers, place, place + 32];
  await space.run(
    `latticeDeposit${dim}`,
    Math.ceil(layers / SLAB),
    [...args, tree.nodes, tree.points, tree.row, size, depth],
    { work: size * (200 + 0.8 * TAPS ** dim), scratch: 192 + 3 * 8 * TAPS + 1024 },
  );
  space.release(place);
  return {
    spacing,
    origin,
    nodes,
    values,
    top: await largestOf(space, values, product(nodes)),
    coarsened: 0,
  };
}

/** Masses on a lattice of twice the spacing: windows grow by a Gaussian of variance 3 s^2. */
async function coarser(tree: Tree, space: Workspace, finer: Masses): Promise<Masses> {
  const { least, largest } = tree;
  const spacing = 2 * finer.spacing;
  const first = least.map((x, d) =>
    Math.floor((x - (BEFORE + 2) * spacing - finer.origin[d]) / finer.spacing),
  );
  const origin = first.map((i, d) => finer.origin[d] + i * finer.spacing);
  const nodes = origin.map((from, d) => {
    const count = Math.ceil((largest[d] - from) / spacing) + BEFORE + 3;
    return d === 0 ? 8 * Math.ceil(count / 8) : count;
  });
  // Masses of a node are densities times the spacing: an axis's grow twofold.
  const values = await filtered(space, finer.values, finer.nodes, nodes, {
    table: coarserTable.map((x) => 2 * x),
    ratio: 2,
    first,
  });
  const top = await largestOf(space, values, product(nodes));
  return { spacing, origin, nodes, values, top, coarsened: finer.coarsened + 1 };
}

/** Axis by axis, node i of `nodes` from those about ratio i + first of `given`. */
export async function filtered(
  space: Workspace,
  input: number,
  given: readonly number[],
  nodes: readonly number[],
  { table, ratio, first }: { table: Float64Array; ratio: number; first: readonly number[] },
): Promise<number> {
  const weights = space.alloc(table.length, "points");
  space.f64(weights, table.length).set(table);
  const half = (table.length - 1) / 2;
  let source = input;
  for (let d = 0; d < nodes.length; d++) {
    const inner = d === 0 ? 1 : product(nodes.slice(0, d));
    const outer = product(given.slice(d + 1));
    const out = space.alloc(outer * nodes[d] * inner, "points");
    await space.run(
      "latticeFilter",
      outer * nodes[d],
      [out, source, weights, nodes[d], given[d], inner, ratio, first[d] - half, table.length],
      { work: 0.4 * outer * nodes[d] * inner * table.length + 20 * outer * nodes[d], block: 2 ** 16 },
    );
    if (source !== input) space.release(source);
    source = out;
  }
  space.release(weights);
  return source;
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** Numbers of a piece of work that only looks. */
const PART = 2 ** 18;

async function largestOf(space: Workspace, start: number, length: number): Promise<number> {
  let largest = 0;
  for (let first = 0; first < length; first += PART) {
    const some = Math.min(PART, length - first);
    for (const x of space.f64(start + 8 * first, some)) if (x > largest) largest = x;
    await space.spend(some);
  }
  return largest;
}
