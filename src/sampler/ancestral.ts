import { checkNumber, checkOptions } from "../core/check.js";
import type { Sampler } from "./sampler.js";

export interface AncestralOptions {
  /** How much noise a step adds, as a share of DDPM's: 1 (default) is DDPM, 0 is DDIM, which adds none. */
  eta?: number;
}

/**
 * Ancestral steps with the posterior mean in place of x_0: eta 1 is DDPM (Ho et al. 2020, Eq. 7; Cao et al. 2025, Eq. 4.21),
 * eta 0 is DDIM, along which log densities go with the trace held over a step. Order 1, one evaluation per step; exact in law for one training point at any step count.
 */
export function ancestral(options: AncestralOptions = {}): Sampler {
  checkOptions(options, ["eta"]);
  const eta = checkNumber(options.eta ?? 1, "eta", { min: 0, max: 1 });
  return {
    name: "ancestral",
    parameters: { eta },
    order: 1,
    takesRandom: true,
    noise: eta === 0 ? "none" : "increment",
    flow: eta === 0,
    flowWith: { option: "eta", value: 0 },
    anyCovariance: eta === 1,
    step(program, t, s) {
      const x = program.state;
      const prediction = program.bridge(
        t,
        s,
        eta,
        (factor) => program.prediction(factor, x, t, t - s),
        () => program.increment(),
      );
      if (eta === 0) program.carry(t, s, [[prediction, 1]]);
    },
  };
}
