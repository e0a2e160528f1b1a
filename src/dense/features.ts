import { kernelScratch } from "../../bindings/abi.js";
import type { DenseKernel } from "../../bindings/dense.js";
import { checkInteger, checkOptions, checkWord } from "../core/check.js";
import type { Kernels } from "../core/kernels.js";
import { badArgument } from "../core/errors.js";
import * as reference from "./plain/features.js";
import { checkMatrix, checkVector, type Matrix } from "./matrix.js";
import { pack } from "./products.js";
import { checkCall, inWorkspace, type LongCall, longCall, padded, type Workspace } from "./workspace.js";

export interface FeatureOptions extends LongCall {
  /** Features of the same shape that these are multiplied into: products of maps, or amplitudes that depend on time. */
  times?: Matrix;
}

/** Features of queries `[n, D]`, n x F in rows of `ld`: room for both, then what fills it. */
function inRows(
  engine: Kernels,
  { data, rows: n, columns: D }: Matrix,
  F: number,
  work: number,
  options: LongCall,
  fill: (space: Workspace, at: { out: number; ld: number; queries: number }) => Promise<void>,
): Promise<Matrix> {
  const ld = padded(F);
  return inWorkspace(engine, options, work, async (space) => {
    const out = space.alloc(n * ld, "features");
    const queries = space.alloc(n * D, "x");
    space.f64(queries, n * D).set(data);
    await fill(space, { out, ld, queries });
    return space.read(out, n, F, ld);
  });
}

function strips(
  engine: Kernels,
  kernel: DenseKernel & ("rbf" | "fourier"),
  x: Matrix,
  parameters: Matrix,
  numbers: Float64Array,
  options: FeatureOptions,
): Promise<Matrix> {
  const { rows: n, columns: D } = x;
  const F = parameters.rows;
  const work = n * F * (D + 20);
  return inRows(engine, x, F, work, options, async (space, { out, ld, queries }) => {
    if (options.times) space.write(out, options.times.data, F, ld);
    const rows = space.alloc(F * D, "features");
    space.f64(rows, F * D).set(parameters.data);
    const packed = space.alloc(ld * D, "features");
    await pack(space, packed, { at: rows, ld: D, kMajor: false }, F, D, D);
    const extra = space.zeros(ld, "features");
    space.f64(extra, F).set(numbers);
    const args = [out, ld, queries, D, packed, extra, F, options.times ? 1 : 0];
    const block = Math.max(1, Math.floor(2 ** 20 / (F * (D + 20))));
    await space.run(kernel, n, args, { work, block, scratch: kernelScratch.features });
  });
}

/**
 * exp(-|x - c_f|^2 / (2 h_f^2)), n x F; relative error 1e-15 (1 + half the exponent's), 0 below 2^-1022.
 *
 * @param x `[n, D]`
 * @param centres `[F, D]`
 * @param widths h: one for all, or `[F]`
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE, E_MEMORY, E_ABORT
 */
export async function rbfFeatures(
  engine: Kernels,
  x: Matrix,
  centres: Matrix,
  widths: number | Float64Array,
  options: FeatureOptions = {},
): Promise<Matrix> {
  checkFeatureCall(engine, x, options);
  checkMatrix(centres, "centres", undefined, x.columns);
  checkTimes(options, x.rows, centres.rows);
  const h =
    typeof widths === "number"
      ? new Float64Array(centres.rows).fill(widths)
      : checkVector(widths, "widths", centres.rows);
  const scales = h.map((width, f) => {
    const scale = 1 / (2 * width * width);
    // Neither 0 nor infinite, so that no product is 0 times infinity.
    if (width > 0 && scale > 0 && scale < Number.POSITIVE_INFINITY) return scale;
    const name = typeof widths === "number" ? "widths" : `widths[${f}]`;
    throw badArgument("E_RANGE", name, "a positive number whose square is one too", width);
  });
  if (engine.runtime === undefined) return reference.rbf(x, centres, scales, options.times);
  return strips(engine, "rbf", x, centres, scales, options);
}

/**
 * cos(w_f . x + b_f), n x F; absolute error below 5e-16 beside the rounding of the argument, which must stay below 10^6.
 *
 * @param x `[n, D]`
 * @param frequencies w, `[F, D]`
 * @param phases b, `[F]`
 * @throws {VkernelError} as {@link rbfFeatures}; E_RANGE where an argument may exceed 10^6
 */
