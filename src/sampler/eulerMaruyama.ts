import type { Sampler } from "./sampler.js";

/**
 * Reverse SDE, Euler-Maruyama: x + dt (beta x + 2 D s-hat) + sqrt(2 D dt) eps. Order 1 (strong, additive noise), one
 * evaluation a step. Paper 004, Eq. 4.19, corrected.
 */
export function eulerMaruyama(): Sampler {
  return {
    name: "eulerMaruyama",
    parameters: {},
    order: 1,
    takesRandom: true,
    noise: "increment",
    flow: false,
    slopesOnly: true,
    step(program, t, s) {
      const x = program.state;
      const dt = t - s;
      const { beta } = program.level(t);
      const slope = program.slope(x, t, dt);
      // beta x + 2 D s = -beta x - 2 v, since v = -beta x - D s.
      program.move(x, x, [[slope, -2 * dt]], [[x, -dt * beta], ...program.diffusionNoise(t, dt)]);
    },
  };
}
