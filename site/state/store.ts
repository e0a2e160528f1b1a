import { clampState, clampView } from "./clamp.js";
import { defaultState, type State, type View } from "./state.js";

/** A change of the state: what is left out stays. */
export type Patch = Partial<Omit<State, "view">> & { readonly view?: Partial<View> };

export type Listener = (state: State, previous: State) => void;

/** Sentences for the reader: what was put right, what could not be done. */
export class Notices {
  readonly #listeners = new Set<(text: string) => void>();

  say(text: string): void {
    for (const listener of [...this.#listeners]) listener(text);
  }

  subscribe(listener: (text: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

const MOST_STEPS_BACK = 200;

/** What undo goes back to; where one looks and how it looks stays. */
type Content = Omit<State, "tab" | "t" | "camera" | "theme" | "speed">;

const contentOf = ({ tab, t, camera, theme, speed, ...content }: State): Content => content;

/** Whether two plain values are equal. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return (
    keys.length === others.length &&
    keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/**
 * Holds the state, and tells who listens. Every value in it is allowed: what `set` is given is clamped to `ranges`, and
 * `notices` says so.
 *
 * @example
 * const store = new Store();
 * store.set({ view: { steps: 30 } });
 * store.undo();
 */
export class Store {
  readonly notices = new Notices();
  #state: State;
  readonly #listeners = new Set<Listener>();
  #back: Content[] = [];
  #forth: Content[] = [];
  /** Where a gesture began, while it lasts. */
  #gesture: Content | undefined;

  constructor(initial: State = defaultState) {
    this.#state = clampState(initial, defaultState, () => {});
  }

  get(): State {
    return this.#state;
  }

  /**
   * Changes the state. A change of the data, the run or the story is a step of undo.
   *
   * @param how.undo whether it is; by default it is, unless it concerns the tab, the time, the camera, the theme or the speed alone
   * @param how.transient in the middle of a gesture: all of it and the next change that is not are one step of undo
   */
  set(patch: Patch, how: { readonly undo?: boolean; readonly transient?: boolean } = {}): void {
    const previous = this.#state;
    const told = new Set<string>();
    const say = (text: string): void => void told.add(text);
    const view = patch.view === undefined ? previous.view : { ...previous.view, ...patch.view };
    const next = clampState({ ...previous, ...patch, view }, previous, say);
    this.#remember(previous, next, how);
    this.#change(next);
    for (const text of told) this.notices.say(text);
  }

  /** Puts another state in the place of this one, whole. */
  replace(state: State): void {
    this.set({ ...state });
  }

  /** Changes what a pane shows: 0 is the first. */
  setPane(pane: number, patch: Partial<View>, how: { readonly transient?: boolean } = {}): void {
    if (pane === 0) {
      this.set({ view: patch }, how);
      return;
    }
    const { panes, view } = this.#state;
    const old = { ...view, ...panes[pane - 1] };
    const changed = clampView(patch, old, (text) => this.notices.say(text));
    this.set({ panes: panes.map((one, i) => (i === pane - 1 ? { ...one, ...changed } : one)) }, how);
  }

  /** Tells `listener` of every change from now on; the function returned ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get canUndo(): boolean {
    return this.#back.length > 0 || this.#gesture !== undefined;
  }

  get canRedo(): boolean {
    return this.#forth.length > 0;
  }

  undo(): void {
    this.#endGesture();
    this.#travel(this.#back, this.#forth);
  }

  redo(): void {
    this.#endGesture();
    this.#travel(this.#forth, this.#back);
  }

  #travel(from: Content[], to: Content[]): void {
    const content = from.pop();
    if (content === undefined) return;
    to.push(contentOf(this.#state));
    this.#change(clampState({ ...this.#state, ...content }, this.#state, () => {}));
  }

  #remember(previous: State, next: State, how: { undo?: boolean; transient?: boolean }): void {
    const before = contentOf(previous);
    if (how.undo === false || (how.undo !== true && same(before, contentOf(next)))) {
      if (how.transient !== true) this.#endGesture();
      return;
    }
    this.#gesture ??= before;
    if (how.transient !== true) this.#endGesture();
  }

  #endGesture(): void {
    const start = this.#gesture;
    this.#gesture = undefined;
    if (start === undefined) return;
    this.#back.push(start);
    if (this.#back.length > MOST_STEPS_BACK) this.#back.shift();
    this.#forth = [];
  }

  #change(next: State): void {
    const previous = this.#state;
    if (same(previous, next)) return;
    this.#state = next;
    for (const listener of [...this.#listeners]) listener(next, previous);
  }
}
