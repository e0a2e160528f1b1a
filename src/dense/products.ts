import { checkInteger, checkOptions } from "../core/check.js";
import type { Kernels } from "../core/kernels.js";
import { badArgument } from "../core/errors.js";
import * as reference from "../numeric/linear.js";
import { checkMatrix, checkRows, checkVector, type Matrix, type RowSource } from "./matrix.js";
import {
  checkCall,
  inWorkspace,
  lineOf,
  type LongCall,
  longCall,
  padded,
  type Workspace,
} from "./workspace.js";

/** Rows whose products are summed in registers; such sums are added in order. Every result depends on it alone. */
export const CHUNK = 256;
/** Strips of 4 along a side of a tile: 64 x 64 results. */
const TILE = 16;
/** Numbers of a panel of rows, about 8 MiB. */
const PANEL = 2 ** 20;
/** Numbers that are read at a time, and the units of work of one. */
const READ = 2 ** 16;
const NUMBER = 20;

/** A matrix in Wasm memory: element (i, k) at [k ld + i] (`kMajor`) or [i ld + k]. */
export interface Stored {
  readonly at: number;
  readonly ld: number;
  readonly kMajor: boolean;
}

/** Packs a factor of a product: `rows` x `depth`, strips of 4 rows. */
export function pack(
  space: Workspace,
  out: number,
  { at, ld, kMajor }: Stored,
  rows: number,
  depth: number,
  chunk: number,
  weights = 0,
): Promise<void> {
  const strips = Math.ceil(rows / 4);
  // Some 64 Ki numbers per call.
  const block = Math.max(1, Math.min(16, Math.ceil(16_384 / depth)));
  return space.run("packStrips", strips, [out, at, ld, kMajor ? 1 : 0, rows, depth, chunk, weights], {
    work: strips * 4 * depth,
    block,
  });
}

/** Adds (or subtracts) the product of packed factors to c; `triangle` as in assembly/learn/products.ts. */
export function multiply(
  space: Workspace,
  target: { at: number; ld: number },
  [a, b]: readonly [number, number],
  [m, n, depth]: readonly [number, number, number],
  {
    chunk = CHUNK,
    triangle = 0,
    subtract = false,
  }: {
    chunk?: number;
    triangle?: 0 | 1 | 2;
    subtract?: boolean;
  } = {},
): Promise<void> {
  const [down, across] = [m, n].map((side) => Math.ceil(Math.ceil(side / 4) / TILE)) as [number, number];
  const tiles = triangle === 0 ? down * across : (down * (down + 1)) / 2;
  // At most some 20 ms per tile: 64 x 64 x depth.
  const block = Math.max(1, Math.floor(2 ** 20 / (4096 * depth)));
  const args = [target.at, target.ld, a, b, m, n, depth, chunk, TILE, triangle, subtract ? 1 : 0];
  const work = (m * n * depth) / (triangle === 0 ? 1 : 2);
  return space.run("multiplyStrips", tiles, args, { work, block });
}

/** Copies the lower triangle of an n x n matrix to the upper. */
export function mirror(space: Workspace, at: number, ld: number, n: number): Promise<void> {
  return space.run("mirror", Math.ceil(n / 32), [at, ld, n], { work: n * n, block: 4 });
}

export interface MomentOptions extends LongCall {
  /** Rows taken at a time, a multiple of 256; no result depends on it. */
  panelRows?: number;
}

interface Moments {
  gram: Matrix | undefined;
  cross: Matrix | undefined;
}

/** Rows that are summed at a time: whole chunks of them. */
function panelRowsOf({ panelRows }: MomentOptions, columns: number): number {
  if (panelRows === undefined) return Math.max(1, Math.floor(PANEL / (columns * CHUNK))) * CHUNK;
  checkInteger(panelRows, "panelRows", CHUNK, 2 ** 30);
  if (panelRows % CHUNK !== 0) {
    throw badArgument("E_RANGE", "panelRows", `a multiple of ${CHUNK}`, panelRows);
  }
  return panelRows;
}

