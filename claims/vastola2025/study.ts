import { drawn, type NumbersOf, part, type PicturesOf } from "../study.js";
import type { Bench } from "./bench.js";
import { measureCumulants } from "./cumulantsAlong.js";
import { measureFactors } from "./factors.js";
import { measureFigure1 } from "./figure1.js";
import { measureFigure2 } from "./figure2.js";
import { measureKinds } from "./kinds.js";
import type { LawPictures } from "./learned.js";
import { measureLinear } from "./linear.js";
import { measureObjectives } from "./objectivesTable.js";
import { measurePaths } from "./paths.js";
import { measureRedraws } from "./redraws.js";
import { measureScans } from "./scans.js";
import { measureTangent } from "./tangent.js";
import { type LoadNetworks, measureTrained, type Trained } from "./trained.js";
import { fullSizes, quickSizes } from "./sizes.js";

const partsOf = (networks?: LoadNetworks) => ({
  // First: networks that do not fit are known at once.
  trained: drawn(
    0,
    async (bench: Bench): Promise<{ result: Trained | undefined; pictures: LawPictures | undefined }> =>
      networks === undefined ? { result: undefined, pictures: undefined } : measureTrained(bench, networks),
  ),
  figure1: part(2, measureFigure1),
  figure2: drawn(7, measureFigure2),
  scans: part(14, measureScans),
  linear: drawn(21, measureLinear),
  tangent: drawn(26, measureTangent),
  cumulants: part(2, measureCumulants),
  objectives: part(3, measureObjectives),
  kinds: drawn(9, measureKinds),
  factors: part(9, measureFactors),
  redraws: part(5, measureRedraws),
  paths: part(2, measurePaths),
});

/** What is measured for Vastola 2025; also of trained networks, where there are some. */
export const studyOf = (networks?: LoadNetworks) => ({
  parts: partsOf(networks),
  budgets: { full: fullSizes, quick: quickSizes },
});

type Parts = ReturnType<typeof partsOf>;
export type Study = NumbersOf<Parts>;
export type Pictures = PicturesOf<Parts>;
