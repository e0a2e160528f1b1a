import { type Claim, type JudgedClaim, judged } from "../claim.js";
import { cells, flow, settled } from "./capture.js";
import { deterministic, reversal } from "./densities.js";
import { generatedLawClaim, pointwise, support } from "./generated.js";
import { illPosed } from "./growth.js";
import { constant, totalLoss } from "./identities.js";
import { past } from "./pairs.js";
import { inexact } from "./practical.js";
import { frozen, noise, single } from "./schemes.js";
import type { Study } from "./study.js";

/** What Cao et al. 2025 claim, in the order of their report. */
export const claims: readonly Claim<Study>[] = [
  reversal,
  deterministic,
  illPosed,
  past,
  generatedLawClaim,
  pointwise,
  support,
  cells,
  settled,
  flow,
  constant,
  noise,
  single,
  frozen,
  totalLoss,
  inexact,
];

export const claimsOf = (study: Study): JudgedClaim[] => judged(claims, study);
