import { checkInteger, checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, Precision } from "../data/mixture.js";
import { VkernelError } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { type ExactScore, exactScore } from "./exact.js";
import type { StepEstimator } from "./field.js";

export interface NaiveOptions {
  /** Proxy scores averaged at every step, 1 to 4096; 1 by default. Its noise vanishes as steps shrink. */
  draws?: number;
  /**
   * A time: one proxy score a step, its noise scaled so that small steps have a limit of covariance
   * kappa D C D dt. Instead of `draws`.
   */
  kappa?: number;
}

/**
 * The naive estimator: at every step the proxy score of freshly drawn training points, as if training and
 * sampling were interleaved. Vastola 2025, Prop. 4.1; `kappa`: docs/mathematics.md, Prop. 4.1.
 */
export function naiveScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  options: NaiveOptions = {},
): StepEstimator<P> & { readonly average: ExactScore<P> } {
  checkOptions(options, ["draws", "kappa"]);
  const { draws, kappa } = options;
  if (draws !== undefined && kappa !== undefined) {
    throw new VkernelError("E_USAGE", { argument: "kappa", expected: "either draws or kappa", got: "both" });
  }
  const randomness =
    kappa === undefined
      ? { draws: checkInteger(draws ?? 1, "draws", 1, 4096) }
      : { kappa: checkNumber(kappa, "kappa", { min: 0 }) };
  const average = exactScore(data, process);
  return { kind: "step", data, process, average, randomness };
}
