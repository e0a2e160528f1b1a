/** What the index of stories shows; light enough to be there at once. */
export interface StoryEntry {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** One line of what it shows. */
  readonly line: string;
  /** It opens as the picture of one time, at rest; others play from noise to data. */
  readonly still?: boolean;
}

const list = [
  {
    name: "boundary-map",
    title: "Boundary map",
    source: "Vastola 2025, Fig. 1",
    line: "Where a training target is most uncertain: on the boundaries between training points.",
    still: true,
  },
  {
    name: "who-fills-the-gap",
    title: "Who fills the gap?",
    source: "Vastola 2025, Prop. 4.1",
    line: "Seven samplers on one seed, and which of them leaves anything between the points.",
  },
  {
    name: "typical-law",
    title: "Typical law",
    source: "Vastola 2025, Prop. 3.1, 5.1, 5.2",
    line: "Many trained scores, the covariance of what they learned, and the law that they sample.",
    still: true,
  },
  {
    name: "smoothed-score",
    title: "Smoothed score",
    source: "Chen 2025, Fig. 1",
    line: "What averaging a score over a width makes of its jump, and what it costs.",
    still: true,
  },
  {
    name: "flow-map",
    title: "Flow map",
    source: "Chen 2025, Fig. 2",
    line: "Straight lines in the noise level: a flow that any number of steps gets right.",
  },
  {
    name: "line-recovery",
    title: "Line recovery",
    source: "Chen 2025, Fig. 3",
    line: "Four points, four scores: which of them fill the line between.",
  },
  {
    name: "never-generalizes",
    title: "Never generalizes",
    source: "Cao et al. 2025, Cor. 3.2",
    line: "The exact reverse process always ends on a training point, and when it is caught.",
  },
  {
    name: "ill-posed-reversal",
    title: "Ill-posed reversal",
    source: "Cao et al. 2025, Fig. 3",
    line: "Diffusion cannot be run backward, and what can be in its place.",
  },
  {
    name: "one-sample-bridge",
    title: "One-sample bridge",
    source: "Cao et al. 2025, Theorem 2",
    line: "With one training point the reverse process is solved, and a misprint shows.",
    still: true,
  },
  {
    name: "digits",
    title: "Digits",
    source: "UCI digits; Vastola 2025; Chen 2025",
    line: "Real images: which samples are copies of training images, and which are not.",
  },
] as const satisfies readonly StoryEntry[];

export type StoryName = (typeof list)[number]["name"];

/** In the order of the index. */
export const stories: readonly (StoryEntry & { readonly name: StoryName })[] = list;

/** The entry of a story, for its own file. */
export function entryOf(name: StoryName): StoryEntry {
  return list.find((entry) => entry.name === name) as StoryEntry;
}
