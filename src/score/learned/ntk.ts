import { TimeSlices } from "../../core/scheduler.js";
import { atOnce, checkInteger, checkNumber, checkOptions, checkWord } from "../../core/check.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import type { Kernels } from "../../core/kernels.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import {
  type Matrix,
  matmul,
  type LongCall,
  type NtkOptions,
  type NtkPoints,
  ntkDiagonal,
  ntkGram,
  ntkPoints,
  symmetricEigen,
} from "../../dense/index.js";
import { expm1, log } from "../../numeric/elementary.js";
import type { Process } from "../../process/process.js";
import { ntkSlopes } from "../../dense/plain/ntk.js";
import { fillNormals, streams } from "../../numeric/random.js";
import { checkMixture, checkProcess } from "../exact.js";
import { checkPlaces } from "../checkPlaces.js";
import type { Places } from "../field.js";
import { Smoother, type Start } from "./smoother.js";
import {
  spreadOf,
  type TimeLaw,
  type TrainingTuples,
  type TuplesInput,
  trainingTuples,
  type Weighting,
} from "./training.js";

/** psi(x, t): what the network sees, `count` numbers for a row x. */
export interface InputMap {
  readonly name: string;
  readonly count: number;
  row(x: Float64Array, t: number, out: Float64Array): void;
  /** Takes a vector v of `count` numbers to J' v, `[dim]`, with J the derivative of psi at (x, t), where it is known. */
  pull?(x: Float64Array, t: number): (v: Float64Array) => Float64Array;
}

export interface NtkScoreOptions {
  /** The number of layers L, at least 1. Default 3. */
  depth?: number;
  activation?: "relu" | "erf";
  /** Variance of the biases of every layer; 0 by default: none. */
  biasVariance?: number;
  /** Variance of the weights; 1 by default, as the paper has it (2 is He's). */
  weightVariance?: number;
  /** How many samples of p(x, x_0, t), at most 4,000, or the samples themselves. */
  samples: number | TuplesInput;
  /** The training time tau, which may be Infinity. Default Infinity. */
  trainingTime?: number;
  /** Weight decay towards the start, 0 by default. */
  ridge?: number;
  /**
   * The output before training: "zero" (default); "gaussian", the process that an infinitely wide network's output is,
   * another one in every realization; or your own linear map of psi.
   */
  initial?: "zero" | "gaussian" | { readonly linear: readonly (readonly number[])[] };
  /**
   * The input psi(x, t) of the network; by default x / sqrt(S_t + alpha_t^2 sd^2), log(sigma_t) / 4 and 1, with sd the spread
   * of the data. `slopes`, its derivative by x, `[count, dim]` row-major, is what a divergence takes.
   */
  inputMap?: {
    count: number;
    row: (x: Float64Array, t: number) => ArrayLike<number>;
    slopes?: (x: Float64Array, t: number) => ArrayLike<number>;
  };
  weighting?: Weighting;
  times?: TimeLaw;
  seed?: number;
  signal?: AbortSignal;
}

const MAX_SAMPLES = 4000;

/** The default of `ridge`: none. */
export const NTK_RIDGE = 0;

/**
 * The score that an infinitely wide fully connected network in the lazy regime has learned after training time tau on P
 * samples: s^T = s_0^T + k^T K^-1 (I - exp(-K Lambda tau / P)) (S~ - S_0), as an ensemble over redraws of x_0. Vastola 2025,
 * Eq. 75 to 83 (with P x D targets, the first layer scaled by 1 / sqrt(N_0)); the covariance is exact for finite P.
 *
 * With `initial: "gaussian"` the start is a Gaussian process of covariance Sigma, independent of the targets and for each
 * coordinate: the covariance gains Sigma - A' Sigma - Sigma A + A' Sigma A (F.1). Draws take the start on the span of its
 * covariances with the samples: exact at the samples, elsewhere without what its values there leave open. `fit()` and
 * `average` start from its mean, 0.
 */
