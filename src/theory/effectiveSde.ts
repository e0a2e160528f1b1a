import { checkOptions, checkWord } from "../check.js";
import type { Precision } from "../data/mixture.js";
import { badArgument, VkernelError } from "../errors.js";
import type { Randomness, StepEstimator } from "../score/field.js";

export interface EffectiveSdeOptions {
  /**
   * "matched" (default): a step of length dt has the covariance of the estimator's own, dt^2 D C D / R, or kappa dt D C D.
   * "literal": dt D C D / R, the formula as printed, whose noise does not vanish on fine grids. For `draws` only.
   */
  form?: "matched" | "literal";
}

/**
 * The effective SDE of an estimator: its average score plus Gaussian noise of the covariance that a step of the estimator
 * has. Paper 002, Prop. 3.1 and Eq. 8; Prop. 4.1 and Eq. 9, corrected (a fixed number of draws gives noise of size dt^2).
 *
 * @example
 * const run = await sample(effectiveSde(naiveScore(data, edm(), { draws: 1 })), { sampler: euler() });
 * @throws {VkernelError} E_TYPE, E_USAGE
 */
export function effectiveSde<P extends Precision>(
  estimator: StepEstimator<P>,
  options: EffectiveSdeOptions = {},
): StepEstimator<P> {
  if ((estimator as { kind?: unknown } | null | undefined)?.kind !== "step") {
    throw badArgument("E_TYPE", "estimator", "an estimator such as naiveScore(data, process)", estimator);
  }
  checkOptions(options, ["form"]);
  const form = checkWord(options.form ?? "matched", ["matched", "literal"] as const, "form");
  const { randomness } = estimator;
  if (form === "literal" && "kappa" in randomness) {
    throw new VkernelError("E_USAGE", {
      argument: "form",
      expected: '"matched" for an estimator with kappa, whose noise has a limit already',
      got: '"literal"',
    });
  }
  const gaussian: Randomness =
    "kappa" in randomness
      ? { kappa: randomness.kappa, gaussian: "matched" }
      : { draws: randomness.draws, gaussian: form };
  return { ...estimator, randomness: gaussian };
}
