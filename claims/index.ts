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
import type { Claim, Correction, Judgement, Source } from "./claim.js";
import { cards as digits } from "./digits/said/digits.js";
import { type Card, type CardHead, judge, type Verified } from "./held.js";
import { measureClaims, type NumbersOf, type Parts, type StudyOptions, type StudyPlan } from "./study.js";
import { claims as vastola } from "./vastola2025/claims.js";
import { cards as boundaryMap } from "./vastola2025/said/boundaryMap.js";
import { cards as typicalLaw } from "./vastola2025/said/typicalLaw.js";
import { cards as whoFillsTheGap } from "./vastola2025/said/whoFillsTheGap.js";
import { studyOf } from "./vastola2025/study.js";
import type { LoadNetworks } from "./vastola2025/trained.js";

/** A claim of any paper, in words. */
export interface NamedClaim {
  /** The paper's word and the claim's: vastola-kde. It does not change. */
  readonly name: string;
  readonly source: Source;
  readonly sentence: string;
  readonly expected: string;
  readonly correction?: Correction;
  readonly card?: Card;
}

/** Claims that are judged by the same numbers. */
export interface ClaimGroup {
  readonly claims: readonly NamedClaim[];
  /** Measures what they read, and nothing else. A judgement is undefined where it is of networks that nobody gave. */
  readonly measure: (engine: Engine, options: StudyOptions) => Promise<(Judgement | undefined)[]>;
}

function grouped<P extends Parts>(
  paper: string,
  plan: StudyPlan<P>,
  claims: readonly Claim<NumbersOf<P>>[],
): ClaimGroup[] {
  const byParts = new Map<string, Claim<NumbersOf<P>>[]>();
  for (const claim of claims) {
    const key = claim.reads.join();
    byParts.set(key, [...(byParts.get(key) ?? []), claim]);
  }
  return [...byParts.values()].map((group) => ({
    claims: group.map(({ id, source, sentence, expected, correction, card }) => ({
      name: `${paper}-${id}`,
      source,
      sentence,
      expected,
      ...(correction && { correction }),
      ...(card && { card }),
    })),
    measure: (engine, options) => measureClaims(engine, plan, group, options),
  }));
}

/** Every claim that reports judge, paper by paper. `networks`: those that some claims are about. */
export const claimGroups = (networks?: LoadNetworks): readonly ClaimGroup[] => [
  ...grouped("vastola", studyOf(networks), vastola),
  ...grouped("chen", chenStudy, chen),
  ...grouped("cao", caoStudy, cao),
];

export const allClaims: readonly NamedClaim[] = claimGroups().flatMap(({ claims }) => claims);

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
