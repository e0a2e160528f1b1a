import { checkOptions, checkWord } from "../core/check.js";
import type { Precision } from "../data/mixture.js";
import { badArgument, VkernelError } from "../core/errors.js";
import { RowField } from "../score/custom.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import { checkRandomness } from "../score/checkRandomness.js";
import type { Randomness } from "../score/randomness.js";
import { byRows } from "../score/rows.js";

export interface EffectiveSdeOptions {
  /**
   * "matched" (default): a step of length dt has the covariance of the estimator's own, dt^2 D C D / R, or noiseTime dt D C D.
   * "literal": dt D C D / R, the formula as printed, whose noise does not vanish on fine grids. For `draws` only.
   */
  form?: "matched" | "literal";
}

/** An ensemble whose realizations are Gaussian functions of its mean and covariance. */
export interface EffectiveEnsemble<P extends Precision = Precision> extends ScoreEnsemble<P> {
  readonly effective: true;
}

/**
 * The effective SDE of an estimator: its average score plus Gaussian noise of the covariance that its own has. Vastola 2025,
 * Prop. 3.1 and Eq. 8.
 *
 * Of a step estimator the noise is fresh at every step (Prop. 4.1 and Eq. 9, corrected: a fixed number of draws gives noise
 * of size dt^2). Of an ensemble it is correlated along the path: a Gaussian function of (x, t) with the ensemble's mean
 * and covariance, one for each trajectory.
 *
 * @example
 * const run = await sample(effectiveSde(naiveScore(data, edm(), { draws: 1 })), { sampler: euler() });
 * @throws {VkernelError} E_TYPE, E_USAGE
 */
export function effectiveSde<P extends Precision>(
  estimator: StepEstimator<P>,
  options?: EffectiveSdeOptions,
): StepEstimator<P>;
export function effectiveSde<P extends Precision>(estimator: ScoreEnsemble<P>): EffectiveEnsemble<P>;
export function effectiveSde<P extends Precision>(
  estimator: StepEstimator<P> | ScoreEnsemble<P>,
  options: EffectiveSdeOptions = {},
): StepEstimator<P> | EffectiveEnsemble<P> {
  const kind = (estimator as { kind?: unknown } | null | undefined)?.kind;
  if (kind !== "step" && kind !== "ensemble") {
    throw badArgument(
      "E_TYPE",
      "estimator",
      "an ensemble or an estimator such as naiveScore(data, process)",
      estimator,
    );
  }
  checkOptions(options, ["form"]);
  if (estimator.kind === "ensemble") {
    if (options.form !== undefined) {
      throw badArgument("E_USAGE", "form", "nothing: an ensemble's noise is of one form", options.form);
    }
    if (typeof estimator.realizations !== "function") {
      throw new VkernelError("E_USAGE", {
        argument: "estimator",
        expected:
          "an ensemble that draws Gaussian functions of its covariance: linearScore, ntkScore, or ensemble([...]) of fields",
        got: "one without realizations: its covariance between pairs of places makes no function that a path can follow",
      });
    }
    const { data, process, average } = estimator;
    return {
      kind: "ensemble",
      effective: true,
      data,
      process,
      average,
      ...(estimator.fitted && { fitted: estimator.fitted }),
      covariance: (a, b) => estimator.covariance(a, b),
      ...(estimator.variance && {
        variance: (places) => (estimator.variance as Variance).call(estimator, places),
      }),
      draw: async (seed) => gaussianDraw(estimator, seed),
      realizations: (request) => gaussianRows(estimator, request),
    };
  }
  const form = checkWord(options.form ?? "matched", ["matched", "literal"] as const, "form");
  checkRandomness(estimator);
  const { randomness } = estimator;
  if (form === "literal" && "noiseTime" in randomness) {
    throw new VkernelError("E_USAGE", {
      argument: "form",
      expected: '"matched" for an estimator with noiseTime, whose noise has a limit already',
      got: '"literal"',
    });
  }
  const gaussian: Randomness =
    "noiseTime" in randomness
      ? { noiseTime: randomness.noiseTime, gaussian: "matched" }
      : { draws: randomness.draws, gaussian: form };
  return { ...estimator, randomness: gaussian };
}

type Variance = NonNullable<ScoreEnsemble["variance"]>;
type Realizations = NonNullable<ScoreEnsemble["realizations"]>;

function gaussianRows(
  estimator: ScoreEnsemble,
  request: Parameters<Realizations>[0],
): ReturnType<Realizations> {
  return (estimator.realizations as Realizations).call(estimator, { ...request, kind: "gaussian" });
}

/** One Gaussian function as a field. */
async function gaussianDraw<P extends Precision>(
  estimator: ScoreEnsemble<P>,
  seed: number,
): Promise<ScoreField<P>> {
  const rows = await gaussianRows(estimator, {
    kind: "gaussian",
    first: 0,
    count: 1,
    seed,
    signal: undefined,
  });
  const { each } = rows;
  return new RowField(
    estimator.data,
    estimator.process,
    each ? byRows((x, time) => each(x, time, () => 0)) : (x, t) => rows(x, t, () => 0),
  );
}
