// Small tools of the tests of dense algebra.
import { philox4x32 } from "vkernel/reference";
import type { Matrix } from "../../src/dense/index.js";

/** Numbers in (-1, 1) of a seed: a matrix of any shape. */
export function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  const data = Float64Array.from({ length: rows * columns }, (_, i) => {
    const [word] = philox4x32([i, 0, 0, 0], [seed, 77]) as unknown as [number];
    return (2 * (word + 0.5)) / 2 ** 32 - 1;
  });
  return { data, rows, columns };
}

export const matrixOf = (rows: readonly (readonly number[])[]): Matrix => ({
  data: Float64Array.from(rows.flat()),
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
});

/** n x n from a function of the indices. */
export function square(n: number, entry: (i: number, j: number) => number): Matrix {
  const data = Float64Array.from({ length: n * n }, (_, at) => entry(Math.floor(at / n), at % n));
  return { data, rows: n, columns: n };
}

/** The largest absolute difference; NaN where one is. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs((a[i] as number) - (b[i] as number));
    if (!(apart <= most)) most = apart;
    if (Number.isNaN(apart)) return apart;
  }
  return most;
}

/** The largest relative difference; equal numbers differ by 0. */
export function relative(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    const apart = Math.abs((a[i] as number) / (b[i] as number) - 1);
    if (Number.isNaN(apart)) return apart;
    most = Math.max(most, apart);
  }
  return most;
}

/** The bits of numbers, to compare those: 0 and -0 differ. */
export const bitsOf = (numbers: Float64Array): BigUint64Array =>
  new BigUint64Array(numbers.buffer, numbers.byteOffset, numbers.length);

export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code ?? `no code: ${message}`;
  }
  return "no error";
}
