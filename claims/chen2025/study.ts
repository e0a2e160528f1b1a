import { drawn, type NumbersOf, part, type PicturesOf } from "../study.js";
import { measureDivergences } from "./divergences.js";
import { measureFigure1 } from "./figure1.js";
import { measureFigure3 } from "./figure3.js";
import { measureLosses } from "./losses.js";
import { measureCurves } from "./onCurves.js";
import { measurePaths } from "./paths.js";
import { fullSizes, quickSizes } from "./settings.js";

const parts = {
  figure1: part(45, measureFigure1),
  losses: part(1, measureLosses),
  paths: part(1, measurePaths),
  divergences: part(1, measureDivergences),
  figure3: drawn(40, measureFigure3),
  curves: drawn(12, measureCurves),
};

/** What is measured for Chen 2025. */
export const study = { parts, budgets: { full: fullSizes, quick: quickSizes } };

export type Study = NumbersOf<typeof parts>;
export type Pictures = PicturesOf<typeof parts>;
