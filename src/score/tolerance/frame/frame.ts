import type { Mixture } from "../../../data/mixture.js";
import { inWorkspace, type Workspace } from "../../../dense/workspace.js";
import { extentOf } from "../extent.js";
import { inBytes } from "./bytes.js";
import { type Directions, directionsOf } from "./directions.js";
import { rotated } from "./rotated.js";
import { piece, type Points, type Stage } from "./stage.js";

/** Points farther from the centre than so many times what nine of ten are have no integers: they always count. */
const FAR = 4;
/** Norms whose squares are far from the ends of float32. */
const LEAST_NORM = 1e-12;
export const MOST_NORM = 1e12;

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

const none: None = { none: true, free: () => {} };

const isUsual = (length: number): boolean => length >= LEAST_NORM && length <= MOST_NORM;

/** The frame of a mixture of four and more dimensions, made when it is first asked for and freed with the mixture. */
export async function frameOf(data: Mixture, signal: AbortSignal | undefined): Promise<Frame | undefined> {
  const kept = await data.kept<Frame | None>("frame", async () => {
    const { scale, diagonal } = await extentOf(data, signal);
    if (!isUsual(diagonal)) return none;
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
  if (!isUsual(reach) || !(rounding < 1e-6)) return none;
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
