/** What measures the cards of stories, by the stories' names; each is loaded when a card of its is asked for. */
import type { Cards } from "./cards.js";
import type { StoryName } from "./entries.js";

const files: Record<StoryName, () => Promise<{ cards: Cards }>> = {
  "boundary-map": () => import("./boundaryMap/cards.js"),
  "who-fills-the-gap": () => import("./whoFillsTheGap/cards.js"),
  "typical-law": () => import("./typicalLaw/cards.js"),
  "smoothed-score": () => import("./smoothedScore/cards.js"),
  "flow-map": () => import("./flowMap/cards.js"),
  "line-recovery": () => import("./lineRecovery/cards.js"),
  "never-generalizes": () => import("./neverGeneralizes/cards.js"),
  "ill-posed-reversal": () => import("./illPosedReversal/cards.js"),
  "one-sample-bridge": () => import("./oneSampleBridge/cards.js"),
  digits: () => import("./digits/cards.js"),
};

/** The measures of a story's cards, or undefined where none has the name. */
export async function loadCards(name: string): Promise<Cards | undefined> {
  return Object.hasOwn(files, name) ? (await files[name as StoryName]()).cards : undefined;
}