export class NtkScore<P extends Precision = Precision> extends Smoother<P> {
  readonly features: number;
  readonly trainingTime: number;
  /** Eigenvalues of Lambda^(1/2) K Lambda^(1/2) / P, ascending: modes are learned as 1 - exp(-eigenvalue tau). Vastola 2025, Eq. 84. */
  readonly eigenvalues: Float64Array;
  readonly #parts: NtkParts;
  readonly #filter: Float64Array;

  /** @internal */
  constructor(
    data: Mixture<P>,
    process: Process,
    samples: TrainingTuples,
    parts: NtkParts,
    trainingTime: number,
  ) {
    super(data, process, samples);
    this.#parts = parts;
    this.trainingTime = trainingTime;
    this.eigenvalues = parts.values;
    const inputs = parts.linear ? parts.map.count : 0;
    this.features = samples.t.length * (parts.gaussian ? 2 : 1) + inputs;
    if (parts.map.pull) this.trace = (x, time, weights, signal) => this.#trace(x, time, weights, signal);
    else {
      this.untraced = {
        reason: "an input map that is given by its values tells nothing of its derivative",
        way: "inputMap takes slopes of yours",
      };
    }
    if (parts.gaussian) this.randomStart = (seed, realization) => this.#drawStart(seed, realization);
    // (1 - exp(-(b + ridge) tau)) / (b + ridge); modes of eigenvalue 0 (to rounding) are left out without a ridge.
    const least = largestOf(parts.values) * samples.t.length * Number.EPSILON;
    this.#filter = parts.values.map((value) => {
      const rate = Math.max(value, 0) + parts.ridge;
      if (parts.ridge === 0 && value <= least)
        return trainingTime === Number.POSITIVE_INFINITY ? 0 : trainingTime;
      return trainingTime === Number.POSITIVE_INFINITY ? 1 / rate : -expm1(-rate * trainingTime) / rate;
    });
  }

  /** The same samples trained for another time: the eigenvectors are kept. */
  at(trainingTime: number): Promise<NtkScore<P>> {
    checkTime(trainingTime);
    return new NtkScore(this.data, this.process, this.samples, this.#parts, trainingTime).prepare();
  }

  /**
   * The first `count` eigenfunctions of the kernel, those of the largest eigenvalues first, orthonormal under
   * lambda_t p(x, t) / E[lambda], continued to any place by Nystrom's formula. Vastola 2025, Eq. 84 to 86.
   *
   * @returns `values` `[count]` and `functions` `[places, count]`
   */
  async eigenfunctions(
    places: Places,
    count: number,
  ): Promise<{ values: Float64Array; functions: Float64Array }> {
    const samples = this.samples.t.length;
    checkInteger(count, "count", 1, samples);
    const { x, times, count: rows } = checkPlaces(this.data, this.process, places, "places");
    const { dim } = this.data;
    const { roots, vectors, values } = this.#parts;
    const out = new Float64Array(rows * count);
    const chosen = Float64Array.from({ length: count }, (_, k) => values[samples - 1 - k]);
    if (!(chosen[count - 1] > largestOf(values) * samples * Number.EPSILON)) {
      throw badArgument("E_RANGE", "count", "as many as eigenvalues that are not 0", count);
    }
    for (let i = 0; i < rows; i++) {
      const t = times[i];
      const phi = await this.phi(x.slice(i * dim, (i + 1) * dim), () => t);
      for (let k = 0; k < count; k++) {
        const row = (samples - 1 - k) * samples;
        let sum = 0;
        for (let n = 0; n < samples; n++) {
          sum += phi[n] * roots[n] * vectors.data[row + n];
        }
        out[i * count + k] = sum / (chosen[k] * Math.sqrt(samples));
      }
    }
    return { values: chosen, functions: out };
  }

  /** Gives the memory of the samples back; a field of this estimator cannot be evaluated afterwards. */
  dispose(): void {
    this.#parts.points.dispose();
    this.#parts.gaussian?.points.dispose();
  }

  /** 1 - exp(-eigenvalue tau): how much of each mode is learned. */
  get spectrum(): Float64Array {
    return this.eigenvalues.map((value) => -expm1(-Math.max(value, 0) * this.trainingTime));
  }

  async phi(x: Float64Array, time: (row: number) => number): Promise<Float64Array> {
    const { points, linear, gaussian } = this.#parts;
    const psi = this.#psi(x, time);
    const { data: kernel } = await points.rows(psi);
    const rest = linear ? psi : gaussian && (await gaussian.points.rows(psi));
    if (!rest) return kernel;
    const samples = this.samples.t.length;
    const out = new Float64Array(psi.rows * this.features);
    for (let i = 0; i < psi.rows; i++) {
      out.set(kernel.subarray(i * samples, (i + 1) * samples), i * this.features);
      out.set(rest.data.subarray(i * rest.columns, (i + 1) * rest.columns), i * this.features + samples);
    }
    return out;
  }

  #psi(x: Float64Array, time: (row: number) => number): Matrix {
    const { dim } = this.data;
    const { map } = this.#parts;
    const rows = x.length / dim;
    const data = new Float64Array(rows * map.count);
    for (let i = 0; i < rows; i++) {
      map.row(x.slice(i * dim, (i + 1) * dim), time(i), data.subarray(i * map.count, (i + 1) * map.count));
    }
    return { data, rows, columns: map.count };
  }

  override trace?: (
    x: Float64Array,
    time: (row: number) => number,
    weights: Float64Array,
    signal?: AbortSignal,
  ) => Promise<Float64Array>;

  /** sum_n W_n . J' grad k(psi, psi_n), the kernel's gradient by its derivatives with respect to |psi|^2 and psi . psi_n. */
  async #trace(
    x: Float64Array,
    time: (row: number) => number,
    weights: Float64Array,
    signal: AbortSignal | undefined,
  ): Promise<Float64Array> {
    const { dim } = this.data;
    const { map, inputs, points, gaussian, linear } = this.#parts;
    const samples = this.samples.t.length;
    const { data: psi, columns } = this.#psi(x, time);
    const kernels = [points, ...(gaussian ? [gaussian.points] : [])].map(({ options }) => options);
    const slices = new TimeSlices(signal, () => this.data.check());
    const out = new Float64Array(x.length / dim);
    for (let i = 0; i < out.length; i++) {
      const own = psi.subarray(i * columns, (i + 1) * columns);
      const pull = (map.pull as NonNullable<InputMap["pull"]>)(x.slice(i * dim, (i + 1) * dim), time(i));
      const along = (v: Float64Array, feature: number): number => {
        let sum = 0;
        for (let d = 0; d < dim; d++) sum += v[d] * weights[feature * dim + d];
        return sum;
      };
      const centre = pull(own);
      let sum = 0;
      for (let n = 0; n < samples; n++) {
        const other = inputs.subarray(n * columns, (n + 1) * columns);
        const pulled = pull(other);
        kernels.forEach((options, k) => {
          const { square, product } = ntkSlopes(own, other, options);
          const feature = k * samples + n;
          sum += 2 * square * along(centre, feature) + product * along(pulled, feature);
        });
        const wait = slices.spend(20 * columns + 60 * points.options.depth + 6 * dim);
        if (wait) await wait;
      }
      for (let j = 0; linear && j < columns; j++) {
        const unit = new Float64Array(columns);
        unit[j] = 1;
        sum += along(pull(unit), samples + j);
      }
      out[i] = sum;
    }
    return out;
  }

  /** B = Lambda^(1/2) U f(b) U' Lambda^(1/2) / P times columns; the features of s_0 take nothing. */
  async apply(columns: Float64Array, count: number): Promise<Float64Array> {
    const out = new Float64Array(this.features * count);
    out.set(await this.#filtered(columns, count));
    return out;
  }

  async smooth(phi: Float64Array): Promise<Float64Array> {
    const samples = this.samples.t.length;
    const rows = phi.length / this.features;
    const columns = new Float64Array(samples * rows);
    for (let i = 0; i < rows; i++) {
      for (let n = 0; n < samples; n++) columns[n * rows + i] = phi[i * this.features + n];
    }
    // B is symmetric.
    const solved = await this.#filtered(columns, rows);
    const out = new Float64Array(rows * samples);
    for (let i = 0; i < rows; i++) {
      for (let n = 0; n < samples; n++) out[i * samples + n] = solved[n * rows + i];
    }
    return out;
  }

  async #filtered(columns: Float64Array, count: number): Promise<Float64Array> {
    const { engine } = this.data;
    const { roots, vectors } = this.#parts;
    const samples = this.samples.t.length;
    const scale = (rows: Float64Array, by: (n: number) => number): Float64Array =>
      rows.map((value, i) => value * by(Math.floor(i / count)));
    const matrix = (data: Float64Array) => ({ data, rows: samples, columns: count });
    const weighted = matrix(scale(columns, (n) => roots[n]));
    const inner = await matmul(engine, vectors, weighted);
    const filtered = matrix(scale(inner.data, (n) => this.#filter[n]));
    const outer = await matmul(engine, vectors, filtered, { transposeA: true });
    return scale(outer.data, (n) => roots[n] / samples);
  }

  protected override async initial(): Promise<Start> {
    const { dim } = this.data;
    const { linear, inputs, map } = this.#parts;
    const samples = this.samples.t.length;
    const weights = new Float64Array(this.features * dim);
    const outputs = new Float64Array(samples * dim);
    if (linear) {
      for (let j = 0; j < map.count; j++) {
        for (let d = 0; d < dim; d++) weights[(samples + j) * dim + d] = linear[d * map.count + j];
      }
      for (let n = 0; n < samples; n++) {
        for (let d = 0; d < dim; d++) {
          let sum = 0;
          for (let j = 0; j < map.count; j++) {
            sum += linear[d * map.count + j] * inputs[n * map.count + j];
          }
          outputs[n * dim + d] = sum;
        }
      }
    }
    return { weights, outputs };
  }

  /** sum_k (v_k . sigma(z)) xi_k / sqrt(g_k), with v, g the eigenvectors of the covariance at the samples. */
  #drawStart(seed: number, realization: number): Start {
    const { dim } = this.data;
    const { values, vectors } = this.#parts.gaussian as GaussianStart;
    const samples = this.samples.t.length;
    const least = largestOf(values) * samples * Number.EPSILON;
    const weights = new Float64Array(this.features * dim);
    const outputs = new Float64Array(samples * dim);
    const xi = fillNormals(
      new Float64Array(samples * dim),
      dim,
      samples,
      0,
      seed,
      realization,
      streams.start,
    );
    for (let k = 0; k < samples; k++) {
      const value = values[k];
      if (!(value > least)) continue;
      const root = Math.sqrt(value);
      for (let n = 0; n < samples; n++) {
        const v = vectors.data[k * samples + n];
        for (let d = 0; d < dim; d++) {
          const z = v * xi[k * dim + d];
          const at = (samples + n) * dim + d;
          weights[at] = weights[at] + z / root;
          outputs[n * dim + d] = outputs[n * dim + d] + z * root;
        }
      }
    }
    return { weights, outputs };
  }

  override async covariance(a: Places, b: Places = a): Promise<Float64Array> {
    const out = await super.covariance(a, b);
    const { gaussian } = this.#parts;
    if (!gaussian) return out;
    const { engine, dim } = this.data;
    const left = await this.#atStart(a, gaussian);
    const right = b === a ? left : await this.#atStart(b, gaussian);
    const [m, n] = [left.psi.rows, right.psi.rows];
    const whole = await ntkGram(engine, left.psi, right.psi, gaussian.points.options);
    const product = (u: Matrix, v: Matrix) => matmul(engine, u, v, { transposeB: true });
    const inner = await matmul(engine, left.smooth, gaussian.gram);
    const parts = [
      whole,
      await product(inner, right.smooth),
      await product(left.smooth, right.sigma),
      await product(left.sigma, right.smooth),
    ] as const;
    for (let q = 0; q < m * n; q++) {
      const [own, both, one, other] = parts.map(({ data }) => data[q]) as [number, number, number, number];
      const value = own + both - one - other;
      for (let i = 0; i < dim; i++) out[(q * dim + i) * dim + i] = out[(q * dim + i) * dim + i] + value;
    }
    return out;
  }

  override async variance(places: Places): Promise<Float64Array> {
    const out = await super.variance(places);
    const { gaussian } = this.#parts;
    if (!gaussian) return out;
    const { engine, dim } = this.data;
    const samples = this.samples.t.length;
    const { psi, sigma, smooth } = await this.#atStart(places, gaussian);
    const own = await ntkDiagonal(engine, psi, gaussian.points.options);
    const inner = await matmul(engine, smooth, gaussian.gram);
    for (let p = 0; p < psi.rows; p++) {
      let value = own[p];
      for (let n = p * samples; n < (p + 1) * samples; n++) {
        value += smooth.data[n] * (inner.data[n] - 2 * sigma.data[n]);
      }
      for (let i = 0; i < dim; i++) out[(p * dim + i) * dim + i] = out[(p * dim + i) * dim + i] + value;
    }
    return out;
  }

  /** psi, A and the covariances of the start with the samples, at places. */
  async #atStart(
    places: Places,
    gaussian: GaussianStart,
  ): Promise<{ psi: Matrix; sigma: Matrix; smooth: Matrix }> {
    const { x, times } = checkPlaces(this.data, this.process, places, "places");
    const psi = this.#psi(x, (row) => times[row]);
    const sigma = await gaussian.points.rows(psi);
    const data = await this.smoothAt(places);
    return { psi, sigma, smooth: { data, rows: psi.rows, columns: this.samples.t.length } };
  }
}

