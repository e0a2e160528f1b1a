import { type Claim, type JudgedClaim, judged } from "../claim.js";
import { cumulantsClaim } from "./cumulantsAlong.js";
import { duplicates, objective, outlier, steps } from "./factors.js";
import { boundaries } from "./figure1.js";
import { kde } from "./figure2.js";
import { blending, halves } from "./kinds.js";
import { capacity, effectiveLinear } from "./linear.js";
import { identity } from "./objectivesTable.js";
import { paths } from "./paths.js";
import { redrawsLinear, redrawsNetwork } from "./redraws.js";
import { gaps, truncation, which, white } from "./scans.js";
import type { Study } from "./study.js";
import { effectiveNetworks, kappa } from "./tangent.js";
import { inherited, typical } from "./trained.js";

/** What Vastola 2025 claims, in the order of its report. */
export const claims: readonly Claim<Study>[] = [
  boundaries,
  identity,
  white,
  kde,
  gaps,
  which,
  truncation,
  ...effectiveLinear,
  ...effectiveNetworks,
  redrawsLinear,
  redrawsNetwork,
  capacity,
  kappa,
  cumulantsClaim,
  objective,
  steps,
  outlier,
  duplicates,
  blending,
  halves,
  paths,
  typical,
  inherited,
];

export const claimsOf = (study: Study): JudgedClaim[] => judged(claims, study);
