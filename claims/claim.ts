import type { Told } from "./told.js";

/** What the numbers say of a sentence. */
export type Verdict = "holds" | "does not hold" | "not seen" | "corrected";

/** A sentence of a paper beside what was measured. */
export interface JudgedClaim {
  readonly id: string;
  readonly where: string;
  readonly says: string;
  readonly measured: Told;
  readonly verdict: Verdict;
  readonly why: string;
}
