import { TimeSlices } from "../../core/scheduler.js";
import { checkInteger, checkNumber, checkOptions, checkWord } from "../../core/check.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import type { Kernels } from "../../core/kernels.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import {
  cholesky,
  crossWeighted,
  fourierFeatures,
  gramWeighted,
  type Matrix,
  matmul,
  rbfFeatures,
  solveCholesky,
} from "../../dense/index.js";
import type { Process } from "../../process/process.js";
import { checkMixture, checkProcess } from "../exact.js";
import type { Places, ScoreField } from "../field.js";
import type { BoundFeatures, FeatureMap } from "./features/index.js";
import { Smoother } from "./smoother.js";
import {
  type TimeLaw,
  type TrainingTuples,
  type TuplesInput,
  trainingTuples,
  type Weighting,
} from "./training.js";

export interface LinearScoreOptions {
  /** The functions phi(x, t) that the score is made of, such as rbfFeatures({ count: 200 }). */
  features: FeatureMap;
  /** How many samples of p(x, x_0, t) to fit to, or the samples themselves. */
  samples: number | TuplesInput;
  /** The weight lambda_t of a time in the loss. Default "variance". Not used where samples bring their own. */
  weighting?: Weighting;
  /** How times are drawn. Not used where samples are given. */
  times?: TimeLaw;
  /** Whether the score has a constant term w_0. Default true. */
  bias?: boolean;
  /** A ridge, added to the diagonal of the features' covariance: ridge |W|^2 / 2 beside J1 / E[lambda]. Default 1e-6. */
  ridge?: number;
  /** Seed of the training samples. Default 0. */
  seed?: number;
  /** "x0" (default): realizations keep (x_n, t_n) and redraw x_0, as the paper has it; "all": they redraw the samples. */
  redraw?: "x0" | "all";
  signal?: AbortSignal;
}

/** Rows of features at a time, in numbers. */
const PANEL = 2 ** 21;

/**
 * The linear score s-hat(x, t) = w_0 + W phi(x, t) that minimises denoising score matching over P samples, as an
 * ensemble over redraws of x_0. Vastola 2025, Eq. 10, 11, 61 to 67; the covariance is E.5's first line.
 */
export class LinearScore<P extends Precision = Precision> extends Smoother<P> {
  readonly features: number;
  readonly bias: boolean;
  readonly ridge: number;
  /** The features' weighted means, and E[lambda] over the samples. */
  readonly featureMeans: Float64Array;
  readonly meanLambda: number;
  readonly #bound: BoundFeatures;
  readonly #factor: Matrix;
  readonly #again: ((seed: number) => Promise<LinearScore<P>>) | undefined;

  /** @internal */
  constructor(
    data: Mixture<P>,
    process: Process,
    samples: TrainingTuples,
    parts: {
      bound: BoundFeatures;
      bias: boolean;
      ridge: number;
      means: Float64Array;
      meanLambda: number;
      factor: Matrix;
      again: ((seed: number) => Promise<LinearScore<P>>) | undefined;
    },
  ) {
    super(data, process, samples);
    this.features = parts.bound.count + 1;
    this.bias = parts.bias;
    this.ridge = parts.ridge;
    this.featureMeans = parts.means;
    this.meanLambda = parts.meanLambda;
    this.#bound = parts.bound;
    this.#factor = parts.factor;
    this.#again = parts.again;
    const slopes = parts.bound.slopes?.bind(parts.bound);
    if (slopes === undefined) {
      this.untraced = {
        reason: "features that are given by their values tell nothing of their derivatives",
        way: "customFeatures takes slopes of yours",
      };
      return;
    }
    const { dim } = data;
    // sum over j and d of W[j, d] d phi_j / d x_d; the constant has no derivative, a mean taken off changes none.
    const bent = new Float64Array(parts.bound.count * dim);
    this.trace = (x, time, weights) =>
      Float64Array.from({ length: x.length / dim }, (_, i) => {
        slopes(x.slice(i * dim, (i + 1) * dim), time(i), bent);
        let sum = 0;
        for (let k = 0; k < bent.length; k++) sum += bent[k] * weights[dim + k];
        return sum;
      });
  }

