import { TimeSlices } from "../../core/scheduler.js";
import type { Mixture } from "../../data/mixture.js";
import type { Process } from "../../process/process.js";
import { logRatios } from "../evaluate/logRatio.js";
import { MAX_MATRIX_DIM } from "../evaluate/request.js";
import { exactScore, runAll } from "../exact.js";
import type { ScoreField } from "../field.js";
import { levelOf } from "../level.js";

/** Queries evaluated at a time. */
const BATCH = 2 ** 18;

/** The times of rows from `first` on. */
const part = (t: number | Float64Array, first: number, count: number): number | Float64Array =>
  typeof t === "number" ? t : t.subarray(first, first + count);

/** What smoothing averages: the exact score, and ratios of densities, at rows of one time. */
export class Values {
  readonly data: Mixture;
  readonly process: Process;
  readonly #field: ScoreField;
  readonly #signal: AbortSignal | undefined;

  /** @param signal of the call that they are for */
  constructor(data: Mixture, process: Process, signal?: AbortSignal) {
    this.data = data;
    this.process = process;
    this.#field = exactScore(data, process);
    this.#signal = signal;
  }

  /** The same for one call. */
  during(signal: AbortSignal | undefined): Values {
    if (signal === undefined) return this;
    const own = new Values(this.data, this.process, signal);
    own.#ranges = this.ranges;
    return own;
  }

