import { checkOptions, checkWord } from "../core/check.js";
import type { Term } from "./program.js";
import type { Sampler } from "./sampler.js";

export interface EulerMaruyamaOptions {
  /**
   * "exact" (default): sqrt(2 D dt). "asPrinted": sqrt(D dt), as Cao et al. 2025 prints Eq. 4.19, which is half the variance that the
   * reverse SDE asks for: wrong on purpose, to see what it does.
   */
  noise?: "exact" | "asPrinted";
}

/**
 * Reverse SDE, Euler-Maruyama: x + dt (beta x + 2 D s-hat) + sqrt(2 D dt) eps. Order 1 (strong, additive noise), one
 * evaluation per step. Cao et al. 2025, Eq. 4.19, corrected.
 */
export function eulerMaruyama(options: EulerMaruyamaOptions = {}): Sampler {
  checkOptions(options, ["noise"]);
  const noise = checkWord(options.noise ?? "exact", ["exact", "asPrinted"] as const, "noise");
  const share = noise === "exact" ? 1 : Math.SQRT1_2;
  return {
    name: "eulerMaruyama",
    parameters: noise === "exact" ? {} : { noise },
    order: 1,
    takesRandom: true,
    noise: "increment",
    flow: false,
    anyCovariance: true,
    step(program, t, s) {
      const x = program.state;
      const dt = t - s;
      const { beta } = program.level(t);
      const slope = program.slope(x, t, dt);
      const diffusion = program
        .diffusionNoise(t, dt)
        .map(([register, factor]): Term => [register, share * factor]);
      // beta x + 2 D s = -beta x - 2 v, since v = -beta x - D s.
      program.move(x, x, [[slope, -2 * dt]], [[x, -dt * beta], ...diffusion]);
    },
  };
}
