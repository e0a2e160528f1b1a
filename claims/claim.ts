import type { Card } from "./held.js";
import type { Told } from "./told.js";

/** Papers, as docs/papers.md cites them. */
export type Paper = "Vastola 2025" | "Chen 2025" | "Cao et al. 2025";

/** Where a claim is. */
export interface Source {
  readonly paper: Paper;
  /** Its equation, statement, figure or section. */
  readonly where: string;
}

/**
 * What the numbers say of a sentence. "exact": it holds, and nothing that decides it was sampled. "not seen": at this size chance could
 * hide it; the reason says what would have been seen.
 */
export type Verdict = "holds" | "exact" | "does not hold" | "not seen";

/** Words of verdicts, as they are read. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  holds: "holds",
  exact: "holds exactly",
  "does not hold": "does not hold",
  "not seen": "not seen at this size",
};

/** What was measured for a claim, what follows from it, and how come. */
export interface Judgement {
  readonly measured: Told;
  readonly verdict: Verdict;
  readonly why: string;
}

/** What of some numbers is a part of a study; the rest says how much of everything there was. */
export type PartName<Numbers> = Exclude<keyof Numbers, "seed" | "quick" | "sizes"> & string;

/** A printed formula beside the right one. */
export interface Correction {
  readonly printed: string;
  readonly right: string;
}

/** A claim of a paper. `Numbers` are the parts of its study that it is judged by: it can be measured by these alone. */
export interface Claim<Numbers> {
  /** A word, unique in its paper; with the paper's it is the claim's name: chen-divergence. */
  readonly id: string;
  readonly source: Source;
  /** What the paper says. */
  readonly sentence: string;
  /** What the numbers have to be for it to hold, in words: `judge` goes by it. */
  readonly expected: string;
  readonly reads: readonly PartName<Numbers>[];
  /** Where the paper prints a formula that is wrong: what it prints, and what is right. The numbers of both are among what is measured. */
  readonly correction?: Correction;
  /**
   * The card that holds the same quantity to theory while one waits, with a budget of its own. It names that card and adds none: a story
   * shows the cards of its own `said/` and `measures`.
   */
  readonly card?: Card;
  /** The verdict follows from the numbers alone; undefined where the study was not asked for what it takes. */
  judge(numbers: Numbers): Judgement | undefined;
}

/** A claim beside what was measured, as reports show it. */
export interface JudgedClaim extends Judgement {
  readonly id: string;
  readonly where: string;
  readonly says: string;
  readonly expected: string;
  readonly correction?: Correction;
}

/** The claims that numbers say something of. */
export const judged = <Numbers>(claims: readonly Claim<Numbers>[], numbers: Numbers): JudgedClaim[] =>
  claims.flatMap((claim) => {
    const judgement = claim.judge(numbers);
    if (judgement === undefined) return [];
    const { id, source, sentence, expected, correction } = claim;
    return [
      {
        id,
        where: source.where,
        says: sentence,
        expected,
        ...(correction && { correction }),
        ...judgement,
      },
    ];
  });

/** The row of a study that a claim picks: the study has all that are asked for. */
export function only<T>(rows: readonly T[], is: (row: T) => boolean): T {
  const found = rows.find(is);
  if (found === undefined) throw new Error("a row of the study is missing");
  return found;
}
