import { TimeSlices } from "../../core/scheduler.js";
import type { Mixture } from "../../data/mixture.js";

/** How far data reach, in every dimension. */
export interface Extent {
  /** The root mean square distance from their mean: what tolerances of means are counted in. */
  readonly scale: number;
  /** The diagonal of the smallest box around them. */
  readonly diagonal: number;
  /** log2 of the largest weight over the smallest that counts. */
  readonly weights: number;
  free(): void;
}

/** Numbers of a piece of work. */
const PART = 2 ** 17;

/** The extent of a mixture's points that weigh something, found when it is first asked for. */
export function extentOf(data: Mixture, signal: AbortSignal | undefined): Promise<Extent> {
  return data.kept("extent", async () => {
    const slices = new TimeSlices(signal, () => data.check());
    const { size, dim, local, weights } = data;
    const mean = new Float64Array(dim);
    const least = new Float64Array(dim).fill(Number.POSITIVE_INFINITY);
    const largest = new Float64Array(dim).fill(Number.NEGATIVE_INFINITY);
    let [lightest, heaviest] = [Number.POSITIVE_INFINITY, 0];
    await slices.run(
      inParts(size, dim, (m) => {
        const weight = weights[m];
        lightest = Math.min(lightest, weight);
        heaviest = Math.max(heaviest, weight);
        for (let d = 0; d < dim; d++) {
          const x = local[m * dim + d];
          mean[d] += weight * x;
          if (x < least[d]) least[d] = x;
          if (x > largest[d]) largest[d] = x;
        }
      }),
    );
    const diagonal = Math.hypot(...least.map((x, d) => largest[d] - x));
    let square = 0;
    if (diagonal > 0)
      await slices.run(
        inParts(size, dim, (m) => {
          for (let d = 0; d < dim; d++)
            square += weights[m] * ((local[m * dim + d] - mean[d]) / diagonal) ** 2;
        }),
      );
    return {
      scale: diagonal * Math.sqrt(square),
      diagonal,
      weights: Math.log2(heaviest / lightest),
      free: () => {},
    };

    function* inParts(count: number, each: number, work: (m: number) => void): Generator<number, void, void> {
      const step = Math.max(1, Math.floor(PART / each));
      for (let first = 0; first < count; first += step) {
        const last = Math.min(count, first + step);
        for (let m = first; m < last; m++) if (weights[m] > 0) work(m);
        yield 4 * (last - first) * each;
      }
    }
  });
}
