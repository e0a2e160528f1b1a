import { labelled } from "../../state/choices.js";
import type { State, View } from "../../state/state.js";
import type { Store } from "../../state/store.js";
import { h } from "../dom.js";
import { choice, type Field, numberField, type NumberOptions } from "../fields.js";
import type { When } from "./when.js";

/** The pane whose view the controls show and change. */
export interface Pane {
  readonly store: Store;
  index: number;
}

export const setView = ({ store, index }: Pane, patch: Partial<View>, transient = false): void =>
  store.setPane(index, patch, { transient });

/** What is there only where it changes something. */
export interface Row<E extends HTMLElement = HTMLElement> {
  readonly element: E;
  readonly when: When;
  show(view: View, state: State): void;
}

/** A row that shows something of the state. */
export const rowOf = <T>(field: Field<T>, when: When, value: (view: View, state: State) => T): Row => ({
  element: field.element,
  when,
  show: (view, state) => field.show(value(view, state)),
});

/** The values of a view that are of one kind, by name. */
type Of<T> = { [K in keyof View]: View[K] extends T ? K : never }[keyof View];

/** A row that shows and changes a word of the view. */
export const wordRow = <K extends Of<string>>(
  pane: Pane,
  name: K,
  label: string,
  table: Readonly<Record<View[K], { readonly label: string }>>,
  when: When,
): Row =>
  rowOf(
    choice(label, labelled(table), (value) => setView(pane, { [name]: value })),
    when,
    (view) => view[name],
  );

/** A row that shows and changes a number of the view. */
export const numberRow = (
  pane: Pane,
  name: Of<number>,
  label: string,
  when: When,
  options?: NumberOptions,
): Row =>
  rowOf(
    numberField(label, name, (value, transient) => setView(pane, { [name]: value }, transient), options),
    when,
    (view) => view[name],
  );

/** Shows the rows that are wanted, and hides the others. */
export function showRows(rows: readonly Row[], view: View, state: State): void {
  for (const { element, when, show } of rows) {
    const on = when(view, state);
    element.hidden = !on;
    if (on) show(view, state);
  }
}

/** Rows in an element that is there where one of them is. */
export const rowsIn = <E extends HTMLElement>(element: E, rows: readonly Row[]): Row<E> => {
  element.append(...rows.map((row) => row.element));
  return {
    element,
    when: (view, state) => rows.some(({ when }) => when(view, state)),
    show: (view, state) => showRows(rows, view, state),
  };
};

export type Group = Row<HTMLDetailsElement>;

/** Rows under a title. */
export const group = (title: string, rows: readonly Row[]): Group =>
  rowsIn(h("details", { class: "group", open: true }, h("summary", {}, title)), rows);
