/** The stories, by name; each is loaded when it is opened. */
import { type StoryName, stories } from "./entries.js";
import type { Story } from "./story.js";

export { type StoryEntry, type StoryName, stories } from "./entries.js";

const files: Record<StoryName, () => Promise<{ story: Story }>> = {
  "boundary-map": () => import("./boundaryMap/story.js"),
  "who-fills-the-gap": () => import("./whoFillsTheGap/story.js"),
  "typical-law": () => import("./typicalLaw/story.js"),
  "smoothed-score": () => import("./smoothedScore/story.js"),
  "flow-map": () => import("./flowMap/story.js"),
  "line-recovery": () => import("./lineRecovery/story.js"),
  "never-generalizes": () => import("./neverGeneralizes/story.js"),
  "ill-posed-reversal": () => import("./illPosedReversal/story.js"),
  "one-sample-bridge": () => import("./oneSampleBridge/story.js"),
  digits: () => import("./digits/story.js"),
};

/** A story, or undefined where none has the name. */
export async function load(name: string): Promise<Story | undefined> {
  const entry = stories.find((story) => story.name === name);
  return entry && (await files[entry.name]()).story;
}
