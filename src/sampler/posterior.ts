import type { Sampler } from "./sampler.js";

/**
 * Draws x_0 from the exact posterior p(x_0 | x_t), then x_s from the Gaussian bridge p(x_s | x_t, x_0). Exact in law at
 * any step count when it starts from "marginal". With r, v of the transition from s to t the bridge has mean
 * (r S_s / S_t) x + alpha_s (v / S_t) x_0 and variance S_s v / S_t. Paper 004, Theorem 2.
 */
export function posterior(): Sampler {
  return {
    name: "posterior",
    parameters: {},
    order: 1,
    takesRandom: false,
    step(program, t, s) {
      const x = program.state;
      const from = program.level(t);
      const to = program.level(s);
      const { scale, variance } = program.process.transition(s, t);
      const { point } = program.draw(x, t, 1);
      const terms = program.drawTerms((to.alpha * variance) / from.variance, x, point, t, 1);
      const noise = program.normal();
      program.affine(x, [
        [x, (scale * to.variance) / from.variance],
        ...terms,
        [noise, Math.sqrt((to.variance * variance) / from.variance)],
      ]);
    },
  };
}
