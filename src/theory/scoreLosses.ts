import { checkInteger, checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, Precision } from "../data/mixture.js";
import { badArgument, VkernelError } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { checkMixture, checkProcess, exactScore } from "../score/exact.js";
import type { ScoreField } from "../score/field.js";
import { checkIsotropic } from "../score/line.js";
import { normalDensity } from "../numeric/special.js";
import {
  spreadOf,
  type TimeLaw,
  type TuplesInput,
  trainingTuples,
  type Weighting,
  weightOf,
} from "../score/learned/training.js";
import { type Estimate, Sum } from "./objectives.js";

export interface ScoreLossOptions {
  /**
   * How many samples (x, x_0, t) the averages are taken over, 100,000 by default; or the samples themselves, where lambda is what
   * each counts: those of `quadratureTuples` give expectations.
   */
  samples?: number | TuplesInput;
  /** The law p(t) of the times; needed where `samples` is a number. The losses grow without bound as its least time goes to 0. */
  times?: TimeLaw;
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** The losses of Cao et al. 2025, Sec. 4.4, with c = alpha / S. Of quadrature the standard errors mean nothing. */
export interface ScoreLosses {
  /** E|s-hat - s|^2: Eq. 4.26. */
  readonly score: Estimate;
  /** E[c^2 |x_0-hat - E[x_0 | x]|^2], the same: Eq. 4.28. */
  readonly mean: Estimate;
  /** E[c^2 |x_0-hat - x_0|^2]: Eq. 4.30. */
  readonly total: Estimate;
  /** E[|eps-hat - eps|^2 / S], the same: Eq. 4.33. */
  readonly noise: Estimate;
  /** E|eps-hat - eps|^2, DDPM's: Eq. 4.34, with `gridTimes` on its grid. */
  readonly plain: Estimate;
  /** E[c^2 tr Var(x_0 | x)], which no field can get below: Eq. 4.29, corrected. */
  readonly conditionalVariance: Estimate;
  /** total - score - conditionalVariance, which is 0 but for sampling. Its error is that of the difference itself. */
  readonly difference: Estimate;
  readonly samples: number;
}

/**
 * The losses that a field is trained by, as Cao et al. 2025 writes them, and what is between them: total = score +
 * E[c^2 tr Var(x_0 | x)], where Eq. 4.29 prints the variance of c E[x_0 | x].
 *
 * @param field any field of an isotropic process
 * @throws {VkernelError} as `objectives`; E_UNSUPPORTED (noise with a direction), E_ABORT
 * @example
 * const { score, total, conditionalVariance } = await scoreLosses(field, { times: uniformTimes({ tMin: 0.05, tMax: 2 }) });
 */
export async function scoreLosses<P extends Precision>(
  field: ScoreField<P>,
  options: ScoreLossOptions,
): Promise<ScoreLosses> {
  if ((field as { kind?: unknown } | null | undefined)?.kind !== "field") {
    throw badArgument("E_TYPE", "field", "a score such as exactScore(data, process)", field);
  }
  checkOptions(options, ["samples", "times", "seed", "signal", "onProgress"]);
  checkLongCall(options ?? {});
  const { data, process } = field;
  checkIsotropic(process);
  const { dim } = data;
  const samples = await trainingTuples(data, process, {
    samples: options?.samples ?? 100_000,
    seed: checkInteger(options?.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER),
    weighting: "one",
    times: options?.times,
  });
  const { x, x0, t, lambda } = samples;
  if (x0.length !== x.length) throw badArgument("E_USAGE", "samples.x0", "x0 beside x and t", "none");
  const { signal, onProgress } = options ?? {};
  const long = { ...(signal && { signal }) };
  const wanted = ["score", "posteriorMean"] as const;
  const guess = await field.evaluate(x, t, wanted, { ...long, ...(onProgress && { onProgress }) });
  const exact = exactScore(data, process);
  const truth = await exact.evaluate(x, t, ["score", "posteriorMean", "proxyVariance"], long);
  const sums = Array.from({ length: 7 }, () => new Sum());
  for (let n = 0; n < t.length; n++) {
    const time = t[n];
    const [alpha, variance] = [process.alpha(time), process.variance(time)];
    const [c, deviation] = [alpha / variance, Math.sqrt(variance)];
    let [score, mean, total, noise] = [0, 0, 0, 0];
    for (let i = n * dim; i < (n + 1) * dim; i++) {
      const s = guess.score[i];
      const off = s - truth.score[i];
      score += off ** 2;
      const moved = x[i] - alpha * x0[i];
      if (data.centre === undefined) {
        mean += (guess.posteriorMean[i] - truth.posteriorMean[i]) ** 2;
        total += (guess.posteriorMean[i] - x0[i]) ** 2;
      } else {
        // Far from the origin predictions have few digits of what tells them apart; x_0-hat = (x + S s) / alpha has all.
        mean += ((variance * off) / alpha) ** 2;
        total += ((moved + variance * s) / alpha) ** 2;
      }
      const eps = moved / deviation;
      noise += (-deviation * s - eps) ** 2;
    }
    const spread = truth.proxyVariance[n];
    const share = lambda[n];
    const terms = [score, c * c * mean, c * c * total, noise / variance, noise, spread];
    terms.push(c * c * total - score - spread);
    terms.forEach((value, k) => {
      sums[k].add(share * value);
    });
  }
  const [score, mean, total, noise, plain, conditionalVariance, difference] = sums.map((sum) =>
    sum.estimate(),
  ) as [Estimate, Estimate, Estimate, Estimate, Estimate, Estimate, Estimate];
  return { score, mean, total, noise, plain, conditionalVariance, difference, samples: t.length };
}

export interface QuadratureTuplesOptions {
  /** The times of p(t). */
  t: ArrayLike<number>;
  /** The probability of each, of sum 1; equal by default. */
  probabilities?: ArrayLike<number>;
  /** lambda_t, which the averages are weighted with; "one" by default. */
  weighting?: Weighting;
  /** Nodes in a standard deviation: 32 by default in one coordinate, 16 in two. */
  density?: number;
}

/** Standard deviations that the rule covers: beyond lies 2e-19 of a Gaussian. */
const REACH = 9;
const MOST_ROWS = 2 ** 22;

/**
 * Samples (x, x_0, t) with weights that make averages over them expectations, by the trapezoid rule over x_0 and the noise; for
 * `objectives` and `scoreLosses`. The rule is exact to rounding for what is smooth on the scale of its nodes. Its coordinates are
 * those of the noise and, with sigma0 above 0, those of x_0: one or two in all.
 *
 * @throws {VkernelError} E_UNSUPPORTED (more coordinates: let `samples` be a number), E_LIMIT (above four million samples), E_RANGE
 * @example
 * const samples = quadratureTuples(data, ou(), { t: [0.05, 0.3, 1] });
 * const { total } = await scoreLosses(field, { samples });
 */
export function quadratureTuples(
  data: Mixture,
  process: Process,
  options: QuadratureTuplesOptions,
): TuplesInput & { x: Float64Array; x0: Float64Array; t: Float64Array; lambda: Float64Array } {
  checkMixture(data);
  data.check();
  checkProcess(process, data);
  checkIsotropic(process);
  checkOptions(options, ["t", "probabilities", "weighting", "density"]);
  const { dim, size, sigma0, absolutePoints: points, weights } = data;
  const coordinates = sigma0 > 0 ? 2 * dim : dim;
  if (coordinates > 2) {
    throw new VkernelError("E_UNSUPPORTED", {
      argument: "data",
      expected:
        "one or two coordinates of noise and of x_0 together (a number as samples draws them instead)",
      got: String(coordinates),
    });
  }
  const { end } = process;
  const times = Float64Array.from(options?.t ?? [], (t, i) =>
    checkNumber(t, `t[${i}]`, { above: 0, ...(end < Number.POSITIVE_INFINITY && { max: end }) }),
  );
  if (times.length === 0) throw badArgument("E_SHAPE", "t", "at least one time", options?.t);
  const shares = options.probabilities ?? times.map(() => 1 / times.length);
  if (shares.length !== times.length) {
    throw badArgument("E_SHAPE", "probabilities", `${times.length} numbers`, shares.length);
  }
  const chances = Float64Array.from(shares, (p, i) => checkNumber(p, `probabilities[${i}]`, { above: 0 }));
  const sum = chances.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > 1e-9) throw badArgument("E_RANGE", "probabilities", "numbers of sum 1", sum);
  const density = checkNumber(options.density ?? (coordinates === 1 ? 32 : 16), "density", { min: 1 });
  const weight = weightOf(options.weighting ?? "one", process, spreadOf(data));
  const half = Math.ceil(REACH * density);
  const heavy = Array.from(weights.keys()).filter((m) => weights[m] > 0 && m < size);
  const each = (2 * half + 1) ** coordinates;
  const count = times.length * heavy.length * each;
  if (count > MOST_ROWS) {
    throw new VkernelError("E_LIMIT", {
      argument: "density",
      expected: `at most ${MOST_ROWS} samples: fewer times, or nodes less dense`,
      got: String(count),
    });
  }
  const nodes = Array.from({ length: 2 * half + 1 }, (_, k) => (k - half) / density);
  const masses = nodes.map((z) => normalDensity(z) / density);
  const x = new Float64Array(count * dim);
  const x0 = new Float64Array(count * dim);
  const t = new Float64Array(count);
  const lambda = new Float64Array(count);
  let n = 0;
  times.forEach((time, i) => {
    const [alpha, deviation] = [process.alpha(time), Math.sqrt(process.variance(time))];
    for (const m of heavy) {
      const share = chances[i] * weights[m] * weight(time) * count;
      for (let k = 0; k < each; k++, n++) {
        const first = k % nodes.length;
        const second = Math.floor(k / nodes.length);
        const z = [nodes[first], nodes[second]];
        lambda[n] = share * masses[first] * (coordinates === 2 ? masses[second] : 1);
        t[n] = time;
        for (let d = 0; d < dim; d++) {
          const place = points[m * dim + d] + (sigma0 > 0 ? sigma0 * z[1] : 0);
          x0[n * dim + d] = place;
          x[n * dim + d] = alpha * place + deviation * z[d];
        }
      }
    }
  });
  return { x, x0, t, lambda };
}