async function moments(
  engine: Kernels,
  phi: Matrix | RowSource,
  y: Matrix | undefined,
  weights: Float64Array | undefined,
  options: MomentOptions,
  wantGram: boolean,
): Promise<Moments> {
  engine.check();
  checkOptions(options, [...longCall, "panelRows"]);
  checkCall(options);
  const source = checkRows(phi, "phi");
  const { rows: P, columns: F } = source;
  if (y !== undefined) checkMatrix(y, "y", P);
  if (weights !== undefined) checkVector(weights, "weights", P);
  const panelRows = Math.min(panelRowsOf(options, F), Math.ceil(P / CHUNK) * CHUNK);
  const D = y?.columns ?? 0;
  if (engine.runtime === undefined) return reference.momentsWeighted(source, y, weights, panelRows, wantGram);
  const total = P * F * ((wantGram ? F / 2 : 0) + D + 2);
  return inWorkspace(engine, options, total, async (space) => {
    const ld = lineOf(F);
    const gram = wantGram ? space.zeros(ld * ld, "gram matrix") : 0;
    const crossLd = padded(D);
    const cross = y ? space.zeros(ld * crossLd, "cross products") : 0;
    const staged = space.alloc(panelRows * F, "panel of rows");
    const packed = space.alloc(panelRows * ld, "panel of rows");
    const weighted = weights ? space.alloc(panelRows * ld, "panel of rows") : packed;
    const weightsAt = weights ? space.alloc(panelRows, "weights") : 0;
    const targets = y ? space.alloc(panelRows * D, "targets") : 0;
    const packedTargets = y ? space.alloc(panelRows * crossLd, "targets") : 0;
    const some = Math.max(1, Math.floor(READ / F));
    const stage = async (first: number): Promise<number> => {
      const count = Math.min(panelRows, P - first);
      for (let at = 0; at < count; at += some) {
        const rows = Math.min(some, count - at);
        space.f64(staged + 8 * at * F, rows * F).set(source.read(first + at, rows));
        await space.spend(NUMBER * rows * F);
      }
      return count;
    };
    let count = await stage(0);
    for (let first = 0; first < P; ) {
      if (weights) {
        space.f64(weightsAt, count).set(weights.subarray(first, first + count));
        await pack(space, weighted, { at: staged, ld: F, kMajor: true }, F, count, CHUNK, weightsAt);
      }
      if (wantGram || !weights) {
        await pack(space, packed, { at: staged, ld: F, kMajor: true }, F, count, CHUNK);
      }
      if (y) {
        space.f64(targets, count * D).set(y.data.subarray(first * D, (first + count) * D));
        await pack(space, packedTargets, { at: targets, ld: D, kMajor: true }, D, count, CHUNK);
      }
      const sums = (async () => {
        if (wantGram) {
          await multiply(space, { at: gram, ld }, [weighted, packed], [F, F, count], { triangle: 1 });
        }
        if (y) {
          await multiply(space, { at: cross, ld: crossLd }, [weighted, packedTargets], [F, D, count]);
        }
      })();
      // The next rows are made while the threads sum these, who may fail before anybody waits for them.
      sums.catch(() => {});
      let next = 0;
      try {
        if (first + count < P) next = await stage(first + count);
      } finally {
        await sums;
      }
      first += count;
      count = next;
    }
    if (wantGram) await mirror(space, gram, ld, F);
    return {
      gram: wantGram ? space.read(gram, F, F, ld) : undefined,
      cross: y ? space.read(cross, F, D, crossLd) : undefined,
    };
  });
}

/**
 * sum over n of w_n phi_n phi_n', F x F: one triangle is computed and mirrored. Rows are summed in chunks of 256 that
 * are added in order: the bits depend on no thread, block or panel.
 *
 * @param phi `[P, F]`, or a source of its rows
 * @param weights `[P]`, any sign; 1 where undefined
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE, E_MEMORY, E_ABORT
 */
export async function gramWeighted(
  engine: Kernels,
  phi: Matrix | RowSource,
  weights?: Float64Array,
  options: MomentOptions = {},
): Promise<Matrix> {
  return (await moments(engine, phi, undefined, weights, options, true)).gram as Matrix;
}

/**
 * sum over n of w_n phi_n y_n', F x D.
 *
 * @param y `[P, D]`
 * @throws {VkernelError} as {@link gramWeighted}
 */
export async function crossWeighted(
  engine: Kernels,
  phi: Matrix | RowSource,
  y: Matrix,
  weights?: Float64Array,
  options: MomentOptions = {},
): Promise<Matrix> {
  checkMatrix(y, "y");
  return (await moments(engine, phi, y, weights, options, false)).cross as Matrix;
}

/** Both sums of {@link gramWeighted} and {@link crossWeighted}, with the same bits, from one pass over the rows. */
export async function normalEquations(
  engine: Kernels,
  phi: Matrix | RowSource,
  y: Matrix,
  weights?: Float64Array,
  options: MomentOptions = {},
): Promise<{ gram: Matrix; cross: Matrix }> {
  checkMatrix(y, "y");
  return (await moments(engine, phi, y, weights, options, true)) as { gram: Matrix; cross: Matrix };
}

export interface MatmulOptions extends LongCall {
  transposeA?: boolean;
  transposeB?: boolean;
}

function checkFlag(value: unknown, argument: string): boolean {
  if (value !== undefined && typeof value !== "boolean")
    throw badArgument("E_TYPE", argument, "a boolean", value);
  return value === true;
}

/**
 * A B, or with A' or B' in their places.
 *
 * @param a `[m, k]` (`[k, m]` with transposeA)
 * @param b `[k, n]` (`[n, k]` with transposeB)
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_USAGE, E_MEMORY, E_ABORT
 */
export async function matmul(
  engine: Kernels,
  a: Matrix,
  b: Matrix,
  options: MatmulOptions = {},
): Promise<Matrix> {
  engine.check();
  checkOptions(options, [...longCall, "transposeA", "transposeB"]);
  checkCall(options);
  const transposeA = checkFlag(options.transposeA, "transposeA");
  const transposeB = checkFlag(options.transposeB, "transposeB");
  checkMatrix(a, "a");
  const [m, depth] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns];
  checkMatrix(b, "b", transposeB ? undefined : depth, transposeB ? depth : undefined);
  const n = transposeB ? b.rows : b.columns;
  if (engine.runtime === undefined) return reference.matmul(a, b, transposeA, transposeB);
  return inWorkspace(engine, options, m * n * depth + (m + n) * depth, async (space) => {
    const ld = lineOf(n);
    const out = space.zeros(padded(m) * ld, "product");
    const packed: number[] = [];
    for (const [matrix, side, kMajor] of [
      [a, m, transposeA],
      [b, n, !transposeB],
    ] as const) {
      const to = space.alloc(padded(side) * depth, "factors");
      const at = space.alloc(matrix.data.length, "factors");
      space.f64(at, matrix.data.length).set(matrix.data);
      await pack(space, to, { at, ld: matrix.columns, kMajor }, side, depth, CHUNK);
      space.release(at);
      packed.push(to);
    }
    await multiply(space, { at: out, ld }, packed as [number, number], [m, n, depth]);
    return space.read(out, m, n, ld);
  });
}
