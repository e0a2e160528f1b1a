import type { TimeSlices } from "../../core/scheduler.js";
import type { Mixture } from "../../data/mixture.js";
import { log } from "../../numeric/elementary.js";
import type { Process } from "../../process/process.js";
import { gaussianCells, type PlaneComponent, type PlaneGrid } from "../planeGrid.js";

/** The noised data at one time, as the density kernels see them. */
export interface PlaneLaw {
  readonly alpha: number;
  /** V */
  readonly total: number;
  /** `[size, 2]`, second coordinates 0 in one dimension. */
  readonly points: Float64Array;
  /** ln of the weights. */
  readonly logWeights: Float64Array;
}

/** Beyond this many times the box the law of a reflected motion is uniform: the slowest mode has decayed to e^-44. */
const UNIFORM = 3;
/** Images beyond this many standard deviations of the box weigh less than 1e-16. */
const REACH = 8.5;

/** The law of noised data in one or two dimensions, on the whole space or reflected at the ends of a box. */
export class DataLaw {
  readonly #data: Mixture;
  readonly #process: Process;
  /** Low and high ends where the law is that of the reflected motion. */
  readonly #box: readonly (readonly [number, number])[] | undefined;

  constructor(data: Mixture, process: Process, box?: readonly (readonly [number, number])[]) {
    this.#data = data;
    this.#process = process;
    this.#box = box;
  }

  /** V at time t; where the law is reflected and uniform, the least V at which it is. */
  total(t: number): number {
    const { sigma0 } = this.#data;
    const width = this.#process.alpha(t) * sigma0;
    const total = width * width + this.#process.variance(t);
    if (!this.#box) return total;
    const most = UNIFORM * Math.max(...this.#box.map(([low, high]) => high - low));
    return Math.min(total, most * most);
  }

  /** Places along each axis of the point in position m of the packed points: one, or all its mirror images that count. */
  #places(m: number, t: number): Float64Array[] {
    const { dim, packed } = this.#data;
    const alpha = this.#process.alpha(t);
    const reach = REACH * Math.sqrt(this.total(t));
    return Array.from({ length: dim }, (_, d) => {
      const place = alpha * packed.points[m * dim + d];
      if (!this.#box) return Float64Array.of(place);
      const [low, high] = this.#box[d];
      const period = 2 * (high - low);
      const out: number[] = [place];
      const periods = Math.ceil(reach / period) + 1;
      for (let k = -periods; k <= periods; k++) {
        for (const image of [place + k * period, 2 * low - place + k * period]) {
          if (image !== place && image > low - reach && image < high + reach) out.push(image);
        }
      }
      return Float64Array.from(out);
    });
  }

  at(t: number): PlaneLaw {
    const { dim, packed } = this.#data;
    const alpha = this.#process.alpha(t);
    const total = this.total(t);
    if (!this.#box) {
      const points = new Float64Array(2 * packed.weights.length);
      packed.weights.forEach((_, m) => {
        for (let d = 0; d < dim; d++) points[2 * m + d] = packed.points[m * dim + d];
      });
      return { alpha, total, points, logWeights: packed.weights.map(log) };
    }
    const points: number[] = [];
    const logWeights: number[] = [];
    packed.weights.forEach((weight, m) => {
      const [x, y = Float64Array.of(0)] = this.#places(m, t) as [Float64Array, Float64Array?];
      for (const b of y) {
        for (const a of x) {
          points.push(a, b);
          logWeights.push(log(weight));
        }
      }
    });
    return {
      alpha: 1,
      total,
      points: Float64Array.from(points),
      logWeights: Float64Array.from(logWeights),
    };
  }

  /** Averages over cells of the law at time t: exact. */
  cells(grid: PlaneGrid, t: number, slices: TimeSlices): Promise<Float64Array> {
    return gaussianCells(grid, this.#components(t), Math.sqrt(this.total(t)), slices);
  }

  *#components(t: number): Generator<PlaneComponent, void, void> {
    const { weights } = this.#data.packed;
    for (let m = 0; m < weights.length; m++) {
      yield { centres: this.#places(m, t), weight: weights[m] };
    }
  }

  /** A box that holds the law at these times up to `deviations` standard deviations beyond the points. */
  holding(times: readonly number[], deviations: number, also = 0): [number, number][] {
    const { dim, packed } = this.#data;
    return Array.from({ length: dim }, (_, d) => {
      let [low, high] = [-also * deviations, also * deviations];
      if (also === 0) [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const t of times) {
        const alpha = this.#process.alpha(t);
        const beyond = deviations * Math.sqrt(this.total(t));
        for (let m = 0; m < packed.weights.length; m++) {
          const place = alpha * packed.points[m * dim + d];
          low = Math.min(low, place - beyond);
          high = Math.max(high, place + beyond);
        }
      }
      return [low, high];
    });
  }
}
