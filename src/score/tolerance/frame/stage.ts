import type { Mixture } from "../../../data/mixture.js";
import type { Directions } from "./directions.js";

/** One stage of a frame, as queries meet it. */
export interface Stage {
  /** Rotated coordinates so far; 0 where a stage has all coordinates as given, in bytes. */
  readonly end: number;
  /** Integers of a query that it reads, whole vectors of 8; of bytes as many again, with a finer step. */
  readonly integers: number;
  /** The step of the points' integers. */
  readonly step: number;
  /** No less than what rounding moves any point by, its residual included. */
  readonly epsilon: number;
  /** The largest n_m. */
  readonly norm: number;
  /** Whether there are other coordinates. */
  readonly residual: boolean;
  /** Of bytes: what is subtracted from every coordinate, the largest length of a point's integers, and whether all points have some. */
  readonly origin: number;
  readonly length: number;
  readonly all: boolean;
}

/** A stage and where it lies: its record as `assembly/mixture/frame/stages.ts` reads it, and the blocks of memory that it takes. */
export interface StoredStage {
  readonly stage: Stage;
  readonly record: readonly [
    points: number,
    vectors: number,
    norms: number,
    residuals: number,
    bytes: number,
  ];
  readonly blocks: readonly number[];
}

/** What is known of the points when stages are made. */
export interface Points {
  readonly data: Mixture;
  readonly directions: Directions;
  /** Squared distances from the centre, in the kernels' order. */
  readonly squares: Float64Array;
  /** The largest distance of a point that has integers. */
  readonly reach: number;
  /** What float64 and directions that are not quite orthonormal lose of a rotated vector, relatively. */
  readonly rounding: number;
}

/** Rows of so many numbers that make a piece of work. */
export const piece = (dim: number): number => Math.max(1, Math.floor(2 ** 17 / dim));
