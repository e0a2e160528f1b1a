/**
 * A chart: axes, scales, cursor and curves by uPlot; bars, stems, bundles of paths and shapes drawn beside them. With its caption,
 * a legend of shapes, a cursor that keys move, and its numbers as a table.
 */
import uPlot from "uplot";
import { AXIS, axesOf, FONT } from "./axes.js";
import type { ChartData, ChartOptions, Curve, Heat, Layer } from "./data.js";
import { number } from "./format.js";
import { drawAbove, drawBelow, type Pen } from "./layers.js";
import { drawSample, type Sample } from "./marks.js";
import { type Palette, paletteOf } from "./palette.js";
import { type NumberTable, numberTable, type Table } from "./numberTable.js";

export class Chart {
  readonly element: HTMLElement;
  #options: ChartOptions;
  readonly #unit: HTMLElement;
  readonly #plotHost: HTMLElement;
  readonly #legend: HTMLElement;
  readonly #reading: HTMLElement;
  readonly #note: HTMLElement;
  readonly #table: NumberTable;
  readonly #observer: ResizeObserver;
  #plot: uPlot | undefined;
  #shape = "";
  #data: ChartData | undefined;
  #palette: Palette;
  #cursor: number | undefined;

  constructor(host: HTMLElement, options: ChartOptions) {
    this.#options = options;
    const make = (tag: string, className: string): HTMLElement => {
      const element = document.createElement(tag);
      element.className = className;
      return element;
    };
    this.element = make("figure", "chart");
    const caption = make("figcaption", "chart-caption");
    const title = make("span", "chart-title");
    title.textContent = options.caption;
    this.#unit = make("span", "chart-unit");
    this.#unit.textContent = options.unit ?? "";
    this.#legend = make("ul", "chart-legend");
    caption.append(title, this.#unit, this.#legend);
    this.#plotHost = make("div", "chart-plot");
    this.#plotHost.style.height = `${options.height}px`;
    this.#plotHost.tabIndex = 0;
    this.#plotHost.setAttribute("role", "slider");
    // Until there is something to go along.
    for (const name of ["min", "max", "now"]) this.#plotHost.setAttribute(`aria-value${name}`, "0");
    this.#plotHost.setAttribute("aria-label", `${options.caption}: read values along ${options.x}`);
    this.#plotHost.addEventListener("keydown", (event) => this.#key(event));
    this.#plotHost.addEventListener("blur", () => this.#read(undefined));
    this.#reading = make("p", "chart-reading");
    this.#note = make("p", "chart-empty");
    this.#plotHost.append(this.#note);
    this.#table = numberTable(options.caption);
    const foot = make("div", "chart-foot");
    foot.append(this.#table.element, this.#reading);
    this.element.append(caption, this.#plotHost, foot);
    host.append(this.element);
    this.#palette = paletteOf(this.element);
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(this.#plotHost);
  }

  get options(): ChartOptions {
    return this.#options;
  }

  /** The numbers of what is shown. */
  get table(): Table | undefined {
    return this.#data?.table;
  }

  show(data: ChartData): void {
    this.#data = data;
    this.#note.textContent = data.empty ?? "";
    this.#plotHost.classList.toggle("is-empty", data.empty !== undefined);
    this.#table.show(data.table);
    const shape = JSON.stringify(
      data.layers.map((layer) => [
        layer.kind,
        layer.name,
        "colour" in layer && layer.colour,
        "dash" in layer && layer.dash,
      ]),
    );
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#showLegend();
      this.#plot?.destroy();
      this.#plot = undefined;
    }
    if (this.#plot === undefined) this.#make();
    else {
      this.#plot.batch(() => {
        this.#plot?.setData(alignedOf(data), false);
        this.#plot?.setScale("x", { min: data.xRange[0], max: data.xRange[1] });
        this.#plot?.setScale("y", { min: data.yRange[0], max: data.yRange[1] });
      });
    }
    this.#read(this.#cursor);
  }

  /** Moves the lines of the time that is shown, where the chart has them. */
  mark(lines: { readonly at?: number; readonly level?: number }): void {
    if (this.#data === undefined) return;
    this.#data = { ...this.#data, ...lines };
    this.#plot?.redraw(false);
  }

  /** Changes what stands beside the caption. */
  say(unit: string): void {
    this.#options = { ...this.#options, unit };
    this.#unit.textContent = unit;
  }

  /** Takes the colours anew: the theme changed. */
  restyle(): void {
    this.#palette = paletteOf(this.element);
    this.#plot?.redraw();
    this.#showLegend();
  }

  /** Caption and legend at (0, top), in a picture `width` CSS pixels wide; returns where they end. */
  #drawCaption(context: CanvasRenderingContext2D, top: number, width: number): number {
    const palette = this.#palette;
    context.textBaseline = "alphabetic";
    context.fillStyle = palette("ink");
    context.font = "600 13px system-ui, sans-serif";
    context.fillText(this.#options.caption, 8, top + 18);
    let x = 16 + context.measureText(this.#options.caption).width;
    context.font = FONT;
    context.fillStyle = palette("muted");
    const unit = this.#options.unit ?? "";
    context.fillText(unit, x, top + 18);
    x += unit === "" ? 0 : 16 + context.measureText(unit).width;
    let line = top + 18;
    for (const { name, sample, colours } of this.#samples()) {
      const wide = 32 + context.measureText(name).width + 16;
      if (x + wide > width) [x, line] = [8, line + 18];
      drawSample(context, sample, [x, line - 10], colours, palette("surface"));
      context.fillStyle = palette("ink");
      context.fillText(name, x + 32, line);
      x += wide;
    }
    return line + 8;
  }

  /**
   * Draws the chart with caption and legend at (0, top) of a picture `width` CSS pixels wide, whose own pixels are `scale`
   * times as fine. Returns its height, which it also tells without drawing (`draw` false).
   */
  async drawOn(
    context: CanvasRenderingContext2D,
    { top, width, scale, draw }: { top: number; width: number; scale: number; draw: boolean },
  ): Promise<number> {
    const { height } = this.#options;
    const below = this.#drawCaption(context, top, width);
    if (draw && this.#data?.empty !== undefined) {
      context.fillStyle = this.#palette("muted");
      context.fillText(this.#data.empty, AXIS, below + height / 2);
    } else if (draw && this.#data) {
      const host = document.createElement("div");
      const picture = this.#build(host, { width: width * scale, height: height * scale }, scale);
      // uPlot draws in a microtask.
      await new Promise((done) => setTimeout(done));
      context.drawImage(picture.ctx.canvas, 0, below, width, height);
      picture.destroy();
    }
    return below + height + 8 - top;
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#plot?.destroy();
    this.element.remove();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#plotHost;
    if (clientWidth === 0 || clientHeight === 0) return;
    if (this.#plot === undefined) {
      if (this.#data) this.show(this.#data);
      return;
    }
    if (this.#plot.width !== clientWidth || this.#plot.height !== clientHeight)
      this.#plot.setSize({ width: clientWidth, height: clientHeight });
  }

  #make(): void {
    const { clientWidth: width, clientHeight: height } = this.#plotHost;
    if (width > 0 && height > 0) this.#plot = this.#build(this.#plotHost, { width, height }, uPlot.pxRatio);
  }

  /** A plot of the data. For a picture the size is that of its pixels, `ratio` of which are one to the eye. */
  #build(host: HTMLElement, size: { width: number; height: number }, ratio: number): uPlot {
    const data = this.#data as ChartData;
    const { log, logX, bare } = this.#options;
    const live = host === this.#plotHost;
    const zoom = ratio / uPlot.pxRatio;
    const share = live ? 1 : 1 / uPlot.pxRatio;
    return new uPlot(
      {
        width: size.width * share,
        height: size.height * share,
        padding: [8 * zoom, 12 * zoom, bare ? 4 * zoom : 0, 0],
        legend: { show: false },
        cursor: { show: live, y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: {
          x: { time: false, range: () => [...(this.#data as ChartData).xRange], ...(logX && { distr: 3 }) },
          y: { range: () => [...(this.#data as ChartData).yRange], ...(log && { distr: 3 }) },
        },
        axes: axesOf(this.#options, data, zoom, (meaning) => this.#palette(meaning)),
        series: [
          {},
          ...curvesOf(data).map((curve) => ({
            stroke: () => this.#palette(curve.colour),
            width: (curve.width ?? (curve.dash ? 1.5 : 2)) * zoom,
            points: { show: false },
            ...(curve.dash && { dash: [6 * zoom, 5 * zoom] }),
          })),
        ],
        hooks: {
          drawAxes: [(plot) => drawBelow(this.#pen(plot, ratio))],
          draw: [(plot) => drawAbove(this.#pen(plot, ratio))],
          ...(live && { setCursor: [(plot: uPlot) => this.#pointed(plot)] }),
        },
      },
      alignedOf(data),
      host,
    );
  }

  #pen(plot: uPlot, ratio: number): Pen {
    return { plot, ratio, palette: this.#palette, data: this.#data as ChartData };
  }

  #samples(): { name: string; sample: Sample; colours: [string, string] }[] {
    const palette = this.#palette;
    return (this.#data?.layers ?? [])
      .filter((layer): layer is Exclude<Layer, Heat> => !("quiet" in layer && layer.quiet))
      .map((layer) => {
        const colours: [string, string] =
          layer.colour === "signed" ? [palette("above"), palette("below")] : [palette(layer.colour), ""];
        const sample: Sample =
          layer.kind === "bars"
            ? { kind: layer.colour === "signed" ? "signed" : "bar" }
            : layer.kind === "stems" && !layer.faint && !layer.theory
              ? { kind: "stem", shape: layer.shape }
              : layer.kind === "marks" || (layer.kind === "stems" && layer.faint)
                ? { kind: "shape", shape: layer.shape }
                : {
                    kind: "line",
                    dash: "dash" in layer && layer.dash === true,
                    marker: layer.kind === "curve" ? layer.marker : undefined,
                  };
        return { name: layer.name, sample, colours };
      });
  }

  #showLegend(): void {
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    this.#legend.replaceChildren(
      ...this.#samples().map(({ name, sample, colours }) => {
        const item = document.createElement("li");
        const canvas = document.createElement("canvas");
        canvas.width = 24 * ratio;
        canvas.height = 12 * ratio;
        canvas.setAttribute("aria-hidden", "true");
        const context = canvas.getContext("2d");
        if (context) {
          context.scale(ratio, ratio);
          drawSample(context, sample, [0, 0], colours, this.#palette("surface"));
        }
        item.append(canvas, name);
        return item;
      }),
    );
  }

  #pointed(plot: uPlot): void {
    const { idx, left } = plot.cursor;
    const inside = left !== undefined && left >= 0 && idx !== null && idx !== undefined;
    if (!inside && this.#plotHost.matches(":focus-visible")) return;
    this.#tell(inside ? idx : undefined);
  }

  /** Shows the values at an index of `x`, or none. */
  #read(index: number | undefined): void {
    const data = this.#data;
    if (this.#plot === undefined || data === undefined) return;
    if (index === undefined) this.#plot.setCursor({ left: -10, top: -10 }, false);
    else {
      const at = Math.min(index, data.x.length - 1);
      this.#plot.setCursor({ left: this.#plot.valToPos(data.x[at], "x"), top: 0 }, false);
      this.#tell(at);
      return;
    }
    this.#tell(undefined);
  }

  #tell(index: number | undefined): void {
    this.#cursor = index;
    const { x, layers, description } = this.#data as ChartData;
    const host = this.#plotHost;
    const at = index ?? x.length >> 1;
    host.setAttribute("aria-valuemin", "0");
    host.setAttribute("aria-valuemax", String(Math.max(0, x.length - 1)));
    host.setAttribute("aria-valuenow", String(Math.min(at, Math.max(0, x.length - 1))));
    const parts: string[] = [];
    if (index !== undefined) {
      parts.push(`${this.#options.x.split(" (")[0]} ${number(x[index])}`);
      for (const layer of layers) {
        if (layer.kind === "curve" && !layer.quiet && Number.isFinite(layer.y[index])) {
          parts.push(`${layer.name} ${number(layer.y[index])}`);
        }
        if (layer.kind === "bars") {
          const bin = binOf(layer.edges, x[index]);
          if (bin >= 0) parts.push(`${layer.name} ${number(layer.y[bin])}`);
        }
      }
    }
    this.#reading.textContent = parts.join("  ·  ");
    host.setAttribute("aria-valuetext", index === undefined ? description : parts.join(", "));
  }

  #key(event: KeyboardEvent): void {
    const length = this.#data?.x.length ?? 0;
    if (length === 0) return;
    const from = this.#cursor ?? length >> 1;
    const big = Math.max(1, Math.round(length / 20));
    const to: Record<string, number> = {
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from + 1,
      PageDown: from - big,
      PageUp: from + big,
      Home: 0,
      End: length - 1,
    };
    const index = to[event.key];
    if (index === undefined) {
      if (event.key === "Escape") this.#read(undefined);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.#read(Math.max(0, Math.min(length - 1, index)));
  }
}

const curvesOf = (data: ChartData): Curve[] => data.layers.filter((layer) => layer.kind === "curve");

const alignedOf = (data: ChartData): uPlot.AlignedData =>
  [Float64Array.from(data.x), ...curvesOf(data).map(({ y }) => gaps(y))] as unknown as uPlot.AlignedData;

/** uPlot's gaps are null. */
const gaps = (y: ArrayLike<number>): (number | null)[] =>
  Array.from(y, (value) => (Number.isFinite(value) ? value : null));

function binOf(edges: ArrayLike<number>, x: number): number {
  for (let i = 0; i + 1 < edges.length; i++) {
    if (x >= edges[i] && x < edges[i + 1]) return i;
  }
  return -1;
}
