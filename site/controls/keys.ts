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
