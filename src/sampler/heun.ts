import type { Level } from "../score/level.js";
import type { Sampler } from "./sampler.js";

/** v = -beta x - D s = (D / V - beta) x - (D alpha / V) mean */
const velocity = ({ alpha, total, beta, diffusion }: Level): [number, number] => [
  diffusion / total - beta,
  (-diffusion * alpha) / total,
];

/**
 * Probability-flow ODE, Heun's method: an Euler step as predictor, then the trapezoid. Order 2, two evaluations a
 * step (one on a step to 0). Karras et al. 2022, Algorithm 1.
 */
export function heun(): Sampler {
  return {
    name: "heun",
    parameters: {},
    order: 2,
    takesRandom: false,
    step(program, t, s) {
      const h = s - t;
      const x = program.state;
      const mean = program.mean(x, t);
      const [a, b] = velocity(program.level(t));
      const predictor = program.register("predictor");
      program.affine(predictor, [
        [x, 1 + h * a],
        [mean, h * b],
      ]);
      const mean2 = program.mean(predictor, s, "mean2");
      const [a2, b2] = velocity(program.level(s));
      program.affine(x, [
        [x, 1 + (h / 2) * a],
        [mean, (h / 2) * b],
        [predictor, (h / 2) * a2],
        [mean2, (h / 2) * b2],
      ]);
    },
  };
}
