/** What an element is made with: attributes by name, "on..." listeners; undefined and false are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | EventListener | undefined>>;

/**
 * An element with its attributes and children; text is always text.
 *
 * @example h("button", { class: "quiet", onclick: () => play() }, "Play")
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Drawings of 16 x 16, one stroke each. */
const paths = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4.5 3v10M11.5 3v10",
  back: "M11.5 3 5.5 8l6 5zM3.5 3v10",
  forward: "M4.5 3l6 5-6 5zM12.5 3v10",
  restart: "M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3",
  dice: "M2.5 2.5h11v11h-11zM5.6 5.6h.01M10.4 5.6h.01M8 8h.01M5.6 10.4h.01M10.4 10.4h.01",
  link: "M6.5 9.5l3-3M7 5l1.7-1.7a2.8 2.8 0 0 1 4 4L11 9M9 11l-1.7 1.7a2.8 2.8 0 0 1-4-4L5 7",
  save: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  help: "M5.8 5.8a2.2 2.2 0 1 1 3.3 2C8.4 8.3 8 8.7 8 9.6M8 12.2h.01",
  stories: "M2.5 3.5h11M2.5 8h11M2.5 12.5h7",
  undo: "M3 6h6.5a3.5 3.5 0 0 1 0 7H6M5.5 3.2 2.7 6l2.8 2.8",
  redo: "M13 6H6.5a3.5 3.5 0 0 0 0 7H10M10.5 3.2 13.3 6l-2.8 2.8",
  yes: "M3 8.5l3.5 3.5L13 4.5",
  no: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  wait: "M8 3.5V8l3 2M8 2a6 6 0 1 0 .01 0",
  add: "M8 3v10M3 8h10",
  table: "M2.5 3h11v10h-11zM2.5 6.5h11M2.5 9.8h11M6.5 3v10",
} as const;

export type IconName = keyof typeof paths;

const NS = "http://www.w3.org/2000/svg";

/** A drawing beside words, or in a button that has a name: hidden from readers of the screen. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(NS, "svg");
  for (const [key, value] of [
    ["viewBox", "0 0 16 16"],
    ["class", "icon"],
    ["aria-hidden", "true"],
  ] as const)
    svg.setAttribute(key, value);
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** A button with a drawing; `name` is its name and its tip. */
export function iconButton(
  drawing: IconName,
  name: string,
  onclick: () => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: "tool", "aria-label": name, title: name, onclick, ...attributes },
    icon(drawing),
  );
}

/** A button of words. */
export function quietButton(
  text: string,
  onclick: () => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  return h("button", { type: "button", class: "quiet-button", onclick, ...attributes }, text);
}

/** Puts another drawing and name on such a button. */
export function relabel(button: HTMLButtonElement, drawing: IconName, name: string): void {
  if (button.title === name) return;
  button.replaceChildren(icon(drawing));
  button.title = name;
  button.setAttribute("aria-label", name);
}
