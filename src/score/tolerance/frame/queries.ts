import { matmul } from "../../../dense/index.js";
import { kernelScale, type Level } from "../../level.js";
import type { Frame, Stage } from "./frame.js";
import { LARGEST } from "./rotated.js";
import type { Kernels } from "../../../core/kernels.js";

/** Numbers of a query before those of stages, and of a stage: `assembly/mixture/frame/sums.ts` and `stages.ts`. */
const HEAD = 3;
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

/** Writes what the kernel reads of a query; `moved`: how far rounding may have moved y. */
export function writeQuery(
  frame: Frame,
  level: Level,
  { y, centred, rotated, moved }: { y: Float64Array; moved: number } & Turned,
  numbers: Float64Array,
  integers: Int16Array,
): void {
  const square = squareOf(centred);
  numbers.set([kernelScale(level, "f64"), moved, Math.sqrt(squareOf(y))]);
  const step = stepFor(Math.sqrt(square));
  let [from, inside, turnedSquare, off, at] = [0, 0, 0, 0, 0];
  frame.stages.forEach((stage, s) => {
    const target = numbers.subarray(HEAD + AT_STAGE * s, HEAD + AT_STAGE * (s + 1));
    const places = integers.subarray(at, at + stage.integers);
    places.fill(0);
    at += stage.integers;
    if (stage.end === 0) {
      writeBytes(stage, y, target, places);
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
    const ofResidual = stage.residual ? lost / Math.max(residual, Math.sqrt(lost)) : 0;
    const epsilon =
      Math.sqrt(off + ofResidual * ofResidual) * 1.000001 +
      frame.rounding * Math.sqrt(square) +
      stage.epsilon;
    put(target, stage, step, residual, inside + residual * residual, epsilon);
  });
}

/** Of all coordinates as given. */
function writeBytes(stage: Stage, y: Float64Array, target: Float64Array, places: Int16Array): void {
  const { origin, length } = stage;
  let [largest, square] = [0, 0];
  for (const value of y) {
    largest = Math.max(largest, Math.abs(value - origin));
    square += (value - origin) ** 2;
  }
  // The product of both lengths stays below 2^31, with room for what rounding adds to one of them.
  const step = Math.max(stepFor(largest), (Math.sqrt(square) * Math.max(1, length)) / 2 ** 30);
  let [inside, off] = [0, 0];
  for (let d = 0; d < y.length; d++) {
    const value = y[d] - origin;
    const integer = Math.round(value / step);
    places[d] = integer;
    inside += (integer * step) ** 2;
    off += (integer * step - value) ** 2;
  }
  const rounding = 2 ** -50 * (Math.abs(origin) * Math.sqrt(y.length) + Math.sqrt(square));
  put(target, stage, step, 0, inside, Math.sqrt(off) * 1.000001 + rounding + stage.epsilon);
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

function squareOf(row: Float64Array): number {
  let square = 0;
  for (const value of row) square += value * value;
  return square;
}
