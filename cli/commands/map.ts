import { exactScore, type Mixture, type Process, type ScoreField } from "vkernel";
import { encodeNpy } from "vkernel/io";
import { type scalarQuantities, TimeSlices } from "vkernel/internal";
import { type CommonChoices, type Context, tell } from "../context.js";
import { type EngineChoices, startEngine } from "../engine.js";
import { usage } from "../errors.js";
import { endingOf } from "../files.js";
import { readPoint } from "../given.js";
import { type DataOptions, type Input, mixtureOptions, readSource } from "../input.js";
import { isDiverging } from "../mapColors.js";
import { conflict, numberList } from "../values.js";
import type { Chosen } from "../option.js";
import { type mapOptions, type mapPlaces, type progressOptions, SIDE } from "../options.js";
import { withParameters } from "../plan.js";
import { makeProcess, type ProcessChoices } from "../processes.js";
import { Progress } from "../progress.js";
import { robustRange } from "../report/frames.js";
import type { Axis, Colors, MapPicture } from "../report/map.js";
import { csvPieces, duration, grouped, notFinite, onePiece, printJson, short } from "../text.js";

type ScalarQuantity = (typeof scalarQuantities)[number];

export type MapChoices = DataOptions &
  EngineChoices &
  CommonChoices &
  ProcessChoices &
  Chosen<typeof mapPlaces> &
  Chosen<typeof mapOptions> &
  Chosen<typeof progressOptions>;

const MAX_SIDE = 8192;
/** Arrows on the longer side. */
const ARROWS = 18;
/** A logarithmic scale goes at most this many decades down, unless `--limits` says otherwise. */
const MAX_DECADES = 12;

/** What lies on the axes of a map. */
type Kind = "curve" | "overTime" | "plane";

const longNames: Record<ScalarQuantity, string> = {
  logDensity: "log density",
  divergence: "divergence of the velocity",
  proxyVariance: "variance of the proxy score",
  nearest: "nearest training point",
  nearestDistance: "distance to the nearest training point",
  posteriorEntropy: "posterior entropy",
  effectiveCount: "effective number of points",
};

