import { exp, log } from "../../numeric/elementary.js";
import { type Grid, type GridOptions, makeGrid } from "./grid.js";

/**
 * A grid that is uniform in the logarithm of the signal-to-noise ratio, -2 log sigma: each step divides sigma by the same factor.
 *
 * @example
 * logSnr({ steps: 100, sigmaMin: 0.01, sigmaMax: 100 }).times(vp());
 */
export function logSnr(options: GridOptions): Grid {
  return makeGrid(options, {
    name: "logSnr",
    of: "sigma",
    last: "sigmaMin",
    at: (upper, lower, u) => exp((1 - u) * log(upper) + u * log(lower)),
  });
}
