import { exactScore, type Mixture, type Process, type Quantity } from "../../src/index.js";
import type { MapQuantity } from "../state/choices.js";
import type { State, View } from "../state/state.js";
import { cellColour, fieldTables, LEVELS } from "./colours.js";
import type { Picture, Scale, Size } from "./protocol.js";
import { toRidges } from "./ridges.js";

/** What a field is drawn of. */
export interface FieldRequest {
  readonly view: View;
  readonly data: Mixture<"f32">;
  readonly process: Process;
  readonly t: number;
  readonly camera: State["camera"];
  readonly size: Size;
  readonly dark: boolean;
}

/**
 * Device pixels a coarse value stands for, each way: what is drawn while something moves, as fine as there is time for. The
 * first picture is coarse, for code that has never run is slow.
 */
const COARSE = { first: 8, least: 2, most: 8 } as const;
/** A coarse field takes about so many milliseconds. */
const COARSE_TIME = { least: 2.5, most: 8 } as const;
/** Queries times points that are asked for at a time, before newer requests get their turn. */
const SLICE = 2e6;
/** Decades below the largest value that a logarithmic bar shows. */
const DECADES = 6;
/** How far below its maximum a log density is told apart. */
const DEPTH = 30;

/** Quantities that live in bands around the boundaries between points, which grow thinner than pixels as t falls. */
const banded: ReadonlySet<MapQuantity> = new Set([
  "fraction",
  "proxyVariance",
  "vKernel",
  "posteriorEntropy",
]);

/** The side of a pixel: pixels are square, the camera's half width holds along the shorter side. */
const pixelSide = (camera: State["camera"], { width, height }: Size): number =>
  (2 * camera.half) / Math.min(width, height);

/** Places of pixel centres, row-major from the top left: `[width * height, 2]`, of rows `from` ... `to` - 1. */
export function pixelPlaces(
  camera: State["camera"],
  { width, height }: Size,
  from = 0,
  to = height,
): Float64Array {
  const places = new Float64Array(2 * width * (to - from));
  const pixel = pixelSide(camera, { width, height });
  let at = 0;
  for (let j = from; j < to; j++) {
    const y = camera.y - (j + 0.5 - height / 2) * pixel;
    for (let i = 0; i < width; i++) {
      places[at++] = camera.x + (i + 0.5 - width / 2) * pixel;
      places[at++] = y;
    }
  }
  return places;
}

/** Where the value of each pixel is taken: its centre, or the ridge of a band thinner than it. */
function drawnPlaces(
  { view, data, process, t, camera }: FieldRequest,
  size: Size,
  from = 0,
  to = size.height,
): Float64Array {
  const places = pixelPlaces(camera, size, from, to);
  if (banded.has(view.quantity)) toRidges(places, pixelSide(camera, size), data, process, t);
  return places;
}

/** What the kernels are asked for. */
const asked: Readonly<Record<Exclude<MapQuantity, "none">, readonly Quantity[]>> = {
  fraction: ["proxyVariance", "score"],
  residual: ["proxyVariance", "score"],
  proxyVariance: ["proxyVariance"],
  vKernel: ["proxyVariance"],
  logDensity: ["logDensity"],
  scoreNorm: ["score"],
  posteriorEntropy: ["posteriorEntropy"],
  cells: ["nearest"],
};

const fractionOf = (c: number, sx: number, sy: number): number => (c > 0 ? c / (c + sx * sx + sy * sy) : 0);

/**
 * tr V of the pane's estimator: noiseTime D^2 tr C, or D^2 tr C / R (times dt, of one step, where R is fixed). Vastola 2025, Eq. 9,
 * corrected.
 */
export function vKernelFactor(view: View, process: Process, t: number): number {
  const diffusion = process.diffusion(t);
  const size =
    view.estimator === "noiseTime"
      ? view.noiseTime
      : view.estimator === "naive" || view.estimator === "effective"
        ? 1 / view.draws
        : 1;
  return size * diffusion * diffusion;
}

