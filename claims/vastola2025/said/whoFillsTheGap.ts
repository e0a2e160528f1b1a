import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "step-covariance",
    title: "One Euler step of R = 1: trace of its covariance, dt² tr(D C D)",
    source: "Vastola 2025, Prop. 4.1 and Eq. 9, corrected",
  },
  {
    name: "draws",
    title: "Which training point a step draws: chi-square of six shares against the posterior",
    source: "Vastola 2025, Eq. 5 and Prop. 4.1",
  },
  {
    name: "kernel-density",
    title: "R = 1 in ten Euler steps is a kernel density of width ε = 0.02: Kolmogorov-Smirnov distance",
    source: "Vastola 2025, Prop. 4.1",
  },
  {
    name: "width",
    title: "R = 1 in one step: variance about the nearest point, ε² = 0.0004",
    source: "Vastola 2025, Prop. 4.1",
  },
  {
    name: "side-by-side",
    title: "Share of samples between points (top posterior weight below 0.9) at ε = 0.2: R = 1",
    source: "Vastola 2025, Prop. 4.1 and Sec. 4",
  },
  {
    name: "vanishing-gap",
    title: "R = 1 at ε = 0.02: share within 3 ε of a training point, 1 − exp(−9/2)",
    source: "Vastola 2025, Sec. 4, against its words",
  },
];
