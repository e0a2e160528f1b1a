import { cards } from "../../../claims/cao2025/said/neverGeneralizes.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("never-generalizes"),
  preset: presetOf({
    tab: "particles",
    t: 0.3,
    camera: { x: 0, y: 0, half: 2.2 },
    view: {
      set: "l",
      process: "ou",
      estimator: "exact",
      sampler: "eulerMaruyama",
      grid: "logarithmic",
      steps: 200,
      epsilon: 0.01,
      quantity: "cells",
      overlays: { arrows: false, voronoi: true, trajectories: false, ellipses: false },
    },
  }),
  text: {
    see: "Particles of the exact reverse process and the Voronoi cells of the training points. Early on they change cells freely; toward the end each is trapped in one and falls onto its point.",
    says: "Run exactly, the reverse diffusion does not generalize: the law it ends in is supported on the data. Corollary 3.2 gives the weight of each training point, which differs from that in the data only as the starting law differs from p_T.",
    measured:
      "The six shares are those of the corollary, and at t = 0.0001 what lies around a point is exactly the noise of that time. A particle is in its final cell with a probability known in closed form for two points: 78% at t = 0.5; fewer are there to stay. New samples have to come from an inexact score or from stopping early.",
  },
  cards,
};
