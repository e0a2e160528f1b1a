import { type Grid, type GridOptions, makeGrid } from "./grid.js";

/**
 * A grid that is uniform in sqrt(t), the noise level of `ve` (Chen 2025, Sec. 4.2). With last "sigmaMin" (the default) the
 * lower end may be 0.
 *
 * @example
 * squareRoot({ steps: 2, tMax: 1, tMin: 0 }).times(ve()); // 1, 0.25, 0
 */
export function squareRoot(options: GridOptions): Grid {
  return makeGrid(options, {
    name: "squareRoot",
    of: "time",
    zeroEnd: true,
    last: "sigmaMin",
    at: (upper, lower, u) => {
      const root = (1 - u) * Math.sqrt(upper) + u * Math.sqrt(lower);
      return root * root;
    },
  });
}
