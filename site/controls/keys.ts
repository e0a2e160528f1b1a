/** What keys do while the component has the focus; the help lists it from here. */
export const keyHelp: readonly (readonly [string, string])[] = [
  ["Space", "Play or pause"],
  ["\u2190 \u2192", "Earlier, later; with Shift in fine steps"],
  [", .", "One step of the grid back, forward"],
  ["R", "From noise again"],
  ["S", "Another seed"],
  ["A", "Add a point"],
  ["Delete", "Take away the point that has the focus"],
  ["Ctrl Z, Ctrl Y", "Undo, redo"],
  ["?", "This help"],
];

export interface KeyActions {
  toggle(): void;
  stride(way: number, fine: boolean): void;
  step(count: number): void;
  restart(): void;
  reseed(): void;
  addPoint(): void;
  undo(): void;
  redo(): void;
  help(): void;
}

/** Fields in which letters are text, and arrows move a caret or a choice. */
const typing = "input:not([type=checkbox], [type=range]), select, textarea, [contenteditable]";
/** What space presses. */
const pressed = "button, summary, input, select, a[href]";
/** What arrows move by themselves. */
const arrowed = "input, select, [role=tab], [role=radio], [role=application], [data-arrows]";

/** Does what a key says; leaves alone what the control under it wants for itself. */
export function onKey(event: KeyboardEvent, actions: KeyActions): void {
  const target = event.composedPath()[0];
  if (event.defaultPrevented || !(target instanceof Element)) return;
  const { key, shiftKey: shift } = event;
  const done = (act: () => void): void => {
    event.preventDefault();
    act();
  };
  if (event.ctrlKey || event.metaKey) {
    if (event.altKey || target.matches(typing)) return;
    if (key === "z" || key === "Z") done(shift ? actions.redo : actions.undo);
    else if (key === "y" && !shift) done(actions.redo);
    return;
  }
  if (event.altKey || target.matches(typing) || target.closest("dialog")) return;
  if (key === " ") {
    if (!target.matches(pressed)) done(actions.toggle);
  } else if (key === "ArrowLeft" || key === "ArrowRight") {
    if (!target.matches(arrowed)) done(() => actions.stride(key === "ArrowLeft" ? -1 : 1, shift));
  } else if (key === ",") done(() => actions.step(-1));
  else if (key === ".") done(() => actions.step(1));
  else if (key === "?") done(actions.help);
  else if (key === "r" || key === "R") done(actions.restart);
  else if (key === "s" || key === "S") done(actions.reseed);
  else if (key === "a" || key === "A") done(actions.addPoint);
}
