import type { Mixture } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import { exactScore } from "../score/exact.js";
import { noiseOf } from "../score/noise.js";

/**
 * Mean and second to fourth cumulants of the proxy score s~ given (x, t), coordinate by coordinate, `[count, dim]`: of the
 * discrete law of the points, plus the Gaussian width of components (which has a second cumulant only). Any
 * process.
 */
export async function proxyMoments(
  data: Mixture,
  process: Process,
  x: Float64Array,
  t: Float64Array,
): Promise<{ mean: Float64Array; second: Float64Array; third: Float64Array; fourth: Float64Array }> {
  const { dim, size, local: points, sigma0 } = data;
  const count = t.length;
  const field = exactScore(data, process);
  const noiseAt = noiseOf(process, dim, sigma0);
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
      // Given its point m, s~ has the mean V^-1 (alpha mu_m - x) and the covariance S^-1 - V^-1.
      const noise = noiseAt(t[n]);
      const { widths } = noise;
      const weights = posteriorWeights.subarray((n - first) * size, (n - first + 1) * size);
      const centre = new Float64Array(dim);
      for (let m = 0; m < size; m++) {
        const w = weights[m];
        for (let d = 0; d < dim; d++) centre[d] = centre[d] + w * points[m * dim + d];
      }
      const sums = [0, 1, 2].map(() => new Float64Array(dim)) as [Float64Array, Float64Array, Float64Array];
      for (let m = 0; m < size; m++) {
        const w = weights[m];
        if (w === 0) continue;
        const away = centre.map((value, d) => noise.alpha * (points[m * dim + d] - value));
        noise.solveTotal(away).forEach((e, d) => {
          sums[0][d] = sums[0][d] + w * e * e;
          sums[1][d] = sums[1][d] + w * e * e * e;
          sums[2][d] = sums[2][d] + w * e * e * e * e;
        });
      }
      for (let d = 0; d < dim; d++) {
        const m2 = sums[0][d];
        const at = n * dim + d;
        second[at] = m2 + widths[d];
        third[at] = sums[1][d];
        fourth[at] = sums[2][d] - 3 * m2 * m2;
      }
    }
  }
  return { mean, second, third, fourth };
}
