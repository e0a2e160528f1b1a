import { compared, type EstimatorName, estimatorTable } from "../../state/choices.js";
import { mostPanes, type State } from "../../state/state.js";
import { viewOf } from "../../worker/protocol.js";
import { h, iconButton, quietButton } from "../dom.js";
import type { Pane, Row } from "./row.js";
import { within } from "./when.js";

/** The panes of a comparison, of which one is chosen; `changed` is told when that is another. */
export function paneRow(pane: Pane, changed: () => void): Row {
  const element = h("div", { class: "panes", role: "radiogroup", "aria-label": "Pane to change" });
  const choose = (next: number): void => {
    pane.index = next;
    changed();
  };
  element.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (way === undefined || (event.target as Element).getAttribute("role") !== "radio") return;
    event.preventDefault();
    const count = pane.store.get().panes.length + 1;
    choose((pane.index + way + count) % count);
  });
  return {
    element,
    when: within("compare"),
    show(_, state) {
      const names = namesOf(state);
      const key = `${pane.index}${names.join()}`;
      if (element.dataset.names === key) return;
      element.dataset.names = key;
      const focused = element.contains((element.getRootNode() as ShadowRoot).activeElement);
      const radios = names.map((name, i) => radio(name, i, i === pane.index, choose));
      element.replaceChildren(...radios, ...countButtons(pane, names.length));
      if (focused) radios[pane.index]?.focus();
    },
  };
}

const letter = (i: number): string => String.fromCharCode(65 + i);

const namesOf = (state: State): string[] =>
  Array.from(
    { length: state.panes.length + 1 },
    (_, i) => `${letter(i)} ${estimatorTable[viewOf(state, i).estimator].label}`,
  );

const radio = (name: string, i: number, chosen: boolean, choose: (i: number) => void): HTMLElement =>
  quietButton(name, () => choose(i), {
    title: `Pane ${letter(i)}`,
    role: "radio",
    "aria-checked": String(chosen),
    tabindex: chosen ? 0 : -1,
  });

/** Another pane, and one less. */
function countButtons(pane: Pane, count: number): readonly HTMLElement[] {
  const { store } = pane;
  const more = (): void => {
    const state = store.get();
    store.set({ panes: [...state.panes, { estimator: nextEstimator(state) }] });
  };
  const less = (): void => {
    const panes = store.get().panes.filter((_, i) => i !== pane.index - 1);
    pane.index = Math.max(0, pane.index - 1);
    store.set({ panes });
  };
  return [
    iconButton("add", "Another pane", more, { disabled: count > mostPanes }),
    iconButton("no", "Without this pane", less, { disabled: pane.index === 0 }),
  ];
}

/** An estimator that no pane has yet. */
const nextEstimator = ({ view, panes }: State): EstimatorName =>
  compared.find((name) => ![view, ...panes].some(({ estimator }) => estimator === name)) ?? "exact";
