import { processTable } from "../state/choices.js";
import { ranges, type State } from "../state/state.js";
import type { Store } from "../state/store.js";
import { h, iconButton, relabel } from "./dom.js";
import { fromLog, short, toLog } from "./scale.js";

/** What the time bar, the keys and the element's methods move. */
export interface Player {
  readonly playing: boolean;
  play(): void;
  pause(): void;
  /** Forward by so many steps of the grid; back where negative. */
  step(count: number): unknown;
  /** From noise again. */
  restart(): void;
  /** To a time, while a hand is on the bar. */
  scrub(t: number): void;
}

export interface TimeBar {
  readonly element: HTMLElement;
  update(state: State): void;
  /** After the player changed what it does. */
  playing(on: boolean): void;
}

/** Positions of the slider: fine enough that a thousand steps have one each. */
const PLACES = 2000;

/** The time of a run, from noise at the left to data at the right, on the scale of its logarithm. */
export function timeBar(store: Store, player: Player): TimeBar {
  const ends = (state: State): [number, number] => [
    processTable[state.view.process].start,
    state.view.epsilon,
  ];
  const slider = h("input", {
    type: "range",
    min: 0,
    max: PLACES,
    step: 1,
    class: "time",
    "aria-label": "Time, from noise to data",
  });
  slider.addEventListener("input", () => {
    const [from, to] = ends(store.get());
    player.scrub(fromLog(slider.valueAsNumber / PLACES, from, to));
  });
  slider.addEventListener("keydown", (event) => {
    // Plain arrows go in coarse strides here as elsewhere, with shift in fine ones.
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (way === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    stride(store, player, way, event.shiftKey);
  });
  const number = h("input", {
    type: "number",
    step: "any",
    min: ranges.t[0],
    class: "number",
    "aria-label": "t",
  });
  number.addEventListener("change", () => {
    player.pause();
    store.set({ t: number.valueAsNumber });
    number.value = short(store.get().t);
  });
  const toggle = iconButton("play", "Play (space)", () => (player.playing ? player.pause() : player.play()), {
    class: "tool primary",
    part: "play",
  });
  const element = h(
    "div",
    { class: "timebar", part: "timebar", role: "group", "aria-label": "Time" },
    h(
      "div",
      { class: "tools" },
      iconButton("restart", "From noise again (R)", () => player.restart()),
      iconButton("back", "One step back (comma)", () => player.step(-1)),
      toggle,
      iconButton("forward", "One step forward (full stop)", () => player.step(1)),
    ),
    h("span", { class: "end" }, "noise"),
    slider,
    h("span", { class: "end" }, "data"),
    h("label", { class: "inline" }, h("i", {}, "t"), number),
  );
  return {
    element,
    update(state) {
      const [from, to] = ends(state);
      slider.value = String(Math.round(PLACES * toLog(state.t, from, to)));
      slider.setAttribute("aria-valuetext", `t = ${short(state.t)}`);
      number.max = String(processTable[state.view.process].horizon);
      if (number.getRootNode() instanceof ShadowRoot && isFocused(number)) return;
      number.value = short(state.t);
    },
    playing(on) {
      relabel(toggle, on ? "pause" : "play", on ? "Pause (space)" : "Play (space)");
    },
  };
}

/** Whether the reader is in a field: it must not change under their hands. */
export function isFocused(field: HTMLElement): boolean {
  return (field.getRootNode() as Document | ShadowRoot).activeElement === field;
}

/** Moves the time by a fortieth of the bar, or by a four-hundredth. */
export function stride(store: Store, player: Player, way: number, fine: boolean): void {
  const state = store.get();
  const [from, to] = [processTable[state.view.process].start, state.view.epsilon];
  const place = toLog(state.t, from, to) + way * (fine ? 1 / 400 : 1 / 40);
  player.scrub(fromLog(Math.min(1, Math.max(0, place)), from, to));
}
