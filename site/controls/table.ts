import type { Store } from "../state/store.js";
import { adoptLate } from "../style/late.js";
import { h, iconButton } from "./dom.js";
import { short } from "./scale.js";
import { PointTable } from "./table/points.js";

/** Rows of a table that a dialog shows; the first is its head. */
export type Rows = readonly (readonly (string | number)[])[];

/** The points as numbers to be changed, and what is shown as a table. */
export function showTable(
  root: ParentNode & Node,
  store: Store,
  pane: number,
  points: readonly number[],
  rows: Rows,
): void {
  adoptLate(root);
  const table = new PointTable(store, pane, points);
  const heads = ["", "x", "y", ""].map((name) => h(name === "" ? "td" : "th", {}, name));
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "table-title" },
    h(
      "div",
      { class: "bar" },
      h("h2", { id: "table-title" }, "Points"),
      iconButton("no", "Close", () => dialog.close()),
    ),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...heads)), table.body)),
    h("div", { class: "bar" }, table.add),
  );
  if (table.note !== undefined) dialog.append(h("p", { class: "quiet" }, table.note));
  if (rows.length > 1) dialog.append(h("h2", {}, "Values"), valuesOf(rows));
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}

/** Numbers that are shown elsewhere, to be read. */
function valuesOf([head = [], ...rest]: Rows): HTMLElement {
  const text = (value: string | number): string => (typeof value === "number" ? short(value, 6) : value);
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Values" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...head.map((name) => h("th", { scope: "col" }, String(name))))),
      h("tbody", {}, ...rest.map((row) => h("tr", {}, ...row.map((value) => h("td", {}, text(value)))))),
    ),
  );
}
