import type { State } from "../../state/state.js";
import type { Store } from "../../state/store.js";
import type { DensityStart } from "../../worker/panels.js";
import { number } from "../../charts/format.js";
import { field, isFocused, make } from "../panel.js";

export const startNames: Readonly<Record<DensityStart, string>> = {
  marginal: "the law of the data",
  noise: "N(0, S)",
  normal: "N(0, 1)",
};

/** What the reverse process starts from: what the state says, or what its process tends to. */
export function startOf({ view, reverseStart }: State): DensityStart {
  if (reverseStart !== "auto") return reverseStart;
  return view.process === "ou" || view.process === "vp" ? "normal" : "noise";
}

/** The horizon, the start of the reverse process, and beside them the time that is shown. */
export function controls(store: Store): {
  readonly bar: HTMLElement;
  readonly status: HTMLElement;
  update(state: State): void;
} {
  const horizon = make("input", "");
  [horizon.type, horizon.min, horizon.max, horizon.step] = ["range", "0.25", "4", "0.05"];
  const shown = make("output", "panel-output");
  const horizonField = field("Horizon T*", horizon);
  horizonField.firstElementChild?.append(" = ", shown);
  const select = make("select", "");
  for (const [name, text] of Object.entries(startNames)) {
    const option = make("option", "", text);
    option.value = name;
    select.append(option);
  }
  const status = make("p", "panel-status");
  status.setAttribute("role", "status");
  horizon.addEventListener("input", () => {
    shown.textContent = horizon.value;
    store.set({ horizon: horizon.valueAsNumber }, { transient: true });
  });
  horizon.addEventListener("change", () => store.set({ horizon: horizon.valueAsNumber }));
  select.addEventListener("change", () => store.set({ reverseStart: select.value as DensityStart }));
  return {
    bar: make("div", "panel-bar", [horizonField, field("The reverse process starts from", select), status]),
    status,
    update(state) {
      select.value = startOf(state);
      if (!isFocused(horizon)) horizon.value = String(state.horizon);
      shown.textContent = number(state.horizon, 3);
    },
  };
}
