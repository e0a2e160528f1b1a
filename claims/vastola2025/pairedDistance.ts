import { inSlices, unitOfWork } from "vkernel/internal";
import type { Estimate } from "../estimate.js";

/** Distances of the laws of two models, measured on samples from the same starts. */
export interface PairedDistance {
  /** 2 E|X - Y| - E|X - X'| - E|Y - Y'|: 0 for equal laws alone; unbiased, so it can be below 0. */
  readonly energy: Estimate;
  /** The same with exp(-d^2 / (2 h^2)) for -d: squared maximum mean discrepancy. */
  readonly mmd: Estimate;
}

/**
 * Energy distance and squared MMD of two laws from samples whose rows i come from the same start: rows of one start depend
 * on each other, so terms of a row with itself are left out, and the error is that of a one-sample U-statistic of the pairs
 * (x_i, y_i), h(i, j) = k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(y_i, x_j). With v the variance of E h(i, .) and z that
 * of h: Var = (4 (n - 2) v + 2 z) / (n (n - 1)) (Hoeffding 1948), v after taking its own noise off, and cut at 0. For equal
 * laws v is 0 and the value is a weighted sum of centred chi-squares.
 *
 * Cost: n^2 / 2 pairs, in slices of 12 ms.
 */
export function pairedDistance(
  a: Float64Array,
  b: Float64Array,
  options: { bandwidth: number; signal: AbortSignal },
): Promise<PairedDistance> {
  return inSlices(work(a, b, options.bandwidth), options.signal);
}

function* work(a: Float64Array, b: Float64Array, bandwidth: number): Generator<void, PairedDistance, void> {
  const n = a.length / 2;
  const energy = new Statistic(n);
  const mmd = new Statistic(n);
  const factor = -0.5 / (bandwidth * bandwidth);
  const squared = (p: Float64Array, i: number, q: Float64Array, j: number): number => {
    const dx = p[2 * i] - q[2 * j];
    const dy = p[2 * i + 1] - q[2 * j + 1];
    return dx * dx + dy * dy;
  };
  let cost = 0;
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const [xx, yy] = [squared(a, i, a, j), squared(b, i, b, j)];
      const [xy, yx] = [squared(a, i, b, j), squared(b, i, a, j)];
      energy.add(i, j, Math.sqrt(xy) + Math.sqrt(yx) - Math.sqrt(xx) - Math.sqrt(yy));
      const k = Math.exp(factor * xx) + Math.exp(factor * yy);
      mmd.add(i, j, k - Math.exp(factor * xy) - Math.exp(factor * yx));
    }
    cost += 64 * i;
    if (cost >= unitOfWork) {
      cost = 0;
      yield;
    }
  }
  return { energy: energy.estimate(), mmd: mmd.estimate() };
}

/** A U-statistic of order two. */
class Statistic {
  readonly #rows: Float64Array;
  #squares = 0;

  constructor(count: number) {
    this.#rows = new Float64Array(count);
  }

  add(i: number, j: number, h: number): void {
    this.#rows[i] = this.#rows[i] + h;
    this.#rows[j] = this.#rows[j] + h;
    this.#squares += h * h;
  }

  estimate(): Estimate {
    const n = this.#rows.length;
    let sum = 0;
    for (const row of this.#rows) sum += row;
    const value = sum / (n * (n - 1));
    const z = Math.max(0, (2 * this.#squares) / (n * (n - 1)) - value * value);
    let spread = 0;
    for (const row of this.#rows) spread += (row / (n - 1) - value) ** 2;
    const v = Math.max(0, spread / (n - 1) - z / (n - 1));
    return { value, standardError: Math.sqrt((4 * (n - 2) * v + 2 * z) / (n * (n - 1))) };
  }
}
