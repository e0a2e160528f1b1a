import { late, messageOf } from "../load.js";
import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import { load, stories } from "../stories/index.js";
import type { Story } from "../stories/story.js";
import { adoptLate } from "../style/late.js";
import { storyIndex } from "./stories/index.js";
import type { Measured, Measures } from "./stories/measures.js";
import { OpenStory } from "./stories/story.js";

/** The stories beneath the stage: their index, or the one that is open, with its cards. */
export class StoryPanel {
  readonly #host: HTMLElement;
  readonly #store: Store;
  readonly #measures: Measures;
  /** The name of what is shown, of the index undefined; null where it is not there yet. */
  #shown: string | undefined | null = null;
  #life = new AbortController();
  #open: OpenStory | undefined;

  constructor(host: HTMLElement, store: Store, measures: Measures) {
    adoptLate(host);
    this.#host = host;
    this.#store = store;
    this.#measures = measures;
  }

  update({ story }: State): void {
    void this.#show(story).catch(this.#say);
  }

  /** Opens a story as its preset has it; undefined: the index. Resolves to whether there is one of the name. */
  async open(name: string | undefined, measure = true): Promise<boolean> {
    if (name === undefined) {
      this.#store.set({ story: undefined });
      await this.#show(undefined);
      return true;
    }
    const story = await storyOf(name);
    if (story === undefined) {
      this.#store.notices.say(`There is no story "${name}".`);
      return false;
    }
    this.#store.set({ panes: [], ...story.preset, story: name });
    await this.#show(name);
    if (measure) {
      this.#measures.opened(story);
      this.#host.querySelector("h2")?.focus({ preventScroll: true });
      void this.#open?.runOnce();
    }
    return true;
  }

  /** Measures every card of the story that is open, or of all stories. */
  async runAll(): Promise<Measured[]> {
    if (this.#open !== undefined) return this.#open.runAll();
    const all: Measured[] = [];
    for (const { name } of stories) {
      const story = await storyOf(name);
      for (const card of story?.cards ?? []) {
        const result = await this.#measures.claim(name, card.name, { signal: this.#life.signal });
        this.#measures.done(name, card.name, result);
        all.push({ story: name, card: card.name, result });
      }
    }
    return all;
  }

  dispose(): void {
    this.#life.abort();
  }

  async #show(name: string | undefined): Promise<void> {
    if (name === this.#shown) return;
    this.#shown = name;
    this.#life.abort();
    this.#life = new AbortController();
    this.#open = undefined;
    let story: Story | undefined;
    try {
      story = name === undefined ? undefined : await storyOf(name);
    } catch (error) {
      // Shown is what was; the next time it is asked for, it is loaded again.
      if (this.#shown === name) this.#shown = null;
      throw error;
    }
    if (name !== this.#shown) return;
    if (story === undefined) {
      this.#host.replaceChildren(storyIndex((chosen) => void this.open(chosen).catch(this.#say)));
    } else {
      this.#open = new OpenStory(story, this.#store, this.#measures, this.#life.signal);
      this.#host.replaceChildren(this.#open.element);
    }
  }

  readonly #say = (error: unknown): void => this.#store.notices.say(messageOf(error));
}

const storyOf = (name: string): Promise<Story | undefined> => late("The story", () => load(name));
