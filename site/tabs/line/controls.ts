import { number } from "../../charts/format.js";
import type { State } from "../../state/state.js";
import type { Store } from "../../state/store.js";
import { field, isFocused, make } from "../panel.js";

/** Points that are taken from the field. */
const MOST_POINTS = 64;

/** The points, where runs start, and beside them the time that is shown. `refused` is told why points are not taken, or nothing. */
export function controls(
  store: Store,
  refused: (why: readonly string[]) => void,
): {
  readonly bar: HTMLElement;
  readonly status: HTMLElement;
  update(state: State): void;
  showPoints(points: ArrayLike<number>): void;
} {
  const points = make("input", "");
  Object.assign(points, { type: "text", inputMode: "text", autocomplete: "off", spellcheck: false });
  const start = make("input", "");
  [start.type, start.min, start.max, start.step] = ["number", "0.0001", "80", "any"];
  const status = make("p", "panel-status");
  status.setAttribute("role", "status");
  points.addEventListener("change", () => {
    const parsed = parsePoints(points.value);
    const wrong = typeof parsed === "string";
    points.setAttribute("aria-invalid", String(wrong));
    refused(wrong ? [parsed] : []);
    if (!wrong) store.set({ view: { set: "own", points: parsed.flatMap((x) => [x, 0]) } });
  });
  start.addEventListener("change", () => {
    const value = Number(start.value);
    if (value > 0) store.set({ view: { start: value } });
    else start.value = String(store.get().view.start);
  });
  return {
    bar: make("div", "panel-bar", [
      field("Points on the line", points, true),
      field("Runs start at t\u2080", start),
      status,
    ]),
    status,
    update({ view }) {
      if (!isFocused(start)) start.value = String(view.start);
    },
    showPoints(list) {
      if (!isFocused(points)) points.value = Array.from(list, (value) => number(value, 6)).join(", ");
    },
  };
}

/** Numbers between commas, blanks or semicolons; or why they are none. */
export function parsePoints(text: string): number[] | string {
  const words = text
    .replaceAll("\u2212", "-")
    .split(/[\s,;]+/)
    .filter((word) => word !== "");
  if (words.length === 0) return "Give at least one number.";
  if (words.length > MOST_POINTS) return `At most ${MOST_POINTS} points, these are ${words.length}.`;
  const numbers = words.map(Number);
  const wrong = numbers.findIndex((x) => !Number.isFinite(x) || Math.abs(x) > 1e3);
  if (wrong >= 0) return `"${words[wrong]}" is no number from \u22121000 to 1000.`;
  return numbers;
}