/** The Gaussian process before training: its covariance at the samples, whole and by eigenvectors. */
interface GaussianStart {
  points: NtkPoints;
  gram: Matrix;
  values: Float64Array;
  vectors: Matrix;
}

interface NtkParts {
  map: InputMap;
  /** psi at the samples, `[P, count]`. */
  inputs: Float64Array;
  /** sqrt(lambda_n / E[lambda]) */
  roots: Float64Array;
  values: Float64Array;
  /** Rows are eigenvectors, `[P, P]`. */
  vectors: Matrix;
  points: NtkPoints;
  ridge: number;
  /** s_0 = B psi: `[dim, count]`. */
  linear: Float64Array | undefined;
  gaussian: GaussianStart | undefined;
}

const largestOf = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);

function checkTime(trainingTime: unknown): number {
  if (trainingTime === Number.POSITIVE_INFINITY) return trainingTime;
  return checkNumber(trainingTime, "trainingTime", { min: 0 });
}

/** psi by default: x in units of its own spread, the noise level, and a constant. */
function defaultMap(dim: number, process: Process, spread: number): InputMap {
  return {
    name: "default",
    count: dim + 2,
    row(x, t, out) {
      const scale = 1 / Math.sqrt(process.variance(t) + (process.alpha(t) * spread) ** 2);
      for (let d = 0; d < dim; d++) out[d] = x[d] * scale;
      out[dim] = log(process.sigma(t)) / 4;
      out[dim + 1] = 1;
    },
    pull(_, t) {
      const scale = 1 / Math.sqrt(process.variance(t) + (process.alpha(t) * spread) ** 2);
      return (v) => v.slice(0, dim).map((value) => value * scale);
    },
  };
}

