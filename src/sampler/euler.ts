import { checkOptions, checkWord } from "../core/check.js";
import type { Sampler } from "./sampler.js";

/**
 * Probability-flow ODE, Euler's method: x + (s - t) v(x, t), v = -beta x - D s-hat. Order 1, one evaluation per step.
 * With a naive estimator: Vastola 2025, Prop. 4.1, corrected (docs/mathematics.md). On edm it is DDIM.
 *
 * `variable: "squareRoot"` steps in u = sqrt(t), by dx/du = 2 u v: x + 2 sqrt(t) (sqrt(s) - sqrt(t)) v, the scheme of
 * Chen 2025, Sec. 4.2, exact for scores that are linear in pieces on ve.
 * @throws {VkernelError} E_USAGE
 */
export function euler(options: { variable?: "time" | "squareRoot" } = {}): Sampler {
  checkOptions(options, ["variable"]);
  const variable = checkWord(options.variable ?? "time", ["time", "squareRoot"] as const, "variable");
  return {
    name: "euler",
    parameters: variable === "time" ? {} : { variable },
    order: 1,
    takesRandom: true,
    noise: "none",
    flow: true,
    anyCovariance: true,
    step(program, t, s) {
      const x = program.state;
      const dt = variable === "time" ? s - t : 2 * Math.sqrt(t) * (Math.sqrt(s) - Math.sqrt(t));
      const slope = program.slope(x, t, Math.abs(dt));
      program.move(x, x, [[slope, dt]]);
    },
  };
}
