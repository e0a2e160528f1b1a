import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
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
];