/** Values of a quantity at places. */
async function valuesAt(request: FieldRequest, places: Float64Array): Promise<Float32Array | Int32Array> {
  const { view, data, process, t } = request;
  const quantity = view.quantity as Exclude<MapQuantity, "none">;
  const found = await exactScore(data, process).evaluate(
    Float32Array.from(places),
    t,
    asked[quantity] as readonly ("proxyVariance" | "score" | "logDensity" | "posteriorEntropy" | "nearest")[],
  );
  const count = places.length / 2;
  const { proxyVariance, score, logDensity, posteriorEntropy, nearest } = found;
  switch (quantity) {
    case "fraction":
    case "residual": {
      const out = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        out[i] = fractionOf(proxyVariance[i], score[2 * i], score[2 * i + 1]);
      }
      if (quantity === "fraction") return out;
      const exact = await theory(request);
      return out.map((value, i) => value - exact(places[2 * i], places[2 * i + 1]));
    }
    case "proxyVariance":
      return proxyVariance;
    case "vKernel": {
      const factor = vKernelFactor(view, process, t);
      return proxyVariance.map((value) => factor * value);
    }
    case "logDensity":
      return logDensity;
    case "scoreNorm":
      return Float32Array.from({ length: count }, (_, i) => Math.hypot(score[2 * i], score[2 * i + 1]));
    case "posteriorEntropy":
      return posteriorEntropy;
    case "cells":
      return nearest;
  }
}

/** f by plain float64, at the float32 places that the kernels saw. */
async function theory({ data, process, t }: FieldRequest): Promise<(x: number, y: number) => number> {
  const { evaluatePoint, levelAt } = await import("./plain.js");
  const mixture = { points: Float64Array.from(data.points), weights: data.weights, dim: 2, sigma0: 0 };
  const level = levelAt(process, t);
  const place = new Float64Array(2);
  return (x, y) => {
    place[0] = Math.fround(x);
    place[1] = Math.fround(y);
    const { proxyVariance, score } = evaluatePoint(mixture, level, place, ["proxyVariance", "score"]);
    return fractionOf(proxyVariance, score[0], score[1]);
  };
}

/** The ends of the colour bar, from values all over the pane. */
export function scaleOf(quantity: MapQuantity, values: ArrayLike<number>, points: number): Scale {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < least) least = value;
    if (value > most) most = value;
  }
  switch (quantity) {
    case "proxyVariance":
    case "vKernel": {
      // Whole powers of ten: the bar stands still while the values move a little.
      const top = most > 0 ? Math.ceil(Math.log10(most)) : 0;
      const bottom = least > 0 ? Math.floor(Math.log10(least)) : Number.NEGATIVE_INFINITY;
      const from = Math.min(top - 1, Math.max(top - DECADES, bottom));
      return { quantity, from: 10 ** from, to: 10 ** top, log: true, colours: "cividis" };
    }
    case "logDensity": {
      const to = Math.ceil(most);
      return { quantity, from: Math.max(to - DEPTH, Math.floor(least)), to, log: false, colours: "cividis" };
    }
    case "scoreNorm":
      return { quantity, from: 0, to: most > 0 ? roundUp(most) : 1, log: false, colours: "cividis" };
    case "posteriorEntropy":
      return { quantity, from: 0, to: Math.log(Math.max(2, points)), log: false, colours: "cividis" };
    case "residual": {
      const end = roundUp(Math.max(Math.abs(least), Math.abs(most), 1e-12));
      return { quantity, from: -end, to: end, log: false, colours: "purpleOrange" };
    }
    case "cells":
      return { quantity, from: 0, to: points, log: false, colours: "cells" };
    default:
      return { quantity, from: 0, to: 1, log: false, colours: "cividis" };
  }
}

/** The next of 1, 2, 5 times a power of ten. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((m) => m * unit >= value) ?? 10) * unit;
}

/** The entry of a 256-entry table for a value. */
export function levelOf({ from, to, log }: Scale, value: number): number {
  const u = log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
  return u > 0 ? Math.min(LEVELS - 1, Math.round(u * (LEVELS - 1))) : 0;
}