function customMap(given: NonNullable<NtkScoreOptions["inputMap"]>, dim: number): InputMap {
  const count = checkInteger(given?.count, "inputMap.count", 1, 10_000);
  if (typeof given.row !== "function")
    throw badArgument("E_TYPE", "inputMap.row", "a function of (x, t)", given.row);
  const { row, slopes } = given;
  if (slopes !== undefined && typeof slopes !== "function") {
    throw badArgument("E_TYPE", "inputMap.slopes", "a function of (x, t)", slopes);
  }
  const fill = (
    f: typeof row,
    name: "row" | "slopes",
    x: Float64Array,
    t: number,
    out: Float64Array,
  ): void => {
    const values = atOnce(f(x, t), `inputMap.${name}`);
    if (values?.length !== out.length) {
      throw badArgument("E_SHAPE", "inputMap", `${out.length} numbers from ${name}(x, t)`, values?.length);
    }
    for (let j = 0; j < out.length; j++) {
      const value: unknown = values[j];
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw badArgument(
          "E_NONFINITE",
          `inputMap[${j}]`,
          `a finite number from ${name}(x, t), t = ${t}`,
          value,
        );
      }
      out[j] = value;
    }
  };
  return {
    name: "custom",
    count,
    row: (x, t, out) => fill(row, "row", x, t, out),
    ...(slopes && {
      pull(x: Float64Array, t: number) {
        const bent = new Float64Array(count * dim);
        fill(slopes, "slopes", x, t, bent);
        return (v: Float64Array) => {
          const out = new Float64Array(dim);
          for (let j = 0; j < count; j++) {
            for (let d = 0; d < dim; d++) {
              out[d] = out[d] + v[j] * bent[j * dim + d];
            }
          }
          return out;
        };
      },
    }),
  };
}