export async function fourierFeatures(
  engine: Kernels,
  x: Matrix,
  frequencies: Matrix,
  phases: Float64Array,
  options: FeatureOptions = {},
): Promise<Matrix> {
  checkFeatureCall(engine, x, options);
  checkMatrix(frequencies, "frequencies", undefined, x.columns);
  checkTimes(options, x.rows, frequencies.rows);
  checkVector(phases, "phases", frequencies.rows);
  const bound =
    longest(x) * longest(frequencies) + phases.reduce((most, b) => Math.max(most, Math.abs(b)), 0);
  if (!(bound <= 1e6)) {
    throw badArgument(
      "E_RANGE",
      "frequencies",
      "|w| |x| + |b| of at most 1e6, where cosines mean something",
      bound,
    );
  }
  if (engine.runtime === undefined) return reference.fourier(x, frequencies, phases, options.times);
  return strips(engine, "fourier", x, frequencies, phases, options);
}

/** The length of the longest row. */
function longest({ data, rows, columns }: Matrix): number {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += data[i * columns + k] ** 2;
    most = Math.max(most, sum);
  }
  return Math.sqrt(most);
}

export interface PolynomialOptions extends LongCall {
  /** Largest total degree, 0 to 32. */
  degree: number;
  /** Powers of x (default), or Hermite polynomials He_k / sqrt(k!), orthonormal for standard normal x. */
  kind?: "powers" | "hermite";
}

/** The most features of a polynomial map. */
const MAX_FEATURES = 65_536;

/**
 * Multi-indices of total degree up to `degree` over `dim` coordinates, graded, each degree in descending lexicographic
 * order: 1, x1, x2, x1^2, x1 x2, x2^2, ... `[F, dim]`.
 * @throws {VkernelError} E_RANGE, E_LIMIT
 */
export function polynomialExponents(dim: number, degree: number): Uint8Array[] {
  checkInteger(dim, "dim", 1, 65_536);
  checkInteger(degree, "degree", 0, 32);
  let count = 1;
  for (let k = 1; k <= degree; k++) count = (count * (dim + k)) / k;
  if (Math.round(count) > MAX_FEATURES) {
    throw badArgument("E_LIMIT", "degree", `at most ${MAX_FEATURES} features`, Math.round(count));
  }
  const list: Uint8Array[] = [];
  const current = new Uint8Array(dim);
  const place = (at: number, left: number): void => {
    if (at === dim - 1) {
      current[at] = left;
      list.push(current.slice());
      current[at] = 0;
      return;
    }
    for (let k = left; k >= 0; k--) {
      current[at] = k;
      place(at + 1, left - k);
    }
    current[at] = 0;
  };
  for (let total = 0; total <= degree; total++) place(0, total);
  return list;
}

/**
 * Products of polynomials up to a total degree, n x F, in the order of {@link polynomialExponents}.
 *
 * @param x `[n, D]`
 * @throws {VkernelError} as {@link rbfFeatures}; E_LIMIT where there were more than 65,536 features
 */
export async function polynomialFeatures(
  engine: Kernels,
  x: Matrix,
  options: PolynomialOptions,
): Promise<Matrix> {
  engine.check();
  checkOptions(options, [...longCall, "degree", "kind"]);
  checkCall(options);
  checkMatrix(x, "x");
  const { rows: n, columns: D } = x;
  const hermite = checkWord(options.kind ?? "powers", ["powers", "hermite"] as const, "kind") === "hermite";
  const exponents = polynomialExponents(D, options.degree);
  const plan = planOf(exponents, options.degree);
  const F = exponents.length;
  if (engine.runtime === undefined) return reference.polynomial(x, plan, options.degree, hermite);
  const work = n * (F + 3 * D * (options.degree + 1));
  return inRows(engine, x, F, work, options, async (space, { out, ld, queries }) => {
    const planAt = space.alloc(F, "features");
    space.i32(planAt, 2 * F).set(plan);
    const args = [out, ld, queries, D, planAt, options.degree, F, hermite ? 1 : 0];
    await space.run("polynomial", n, args, {
      work: n * F,
      block: Math.max(1, Math.floor(2 ** 18 / F)),
      scratch: 8 * D * (options.degree + 1),
    });
  });
}

/** For each multi-index: the one without its last coordinate, and which number of the table takes it there. */
function planOf(exponents: readonly Uint8Array[], degree: number): Int32Array {
  const places = new Map(exponents.map((exponent, f) => [exponent.join(), f]));
  const plan = new Int32Array(2 * exponents.length);
  exponents.forEach((exponent, f) => {
    if (f === 0) return;
    let last = exponent.length - 1;
    while (exponent[last] === 0) last--;
    const parent = exponent.slice();
    parent[last] = 0;
    plan[2 * f] = places.get(parent.join()) as number;
    plan[2 * f + 1] = last * (degree + 1) + exponent[last];
  });
  return plan;
}

function checkFeatureCall(engine: Kernels, x: Matrix, options: FeatureOptions): void {
  engine.check();
  checkOptions(options, [...longCall, "times"]);
  checkCall(options);
  checkMatrix(x, "x");
}

function checkTimes({ times }: FeatureOptions, rows: number, columns: number): void {
  if (times !== undefined) checkMatrix(times, "times", rows, columns);
}
