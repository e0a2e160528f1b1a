import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "slope",
    title: "Slope of the exact score averaged over τ = 0.58 at t = 0.1, between the points: 7.2414",
    source: "Chen 2025, Eq. 7, Eq. 9 and Fig. 1",
  },
  {
    name: "maximum",
    title: "Largest value of the piecewise score between the points",
    source: "Chen 2025, Eq. 9",
  },
  {
    name: "closed-form",
    title: "Smoothed exact score against (log p(x + τ) − log p(x − τ)) / (2\u00a0τ): largest error",
    source: "Chen 2025, Eq. 7",
  },
  {
    name: "loss",
    title: "What smoothing costs at t = 0.001, κ = 0.4: t E |piecewise\u00a0−\u00a0exact|\u2060²",
    source: "Chen 2025, Prop. 2",
  },
  {
    name: "limit",
    title: "The cost as t goes to 0 at κ = 0.4: F/2 = 0.16239",
    source: "Chen 2025, Prop. 2, with √κ in Eq. 29",
  },
];
