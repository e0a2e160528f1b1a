import type { Sampler } from "./sampler.js";

/**
 * Probability-flow ODE, Euler's method: x + (s - t) v(x, t), v = -beta x - D s-hat. Order 1, one evaluation a step.
 * With a naive estimator: Paper 002, Prop. 4.1 and Paper 000, Sec. 9.3. On edm it is DDIM.
 */
export function euler(): Sampler {
  return {
    name: "euler",
    parameters: {},
    order: 1,
    takesRandom: true,
    noise: "none",
    flow: true,
    slopesOnly: true,
    step(program, t, s) {
      const x = program.state;
      const slope = program.slope(x, t, Math.abs(s - t));
      program.move(x, x, [[slope, s - t]]);
    },
  };
}
