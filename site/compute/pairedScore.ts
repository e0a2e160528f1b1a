import type { Mixture, Precision, Process, ScoreField } from "../../src/index.js";
import { fillNormals, streams } from "../../src/numeric/random.js";
import { RowField } from "../../src/score/custom.js";
import { exactScore } from "../../src/score/exact.js";

/**
 * The exact score averaged over Gaussian draws of standard deviation `width`, in opposite pairs: the same at every place. In
 * hundreds of dimensions the mean of a few lone draws is long, and would be left as noise on the image.
 */
export function pairedScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  { width, count }: { readonly width: (t: number) => number; readonly count: number },
): ScoreField<P> {
  const { dim } = data;
  const draws = fillNormals(new Float64Array((count / 2) * dim), dim, count / 2, 0, 1, 0, streams.smoothing);
  const exact = exactScore(data, process);
  return new RowField(data, process, async (x, t) => {
    const tau = width(t);
    if (!(tau > 0)) return Float64Array.from((await exact.evaluate(x, t, ["score"])).score);
    const rows = x.length / dim;
    const places = new Float64Array(rows * count * dim);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < count; j++) {
        const size = j % 2 === 0 ? tau : -tau;
        for (let d = 0; d < dim; d++) {
          places[(i * count + j) * dim + d] = x[i * dim + d] + size * draws[(j >> 1) * dim + d];
        }
      }
    }
    const { score } = await exact.evaluate(places, t, ["score"]);
    const mean = new Float64Array(x.length);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < count; j++) {
        const from = (i * count + j) * dim;
        for (let d = 0; d < dim; d++) {
          mean[i * dim + d] = mean[i * dim + d] + score[from + d] / count;
        }
      }
    }
    return mean;
  });
}
