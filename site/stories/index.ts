/** The stories, by name; each is loaded when it is opened. */
import { type StoryName, stories } from "./entries.js";
import type { Story } from "./story.js";

export { type StoryEntry, type StoryName, stories } from "./entries.js";

const files: Record<StoryName, () => Promise<{ story: Story }>> = {
  "boundary-map": () => import("./boundaryMap.js"),
  "who-fills-the-gap": () => import("./whoFillsTheGap.js"),
  "typical-law": () => import("./typicalLaw.js"),
  "smoothed-score": () => import("./smoothedScore.js"),
  "flow-map": () => import("./flowMap.js"),
  "line-recovery": () => import("./lineRecovery.js"),
  "never-generalizes": () => import("./neverGeneralizes.js"),
  "ill-posed-reversal": () => import("./illPosedReversal.js"),
  "one-sample-bridge": () => import("./oneSampleBridge.js"),
  digits: () => import("./digits.js"),
};

/** A story with its cards, or undefined where none has the name. */
export async function load(name: string): Promise<Story | undefined> {
  const entry = stories.find((story) => story.name === name);
  return entry && (await files[entry.name]()).story;
}