  /** [1, phi - mean]; without bias the 1 is a 0. */
  async phi(x: Float64Array, time: (row: number) => number): Promise<Float64Array> {
    const { dim } = this.data;
    const rows = x.length / dim;
    const { count } = this.#bound;
    const out = new Float64Array(rows * (count + 1));
    const values = await evaluateOnPool(this.data.engine, this.#bound, x, dim, time);
    for (let i = 0; i < rows; i++) this.#centre(values, i, out, i);
    return out;
  }

  override trace?: (x: Float64Array, time: (row: number) => number, weights: Float64Array) => Float64Array;

  #centre(values: Float64Array, from: number, out: Float64Array, to: number): void {
    const { count } = this.#bound;
    out[to * (count + 1)] = this.bias ? 1 : 0;
    for (let j = 0; j < count; j++) {
      out[to * (count + 1) + 1 + j] = values[from * count + j] - (this.bias ? this.featureMeans[j] : 0);
    }
  }

  /** Features of the samples from `first` on, with [1, phi - mean], and their weights lambda / (P E[lambda]). */
  #panel = (first: number, count: number): Float64Array => {
    const { x, t } = this.samples;
    const { dim } = this.data;
    const rows = x.subarray(first * dim, (first + count) * dim);
    const values = evaluateRows(this.#bound, rows, dim, (i) => t[first + i]);
    const out = new Float64Array(count * this.features);
    for (let i = 0; i < count; i++) this.#centre(values, i, out, i);
    return out;
  };

