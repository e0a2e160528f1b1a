import { messageOf } from "../../load.js";
import type { CardHead, ClaimResult } from "../../../claims/held.js";
import type { Story } from "../../stories/story.js";
import { h, icon, quietButton } from "../dom.js";
import type { Measures } from "./measures.js";
import { numbersOf } from "./numbers.js";

/** A card of a story: what it claims, and what came of it when it was measured. */
export interface CardView {
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

export function cardOf(story: Story, card: CardHead, measures: Measures, signal: AbortSignal): CardView {
  let result: ClaimResult | undefined;
  let running: Promise<ClaimResult | undefined> | undefined;
  const verdict = h("div", { class: "verdict", role: "status" });
  const body = h("div", {});
  const progress = h("progress", { max: 1, "aria-label": `Progress of ${card.title}` });
  const button = quietButton("Measure", () => void measure(), { "aria-label": `Measure ${card.title}` });
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
