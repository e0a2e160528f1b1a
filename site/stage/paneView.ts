import { h } from "../controls/dom.js";
import type { State, View } from "../state/state.js";
import type { Frame, Picture, Replies, Scale } from "../worker/protocol.js";
import { Lens, shortNumber } from "./lens.js";
import {
  paintArrows,
  paintAxes,
  paintBar,
  paintCircles,
  paintEdges,
  paintEllipses,
  paintPaths,
  paintPoints,
  titleOf,
} from "./paint.js";
import { type Palette, paletteOf } from "./palette.js";

/** Device pixels of a pane's side, at most: beyond, a pixel stands for more than one of the device's. */
const MOST_PIXELS = 1200;
/** Points that can be focused; more are drawn and dragged only. */
export const MOST_HANDLES = 100;
const BAR_HEIGHT = 34;

/** What lies over the picture. */
export interface Marks {
  glyphs: { readonly data: Replies["glyphs"]; readonly side: number } | undefined;
  edges: Float64Array | undefined;
  paths: Replies["paths"] | undefined;
  own: Replies["paths"][];
}

/** One pane on the page: two canvases of pixels from the worker, one of marks, handles of the points, a read-out, a bar. */
export class PaneView {
  readonly element: HTMLElement;
  /** Where pointers and keys are taken. */
  readonly surface: HTMLElement;
  readonly handles: HTMLElement;
  readonly marks: Marks = { glyphs: undefined, edges: undefined, paths: undefined, own: [] };
  readonly #field = h("canvas", { class: "layer", part: "field" });
  readonly #density = h("canvas", { class: "layer density", part: "density" });
  readonly #overlay = h("canvas", { class: "layer" });
  readonly #bar = h("canvas", { class: "bar" });
  readonly #caption = h("div", { class: "caption" });
  readonly #title = h("span", { class: "title" });
  readonly #notice = h("p", { class: "pane-notice", hidden: true });
  readonly #readout = h("div", { class: "readout", hidden: true, part: "readout" });
  readonly #label = h("p", { class: "pane-label", hidden: true });
  /** CSS pixels. */
  #width = 0;
  #height = 0;
  #ratio = 1;
  #frame: Frame | undefined;
  #scale: Scale | undefined;
  #barText = "";
  #state: State;
  #view: View;
  #dark = false;
  #points: readonly number[] = [];
  /** The point that has a hand or the focus on it. */
  active: number | undefined;

