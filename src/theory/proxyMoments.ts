import type { Mixture } from "../data/mixture.js";
import { badArgument } from "../errors.js";
import type { Process } from "../process/process.js";
import { exactScore } from "../score/exact.js";

/**
 * Mean and second to fourth cumulants of the proxy score s~ given (x, t), coordinate by coordinate, `[count, dim]`: of the
 * discrete law of the points, plus the Gaussian width of components (which has a second cumulant only). Isotropic
 * processes.
 */
export async function proxyMoments(
  data: Mixture,
  process: Process,
  x: Float64Array,
  t: Float64Array,
): Promise<{ mean: Float64Array; second: Float64Array; third: Float64Array; fourth: Float64Array }> {
  if (process.matrices !== undefined) {
    throw badArgument("E_UNSUPPORTED", "process", "an isotropic process", process.name);
  }
  const { dim, size, points, sigma0 } = data;
  const count = t.length;
  const field = exactScore(data, process);
  const [mean, second, third, fourth] = [0, 1, 2, 3].map(() => new Float64Array(count * dim)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const batch = Math.max(1, Math.floor(2 ** 22 / size));
  for (let first = 0; first < count; first += batch) {
    const last = Math.min(count, first + batch);
    const { posteriorWeights, score } = await field.evaluate(
      x.subarray(first * dim, last * dim),
      t.subarray(first, last),
      ["posteriorWeights", "score"],
    );
    mean.set(score, first * dim);
    for (let n = first; n < last; n++) {
      const time = t[n] as number;
      const variance = process.variance(time);
      const alpha = process.alpha(time);
      const total = variance + (alpha * sigma0) ** 2;
      // With sigma0 a draw of x_0 moves by S / V of its point and has width sigma0^2 S / V.
      const scale = (alpha / variance) * (variance / total);
      const width = (alpha / variance) ** 2 * sigma0 * sigma0 * (variance / total);
      const weights = posteriorWeights.subarray((n - first) * size, (n - first + 1) * size);
      for (let d = 0; d < dim; d++) {
        let centre = 0;
        for (let m = 0; m < size; m++) centre += (weights[m] as number) * (points[m * dim + d] as number);
        let [m2, m3, m4] = [0, 0, 0];
        for (let m = 0; m < size; m++) {
          const w = weights[m] as number;
          if (w === 0) continue;
          const e = scale * ((points[m * dim + d] as number) - centre);
          m2 += w * e * e;
          m3 += w * e * e * e;
          m4 += w * e * e * e * e;
        }
        const at = n * dim + d;
        second[at] = m2 + width;
        third[at] = m3;
        fourth[at] = m4 - 3 * m2 * m2;
      }
    }
  }
  return { mean, second, third, fourth };
}
