import { checkNumber, checkOptions } from "../core/check.js";
import type { Process } from "../process/process.js";
import type { Sampler } from "./sampler.js";

export interface AncestralOptions {
  /** 1 (default): DDPM. 0: DDIM, without noise. Between them noise eta times as large as DDPM's. */
  eta?: number;
}

/**
 * x_s = a x + b x_0 + sqrt(c) eps, the law of x_s given x_t and a prediction of x_0 with noise of variance
 * eta^2 S_s v / S_t (r, v: the transition from s to t); eta 1 is the bridge p(x_s | x_t, x_0). All are without
 * cancellation: S_t = r^2 S_s + v, alpha_t = r alpha_s. Song et al. 2021 (DDIM), Eq. 12; Cao et al. 2025, Eq. 4.21.
 * Upward, s > t, without noise: what takes the step from s to t back.
 */
export function bridge(
  process: Process,
  t: number,
  s: number,
  eta: number,
): { a: number; b: number; c: number } {
  if (s > t) {
    const { a, b } = bridge(process, s, t, 0);
    return { a: 1 / a, b: -b / a, c: 0 };
  }
  const { scale, variance } = process.transition(s, t);
  const from = process.variance(t);
  const to = process.variance(s);
  const alpha = process.alpha(s);
  const kept = scale * scale * to;
  const square = eta * eta;
  const a = Math.sqrt((to / from) * ((1 - square) * (variance / from) + kept / from));
  // alpha_s - alpha_t a, by the difference of squares.
  const b = (alpha * (variance / from) * ((from + square * kept) / from)) / (1 + scale * a);
  return { a, b, c: square * to * (variance / from) };
}

/**
 * Ancestral steps with the posterior mean in place of x_0: eta 1 is DDPM (Ho et al. 2020, Eq. 7; Cao et al. 2025, Eq. 4.21),
 * eta 0 is DDIM, along which log densities go with the trace held over a step. Order 1, one evaluation a step; exact in law for one training point at any step count.
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
    slopesOnly: false,
    step(program, t, s) {
      const x = program.state;
      const { a, b, c } = bridge(program.process, t, s, eta);
      const prediction = program.prediction(b, x, t, t - s);
      const noise = c > 0 ? [[program.increment(), Math.sqrt(c)] as const] : [];
      program.affine(x, [[x, a], ...prediction.terms, ...noise]);
      if (eta === 0) program.carry(t, s, [[prediction, 1]]);
    },
  };
}
