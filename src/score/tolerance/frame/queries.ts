import { matmul } from "../../../dense/index.js";
import { kernelScale, type Level } from "../../level.js";
import type { Frame } from "./frame.js";
import type { Stage } from "./stage.js";
import { LARGEST } from "./rotated.js";
import type { Kernels } from "../../../core/kernels.js";
import { lengthOf } from "../lengths.js";

/** Numbers of a query before those of stages, and of a stage: `assembly/mixture/frame/sums.ts` and `stages.ts`. */
const HEAD = 5;
const AT_STAGE = 5;

/** How queries lie in memory. */
export interface QueryLayout {
  /** Numbers of a query. */
  readonly numbers: number;
  /** Integers of one. */
  readonly integers: number;
}

export const layoutOf = ({ stages }: Frame): QueryLayout => ({
  numbers: HEAD + AT_STAGE * stages.length,
  integers: stages.reduce((sum, { integers }) => sum + integers, 0),
});

/** Queries y (in the points' coordinates) less the frame's centre, as given and rotated. */
export interface Turned {
  readonly centred: Float64Array;
  readonly rotated: Float64Array;
}

export async function turned(
  engine: Kernels,
  { directions: { centre, rows } }: Frame,
  y: Float64Array,
  options: object,
): Promise<Turned> {
  const dim = centre.length;
  const centred = y.map((value, i) => value - centre[i % dim]);
  const queries = { data: centred, rows: y.length / dim, columns: dim };
  const { data } = await matmul(engine, queries, rows, { ...options, transposeB: true });
  return { centred, rotated: data };
}

/** A query: in the points' coordinates, and rotated; how far rounding may have moved it. */
export interface Query {
  readonly rotated: Float64Array;
  readonly y: Float64Array;
  readonly moved: number;
  /** From the frame's centre. */
  readonly distance: number;
}

/** What of integers the kernel's sums over all points by bytes leave out. */
export interface ByteSums {
  /** The steps of coarse and fine integers, each times twice the points' step. */
  readonly factors: readonly [number, number];
  /** No less than what squared distances are off by, beside what all of a query share. */
  readonly error: number;
}

/** Writes what the kernel reads of a query; gives what is known of sums by bytes, where there are any. */
export function writeQuery(
  frame: Frame,
  level: Level,
  { y, rotated, moved, distance }: Query,
  numbers: Float64Array,
  integers: Int16Array,
): ByteSums | undefined {
  const square = distance * distance;
  numbers.set([kernelScale(level, "f64"), moved, lengthOf(y), 0, 0]);
  const step = stepFor(distance);
  let [from, inside, turnedSquare, off, at] = [0, 0, 0, 0, 0];
  let sums: ByteSums | undefined;
  frame.stages.forEach((stage, s) => {
    const target = numbers.subarray(HEAD + AT_STAGE * s, HEAD + AT_STAGE * (s + 1));
    const places = integers.subarray(at, at + stage.integers);
    places.fill(0);
    at += stage.integers;
    if (stage.end === 0) {
      sums = writeBytes(stage, y, target, places);
      return;
    }
    for (let j = from; j < stage.end; j++) {
      const integer = Math.round(rotated[j] / step);
      places[j - from] = integer;
      inside += (integer * step) ** 2;
      turnedSquare += rotated[j] ** 2;
      off += (integer * step - rotated[j]) ** 2;
    }
    from = stage.end;
    const residual = stage.residual ? Math.sqrt(Math.max(0, square - turnedSquare)) : 0;
    // As those of points in rotated.ts.
    const lost = 6 * frame.rounding * square;
    const ofResidual = lost > 0 && stage.residual ? lost / Math.max(residual, Math.sqrt(lost)) : 0;
    const epsilon =
      Math.sqrt(off + ofResidual * ofResidual) * 1.000001 +
      frame.rounding * Math.sqrt(square) +
      stage.epsilon;
    put(target, stage, step, residual, inside + residual * residual, epsilon);
  });
  return sums;
}

/** Of all coordinates as given: integers of a coarse step, and of a finer one what these leave. */
function writeBytes(stage: Stage, y: Float64Array, target: Float64Array, places: Int16Array): ByteSums {
  const { origin, length, integers } = stage;
  let [largest, square] = [0, 0];
  for (const value of y) {
    largest = Math.max(largest, Math.abs(value - origin));
    square += (value - origin) ** 2;
  }
  // Products of lengths stay below 2^31, with room for what rounding adds to one of them.
  const most = 2 ** 30 / Math.max(1, length);
  const step = Math.max(stepFor(largest), Math.sqrt(square) / most);
  const finer = Math.floor(Math.min(8192, most / Math.sqrt(y.length)));
  const fineStep = step / (2 * finer);
  const half = integers / 2;
  let [inside, off, left] = [0, 0, 0];
  for (let d = 0; d < y.length; d++) {
    const value = y[d] - origin;
    const integer = Math.round(value / step);
    const rest = value - integer * step;
    const fine = Math.max(-finer, Math.min(finer, Math.round(rest / fineStep)));
    places[d] = integer;
    places[half + d] = fine;
    inside += (integer * step) ** 2;
    off += rest * rest;
    left += (rest - fine * fineStep) ** 2;
  }
  const size = Math.sqrt(square);
  const rounding = 2 ** -50 * (Math.abs(origin) * Math.sqrt(y.length) + size);
  put(target, stage, step, 0, inside, Math.sqrt(off) * 1.000001 + rounding + stage.epsilon);
  // d^2 = |v|^2 - 2 v . mu + |mu|^2, v and mu less the origin: v is off by `left`, mu by epsilon, and the last by float64's rounding.
  const points = length * stage.step;
  const error =
    2 * (Math.sqrt(left) * 1.000001 + rounding) * (points + stage.epsilon) +
    2 * size * stage.epsilon +
    2 ** -51 * y.length * (points + stage.epsilon + size) ** 2;
  return { factors: [2 * step * stage.step, 2 * fineStep * stage.step], error };
}

function put(
  target: Float64Array,
  stage: Stage,
  step: number,
  residual: number,
  square: number,
  epsilon: number,
): void {
  // Five roundings of n_m, of twice a product of lengths and of their sums: 5 of the query's square and 8 of the point's.
  const rounding = 10 * 2 ** -24 * (square + stage.norm);
  target.set([2 * step * stage.step, 2 * residual, square, epsilon, rounding]);
}

/** The step by which a length is at most LARGEST. */
const stepFor = (length: number): number => (length > 0 ? length / LARGEST : 1);
