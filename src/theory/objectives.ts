import { checkInteger, checkOptions } from "../core/check.js";
import type { Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { exactScore } from "../score/exact.js";
import type { ScoreField } from "../score/field.js";
import { proxyScores } from "../score/noise.js";
import { type TimeLaw, type TuplesInput, trainingTuples, type Weighting } from "../score/learned/training.js";

export interface ObjectiveOptions {
  /** How many samples (x, x_0, t) the averages are taken over, or the samples themselves; 100,000 by default. */
  samples?: number | TuplesInput;
  /** The weight lambda_t of a time in the averages. Default "variance". */
  weighting?: Weighting;
  /** The law p(t) of the times; needed where `samples` is a number. */
  times?: TimeLaw;
  seed?: number;
}

/** A mean with its standard error. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** The training objectives of a field, averaged over samples. */
export interface Objectives {
  /** J0, the error against the exact score: E[lambda / 2 |s-hat - s|^2]. Vastola 2025, Eq. 3. */
  readonly j0: Estimate;
  /** E[lambda / 2 |s-hat - s~|^2], denoising score matching: Eq. 4; over given samples the empirical one, Eq. 27. */
  readonly j1: Estimate;
  /** Half the weighted variance of the proxy score, E[lambda tr C] / 2. */
  readonly halfProxyVariance: Estimate;
  /** J1 - J0 - E[lambda tr C] / 2, which is 0 but for sampling: Eq. 24. Its error is that of the difference itself. */
  readonly identity: Estimate;
  readonly samples: number;
}

/**
 * J0 and J1 of any field over samples of p(x, x_0, t), and the identity J1 = J0 + E[lambda tr C] / 2 between them. Vastola 2025,
 * Eq. 3, 4, 24, 27.
 *
 * @example
 * const { j0, j1, identity } = await objectives(exactScore(data, edm()), { times: logNormalTimes() });
 */
export async function objectives<P extends Precision>(
  field: ScoreField<P>,
  options: ObjectiveOptions,
): Promise<Objectives> {
  if ((field as { kind?: unknown } | null | undefined)?.kind !== "field") {
    throw badArgument("E_TYPE", "field", "a score such as exactScore(data, process)", field);
  }
  checkOptions(options, ["samples", "weighting", "times", "seed"]);
  const { data, process } = field;
  const seed = checkInteger(options?.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const samples = await trainingTuples(data, process, {
    samples: options?.samples ?? 100_000,
    seed,
    weighting: options?.weighting ?? "variance",
    times: options?.times,
  });
  const { x, x0, t, lambda } = samples;
  if (x0.length !== x.length) throw badArgument("E_USAGE", "samples.x0", "x0 beside x and t", "none");
  const { dim } = data;
  const exact = exactScore(data, process);
  const truth = await exact.evaluate(x, t, ["score", "proxyVariance"]);
  const { score: guess } = await field.evaluate(x, t, ["score"]);
  const proxy = proxyScores(process, dim, samples);
  const sums = [new Sum(), new Sum(), new Sum(), new Sum()] as const;
  for (let n = 0; n < t.length; n++) {
    let toTruth = 0;
    let toProxy = 0;
    for (let d = 0; d < dim; d++) {
      const s = guess[n * dim + d];
      toTruth += (s - truth.score[n * dim + d]) ** 2;
      toProxy += (s - proxy[n * dim + d]) ** 2;
    }
    const half = lambda[n] / 2;
    const spread = half * truth.proxyVariance[n];
    sums[0].add(half * toTruth);
    sums[1].add(half * toProxy);
    sums[2].add(spread);
    sums[3].add(half * toProxy - half * toTruth - spread);
  }
  const [j0, j1, halfProxyVariance, identity] = sums.map((sum) => sum.estimate()) as [
    Estimate,
    Estimate,
    Estimate,
    Estimate,
  ];
  return { j0, j1, halfProxyVariance, identity, samples: t.length };
}

/** A running mean and variance (Welford). */
export class Sum {
  #count = 0;
  #mean = 0;
  #square = 0;

  add(value: number): void {
    this.#count++;
    const delta = value - this.#mean;
    this.#mean += delta / this.#count;
    this.#square += delta * (value - this.#mean);
  }

  estimate(): Estimate {
    const n = this.#count;
    return { value: this.#mean, standardError: n > 1 ? Math.sqrt(this.#square / (n - 1) / n) : Number.NaN };
  }
}
