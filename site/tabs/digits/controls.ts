import type { State } from "../../state/state.js";
import type { Store } from "../../state/store.js";
import { type ImageSetName, imageSets } from "../../worker/panels.js";
import { field, isFocused, make } from "../panel.js";

const setNames: Record<ImageSetName, string> = {
  digits: "Digits, 8 × 8",
  fashion: "Fashion, 28 × 28",
  own: "Your images alone",
};

export const setOf = ({ view, ownImages }: State): ImageSetName =>
  ownImages ? "own" : view.set === "fashion" ? "fashion" : "digits";

/** A number of the state: what it is, and what changes it. */
interface NumberOf {
  readonly label: string;
  readonly range: readonly [least: number, most: number, step: "any" | "1"];
  readonly now: (state: State) => number;
  readonly put: (store: Store, value: number) => void;
  /** As it is written, where that is not all its figures. */
  readonly written?: (value: number) => number;
}

const numbers: readonly NumberOf[] = [
  {
    label: "Noise level t",
    range: [1e-4, 80, "any"],
    now: ({ t }) => t,
    put: (store, t) => store.set({ t }),
    written: (t) => Number(t.toPrecision(4)),
  },
  {
    label: "Steps",
    range: [1, 1000, "1"],
    now: ({ view }) => view.steps,
    put: (store, value) => store.set({ view: { steps: Math.round(value) } }),
  },
  {
    label: "Few steps",
    range: [1, 20, "1"],
    now: ({ fewSteps }) => fewSteps,
    put: (store, value) => store.set({ fewSteps: Math.round(value) }),
  },
];

interface Control {
  readonly element: HTMLElement;
  update(state: State): void;
}

function numberControl(
  { label, range, now, put, written = (value) => value }: NumberOf,
  store: Store,
): Control {
  const input = make("input", "");
  input.type = "number";
  [input.min, input.max, input.step] = range.map(String);
  input.addEventListener("change", () => {
    if (Number.isFinite(input.valueAsNumber)) put(store, input.valueAsNumber);
    input.value = String(now(store.get()));
  });
  return {
    element: field(label, input),
    update(state) {
      if (!isFocused(input)) input.value = String(written(now(state)));
    },
  };
}

function setControl(store: Store): Control {
  const select = make("select", "");
  for (const name of imageSets) {
    const option = make("option", "", setNames[name]);
    option.value = name;
    select.append(option);
  }
  select.addEventListener("change", () => {
    const name = select.value as ImageSetName;
    store.set(name === "own" ? { ownImages: true } : { ownImages: false, view: { set: name } });
  });
  return {
    element: field("Training images", select),
    update(state) {
      if (!isFocused(select)) select.value = setOf(state);
    },
  };
}

/** The set, the noise level and the steps, then `files`, and beside them what is shown. */
export function controls(
  store: Store,
  files: readonly HTMLElement[],
): { readonly bar: HTMLElement; readonly status: HTMLElement; update(state: State): void } {
  const all = [setControl(store), ...numbers.map((one) => numberControl(one, store))];
  const status = make("p", "panel-status");
  status.setAttribute("role", "status");
  return {
    bar: make("div", "panel-bar", [...all.map(({ element }) => element), ...files, status]),
    status,
    update(state) {
      for (const one of all) one.update(state);
    },
  };
}