  #sampleWeights(): Float64Array {
    const { lambda } = this.samples;
    return lambda.map((value) => value / (lambda.length * this.meanLambda));
  }

  async apply(columns: Float64Array, count: number): Promise<Float64Array> {
    const { engine } = this.data;
    const rows = this.samples.t.length;
    const { data: rhs } = await crossWeighted(
      engine,
      { rows, columns: this.features, read: this.#panel },
      { data: columns, rows, columns: count },
      this.#sampleWeights(),
    );
    const right = { data: rhs.slice(count), rows: this.#bound.count, columns: count };
    const inner = await solveCholesky(engine, this.#factor, right);
    const out = new Float64Array(this.features * count);
    if (this.bias) out.set(rhs.subarray(0, count));
    out.set(inner.data, count);
    return out;
  }

  /** A_n(z) = lambda_n / (P E[lambda]) Q(z_n, z): Vastola 2025, Eq. 66, 67. */
  async smooth(phi: Float64Array): Promise<Float64Array> {
    const { engine } = this.data;
    const rows = phi.length / this.features;
    const { count } = this.#bound;
    // Q's other half: Sigma^-1 (phi - mean), transposed for the solver.
    const columns = new Float64Array(count * rows);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < count; j++) columns[j * rows + i] = phi[i * this.features + 1 + j];
    }
    const { data: solved } = await solveCholesky(engine, this.#factor, {
      data: columns,
      rows: count,
      columns: rows,
    });
    const full = new Float64Array(this.features * rows);
    for (let i = 0; i < rows; i++) full[i] = phi[i * this.features];
    full.set(solved, rows);
    const samples = this.samples.t.length;
    const weights = this.#sampleWeights();
    const out = new Float64Array(rows * samples);
    const batch = Math.max(1, Math.floor(PANEL / this.features));
    for (let first = 0; first < samples; first += batch) {
      const some = Math.min(batch, samples - first);
      const { data: q } = await matmul(
        engine,
        { data: this.#panel(first, some), rows: some, columns: this.features },
        { data: full, rows: this.features, columns: rows },
      );
      for (let n = 0; n < some; n++) {
        for (let i = 0; i < rows; i++) {
          out[i * samples + first + n] = weights[first + n] * q[n * rows + i];
        }
      }
    }
    return out;
  }

  /**
   * The covariance as P grows: the same without the constant term of Q. Vastola 2025, Eq. 12, 13, 74, with averages over
   * the samples in place of expectations. `covariance` is exact for finite P (E.5, first line).
   *
   * @returns `[count of a, count of b, dim, dim]`
   */
  async largeSampleCovariance(a: Places, b: Places = a): Promise<Float64Array> {
    return this.covarianceOf(a, b, (phi) => {
      const out = phi.slice();
      for (let i = 0; i < out.length; i += this.features) out[i] = 0;
      return out;
    });
  }

  /** A fit to fresh x_0, or, with redraw "all", to fresh samples. */
  override async draw(seed: number): Promise<ScoreField<P>> {
    if (this.#again === undefined) return super.draw(seed);
    return (await this.#again(seed)).fit();
  }

  /** W and w_0 of the fit to the samples' own x_0: `[dim, F]` and `[dim]`. Vastola 2025, Eq. 11. */
  async coefficients(): Promise<{ w0: Float64Array; w: Float64Array }> {
    const weights = await this.weights();
    const { dim } = this.data;
    const { count } = this.#bound;
    const w = new Float64Array(dim * count);
    const w0 = new Float64Array(dim);
    for (let d = 0; d < dim; d++) {
      let shift = 0;
      for (let j = 0; j < count; j++) {
        const value = weights[(1 + j) * dim + d];
        w[d * count + j] = value;
        if (this.bias) shift += value * this.featureMeans[j];
      }
      w0[d] = weights[d] - shift;
    }
    return { w0, w };
  }
}

/** phi of rows, each at a time of its own: `[rows, count]`. */
function evaluateRows(
  bound: BoundFeatures,
  x: Float64Array,
  dim: number,
  timeOf: (row: number) => number,
): Float64Array {
  const rows = x.length / dim;
  const { count } = bound;
  const out = new Float64Array(rows * count);
  if (bound.base && bound.factors) {
    bound.base(x, out);
    let known = Number.NaN;
    let factors = new Float64Array(count);
    for (let i = 0; i < rows; i++) {
      const t = timeOf(i);
      if (t !== known) {
        factors = bound.factors(t) as Float64Array<ArrayBuffer>;
        known = t;
      }
      for (let j = 0; j < count; j++) out[i * count + j] = out[i * count + j] * factors[j];
    }
  } else {
    for (let i = 0; i < rows; i++) {
      bound.row(x.slice(i * dim, (i + 1) * dim), timeOf(i), out.subarray(i * count, (i + 1) * count));
    }
  }
  return out;
}

/** phi of rows, by the kernels where they can. */
async function evaluateOnPool(
  engine: Kernels,
  bound: BoundFeatures,
  x: Float64Array,
  dim: number,
  time: (row: number) => number,
): Promise<Float64Array> {
  const { kernel, factors, count } = bound;
  if (kernel === undefined || factors === undefined) return evaluateRows(bound, x, dim, time);
  const rows = { data: x, rows: x.length / dim, columns: dim };
  const centres = { data: kernel.centres, rows: count, columns: dim };
  const { data } =
    kernel.kind === "rbf"
      ? await rbfFeatures(engine, rows, centres, kernel.width)
      : await fourierFeatures(engine, rows, centres, kernel.offsets);
  const scale = kernel.kind === "fourier" ? kernel.scale : 1;
  let known = Number.NaN;
  let by = new Float64Array(count);
  for (let i = 0; i < data.length; i += count) {
    const t = time(i / count);
    if (t !== known) {
      by = Float64Array.from(factors(t), (factor) => scale * factor);
      known = t;
    }
    for (let j = 0; j < count; j++) data[i + j] = data[i + j] * by[j];
  }
  return data;
}

/** The ridge where none is given: functions that overlap are dependent to rounding, and without any have no fit. */
export const LINEAR_RIDGE = 1e-6;

/** A power of ten that lifts every pivot above its rounding. */
function suggestedRidge(ridge: number, gram: Float64Array, count: number): string {
  let trace = 0;
  for (let j = 0; j < count; j++) trace += gram[j * (count + 1)];
  const needed = Math.max(LINEAR_RIDGE, 10 * ridge, 1e-12 * trace);
  return `1e${Math.ceil(Math.log10(needed) - 1e-9)}`;
}

/**
 * Fits a linear score.
 *
 * @example
 * const linear = await linearScore(data, edm(), {
 *   features: rbfFeatures({ count: 200 }), samples: 2000, times: logUniformTimes({ tMin: 0.01, tMax: 10 }),
 * });
 * const { score } = await linear.average.evaluate(x, 0.5, ["score"]);
 * @throws {VkernelError} E_RANGE "ridge" where the normal equations are singular in float64, which no ridge or a small one allows;
 *   "samples" for fewer of them than features without ridge
 */
export async function linearScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  options: LinearScoreOptions,
): Promise<LinearScore<P>> {
  checkMixture(data);
  checkProcess(process, data);
  data.check();
  checkOptions(options, [
    "features",
    "samples",
    "weighting",
    "times",
    "bias",
    "ridge",
    "seed",
    "redraw",
    "signal",
  ]);
  const { features } = options ?? {};
  if (typeof features?.bind !== "function") {
    throw badArgument("E_TYPE", "features", "a feature map such as rbfFeatures({ count: 200 })", features);
  }
  const bias = options.bias ?? true;
  if (typeof bias !== "boolean") throw badArgument("E_TYPE", "bias", "true or false", bias);
  const ridge = checkNumber(options.ridge ?? LINEAR_RIDGE, "ridge", { min: 0 });
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const slices = new TimeSlices(options.signal, () => data.check());
  const samples = await trainingTuples(data, process, {
    samples: options.samples,
    seed,
    weighting: options.weighting ?? "variance",
    times: options.times,
    slices,
  });
  const bound = features.bind(data.dim, process);
  const { count } = bound;
  const total = samples.t.length;
  if (ridge === 0 && total < count + (bias ? 1 : 0)) {
    throw new VkernelError("E_RANGE", {
      argument: "samples",
      expected: `at least ${count + (bias ? 1 : 0)} samples for ${count} features (or a ridge above 0)`,
      got: `${total}`,
    });
  }
  let meanLambda = 0;
  for (const value of samples.lambda) meanLambda += value / total;
  const weights = samples.lambda.map((value) => value / (total * meanLambda));
  const { dim } = data;
  const panelOf = (first: number, some: number): Float64Array => {
    const values = evaluateRows(
      bound,
      samples.x.subarray(first * dim, (first + some) * dim),
      dim,
      (i) => samples.t[first + i],
    );
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new VkernelError("E_NONFINITE", {
        argument: "features",
        expected: "finite values at every sample",
        got: `${values[bad]} for function ${bad % count} at t = ${samples.t[first + Math.floor(bad / count)]}`,
      });
    }
    return values;
  };
  const means = new Float64Array(count);
  if (bias) {
    const step = Math.max(1, Math.floor(2 ** 20 / (count * (dim + 20))));
    for (let first = 0; first < total; first += step) {
      const some = Math.min(step, total - first);
      const values = panelOf(first, some);
      for (let i = 0; i < some; i++) {
        const w = weights[first + i];
        for (let j = 0; j < count; j++) means[j] = means[j] + w * values[i * count + j];
      }
      const wait = slices.spend(some * count * (dim + 20));
      if (wait) await wait;
    }
  }
  const centred = (first: number, some: number): Float64Array => {
    const values = panelOf(first, some);
    if (bias) {
      for (let i = 0; i < some; i++) {
        for (let j = 0; j < count; j++) {
          values[i * count + j] = values[i * count + j] - means[j];
        }
      }
    }
    return values;
  };
  const source = { rows: total, columns: count, read: centred };
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const gram = await gramWeighted(data.engine, source, weights, call);
  for (let j = 0; j < count; j++) gram.data[j * (count + 1)] = gram.data[j * (count + 1)] + ridge;
  const factored = await cholesky(data.engine, gram, call);
  if (!factored.ok) {
    throw new VkernelError("E_RANGE", {
      argument: "ridge",
      expected: `a larger one, such as ${suggestedRidge(ridge, gram.data, count)}, or functions that are independent on the samples (fewer, narrower)`,
      got: `${ridge}, with which feature ${factored.pivot.index} is a combination of those before it, to rounding (Cholesky pivot ${factored.pivot.value})`,
    });
  }
  const redraw = checkWord(options.redraw ?? "x0", ["x0", "all"] as const, "redraw");
  if (redraw === "all" && typeof options.samples !== "number") {
    throw badArgument("E_USAGE", "redraw", '"x0" where the samples are given', redraw);
  }
  const again =
    redraw === "x0"
      ? undefined
      : (next: number): Promise<LinearScore<P>> =>
          linearScore(data, process, { ...options, seed: next, redraw: "x0" });
  const parts = { bound, bias, ridge, means, meanLambda, factor: factored.l, again };
  return new LinearScore(data, process, samples, parts).prepare();
}
