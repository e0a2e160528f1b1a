import { cards } from "../../../claims/chen2025/said/lineRecovery.js";
import { KAPPA, T0 } from "../../../claims/chen2025/shown.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("line-recovery"),
  preset: presetOf({
    tab: "line",
    t: 1e-4,
    camera: { x: 0, y: 0, half: 1.5 },
    view: {
      set: "four",
      process: "ve",
      estimator: "smoothed",
      sampler: "euler",
      grid: "squareRoot",
      steps: 70,
      epsilon: 1e-4,
      smoothingKappa: KAPPA,
      tau: "tied",
      start: T0,
      particles: 4096,
      quantity: "none",
    },
    panes: [{ estimator: "exact" }, { estimator: "piecewise" }],
  }),
  text: {
    see: "Four points on a line, and where particles go from t₀ = 0.02 under the smoothed score: paths, the law at the end, and flow maps beside those of the exact score and of straight pieces. Compare shows the same in the plane, there from noise. The fourth column of the paper's figure, a trained network, is in the cards, trained while you wait.",
    says: "A smoothed score slows down what moves along the line and not what moves across it. Samples end on the line, spread between the points, and a trained network behaves in the same way.",
    measured:
      "Under the piecewise score 39.5% end between the points and the rest on them, in shares that are known in closed form. The smoothed score does nearly the same; the exact one leaves nothing between. A network trained for a second also spreads, but less neatly: it is off the line by more than they are.",
  },
  cards,
};
