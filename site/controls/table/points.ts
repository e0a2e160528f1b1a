import type { Store } from "../../state/store.js";
import { viewOf } from "../../worker/protocol.js";
import { h, iconButton, quietButton } from "../dom.js";

/** Points shown in the table at once. */
const MOST_ROWS = 200;

/** The points of a pane as numbers to be changed: a row for each, and a button for one more. */
export class PointTable {
  readonly body = h("tbody", {});
  readonly add = quietButton("Add a point", () => this.#addPoint());
  readonly #store: Store;
  readonly #pane: number;
  #own: number[];

  constructor(store: Store, pane: number, points: readonly number[]) {
    this.#store = store;
    this.#pane = pane;
    this.#own = [...points];
    this.#fill();
  }

  /** What is said where not all points are shown. */
  get note(): string | undefined {
    const count = this.#own.length / 2;
    return count > MOST_ROWS ? `The first ${MOST_ROWS} of ${count} points.` : undefined;
  }

  #change(): void {
    this.#store.setPane(this.#pane, { set: "own", points: this.#own });
    // What is out of range has been moved.
    this.#own = [...viewOf(this.#store.get(), this.#pane).points];
  }

  #fill(): void {
    const count = Math.min(this.#own.length / 2, MOST_ROWS);
    this.body.replaceChildren(...Array.from({ length: count }, (_, i) => this.#row(i)));
  }

  #row(i: number): HTMLElement {
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, String(i + 1)),
      this.#cell(2 * i, "x"),
      this.#cell(2 * i + 1, "y"),
      h(
        "td",
        {},
        iconButton("no", `Delete point ${i + 1}`, () => this.#delete(i)),
      ),
    );
  }

  #cell(index: number, name: string): HTMLElement {
    const input = h("input", {
      type: "number",
      step: "any",
      class: "number",
      "aria-label": `${name} of point ${Math.floor(index / 2) + 1}`,
      value: this.#own[index],
    });
    input.addEventListener("change", () => {
      if (Number.isFinite(input.valueAsNumber)) {
        this.#own[index] = input.valueAsNumber;
        this.#change();
      }
      input.value = String(this.#own[index]);
    });
    return h("td", {}, input);
  }

  #delete(i: number): void {
    this.#own = this.#own.filter((_, k) => k >> 1 !== i);
    this.#change();
    this.#fill();
    const buttons = this.body.querySelectorAll("button");
    (buttons[Math.min(i, this.body.children.length - 1)] ?? this.add).focus();
  }

  #addPoint(): void {
    const { x, y } = this.#store.get().camera;
    this.#own.push(x, y);
    this.#change();
    this.#fill();
    this.body.lastElementChild?.querySelector("input")?.focus();
  }
}
