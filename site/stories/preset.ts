import { defaultState, defaultView, type View } from "../state/state.js";
import type { Story } from "./story.js";

/** A preset with defaults for all it does not say: nothing of what was shown before is left. The theme is the reader's. */
export function presetOf({ view, ...rest }: Story["preset"]): Story["preset"] & { readonly view: View } {
  const { tab: _tab, story: _story, theme: _theme, speed: _speed, ...usual } = defaultState;
  return { ...usual, ...rest, view: { ...defaultView, ...view } };
}
