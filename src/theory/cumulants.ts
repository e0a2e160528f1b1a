import { checkInteger, checkOptions } from "../core/check.js";
import type { Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { checkPlaces } from "../score/checkPlaces.js";
import { proxyMoments } from "./proxyMoments.js";
import type { Places, ScoreEnsemble, StepEstimator } from "../score/field.js";
import { checkRandomness } from "../score/checkRandomness.js";

/** Cumulants of s-hat at a place, coordinate by coordinate, `[count, dim]`. */
export interface Cumulants {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Third and fourth cumulants; 0 for a Gaussian. */
  readonly third: Float64Array;
  readonly fourth: Float64Array;
  /** third / variance^(3/2) and fourth / variance^2; 0 where the variance is. */
  readonly skewness: Float64Array;
  readonly excessKurtosis: Float64Array;
  /** Standard errors of the two, where they come from draws; undefined where they are exact. */
  readonly skewnessError: Float64Array | undefined;
  readonly excessKurtosisError: Float64Array | undefined;
}

/**
 * Cumulants of an estimator at places: where the third and fourth are small beside the variance, the Gaussian truncation of
 * Vastola 2025, Eq. 47 (the effective SDE) holds. Exact for naive estimators (cumulants of a mean of R draws go as R^(1-n))
 * and for fits (those of sum A_n s~_n add up); by `draws` realizations for any other ensemble.
 *
 * @throws {VkernelError} E_USAGE for a Gaussian estimator, whose cumulants are 0
 */
export async function cumulants<P extends Precision>(
  estimator: StepEstimator<P> | ScoreEnsemble<P>,
  places: Places,
  options: { draws?: number; seed?: number } = {},
): Promise<Cumulants> {
  const kind = (estimator as { kind?: unknown } | null | undefined)?.kind;
  if (kind !== "step" && kind !== "ensemble") {
    throw badArgument(
      "E_TYPE",
      "estimator",
      "an ensemble or an estimator such as naiveScore(data, process)",
      estimator,
    );
  }
  checkOptions(options, ["draws", "seed"]);
  const draws = checkInteger(options.draws ?? 1000, "draws", 4, 1_000_000);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const { x, times } = checkPlaces(estimator.data, estimator.process, places, "places");
  if (estimator.kind === "step") return ofMeans(estimator, x, times);
  const linear = estimator as Partial<LinearRows>;
  if (linear.samples && linear.smoothAt && !("effective" in estimator)) {
    const rows = await linear.smoothAt.call(estimator, { x, t: times });
    return ofSums(estimator, { rows, samples: linear.samples }, x, times);
  }
  return ofDraws(estimator, x, times, { draws, seed });
}

/** What a linear estimator has of the samples that it is fitted to. */
interface LinearRows {
  readonly samples: { readonly x: Float64Array; readonly t: Float64Array };
  smoothAt(places: Places): Promise<Float64Array>;
}

/** Of a mean of R proxy scores: those of one go as R^(1-n). */
async function ofMeans(
  estimator: StepEstimator<Precision>,
  x: Float64Array,
  times: Float64Array,
): Promise<Cumulants> {
  checkRandomness(estimator);
  const { data, process, randomness } = estimator;
  if (randomness.gaussian !== undefined) {
    throw badArgument("E_USAGE", "estimator", "one that is not Gaussian by construction", "an effective SDE");
  }
  const moments = await proxyMoments(data, process, x, times);
  const R = "draws" in randomness ? randomness.draws : 1;
  return finish(
    moments.mean,
    moments.second.map((value) => value / R),
    moments.third.map((value) => value / R ** 2),
    moments.fourth.map((value) => value / R ** 3),
  );
}

type Three = [Float64Array, Float64Array, Float64Array];

/** Of sum A_n s~_n over samples: those of each add up. */
async function ofSums(
  estimator: ScoreEnsemble<Precision>,
  { rows, samples }: { readonly rows: Float64Array; readonly samples: LinearRows["samples"] },
  x: Float64Array,
  times: Float64Array,
): Promise<Cumulants> {
  const { data, process } = estimator;
  const { dim } = data;
  const count = x.length / dim;
  const total = samples.t.length;
  const moments = await proxyMoments(data, process, samples.x, samples.t);
  const mean = Float64Array.from((await estimator.average.evaluate(x, times, ["score"])).score);
  const out = [2, 3, 4].map(() => new Float64Array(count * dim)) as Three;
  const parts = [moments.second, moments.third, moments.fourth];
  for (let p = 0; p < count; p++) {
    for (let n = 0; n < total; n++) {
      const a = rows[p * total + n];
      for (let d = 0; d < dim; d++) {
        let power = a;
        for (let order = 0; order < 3; order++) {
          power *= a;
          const target = out[order];
          target[p * dim + d] = target[p * dim + d] + power * parts[order][n * dim + d];
        }
      }
    }
  }
  return finish(mean, ...out);
}

/** Of any ensemble: k-statistics of draws. */
async function ofDraws(
  estimator: ScoreEnsemble<Precision>,
  x: Float64Array,
  times: Float64Array,
  { draws: n, seed }: { readonly draws: number; readonly seed: number },
): Promise<Cumulants> {
  const values: Float64Array[] = [];
  for (let r = 0; r < n; r++) {
    const field = await estimator.draw(seed + r);
    values.push(Float64Array.from((await field.evaluate(x, times, ["score"])).score));
  }
  const size = x.length;
  const mean = new Float64Array(size);
  const [second, third, fourth] = [2, 3, 4].map(() => new Float64Array(size)) as Three;
  for (let i = 0; i < size; i++) {
    let m = 0;
    for (const row of values) m += row[i] / n;
    let [m2, m3, m4] = [0, 0, 0];
    for (const row of values) {
      const e = row[i] - m;
      m2 += (e * e) / n;
      m3 += (e * e * e) / n;
      m4 += (e * e * e * e) / n;
    }
    mean[i] = m;
    second[i] = (n / (n - 1)) * m2;
    third[i] = ((n * n) / ((n - 1) * (n - 2))) * m3;
    fourth[i] = ((n * n) / ((n - 1) * (n - 2) * (n - 3))) * ((n + 1) * m4 - 3 * (n - 1) * m2 * m2);
  }
  return {
    ...finish(mean, second, third, fourth),
    // Those of a normal law.
    skewnessError: new Float64Array(size).fill(Math.sqrt(6 / n)),
    excessKurtosisError: new Float64Array(size).fill(Math.sqrt(24 / n)),
  };
}

function finish(
  mean: Float64Array,
  variance: Float64Array,
  third: Float64Array,
  fourth: Float64Array,
): Cumulants {
  const ratio = (values: Float64Array, power: number): Float64Array =>
    values.map((value, i) => (variance[i] > 0 ? value / variance[i] ** power : 0));
  return {
    mean,
    variance,
    third,
    fourth,
    skewness: ratio(third, 1.5),
    excessKurtosis: ratio(fourth, 2),
    skewnessError: undefined,
    excessKurtosisError: undefined,
  };
}
