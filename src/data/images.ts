import { checkInteger, checkOptions, checkWord } from "../core/check.js";
import { badArgument } from "../core/errors.js";

/** The ranges that pixels may be scaled to: "unit" is [0, 1], "symmetric" is [-1, 1], which most models expect. */
export const pixelRanges = ["unit", "symmetric"] as const;

/** A range that pixels may be scaled to. */
export type PixelRange = (typeof pixelRanges)[number];

/** Which images of a built-in set, and how. */
export interface ImageOptions {
  /** Only images of these classes, in the order of the set (default all). */
  labels?: readonly number[];
  /** Only the first so many of them (default all). */
  count?: number;
  /** "unit": pixels in [0, 1] (default); "symmetric": pixels in [-1, 1]. */
  range?: PixelRange;
}

/** @internal The two ends of a range. */
export const rangeEnds = (range: PixelRange): [number, number] => (range === "unit" ? [0, 1] : [-1, 1]);

/**
 * @internal The value of each whole number from 0 to `top` in a range. One rounding each, so that "symmetric" is
 * symmetric to the bit.
 */
export function pixelValues(top: number, range: PixelRange): Float64Array {
  return Float64Array.from({ length: top + 1 }, (_, v) => (range === "unit" ? v / top : (2 * v - top) / top));
}

/** @internal Checks the options of a built-in set of images, then picks: which images, in which range. */
export function checkImages(
  options: ImageOptions,
  most: number,
): { wanted: (label: number) => boolean; count: number | undefined; range: PixelRange } {
  checkOptions(options, ["labels", "count", "range"]);
  const { labels, count, range } = options;
  const wanted = labels === undefined ? undefined : checkClasses(labels, "labels", 0, 9);
  if (count !== undefined) checkInteger(count, "count", 1, most);
  return {
    wanted: (label) => wanted === undefined || wanted.has(label),
    count,
    range: checkWord(range ?? "unit", pixelRanges, "range"),
  };
}

/** @internal Checks a list of classes. */
export function checkClasses(list: unknown, argument: string, min: number, max: number): Set<number> {
  const expected = `whole numbers from ${min} to ${max}`;
  if (!Array.isArray(list)) throw badArgument("E_TYPE", argument, `an array of ${expected}`, list);
  if (list.length === 0) throw badArgument("E_RANGE", argument, "at least one class", list);
  return new Set(Array.from(list, (one: unknown, i) => checkInteger(one, `${argument}[${i}]`, min, max)));
}

/** @internal The indices of the points whose labels are among some classes; at least one. */
export function indicesOf(labels: Int32Array, classes: ReadonlySet<number>, name: string): Int32Array {
  const kept = new Int32Array(labels.length);
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (classes.has(labels[i])) kept[count++] = i;
  if (count > 0) return kept.slice(0, count);
  const there = [...new Set(labels)].sort((a, b) => a - b);
  const list = there.length > 12 ? `${there.slice(0, 12).join(", ")}, …` : there.join(", ");
  throw badArgument("E_RANGE", "classes", `some of the labels of ${name}: ${list}`, [...classes].join(", "));
}