/** `vkernel map`: draws a quantity of the exact score over the plane or over a line. */
export async function runMap(name: string, choices: MapChoices, context: Context): Promise<void> {
  const { files, signal, sources } = context;
  const input = await readSource(name, choices, context);
  const { dim } = input;
  const process = makeProcess(choices);
  const [time, end] = readTime(choices.time, dim, process);
  const kind: Kind = dim > 1 ? "plane" : end === undefined ? "curve" : "overTime";
  const axes = readAxes(choices, dim);
  checkChoices(choices, kind, dim);
  const limits = readPair("--limits", choices.limits);
  if (choices.log && limits !== undefined && !(limits[0] > 0)) {
    throw usage("--limits", "two numbers above 0 with --log", JSON.stringify(choices.limits));
  }
  const given =
    dim > 2 ? await readPlace(choices.at as string, input, process.alpha(time), context) : undefined;
  const out = await files.claim("--out", choices.out, [".png", ".svg", ".npy", ".csv"]);
  const view = viewOf(input, axes, process, [time, end ?? time], choices, kind);
  const { x, y, width, height } = view;
  signal.throwIfAborted();

  const engine = await startEngine(choices);
  const progress = new Progress("mapping", {
    quiet: choices.quiet === true,
    progress: choices.progress === true,
  });
  try {
    const data = engine.mixture(input.points, mixtureOptions(input, choices));
    const field = exactScore(data, process);
    const across = places(x, width);
    const up = places(y, height);
    const count = width * height;
    const slices = new TimeSlices(signal);
    const times = kind === "overTime" ? new Float64Array(count) : undefined;
    const states = await slices.run(statesOf({ dim, axes, given, kind, across, up, times }));
    sources.t = { option: "--time" };
    const start = performance.now();
    const result = await field.evaluate(states, times ?? time, [choices.quantity], {
      signal,
      onProgress: progress.update,
    });
    const values = result[choices.quantity];
    const milliseconds = performance.now() - start;
    progress.stop();

    const { least, most, positive } = await slices.run(extremes(values));
    const colors =
      choices.quantity === "nearest" ? undefined : colorsOf(choices, values, limits, [least, most], positive);
    const ending = endingOf(out);
    if (ending === ".npy") {
      await files.write(out, onePiece(encodeNpy(values, kind === "curve" ? [width] : [height, width])));
    } else if (ending === ".csv") {
      await files.write(
        out,
        csvPieces(columnsOf(choices.quantity, values, view, across, up), count, true, signal),
      );
    } else {
      const title = `${capital(longNames[choices.quantity])}${choices.quantity.startsWith("nearest") ? "," : " of"} ${name}`;
      const when = end === undefined ? `t = ${short(time)}` : `t = ${short(time)} to ${short(end)}`;
      const width0 = data.sigma0 > 0 ? `, points of width ${short(data.sigma0)}` : "";
      const slice =
        dim > 2 ? `, through ${/^\d+$/.test(choices.at ?? "") ? "training point " : ""}${choices.at}` : "";
      const subtitle = `${withParameters(process)}, ${when}, ${grouped(data.size)} points${width0}${slice}`;
      const svg = await drawn(kind, slices, {
        title,
        subtitle,
        values,
        colors,
        view,
        across,
        points: dim > 2 ? [] : shownPoints(data, process.alpha(time), kind),
        lines: kind === "overTime" ? pathsOf(data, process, up) : [],
        arrows:
          choices.arrows === undefined
            ? undefined
            : await arrowsOf(field, choices.arrows, time, view, { axes, given }),
        quantity:
          choices.log && colors ? `${longNames[choices.quantity]} (log)` : longNames[choices.quantity],
        log: choices.log === true,
      });
      if (ending === ".svg") await files.write(out, onePiece(svg));
      else {
        const { toPng } = await import("../report/picture.js");
        await files.write(out, onePiece(await toPng(svg)));
      }
    }
    signal.throwIfAborted();
    await files.commit();

    const whereOf = (i: number) => ({
      [x.label]: across[i % width],
      ...(kind === "curve" ? {} : { [y.label]: up[Math.floor(i / width)] }),
    });
    const { info } = engine;
    if (choices.json) {
      printJson({
        command: "map",
        data: { name, size: data.size, dim, sigma0: data.sigma0 },
        process: { name: process.name, ...process.parameters },
        quantity: choices.quantity,
        time: end === undefined ? time : [time, end],
        ...(dim > 2 ? { axes, at: Array.from(given as Float64Array) } : {}),
        range: { [x.label]: [x.low, x.high], ...(kind === "curve" ? {} : { [y.label]: [y.low, y.high] }) },
        size: kind === "curve" ? [width] : [width, height],
        min: { value: values[least], at: whereOf(least) },
        max: { value: values[most], at: whereOf(most) },
        colors: kind === "curve" ? null : (colors ?? null),
        precision: data.precision,
        stats: { milliseconds, threads: info.threads, kernels: info.kernels },
        out,
      });
    }
    tell(
      choices,
      `${choices.quantity} of ${name} at ${grouped(count)} places, ${short(values[least])} to ${short(values[most])}: ${duration(milliseconds)}`,
    );
    const odd = notFinite([{ name: choices.quantity, values }]);
    if (odd !== undefined) tell(choices, odd);
    const left = choices.range === undefined ? leftOutOf(input, axes, process.alpha(time), view) : 0;
    if (left > 0) {
      tell(
        choices,
        `note: the picture leaves out ${grouped(left)} of ${grouped(data.size)} training points, which lie far away; --range shows them`,
      );
    }
    tell(choices, `wrote ${choices.out}`);
  } finally {
    progress.stop();
    engine.close();
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** One time, or the two ends of a range. */
function readTime(given: string, dim: number, process: Process): [number, number?] {
  const list = numberList("--time", given);
  const [low = 0, high] = list;
  if (list.length > 2 || (list.length === 2 && dim > 1)) {
    throw usage("--time", dim > 1 ? "one time" : "one time, or two: low,high", JSON.stringify(given));
  }
  if (!(low > 0) || (high !== undefined && !(high > low))) {
    throw usage("--time", "a time above 0 (two of them ascending)", JSON.stringify(given));
  }
  if ((high ?? low) > process.end) {
    throw usage("--time", `a time at most ${process.end} (the end of ${process.name})`, given);
  }
  return high === undefined ? [low] : [low, high];
}

function readAxes({ axes, at }: MapChoices, dim: number): [number, number] {
  if (dim <= 2) {
    const option = axes !== undefined ? "--axes" : at !== undefined ? "--at" : undefined;
    if (option !== undefined)
      throw conflict(option, `goes with data of dimension 3 and more, these have ${dim}`);
    return [0, 1];
  }
  const expected = `two coordinates from 0 to ${dim - 1}, such as 0,1 (the data have dimension ${dim})`;
  if (axes === undefined) throw usage("--axes", expected, "none");
  const list = numberList("--axes", axes);
  const [i = -1, j = -1] = list;
  const right = (k: number) => Number.isInteger(k) && k >= 0 && k < dim;
  if (list.length !== 2 || !right(i) || !right(j) || i === j)
    throw usage("--axes", expected, JSON.stringify(axes));
  if (at === undefined)
    throw usage(
      "--at",
      "what the other coordinates are: a file of one row, a list, or the number of a training point",
      "nothing",
    );
  return [i, j];
}

function checkChoices(choices: MapChoices, kind: Kind, dim: number): void {
  if (choices.arrows !== undefined && kind !== "plane")
    throw conflict("--arrows", "goes with data of dimension 2 and more");
  if (choices.quantity === "nearest") {
    for (const option of ["log", "limits", "colors"] as const) {
      if (choices[option] !== undefined)
        throw conflict(`--${option}`, "does not go with --quantity nearest, whose colours are names");
    }
  }
  if (kind === "curve") {
    for (const option of ["limits", "colors"] as const) {
      if (choices[option] !== undefined)
        throw conflict(
          `--${option}`,
          `goes with maps: data of dimension ${dim} need two times for one, --time low,high`,
        );
    }
  }
  const picture = [".png", ".svg"].includes(endingOf(choices.out));
  for (const option of ["colors", "limits", "log", "arrows"] as const) {
    if (!picture && choices[option] !== undefined)
      throw conflict(`--${option}`, "goes with --out .png or .svg only");
  }
}

function readPair(option: string, given: string | undefined): [number, number] | undefined {
  if (given === undefined) return undefined;
  const list = numberList(option, given);
  const [low = 0, high = 0] = list;
  if (list.length !== 2 || !(low < high))
    throw usage(option, "two ascending numbers: low,high", JSON.stringify(given));
  return [low, high];
}

/** The point that a plane goes through: a training point by its number, a list, or a file of one row. */
async function readPlace(
  given: string,
  input: Input,
  alpha: number,
  context: Context,
): Promise<Float64Array> {
  const { dim, rows, points } = input;
  if (!/^\d+$/.test(given)) return readPoint("--at", given, dim, context);
  const m = Number(given);
  if (m >= rows) throw usage("--at", `the number of a training point, 0 to ${rows - 1}`, given);
  return Float64Array.from(points.subarray(m * dim, (m + 1) * dim), (value) => alpha * value);
}

/** What a map covers, and by how many values. */
interface View {
  readonly kind: Kind;
  readonly x: Axis;
  readonly y: Axis;
  readonly width: number;
  readonly height: number;
  readonly equal: boolean;
}

function viewOf(
  input: Input,
  axes: readonly [number, number],
  process: Process,
  [time, end]: readonly [number, number],
  choices: MapChoices,
  kind: Kind,
): View {
  const { points, dim } = input;
  const names = dim > 2 ? axes.map((i) => `x${i}`) : ["x0", "x1"];
  const variance = (t: number) => process.variance(t) + (process.alpha(t) * (choices.sigma0 ?? 0)) ** 2;
  /** The scaled points and two standard deviations of noise more. */
  const around = (axis: number): [number, number] => {
    const [low, high] = robustRange([points], dim, axis);
    const ends = [time, end].map((t) => {
      const pad = 2 * Math.sqrt(variance(t)) + 0.06 * process.alpha(t) * (high - low);
      return [process.alpha(t) * low - pad, process.alpha(t) * high + pad] as const;
    });
    return [Math.min(...ends.map(([a]) => a)), Math.max(...ends.map(([, b]) => b))];
  };
  const wanted = kind === "plane" ? 4 : 2;
  const list = choices.range === undefined ? undefined : numberList("--range", choices.range);
  if (list !== undefined) {
    const right = list.length === wanted && list.every((value, i) => i % 2 === 0 || value > list[i - 1]);
    const expected = wanted === 4 ? "xmin,xmax,ymin,ymax, each pair ascending" : "xmin,xmax, ascending";
    if (!right) throw usage("--range", expected, JSON.stringify(choices.range));
  }
  let xs: [number, number] = list ? [list[0], list[1]] : around(axes[0]);
  let ys: [number, number] = [0, 1];
  if (kind === "overTime") ys = [time, end];
  if (kind === "plane") {
    if (list) ys = [list[2], list[3]];
    else {
      // A square around both.
      ys = around(axes[1]);
      const half = Math.max(xs[1] - xs[0], ys[1] - ys[0]) / 2;
      const square = ([low, high]: [number, number]): [number, number] => [
        (low + high) / 2 - half,
        (low + high) / 2 + half,
      ];
      [xs, ys] = [square(xs), square(ys)];
    }
  }
  const ratio = (ys[1] - ys[0]) / (xs[1] - xs[0]);
  const equal = kind === "plane" && ratio >= 1 / 3 && ratio <= 3;
  const [width, height] = readSize(choices.size, kind, equal ? ratio : 0.8);
  return {
    kind,
    x: { label: names[0], low: xs[0], high: xs[1] },
    y: {
      label: kind === "overTime" ? "t" : names[1],
      low: ys[0],
      high: ys[1],
      log: kind === "overTime",
    },
    width,
    height,
    equal,
  };
}

/** How many training points lie outside the picture. */
function leftOutOf(
  { points, dim }: Input,
  axes: readonly [number, number],
  alpha: number,
  { kind, x, y }: View,
): number {
  let count = 0;
  for (let i = 0; i < points.length; i += dim) {
    const [a, b] = [alpha * points[i + axes[0]], alpha * points[i + axes[1]]];
    if (a < x.low || a > x.high || (kind === "plane" && (b < y.low || b > y.high))) count++;
  }
  return count;
}

function readSize(given: string | undefined, kind: Kind, ratio: number): [number, number] {
  if (given === undefined) {
    if (kind === "curve") return [SIDE * 2, 1];
    return ratio <= 1
      ? [SIDE, Math.max(2, Math.round(SIDE * ratio))]
      : [Math.max(2, Math.round(SIDE / ratio)), SIDE];
  }
  const match = /^(\d+)(?:x(\d+))?$/i.exec(given);
  const [width, height] = [Number(match?.[1]), match?.[2] === undefined ? undefined : Number(match[2])];
  const right = (value: number | undefined) => value !== undefined && value >= 2 && value <= MAX_SIDE;
  const expected = `${kind === "curve" ? "a whole number" : "two whole numbers such as 440x440, each"} from 2 to ${MAX_SIDE}`;
  if (!right(width) || (kind === "curve" ? height !== undefined : !right(height))) {
    throw usage("--size", expected, JSON.stringify(given));
  }
  return [width, height ?? 1];
}

/** The middles of equal cells, in the axis's own scale. */
function places({ low, high, log }: Axis, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const u = (i + 0.5) / count;
    return log ? low * (high / low) ** u : (1 - u) * low + u * high;
  });
}

