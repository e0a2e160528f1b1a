import { kernelScratch } from "../../bindings/abi.js";
import { checkInteger, checkNumber, checkOptions, checkWord } from "../core/check.js";
import type { Kernels, Owned } from "../core/kernels.js";
import { badArgument, VkernelError } from "../core/errors.js";
import { Ownership } from "../core/ownership.js";
import * as reference from "./plain/ntk.js";
import { checkMatrix, type Matrix } from "./matrix.js";
import { pack } from "./products.js";
import {
  checkCall,
  inWorkspace,
  lineOf,
  type LongCall,
  longCall,
  padded,
  type Workspace,
} from "./workspace.js";

export interface NtkOptions {
  /** Layers of weights, 1 (the linear kernel) to 64. */
  depth: number;
  activation?: "relu" | "erf";
  /** Variance of the weights times the fan-in: 1 by default, 2 for He's initialization. */
  weightVariance?: number;
  /** Variance of the biases, 0 by default. */
  biasVariance?: number;
  /** "tangent" (default), or "covariance": of the outputs before training, a Gaussian process (Lee et al. 2018). */
  kernel?: "tangent" | "covariance";
}

export interface NtkCall extends NtkOptions, LongCall {}

const known = ["depth", "activation", "weightVariance", "biasVariance", "kernel"] as const;
/** Entries of features: their squares must be numbers too. */
const LARGEST = 1e140;

function checkNtk(options: NtkOptions, names: readonly string[]): Required<NtkOptions> {
  checkOptions(options, names);
  if (options === undefined || options === null) throw badArgument("E_TYPE", "options", "an object", options);
  return {
    depth: checkInteger(options.depth, "depth", 1, 64),
    activation: checkWord(options.activation ?? "relu", ["relu", "erf"] as const, "activation"),
    weightVariance: checkNumber(options.weightVariance ?? 1, "weightVariance", { above: 0, max: 1e6 }),
    biasVariance: checkNumber(options.biasVariance ?? 0, "biasVariance", { min: 0, max: 1e6 }),
    kernel: checkWord(options.kernel ?? "tangent", ["tangent", "covariance"] as const, "kernel"),
  };
}

function checkFeatures(value: unknown, argument: string, columns?: number): Matrix {
  const matrix = checkMatrix(value, argument, undefined, columns);
  const at = matrix.data.findIndex((entry) => Math.abs(entry) > LARGEST);
  if (at >= 0) {
    throw badArgument(
      "E_RANGE",
      `${argument}.data[${at}]`,
      `a number of at most ${LARGEST}`,
      matrix.data[at],
    );
  }
  return matrix;
}

/** Rows of features in Wasm memory, made ready for kernels: unit rows u and each layer's sizes. */
interface Rows {
  count: number;
  u: number;
  sizes: number;
  stride: number;
}

/** Rows as points: in strips too, with what the kernel is evaluated by. */
interface Points extends Rows {
  strips: number;
  cells: number;
}

const blocksOf = ({ u, sizes, strips, cells }: Points): number[] =>
  cells === 0 ? [u, sizes, strips] : [u, sizes, strips, cells];

const kindOf = ({ activation, kernel }: Required<NtkOptions>): number =>
  (activation === "erf" ? 1 : 0) + (kernel === "covariance" ? 2 : 0);

const tail = (options: Required<NtkOptions>): number[] => [
  options.depth,
  kindOf(options),
  options.weightVariance,
  options.biasVariance,
];

const widthOf = (N0: number, { biasVariance }: Required<NtkOptions>): number =>
  N0 + (biasVariance > 0 ? 1 : 0);

async function prepare(
  space: Workspace,
  { data, rows, columns }: Matrix,
  options: Required<NtkOptions>,
): Promise<Rows> {
  const width = widthOf(columns, options);
  const stride = padded(rows);
  const psi = space.alloc(data.length, "features");
  space.f64(psi, data.length).set(data);
  const u = space.zeros(stride * width, "features");
  const sizes = space.zeros(stride * options.depth, "features");
  await space.run("ntkPrepare", rows, [u, sizes, stride, psi, columns, width, ...tail(options)], {
    work: rows * (2 * columns + 10 * options.depth),
    block: 256,
    scratch: kernelScratch.ntk,
  });
  space.release(psi);
  return { count: rows, u, sizes, stride };
}

/** Cells and coefficients of `ntkZonal`. */
const CELLS = 128;
const COEFFICIENTS = 10;

