import { checkOptions } from "../core/check.js";
import type { Kernels } from "../core/kernels.js";
import { VkernelError } from "../core/errors.js";
import * as reference from "../numeric/linear.js";
import { checkSymmetric, type Matrix } from "./matrix.js";
import { multiply, pack } from "./products.js";
import {
  checkCall,
  inWorkspace,
  lineOf,
  type LongCall,
  longCall,
  padded,
  type Workspace,
} from "./workspace.js";

/** Columns reduced before the rest of the matrix learns of them. */
const PANEL = 32;
/** Iterations of QL for one eigenvalue, two or three as a rule. */
const ITERATIONS = 60;
/** Numbers of a batch of rotations: 512 KiB. */
const BATCH = 2 ** 16;

/** Eigenvalues in ascending order; row k of `vectors` is the unit eigenvector of `values[k]`: A = V' diag(values) V. */
export interface Eigen {
  readonly values: Float64Array;
  readonly vectors: Matrix;
}

/** A = Q T Q', T in d and e; gives where Q lies (rows of ld). The matrix at `a` is used up. */
async function tridiagonalize(
  space: Workspace,
  a: number,
  ld: number,
  n: number,
  [d, e]: readonly [number, number],
): Promise<number> {
  const v = space.zeros(ld * ld, "reflectors");
  const w = space.alloc(PANEL * ld, "reflectors");
  const sums = space.alloc(PANEL, "reflectors");
  const panels = Math.ceil(n / PANEL);
  const factors = space.zeros(panels * PANEL * PANEL, "reflectors");
  const strips = space.alloc(3 * PANEL * ld, "reflectors");
  const factorOf = (start: number): number => factors + start * PANEL * 8;
  for (let start = 0; start < n; start += PANEL) {
    const size = Math.min(PANEL, n - start);
    const left = n - start;
    await space.run(
      "tridiagonalColumns",
      size,
      [a, ld, n, start, PANEL, v, w, factorOf(start), d, e, sums],
      // Two reads of the rest's triangle per column; one thread, for the columns need each other.
      { work: size * left * (left + 2 * PANEL), block: Math.ceil(2 ** 22 / (left * left)), ordered: true },
    );
    const rest = left - size;
    if (rest <= 0) break;
    // A -= V W' + W V': [V W] [W V]', the three packed parts V, W, V.
    const corner = start + size;
    const part = PANEL * padded(rest);
    const parts = [v + (start * ld + corner) * 8, w + corner * 8, v + (start * ld + corner) * 8];
    for (const [i, at] of parts.entries()) {
      await pack(space, strips + i * part * 8, { at, ld, kMajor: true }, rest, PANEL, PANEL);
    }
    await multiply(
      space,
      { at: a + corner * (ld + 1) * 8, ld },
      [strips, strips + part * 8],
      [rest, rest, 2 * PANEL],
      { chunk: PANEL, triangle: 2, subtract: true },
    );
  }
  // Q = product of the panels' 1 - V t V', applied to the identity from the last to the first.
  const q = a;
  space.f64(q, ld * ld).fill(0);
  const diagonal = space.f64(q, ld * ld);
  for (let i = 0; i < n; i++) diagonal[i * (ld + 1)] = 1;
  const x = space.alloc(PANEL * ld, "reflectors");
  const y = space.alloc(PANEL * ld, "reflectors");
  const left = space.alloc(PANEL * ld, "reflectors");
  const right = space.alloc(ld * ld, "reflectors");
  for (let start = (panels - 1) * PANEL; start >= 0; start -= PANEL) {
    const size = Math.min(PANEL, n - start);
    const rest = n - start;
    const side = padded(rest);
    const corner = q + start * (ld + 1) * 8;
    const reflectors = v + start * (ld + 1) * 8;
    await pack(space, left, { at: reflectors, ld, kMajor: false }, size, rest, 256);
    await pack(space, right, { at: corner, ld, kMajor: true }, rest, rest, 256);
    space.f64(x, PANEL * side).fill(0);
    await multiply(space, { at: x, ld: side }, [left, right], [size, rest, rest]);
    await pack(space, left, { at: factorOf(start), ld: PANEL, kMajor: false }, size, size, 256);
    await pack(space, right, { at: x, ld: side, kMajor: true }, rest, size, 256);
    space.f64(y, PANEL * side).fill(0);
    await multiply(space, { at: y, ld: side }, [left, right], [size, rest, size]);
    await pack(space, left, { at: reflectors, ld, kMajor: true }, rest, size, 256);
    await pack(space, right, { at: y, ld: side, kMajor: true }, rest, size, 256);
    await multiply(space, { at: corner, ld }, [left, right], [rest, rest, size], { subtract: true });
  }
  for (const block of [v, w, sums, factors, strips, x, y, left, right]) space.release(block);
  return q;
}

