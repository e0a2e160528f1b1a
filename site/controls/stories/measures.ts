import type { ClaimResult } from "../../../claims/held.js";
import type { Story } from "../../stories/story.js";

export interface MeasureOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

/** What the panel asks of the session. */
export interface Measures {
  claim(story: string, card: string, options: MeasureOptions): Promise<ClaimResult>;
  /** What of a story's picture is numerical error. */
  error(story: string, options: MeasureOptions): Promise<readonly (readonly [string, number])[]>;
  /** The reader opened a story, and the state is that of its preset. */
  opened(story: Story): void;
  /** A card was measured. */
  done(story: string, card: string, result: ClaimResult): void;
}

/** A card and what came of it. */
export interface Measured {
  readonly story: string;
  readonly card: string;
  readonly result: ClaimResult;
}
