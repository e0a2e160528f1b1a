import type { Sampler } from "./sampler.js";

/** Probability-flow ODE, the classical Runge-Kutta method (Kutta 1901). Order 4, four evaluations per step. */
export function rk4(): Sampler {
  return {
    name: "rk4",
    parameters: {},
    order: 4,
    takesRandom: false,
    noise: "none",
    flow: true,
    anyCovariance: true,
    step(program, t, s) {
      const x = program.state;
      const h = s - t;
      const dt = Math.abs(h);
      const middle = t + h / 2;
      const stages = [2, 3, 4].map((i) => program.register(`stage${i}`));
      const [two, three, four] = stages as [number, number, number];
      const k1 = program.slope(x, t, dt, "1");
      program.move(two, x, [[k1, h / 2]]);
      const k2 = program.slope(two, middle, dt, "2");
      program.move(three, x, [[k2, h / 2]]);
      const k3 = program.slope(three, middle, dt, "3");
      program.move(four, x, [[k3, h]]);
      const k4 = program.slope(four, s, dt, "4");
      program.move(x, x, [
        [k1, h / 6],
        [k2, h / 3],
        [k3, h / 3],
        [k4, h / 6],
      ]);
    },
  };
}
