import type { Mixture } from "../../../data/mixture.js";
import { inWorkspace, type Workspace } from "../../../dense/workspace.js";
import { extentOf } from "../extent.js";
import { inBytes } from "./bytes.js";
import { type Directions, directionsOf } from "./directions.js";
import { rotated } from "./rotated.js";

/** Points farther from the centre than so many times what nine of ten are have no integers: they always count. */
const FAR = 4;
/** Norms whose squares are far from the ends of float32. */
const LEAST_NORM = 1e-12;
export const MOST_NORM = 1e12;

/** One stage of a frame, as queries meet it. */
export interface Stage {
  /** Rotated coordinates so far; 0 where a stage has all coordinates as given, in bytes. */
  readonly end: number;
  /** Integers of a query that it reads, whole vectors of 8. */
  readonly integers: number;
  /** The step of the points' integers. */
  readonly step: number;
  /** No less than what rounding moves any point by, its residual included. */
  readonly epsilon: number;
  /** The largest n_m. */
  readonly norm: number;
  /** Whether there are other coordinates. */
  readonly residual: boolean;
  /** Of bytes: what is subtracted from every coordinate, and the largest length of a point's integers. */
  readonly origin: number;
  readonly length: number;
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

/** Coordinates of a mixture's points as integers, in stages. */
export interface Frame extends Omit<Points, "data" | "squares"> {
  readonly stages: readonly Stage[];
  /** Where their records lie. */
  readonly records: number;
  /** The root mean square distance of the data from their mean: what a tolerance of means is counted in. */
  readonly scale: number;
  free(): void;
}

/** What is kept of data without a frame: their squares leave float32, or all points are one. */
interface None {
  readonly none: true;
  free(): void;
}

/** The frame of a mixture of four and more dimensions, made when it is first asked for and freed with the mixture. */
export async function frameOf(data: Mixture, signal: AbortSignal | undefined): Promise<Frame | undefined> {
  const kept = await data.kept<Frame | None>("frame", async () => {
    const { scale } = await extentOf(data, signal);
    const directions = await directionsOf(data, signal);
    const options = signal ? { signal } : {};
    const work = 4 * data.counted * data.dim;
    return inWorkspace(data.engine, options, work, (space) => build(data, directions, scale, space, signal));
  });
  return "none" in kept ? undefined : kept;
}

async function build(
  data: Mixture,
  directions: Directions,
  scale: number,
  space: Workspace,
  signal: AbortSignal | undefined,
): Promise<Frame | None> {
  const { rows, columns: dim } = directions.rows;
  const { squares, reach } = await distancesOf(data, directions.centre, space);
  // Centred coordinates are rounded, then sums of dim products for each direction.
  const rounding = directions.defect + (dim + 8) * 2 ** -53 * Math.sqrt(rows);
  if (!(reach >= LEAST_NORM && reach <= MOST_NORM && rounding < 1e-6)) return { none: true, free: () => {} };
  const points: Points = { data, directions, squares, reach, rounding };
  const stored = await rotated(points, space, signal);
  if (rows < dim) stored.push(await inBytes(points, space));
  const numbers = stored.flatMap(({ record }) => record);
  const records = space.alloc(numbers.length, "points");
  space.f64(records, numbers.length).set(numbers);
  const blocks = [records, ...stored.flatMap(({ blocks }) => blocks)];
  for (const pointer of blocks) space.keep(pointer);
  const { memory } = data.runtime;
  return {
    directions,
    reach,
    rounding,
    scale,
    stages: stored.map(({ stage }) => stage),
    records,
    free: () => {
      for (const pointer of blocks) memory.free(pointer);
    },
  };
}

/** Squared distances of the points from a centre, and the largest of those that are not far out. */
async function distancesOf(
  { counted, dim, order, local }: Mixture,
  centre: Float64Array,
  space: Workspace,
): Promise<{ squares: Float64Array; reach: number }> {
  const squares = new Float64Array(counted);
  const step = piece(dim);
  for (let first = 0; first < counted; first += step) {
    const last = Math.min(counted, first + step);
    for (let i = first; i < last; i++) {
      const row = order[i] * dim;
      let square = 0;
      for (let d = 0; d < dim; d++) square += (local[row + d] - centre[d]) ** 2;
      squares[i] = square;
    }
    await space.spend(2 * (last - first) * dim);
  }
  const sorted = squares.slice().sort();
  const most = sorted[counted - 1];
  const usual = sorted[Math.floor(0.9 * (counted - 1))];
  const limit = usual > 0 ? FAR * FAR * usual : most;
  let reach = 0;
  for (const square of squares) if (square <= limit) reach = Math.max(reach, square);
  return { squares, reach: Math.sqrt(reach) };
}

/** Rows of so many numbers that make a piece of work. */
export const piece = (dim: number): number => Math.max(1, Math.floor(2 ** 17 / dim));