const optionNames = [
  "depth",
  "activation",
  "biasVariance",
  "weightVariance",
  "samples",
  "trainingTime",
  "ridge",
  "initial",
  "inputMap",
  "weighting",
  "times",
  "seed",
  "signal",
];

/**
 * Trains an infinitely wide network, exactly. Dispose of it (`dispose()`) when done: it keeps its samples in Wasm memory.
 *
 * @example
 * const ntk = await ntkScore(data, edm(), { samples: 512, trainingTime: 10, times: logUniformTimes({ tMin: 0.02, tMax: 10 }) });
 * const { score } = await ntk.average.evaluate(x, 0.5, ["score"]);
 * @throws {VkernelError} E_USAGE, E_TYPE, E_RANGE, E_SHAPE, E_NONFINITE, E_LIMIT, E_MEMORY, E_ABORT
 */
export async function ntkScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  options: NtkScoreOptions,
): Promise<NtkScore<P>> {
  checkMixture(data);
  checkProcess(process, data);
  data.check();
  checkOptions(options, optionNames);
  const depth = checkInteger(options?.depth ?? 3, "depth", 1, 64);
  const activation = checkWord(options.activation ?? "relu", ["relu", "erf"] as const, "activation");
  const network = {
    depth,
    activation,
    biasVariance: checkNumber(options.biasVariance ?? 0, "biasVariance", { min: 0, max: 1e6 }),
    weightVariance: checkNumber(options.weightVariance ?? 1, "weightVariance", { above: 0, max: 1e6 }),
  };
  const trainingTime = checkTime(options.trainingTime ?? Number.POSITIVE_INFINITY);
  const ridge = checkNumber(options.ridge ?? NTK_RIDGE, "ridge", { min: 0 });
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  if (typeof options.samples === "number") checkInteger(options.samples, "samples", 1, MAX_SAMPLES);
  const slices = new TimeSlices(options.signal, () => data.check());
  const samples = await trainingTuples(data, process, {
    slices,
    samples: options.samples,
    seed,
    weighting: options.weighting ?? "variance",
    times: options.times,
  });
  const count = samples.t.length;
  if (count > MAX_SAMPLES) {
    throw new VkernelError("E_LIMIT", {
      argument: "samples",
      expected: `at most ${MAX_SAMPLES} samples (a matrix of all pairs is decomposed)`,
      got: `${count}`,
    });
  }
  const { dim, engine } = data;
  const map =
    options.inputMap === undefined
      ? defaultMap(dim, process, spreadOf(data))
      : customMap(options.inputMap, dim);
  const initial = options.initial ?? "zero";
  const linear = checkInitial(initial, dim, map.count);
  const inputs = await inputsAt(samples, dim, map, slices);
  const psi = { data: inputs, rows: count, columns: map.count };
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const gram = await ntkGram(engine, psi, undefined, { ...network, ...call });
  const roots = rootsOf(samples.lambda);
  const { values, vectors } = await symmetricEigen(engine, await weighted(gram, roots, slices), call);
  const gaussian = initial === "gaussian" ? await gaussianStart(engine, psi, network, call) : undefined;
  let points: NtkPoints | undefined;
  try {
    points = await ntkPoints(engine, psi, network);
    const parts = { map, inputs, roots, values, vectors, points, ridge, linear, gaussian };
    return await new NtkScore(data, process, samples, parts, trainingTime).prepare();
  } catch (error) {
    points?.dispose();
    gaussian?.points.dispose();
    throw error;
  }
}

