import { ranges } from "../state/state.js";
import { h } from "./dom.js";
import { fromLog, short, toLog } from "./scale.js";
import { isFocused } from "./timebar.js";

/** One control: a row of the panel that shows a value and sets it. */
export interface Field<T> {
  readonly element: HTMLElement;
  show(value: T): void;
}

/** Told with `transient` while a hand is on the control, without when it lets go. */
export type Change<T> = (value: T, transient: boolean) => void;

const PLACES = 1000;
let ids = 0;

/** A choice among words. */
export function choice<T extends string>(
  label: string,
  options: readonly (readonly [T, string])[],
  change: Change<T>,
): Field<T> {
  const id = `choice-${++ids}`;
  const select = h(
    "select",
    { id, class: "choice" },
    ...options.map(([value, text]) => h("option", { value }, text)),
  );
  select.addEventListener("change", () => change(select.value as T, false));
  return {
    element: h("div", { class: "row" }, h("label", { for: id }, label), select),
    show(value) {
      select.value = value;
    },
  };
}

export interface NumberOptions {
  readonly scale?: "linear" | "log";
  readonly whole?: boolean;
  /** Other ends than those of `ranges`, of the slider alone. */
  readonly ends?: readonly [number, number];
  /** A number of which no place on a scale says anything. */
  readonly bare?: boolean;
}

/** A number: a slider and a field beside it, which takes what the slider cannot reach. */
export function numberField(
  label: string,
  name: keyof typeof ranges,
  change: Change<number>,
  { scale = "linear", whole = false, bare = false, ends = ranges[name] }: NumberOptions = {},
): Field<number> {
  const id = `number-${++ids}`;
  const [from, to] = ends;
  const place = (value: number): number =>
    PLACES * (scale === "log" ? toLog(value, from, to) : (value - from) / (to - from));
  const valueAt = (at: number): number => {
    const value = scale === "log" ? fromLog(at / PLACES, from, to) : from + ((to - from) * at) / PLACES;
    return whole ? Math.round(value) : Number(value.toPrecision(3));
  };
  const slider = h("input", {
    type: "range",
    min: 0,
    max: PLACES,
    step: "any",
    "aria-label": label,
  });
  const number = h("input", {
    type: "number",
    id,
    class: "number",
    min: ranges[name][0],
    max: ranges[name][1],
    step: whole ? 1 : "any",
  });
  let shown = Number.NaN;
  slider.addEventListener("input", () => change(valueAt(slider.valueAsNumber), true));
  slider.addEventListener("change", () => change(valueAt(slider.valueAsNumber), false));
  slider.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (way === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const stride = (event.shiftKey ? PLACES / 400 : PLACES / 40) * way;
    const next = valueAt(Math.min(PLACES, Math.max(0, place(shown) + stride)));
    // A whole number always moves by one at least.
    change(whole && next === shown ? shown + way : next, false);
  });
  number.addEventListener("change", () => {
    change(number.valueAsNumber, false);
    number.value = short(shown, 7);
  });
  return {
    element: h("div", { class: "row" }, h("label", { for: id }, label), ...(bare ? [] : [slider]), number),
    show(value) {
      if (value === shown) return;
      shown = value;
      slider.value = String(place(value));
      slider.setAttribute("aria-valuetext", short(value));
      if (!isFocused(number)) number.value = short(value, 7);
    },
  };
}

/** A switch. */
export function toggle(label: string, change: Change<boolean>): Field<boolean> {
  const box = h("input", { type: "checkbox" });
  box.addEventListener("change", () => change(box.checked, false));
  return {
    element: h("label", { class: "switch" }, box, label),
    show(value) {
      box.checked = value;
    },
  };
}
