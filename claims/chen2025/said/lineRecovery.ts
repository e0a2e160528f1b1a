import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "continuous-mass",
    title: "Piecewise score: share that ends between the points, 0.39528",
    source: "Chen 2025, Eq. 13 for n points",
  },
  {
    name: "atoms",
    title: "Piecewise score: shares on the four points and between, chi-square",
    source: "Chen 2025, Eq. 13 for n points",
  },
  {
    name: "exact",
    title: "Exact score: share that ends on a training point",
    source: "Chen 2025, Fig. 3, column (i)",
  },
  {
    name: "smoothed",
    title: "Smoothed exact score: largest distance from the same flow by the plain formula",
    source: "Chen 2025, Fig. 3, column (ii); Eq. 18, 22",
  },
  {
    name: "network",
    title:
      "Trained network: share further than 0.01 from every point, at least half of the piecewise score's",
    source: "Chen 2025, Fig. 3, column (iv)",
  },
  {
    name: "network-forward",
    title: "The network's score against its own parameters by plain arithmetic: largest error",
    source: "Chen 2025, A.7",
  },
];
