import { streams } from "../numeric/streams.js";
import type { Sampler } from "./sampler.js";

/**
 * Draws x_0 from the exact posterior p(x_0 | x_t), then x_s from the Gaussian bridge p(x_s | x_t, x_0). Exact in law at
 * any step count when it starts from "marginal". With r, v of the transition from s to t the bridge has mean
 * (r S_s / S_t) x + alpha_s (v / S_t) x_0 and variance S_s v / S_t. Cao et al. 2025, Theorem 2.
 *
 * It takes the exact score alone: any other gives the mean of x_0 given x, not its law.
 */
export function posterior(): Sampler {
  return {
    name: "posterior",
    parameters: {},
    order: 1,
    takesRandom: false,
    needs: ["posteriorDraws"],
    noise: "own",
    flow: false,
    anyCovariance: true,
    step(program, t, s) {
      program.bridge(
        t,
        s,
        1,
        (factor) => ({ terms: program.draw(factor, program.state, t, 1) }),
        () => program.normal("noise", streams.noise),
      );
    },
  };
}
