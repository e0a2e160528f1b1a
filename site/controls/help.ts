import { adoptLate } from "../style/late.js";
import { h, iconButton } from "./dom.js";

/** What keys do while the component has the focus: see keys.ts. */
const keyHelp: readonly (readonly [string, string])[] = [
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

/** Shows what the page is, what its keys are and where it is measured, beside `home`, until it is closed. */
export function showHelp(root: ParentNode & Node, about: string, home: string): void {
  adoptLate(root);
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
    h(
      "p",
      {},
      h("a", { href: new URL("bench.html", home).href }, "What the kernels gain in this browser"),
      ", measured beside plain TypeScript; ",
      h("a", { href: new URL("million.html", home).href }, "a million points in space"),
      ", sampled to a tolerance.",
    ),
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
