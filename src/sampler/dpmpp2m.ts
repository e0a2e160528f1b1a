import { log } from "../numeric/elementary.js";
import { bridge } from "../process/bridge.js";
import type { Predicted, Term } from "./program.js";
import type { Sampler } from "./sampler.js";

/**
 * DPM-Solver++(2M): probability-flow ODE in the logarithm of the noise level, with the prediction of x_0 extrapolated
 * from the last two steps, and so the trace of its derivative where log densities go along. Order 2, one evaluation per step; the
 * first step is DDIM. Lu et al. 2022, Algorithm 2.
 */
export function dpmpp2m(): Sampler {
  return {
    name: "dpmpp2m",
    parameters: {},
    order: 2,
    takesRandom: false,
    noise: "none",
    flow: true,
    anyCovariance: false,
    step(program, t, s) {
      const x = program.state;
      const { process, previous, step } = program;
      const { a, b } = bridge(process, t, s, 0);
      // Predictions take turns between two registers.
      const now = program.keep(`prediction${step % 2}`, program.prediction(1, x, t, t - s));
      const before = program.kept(`prediction${(step + 1) % 2}`);
      let weight = 0;
      if (previous !== undefined) {
        const h = log(process.sigma(t)) - log(process.sigma(s));
        weight = h / (2 * (log(process.sigma(previous)) - log(process.sigma(t))));
      }
      const scaled = (terms: Predicted["terms"], by: number): Term[] => terms.map(([r, f]) => [r, f * by]);
      program.affine(x, [
        [x, a],
        ...scaled(now.terms, b * (1 + weight)),
        ...scaled(before.terms, -b * weight),
      ]);
      program.carry(t, s, [
        [now, 1 + weight],
        [before, -weight],
      ]);
    },
  };
}
