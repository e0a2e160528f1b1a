/** The numbers of a chart as a table that opens below it; its rows are made when it is opened, and anew while it is open. */
import { number } from "./format.js";

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Milliseconds between two fillings of an open table. */
const PAUSE = 500;

export interface NumberTable {
  readonly element: HTMLDetailsElement;
  show(table: Table): void;
}

export function numberTable(name: string): NumberTable {
  const element = document.createElement("details");
  element.className = "numbers";
  const summary = document.createElement("summary");
  summary.textContent = "Numbers";
  summary.setAttribute("aria-label", `Numbers of ${name}`);
  const scroller = document.createElement("div");
  scroller.className = "numbers-scroller";
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", `Numbers of ${name}`);
  element.append(summary, scroller);
  let last: Table | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fill = (): void => {
    if (!element.open || last === undefined) return;
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const text of last.head) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = text;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of last.rows) {
      const line = body.insertRow();
      for (const value of row) {
        line.insertCell().textContent = typeof value === "number" ? number(value, 6) : value;
      }
    }
    const { scrollTop } = scroller;
    scroller.replaceChildren(table);
    scroller.scrollTop = scrollTop;
  };
  element.addEventListener("toggle", fill);
  return {
    element,
    show(table) {
      last = table;
      if (!element.open || timer !== undefined) return;
      fill();
      timer = setTimeout(() => {
        timer = undefined;
        if (last !== table) fill();
      }, PAUSE);
    },
  };
}