/** The inputs of the network at every sample, `[samples, map.count]`. */
async function inputsAt(
  { x, t }: TrainingTuples,
  dim: number,
  map: InputMap,
  slices: TimeSlices,
): Promise<Float64Array<ArrayBuffer>> {
  const inputs = new Float64Array(t.length * map.count);
  for (let n = 0; n < t.length; n++) {
    const row = x.slice(n * dim, (n + 1) * dim);
    map.row(row, t[n], inputs.subarray(n * map.count, (n + 1) * map.count));
    const wait = slices.spend(20 * map.count + 100);
    if (wait) await wait;
  }
  return inputs;
}

/** The roots of the weights of samples, whose mean is 1. */
function rootsOf(lambda: Float64Array): Float64Array {
  let mean = 0;
  for (const value of lambda) mean += value / lambda.length;
  return lambda.map((value) => Math.sqrt(value / mean));
}

/** Lambda^(1/2) K Lambda^(1/2) / P */
async function weighted(gram: Matrix, roots: Float64Array, slices: TimeSlices): Promise<Matrix> {
  const count = roots.length;
  const scaled = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const value = gram.data[i * count + j];
      scaled[i * count + j] = (value * roots[i] * roots[j]) / count;
    }
    const wait = slices.spend(6 * count);
    if (wait) await wait;
  }
  return { data: scaled, rows: count, columns: count };
}

async function gaussianStart(
  engine: Kernels,
  psi: Matrix,
  network: NtkOptions,
  call: LongCall,
): Promise<GaussianStart> {
  const options = { ...network, kernel: "covariance" } as const;
  const gram = await ntkGram(engine, psi, undefined, { ...options, ...call });
  const { values, vectors } = await symmetricEigen(engine, gram, call);
  return { points: await ntkPoints(engine, psi, options), gram, values, vectors };
}

function checkInitial(initial: unknown, dim: number, count: number): Float64Array | undefined {
  if (initial === "zero" || initial === "gaussian") return undefined;
  const matrix = (initial as { linear?: unknown } | null)?.linear;
  if (!Array.isArray(matrix)) {
    throw badArgument(
      "E_USAGE",
      "initial",
      '"zero", "gaussian" or { linear: dim rows of psi coefficients }',
      initial,
    );
  }
  if (matrix.length !== dim || matrix.some((row) => row?.length !== count)) {
    throw badArgument("E_SHAPE", "initial.linear", `${dim} rows of ${count} numbers`, matrix);
  }
  return Float64Array.from(matrix.flat() as number[], (value, i) =>
    checkNumber(value, `initial.linear[${i}]`),
  );
}
