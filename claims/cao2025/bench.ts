import { type Grid, type Mixture, polygon, times } from "vkernel";
import type { SizedBench } from "../bench.js";
import { settings, type Sizes } from "./settings.js";

/** What a part of the study is measured with. */
export type Bench = SizedBench<Sizes>;

/** The points of the line, with a width or without. */
export const linePoints = ({ engine }: Bench, sigma0 = 0): Mixture<"f64"> =>
  engine.mixture(
    settings.line.points.map((x) => [x]),
    { weights: settings.line.weights, sigma0, precision: "f64" },
  );

export const hexagon = ({ engine }: Bench): Mixture<"f64"> =>
  engine.mixture(polygon().points, { dim: 2, precision: "f64" });

export const uneven = ({ engine }: Bench): Mixture<"f64"> =>
  engine.mixture(
    settings.uneven.points.map(([x, y]) => [x, y]),
    { weights: settings.uneven.weights, precision: "f64" },
  );

/** A list of times as a grid. */
export const listed = (list: readonly number[]): Grid => times(list);
