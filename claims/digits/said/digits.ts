import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "exact",
    title: "Exact score, 40 steps: largest distance of a sample from its nearest training digit",
    source: "Vastola 2025, App. A; Cao et al. 2025, Cor. 3.2",
  },
  {
    name: "few-steps",
    title:
      "Six Euler steps to σ = 0.3 and the posterior mean: largest difference of a pixel from plain float64",
    source: "Vastola 2025, Sec. 6; Karras et al. 2022, Eq. 5",
  },
  {
    name: "smoothed",
    title: "Score averaged over 32 Gaussian draws of width 0.6, at σ = 0.8: largest error, in units of 1/σ",
    source: "Chen 2025, Eq. 7; Scarvelis et al. 2023",
  },
  {
    name: "apart",
    title: "Exact score, 20 steps: mean distance to the nearest training digit",
    source: "Vastola 2025, Sec. 6; Chen 2025, Sec. 5",
  },
];
