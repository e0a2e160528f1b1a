import { Chart } from "../../charts/chart.js";
import type { ChartOptions } from "../../charts/data.js";

/** The charts of the 1-D tab, in two columns. */
export interface Charts {
  readonly particles: Chart;
  readonly residual: Chart;
  readonly paths: Chart;
  readonly density: Chart;
  readonly scores: Chart;
  readonly flow: Chart;
}

const options: Readonly<Record<keyof Charts, ChartOptions>> = {
  particles: { caption: "Particles", unit: "density", x: "x", height: 190, bare: true },
  residual: { caption: "Computed minus theory", unit: "density", x: "x", height: 112, ends: true },
  paths: { caption: "Trajectories", unit: "x against the noise level", x: "x", height: 196, bare: true },
  density: { caption: "Density", unit: "p(x | t)", x: "x", height: 128, bare: true },
  scores: { caption: "Score", unit: "s(x, t)", x: "x", height: 172 },
  flow: { caption: "Flow map", unit: "where a place ends", x: "x at t\u2080", height: 180 },
};

/** Makes them: trajectories stand above the particles that they lead to. */
export function chartsIn(left: HTMLElement, right: HTMLElement): Charts {
  const paths = new Chart(left, options.paths);
  return {
    particles: new Chart(left, options.particles),
    residual: new Chart(left, options.residual),
    paths,
    density: new Chart(right, options.density),
    scores: new Chart(right, options.scores),
    flow: new Chart(right, options.flow),
  };
}
