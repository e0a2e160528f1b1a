import type { CardHead } from "../../held.js";

/** Text alone, so that a page's thread may have it. */
export const cards: readonly CardHead[] = [
  {
    name: "identity",
    title: "C = 1/S + Hessian of log p: largest error over the map, in units of 1/S",
    source: "Vastola 2025, Eq. 5",
  },
  {
    name: "midplane",
    title: "Two points, edm, t = 0.2: tr C on the plane between them",
    source: "Vastola 2025, Fig. 1 and Eq. 5",
  },
  {
    name: "midplane-vp",
    title: "Two points, vp, t = 0.1: tr C on the plane between them",
    source: "Vastola 2025, Fig. 1 and Eq. 5",
  },
  {
    name: "at-a-point",
    title: "tr C at a training point",
    source: "Vastola 2025, Sec. 2, against its words",
  },
  {
    name: "fraction",
    title: "The map itself, f = tr C / (tr C + |s|\u2060²): largest error",
    source: "Vastola 2025, Fig. 1",
  },
];
