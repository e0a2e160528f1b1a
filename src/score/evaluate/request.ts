import { unknownName } from "../../core/check.js";
import {
  checkFinite,
  checkSize,
  checkTable,
  coordinateLimit,
  type Mixture,
  type PointsInput,
  type Precision,
} from "../../data/mixture.js";
import { runAtOnce } from "../../core/scheduler.js";
import { badArgument } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import {
  type Evaluation,
  matrixQuantities,
  type Quantity,
  quantities as allQuantities,
  scalarQuantities,
} from "../field.js";

export const MAX_MATRIX_DIM = 64;

/** A checked request. */
export interface Request<P extends Precision, Q extends Quantity> {
  readonly data: Mixture<P>;
  readonly process: Process;
  /** The queries as given, a copy. */
  readonly absolute: Float32Array | Float64Array;
  /** The queries x less alpha times the data's centre: what everything is computed from. */
  readonly x: Float32Array | Float64Array;
  readonly count: number;
  /** One time, or one per query. */
  readonly times: Float64Array;
  readonly quantities: readonly Q[];
  /** Whether results are in float64, whatever the mixture's precision. */
  readonly wide?: boolean;
}

/** Units of a piece of work on the calling thread: some tenths of a millisecond. */
const PIECE = 2 ** 18;

/** Ranges of queries, of so many units each, that make a piece; yields the units of each after it. */
export function* inPieces(
  count: number,
  units: number,
  work: (first: number, last: number) => void,
): Generator<number, void, void> {
  const step = Math.max(1, Math.floor(PIECE / units));
  for (let first = 0; first < count; first += step) {
    const last = Math.min(count, first + step);
    work(first, last);
    yield (last - first) * units;
  }
}

export function checkRequest<P extends Precision, Q extends Quantity>(
  data: Mixture<P>,
  process: Process,
  x: PointsInput,
  t: number | ArrayLike<number>,
  quantities: readonly Q[],
): Request<P, Q> {
  return runAtOnce(requestInPieces(data, process, x, t, quantities));
}

/** The same in pieces; what the caller gave is copied in the first. */
export function* requestInPieces<P extends Precision, Q extends Quantity>(
  data: Mixture<P>,
  process: Process,
  x: PointsInput,
  t: number | ArrayLike<number>,
  quantities: readonly Q[],
): Generator<number, Request<P, Q>, void> {
  data.check();
  const { dim, precision } = data;
  if (!Array.isArray(quantities)) throw badArgument("E_TYPE", "quantities", "a list of names", quantities);
  for (const name of quantities) {
    if (!(allQuantities as readonly string[]).includes(name))
      throw unknownName(String(name), allQuantities, "quantity");
  }
  if (dim > MAX_MATRIX_DIM) {
    const matrix = quantities.find(isMatrix);
    if (matrix !== undefined) {
      throw badArgument("E_LIMIT", matrix, `dim at most ${MAX_MATRIX_DIM} (traces exist for every dim)`, dim);
    }
  }
  const table = checkTable(x, "x", dim);
  const count = table.rows;
  checkSize("x", count, dim);
  for (const name of quantities) checkSize(name, count, numbersOf(name, dim, data.size));
  const end = process.end;
  const expected = `a time above 0${end === Number.POSITIVE_INFINITY ? "" : ` and at most ${end}`}`;
  const many = typeof t === "object" && t !== null && "length" in t;
  if (!many && typeof t !== "number") throw badArgument("E_TYPE", "t", "a number or one number per query", t);
  const times = many ? Float64Array.from(t, Number) : Float64Array.of(t);
  if (many && times.length !== count)
    throw badArgument("E_SHAPE", "t", `one number, or ${count} of them`, times.length);
  if (many) {
    const stranger = Array.prototype.findIndex.call(t, (value: unknown) => typeof value !== "number");
    if (stranger >= 0) {
      throw badArgument("E_TYPE", `t[${stranger}]`, "a number", (t as ArrayLike<unknown>)[stranger]);
    }
  }
  // A copy: what the caller does to the array during the call changes nothing.
  const absolute = table.data.slice();
  const names = [...quantities];
  yield count * dim;
  let smallest = Number.POSITIVE_INFINITY;
  yield* inPieces(times.length, TIME, (first, last) => {
    for (let i = first; i < last; i++) {
      const time = times[i];
      const argument = many ? `t[${i}]` : "t";
      if (Number.isNaN(time) || Math.abs(time) === Number.POSITIVE_INFINITY) {
        throw badArgument("E_NONFINITE", argument, expected, time);
      }
      const variance = time > 0 && time <= end ? process.variance(time) : 0;
      if (!(variance > 0 && Number.isFinite(variance)))
        throw badArgument("E_RANGE", argument, expected, time);
      smallest = Math.min(smallest, process.alpha(time));
    }
  });
  const limit = coordinateLimit(precision, dim);
  const most = Math.min(limit, limit * (count > 0 ? smallest : 1));
  yield* inPieces(count * dim, 2, (first, last) => checkFinite(absolute, "x", most, precision, first, last));
  const local = yield* localQueries(data, process, absolute, times);
  return { data, process, absolute, x: local, count, times, quantities: names };
}

/** Rows less alpha_t times the centre of the data, in float64; the rows themselves where there is none. */
function* localQueries(
  data: Mixture,
  process: Process,
  rows: Float32Array | Float64Array,
  times: Float64Array,
): Generator<number, Float32Array | Float64Array, void> {
  if (data.centre === undefined) return rows;
  const { dim } = data;
  const single = times.length === 1 ? process.alpha(times[0]) : 0;
  const out = new Float64Array(rows.length);
  yield* inPieces(rows.length / dim, 8 * dim + (single === 0 ? TIME : 20), (first, last) => {
    if (single !== 0) {
      out.set(data.inward(rows.subarray(first * dim, last * dim), single), first * dim);
      return;
    }
    for (let q = first; q < last; q++) {
      const row = rows.subarray(q * dim, (q + 1) * dim);
      out.set(data.inward(row, process.alpha(times[q])), q * dim);
    }
  });
  return out;
}

/** Units of what a process says of a time. */
export const TIME = 200;

/** Whether a quantity has dim x dim numbers per query. */
export const isMatrix = (name: Quantity): boolean => (matrixQuantities as readonly string[]).includes(name);

function numbersOf(name: Quantity, dim: number, size: number): number {
  if ((scalarQuantities as readonly string[]).includes(name)) return 1;
  if (name === "posteriorWeights") return size;
  return isMatrix(name) ? dim * dim : dim;
}

export function outputs<P extends Precision, Q extends Quantity>(request: Request<P, Q>): Evaluation<P, Q> {
  const { data, count, quantities } = request;
  const out: Partial<Record<Quantity, unknown>> = {};
  for (const name of quantities) {
    const length = count * numbersOf(name, data.dim, data.size);
    const wide = request.wide ? new Float64Array(length) : data.array(length);
    out[name] = name === "nearest" ? new Int32Array(length) : wide;
  }
  return out as Evaluation<P, Q>;
}

/** Views of all that was asked for, undefined where it was not. */
export type Targets = { [K in Quantity]?: { [index: number]: number; readonly length: number } };
