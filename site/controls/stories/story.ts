import type { Store } from "../../state/store.js";
import type { Story } from "../../stories/story.js";
import { h, quietButton } from "../dom.js";
import { type CardView, cardOf } from "./card.js";
import type { Measured, Measures } from "./measures.js";
import { errorsOf } from "./errors.js";
import { cardTable } from "./cardTable.js";

/** A story that is open: its text, its cards one below another or as a table, and what of them is numerical error. */
export class OpenStory {
  readonly element: HTMLElement;
  readonly #story: Story;
  readonly #cards: readonly CardView[];
  #running: Promise<Measured[]> | undefined;
  #begun = false;

  constructor(story: Story, store: Store, measures: Measures, signal: AbortSignal) {
    this.#story = story;
    this.#cards = story.cards.map((card) => cardOf(story, card, measures, signal));
    const list = h("div", { class: "cards" }, ...this.#cards.map((card) => card.element));
    const { table, button } = cardTable(story, this.#cards);
    this.element = h(
      "article",
      { "data-story": story.name },
      h("h2", { tabindex: -1 }, story.title),
      h(
        "div",
        { class: "bar" },
        h("span", { class: "quiet" }, story.source),
        quietButton("Measure all", () => void this.runAll()),
        quietButton("As it opened", () => store.set({ panes: [], ...story.preset })),
        button,
        quietButton("All stories", () => store.set({ story: undefined })),
      ),
      textOf(story),
      list,
      table,
      errorsOf(story, measures, signal),
    );
    // A link that opened the story measures nothing before the reader comes to the cards.
    whenReached(list, () => this.runOnce(), signal);
  }

  /** Measures every card, unless that has begun before. */
  runOnce(): void {
    if (!this.#begun) void this.runAll();
  }

  /** Measures every card. */
  runAll(): Promise<Measured[]> {
    this.#begun = true;
    this.#running ??= this.#measureAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** One card after the other: each has the whole engine. */
  async #measureAll(): Promise<Measured[]> {
    const all: Measured[] = [];
    for (const card of this.#cards) {
      const result = await card.measure();
      if (result !== undefined) all.push({ story: this.#story.name, card: card.name, result });
    }
    return all;
  }
}

function textOf({ text }: Story): HTMLElement {
  const texts: readonly (readonly [string, string])[] = [
    ["What to see", text.see],
    ["What the result says", text.says],
    ["What is measured", text.measured],
  ];
  return h(
    "div",
    { class: "text" },
    ...texts.map(([title, words]) => h("div", {}, h("h3", {}, title), h("p", {}, words))),
  );
}

/** Calls once, when the reader comes to a place. */
function whenReached(place: HTMLElement, reached: () => void, signal: AbortSignal): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      reached();
    },
    { rootMargin: "-64px" },
  );
  observer.observe(place);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
