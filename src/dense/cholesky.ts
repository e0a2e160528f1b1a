import { checkNumber, checkOptions } from "../core/check.js";
import type { Kernels } from "../core/kernels.js";
import { badArgument } from "../core/errors.js";
import * as reference from "../numeric/linear.js";
import { checkMatrix, checkSymmetric, MAX_ORDER, type Matrix } from "./matrix.js";
import { multiply } from "./products.js";
import { checkCall, inWorkspace, lineOf, type LongCall, longCall, type Workspace } from "./workspace.js";

/** Rows of a block. */
const BLOCK = 64;

export interface CholeskyOptions extends LongCall {
  /**
   * A pivot must be more than this share of its diagonal entry; n 2^-53 by default, below which rounding alone would
   * make it. 0: more than 0.
   */
  tolerance?: number;
}

/** A factor L (lower triangular, the rest 0), or the pivot at which the matrix is not positive definite. */
export type Factorization =
  | { readonly ok: true; readonly l: Matrix }
  | { readonly ok: false; readonly pivot: { readonly index: number; readonly value: number } };

/**
 * L with L L' = A. A matrix that is not (numerically) positive definite is a result, not an error.
 *
 * @param a `[n, n]` symmetric, n up to 4,096
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE (not symmetric), E_LIMIT, E_MEMORY, E_ABORT
 */
export async function cholesky(
  engine: Kernels,
  a: Matrix,
  options: CholeskyOptions = {},
): Promise<Factorization> {
  engine.check();
  checkOptions(options, [...longCall, "tolerance"]);
  checkCall(options);
  const { data, rows: n } = checkSymmetric(a, "a").matrix;
  const tolerance = checkNumber(options.tolerance ?? n * 2 ** -53, "tolerance", { min: 0, below: 1 });
  const floors = Float64Array.from({ length: n }, (_, i) => Math.max(0, tolerance * data[i * n + i]));
  if (engine.runtime === undefined) return reference.factorize(a, floors);
  return inWorkspace(engine, options, n ** 3 / 6 + n * n, async (space) => {
    const ld = lineOf(n);
    const at = space.zeros(ld * ld, "matrix");
    space.write(at, data, n, ld);
    const packed = space.alloc(ld * BLOCK, "matrix");
    const floorsAt = space.alloc(n, "pivots");
    space.f64(floorsAt, n).set(floors);
    const status = space.alloc(2, "pivots");
    space.f64(status, 1)[0] = -1;
    for (let start = 0; start < n; start += BLOCK) {
      const size = Math.min(BLOCK, n - start);
      await space.run("choleskyBlock", 1, [at, ld, start, size, floorsAt, status], { work: size ** 3 / 6 });
      const [index, value] = space.f64(status, 2) as unknown as [number, number];
      if (index >= 0) return { ok: false, pivot: { index, value } };
      const below = n - start - size;
      if (below === 0) break;
      await space.run("choleskyRows", Math.ceil(below / 4), [at, ld, start, size, packed], {
        work: (below * size * size) / 2,
        block: 4,
      });
      const corner = at + (start + size) * (ld + 1) * 8;
      await multiply(space, { at: corner, ld }, [packed, packed], [below, below, size], {
        chunk: size,
        triangle: 1,
        subtract: true,
      });
    }
    const l = space.read(at, n, n, ld);
    for (let i = 0; i < n; i++) l.data.fill(0, i * n + i + 1, (i + 1) * n);
    return { ok: true, l };
  });
}

/** Mode of `solveStrips`. */
const Mode = { Lower: 1, Upper: 2, Both: 3 } as const;

/** Checks a lower triangular matrix with a diagonal that can be divided by. */
function checkTriangular(value: unknown): Matrix {
  const rows = (value as Partial<Matrix> | null)?.rows;
  if (typeof rows === "number" && rows > MAX_ORDER) {
    throw badArgument("E_LIMIT", "l.rows", `at most ${MAX_ORDER}`, rows);
  }
  const l = checkMatrix(value, "l");
  if (l.columns !== l.rows) throw badArgument("E_SHAPE", "l.columns", `${l.rows}`, l.columns);
  for (let i = 0; i < l.rows; i++) {
    const pivot = l.data[i * (l.rows + 1)];
    if (pivot === 0) throw badArgument("E_RANGE", `l[${i}, ${i}]`, "a number other than 0", pivot);
  }
  return l;
}

