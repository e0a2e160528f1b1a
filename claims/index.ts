import type { Engine } from "vkernel";
import type { Bench } from "./bench.js";
import { claims as cao } from "./cao2025/claims.js";
import { cards as illPosedReversal } from "./cao2025/said/illPosedReversal.js";
import { cards as neverGeneralizes } from "./cao2025/said/neverGeneralizes.js";
import { cards as oneSampleBridge } from "./cao2025/said/oneSampleBridge.js";
import { study as caoStudy } from "./cao2025/study.js";
import { loadCards } from "./cards.js";
import { claims as chen } from "./chen2025/claims.js";
import { cards as flowMap } from "./chen2025/said/flowMap.js";
import { cards as lineRecovery } from "./chen2025/said/lineRecovery.js";
import { cards as smoothedScore } from "./chen2025/said/smoothedScore.js";
import { study as chenStudy } from "./chen2025/study.js";
import type { Claim, Judgement, Source } from "./claim.js";
import { cards as digits } from "./digits/said/digits.js";
import { type Card, type CardHead, judge, type Verified } from "./held.js";
import { measureClaim, type NumbersOf, type Parts, type StudyOptions, type StudyPlan } from "./study.js";
import { claims as vastola } from "./vastola2025/claims.js";
import { cards as boundaryMap } from "./vastola2025/said/boundaryMap.js";
import { cards as typicalLaw } from "./vastola2025/said/typicalLaw.js";
import { cards as whoFillsTheGap } from "./vastola2025/said/whoFillsTheGap.js";
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

/** A claim as a card of a story has it, by the story's name and its own: flow-map/kl. */
export interface NamedCard extends CardHead {
  readonly measure: (bench: Bench) => Promise<Verified>;
}

const heads: Readonly<Record<string, readonly CardHead[]>> = {
  "boundary-map": boundaryMap,
  "who-fills-the-gap": whoFillsTheGap,
  "typical-law": typicalLaw,
  "smoothed-score": smoothedScore,
  "flow-map": flowMap,
  "line-recovery": lineRecovery,
  "never-generalizes": neverGeneralizes,
  "ill-posed-reversal": illPosedReversal,
  "one-sample-bridge": oneSampleBridge,
  digits,
};

/** Every card of the explorer's stories: what measures it is loaded when it is asked for. */
export const allCards: readonly NamedCard[] = Object.entries(heads).flatMap(([story, cards]) =>
  cards.map((head) => ({
    ...head,
    name: `${story}/${head.name}`,
    measure: async (bench) => {
      const measures = (await loadCards(story))?.measures ?? {};
      return judge(await measures[head.name].measure(bench));
    },
  })),
);
