import { usage } from "../../errors.js";
import type { Input } from "../../input.js";
import { SIDE } from "../../options.js";
import { robustRange } from "../../report/frames.js";
import type { Axis } from "../../report/map.js";
import { numberList } from "../../values.js";
import type { Asked, Kind, MapChoices } from "./choices.js";

const MAX_SIDE = 8192;

/** What a map covers, and by how many values. */
export interface View {
  readonly kind: Kind;
  readonly x: Axis;
  readonly y: Axis;
  readonly width: number;
  readonly height: number;
  readonly equal: boolean;
  /** Where the values are along each axis. */
  readonly across: Float64Array;
  readonly up: Float64Array;
}

type Span = readonly [low: number, high: number];

/** The given range, `[low, high]` of each axis; undefined where there is none. */
function readRange(given: string | undefined, kind: Kind): number[] | undefined {
  if (given === undefined) return undefined;
  const list = numberList("--range", given);
  const wanted = kind === "plane" ? 4 : 2;
  const right = list.length === wanted && list.every((value, i) => i % 2 === 0 || value > list[i - 1]);
  const expected = wanted === 4 ? "xmin,xmax,ymin,ymax, each pair ascending" : "xmin,xmax, ascending";
  if (!right) throw usage("--range", expected, JSON.stringify(given));
  return list;
}

/** The scaled points along an axis, at both times, and two standard deviations of noise more. */
function around(
  { points, dim }: Input,
  axis: number,
  { process, time, end = time }: Asked,
  sigma0: number,
): Span {
  const [low, high] = robustRange([points], dim, axis);
  const ends = [time, end].map((t) => {
    const alpha = process.alpha(t);
    const variance = process.variance(t) + (alpha * sigma0) ** 2;
    const pad = 2 * Math.sqrt(variance) + 0.06 * alpha * (high - low);
    return [alpha * low - pad, alpha * high + pad] as const;
  });
  return [Math.min(...ends.map(([a]) => a)), Math.max(...ends.map(([, b]) => b))];
}

/** A square around both. */
function squared(xs: Span, ys: Span): [Span, Span] {
  const half = Math.max(xs[1] - xs[0], ys[1] - ys[0]) / 2;
  const square = ([low, high]: Span): Span => [(low + high) / 2 - half, (low + high) / 2 + half];
  return [square(xs), square(ys)];
}

function spansOf(input: Input, choices: MapChoices, asked: Asked): [Span, Span] {
  const { kind, axes, time, end = time } = asked;
  const list = readRange(choices.range, kind);
  const of = (axis: number): Span => around(input, axis, asked, choices.sigma0 ?? 0);
  const xs: Span = list ? [list[0], list[1]] : of(axes[0]);
  if (kind === "overTime") return [xs, [time, end]];
  if (kind === "curve") return [xs, [0, 1]];
  return list ? [xs, [list[2], list[3]]] : squared(xs, of(axes[1]));
}

export function viewOf(input: Input, choices: MapChoices, asked: Asked): View {
  const { kind, axes } = asked;
  const names = input.dim > 2 ? axes.map((i) => `x${i}`) : ["x0", "x1"];
  const [xs, ys] = spansOf(input, choices, asked);
  const ratio = (ys[1] - ys[0]) / (xs[1] - xs[0]);
  const equal = kind === "plane" && ratio >= 1 / 3 && ratio <= 3;
  const [width, height] = readSize(choices.size, kind, equal ? ratio : 0.8);
  const log = kind === "overTime";
  const x = { label: names[0], low: xs[0], high: xs[1] };
  const y = { label: log ? "t" : names[1], low: ys[0], high: ys[1], log };
  return { kind, x, y, width, height, equal, across: places(x, width), up: places(y, height) };
}

/** How many training points lie outside the picture. */
export function leftOutOf(
  { points, dim }: Input,
  { axes, process, time }: Asked,
  { kind, x, y }: View,
): number {
  const alpha = process.alpha(time);
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
export function places({ low, high, log }: Axis, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const u = (i + 0.5) / count;
    return log ? low * (high / low) ** u : (1 - u) * low + u * high;
  });
}