/** Without biases relu's kernel is a function of the angle alone, and polynomials give it. */
const isZonal = ({ activation, biasVariance }: Required<NtkOptions>): boolean =>
  activation === "relu" && biasVariance === 0;

/** Those polynomials, in Wasm memory; 0 where there are none. */
async function cells(space: Workspace, options: Required<NtkOptions>): Promise<number> {
  if (!isZonal(options)) return 0;
  const { depth, weightVariance } = options;
  const out = space.alloc(CELLS * COEFFICIENTS, "polynomials");
  const sizes = space.alloc(16 * depth, "sizes");
  const view = space.f64(sizes, 16 * depth);
  for (let layer = 0, size = 1; layer < depth; layer++, size *= 0.5 * weightVariance) {
    view.fill(Math.sqrt(size), 16 * layer, 16 * layer + 16);
  }
  await space.run("ntkZonal", CELLS, [out, sizes, depth, kindOf(options), weightVariance], {
    work: CELLS * COEFFICIENTS * 30 * depth,
    block: 32,
    scratch: kernelScratch.ntk,
  });
  space.release(sizes);
  return out;
}

/** Multiplications of a kernel value, roughly. */
const workOf = (width: number, options: Required<NtkOptions>): number =>
  2 * width + 4 + (isZonal(options) ? 20 : 30 * (options.depth - 1));

async function tiles(
  space: Workspace,
  a: Rows,
  b: Points,
  width: number,
  options: Required<NtkOptions>,
  triangle: boolean,
): Promise<Matrix> {
  const ld = lineOf(b.count);
  const out = space.alloc(a.count * ld, "kernel matrix");
  const [down, across] = [a, b].map(({ count }) => Math.ceil(count / 32)) as [number, number];
  const count = triangle ? (down * (down + 1)) / 2 : down * across;
  const each = workOf(width, options);
  const args = [out, ld, a.u, a.sizes, a.stride, a.count, b.strips, b.sizes, b.stride, b.count, width];
  await space.run("ntkTiles", count, [...args, ...tail(options), b.cells, triangle ? 1 : 0], {
    work: (a.count * b.count * each) / (triangle ? 2 : 1),
    block: Math.max(1, Math.floor(2 ** 21 / (1024 * each))),
    scratch: kernelScratch.ntk,
  });
  return space.read(out, a.count, b.count, ld);
}

/** Strips of the rows, [strip][width][4]. */
async function strip(space: Workspace, { count, u }: Rows, width: number): Promise<number> {
  const at = space.alloc(padded(count) * width, "features");
  await pack(space, at, { at: u, ld: width, kMajor: false }, count, width, width);
  return at;
}

/**
 * The neural tangent kernel of a fully connected network of infinite width (Jacot, Gabriel & Hongler 2018) with `depth`
 * layers of weights, each scaled by 1 / sqrt(fan-in). Sigma_1 = w psi.psi'/N0 + b; with (u, v) Gaussian of covariance
 * Sigma_l: Sigma_{l+1} = w E[f(u) f(v)] + b, K_1 = Sigma_1, K_{l+1} = Sigma_{l+1} + K_l w E[f'(u) f'(v)]. relu: Cho &
 * Saul 2009; erf: Williams 1997. Rows that are all but parallel keep their digits: relative error below 1e-12 for relu,
 * and for erf while the variances of all layers are below 100. Identical rows give exactly equal values.
 *
 * @param psi `[P, N0]`
 * @param psi2 `[Q, N0]`; where undefined, the symmetric P x P matrix at half the work, with the same bits
 * @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE, E_USAGE, E_MEMORY, E_ABORT
 */
export async function ntkGram(
  engine: Kernels,
  psi: Matrix,
  psi2: Matrix | undefined,
  options: NtkCall,
): Promise<Matrix> {
  engine.check();
  const checked = checkNtk(options, [...known, ...longCall]);
  checkCall(options);
  checkFeatures(psi, "psi");
  if (psi2 !== undefined) checkFeatures(psi2, "psi2", psi.columns);
  if (engine.runtime === undefined) return reference.ntkGram(psi, psi2 ?? psi, checked);
  const width = widthOf(psi.columns, checked);
  const total = (psi.rows * (psi2?.rows ?? psi.rows / 2) + psi.rows) * workOf(width, checked);
  return inWorkspace(engine, options, total, async (space) => {
    const a = await prepare(space, psi, checked);
    const b = psi2 === undefined ? a : await prepare(space, psi2, checked);
    const points = { ...b, strips: await strip(space, b, width), cells: await cells(space, checked) };
    return tiles(space, a, points, width, checked, psi2 === undefined);
  });
}

