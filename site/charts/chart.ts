/**
 * A chart: axes, scales, cursor and curves by uPlot; bars, stems, bundles of paths and shapes drawn beside them. With its caption,
 * a legend of shapes, a cursor that keys move, and its numbers as a table.
 */
import uPlot from "uplot";
import { number } from "./format.js";
import { drawSample, drawShape, type Sample, type Shape } from "./marks.js";
import { type Meaning, type Palette, paletteOf } from "./palette.js";
import { type NumberTable, numberTable, type Table } from "./table.js";

type Numbers = ArrayLike<number>;

/** What is drawn over the chart's common `x`; `y` is as long. NaN: nothing there. */
export interface Curve {
  readonly kind: "curve";
  readonly name: string;
  readonly y: Numbers;
  readonly colour: Meaning;
  readonly dash?: boolean;
  readonly marker?: Shape;
  readonly width?: number;
  /** Left out of legend and readings: a bound, a help line. */
  readonly quiet?: boolean;
}

/** Bars between `edges` (one more than `y`); "signed" ones are purple below 0 and orange above. */
export interface Bars {
  readonly kind: "bars";
  readonly name: string;
  readonly edges: Numbers;
  readonly y: Numbers;
  readonly colour: Meaning | "signed";
}

/**
 * Masses at places of their own, their numbers beside them. On the axis of the chart, or (`own`) so that the largest of the
 * chart's stems fills most of its height. Theory is a short line across, what they are compared with (`faint`) a shape alone.
 */
export interface Stems {
  readonly kind: "stems";
  readonly name: string;
  readonly x: Numbers;
  readonly y: Numbers;
  readonly colour: Meaning;
  readonly shape: Shape;
  readonly own?: boolean;
  readonly theory?: boolean;
  readonly faint?: boolean;
}

/** Marks at places; without `y` along the lower edge. */
export interface Marks {
  readonly kind: "marks";
  readonly name: string;
  readonly x: Numbers;
  readonly y?: Numbers;
  readonly colour: Meaning;
  readonly shape: Shape;
  readonly quiet?: boolean;
}

/** `count` lines over a common `y`, `x` is `[y.length, count]`. */
export interface Bundle {
  readonly kind: "bundle";
  readonly name: string;
  readonly x: Numbers;
  readonly y: Numbers;
  readonly count: number;
  readonly colour: Meaning;
  readonly dash?: boolean;
}

/** Coloured cells that fill the plot, `[height, width]` of RGBA, the first row at the top. */
export interface Heat {
  readonly kind: "heat";
  readonly name: string;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly quiet: true;
}

export type Layer = Curve | Bars | Stems | Marks | Bundle | Heat;

export interface ChartOptions {
  /** What it shows, in a few words, and in what. */
  readonly caption: string;
  readonly unit?: string;
  readonly x: string;
  /** CSS pixels of the plot and its axes; the width is the host's. */
  readonly height: number;
  readonly log?: boolean;
  readonly logX?: boolean;
  /** Whether numbers of the x-axis are left out, where the chart below has them. */
  readonly bare?: boolean;
  /** Whether the y-axis has 0 and its ends alone: of small charts about 0. */
  readonly ends?: boolean;
}

export interface ChartData {
  readonly x: Numbers;
  readonly layers: readonly Layer[];
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  /** A vertical and a horizontal line: the time that is shown. */
  readonly at?: number | undefined;
  readonly level?: number | undefined;
  /** A sentence for readers of the screen. */
  readonly description: string;
  /** The table behind the button "Numbers". */
  readonly table: Table;
  /** Where nothing can be drawn: why. */
  readonly empty?: string;
}