/** Writes the colours of values to pixels, from pixel `first` on. */
function colour(
  pixels: Uint32Array,
  first: number,
  values: ArrayLike<number>,
  scale: Scale,
  dark: boolean,
): void {
  if (scale.colours === "cells") {
    const colours = Uint32Array.from({ length: Math.max(1, scale.to) }, (_, i) => {
      const [r, g, b] = cellColour(i, dark);
      return new Uint32Array(Uint8Array.of(r, g, b, 255).buffer)[0];
    });
    for (let i = 0; i < values.length; i++) pixels[first + i] = colours[values[i]];
    return;
  }
  const table = new Uint32Array(fieldTables[scale.colours].buffer);
  for (let i = 0; i < values.length; i++) {
    pixels[first + i] = table[levelOf(scale, values[i])];
  }
}

/** A pane's field: coarse at once, fine when there is time, and not at all where it has not changed. */
export class FieldMap {
  #key = "";
  #scale: Scale | undefined;
  #fine = false;
  #grain: number = COARSE.first;

  get scale(): Scale | undefined {
    return this.#scale;
  }

  /** Whether what was drawn last has its final detail. */
  get fine(): boolean {
    return this.#fine;
  }

  /**
   * Draws where something is new.
   *
   * @param fine draw with a value a pixel
   * @param newer asked between slices: true gives up, for something newer waits
   * @param buffer gives room for pixels
   */
  async draw(
    request: FieldRequest,
    key: string,
    fine: boolean,
    newer: () => Promise<boolean>,
    buffer: (bytes: number) => ArrayBuffer,
  ): Promise<Picture | "same" | undefined> {
    const { quantity } = request.view;
    if (quantity === "none") {
      this.forget();
      return undefined;
    }
    const same = key === this.#key;
    if (same && (this.#fine || !fine)) return "same";
    let coarse: Picture | undefined;
    if (!same) {
      coarse = await this.#coarse(request, buffer);
      this.#key = key;
      this.#fine = false;
      if (!fine || (await newer())) return coarse;
    }
    const picture = await this.#all(request, newer, buffer);
    if (picture === undefined) return coarse ?? "same";
    this.#fine = true;
    return picture;
  }

  /** The field is left as it is although it is of another time. */
  late(): "same" | undefined {
    if (this.#scale === undefined) return undefined;
    this.#fine = false;
    this.#key = "";
    return "same";
  }

  /** What was drawn is gone: the next picture is drawn whatever it is of. */
  forget(): void {
    this.#key = "";
    this.#scale = undefined;
    this.#fine = true;
  }

  async #coarse(request: FieldRequest, buffer: (bytes: number) => ArrayBuffer): Promise<Picture> {
    const { view, size, data, dark } = request;
    const small = {
      width: Math.max(1, Math.ceil(size.width / this.#grain)),
      height: Math.max(1, Math.ceil(size.height / this.#grain)),
    };
    const began = performance.now();
    const values = await valuesAt(request, drawnPlaces(request, small));
    this.#scale = scaleOf(view.quantity, values, data.size);
    const pixels = new Uint8ClampedArray(buffer(4 * small.width * small.height));
    colour(new Uint32Array(pixels.buffer), 0, values, this.#scale, dark);
    const spent = performance.now() - began;
    if (spent > COARSE_TIME.most) this.#grain = Math.min(COARSE.most, this.#grain + 1);
    if (spent < COARSE_TIME.least) this.#grain = Math.max(COARSE.least, this.#grain - 1);
    return { ...small, pixels };
  }

  async #all(
    request: FieldRequest,
    newer: () => Promise<boolean>,
    buffer: (bytes: number) => ArrayBuffer,
  ): Promise<Picture | undefined> {
    const { size, data, dark } = request;
    const { width, height } = size;
    const pixels = new Uint8ClampedArray(buffer(4 * width * height));
    const words = new Uint32Array(pixels.buffer);
    const rows = Math.max(1, Math.floor(SLICE / (data.size + 32) / width));
    for (let from = 0; from < height; from += rows) {
      if (from > 0 && (await newer())) return undefined;
      const places = drawnPlaces(request, size, from, Math.min(height, from + rows));
      colour(words, from * width, await valuesAt(request, places), this.#scale as Scale, dark);
    }
    return { width, height, pixels };
  }
}