/** Powers of two whose product scales the largest entry into [1/2, 1): two, for one may be out of range. */
function scaleOf(largest: number): [number, number] {
  const factors: [number, number] = [1, 1];
  let rest = largest;
  for (let k = 0; rest < 0.5 || rest >= 1; k ^= 1) {
    const factor = rest < 0.5 ? 2 : 0.5;
    rest *= factor;
    factors[k as 0 | 1] *= factor;
  }
  return factors;
}

/**
 * All eigenvalues and eigenvectors of a symmetric matrix. Ascending; equal values keep the order in which they were
 * found, so the result has the same bits for any number of threads.
 *
 * @param a `[n, n]` symmetric, n up to 4,096
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE (not symmetric), E_LIMIT (an eigenvalue took more than
 *   60 iterations, which no finite matrix is known to do), E_MEMORY, E_ABORT
 */
export async function symmetricEigen(engine: Kernels, a: Matrix, options: LongCall = {}): Promise<Eigen> {
  engine.check();
  checkOptions(options, longCall);
  checkCall(options);
  const { matrix, largest } = checkSymmetric(a, "a");
  const n = matrix.rows;
  if (largest === 0) {
    const vectors = new Float64Array(n * n);
    for (let i = 0; i < n; i++) vectors[i * (n + 1)] = 1;
    return { values: new Float64Array(n), vectors: { data: vectors, rows: n, columns: n } };
  }
  const [one, two] = scaleOf(largest);
  const scaled = matrix.data.map((value) => value * one * two);
  if (engine.runtime === undefined) {
    const found = reference.symmetricEigen(scaled, n, ITERATIONS);
    if (found === undefined) throw tooMany();
    return sorted(found.d, n, (k, i) => found.z[i * n + k], one, two);
  }
  return inWorkspace(engine, options, 4.5 * n ** 3 + n, async (space) => {
    const ld = lineOf(n);
    const at = space.zeros(ld * ld, "matrix");
    space.write(at, scaled, n, ld);
    const d = space.alloc(ld, "diagonals");
    const e = space.alloc(ld, "diagonals");
    const q = await tridiagonalize(space, at, ld, n, [d, e]);
    // Rows of Q in strips of 4 coordinates, [strip][vector][4]; an even number of strips.
    const strips = 2 * Math.ceil(n / 8);
    const z = space.zeros(strips * n * 4, "eigenvectors");
    await pack(space, z, { at: q, ld, kMajor: false }, n, n, n);
    space.release(q);
    const capacity = Math.max(BATCH, 2 * n);
    const rotations = space.alloc(capacity, "rotations");
    const state = space.zeros(4, "rotations");
    for (;;) {
      await space.run("qlSweeps", 1, [d, e, n, rotations, capacity, state, ITERATIONS], { work: capacity });
      const [, , ended, sweeps] = space.f64(state, 4) as unknown as [number, number, number, number];
      if (sweeps > 0) {
        await space.run("rotateStrips", strips / 2, [z, n, rotations, sweeps], { work: capacity * n });
      }
      if (ended === 2) throw tooMany();
      if (ended === 1) break;
    }
    const view = space.f64(z, strips * n * 4);
    return sorted(space.f64(d, n), n, (k, i) => view[((i >> 2) * n + k) * 4 + (i & 3)], one, two);
  });
}

const tooMany = (): VkernelError =>
  new VkernelError("E_LIMIT", {
    argument: "a",
    message: `"a" has an eigenvalue that did not settle within ${ITERATIONS} iterations`,
  });

/** Values in ascending order, scaled back, and their vectors as rows; `entry(k, i)`: coordinate i of vector k. */
function sorted(
  d: Float64Array,
  n: number,
  entry: (k: number, i: number) => number,
  one: number,
  two: number,
): Eigen {
  const order = Array.from({ length: n }, (_, k) => k).sort((i, j) => d[i] - d[j] || i - j);
  const values = Float64Array.from(order, (k) => d[k] / one / two);
  const data = new Float64Array(n * n);
  for (let r = 0; r < n; r++) {
    const k = order[r];
    for (let i = 0; i < n; i++) data[r * n + i] = entry(k, i);
  }
  return { values, vectors: { data, rows: n, columns: n } };
}
