import type { Mixture } from "../data/mixture.js";
import type { Engine } from "../engine.js";
import { edm } from "../process/edm.js";
import { categorical, normalPair, uniform } from "../numeric/random.js";
import { exactScore } from "../score/exact.js";
import type { ScoreField } from "../score/field.js";

/** A mixture whose noised law, posterior mean and flow are known: x_sigma = x_0 + sigma eps, as on `edm`. */
export interface Problem {
  readonly name: string;
  /** `[size, dim]` row-major. */
  readonly points: Float64Array;
  readonly dim: number;
  /** `[size]`, sum 1. */
  readonly weights: Float64Array;
  readonly sigma0: number;
  readonly data: Mixture<"f64">;
  readonly field: ScoreField<"f64">;
}

/** Puts points on an engine, in float64. */
export function makeProblem(
  engine: Engine,
  name: string,
  options: { points: Float64Array; dim: number; weights?: readonly number[]; sigma0?: number },
): Problem {
  const { points, dim, sigma0 = 0 } = options;
  const size = points.length / dim;
  const given = options.weights ?? Array.from({ length: size }, () => 1);
  const total = given.reduce((a, b) => a + b, 0);
  const weights = Float64Array.from(given, (w) => w / total);
  const data = engine.mixture(points, { dim, weights, sigma0, precision: "f64" });
  return { name, points, dim, weights, sigma0, data, field: exactScore(data, edm()) };
}

/** Three weighted points of width 0.4: smooth at levels of order 1, so that errors soon follow the first power left. */
export const smooth = (engine: Engine): Problem =>
  makeProblem(engine, "three wide points", {
    points: Float64Array.of(1, 0, -0.6, 0.8, -0.3, -0.9),
    dim: 2,
    weights: [0.5, 0.3, 0.2],
    sigma0: 0.4,
  });

/** One point of width 0.5 on the line: denoising is affine, so a sampler maps Gaussians to Gaussians. */
export const single = (engine: Engine): Problem =>
  makeProblem(engine, "one wide point", { points: Float64Array.of(0.7), dim: 1, sigma0: 0.5 });

/** Five points with unequal weights, no two nearer than 1. */
export const atoms = (engine: Engine): Problem =>
  makeProblem(engine, "five unequal atoms", {
    points: Float64Array.of(-1, -0.5, 1.2, -0.8, 0.2, 1.1, -1.4, 0.9, 0.1, -1.6),
    dim: 2,
    weights: [0.35, 0.25, 0.2, 0.15, 0.05],
  });

/** Streams for what the suite draws itself: no sampler has them (`streams` of the reference goes to 1016 and from 2^31). */
const stream = { point: 0x7001, noise: 0x7002, direction: 0x7003 } as const;

/** States drawn from p_sigma itself: `[count, dim]`. */
export function drawMarginal(problem: Problem, sigma: number, count: number, seed: number): Float64Array {
  const { points, dim, weights, sigma0 } = problem;
  const width = Math.sqrt(sigma0 * sigma0 + sigma * sigma);
  const out = normals(dim, count, seed, 0, stream.noise);
  for (let p = 0; p < count; p++) {
    const m = categorical(weights, uniform(seed, p, 0, stream.point, 0));
    for (let d = 0; d < dim; d++) {
      out[p * dim + d] = points[m * dim + d] + width * out[p * dim + d];
    }
  }
  return out;
}

/** Standard normals, `[count, dim]`: row p depends on (seed, p, step) alone. */
export function normals(dim: number, count: number, seed: number, step: number, from = 0): Float64Array {
  const out = new Float64Array(count * dim);
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < dim; i += 2) {
      const [a, b] = normalPair(seed, p, step, from, i >> 1);
      out[p * dim + i] = a;
      if (i + 1 < dim) out[p * dim + i + 1] = b;
    }
  }
  return out;
}

/** Unit vectors, `[count, dim]`: evenly over half a turn in the plane, random ones elsewhere. */
export function directions(dim: number, count: number): Float64Array {
  const out = normals(dim, count, 1, 0, stream.direction);
  for (let k = 0; k < count; k++) {
    const row = out.subarray(k * dim, (k + 1) * dim);
    if (dim === 2)
      row.set([Math.cos((Math.PI * (k + 0.5)) / count), Math.sin((Math.PI * (k + 0.5)) / count)]);
    const norm = Math.hypot(...row);
    for (let d = 0; d < dim; d++) row[d] = row[d] / norm;
  }
  return out;
}

/** Every row of `[count, dim]` along one direction. */
export function project(rows: Float64Array, dim: number, direction: Float64Array): Float64Array {
  return Float64Array.from({ length: rows.length / dim }, (_, i) => {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += rows[i * dim + d] * direction[d];
    return sum;
  });
}

/** The index of the point nearest to each row, and the distance. */
export function nearest(rows: Float64Array, problem: Problem): { index: Int32Array; distance: Float64Array } {
  const { points, dim, weights } = problem;
  const count = rows.length / dim;
  const index = new Int32Array(count);
  const distance = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let best = Number.POSITIVE_INFINITY;
    for (let m = 0; m < weights.length; m++) {
      let square = 0;
      for (let d = 0; d < dim; d++) {
        square += (rows[i * dim + d] - points[m * dim + d]) ** 2;
      }
      if (square < best) {
        best = square;
        index[i] = m;
      }
    }
    distance[i] = Math.sqrt(best);
  }
  return { index, distance };
}

/** Noise levels uniform in log sigma: `[steps + 1]`, descending. */
export function logLevels(upper: number, lower: number, steps: number): Float64Array {
  const out = Float64Array.from({ length: steps + 1 }, (_, i) =>
    Math.exp(Math.log(upper) + (i / steps) * (Math.log(lower) - Math.log(upper))),
  );
  out[0] = upper;
  out[steps] = lower;
  return out;
}

/** Uniform in sigma; those of 2 n steps hold those of n. */
export function linearLevels(upper: number, lower: number, steps: number): Float64Array {
  return Float64Array.from({ length: steps + 1 }, (_, i) => upper + (i / steps) * (lower - upper));
}
