import { checkOptions } from "../core/check.js";
import type { Mixture, Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import { type ExactScore, exactScore } from "./exact.js";
import type { StepEstimator } from "./field.js";
import { checkNoise, refuseKappa } from "./checkRandomness.js";
import type { Randomness } from "./randomness.js";

export interface NaiveOptions {
  /** Proxy scores averaged at every step, 1 to 4096; 1 by default. Its noise vanishes as steps shrink. */
  draws?: number;
  /**
   * In units of time, at least 0: one proxy score per step, whose noise is scaled so that small steps have a limit. A step of dt adds
   * sqrt(noiseTime dt) D (s~ - s), of covariance noiseTime dt D C D. Instead of `draws`.
   */
  noiseTime?: number;
}

/**
 * The naive estimator: at every step the proxy score of freshly drawn training points, as if training and
 * sampling were interleaved. Vastola 2025, Prop. 4.1; `noiseTime`: docs/mathematics.md, Prop. 4.1.
 */
export function naiveScore<P extends Precision>(
  data: Mixture<P>,
  process: Process,
  options: NaiveOptions = {},
): StepEstimator<P> & { readonly average: ExactScore<P> } {
  refuseKappa(options, "kappa");
  checkOptions(options, ["draws", "noiseTime"]);
  const { draws, noiseTime } = options;
  const randomness: Randomness =
    noiseTime === undefined ? { draws: draws ?? 1 } : { ...(draws !== undefined && { draws }), noiseTime };
  checkNoise(randomness);
  const average = exactScore(data, process);
  return { kind: "step", data, process, average, randomness };
}
