/** What measures the cards of stories, by the stories' names; each is loaded when a card of its is asked for. */
import type { Cards } from "../../claims/held.js";
import type { StoryName } from "./entries.js";

const files: Record<StoryName, () => Promise<{ cards: Cards }>> = {
  "boundary-map": () => import("../../claims/vastola2025/boundaryMap.js"),
  "who-fills-the-gap": () => import("../../claims/vastola2025/whoFillsTheGap.js"),
  "typical-law": () => import("../../claims/vastola2025/typicalLaw.js"),
  "smoothed-score": () => import("../../claims/chen2025/smoothedScore.js"),
  "flow-map": () => import("../../claims/chen2025/flowMap.js"),
  "line-recovery": () => import("../../claims/chen2025/lineRecovery.js"),
  "never-generalizes": () => import("../../claims/cao2025/neverGeneralizes.js"),
  "ill-posed-reversal": () => import("../../claims/cao2025/illPosedReversal.js"),
  "one-sample-bridge": () => import("../../claims/cao2025/oneSampleBridge.js"),
  digits: () => import("../../claims/digits.js"),
};

/** The measures of a story's cards, or undefined where none has the name. */
export async function loadCards(name: string): Promise<Cards | undefined> {
  return Object.hasOwn(files, name) ? (await files[name as StoryName]()).cards : undefined;
}
