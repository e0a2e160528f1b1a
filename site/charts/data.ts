/** What charts show: layers over a common x, as plain data. */
import type { Shape } from "./marks.js";
import type { Meaning } from "./palette.js";
import type { Table } from "./numberTable.js";

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