/** The places of a picture as states, in slices: what is yielded is the work of each. */
function* statesOf(from: {
  dim: number;
  axes: readonly [number, number];
  given: Float64Array | undefined;
  kind: Kind;
  across: Float64Array;
  up: Float64Array;
  times: Float64Array | undefined;
}): Generator<number, Float64Array, void> {
  const { dim, axes, given, kind, across, up, times } = from;
  const states = new Float64Array(across.length * up.length * dim);
  for (const [row, y] of up.entries()) {
    yield (8 + 2 * dim) * across.length;
    for (let column = 0; column < across.length; column++) {
      const i = row * across.length + column;
      if (given) states.set(given, i * dim);
      states[i * dim + axes[0]] = across[column];
      if (kind === "plane") states[i * dim + axes[1]] = y;
      if (times) times[i] = y;
    }
  }
  return states;
}

/** Values that are compared between two looks at the signal. */
const STRETCH = 2 ** 16;

/** Where the least and the largest value are, and the least one above 0. */
function* extremes(
  values: ArrayLike<number>,
): Generator<number, { least: number; most: number; positive: number }, void> {
  let [least, most, positive] = [0, 0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < values[least]) least = i;
    if (value > values[most]) most = i;
    if (value > 0 && value < positive) positive = value;
    if (i % STRETCH === 0) yield 8 * STRETCH;
  }
  return { least, most, positive };
}

