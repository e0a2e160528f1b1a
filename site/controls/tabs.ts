import { type State, type Tab, tabs } from "../state/state.js";
import type { Store } from "../state/store.js";
import { h } from "./dom.js";

const titles: Readonly<Record<Tab, string>> = {
  map: "Map",
  particles: "Particles",
  line: "1-D",
  pde: "PDE",
  digits: "Digits",
  compare: "Compare",
};

/** Tabs of which one is reached by the tab key; arrows, Home and End go between them. */
export function tabList(store: Store, panelId: string): { element: HTMLElement; update(state: State): void } {
  const buttons = tabs.map((tab) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${tab}`,
        "aria-controls": panelId,
        onclick: () => store.set({ tab }),
      },
      titles[tab],
    ),
  );
  const element = h(
    "div",
    { class: "tabs", part: "tabs", role: "tablist", "aria-label": "Views" },
    ...buttons,
  );
  element.addEventListener("keydown", (event) => {
    const now = tabs.indexOf(store.get().tab);
    const last = tabs.length - 1;
    const next = {
      ArrowRight: now === last ? 0 : now + 1,
      ArrowLeft: now === 0 ? last : now - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    store.set({ tab: tabs[next] });
    buttons[next]?.focus();
  });
  return {
    element,
    update(state) {
      buttons.forEach((button, i) => {
        const on = tabs[i] === state.tab;
        button.setAttribute("aria-selected", String(on));
        button.tabIndex = on ? 0 : -1;
      });
    },
  };
}
