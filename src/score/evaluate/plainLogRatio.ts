import { exp, log } from "../../numeric/elementary.js";
import type { Mixture } from "../../data/mixture.js";
import type { Level } from "../level.js";
import { logRatio, type Seen } from "./logRatio.js";

/** `logRatios` by plain TypeScript. */
export function referenceLogRatios(
  data: Mixture,
  level: Level,
  absolute: Float64Array,
  shift: Float64Array,
): Float64Array {
  const { dim, local: points, weights, size } = data;
  const { alpha, total } = level;
  const x = data.inward(absolute, alpha);
  const row = new Float64Array(dim);
  /** Exponent of point m relative to point b, seen from the row. */
  const relative = (m: number, b: number): number => {
    let sum = 0;
    for (let d = 0; d < dim; d++) {
      const [mu, nu] = [points[m * dim + d], points[b * dim + d]];
      sum += alpha * (mu - nu) * (2 * row[d] - alpha * (mu + nu));
    }
    return sum / (2 * total) + log(weights[m]) - log(weights[b]);
  };
  const seen = (q: number, sign: number): Seen => {
    for (let d = 0; d < dim; d++) row[d] = x[q * dim + d] + sign * shift[q * dim + d];
    let best = weights.findIndex((weight) => weight > 0);
    for (let m = 0; m < size; m++) {
      if (weights[m] > 0 && relative(m, best) > 0) best = m;
    }
    let rest = 0;
    for (let m = 0; m < size; m++) {
      if (m !== best && weights[m] > 0) rest += exp(relative(m, best));
    }
    return { best, sum: 1 + rest };
  };
  return Float64Array.from({ length: x.length / dim }, (_, q) =>
    logRatio({ points, weights }, dim, level, x, shift, q, seen(q, 1), seen(q, -1)),
  );
}
