import type { RowFunction } from "../../../bindings/job.js";
import { checkNumber } from "../../core/check.js";
import { checkTable, type Mixture, type PointsInput, type Precision } from "../../data/mixture.js";
import { badArgument } from "../../core/errors.js";
import { matmul } from "../../dense/index.js";
import type { Process } from "../../process/process.js";
import { semidefiniteRoot } from "../../numeric/linear.js";
import { multiply } from "../../numeric/multiply.js";
import { fillNormals, streams, uniform } from "../../numeric/random.js";
import { checkPlaces } from "../checkPlaces.js";
import { RowField } from "../custom.js";
import { exactScore } from "../exact.js";
import type {
  Lack,
  Places,
  RealizationRequest,
  RealizedRows,
  ScoreEnsemble,
  ScoreField,
  TimeRange,
} from "../field.js";
import { noiseOf, proxyScores, diffusionShape } from "../noise.js";
import { byRows, realized, timeByTime } from "../rows.js";
import { needTargets, type TrainingTuples } from "./training.js";

/** Covariances of targets are one matrix per sample: as many dimensions as these fit. */
const MAX_DIM = 64;
/** The estimator before training: W_0, `[F, dim]`, and its outputs at the samples, `[P, dim]`. */
export interface Start {
  readonly weights: Float64Array;
  readonly outputs: Float64Array;
}

/** Posterior weights, and smoothing weights of places, kept at a time. */
const BATCH = 2 ** 22;

/** Values of features that a field has at a time. */
const PHI = 2 ** 20;

/**
 * Estimators that are linear in their targets: s-hat(z) = s_0(z) + sum_n A_n(z) (target_n - s_0(z_n)), where only the x_0 of
 * each sample is random. Written as s-hat(z) = W' phi(z) with W = W_0 + B (targets - S_0): features phi (F of them), B (F x P).
 * Mean and covariance over redraws of x_0 are exact: A S, and sum_n A_n(z) A_n(z') C(z_n). Vastola 2025, E.4, E.5, F.2, F.3.
 */
export abstract class Smoother<P extends Precision = Precision> implements ScoreEnsemble<P> {
  readonly kind = "ensemble";
  readonly data: Mixture<P>;
  readonly process: Process;
  /** The samples that it was fitted to. */
  readonly samples: TrainingTuples;
  /** F, the number of features (a bias is one). */
  abstract readonly features: number;
  #average: ScoreField<P> | undefined;
  #scores: Float64Array | undefined;
  #covariances: Float64Array | undefined;

  /** @internal */
  constructor(data: Mixture<P>, process: Process, samples: TrainingTuples) {
    this.data = data;
    this.process = process;
    this.samples = samples;
  }

  /** @internal phi of rows, each at its time: `[n, F]`. */
  abstract phi(x: Float64Array, time: (row: number) => number): Promise<Float64Array>;
  /** @internal The trace of d(W' phi) / dx at rows of one time or many, where phi's derivatives are known. */
  trace?(
    x: Float64Array,
    time: (row: number) => number,
    weights: Float64Array,
    signal?: AbortSignal,
  ): Float64Array | Promise<Float64Array>;
  /** @internal Why they are not. */
  protected untraced?: Lack;
  /** @internal B times columns `[P, columns]`: `[F, columns]`. */
  abstract apply(columns: Float64Array, count: number): Promise<Float64Array>;
  /** @internal A(z) = B' phi(z) for rows of features `[n, F]`: `[n, P]`. */
  abstract smooth(phi: Float64Array): Promise<Float64Array>;
  /** @internal W_0, `[F, dim]`, and S_0, `[P, dim]`, where the estimator does not start from zero. */
  protected initial?(): Promise<Start>;
  /** @internal The same for one realization, where the start of training is random too; its mean is 0. */
  protected randomStart?(seed: number, realization: number): Start;

  /** @internal Everything that is needed before `average` can be called. */
  async prepare(): Promise<this> {
    this.#average = await this.#fieldOf(await this.exactScores());
    return this;
  }

  get fitted(): TimeRange {
    return this.samples.range;
  }

  get average(): ScoreField<P> {
    return this.#average as ScoreField<P>;
  }

  /**
   * The fit to the samples' own x_0; or to targets of yours at the samples, `[samples, dim]`, such as `stableTargets`.
   * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE
   */
  async fit(targets?: PointsInput): Promise<ScoreField<P>> {
    if (targets !== undefined) return this.#fieldOf(this.#checkTargets(targets));
    needTargets(this.samples);
    return this.#fieldOf(this.#proxies(this.samples.x0));
  }

