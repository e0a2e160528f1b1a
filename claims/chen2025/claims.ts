import { type Claim, type JudgedClaim, judged } from "../claim.js";
import { divergence } from "./divergences.js";
import { networks } from "./figure1.js";
import { agreement, early, kappa, law, memorizes, network } from "./figure3.js";
import { excess, loss, rate } from "./losses.js";
import { curves } from "./onCurves.js";
import type { Study } from "./study.js";

/** What Chen 2025 claims, in the order of its report. */
export const claims: readonly Claim<Study>[] = [
  networks,
  loss,
  rate,
  excess,
  law,
  agreement,
  memorizes,
  early,
  network,
  divergence,
  kappa,
  curves,
];

export const claimsOf = (study: Study): JudgedClaim[] => judged(claims, study);
