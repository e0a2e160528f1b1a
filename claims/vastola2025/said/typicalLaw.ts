import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "linear-kernel",
    title: "V-kernel of a linear score fitted to 80 samples: largest error over 25 pairs of places",
    source: "Vastola 2025, Prop. 5.1; E.5, first line",
  },
  {
    name: "linear-spread",
    title: "4,000 fits to redrawn targets, one step each from one place: trace of the covariance, dt² tr V",
    source: "Vastola 2025, Prop. 3.1",
  },
  {
    name: "linear-law",
    title:
      "Where such fits take one start, 8 steps from t = 3 to 0.2: trace of the covariance, against the effective SDE",
    source: "Vastola 2025, Prop. 3.1 (Eq. 8)",
  },
  {
    name: "ntk-kernel",
    title: "V-kernel of an infinitely wide network after training time 2: largest error over 25 pairs",
    source: "Vastola 2025, Prop. 5.2; Eq. 83",
  },
];
