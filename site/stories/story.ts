/**
 * A story shows one result: where the explorer stands when it opens, three short texts, and the headings of its cards. It is text:
 * what measures the cards is in claims/, which the worker alone loads.
 */
import type { CardHead } from "../../claims/held.js";
import type { State, View } from "../state/state.js";
import type { StoryEntry } from "./entries.js";

export interface Story extends StoryEntry {
  readonly preset: Partial<Omit<State, "view">> & { readonly view?: Partial<View> };
  readonly text: {
    readonly see: string;
    readonly says: string;
    readonly measured: string;
  };
  readonly cards: readonly CardHead[];
}
