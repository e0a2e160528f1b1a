import { drawn, type NumbersOf, part, type PicturesOf } from "../study.js";
import type { Bench } from "./bench.js";
import { measureCapture } from "./capture.js";
import { measureDensities } from "./densities.js";
import { measureGenerated } from "./generated.js";
import { measureGrowth } from "./growth.js";
import { measureIdentities } from "./identities.js";
import { measurePairs } from "./pairs.js";
import { measurePractical } from "./practical.js";
import { recipesOf } from "./recipes.js";
import { measureSchemes } from "./schemes.js";
import { fullSizes, quickSizes } from "./settings.js";

const parts = {
  densities: part(6, measureDensities),
  illPosed: part(2, measureGrowth),
  pairs: part(4, measurePairs),
  generated: part(4, measureGenerated),
  captured: drawn(30, measureCapture),
  schemes: part(20, measureSchemes),
  identities: part(4, measureIdentities),
  practical: drawn(30, measurePractical),
  /** By section of the page. */
  recipes: part(0, ({ seed, sizes }: Bench) => recipesOf(seed, sizes)),
};

/** What is measured for Cao et al. 2025. */
export const study = { parts, budgets: { full: fullSizes, quick: quickSizes } };

export type Study = NumbersOf<typeof parts>;
export type Pictures = PicturesOf<typeof parts>;
