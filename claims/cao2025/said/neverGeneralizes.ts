import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "end-law",
    title: "Which training point the reverse process ends on: chi-square of six shares against Corollary 3.2",
    source: "Cao et al. 2025, Cor. 3.2 (Eq. 3.19)",
  },
  {
    name: "support",
    title:
      "Variance about the nearest training point at t = 0.0001, against the noise of that time, S = 0.0002",
    source: "Cao et al. 2025, Cor. 3.2 and Sec. 4.5",
  },
  {
    name: "final-cell",
    title: "Two points: share that is in its final Voronoi cell at t = 0.5",
    source: "Cao et al. 2025, Sec. 4.5 (Eq. 4.42) and Fig. 10",
  },
];
