import { cards } from "../../../claims/chen2025/said/flowMap.js";
import { KAPPA, T0 } from "../../../claims/chen2025/shown.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("flow-map"),
  preset: presetOf({
    tab: "line",
    t: 1e-4,
    camera: { x: 0, y: 0, half: 1.5 },
    view: {
      set: "two",
      process: "ve",
      estimator: "piecewise",
      sampler: "euler",
      grid: "squareRoot",
      steps: 20,
      smoothingKappa: KAPPA,
      tau: "tied",
      start: T0,
      epsilon: 1e-4,
      quantity: "none",
    },
  }),
  text: {
    see: "Paths of particles between the points −1 and 1, drawn against the square root of time, so that straight means straight. Those that start nearer than τ to the middle fan out to fill the segment; the others run to a point.",
    says: "Under the piecewise score the flow is linear in √t, in three regions that never mix. The law at time 0 is an atom at each point and a density between them, whose divergence from the uniform law is finite.",
    measured:
      "Euler's method in √t is right to the last digits of float32 with one step as with fifty. The divergence is 8.193 at t₀ = 0.02; the bound of Corollary 5 holds as printed (18.05), and a corrected one is much tighter (8.202). It is a statement on the part between the points: three quarters of the mass sit on them.",
  },
  cards,
};
