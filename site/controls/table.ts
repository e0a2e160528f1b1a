import type { Store } from "../state/store.js";
import { adoptLate } from "../style/late.js";
import { viewOf } from "../worker/protocol.js";
import { h, iconButton } from "./dom.js";
import { short } from "./scale.js";

/** Rows of a table that a dialog shows; the first is its head. */
export type Rows = readonly (readonly (string | number)[])[];

/** Points shown in the table at once. */
const MOST_ROWS = 200;

/** The points as numbers to be changed, and what is shown as a table. */
export function showTable(
  root: ParentNode & Node,
  store: Store,
  pane: number,
  points: readonly number[],
  rows: Rows,
): void {
  adoptLate(root);
  let own = [...points];
  const change = (): void => {
    store.setPane(pane, { set: "own", points: own });
    // What is out of range has been moved.
    own = [...viewOf(store.get(), pane).points];
  };
  const body = h("tbody", {});
  const cell = (index: number, name: string): HTMLElement => {
    const input = h("input", {
      type: "number",
      step: "any",
      class: "number",
      "aria-label": `${name} of point ${Math.floor(index / 2) + 1}`,
      value: own[index],
    });
    input.addEventListener("change", () => {
      if (Number.isFinite(input.valueAsNumber)) {
        own[index] = input.valueAsNumber;
        change();
      }
      input.value = String(own[index]);
    });
    return h("td", {}, input);
  };
  const fill = (): void => {
    const count = Math.min(own.length / 2, MOST_ROWS);
    body.replaceChildren(
      ...Array.from({ length: count }, (_, i) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, String(i + 1)),
          cell(2 * i, "x"),
          cell(2 * i + 1, "y"),
          h(
            "td",
            {},
            iconButton("no", `Delete point ${i + 1}`, () => {
              own = own.filter((_, k) => k >> 1 !== i);
              change();
              fill();
              (body.querySelectorAll("button")[Math.min(i, body.children.length - 1)] ?? add).focus();
            }),
          ),
        ),
      ),
    );
  };
  const add = h("button", { type: "button", class: "quiet-button" }, "Add a point");
  add.addEventListener("click", () => {
    const { x, y } = store.get().camera;
    own.push(x, y);
    change();
    fill();
    body.lastElementChild?.querySelector("input")?.focus();
  });
  fill();
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "table-title" },
    h(
      "div",
      { class: "bar" },
      h("h2", { id: "table-title" }, "Points"),
      iconButton("no", "Close", () => dialog.close()),
    ),
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h("tr", {}, ...["", "x", "y", ""].map((name) => h(name === "" ? "td" : "th", {}, name))),
        ),
        body,
      ),
    ),
    h("div", { class: "bar" }, add),
  );
  if (own.length / 2 > MOST_ROWS)
    dialog.append(h("p", { class: "quiet" }, `The first ${MOST_ROWS} of ${own.length / 2} points.`));
  if (rows.length > 1) {
    const [head, ...rest] = rows;
    const text = (value: string | number): string => (typeof value === "number" ? short(value, 6) : value);
    dialog.append(
      h("h2", {}, "Values"),
      h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "Values" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...(head ?? []).map((name) => h("th", { scope: "col" }, String(name))))),
          h("tbody", {}, ...rest.map((row) => h("tr", {}, ...row.map((value) => h("td", {}, text(value)))))),
        ),
      ),
    );
  }
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}
