import type { Engine } from "vkernel";
import { claims as cao } from "./cao2025/claims.js";
import { study as caoStudy } from "./cao2025/study.js";
import { claims as chen } from "./chen2025/claims.js";
import { study as chenStudy } from "./chen2025/study.js";
import type { Claim, Judgement, Source } from "./claim.js";
import type { Card } from "./held.js";
import { measureClaim, type NumbersOf, type Parts, type StudyOptions, type StudyPlan } from "./study.js";
import { claims as vastola } from "./vastola2025/claims.js";
import { studyOf } from "./vastola2025/study.js";

/** A claim of any paper, with all that it takes to measure it. */
export interface NamedClaim {
  /** The paper's word and the claim's: vastola-kde. It does not change. */
  readonly name: string;
  readonly source: Source;
  readonly sentence: string;
  readonly expected: string;
  readonly card?: Card;
  /** Measures it alone; undefined where it is one of networks that a caller trains. */
  readonly measure: (engine: Engine, options: StudyOptions) => Promise<Judgement | undefined>;
}

const named = <P extends Parts>(
  paper: string,
  plan: StudyPlan<P>,
  claims: readonly Claim<NumbersOf<P>>[],
): NamedClaim[] =>
  claims.map((claim) => {
    const { id, source, sentence, expected, card } = claim;
    return {
      name: `${paper}-${id}`,
      source,
      sentence,
      expected,
      ...(card && { card }),
      measure: (engine, options) => measureClaim(engine, plan, claim, options),
    };
  });

/** Every claim that reports judge, paper by paper. */
export const allClaims: readonly NamedClaim[] = [
  ...named("vastola", studyOf(), vastola),
  ...named("chen", chenStudy, chen),
  ...named("cao", caoStudy, cao),
];
