import { h, iconButton } from "./dom.js";
import { keyHelp } from "./keys.js";

/** Shows what the page is and what its keys are, until it is closed. */
export function showHelp(root: ParentNode & Node, about: string): void {
  const close = (): void => dialog.close();
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "help-title" },
    h("div", { class: "bar" }, h("h2", { id: "help-title" }, "Help"), iconButton("no", "Close", close)),
    h(
      "p",
      {},
      "What a diffusion model samples when its score is known exactly, noisy, smoothed or learned. All of it is computed here, live; the stories hold it to what theory says.",
    ),
    h(
      "p",
      {},
      "Drag a training point, double-click or press long to add one. Hover over the stage for values, click for a trajectory. The address of the page carries all that is shown.",
    ),
    h("h3", {}, "Keys, while the explorer has the focus"),
    h("dl", {}, ...keyHelp.flatMap(([keys, what]) => [h("dt", {}, ...kbds(keys)), h("dd", {}, what)])),
    h("p", { class: "quiet" }, about),
  );
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}

function kbds(keys: string): (Node | string)[] {
  return keys.split(", ").flatMap((one, i) => {
    const parts = one === "" ? [","] : one.split(" ");
    const list = parts.flatMap((part, k) => (k > 0 ? [" ", h("kbd", {}, part)] : [h("kbd", {}, part)]));
    return i > 0 ? [", ", ...list] : list;
  });
}
