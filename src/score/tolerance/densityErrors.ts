import { exp } from "../../numeric/elementary.js";
import type { Masses } from "./masses.js";
import type { Tree } from "./tree.js";
import { coarserTable, tailOf, WINDOW, windowTail } from "./window.js";

/** 2^-53: the most that rounding changes a float64 by, relatively. */
const HALF_ULP = 2 ** -53;
/** For bounds whose own rounding and products of small terms are left out. */
const SAFE = 1.1;

/** The largest relative difference between a sum over a lattice and its integral, for a Gaussian of a variance in spacings (Poisson). */
const aliasing = (variance: number): number => 2.02 * exp(-2 * Math.PI * Math.PI * variance);

/** Errors of a lattice's sums that are aliasing should be below this share of the tolerance. */
const ALIASING_SHARE = 0.25;

/** How many spacings sigma must be for what its sums are off by, for one to three dimensions: from 2.1 on, as far as float64 goes. */
export function leastSigma(tolerance: number, dim: number): number {
  for (let sigma = 2.1; sigma < 4; sigma += 0.02) {
    const c2 = sigma * sigma - WINDOW;
    const both = aliasing((WINDOW * (c2 - WINDOW)) / c2) + aliasing((WINDOW * c2) / (sigma * sigma));
    if (SAFE * dim * both <= ALIASING_SHARE * tolerance) return sigma;
  }
  return 4;
}

/**
 * Scales and error bounds of a density on a lattice, in the order of `assembly/mixture/lattice/read.ts`. With everything in spacings,
 * s^2 = WINDOW, c^2 = sigma^2 - s^2 the variance of all but the query's window, m^2 = c^2 - s^2 of what goes between nodes:
 *
 * - P, the sum of weights w e: relative errors of aliasing (products of Gaussians of variance s^2 m^2 / c^2 between nodes, s^2 c^2 / sigma^2
 *   at the query, 3 s^2 / 4 for each coarser lattice) and of rounding; absolute ones of tails cut off, at most the tail's
 *   share of the largest mass.
 * - P (mean - y) = (sigma^2 / s^2) sum of (g - y) times window times density. Aliasing of the query's sum moves it by its share of
 *   |mu - y| and by 2 pi c^2 times it; errors of the density by at most (sigma^2 / s^2) E|g - y|, which for one point is no
 *   more than |mu - y| + sigma c / s.
 */
export function errorsOf({
  tree,
  masses,
  sigma,
  table,
  centre,
}: {
  tree: Tree;
  masses: Masses;
  sigma: number;
  table: Float64Array;
  /** The size of what was subtracted from the data. */
  centre: number;
}): number[] {
  const { dim, size } = tree;
  const { spacing, coarsened, top } = masses;
  const s2 = WINDOW;
  const sigma2 = (sigma / spacing) ** 2;
  const c2 = sigma2 - s2;
  const m2 = c2 - s2;
  const between = aliasing((s2 * m2) / c2) + coarsened * aliasing(0.75 * s2);
  const atQuery = aliasing((s2 * c2) / sigma2);
  const rounding = HALF_ULP * (size + 400 * (coarsened + 2));
  const relative = SAFE * dim * (between + atQuery) + rounding;
  const toP = (2 * Math.PI * sigma2) ** (dim / 2);
  const toDifference = (sigma2 / s2) * spacing * toP;
  const tail = tailOf(table);
  const cut = windowTail();
  // Every lattice ends where windows do.
  const tails = (1 + coarsened) * cut + coarsened * tailOf(coarserTable);
  const peak = (variance: number): number => (2 * Math.PI * variance) ** (-dim / 2);
  const absolute = SAFE * dim * (top * (cut + tail) + tails * peak(c2));
  // E|g - y| in spacings is s sqrt(2 / pi) at most.
  const away = Math.sqrt((2 * s2) / Math.PI);
  const absoluteDifference =
    SAFE *
    Math.sqrt(dim) *
    (top * ((10.5 + away * (dim - 1)) * cut + away * dim * tail) + away * dim * tails * peak(m2));
  const diagonal = Math.hypot(...tree.least.map((x, d) => tree.largest[d] - x));
  const length =
    centre +
    Math.hypot(...tree.least.map((x, d) => Math.max(Math.abs(x), Math.abs(tree.largest[d])))) +
    6 * sigma;
  const constant =
    SAFE *
      Math.sqrt(dim) *
      spacing *
      (2 * Math.PI * c2 * atQuery + (between + rounding) * Math.sqrt((sigma2 * c2) / s2)) +
    // A query's and a point's own rounding move both.
    8 * HALF_ULP * length * (1 + (diagonal / sigma) ** 2);
  return [
    toP,
    toDifference,
    relative,
    absolute * toP,
    relative,
    constant,
    absoluteDifference * toDifference,
    sigma,
    diagonal,
    (8 * HALF_ULP * (length + diagonal)) / (sigma * sigma),
  ];
}
