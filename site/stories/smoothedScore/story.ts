import { cards } from "../../../claims/chen2025/said/smoothedScore.js";
import { KAPPA, TIME, WIDTH } from "../../../claims/chen2025/shown.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("smoothed-score"),
  preset: presetOf({
    tab: "line",
    t: TIME,
    camera: { x: 0, y: 0, half: 2 },
    view: {
      start: 0.3,
      epsilon: 1e-3,
      sampler: "euler",
      grid: "squareRoot",
      steps: 60,
      set: "two",
      process: "ve",
      estimator: "smoothed",
      tau: WIDTH,
      smoothingKappa: KAPPA,
      quantity: "none",
    },
  }),
  text: {
    see: "Two points, −1 and 1, and three scores at t = 0.1: the exact one, which jumps between the points; the same averaged over τ = 0.58 on either side; and straight pieces. Change τ or the time.",
    says: "A network cannot follow a jump and learns a smoothed score, which away from the points is close to straight pieces with slope (1 − τ) / (τ\u00a0t). If τ grows as 1\u00a0−\u00a0√(κ\u00a0t), the price in the training loss stays F(κ) / 2 however small t gets.",
    measured:
      "The slope is 7.2414 and the pieces reach 4.2, as the formula says; the averaged exact score has its corner rounded off and reaches less. The price goes to 0.16239 at κ = 0.4. The printed formula has κ where √κ belongs and would give 0.2524.",
  },
  cards,
};
