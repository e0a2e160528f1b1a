import { checkInteger, checkNumber, checkOptions, checkWord } from "../core/check.js";
import { badArgument, VkernelError } from "../core/errors.js";

/** Refuses the name that noiseTime had before: `kappa` is of smoothing. */
export function refuseKappa(options: unknown, argument: string): void {
  if (!("kappa" in Object(options))) return;
  throw badArgument("E_USAGE", argument, "noiseTime, which kappa of naiveScore is called now", "kappa");
}

/** The most proxy scores of a step. */
const MAX_DRAWS = 4096;

/** Checks `draws` or `noiseTime`, one of which there is; messages name them after `prefix`. */
export function checkNoise(options: { draws?: unknown; noiseTime?: unknown }, prefix = ""): void {
  const [draws, noiseTime] = [`${prefix}draws`, `${prefix}noiseTime`];
  if ("draws" in options === "noiseTime" in options) {
    throw new VkernelError("E_USAGE", {
      argument: noiseTime,
      expected: "either draws or noiseTime",
      got: "draws" in options ? "both" : "neither",
    });
  }
  if ("draws" in options) checkInteger(options.draws, draws, 1, MAX_DRAWS);
  else checkNumber(options.noiseTime, noiseTime, { min: 0 });
}

/**
 * Checks how the steps of an estimator draw, which may have been written by hand.
 *
 * @throws {VkernelError} E_TYPE, E_USAGE, E_RANGE
 */
export function checkRandomness({ randomness }: { readonly randomness: unknown }): void {
  if (typeof randomness !== "object" || randomness === null) {
    throw badArgument("E_TYPE", "randomness", "{ draws } or { noiseTime }", randomness);
  }
  refuseKappa(randomness, "randomness.kappa");
  checkOptions(randomness, ["draws", "noiseTime", "gaussian"], "randomness");
  checkNoise(randomness, "randomness.");
  if (!("gaussian" in randomness) || randomness.gaussian === undefined) return;
  const forms = "draws" in randomness ? (["matched", "literal"] as const) : (["matched"] as const);
  checkWord<string>(randomness.gaussian, forms, "randomness.gaussian");
}
