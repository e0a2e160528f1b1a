import { checkLongCall, checkNumber, checkOptions, checkWord } from "../core/check.js";
import type { Mixture, PointsInput } from "../data/mixture.js";
import { checkSides, type Side } from "./input.js";
import { type Discrepancy, discrepancy, type Kernel, squaredDistance } from "./pairs.js";
import { inSlices } from "../core/scheduler.js";

export interface MmdOptions {
  /** Coordinates of a sample. Needed where both sides are flat. */
  dim?: number;
  /** "gaussian" (default): exp(-d^2 / (2 h^2)); "rational": 1 / (1 + d^2 / (2 h^2)). */
  kernel?: "gaussian" | "rational";
  /** The width h; the median heuristic by default. */
  bandwidth?: number;
  signal?: AbortSignal;
}

export interface Mmd extends Discrepancy {
  /** The width that was used. */
  readonly bandwidth: number;
}

/** Points of a side that the median heuristic looks at: all pairs of both make 80,000 distances. */
const heuristicPoints = 200;

/**
 * The squared maximum mean discrepancy E k(X, X') + E k(Y, Y') - 2 E k(X, Y) (Gretton et al. 2012, "A kernel two-sample
 * test", Lemma 6), unbiased: it can be below 0. Samples are taken as draws; a mixture is taken as the law itself,
 * with its weights and without sampling error.
 *
 * The standard error is that of the U-statistic to second order, so it holds for equal laws too, where it errs upward
 * (Bounliphone et al. 2016 and Sutherland et al. 2017 for the alternative). The value is about normal for laws that
 * differ, and a weighted sum of centred chi-squares for equal ones: its right tail is then longer than a normal
 * one's. Of some hundred draws or fewer, value and error rise together: a value that came out small has too small an
 * error.
 *
 * The median heuristic: the median distance of two draws from the equal mixture of both sides, those at one position
 * left out; of a side of more than 200 points, 200 evenly spaced ones. It is taken as given: the error of a value at
 * an estimated bandwidth is that at this bandwidth. It does not see structure much finer than itself.
 *
 * Cost: (n^2 / 2 + m^2 / 2 + n m) (dim + 8) on the calling thread, in slices of 12 ms.
 *
 * @param a `[n, dim]` row-major, or a mixture of sigma0 0
 * @param b `[m, dim]` row-major, or a mixture of sigma0 0
 * @returns NaN of fewer than two draws on a side; a standard error of NaN of fewer than four
 * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT, E_UNSUPPORTED, E_ABORT, E_DISPOSED
 * @example
 * const { value, standardError, bandwidth } = await mmd(run.samples, data, { kernel: "rational" });
 */
export async function mmd(
  a: PointsInput | Mixture,
  b: PointsInput | Mixture,
  options: MmdOptions = {},
): Promise<Mmd> {
  checkOptions(options, ["dim", "kernel", "bandwidth", "signal"]);
  checkLongCall(options);
  const word = checkWord(options.kernel ?? "gaussian", ["gaussian", "rational"] as const, "kernel");
  if (options.bandwidth !== undefined) checkNumber(options.bandwidth, "bandwidth", { above: 0 });
  const sides = checkSides(a, b, options.dim);
  const work = function* (): Generator<void, Mmd, void> {
    const bandwidth = options.bandwidth ?? (yield* medianDistance(sides.a, sides.b, sides.dim));
    // Divided twice: the square of a tiny width is 0.
    const scaled = (squared: number): number => squared / bandwidth / bandwidth / 2;
    const kernel: Kernel =
      word === "gaussian"
        ? (squared) => Math.expm1(-scaled(squared))
        : (squared) => {
            const s = scaled(squared);
            return s > 1e300 ? -1 : -s / (1 + s);
          };
    return { ...(yield* discrepancy(sides.a, sides.b, sides.dim, kernel)), bandwidth };
  };
  return inSlices(work(), options.signal);
}

/** The weighted median distance of two points of the equal mixture of both sides; 1 where all are at one position. */
function* medianDistance(a: Side, b: Side, dim: number): Generator<void, number, void> {
  const chosen = [a, b].flatMap((side) => {
    const size = Math.min(side.count, heuristicPoints);
    const list = Array.from({ length: size }, (_, k) => {
      const index = Math.floor(((k + 0.5) * side.count) / size);
      return { points: side.points, index, weight: side.weights?.[index] ?? 1 };
    });
    const sum = list.reduce((total, { weight }) => total + weight, 0);
    return list.map((point) => ({ ...point, weight: point.weight / sum }));
  });
  yield;
  const pairs: { squared: number; weight: number }[] = [];
  let total = 0;
  for (let i = 0; i < chosen.length; i++) {
    const x = chosen[i];
    for (let j = i + 1; j < chosen.length; j++) {
      const y = chosen[j];
      const squared = squaredDistance(x.points, x.index, y.points, y.index, dim);
      if (squared === 0) continue;
      const weight = x.weight * y.weight;
      pairs.push({ squared, weight });
      total += weight;
    }
    yield;
  }
  pairs.sort((one, other) => one.squared - other.squared);
  let sum = 0;
  for (const { squared, weight } of pairs) {
    sum += weight;
    // The last digits of the weights decide nothing: half is half.
    if (sum >= total * (0.5 - 1e-12)) return Math.sqrt(squared);
  }
  return 1;
}
