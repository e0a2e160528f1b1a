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
  cards: [
    {
      name: "growth",
      title: "Diffusion run backward for s = 0.1: log of what wave number 5 grows by",
      source: "Cao et al. 2025, Eq. 2.3 and Fig. 3",
    },
    {
      name: "rounding",
      title: "The same on 256 cells: the time s at which rounding alone has outgrown the density",
      source: "Cao et al. 2025, Sec. 2.1",
    },
    {
      name: "reverse",
      title:
        "The stable reverse equation, from t = 2 back to t = 0.05: distance of the density from the data's law (L1)",
      source: "Cao et al. 2025, Eq. 2.7",
    },
    {
      name: "deterministic",
      title: "The deterministic reverse equation, likewise: distance from the data's law (L1)",
      source: "Cao et al. 2025, Eq. 2.8",
    },
  ],
};
