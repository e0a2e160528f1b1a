import { cards } from "../../../claims/vastola2025/said/whoFillsTheGap.js";
import { GAP_WIDTH } from "../../../claims/vastola2025/shown.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("who-fills-the-gap"),
  preset: presetOf({
    tab: "compare",
    t: 0.2,
    camera: { x: 0, y: 0, half: 1.6 },
    view: {
      set: "polygon",
      process: "edm",
      estimator: "naive",
      draws: 1,
      sampler: "euler",
      grid: "karras",
      steps: 30,
      epsilon: GAP_WIDTH,
      quantity: "none",
      overlays: { arrows: false, voronoi: true, trajectories: false, ellipses: false },
    },
    panes: [
      { estimator: "exact", steps: 10 },
      { estimator: "noiseTime", noiseTime: 1, steps: 100 },
      { estimator: "kde" },
    ],
  }),
  text: {
    see: "The same six points and the same seed, four times: a score that is drawn anew at every step, the exact score in ten steps, noise of a fixed strength, and plain blur. Wind the time down and watch what stays between the points.",
    says: "A naive estimator, which takes the score of freshly drawn training points at every step, samples a law that resembles the data with its gaps filled in, because its noise is largest on the boundaries.",
    measured:
      "With R = 1 on this process Euler steps give exactly a Gaussian blur of width ε, at any number of steps: at ε = 0.2 it has as much between the points as plain blur has, and no more. As ε shrinks the gaps empty. What does leave samples between the points is few steps of a solver, and smoothing.",
  },
  cards,
};
