import { cards } from "../../../claims/cao2025/said/illPosedReversal.js";
import { entryOf } from "../entries.js";
import { presetOf } from "../preset.js";
import type { Story } from "../story.js";

export const story: Story = {
  ...entryOf("ill-posed-reversal"),
  preset: presetOf({
    tab: "pde",
    t: 0.05,
    horizon: 2,
    view: { set: "two", process: "ou", estimator: "exact", quantity: "none" },
  }),
  text: {
    see: "A density of two points diffuses until nothing is to be seen of them, and is then taken back: naively, with the sign of time turned, and by the equation that has the score in its drift. The first breaks up at once; the second ends where the data are.",
    says: "The reversed heat equation is ill-posed: a ripple of wave number k₀ grows exponentially. Writing part of the diffusion as transport by the score gives an equation with the same solution that is stable.",
    measured:
      "The ripple grows by exp(k₀² (1 − e^(−2s)) / 2), which is 49,000 for k₀ = 5 at s = 1, since the drift stretches it; exp(k₀² s) holds without drift. On 256 cells rounding alone is enough to end the naive run. Both stable equations return the data with the second order of their scheme.",
  },
  cards,
};
