import { exp, log } from "../../numeric/elementary.js";
import { type Grid, type GridOptions, makeGrid } from "./grid.js";

/**
 * A grid that is uniform in log t: each step divides the time by the same factor.
 *
 * @example
 * logarithmic({ steps: 2, tMax: 1, tMin: 0.01 }).times(edm()); // 1, 0.1, 0.01
 */
export function logarithmic(options: GridOptions): Grid {
  return makeGrid(options, {
    name: "logarithmic",
    of: "time",
    last: "sigmaMin",
    at: (upper, lower, u) => exp((1 - u) * log(upper) + u * log(lower)),
  });
}
