import { pow } from "../../numeric/elementary.js";
import { checkNumber } from "../../core/check.js";
import { type Grid, type GridOptions, gridOptionNames, makeGrid } from "./grid.js";

export interface KarrasOptions extends GridOptions {
  /** How strongly the levels crowd at the lower end, 1 to 1000; 7 by default. */
  rho?: number;
}

/**
 * The grid of Karras et al. (2022), Eq. 5, uniform in sigma^(1/rho):
 * sigma_i = (sigmaMax^(1/rho) + i / (n - 1) (sigmaMin^(1/rho) - sigmaMax^(1/rho)))^rho.
 * As in EDM and k-diffusion it has, by default, `steps` levels from 80 to 0.002 and then 0.
 *
 * @example
 * karras({ steps: 18 }).times(edm()); // 80, 57.6, ..., 0.002, 0
 */
export function karras(options: KarrasOptions): Grid {
  const rho = checkNumber(options?.rho ?? 7, "rho", { min: 1, max: 1000 });
  return makeGrid(
    options,
    {
      name: "karras",
      of: "sigma",
      last: "zero",
      ends: { sigmaMin: 0.002, sigmaMax: 80 },
      parameters: { rho },
      at(upper, lower, u) {
        const a = pow(upper, 1 / rho);
        return pow(a + u * (pow(lower, 1 / rho) - a), rho);
      },
    },
    [...gridOptionNames, "rho"],
  );
}
