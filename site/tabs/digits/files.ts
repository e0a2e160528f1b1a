/** Where the reader's images come in, by a button or dropped on the panel, and where they go. */
import { make } from "../panel.js";

export interface ImageFiles {
  /** What stands among the controls. */
  readonly elements: readonly HTMLElement[];
  /** Whether there are any to be removed. */
  show(some: boolean): void;
}

export function imageFiles(take: (files: readonly File[]) => void, remove: () => void): ImageFiles {
  const file = make("input", "");
  file.type = "file";
  file.accept = "image/png,.png";
  file.multiple = true;
  file.hidden = true;
  const add = make("button", "panel-button", "Add PNG images…");
  add.type = "button";
  const clear = make("button", "panel-button", "Remove yours");
  clear.type = "button";
  clear.hidden = true;
  add.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const files = [...(file.files ?? [])];
    file.value = "";
    take(files);
  });
  clear.addEventListener("click", () => {
    // The button that has the focus is about to go.
    add.focus();
    remove();
  });
  return {
    elements: [make("div", "panel-buttons", [add, clear]), file],
    show(some) {
      clear.hidden = !some;
    },
  };
}

/** Takes files that are dropped on `root`. */
export function takeDropped(root: HTMLElement, take: (files: readonly File[]) => void): void {
  root.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    root.classList.add("is-target");
  });
  root.addEventListener("dragleave", () => root.classList.remove("is-target"));
  root.addEventListener("drop", (event) => {
    root.classList.remove("is-target");
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    take(files);
  });
}
