import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "mean",
    title: "Mean at s = 1: 0.25922",
    source: "Cao et al. 2025, Theorem 2 (Eq. 4.12)",
  },
  {
    name: "variance",
    title: "Variance at s = 1: 0.76159",
    source: "Cao et al. 2025, Theorem 2 (Eq. 4.12)",
  },
  {
    name: "sde",
    title: "The reverse SDE itself, Euler-Maruyama in 16 steps: variance, as its recursion has it",
    source: "Cao et al. 2025, Eq. 4.11",
  },
  {
    name: "printed",
    title: "The same with the noise of Eq. 4.19 as printed, √ds for √(2\u00a0ds): variance",
    source: "Cao et al. 2025, Eq. 4.19, against 4.11",
  },
];