  constructor(state: State, view: View) {
    this.#state = state;
    this.#view = view;
    this.handles = h("div", { class: "handles" });
    this.surface = h(
      "div",
      { class: "surface", tabindex: 0, role: "group" },
      this.#field,
      this.#density,
      this.#overlay,
      this.handles,
      this.#label,
      this.#readout,
      this.#notice,
    );
    for (const canvas of [this.#field, this.#density, this.#overlay, this.#bar]) {
      canvas.setAttribute("aria-hidden", "true");
    }
    this.#caption.append(this.#title, this.#bar);
    this.element = h("div", { class: "pane" }, this.surface, this.#caption);
  }

  get lens(): Lens {
    return new Lens(this.#state.camera, this.#width, this.#height);
  }

  get points(): readonly number[] {
    return this.#points;
  }

  get frame(): Frame | undefined {
    return this.#frame;
  }

  get view(): View {
    return this.#view;
  }

  /** Takes the size that the page gives it; whether it is another one. */
  measure(): boolean {
    const { clientWidth, clientHeight } = this.surface;
    const ratio = globalThis.devicePixelRatio || 1;
    if (clientWidth === this.#width && clientHeight === this.#height && ratio === this.#ratio) return false;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#ratio = ratio;
    this.#barText = "";
    return true;
  }

  get visible(): boolean {
    return this.#width > 0 && this.#height > 0;
  }

  /** Pixels that the worker draws. */
  get size(): { width: number; height: number } {
    const ratio = Math.min(this.#ratio, MOST_PIXELS / Math.max(1, this.#width, this.#height));
    return {
      width: Math.max(1, Math.round(this.#width * ratio)),
      height: Math.max(1, Math.round(this.#height * ratio)),
    };
  }

  /** Takes in what the page wants shown. */
  show(state: State, view: View, dark: boolean, label: string | undefined): void {
    this.#state = state;
    this.#view = view;
    this.#dark = dark;
    this.#label.hidden = label === undefined;
    this.#label.textContent = label ?? "";
    this.surface.classList.toggle("on-dark", this.#onDark);
  }

  setPoints(points: readonly number[]): void {
    this.#points = points;
  }

  /** Puts a frame on the canvases; the buffers of its pictures are free afterwards. */
  draw(frame: Frame): ArrayBuffer[] {
    this.#frame = frame;
    const free: ArrayBuffer[] = [];
    for (const [canvas, picture] of [
      [this.#field, frame.field],
      [this.#density, frame.density],
    ] as const) {
      if (picture === "same") continue;
      canvas.hidden = picture === undefined;
      if (picture !== undefined) {
        put(canvas, picture);
        free.push(picture.pixels.buffer);
      }
    }
    this.#scale = frame.scale;
    this.#notice.hidden = frame.notice === undefined;
    if (frame.notice !== undefined) this.#notice.textContent = frame.notice;
    this.surface.classList.toggle("on-dark", this.#onDark);
    this.#paintCaption();
    return free;
  }

  /** Whether what lies under the marks is dark: most of cividis is, whatever the page. */
  get #onDark(): boolean {
    const colours = this.#view.quantity === "none" ? undefined : this.#scale?.colours;
    return colours === "cividis" || (this.#dark && colours !== "purpleOrange");
  }

  get #palette(): Palette {
    return paletteOf(this.#onDark);
  }

  /** Draws all that lies over the pictures. */
  paint(): void {
    const canvas = this.#overlay;
    const [width, height] = [Math.round(this.#width * this.#ratio), Math.round(this.#height * this.#ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    this.#paintMarks(context);
    this.#placeHandles();
  }

  #paintMarks(context: CanvasRenderingContext2D): void {
    const { lens, marks } = this;
    const palette = this.#palette;
    const { overlays, estimator } = this.#view;
    const t = this.#frame?.t ?? this.#state.t;
    if (overlays.voronoi && marks.edges) paintEdges(context, lens, marks.edges, palette);
    if (overlays.ellipses && marks.glyphs) {
      paintEllipses(context, lens, marks.glyphs.data, marks.glyphs.side, palette);
    }
    if (overlays.arrows && marks.glyphs) {
      paintArrows(context, lens, marks.glyphs.data, marks.glyphs.side, palette);
    }
    if (overlays.trajectories && marks.paths && this.#state.tab !== "map") {
      paintPaths(context, lens, marks.paths, t, palette.sampler, undefined);
    }
    if (this.#frame?.circles) {
      paintCircles(context, lens, this.#frame.circles, estimator === "kde", palette);
    }
    for (const own of marks.own) paintPaths(context, lens, own, t, palette.own, palette.halo);
    paintPoints(context, lens, this.#points, this.active, palette);
    paintAxes(context, lens, palette);
  }

  #paintCaption(): void {
    const scale = this.#scale;
    const width = this.#bar.clientWidth;
    const text = JSON.stringify([scale, width, this.#dark, this.#ratio]);
    if (text === this.#barText) return;
    this.#barText = text;
    this.#caption.hidden = scale === undefined;
    if (scale === undefined) return;
    this.#title.textContent = titleOf(scale);
    this.#bar.hidden = scale.colours === "cells";
    this.#bar.width = Math.round(this.#bar.clientWidth * this.#ratio);
    this.#bar.height = Math.round(BAR_HEIGHT * this.#ratio);
    const context = this.#bar.getContext("2d");
    if (context === null || this.#bar.clientWidth === 0) return;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    paintBar(context, scale, this.#bar.clientWidth, paletteOf(this.#dark));
  }

  /** A handle for each point, made as points come and go: what is focused stays so. */
  #placeHandles(): void {
    const count = this.#points.length / 2 > MOST_HANDLES ? 0 : this.#points.length / 2;
    while (this.handles.childElementCount > count) this.handles.lastElementChild?.remove();
    while (this.handles.childElementCount < count) {
      this.handles.append(h("button", { type: "button", class: "handle", part: "point" }));
    }
    const { lens } = this;
    for (let m = 0; m < count; m++) {
      const [x, y] = [this.#points[2 * m], this.#points[2 * m + 1]];
      const [px, py] = lens.toPixel(x, y);
      const handle = this.handles.children[m] as HTMLButtonElement;
      handle.dataset.point = String(m);
      handle.style.transform = `translate(${px}px, ${py}px)`;
      handle.hidden = px < -12 || py < -12 || px > this.#width + 12 || py > this.#height + 12;
      handle.setAttribute(
        "aria-label",
        `Training point ${m + 1}: x ${shortNumber(x, 4)}, y ${shortNumber(y, 4)}`,
      );
    }
  }

  /** Shows what is known of a place, out of the way of it; without a place nothing. */
  readOut(place: readonly number[] | undefined, content: readonly Node[] = []): void {
    this.#readout.hidden = place === undefined;
    if (place === undefined) return;
    const [px, py] = this.lens.toPixel(place[0], place[1]);
    this.#readout.classList.toggle("right", px < this.#width / 2);
    this.#readout.classList.toggle("low", py < this.#height / 2);
    this.#readout.replaceChildren(...content);
  }

  /** Everything of the pane on one canvas, at the device's resolution. */
  compose(context: CanvasRenderingContext2D, x: number, y: number): void {
    context.save();
    context.translate(x, y);
    context.beginPath();
    context.rect(0, 0, this.#width, this.#height);
    context.clip();
    context.fillStyle = paletteOf(this.#dark).page;
    context.fillRect(0, 0, this.#width, this.#height);
    for (const canvas of [this.#field, this.#density]) {
      context.imageSmoothingEnabled = canvas === this.#field;
      if (!canvas.hidden && canvas.width > 0) context.drawImage(canvas, 0, 0, this.#width, this.#height);
    }
    this.#paintMarks(context);
    context.restore();
    if (this.#scale === undefined) return;
    context.save();
    context.translate(x, y + this.#height + 8);
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = paletteOf(this.#dark).ink;
    context.textBaseline = "middle";
    context.fillText(titleOf(this.#scale), 8, 8);
    const title = context.measureText(titleOf(this.#scale)).width + 16;
    context.translate(title, 0);
    paintBar(context, this.#scale, Math.max(80, this.#width - title), paletteOf(this.#dark));
    context.restore();
  }

  /** CSS pixels of `compose`. */
  get composed(): { width: number; height: number } {
    return { width: this.#width, height: this.#height + (this.#scale === undefined ? 0 : 8 + BAR_HEIGHT) };
  }
}

function put(canvas: HTMLCanvasElement, { width, height, pixels }: Picture): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
}
