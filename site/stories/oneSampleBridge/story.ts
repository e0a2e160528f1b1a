import { cards } from "../../../claims/cao2025/said/oneSampleBridge.js";
import { S, T, X0 } from "../../../claims/cao2025/shown.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("one-sample-bridge"),
  preset: presetOf({
    tab: "line",
    t: T - S,
    camera: { x: 0, y: 0, half: 3 },
    view: {
      set: "own",
      points: [X0, 0],
      process: "ou",
      estimator: "exact",
      sampler: "eulerMaruyama",
      grid: "linear",
      steps: 50,
      start: T,
      quantity: "none",
    },
  }),
  text: {
    see: "One training point at 1.5 and paths of the reverse process toward it. They wander as bridges do and are all caught by the point at the end. The sampler below Euler-Maruyama in the list is the switch to the noise as printed: the particles are then too narrow on the way.",
    says: "With a single sample the reverse SDE can be solved: at time s the state is Gaussian, with weights sinh(T − s) and sinh(s) over sinh(T) on the start and the sample, and variance 2 sinh(T − s) sinh(s) / sinh(T).",
    measured:
      "For T = 2 and s = 1 the mean is 0.25922 and the variance 0.76159, as the theorem says. Equation 4.19, the discrete form, prints noise of variance ds where 2 ds belongs; with it the variance comes out half as large.",
  },
  cards,
};