const FONT = "12px system-ui, sans-serif";
/** Width of the y-axis, the same for all so that charts above one another line up. */
const AXIS = 50;
/** More marks than these are small and without a halo. */
const MANY = 64;
/** CSS pixels between the markers of a curve. */
const MARKERS = 72;

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
    const { log, logX, bare, ends, x } = this.#options;
    const live = host === this.#plotHost;
    const zoom = ratio / uPlot.pxRatio;
    const share = live ? 1 : 1 / uPlot.pxRatio;
    const font = FONT.replace("12px", `${12 * zoom}px`);
    const axis = {
      font,
      labelFont: font,
      stroke: () => this.#palette("muted"),
      grid: { stroke: () => this.#palette("grid"), width: zoom },
      ticks: { show: false },
      gap: 6 * zoom,
    };
    const plain = (_: uPlot, values: (number | null)[]): string[] =>
      values.map((value) => (value === null ? "" : number(value, 6)));
    const logarithmic = {
      values: (_: uPlot, values: (number | null)[]): string[] =>
        values.map((value) =>
          value === null
            ? ""
            : value >= 1e4 || value < 1e-3
              ? `1e${Math.round(Math.log10(value))}`.replace("-", "−")
              : number(value),
        ),
      filter: (plot: uPlot, splits: number[], index: number) =>
        readable(splits, plot.axes[index]?.scale === "x" ? data.xRange : data.yRange),
    };
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
        axes: [
          {
            ...axis,
            space: 56 * zoom,
            size: (bare ? 4 : 22) * zoom,
            values: bare ? (_, values) => values.map(() => "") : plain,
            ...(logX && { ...logarithmic, grid: { ...axis.grid, filter: logarithmic.filter } }),
            ...(bare ? {} : { label: x, labelSize: 16 * zoom, labelGap: 2 * zoom }),
          },
          {
            ...axis,
            size: AXIS * zoom,
            space: 26 * zoom,
            values: plain,
            ...(log && { ...logarithmic, grid: { ...axis.grid, filter: logarithmic.filter } }),
            ...(ends && { splits: (_: uPlot, __: number, min: number, max: number) => [min, 0, max] }),
          },
        ],
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
          drawAxes: [(plot) => this.#drawBelow(plot, ratio)],
          draw: [(plot) => this.#drawAbove(plot, ratio)],
          ...(live && { setCursor: [(plot: uPlot) => this.#pointed(plot)] }),
        },
      },
      alignedOf(data),
      host,
    );
  }

  /** Clips to the plot. Lengths below are pixels of the canvas: `ratio` of them make one to the eye. */
  #clipped(plot: uPlot, draw: (context: CanvasRenderingContext2D) => void): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw(ctx);
    ctx.restore();
  }

  #drawBelow(plot: uPlot, ratio: number): void {
    const data = this.#data as ChartData;
    this.#clipped(plot, (context) => {
      for (const layer of data.layers) {
        if (layer.kind === "heat") drawHeat(plot, context, layer);
        if (layer.kind === "bars") this.#drawBars(plot, context, layer);
        if (layer.kind === "bundle") this.#drawBundle(plot, context, ratio, layer);
      }
    });
  }

  #drawBars(plot: uPlot, context: CanvasRenderingContext2D, { edges, y, colour }: Bars): void {
    const base = plot.valToPos(Math.max(0, (this.#data as ChartData).yRange[0]), "y", true);
    for (let i = 0; i < y.length; i++) {
      const value = y[i];
      if (!(value !== 0)) continue;
      const left = Math.round(plot.valToPos(edges[i], "x", true));
      const right = Math.round(plot.valToPos(edges[i + 1], "x", true));
      const top = plot.valToPos(value, "y", true);
      const meaning = colour === "signed" ? (value > 0 ? "above" : "below") : colour;
      context.globalAlpha = colour === "signed" ? 1 : 0.5;
      context.fillStyle = this.#palette(meaning);
      const gap = right - left > 5 ? 1 : 0;
      context.fillRect(left, Math.min(top, base), Math.max(1, right - left - gap), Math.abs(top - base));
    }
    context.globalAlpha = 1;
  }

  #drawBundle(
    plot: uPlot,
    context: CanvasRenderingContext2D,
    ratio: number,
    { x, y, count, colour, dash }: Bundle,
  ): void {
    context.strokeStyle = this.#palette(colour);
    context.lineWidth = (dash ? 1.25 : 1) * ratio;
    context.globalAlpha = dash ? 1 : 0.65;
    context.setLineDash(dash ? [5 * ratio, 4 * ratio] : []);
    context.beginPath();
    for (let p = 0; p < count; p++) {
      for (let i = 0; i < y.length; i++) {
        const left = plot.valToPos(x[i * count + p], "x", true);
        const top = plot.valToPos(y[i], "y", true);
        if (i === 0) context.moveTo(left, top);
        else context.lineTo(left, top);
      }
    }
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  #drawAbove(plot: uPlot, ratio: number): void {
    const data = this.#data as ChartData;
    const { bbox } = plot;
    const surface = this.#palette("surface");
    this.#clipped(plot, (context) => {
      context.setLineDash([]);
      if (data.at !== undefined) {
        const left = Math.round(plot.valToPos(data.at, "x", true)) + 0.5;
        context.strokeStyle = this.#palette("muted");
        context.lineWidth = ratio;
        context.beginPath();
        context.moveTo(left, bbox.top);
        context.lineTo(left, bbox.top + bbox.height);
        context.stroke();
      }
      if (data.level !== undefined) {
        // Over colours: the line with a halo.
        const top = Math.round(plot.valToPos(data.level, "y", true)) + 0.5;
        for (const [colour, width] of [
          [surface, 3],
          [this.#palette("ink"), 1],
        ] as const) {
          context.strokeStyle = colour;
          context.lineWidth = width * ratio;
          context.beginPath();
          context.moveTo(bbox.left, top);
          context.lineTo(bbox.left + bbox.width, top);
          context.stroke();
        }
      }
      for (const layer of data.layers) {
        if (layer.kind === "curve" && layer.marker) this.#drawMarkers(plot, context, ratio, layer);
        if (layer.kind === "stems") this.#drawStems(plot, context, ratio, layer);
      }
    });
    // Marks on the edge may reach over it.
    for (const layer of data.layers) {
      if (layer.kind !== "marks") continue;
      const colour = this.#palette(layer.colour);
      for (let k = 0; k < layer.x.length; k++) {
        const left = plot.valToPos(layer.x[k], "x", true);
        if (left < bbox.left - 1 || left > bbox.left + bbox.width + 1) continue;
        const top = layer.y ? plot.valToPos(layer.y[k], "y", true) : bbox.top + bbox.height;
        if (layer.x.length <= MANY) drawShape(plot.ctx, layer.shape, [left, top], 4 * ratio, colour, surface);
        else {
          plot.ctx.fillStyle = colour;
          plot.ctx.fillRect(left - ratio, top - ratio, 2 * ratio, 2 * ratio);
        }
      }
    }
  }

  #drawStems(plot: uPlot, context: CanvasRenderingContext2D, ratio: number, stems: Stems): void {
    const { x, y, colour, shape, own, theory, faint } = stems;
    const { bbox } = plot;
    let most = 0;
    for (const layer of (this.#data as ChartData).layers) {
      if (layer.kind !== "stems") continue;
      for (let k = 0; k < layer.y.length; k++) most = Math.max(most, layer.y[k]);
    }
    if (most === 0) return;
    const bottom = bbox.top + bbox.height;
    const topOf = (mass: number): number =>
      own ? bottom - (mass / most) * 0.8 * bbox.height : plot.valToPos(mass, "y", true);
    context.font = `${11 * ratio}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.setLineDash([]);
    const surface = this.#palette("surface");
    const line = (from: readonly [number, number], to: readonly [number, number]): void => {
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
    };
    for (let k = 0; k < x.length; k++) {
      const left = plot.valToPos(x[k], "x", true);
      const top = topOf(y[k]);
      if (theory) {
        for (const [stroke, width] of [
          [surface, 5],
          [this.#palette(colour), 2],
        ] as const) {
          context.strokeStyle = stroke;
          context.lineWidth = width * ratio;
          line([left - 11 * ratio, top], [left + 11 * ratio, top]);
        }
        continue;
      }
      if (!faint) {
        context.strokeStyle = this.#palette(colour);
        context.lineWidth = 3 * ratio;
        line([left, bottom], [left, top]);
      }
      drawShape(context, shape, [left, top], 4 * ratio, this.#palette(colour), surface);
      if (faint || x.length > 8) continue;
      const words = number(y[k], 3);
      context.lineWidth = 4 * ratio;
      context.strokeStyle = surface;
      context.strokeText(words, left, top - 8 * ratio);
      context.fillStyle = this.#palette("ink");
      context.fillText(words, left, top - 8 * ratio);
    }
  }

  #drawMarkers(plot: uPlot, context: CanvasRenderingContext2D, ratio: number, curve: Curve): void {
    const { x } = this.#data as ChartData;
    const every = MARKERS * ratio;
    // Each curve's own third of the way, so that curves that coincide show the shapes of all.
    const marked = (this.#data as ChartData).layers.filter((layer) => layer.kind === "curve" && layer.marker);
    let next = plot.bbox.left + every * (0.25 + marked.indexOf(curve) / Math.max(2, marked.length));
    for (let i = 0; i < x.length; i++) {
      const left = plot.valToPos(x[i], "x", true);
      const value = curve.y[i];
      if (left < next || !Number.isFinite(value)) continue;
      next = left + every;
      const top = plot.valToPos(value, "y", true);
      const colour = this.#palette(curve.colour);
      drawShape(context, curve.marker as Shape, [left, top], 3.5 * ratio, colour, this.#palette("surface"));
    }
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

/** Which places of a logarithmic axis are told: powers of ten, 2 and 5 times them where there are few, each so many where many. */
function readable(splits: readonly number[], [from, to]: readonly [number, number]): (number | null)[] {
  const decades = Math.log10(to / from);
  const every = Math.max(1, Math.ceil(decades / 5));
  return splits.map((value) => {
    const power = Math.floor(Math.log10(value) + 1e-9);
    const mantissa = Math.round((value / 10 ** power) * 1e6) / 1e6;
    const told = mantissa === 1 ? power % every === 0 : decades < 1.8 && (mantissa === 2 || mantissa === 5);
    return told ? value : null;
  });
}

function drawHeat(plot: uPlot, context: CanvasRenderingContext2D, { pixels, width, height }: Heat): void {
  const cells = document.createElement("canvas");
  [cells.width, cells.height] = [width, height];
  cells.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  const { left, top, width: wide, height: high } = plot.bbox;
  context.imageSmoothingEnabled = true;
  context.drawImage(cells, left, top, wide, high);
}

const curvesOf = (data: ChartData): Curve[] => data.layers.filter((layer) => layer.kind === "curve");

const alignedOf = (data: ChartData): uPlot.AlignedData =>
  [Float64Array.from(data.x), ...curvesOf(data).map(({ y }) => gaps(y))] as unknown as uPlot.AlignedData;

/** uPlot's gaps are null. */
const gaps = (y: Numbers): (number | null)[] =>
  Array.from(y, (value) => (Number.isFinite(value) ? value : null));

function binOf(edges: Numbers, x: number): number {
  for (let i = 0; i + 1 < edges.length; i++) {
    if (x >= edges[i] && x < edges[i + 1]) return i;
  }
  return -1;
}
