import { h } from "../controls/dom.js";
import type { Store } from "../state/store.js";
import { sheetOf } from "../style/adopt.js";
import text from "../style/hand.css";
import type { Probe } from "../worker/protocol.js";
import { Lens } from "./lens.js";
import type { PaneView } from "./paneView.js";
import { readoutOf } from "./readout.js";

export interface PointerContext {
  readonly store: Store;
  probe(x: readonly number[]): Promise<Probe>;
  /** Starts a trajectory. */
  start(x: readonly number[]): Promise<void>;
  repaint(): void;
}

const adoptHand = sheetOf(text);

/** CSS pixels within which a pointer is on a point, and beyond which a press is a drag. */
const REACH = { mouse: 12, touch: 22 } as const;
const MOVED = 4;
/** Milliseconds of a long press, and within which a second click makes a double one. */
const LONG = 500;
const DOUBLE = 280;

/** Pointers and keys on a pane. */
export class Pointer {
  readonly #pane: PaneView;
  readonly #index: number;
  readonly #context: PointerContext;
  readonly #ends: (() => void)[] = [];
  readonly #down = new Map<number, [number, number]>();
  #drag: { kind: "point"; point: number } | { kind: "pan" } | { kind: "press" } | undefined;
  #from: [number, number] = [0, 0];
  #moved = false;
  #long: ReturnType<typeof setTimeout> | undefined;
  #click: ReturnType<typeof setTimeout> | undefined;
  /** Where the read-out is of, and whether an answer is awaited. */
  #place: readonly number[] | undefined;
  #probing = false;
  #hover: [number, number] | undefined;
  #editor: HTMLElement | undefined;

