/** What figures of the tabs share. */
import type { Layer, Marks } from "../charts/data.js";
import { niceAbove } from "./panel.js";

export const rangeOf = (x: ArrayLike<number>): [number, number] => [x[0], x[x.length - 1]];

export const marksOf = (points: ArrayLike<number>, quiet = false): Marks => ({
  kind: "marks",
  name: "data",
  x: points,
  colour: "points",
  shape: "diamond",
  quiet,
});

function maxOf(y: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < y.length; i++) if (y[i] > most) most = y[i];
  return most;
}

export const niceTop = (y: ArrayLike<number>): number => niceAbove(1.05 * maxOf(y));

/** Whether two replies are of the same times, or the same points. */
export const sameValues = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** A curve and its opposite: what lies between them is within two standard errors. */
export const errorBand = (bound: Float64Array): readonly Layer[] => {
  const band = { kind: "curve", colour: "muted", dash: true, width: 1 } as const;
  return [
    { ...band, name: "two standard errors", y: bound },
    { ...band, name: "", y: bound.map((value) => -value), quiet: true },
  ];
};
