import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import { load, stories } from "../stories/index.js";
import type { ClaimResult } from "../stories/cards.js";
import type { CardHead, Story } from "../stories/story.js";
import { late, messageOf } from "../load.js";
import { adoptLate } from "../style/late.js";
import { h, icon } from "./dom.js";
import { short } from "./scale.js";

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

export interface StoryPanel {
  update(state: State): void;
  /** Opens a story as its preset has it; undefined: the index. Resolves to whether there is one of the name. */
  open(name: string | undefined, measure?: boolean): Promise<boolean>;
  /** Measures every card of the story that is open, or of all stories. */
  runAll(): Promise<Measured[]>;
  dispose(): void;
}

/** The stories beneath the stage: their index, or the one that is open, with its cards. */
export function storyPanel(host: HTMLElement, store: Store, measures: Measures): StoryPanel {
  adoptLate(host);
  let shown: string | undefined | null = null;
  let life = new AbortController();
  let open: OpenStory | undefined;

  async function show(name: string | undefined): Promise<void> {
    if (name === shown) return;
    shown = name;
    life.abort();
    life = new AbortController();
    open = undefined;
    let story: Story | undefined;
    try {
      story = name === undefined ? undefined : await storyOf(name);
    } catch (error) {
      // Shown is what was; the next time it is asked for, it is loaded again.
      if (shown === name) shown = null;
      throw error;
    }
    if (name !== shown) return;
    if (story === undefined) host.replaceChildren(index());
    else {
      open = openStory(story, store, measures, life.signal);
      host.replaceChildren(open.element);
    }
  }

  const storyOf = (name: string): Promise<Story | undefined> => late("The story", () => load(name));
  const say = (error: unknown): void => store.notices.say(messageOf(error));

  const index = (): HTMLElement =>
    h(
      "div",
      {},
      h("h2", { tabindex: -1 }, "Stories"),
      h(
        "p",
        { class: "quiet" },
        "One for each result. Each holds what is measured here, now, to what theory says.",
      ),
      h(
        "ul",
        { class: "index" },
        ...stories.map(({ name, title, source, line }) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", "data-story": name, onclick: () => void panel.open(name).catch(say) },
              h("b", {}, title),
              h("span", {}, line),
              h("span", { class: "quiet" }, source),
            ),
          ),
        ),
      ),
    );

  const panel: StoryPanel = {
    update: (state) => void show(state.story).catch(say),
    async open(name, measure = true) {
      if (name === undefined) {
        store.set({ story: undefined });
        await show(undefined);
        return true;
      }
      const story = await storyOf(name);
      if (story === undefined) {
        store.notices.say(`There is no story "${name}".`);
        return false;
      }
      store.set({ panes: [], ...story.preset, story: name });
      await show(name);
      if (measure) {
        measures.opened(story);
        host.querySelector("h2")?.focus({ preventScroll: true });
        void open?.runOnce();
      }
      return true;
    },
    async runAll() {
      if (open !== undefined) return open.runAll();
      const all: Measured[] = [];
      for (const { name } of stories) {
        const story = await storyOf(name);
        for (const card of story?.cards ?? []) {
          const result = await measures.claim(name, card.name, { signal: life.signal });
          measures.done(name, card.name, result);
          all.push({ story: name, card: card.name, result });
        }
      }
      return all;
    },
    dispose: () => life.abort(),
  };
  return panel;
}

interface OpenStory {
  readonly element: HTMLElement;
  /** Measures every card, unless that has begun before. */
  runOnce(): void;
  runAll(): Promise<Measured[]>;
}

function openStory(story: Story, store: Store, measures: Measures, signal: AbortSignal): OpenStory {
  const cards = story.cards.map((card) => cardOf(story, card, measures, signal));
  const list = h("div", { class: "cards" }, ...cards.map((card) => card.element));
  const table = h("div", {
    class: "scroll",
    hidden: true,
    tabindex: 0,
    role: "region",
    "aria-label": "Cards as a table",
  });
  let running: Promise<Measured[]> | undefined;
  let begun = false;

  /** One card after the other: each has the whole engine. */
  const runAll = (): Promise<Measured[]> => {
    begun = true;
    running ??= (async () => {
      const all: Measured[] = [];
      for (const card of cards) {
        const result = await card.measure();
        if (result !== undefined) all.push({ story: story.name, card: card.name, result });
      }
      return all;
    })().finally(() => {
      running = undefined;
    });
    return running;
  };
  const button = (text: string, onclick: () => void): HTMLButtonElement =>
    h("button", { type: "button", class: "quiet-button", onclick }, text);
  const asTable = button("Table", () => {
    table.hidden = !table.hidden;
    asTable.setAttribute("aria-pressed", String(!table.hidden));
    table.replaceChildren(tableOf(story, cards));
  });
  asTable.setAttribute("aria-pressed", "false");

  const errors = h("details", { class: "group" }, h("summary", {}, "Numerical error"));
  errors.addEventListener("toggle", () => {
    if (errors.open && errors.children.length === 1) void showError(errors, story, measures, signal);
  });

  const texts: readonly (readonly [string, string])[] = [
    ["What to see", story.text.see],
    ["What the result says", story.text.says],
    ["What is measured", story.text.measured],
  ];
  const element = h(
    "article",
    { "data-story": story.name },
    h("h2", { tabindex: -1 }, story.title),
    h(
      "div",
      { class: "bar" },
      h("span", { class: "quiet" }, story.source),
      button("Measure all", () => void runAll()),
      button("As it opened", () => store.set({ panes: [], ...story.preset })),
      asTable,
      button("All stories", () => store.set({ story: undefined })),
    ),
    h(
      "div",
      { class: "text" },
      ...texts.map(([title, text]) => h("div", {}, h("h3", {}, title), h("p", {}, text))),
    ),
    list,
    table,
    errors,
  );
  const runOnce = (): void => {
    if (!begun) void runAll();
  };
  // A link that opened the story measures nothing before the reader comes to the cards.
  const reached = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      reached.disconnect();
      runOnce();
    },
    { rootMargin: "-64px" },
  );
  reached.observe(list);
  signal.addEventListener("abort", () => reached.disconnect(), { once: true });
  return { element, runOnce, runAll };
}

