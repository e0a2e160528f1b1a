import { cards } from "../../../claims/vastola2025/said/typicalLaw.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("typical-law"),
  preset: presetOf({
    tab: "map",
    t: 0.3,
    camera: { x: 0, y: 0, half: 2 },
    view: {
      set: "polygon",
      process: "edm",
      estimator: "effective",
      draws: 1,
      sampler: "euler",
      quantity: "vKernel",
    },
  }),
  text: {
    see: "tr V of the naive estimator: how differently two models would move a particle here that saw different draws of the same data. It is highest on the boundaries; a learned score smears this map by what it can represent.",
    says: "Averaged over what training draws, a learned score samples as an SDE does: the average score plus Gaussian noise with covariance V. For linear scores and lazily trained networks V follows from the covariance of the targets.",
    measured:
      "For a finite number of samples V is exact, for linear fits and for infinitely wide networks at any training time, and fits to redrawn targets spread as V says. The law that fits sample agrees with the effective SDE. The noise is one function per path, not fresh at every step.",
  },
  cards,
};
