import { checkInteger } from "../../core/check.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import { exp } from "../../numeric/elementary.js";
import type { Process } from "../../process/process.js";
import { categorical, fillNormals, streams, uniform } from "../../numeric/random.js";
import { checkMixture, checkProcess } from "../exact.js";
import { noiseOf } from "../noise.js";

/**
 * Targets of Xu, Tong and Jaakkola (2023), the stable target field: for a sample (x, x_0, t), the average of the proxy
 * scores of a reference batch, x_0 and `batch` - 1 further draws, weighted by p(x | x_i, t). batch 1 is the proxy score.
 * As the batch grows the targets go to the score itself.
 *
 * @param tuples x and x0 `[count, dim]`, t `[count]`
 * @returns targets, `[count, dim]`
 */
export function stableTargets<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  tuples: { x: Float64Array; x0: Float64Array; t: Float64Array },
  options: { batch: number; seed?: number },
): Float64Array {
  checkMixture(data);
  checkProcess(process, data);
  const batch = checkInteger(options?.batch, "batch", 1, 1_000_000);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const { dim, absolutePoints: points, weights, sigma0 } = data;
  const { x, x0, t } = tuples;
  const noiseAt = noiseOf(process, dim, 0);
  const out = new Float64Array(x.length);
  const proxies = new Float64Array(batch * dim);
  const batchPoints = new Float64Array(batch * dim);
  for (let n = 0; n < t.length; n++) {
    const noise = noiseAt(t[n]);
    const { alpha } = noise;
    const row = x.subarray(n * dim, (n + 1) * dim);
    batchPoints.set(x0.subarray(n * dim, (n + 1) * dim));
    for (let b = 1; b < batch; b++) {
      const m = categorical(weights, uniform(seed, n, 0, streams.redraw, b));
      batchPoints.set(points.subarray(m * dim, (m + 1) * dim), b * dim);
      if (sigma0 === 0) continue;
      const z = fillNormals(new Float64Array(dim), dim, 1, n, seed, b, streams.redraw);
      for (let d = 0; d < dim; d++) {
        batchPoints[b * dim + d] = batchPoints[b * dim + d] + sigma0 * z[d];
      }
    }
    const logs = new Float64Array(batch);
    let top = Number.NEGATIVE_INFINITY;
    for (let b = 0; b < batch; b++) {
      const proxy = proxies.subarray(b * dim, (b + 1) * dim);
      for (let d = 0; d < dim; d++) {
        proxy[d] = alpha * batchPoints[b * dim + d] - row[d];
      }
      const residual = proxy.slice();
      noise.solve(proxy);
      // |S^(-1/2) (alpha x_0 - x)|^2
      let square = 0;
      for (let d = 0; d < dim; d++) square += residual[d] * proxy[d];
      logs[b] = -square / 2;
      top = Math.max(top, logs[b]);
    }
    let sum = 0;
    for (let b = 0; b < batch; b++) {
      const w = exp(logs[b] - top);
      sum += w;
      for (let d = 0; d < dim; d++) {
        out[n * dim + d] = out[n * dim + d] + w * proxies[b * dim + d];
      }
    }
    for (let d = 0; d < dim; d++) out[n * dim + d] = out[n * dim + d] / sum;
  }
  return out;
}