function colorsOf(
  choices: MapChoices,
  values: ArrayLike<number>,
  limits: readonly [number, number] | undefined,
  [least, most]: readonly [number, number],
  positive: number,
): Colors {
  const [low, high] = [values[least], values[most]];
  const scheme =
    choices.colors ??
    (choices.quantity === "divergence" && low < 0 && high > 0 && !choices.log ? "rdbu" : "viridis");
  const log = choices.log === true;
  if (log && (low < 0 || !(high > 0))) {
    throw conflict(
      "--log",
      `needs values above 0: ${choices.quantity} goes from ${short(low)} to ${short(high)}`,
    );
  }
  if (limits !== undefined) return { scheme, domain: limits, log };
  if (log) {
    return { scheme, domain: [Math.max(positive, high * 10 ** -MAX_DECADES), high], log };
  }
  if (isDiverging(scheme) && low < 0 && high > 0) {
    const size = Math.max(-low, high);
    return { scheme, domain: [-size, size], log };
  }
  return { scheme, domain: [low, high], log };
}

function columnsOf(
  name: string,
  values: Float32Array | Float64Array | Int32Array,
  { kind, x, y, width, height }: View,
  across: Float64Array,
  up: Float64Array,
) {
  const count = width * height;
  const xs = Float64Array.from({ length: count }, (_, i) => across[i % width]);
  const ys = Float64Array.from({ length: count }, (_, i) => up[Math.floor(i / width)]);
  return [
    { name: x.label, values: xs, width: 1, header: [x.label] },
    ...(kind === "curve" ? [] : [{ name: y.label, values: ys, width: 1, header: [y.label] }]),
    { name, values, width: 1, header: [name] },
  ];
}

