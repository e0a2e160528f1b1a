/** What measures the cards of the explorer's stories, by the stories' names; each is loaded when a card of its is asked for. */
import type { Cards } from "./held.js";

const files: Readonly<Record<string, () => Promise<{ cards: Cards }>>> = {
  "boundary-map": () => import("./vastola2025/boundaryMap.js"),
  "who-fills-the-gap": () => import("./vastola2025/whoFillsTheGap.js"),
  "typical-law": () => import("./vastola2025/typicalLaw.js"),
  "smoothed-score": () => import("./chen2025/smoothedScore.js"),
  "flow-map": () => import("./chen2025/flowMap.js"),
  "line-recovery": () => import("./chen2025/lineRecovery.js"),
  "never-generalizes": () => import("./cao2025/neverGeneralizes.js"),
  "ill-posed-reversal": () => import("./cao2025/illPosedReversal.js"),
  "one-sample-bridge": () => import("./cao2025/oneSampleBridge.js"),
  digits: () => import("./digits/digits.js"),
};

/** The measures of a story's cards, or undefined where none has the name. */
export async function loadCards(name: string): Promise<Cards | undefined> {
  return Object.hasOwn(files, name) ? (await files[name]()).cards : undefined;
}
