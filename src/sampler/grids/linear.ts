import { type Grid, type GridOptions, makeGrid } from "./grid.js";

/**
 * A grid that is uniform in t. With last "sigmaMin" (the default) the lower end may be 0.
 *
 * @example
 * linear({ steps: 2, tMax: 1, tMin: 0 }).times(ou()); // 1, 0.5, 0
 */
export function linear(options: GridOptions): Grid {
  return makeGrid(options, {
    name: "linear",
    of: "time",
    zeroEnd: true,
    last: "sigmaMin",
    at: (upper, lower, u) => (1 - u) * upper + u * lower,
  });
}