  constructor(pane: PaneView, index: number, context: PointerContext) {
    this.#pane = pane;
    this.#index = index;
    this.#context = context;
    const { surface } = pane;
    adoptHand(surface);
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void,
      options?: AddEventListenerOptions,
    ): void => {
      surface.addEventListener(type, listener, options);
      this.#ends.push(() => surface.removeEventListener(type, listener, options));
    };
    on("pointerdown", (event) => this.#pressed(event));
    on("pointermove", (event) => this.#went(event));
    on("pointerup", (event) => this.#released(event, false));
    on("pointercancel", (event) => this.#released(event, true));
    on("pointerleave", (event) => {
      this.#hover = undefined;
      if (event.pointerType === "touch") return;
      this.#look(undefined);
      if (this.#focused || pane.active === undefined) return;
      pane.active = undefined;
      context.repaint();
    });
    on("dblclick", (event) => event.preventDefault());
    on("contextmenu", (event) => {
      if (event.pointerType === "touch") event.preventDefault();
    });
    on("wheel", (event) => this.#wheel(event), { passive: false });
    on("keydown", (event) => this.#key(event));
    on("focusin", (event) => this.#focus(event));
    on("focusout", () => {
      if (this.#drag) return;
      pane.active = undefined;
      this.#look(this.#hover && this.#plane(this.#hover));
      context.repaint();
    });
  }

  /** Whether a point is in hand: its place is the page's until it is let go. */
  get holding(): boolean {
    return this.#drag?.kind === "point";
  }

  dispose(): void {
    clearTimeout(this.#long);
    clearTimeout(this.#click);
    for (const end of this.#ends.splice(0)) end();
  }

  #at(event: MouseEvent): [number, number] {
    const box = this.#pane.surface.getBoundingClientRect();
    return [
      event.clientX - box.left - this.#pane.surface.clientLeft,
      event.clientY - box.top - this.#pane.surface.clientTop,
    ];
  }

  #plane([px, py]: readonly [number, number]): [number, number] {
    return this.#pane.lens.toPlane(px, py);
  }

  /** The point under a pointer. */
  #hit([px, py]: readonly [number, number], reach: number): number | undefined {
    const { points, lens } = this.#pane;
    let best: number | undefined;
    let least = reach * reach;
    for (let m = 0; m < points.length / 2; m++) {
      const [x, y] = lens.toPixel(points[2 * m], points[2 * m + 1]);
      const square = (x - px) ** 2 + (y - py) ** 2;
      if (square <= least) {
        least = square;
        best = m;
      }
    }
    return best;
  }

  #pressed(event: PointerEvent): void {
    if (this.#editor?.contains(event.target as Node)) return;
    this.#closeEditor();
    const at = this.#at(event);
    this.#down.set(event.pointerId, at);
    if (this.#down.size === 2) {
      // Two fingers: zoom and pan, and what one of them began is nothing.
      clearTimeout(this.#long);
      if (this.#drag?.kind === "point") this.#commit();
      this.#drag = { kind: "pan" };
      this.#moved = true;
      return;
    }
    if (event.button > 1) return;
    const touch = event.pointerType === "touch";
    this.#from = at;
    this.#moved = false;
    const point = this.#hit(at, touch ? REACH.touch : REACH.mouse);
    if (event.button === 1 || event.shiftKey || event.ctrlKey || event.metaKey) this.#drag = { kind: "pan" };
    else if (point !== undefined) this.#drag = { kind: "point", point };
    else this.#drag = { kind: "press" };
    if (this.#drag.kind !== "press" || !touch) this.#pane.surface.setPointerCapture(event.pointerId);
    if (this.#drag.kind === "point") {
      event.preventDefault();
      this.#pane.active = point;
      (this.#pane.handles.children[point as number] as HTMLElement | undefined)?.focus({
        preventScroll: true,
      });
      this.#pane.active = point;
      this.#context.repaint();
    }
    if (this.#drag.kind === "press" && touch) {
      this.#long = setTimeout(() => {
        if (this.#drag?.kind !== "press" || this.#moved) return;
        this.#drag = undefined;
        this.#add(this.#plane(at));
      }, LONG);
    }
  }

  #went(event: PointerEvent): void {
    const at = this.#at(event);
    const before = this.#down.get(event.pointerId);
    if (this.#down.size === 2 && before) {
      this.#pinch(event.pointerId, before, at);
      return;
    }
    if (this.#drag && before) {
      const far = Math.hypot(at[0] - this.#from[0], at[1] - this.#from[1]) > MOVED;
      if (!this.#moved && !far) return;
      this.#moved = true;
      this.#down.set(event.pointerId, at);
      if (this.#drag.kind === "pan")
        this.#look_camera(this.#pane.lens.panned(at[0] - before[0], at[1] - before[1]));
      if (this.#drag.kind === "point") this.#movePoint(this.#drag.point, this.#plane(at), true);
      return;
    }
    if (event.pointerType === "touch") return;
    this.#hover = at;
    const point = this.#hit(at, REACH.mouse);
    this.#pane.surface.classList.toggle("over-point", point !== undefined);
    if (point !== this.#pane.active && !this.#focused) {
      this.#pane.active = point;
      this.#context.repaint();
    }
    this.#look(this.#plane(at));
  }

  #released(event: PointerEvent, cancelled: boolean): void {
    clearTimeout(this.#long);
    this.#down.delete(event.pointerId);
    const drag = this.#drag;
    if (this.#down.size > 0) return;
    this.#drag = undefined;
    if (drag?.kind === "point" && this.#moved) this.#commit();
    if (drag?.kind !== "press" || this.#moved || cancelled) return;
    const place = this.#plane(this.#at(event));
    if (event.pointerType === "touch") this.#look(place);
    if (this.#click !== undefined) {
      clearTimeout(this.#click);
      this.#click = undefined;
      this.#add(place);
      return;
    }
    this.#click = setTimeout(() => {
      this.#click = undefined;
      void this.#context.start(place).catch(() => {});
    }, DOUBLE);
  }

  #pinch(id: number, before: [number, number], at: [number, number]): void {
    const other = [...this.#down].find(([key]) => key !== id)?.[1] as [number, number];
    this.#down.set(id, at);
    const distance = (p: [number, number]): number =>
      Math.max(8, Math.hypot(p[0] - other[0], p[1] - other[1]));
    const { lens } = this.#pane;
    // What was in the middle of the fingers goes with it.
    const middle: [number, number] = [(before[0] + other[0]) / 2, (before[1] + other[1]) / 2];
    const zoomed = lens.zoomed(distance(at) / distance(before), ...middle);
    const moved = new Lens(zoomed, lens.width, lens.height);
    this.#look_camera(moved.panned((at[0] - before[0]) / 2, (at[1] - before[1]) / 2));
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const by = (event.deltaY || event.deltaX) * lines;
    this.#look_camera(this.#pane.lens.zoomed(Math.exp(-by / 400), ...this.#at(event)));
  }

  #look_camera(camera: { x: number; y: number; half: number }): void {
    this.#context.store.set({ camera }, { undo: false });
  }

  /** The focus is on a point. */
  get #focused(): boolean {
    return this.#focusedPoint !== undefined;
  }

  get #focusedPoint(): number | undefined {
    const root = this.#pane.surface.getRootNode() as Document | ShadowRoot;
    const { point } = (root.activeElement as HTMLElement | null)?.dataset ?? {};
    return point !== undefined && this.#pane.handles.contains(root.activeElement) ? Number(point) : undefined;
  }

  #focus(event: FocusEvent): void {
    const { point } = (event.target as HTMLElement).dataset;
    if (point === undefined) return;
    this.#pane.active = Number(point);
    this.#context.repaint();
    this.#look(this.#pointAt(Number(point)));
  }

  #pointAt(m: number): [number, number] {
    return [this.#pane.points[2 * m], this.#pane.points[2 * m + 1]];
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (this.#editor?.contains(event.target as Node)) {
      if (event.key === "Escape") this.#closeEditor(true);
      event.stopPropagation();
      return;
    }
    const point = this.#focusedPoint;
    const taken = (): void => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (event.key === "a" || event.key === "A") {
      taken();
      this.#add(this.#hover ? this.#plane(this.#hover) : this.#free());
      return;
    }
    if (point === undefined) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (way !== undefined) {
      taken();
      const stride = this.#pane.lens.camera.half * (event.shiftKey ? 0.002 : 0.02);
      const [x, y] = this.#pointAt(point);
      this.#movePoint(point, [x + way[0] * stride, y + way[1] * stride], false);
      return;
    }
    if (event.key === "Delete" || event.key === "Backspace") {
      taken();
      this.#remove(point);
    }
    if (event.key === "Enter" || event.key === "F2") {
      taken();
      this.#edit(point);
    }
  }

  /** A place for a point that nobody pointed at: the middle, or beside what is there. */
  #free(): [number, number] {
    const { camera } = this.#pane.lens;
    const { points } = this.#pane;
    for (let k = 0; ; k++) {
      const place: [number, number] = [
        camera.x + camera.half * 0.12 * Math.sqrt(k) * Math.cos(2.4 * k),
        camera.y + camera.half * 0.12 * Math.sqrt(k) * Math.sin(2.4 * k),
      ];
      let taken = false;
      for (let m = 0; m < points.length; m += 2) {
        const distance = Math.hypot(points[m] - place[0], points[m + 1] - place[1]);
        if (distance < 0.08 * camera.half) taken = true;
      }
      if (!taken || k > 200) return place;
    }
  }

  #setPoints(points: readonly number[], transient: boolean): void {
    this.#pane.setPoints(points);
    this.#context.repaint();
    this.#context.store.setPane(this.#index, { set: "own", points }, { transient });
  }

  #movePoint(m: number, [x, y]: readonly [number, number], transient: boolean): void {
    const points = [...this.#pane.points];
    points[2 * m] = x;
    points[2 * m + 1] = y;
    this.#setPoints(points, transient);
    this.#look([x, y]);
  }

  /** The end of a drag: all of it is one step of undo. */
  #commit(): void {
    this.#context.store.setPane(this.#index, { set: "own", points: this.#pane.points }, {});
  }

  #add(place: readonly [number, number]): void {
    this.#setPoints([...this.#pane.points, ...place], false);
  }

  #remove(m: number): void {
    const points = [...this.#pane.points];
    if (points.length <= 2) {
      this.#context.store.notices.say("The last point stays: without any there is no density.");
      return;
    }
    points.splice(2 * m, 2);
    this.#pane.active = undefined;
    this.#setPoints(points, false);
    (this.#pane.handles.children[Math.min(m, points.length / 2 - 1)] as HTMLElement | undefined)?.focus();
  }

  /** Numbers in the place of a drag. */
  #edit(m: number): void {
    this.#closeEditor();
    const [x, y] = this.#pointAt(m);
    const field = (name: string, value: number): HTMLInputElement => {
      const input = h("input", { type: "number", step: "any", "aria-label": `${name} of point ${m + 1}` });
      input.value = String(Number(value.toFixed(4)));
      return input;
    };
    const [fx, fy] = [field("x", x), field("y", y)];
    const apply = (): void => {
      if (Number.isFinite(fx.valueAsNumber) && Number.isFinite(fy.valueAsNumber)) {
        this.#movePoint(m, [fx.valueAsNumber, fy.valueAsNumber], false);
      }
    };
    const editor = h(
      "form",
      { class: "editor", "aria-label": `Point ${m + 1}` },
      h("label", {}, "x", fx),
      h("label", {}, "y", fy),
      h("button", { type: "submit" }, "Done"),
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            this.#closeEditor();
            this.#remove(m);
          },
        },
        "Delete",
      ),
    );
    for (const input of [fx, fy]) input.addEventListener("change", apply);
    editor.addEventListener("submit", (event) => {
      event.preventDefault();
      apply();
      this.#closeEditor(true);
    });
    const [px, py] = this.#pane.lens.toPixel(x, y);
    editor.classList.toggle("left", px > this.#pane.lens.width / 2);
    editor.classList.toggle("up", py > this.#pane.lens.height / 2);
    editor.style.left = `${px}px`;
    editor.style.top = `${py}px`;
    editor.dataset.of = String(m);
    this.#editor = editor;
    this.#pane.surface.append(editor);
    fx.select();
  }

  #closeEditor(focus = false): void {
    const editor = this.#editor;
    this.#editor = undefined;
    if (editor === undefined) return;
    const m = Number(editor.dataset.of);
    editor.remove();
    if (focus) (this.#pane.handles.children[m] as HTMLElement | undefined)?.focus();
  }

  /** The read-out follows the place; the newest is asked for when the answer before it is there. */
  #look(place: readonly number[] | undefined): void {
    this.#place = place;
    if (place === undefined) this.#pane.readOut(undefined);
    else if (!this.#probing) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#probing = true;
    try {
      while (this.#place !== undefined) {
        const place = this.#place;
        const probe = await this.#context.probe(place);
        if (this.#place !== undefined) this.#pane.readOut(probe.x, readoutOf(probe));
        if (this.#place === place) break;
      }
    } catch {
      this.#pane.readOut(undefined);
    } finally {
      this.#probing = false;
    }
  }
}