/** The kernel of each row with itself, `[P]`: the bits of the diagonal of {@link ntkGram}. */
export async function ntkDiagonal(engine: Kernels, psi: Matrix, options: NtkCall): Promise<Float64Array> {
  engine.check();
  const checked = checkNtk(options, [...known, ...longCall]);
  checkCall(options);
  checkFeatures(psi, "psi");
  if (engine.runtime === undefined) return reference.ntkDiagonal(psi, checked);
  const width = widthOf(psi.columns, checked);
  const work = psi.rows * workOf(width, checked);
  return inWorkspace(engine, options, 2 * work, async (space) => {
    const rows = await prepare(space, psi, checked);
    const out = space.alloc(padded(psi.rows), "kernel values");
    const polynomials = await cells(space, checked);
    const args = [out, rows.u, rows.sizes, rows.stride, width, ...tail(checked), polynomials];
    await space.run("ntkDiagonal", Math.ceil(psi.rows / 2), args, {
      work,
      block: 1024,
      scratch: kernelScratch.ntk,
    });
    return space.f64(out, psi.rows).slice();
  });
}

/** Training features that stay in Wasm memory, for kernels between them and queries, a few at a time. */
export class NtkPoints implements Owned {
  readonly options: Readonly<Required<NtkOptions>>;
  readonly size: number;
  readonly columns: number;
  readonly #engine: Kernels;
  readonly #psi: Matrix;
  #resident: Points | undefined;
  readonly #ownership = new Ownership(
    () => this.#check(),
    () => this.#release(),
  );

  /** @internal Use {@link ntkPoints}. */
  constructor(engine: Kernels, psi: Matrix, options: Required<NtkOptions>, resident: Points | undefined) {
    this.#engine = engine;
    this.#psi = psi;
    this.options = Object.freeze(options);
    this.size = psi.rows;
    this.columns = psi.columns;
    this.#resident = resident;
    engine.own(this);
  }

  /**
   * Kernels between queries `[n, N0]` and the points, `[n, P]`: row i has the bits of that row of {@link ntkGram}.
   * @throws {VkernelError} E_DISPOSED, and as {@link ntkGram}
   */
  async rows(psiQuery: Matrix, options: LongCall = {}): Promise<Matrix> {
    this.#check();
    checkOptions(options, longCall);
    checkCall(options);
    checkFeatures(psiQuery, "psiQuery", this.columns);
    const points = this.#resident;
    if (points === undefined) return reference.ntkGram(psiQuery, this.#psi, this.options);
    const width = widthOf(this.columns, this.options);
    const total = psiQuery.rows * (this.size + 1) * workOf(width, this.options);
    return this.#ownership.hold(() =>
      inWorkspace(this.#engine, options, total, async (space) => {
        const queries = await prepare(space, psiQuery, this.options);
        return tiles(space, queries, points, width, this.options, false);
      }),
    );
  }

  #check(): void {
    this.#engine.check();
    if (this.#ownership.disposed)
      throw new VkernelError("E_DISPOSED", { message: "the points were disposed of" });
  }

  /** Kernels of points and queries with themselves need no points: see {@link ntkDiagonal}. */
  dispose(): void {
    if (this.#ownership.dispose()) this.#engine.disown(this);
  }

  #release(): void {
    const { memory } = this.#engine.runtime ?? {};
    if (memory === undefined || this.#resident === undefined) return;
    for (const start of blocksOf(this.#resident)) memory.free(start);
    this.#resident = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Puts training features into Wasm memory. Dispose of them when done.
 * @param psi `[P, N0]`
 * @throws {VkernelError} as {@link ntkGram}
 */
export async function ntkPoints(engine: Kernels, psi: Matrix, options: NtkOptions): Promise<NtkPoints> {
  engine.check();
  const checked = checkNtk(options, known);
  checkFeatures(psi, "psi");
  if (engine.runtime === undefined) {
    return new NtkPoints(engine, { ...psi, data: psi.data.slice() }, checked, undefined);
  }
  const width = widthOf(psi.columns, checked);
  return inWorkspace(engine, {}, 1, async (space) => {
    const rows = await prepare(space, psi, checked);
    const strips = await strip(space, rows, width);
    const resident = { ...rows, strips, cells: await cells(space, checked) };
    const points = new NtkPoints(engine, { ...psi, data: new Float64Array(0) }, checked, resident);
    // From here on they belong to the points.
    for (const start of blocksOf(resident)) space.keep(start);
    return points;
  });
}
