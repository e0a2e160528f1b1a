import type { Mixture, Numbers, Precision } from "./mixture.js";

/** Rows between typed arrays and Wasm memory in parts, for the scheduler: each yields the units of its last part. */

/** Numbers of a part: some tenths of a millisecond. */
const PART = 2 ** 17;
/** Bytes of a part that is only zeroed. */
const ZEROS = 2 ** 22;

const partOf = (width: number): number => Math.max(1, Math.floor(PART / width));

/** `writeRows` of a mixture; what pads the rows is zeroed. */
export function* writeInParts(
  data: Mixture,
  target: number,
  source: Float32Array | Float64Array,
  dim: number,
  width: number,
): Generator<number, void, void> {
  const rows = source.length / dim;
  const rowBytes = width * data.bytes;
  if (width !== dim) yield* zeroInParts(data, target, rows * rowBytes);
  const part = partOf(width);
  for (let first = 0; first < rows; first += part) {
    const last = Math.min(rows, first + part);
    data.writeRows(target + first * rowBytes, source.subarray(first * dim, last * dim), dim, width);
    yield (last - first) * width;
  }
}

export function* zeroInParts(data: Mixture, target: number, bytes: number): Generator<number, void, void> {
  const { memory } = data.runtime;
  for (let first = 0; first < bytes; first += ZEROS) {
    const some = Math.min(ZEROS, bytes - first);
    memory.zero(target + first, some);
    yield some / 16;
  }
}

/** `readRows` of a mixture. */
export function* readInParts<P extends Precision>(
  data: Mixture<P>,
  source: number,
  rows: number,
  dim: number,
  width: number,
): Generator<number, Numbers<P>, void> {
  const part = partOf(width);
  if (rows <= part) {
    yield rows * width;
    return data.readRows(source, rows, dim, width);
  }
  const out = data.array(rows * dim);
  for (let first = 0; first < rows; first += part) {
    const some = Math.min(part, rows - first);
    out.set(data.readRows(source + first * width * data.bytes, some, dim, width), first * dim);
    yield 2 * some * width;
  }
  return out;
}

/** A copy of numbers in Wasm memory. */
export function* copyInParts<B extends 4 | 8>(
  data: Mixture,
  bytes: B,
  source: number,
  length: number,
): Generator<number, B extends 4 ? Float32Array : Float64Array, void> {
  type Out = B extends 4 ? Float32Array : Float64Array;
  const { memory } = data.runtime;
  const out = (bytes === 4 ? new Float32Array(length) : new Float64Array(length)) as Out;
  for (let first = 0; first < length; first += PART) {
    // A view anew each time: memory may have grown.
    const some = Math.min(PART, length - first);
    out.set(memory.numbers(bytes, source + first * bytes, some), first);
    yield some;
  }
  return out;
}
