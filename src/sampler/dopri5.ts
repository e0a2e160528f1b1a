import { checkNumber, checkOptions } from "../core/check.js";
import type { Sampler } from "./sampler.js";

export interface Dopri5Options {
  /** Relative tolerance of a step, 1e-13 to 0.1 (at least 1e-5 in float32); 1e-4 by default. */
  rtol?: number;
  /** Absolute tolerance, in units of the data; 1e-5 by default. */
  atol?: number;
}

/**
 * Probability-flow ODE by the pair of Dormand and Prince (1980), orders 5 and 4: every particle chooses its own steps, so
 * that the error of each is within atol + rtol |x|. It runs in the logarithm of the noise level, dy/dl = y - x_0(y), with
 * y = x / alpha, which is the same equation for every process; tolerances are those of y. It meets every time of the grid:
 * a grid of one or two steps leaves it the most freedom. Six evaluations per step.
 */
export function dopri5(options: Dopri5Options = {}): Sampler {
  checkOptions(options, ["rtol", "atol"]);
  const rtol = checkNumber(options.rtol ?? 1e-4, "rtol", { min: 1e-13, max: 0.1 });
  const atol = checkNumber(options.atol ?? 1e-5, "atol", { above: 0 });
  return {
    name: "dopri5",
    parameters: { rtol, atol },
    order: 5,
    takesRandom: false,
    noise: "none",
    flow: true,
    anyCovariance: false,
    adaptive: { rtol, atol },
    step(program, t, s) {
      program.adaptive(t, s, { rtol, atol });
    },
  };
}
