import type { State } from "../state/state.js";
import type { Store } from "../state/store.js";
import { h, iconButton, relabel } from "./dom.js";

export interface HeadActions {
  stories(): void;
  share(): void;
  save(format: "png" | "csv" | "npy" | "json" | "node"): void;
  help(): void;
}

const formats = [
  ["png", "Picture (.png)"],
  ["csv", "Particles (.csv)"],
  ["npy", "Particles (.npy)"],
  ["json", "All of it (.json)"],
  ["node", "Copy as Node code"],
] as const;

const themes = ["auto", "light", "dark"] as const;

/** The tools at the right of the tabs. */
export function headTools(
  store: Store,
  actions: HeadActions,
): { element: HTMLElement; update(state: State): void } {
  const back = iconButton("undo", "Undo (Ctrl Z)", () => store.undo());
  const forth = iconButton("redo", "Redo (Ctrl Y)", () => store.redo());
  const theme = iconButton("theme", "Theme: auto", () => {
    const next = themes[(themes.indexOf(store.get().theme) + 1) % themes.length];
    if (next !== undefined) store.set({ theme: next });
  });
  const menu = h("div", { class: "menu", id: "save-menu", role: "menu", "aria-label": "Save", hidden: true });
  const save = iconButton("save", "Save", () => open(menu.hasAttribute("hidden")), {
    "aria-haspopup": "menu",
    "aria-controls": "save-menu",
    "aria-expanded": "false",
  });
  const items = formats.map(([format, label]) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: -1,
        "data-format": format,
        onclick: () => {
          open(false);
          actions.save(format);
        },
      },
      label,
    ),
  );
  menu.append(...items);
  function open(on: boolean): void {
    const inside = menu.contains((menu.getRootNode() as ShadowRoot).activeElement);
    menu.hidden = !on;
    save.setAttribute("aria-expanded", String(on));
    if (on) items[0]?.focus();
    else if (inside) save.focus();
  }
  menu.addEventListener("keydown", (event) => {
    const now = items.indexOf(event.target as HTMLButtonElement);
    const count = items.length;
    const next = { ArrowDown: now + 1, ArrowUp: now - 1 + count, Home: 0, End: count - 1 }[event.key];
    if (next !== undefined) items[next % count]?.focus();
    else if (event.key === "Escape") open(false);
    else return;
    event.preventDefault();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (!menu.contains(relatedTarget as Node | null) && relatedTarget !== save) open(false);
  });
  const element = h(
    "div",
    { class: "tools" },
    iconButton("stories", "Stories", () => actions.stories()),
    back,
    forth,
    iconButton("link", "Copy a link to this", () => actions.share()),
    save,
    theme,
    iconButton("help", "Help (?)", () => actions.help()),
    menu,
  );
  return {
    element,
    update(state) {
      back.toggleAttribute("disabled", !store.canUndo);
      forth.toggleAttribute("disabled", !store.canRedo);
      relabel(theme, "theme", `Theme: ${state.theme}`);
    },
  };
}