  get #call(): { signal?: AbortSignal } {
    return this.#signal === undefined ? {} : { signal: this.#signal };
  }

  /** Work of the calling thread's own between the others. */
  async spend(work: number): Promise<void> {
    await new TimeSlices(this.#signal, () => this.data.check()).spend(work);
  }

  /** The exact score at rows `[count, dim]`, at one time or at one for each. */
  async score(x: Float64Array, t: number | Float64Array): Promise<Float64Array> {
    const { dim } = this.data;
    const out = new Float64Array(x.length);
    for (let first = 0; first < x.length; first += BATCH * dim) {
      const some = x.subarray(first, first + BATCH * dim);
      const times = part(t, first / dim, some.length / dim);
      const { score } = await this.#field.evaluate(some, times, ["score"], this.#call);
      out.set(score, first);
    }
    return out;
  }

  /** The trace of the score's derivative at rows: (-div v - beta dim) / D, both of one sign. */
  async traces(x: Float64Array, t: number | Float64Array): Promise<Float64Array> {
    const { dim } = this.data;
    let known = Number.NaN;
    let [beta, diffusion] = [0, 0];
    const out = new Float64Array(x.length / dim);
    for (let first = 0; first < out.length; first += BATCH) {
      const rows = x.subarray(first * dim, (first + BATCH) * dim);
      const times = part(t, first, rows.length / dim);
      const { divergence } = await this.#field.evaluate(rows, times, ["divergence"], this.#call);
      divergence.forEach((value, i) => {
        const time = typeof times === "number" ? times : times[i];
        if (time !== known) [beta, diffusion] = [this.process.beta(time), this.process.diffusion(time)];
        known = time;
        out[first + i] = -(value + beta * dim) / diffusion;
      });
    }
    return out;
  }

  /** The score's component along an axis, `[count]`. */
  async along(x: Float64Array, t: number, axis: number): Promise<Float64Array> {
    const { dim } = this.data;
    const scores = await this.score(x, t);
    return Float64Array.from({ length: x.length / dim }, (_, i) => scores[i * dim + axis]);
  }

  /** Its derivative along that axis. */
  async slopes(x: Float64Array, t: number, axis: number): Promise<Float64Array> {
    const { dim } = this.data;
    const out = new Float64Array(x.length / dim);
    const batch = Math.max(1, Math.floor(BATCH / dim));
    for (let first = 0; first < out.length; first += batch) {
      const rows = x.subarray(first * dim, (first + batch) * dim);
      const { hessian } = await this.#field.evaluate(rows, t, ["hessian"], this.#call);
      for (let i = 0; i * dim < rows.length; i++) {
        out[first + i] = hessian[(i * dim + axis) * dim + axis];
      }
    }
    return out;
  }

  /** u' J u at rows, J the score's derivative, u the unit direction of each row, `[count, dim]`. */
  async bends(x: Float64Array, t: number | Float64Array, directions: Float64Array): Promise<Float64Array> {
    const { dim, size, local: points, sigma0 } = this.data;
    const out = new Float64Array(x.length / dim);
    const matrices = dim <= MAX_MATRIX_DIM;
    const slices = new TimeSlices(this.#signal, () => this.data.check());
    const batch = Math.max(1, Math.floor((8 * BATCH) / (matrices ? dim * dim : size)));
    for (let first = 0; first < out.length; first += batch) {
      const rows = x.subarray(first * dim, (first + batch) * dim);
      const times = part(t, first, rows.length / dim);
      const name = matrices ? "hessian" : "posteriorWeights";
      const found = (await this.#field.evaluate(rows, times, [name], this.#call))[name];
      for (let i = 0; i * dim < rows.length; i++) {
        const wait = slices.spend(2 * dim * (matrices ? dim : size));
        if (wait) await wait;
        const u = directions.subarray((first + i) * dim, (first + i + 1) * dim);
        let sum = 0;
        if (matrices) {
          for (let d = 0; d < dim; d++) {
            for (let e = 0; e < dim; e++) {
              sum += u[d] * found[(i * dim + d) * dim + e] * u[e];
            }
          }
          out[first + i] = sum;
          continue;
        }
        // J = alpha^2 Cov / V^2 - I / V: the variance of the points along u.
        const time = typeof times === "number" ? times : times[i];
        const { alpha, total } = levelOf(this.process, time, sigma0);
        const along = (m: number): number => {
          let product = 0;
          for (let d = 0; d < dim; d++) product += u[d] * points[m * dim + d];
          return product;
        };
        let mean = 0;
        for (let m = 0; m < size; m++) {
          const weight = found[i * size + m];
          if (weight > 0) mean += weight * along(m);
        }
        for (let m = 0; m < size; m++) {
          const weight = found[i * size + m];
          if (weight > 0) sum += weight * (along(m) - mean) ** 2;
        }
        out[first + i] = (alpha / total) ** 2 * sum - 1 / total;
      }
    }
    return out;
  }

  /** log p(x + shift) - log p(x - shift), row by row. */
  async ratios(x: Float64Array, shift: Float64Array, t: number): Promise<Float64Array> {
    const { data, process } = this;
    const { dim } = data;
    data.check();
    const level = levelOf(process, t, data.sigma0);
    const plain =
      data.engine.runtime === undefined ? await import("../evaluate/plainLogRatio.js") : undefined;
    const out = new Float64Array(x.length / dim);
    for (let first = 0; first < out.length; first += BATCH) {
      const [places, shifts] = [x, shift].map((all) => all.subarray(first * dim, (first + BATCH) * dim)) as [
        Float64Array,
        Float64Array,
      ];
      const some =
        plain?.referenceLogRatios(data, level, places, shifts) ??
        (await data.hold(() =>
          runAll(logRatios(data, level, places, shifts), new TimeSlices(this.#signal), (job) =>
            data.runtime.run(job, this.#call),
          ),
        ));
      out.set(some, first);
    }
    return out;
  }

  /** alpha R / V times a length: how much the score bends over it. R: the extent of the data. */
  bend(length: number, t: number): number {
    const { alpha, total } = levelOf(this.process, t, this.data.sigma0);
    return (length * alpha * this.extent) / total;
  }

  #extent: number | undefined;
  /** The diagonal of the box that the data lie in. */
  get extent(): number {
    if (this.#extent === undefined) {
      let sum = 0;
      for (const range of this.ranges) sum += range * range;
      this.#extent = Math.sqrt(sum);
    }
    return this.#extent;
  }

  #ranges: Float64Array | undefined;
  /** How far the data reach along each axis, `[dim]`. */
  get ranges(): Float64Array {
    if (this.#ranges === undefined) {
      const { dim, local: points } = this.data;
      const low = new Float64Array(dim).fill(Number.POSITIVE_INFINITY);
      const high = new Float64Array(dim).fill(Number.NEGATIVE_INFINITY);
      for (let i = 0; i < points.length; i++) {
        const d = i % dim;
        low[d] = Math.min(low[d], points[i]);
        high[d] = Math.max(high[d], points[i]);
      }
      this.#ranges = low.map((value, d) => high[d] - value);
    }
    return this.#ranges;
  }
}
