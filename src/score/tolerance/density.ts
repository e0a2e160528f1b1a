import type { Workspace } from "../../dense/workspace.js";
import { errorsOf, leastSigma } from "./densityErrors.js";
import { filtered, type Lattices, massesAt } from "./masses.js";
import type { Tree } from "./tree.js";
import { BEFORE, gaussianTable, TAPS, WINDOW, windowTable } from "./window.js";

// Smoothed masses. A point's weight goes to the nodes of a lattice by a Gaussian of standard deviation s = WINDOW spacings; a Gaussian of
// variance sigma^2 - 2 s^2 goes from node to node; and one of s from the nodes to the query. Sums over a lattice of products of
// Gaussians are integrals up to exp(-2 pi^2 v), v the variance of the product in spacings, relative to the result (Poisson's
// summation formula): so all three together are the Gaussian of sigma. The first depends on the data alone and is made once.

/** How far beyond the data, in sigma, queries are served: farther out their sums are as small as errors. */
const BEYOND = 6;

/** A box of places. */
export interface Box {
  readonly least: ArrayLike<number>;
  readonly largest: ArrayLike<number>;
}

/** Numbers of the block that the kernel reads, before the window's table. */
const BLOCK = 27;

/**
 * The densities of the data under noise of standard deviation sigma (of x / alpha) wherever queries of a box look, fine enough for a tolerance,
 * as the kernel reads them; 0 where no lattice is fine enough. The space frees them.
 */
export async function densityAt(
  lattices: Lattices,
  tree: Tree,
  space: Workspace,
  sigma: number,
  tolerance: number,
  { least, largest }: Box,
  centre: number,
): Promise<number> {
  // Errors of means grow with sigma; the data's own spread is as good as it gets.
  const wanted = tolerance / Math.max(1, (2 * sigma) / tree.scale);
  const level = Math.floor(2 * Math.log2(sigma / (leastSigma(wanted, tree.dim) * lattices.finest)));
  if (!(level >= 0) || !Number.isFinite(level)) return 0;
  const masses = await massesAt(lattices, tree, space, level);
  if (masses === undefined) return 0;
  const { spacing, origin } = masses;
  const { dim } = tree;
  const first: number[] = [];
  const nodes: number[] = [];
  for (let d = 0; d < dim; d++) {
    const [low, high] = [tree.least[d] - BEYOND * sigma, tree.largest[d] + BEYOND * sigma];
    const from = Math.floor((Math.min(Math.max(least[d], low), high) - origin[d]) / spacing) - BEFORE - 1;
    const to =
      Math.ceil((Math.max(Math.min(largest[d], high), low) - origin[d]) / spacing) + TAPS - BEFORE + 1;
    const count = to - from + 1;
    first.push(from);
    nodes.push(d === 0 ? 8 * Math.ceil(count / 8) : count);
  }
  const spread = (sigma / spacing) ** 2;
  const table = gaussianTable(spread - 2 * WINDOW);
  const values = await filtered(space, masses.values, masses.nodes, nodes, {
    table,
    ratio: 1,
    first,
  });
  const errors = errorsOf({ tree, masses, sigma, table, centre });
  const block = space.alloc(BLOCK + TAPS, "points");
  const out = space.f64(block, BLOCK + TAPS);
  out.fill(0);
  for (let d = 0; d < dim; d++) {
    out[d] = origin[d];
    out[24 + d] = first[d];
    out[4 + d] = nodes[d];
    out[7 + d] = tree.least[d] - BEYOND * sigma;
    out[10 + d] = tree.largest[d] + BEYOND * sigma;
  }
  out[3] = 1 / spacing;
  out[13] = values;
  out.set(errors, 14);
  out.set(windowTable(), BLOCK);
  return block;
}