interface CardView {
  readonly name: string;
  readonly card: CardHead;
  readonly element: HTMLElement;
  readonly result: ClaimResult | undefined;
  measure(): Promise<ClaimResult | undefined>;
}

const verdicts = {
  waiting: ["wait", "Not measured yet"],
  running: ["wait", "Measuring"],
  holds: ["yes", "Holds"],
  fails: ["no", "Fails"],
  stopped: ["no", "Could not be measured"],
} as const;

function cardOf(story: Story, card: CardHead, measures: Measures, signal: AbortSignal): CardView {
  let result: ClaimResult | undefined;
  let running: Promise<ClaimResult | undefined> | undefined;
  const verdict = h("div", { class: "verdict", role: "status" });
  const body = h("div", {});
  const progress = h("progress", { max: 1, "aria-label": `Progress of ${card.title}` });
  const button = h(
    "button",
    { type: "button", class: "quiet-button", onclick: () => void measure() },
    "Measure",
  );
  button.setAttribute("aria-label", `Measure ${card.title}`);
  const element = h(
    "section",
    { class: "card", "data-card": card.name },
    h("h3", {}, card.title),
    h("span", { class: "quiet" }, card.source),
    verdict,
    body,
    h("div", { class: "bar" }, button),
  );
  const judge = (name: keyof typeof verdicts): void => {
    const [drawing, words] = verdicts[name];
    verdict.dataset.verdict = name;
    verdict.replaceChildren(icon(drawing), words);
  };
  judge("waiting");

  function measure(): Promise<ClaimResult | undefined> {
    running ??= (async () => {
      judge("running");
      progress.removeAttribute("value");
      body.replaceChildren(progress);
      try {
        result = await measures.claim(story.name, card.name, {
          signal,
          onProgress: (share) => {
            progress.value = share;
          },
        });
        judge(result.holds ? "holds" : "fails");
        body.replaceChildren(numbersOf(result));
        measures.done(story.name, card.name, result);
        return result;
      } catch (error) {
        judge("stopped");
        body.replaceChildren(h("p", {}, messageOf(error)));
        return undefined;
      }
    })().finally(() => {
      running = undefined;
    });
    return running;
  }
  return {
    name: card.name,
    card,
    element,
    get result() {
      return result;
    },
    measure,
  };
}

/** A number of a card, with a minus sign as wide as its figures. */
const shown = (value: number, figures: number): string => short(value, figures).replaceAll("-", "\u2212");

/** Numbers of a claim that stand side by side. */
const parts = (result: ClaimResult): readonly (readonly [string, string])[] => {
  const { measured, standardError, theory, deviation, allowed, relation = "close" } = result;
  const error = standardError === undefined ? "" : ` \u00b1 ${shown(standardError, 2)}`;
  const side = { close: "\u00b1 ", "at most": "up to ", "at least": "down to \u2212" }[relation];
  return [
    ["Measured", `${shown(measured, 6)}${error}`],
    ["Theory", shown(theory, 6)],
    ["Deviation", shown(deviation, 3)],
    ["Allowed", `${side}${shown(allowed, 3)}`],
  ];
};

function numbersOf(result: ClaimResult): HTMLElement {
  const list = h(
    "dl",
    {},
    ...parts(result).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
  const { note, details = [], milliseconds } = result;
  const box = h("div", {}, list);
  if (note !== undefined) box.append(h("p", {}, note));
  const more = details.map(([name, value]): readonly [string, string] => [
    name,
    typeof value === "number" ? shown(value, 6) : value,
  ]);
  const rows = [...more, ["Time", `${shown(milliseconds / 1000, 2)} s`] as const];
  box.append(
    h(
      "details",
      {},
      h("summary", { class: "quiet" }, "More"),
      h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ),
  );
  return box;
}

function tableOf(story: Story, cards: readonly CardView[]): HTMLElement {
  const heads = ["Card", "Measured", "Theory", "Deviation", "Allowed", "Verdict"];
  const rows = cards.map(({ card, result }) => {
    const values = result === undefined ? ["", "", "", ""] : parts(result).map(([, value]) => value);
    const verdict = result === undefined ? "Not measured yet" : result.holds ? "Holds" : "Fails";
    return [card.title, ...values, verdict];
  });
  return h(
    "table",
    {},
    h("caption", { class: "said" }, story.title),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell))))),
  );
}

async function showError(
  place: HTMLElement,
  story: Story,
  measures: Measures,
  signal: AbortSignal,
): Promise<void> {
  const status = h("p", { role: "status" }, "Measuring: the same run at twice the steps, and in float64.");
  place.append(status);
  try {
    const rows = await measures.error(story.name, { signal });
    status.replaceWith(
      h(
        "dl",
        { class: "errors" },
        ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, shown(value, 3))]),
      ),
    );
  } catch (error) {
    status.textContent = messageOf(error);
  }
}
