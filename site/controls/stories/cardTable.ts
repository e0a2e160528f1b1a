import type { Story } from "../../stories/story.js";
import { h, quietButton } from "../dom.js";
import type { CardView } from "./card.js";
import { parts } from "./numbers.js";

/** The cards as a table, and the button that shows it. */
export function cardTable(
  story: Story,
  cards: readonly CardView[],
): { readonly table: HTMLElement; readonly button: HTMLButtonElement } {
  const table = h("div", {
    class: "scroll",
    hidden: true,
    tabindex: 0,
    role: "region",
    "aria-label": "Cards as a table",
  });
  const button = quietButton("Table", () => {
    table.hidden = !table.hidden;
    button.setAttribute("aria-pressed", String(!table.hidden));
    table.replaceChildren(tableOf(story, cards));
  });
  button.setAttribute("aria-pressed", "false");
  return { table, button };
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
