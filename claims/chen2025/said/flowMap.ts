import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "any-step-count",
    title: "Euler's method in √t, 1 to 50 steps, against the closed form: largest distance",
    source: "Chen 2025, Prop. 3 (Eq. 12) and Prop. 6",
  },
  {
    name: "arrivals",
    title: "Share of particles that end on neither point",
    source: "Chen 2025, Eq. 13",
  },
  {
    name: "kl",
    title: "KL of the uniform law from what the flow makes, n = 2, t₀ = 0.02: 8.193",
    source: "Chen 2025, Lemma 4 and Cor. 5, corrected",
  },
];