/** Where the process has taken the training points on average: alpha(t) times each. */
function shownPoints({ points }: Mixture, alpha: number, kind: Kind): Float64Array {
  return kind === "overTime" ? new Float64Array(0) : Float64Array.from(points, (value) => alpha * value);
}

/** The most training points whose ways in time are drawn. */
const MAX_LINES = 60;

function pathsOf({ points, size }: Mixture, process: Process, times: Float64Array): Float64Array[] {
  if (size > MAX_LINES) return [];
  return Array.from(points, (point) =>
    Float64Array.from({ length: 2 * times.length }, (_, i) => {
      const t = times[i >> 1];
      return i % 2 === 0 ? process.alpha(t) * point : t;
    }),
  );
}

/** `[n, 4]`: places of a coarse grid, and vectors on the scale of the picture. */
async function arrowsOf(
  field: ScoreField,
  quantity: "score" | "velocity",
  time: number,
  { x, y }: View,
  { axes, given }: { axes: readonly [number, number]; given: Float64Array | undefined },
): Promise<Float64Array> {
  const { dim } = field.data;
  const cell = Math.max(x.high - x.low, y.high - y.low) / ARROWS;
  const across = places(x, Math.max(2, Math.round((x.high - x.low) / cell)));
  const up = places(y, Math.max(2, Math.round((y.high - y.low) / cell)));
  const count = across.length * up.length;
  const states = new Float64Array(count * dim);
  for (let i = 0; i < count; i++) {
    if (given) states.set(given, i * dim);
    states[i * dim + axes[0]] = across[i % across.length];
    states[i * dim + axes[1]] = up[Math.floor(i / across.length)];
  }
  const vectors = (await field.evaluate(states, time, [quantity]))[quantity];
  const lengths = Float64Array.from({ length: count }, (_, i) =>
    Math.hypot(vectors[i * dim + axes[0]], vectors[i * dim + axes[1]]),
  );
  // Lengths by the square root: small vectors stay in sight.
  const longest = Math.sqrt(lengths.reduce((a, b) => Math.max(a, b), 0));
  return Float64Array.from({ length: 4 * count }, (_, k) => {
    const i = k >> 2;
    if (k % 4 < 2) return states[i * dim + axes[(k % 2) as 0 | 1]];
    const length = lengths[i];
    const scale = length > 0 && longest > 0 ? (0.95 * cell * Math.sqrt(length)) / longest / length : 0;
    return scale * vectors[i * dim + axes[(k % 2) as 0 | 1]];
  });
}

async function drawn(
  kind: Kind,
  slices: TimeSlices,
  from: Pick<
    MapPicture,
    "title" | "subtitle" | "values" | "colors" | "points" | "lines" | "arrows" | "quantity"
  > & {
    view: View;
    across: Float64Array;
    log: boolean;
  },
): Promise<string> {
  // Charts take a while to load: only who asks for a picture waits.
  const { curveFigure, mapFigure } = await import("../report/map.js");
  const { view, across, log, ...rest } = from;
  if (kind === "curve") return curveFigure({ ...rest, x: view.x, places: across, log });
  return mapFigure({ ...rest, ...view }, slices);
}