/** L in Wasm memory, and solutions with it. */
class Solver {
  readonly #space: Workspace;
  readonly #n: number;
  readonly #ld: number;
  readonly #at: number;

  constructor(space: Workspace, { data, rows }: Matrix) {
    this.#space = space;
    this.#n = rows;
    this.#ld = lineOf(rows);
    this.#at = space.alloc(this.#ld * rows, "triangular matrix");
    space.write(this.#at, data, rows, this.#ld);
  }

  async solve({ data, columns }: Matrix, mode: number): Promise<Matrix> {
    const [space, n] = [this.#space, this.#n];
    const strips = Math.ceil(columns / 4);
    const x = space.zeros(strips * n * 4, "right sides");
    const view = space.f64(x, strips * n * 4);
    const place = (i: number, j: number): number => ((j >> 2) * n + i) * 4 + (j & 3);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < columns; j++) view[place(i, j)] = data[i * columns + j];
    }
    const passes = mode === Mode.Both ? 2 : 1;
    await space.run("solveStrips", strips, [x, this.#at, this.#ld, n, mode], {
      work: strips * 2 * n * n * passes,
    });
    const out = new Float64Array(n * columns);
    const solved = space.f64(x, strips * n * 4);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < columns; j++) out[i * columns + j] = solved[place(i, j)];
    }
    space.release(x);
    return { data: out, rows: n, columns };
  }
}

async function solveWith(
  engine: Kernels,
  l: Matrix,
  b: Matrix,
  mode: number,
  options: LongCall,
): Promise<Matrix> {
  checkTriangular(l);
  checkMatrix(b, "b", l.rows);
  if (engine.runtime === undefined) return reference.solveTriangular(l, b, mode);
  return inWorkspace(engine, options, 4 * l.rows * l.rows * b.columns, (space) =>
    new Solver(space, l).solve(b, mode),
  );
}

/**
 * x with L L' x = b.
 *
 * @param l `[n, n]` from {@link cholesky}; only its lower triangle is read
 * @param b `[n, r]`
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE (a 0 on the diagonal), E_LIMIT, E_MEMORY, E_ABORT
 */
export async function solveCholesky(
  engine: Kernels,
  l: Matrix,
  b: Matrix,
  options: LongCall = {},
): Promise<Matrix> {
  engine.check();
  checkOptions(options, longCall);
  checkCall(options);
  return solveWith(engine, l, b, Mode.Both, options);
}

export interface TriangularOptions extends LongCall {
  /** Solve L' x = b instead of L x = b. */
  transpose?: boolean;
}

/** x with L x = b, or L' x = b; arguments and errors as {@link solveCholesky}. */
export async function solveTriangular(
  engine: Kernels,
  l: Matrix,
  b: Matrix,
  options: TriangularOptions = {},
): Promise<Matrix> {
  engine.check();
  checkOptions(options, [...longCall, "transpose"]);
  checkCall(options);
  const { transpose } = options;
  if (transpose !== undefined && typeof transpose !== "boolean") {
    throw badArgument("E_TYPE", "transpose", "a boolean", transpose);
  }
  return solveWith(engine, l, b, transpose ? Mode.Upper : Mode.Lower, options);
}

/**
 * An estimate of the condition number of A = L L' in the 1-norm, |A| |A^-1|: Hager's, with Higham's safeguard (Higham
 * 1988, Algorithm 674). Never above the true number but for rounding, seldom below a third of it.
 *
 * @param a `[n, n]` symmetric
 * @param l its factor
 * @throws {VkernelError} as {@link solveCholesky}
 */
export async function conditionEstimate(
  engine: Kernels,
  a: Matrix,
  l: Matrix,
  options: LongCall = {},
): Promise<number> {
  engine.check();
  checkOptions(options, longCall);
  checkCall(options);
  checkTriangular(l);
  checkMatrix(a, "a", l.rows, l.rows);
  const norm = reference.oneNorm(a);
  if (engine.runtime === undefined) {
    return norm * (await reference.inverseNorm(l.rows, (b) => reference.solveTriangular(l, b, Mode.Both)));
  }
  return inWorkspace(engine, options, 48 * l.rows * l.rows, async (space) => {
    const solver = new Solver(space, l);
    return norm * (await reference.inverseNorm(l.rows, (b) => solver.solve(b, Mode.Both)));
  });
}
