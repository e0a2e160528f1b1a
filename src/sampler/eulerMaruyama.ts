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
    step(program, t, s) {
      const dt = t - s;
      const { beta, diffusion } = program.level(t);
      const terms = program.scoreTerms(program.state, t, dt, 2);
      const noise = program.normal();
      program.affine(program.state, [
        [program.state, 1 + dt * beta],
        ...terms,
        [noise, Math.sqrt(2 * diffusion * dt)],
      ]);
    },
  };
}