  #checkTargets(targets: PointsInput): Float64Array {
    const { data, rows } = checkTable(targets, "targets", this.data.dim);
    const count = this.samples.t.length;
    if (rows !== count) throw badArgument("E_SHAPE", "targets", `${count} rows, one per sample`, rows);
    return Float64Array.from(data, (value, i) => checkNumber(value, `targets[${i}]`));
  }

  /** The weights of that fit, `[F, dim]`. */
  async weights(): Promise<Float64Array> {
    needTargets(this.samples);
    return this.#weightsOf(this.#proxies(this.samples.x0));
  }

  /** A fit to fresh draws of x_0 given (x_n, t_n). */
  async draw(seed: number): Promise<ScoreField<P>> {
    return this.#fieldOf(await this.redraw(seed), this.randomStart?.(seed, 0));
  }

  async covariance(a: Places, b: Places = a): Promise<Float64Array> {
    return this.covarianceOf(a, b, (phi) => phi);
  }

  async variance(places: Places): Promise<Float64Array> {
    const { dim, engine } = this.data;
    const { x, times, count } = checkPlaces(this.data, this.process, places, "places");
    const samples = this.samples.t.length;
    const c = { data: await this.targetCovariances(), rows: samples, columns: dim * dim };
    const out = new Float64Array(count * dim * dim);
    const batch = Math.max(1, Math.floor(BATCH / samples));
    for (let first = 0; first < count; first += batch) {
      const last = Math.min(count, first + batch);
      const some = { x: x.subarray(first * dim, last * dim), t: times.subarray(first, last) };
      const squares = (await this.smoothAt(some)).map((value) => value * value);
      const { data } = await matmul(engine, { data: squares, rows: last - first, columns: samples }, c);
      out.set(data, first * dim * dim);
    }
    return out;
  }

  /** @internal The covariance with features changed first. */
  protected async covarianceOf(
    a: Places,
    b: Places,
    change: (phi: Float64Array) => Float64Array,
  ): Promise<Float64Array> {
    const { dim } = this.data;
    const count = this.samples.t.length;
    const left = await this.smoothAt(a, "a", change);
    const right = b === a ? left : await this.smoothAt(b, "b", change);
    const [m, n] = [left.length / count, right.length / count];
    const c = await this.targetCovariances();
    const out = new Float64Array(m * n * dim * dim);
    for (let i = 0; i < dim; i++) {
      for (let j = i; j < dim; j++) {
        const scaled = left.slice();
        for (let p = 0; p < m; p++) {
          for (let s = 0; s < count; s++) {
            scaled[p * count + s] = scaled[p * count + s] * c[(s * dim + i) * dim + j];
          }
        }
        const block = await matmul(
          this.data.engine,
          { data: scaled, rows: m, columns: count },
          { data: right, rows: n, columns: count },
          { transposeB: true },
        );
        for (let q = 0; q < m * n; q++) {
          out[(q * dim + i) * dim + j] = block.data[q];
          out[(q * dim + j) * dim + i] = block.data[q];
        }
      }
    }
    return out;
  }

  /** Weights of many realizations: `[F, count x dim]`, those of realization r in columns r dim ... */
  async weightsOfMany(
    kind: "draws" | "gaussian",
    first: number,
    count: number,
    seed: number,
  ): Promise<Float64Array> {
    const { dim } = this.data;
    const samples = this.samples.t.length;
    const columns = count * dim;
    const targets = new Float64Array(samples * columns);
    const starts = this.randomStart && new Float64Array(this.features * columns);
    for (let r = 0; r < count; r++) {
      const some =
        kind === "draws" ? await this.redraw(seed, first + r) : await this.gaussianTargets(seed, first + r);
      const start = this.randomStart?.(seed, first + r);
      if (start) {
        for (let i = 0; i < some.length; i++) some[i] = some[i] - start.outputs[i];
        for (let j = 0; j < this.features; j++) {
          starts?.set(start.weights.subarray(j * dim, (j + 1) * dim), j * columns + r * dim);
        }
      }
      for (let n = 0; n < samples; n++) {
        targets.set(some.subarray(n * dim, (n + 1) * dim), n * columns + r * dim);
      }
    }
    const weights = await this.apply(targets, columns);
    return starts ? weights.map((value, i) => value + starts[i]) : weights;
  }

  async #weightsOf(targets: Float64Array, random?: Start): Promise<Float64Array> {
    const start = random ?? (await this.initial?.());
    if (start === undefined) return this.apply(targets, this.data.dim);
    const rest = targets.map((value, i) => value - start.outputs[i]);
    const weights = await this.apply(rest, this.data.dim);
    return weights.map((value, i) => value + start.weights[i]);
  }

  async #fieldOf(targets: Float64Array, random?: Start): Promise<ScoreField<P>> {
    const weights = await this.#weightsOf(targets, random);
    const { dim } = this.data;
    const trace = this.trace?.bind(this);
    return new RowField(
      this.data,
      this.process,
      byRows(async (x, time) => contract(await this.phi(x, time), weights, dim, () => 0, dim)),
      {
        fitted: this.fitted,
        trace: trace && this.#directed(weights, trace),
        untraced: this.untraced,
        part: dim * Math.max(1, Math.floor(PHI / this.features)),
      },
    );
  }

  /** Traces of D_t J over `diffusion`: those of other weights, W D_t. */
  #directed(weights: Float64Array, trace: NonNullable<Smoother["trace"]>): RowFunction {
    const { process } = this;
    const { dim } = this.data;
    if (process.matrices === undefined) {
      return byRows((x, time, _, signal) => trace(x, time, weights, signal));
    }
    const turned = (t: number): Float64Array => {
      const shape = diffusionShape(process, t);
      const out = new Float64Array(weights.length);
      for (let j = 0; j < weights.length; j += dim) {
        out.set(multiply(shape, dim, weights.subarray(j, j + dim)), j);
      }
      return out;
    };
    let known = Number.NaN;
    let own = weights;
    return byRows((x, time, _, signal) =>
      timeByTime(x, time, dim, 1, (some, t) => {
        // A constant covariance has the same at all times.
        if (t !== known && !(process.covariance && own !== weights)) own = turned(t);
        known = t;
        return trace(some, () => t, own, signal);
      }),
    );
  }

  /** @internal The true score at the samples, `[P, dim]`. */
  async exactScores(): Promise<Float64Array> {
    if (this.#scores === undefined) {
      const { x, t } = this.samples;
      const { score } = await exactScore(this.data, this.process).evaluate(x, t, ["score"]);
      this.#scores = Float64Array.from(score);
    }
    return this.#scores;
  }

  /** @internal C(z_n), `[P, dim, dim]`. */
  async targetCovariances(): Promise<Float64Array> {
    if (this.#covariances === undefined) {
      if (this.data.dim > MAX_DIM) {
        throw badArgument("E_LIMIT", "covariance", `dim at most ${MAX_DIM}`, this.data.dim);
      }
      const { x, t } = this.samples;
      const field = exactScore(this.data, this.process);
      const { proxyCovariance } = await field.evaluate(x, t, ["proxyCovariance"]);
      this.#covariances = Float64Array.from(proxyCovariance);
    }
    return this.#covariances;
  }

  /** @internal Targets for fresh x_0 given (x_n, t_n). */
  async redraw(seed: number, realization = 0): Promise<Float64Array> {
    const { dim, sigma0, absolutePoints: points, size } = this.data;
    const { x, t } = this.samples;
    const count = t.length;
    const totals = await this.#cumulativeWeights();
    const x0 = new Float64Array(count * dim);
    const noiseAt = noiseOf(this.process, dim, sigma0);
    for (let n = 0; n < count; n++) {
      const u = uniform(seed, n, realization, streams.redraw, 0) * totals[(n + 1) * size - 1];
      // The first point whose running total exceeds u.
      let low = n * size;
      let high = (n + 1) * size - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (totals[middle] > u) high = middle;
        else low = middle + 1;
      }
      const m = low - n * size;
      for (let d = 0; d < dim; d++) x0[n * dim + d] = points[m * dim + d];
      if (sigma0 === 0) continue;
      const noise = noiseAt(t[n]);
      const width = noise.spread(
        fillNormals(new Float64Array(dim), dim, 1, n, seed, realization, streams.component),
      );
      const row = x0.subarray(n * dim, (n + 1) * dim);
      const pull = row.map((mu, d) => x[n * dim + d] - noise.alpha * mu);
      noise.solveTotal(pull);
      const gain = noise.alpha * sigma0 * sigma0;
      for (let d = 0; d < dim; d++) {
        row[d] = row[d] + gain * pull[d] + width[d];
      }
    }
    return this.#proxies(x0);
  }

  #totals: Float64Array | undefined;
  /** Running totals of the posterior weights at every sample, `[P, size]`. */
  async #cumulativeWeights(): Promise<Float64Array> {
    if (this.#totals) return this.#totals;
    const { size, dim } = this.data;
    const { x, t } = this.samples;
    const count = t.length;
    if (count * size > 2 ** 28) {
      throw badArgument("E_LIMIT", "samples", "at most 2^28 samples x points to redraw x_0", count * size);
    }
    const field = exactScore(this.data, this.process);
    const totals = new Float64Array(count * size);
    const batch = Math.max(1, Math.floor(BATCH / size));
    for (let first = 0; first < count; first += batch) {
      const last = Math.min(count, first + batch);
      const { posteriorWeights } = await field.evaluate(
        x.subarray(first * dim, last * dim),
        t.subarray(first, last),
        ["posteriorWeights"],
      );
      for (let n = first; n < last; n++) {
        let sum = 0;
        for (let m = 0; m < size; m++) {
          sum += posteriorWeights[(n - first) * size + m];
          totals[n * size + m] = sum;
        }
      }
    }
    this.#totals = totals;
    return totals;
  }

  #roots: Float64Array | undefined;
  /** @internal Gaussian targets of mean 0 and covariance C(z_n): what `redraw` gives less its mean, but normal. */
  async gaussianTargets(seed: number, realization: number): Promise<Float64Array> {
    const { dim } = this.data;
    const count = this.samples.t.length;
    if (this.#roots === undefined) {
      const c = await this.targetCovariances();
      const roots = new Float64Array(c.length);
      for (let n = 0; n < count; n++) {
        const block = c.subarray(n * dim * dim, (n + 1) * dim * dim);
        roots.set(semidefiniteRoot(block, dim).root, n * dim * dim);
      }
      this.#roots = roots;
    }
    const roots = this.#roots;
    const z = fillNormals(new Float64Array(count * dim), dim, count, 0, seed, realization, streams.redraw);
    const out = new Float64Array(count * dim);
    for (let n = 0; n < count; n++) {
      for (let i = 0; i < dim; i++) {
        let sum = 0;
        for (let j = 0; j < dim; j++) sum += roots[(n * dim + i) * dim + j] * z[n * dim + j];
        out[n * dim + i] = sum;
      }
    }
    return out;
  }

  /** S^-1 (alpha x_0 - x) at the samples. */
  #proxies(x0: Float64Array): Float64Array {
    const { x, t } = this.samples;
    return proxyScores(this.process, this.data.dim, { x, x0, t });
  }

  /** @internal A_n(z) at places, `[count, P]`. */
  async smoothAt(
    places: Places,
    argument = "places",
    change: (phi: Float64Array) => Float64Array = (phi) => phi,
  ): Promise<Float64Array> {
    const { x, times } = checkPlaces(this.data, this.process, places, argument);
    const { dim } = this.data;
    const count = x.length / dim;
    const phi = new Float64Array(count * this.features);
    for (let first = 0; first < count; ) {
      let last = first + 1;
      while (last < count && times[last] === times[first]) last++;
      const t = times[first];
      const some = await this.phi(x.slice(first * dim, last * dim), () => t);
      phi.set(some, first * this.features);
      first = last;
    }
    return this.smooth(change(phi));
  }

  /** @internal */
  async realizations({ kind, first, count, seed }: RealizationRequest): Promise<RealizedRows> {
    const { dim } = this.data;
    const weights = await this.weightsOfMany(kind, first, count, seed);
    // Draws leave the start of training out, Gaussian ones the whole mean.
    const rest =
      kind === "gaussian"
        ? await this.#weightsOf(await this.exactScores())
        : await this.#weightsOf(new Float64Array(this.samples.x.length));
    return realized(async (x, time, realization) => {
      const phi = await this.phi(x, time);
      const noise = contract(phi, weights, dim, (row) => realization(row) * dim, count * dim);
      const mean = contract(phi, rest, dim, () => 0, dim);
      return noise.map((value, i) => value + mean[i]);
    });
  }
}

/** out[i] = sum_j phi[i, j] W[j, column(i) ...]: W has `stride` columns. */
export function contract(
  phi: Float64Array,
  weights: Float64Array,
  dim: number,
  column: (row: number) => number,
  stride: number,
): Float64Array {
  const features = weights.length / stride;
  const rows = phi.length / features;
  const out = new Float64Array(rows * dim);
  for (let i = 0; i < rows; i++) {
    const start = column(i);
    for (let j = 0; j < features; j++) {
      const value = phi[i * features + j];
      if (value === 0) continue;
      const at = j * stride + start;
      for (let d = 0; d < dim; d++) out[i * dim + d] = out[i * dim + d] + value * weights[at + d];
    }
  }
  return out;
}
