import { checkInteger, checkLongCall, checkOptions } from "../core/check.js";
import { checkSize } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { aborted } from "../core/scheduler.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import { checkRandomness } from "../score/checkRandomness.js";
import type { AnyField } from "../sampler/abilities.js";
import {
  type SampleOptions,
  checkEach,
  checkInitial,
  checkNoise,
  checkRecord,
  checkSampler,
  checkTolerance,
  gridTimes,
} from "./options.js";
import { euler } from "../sampler/euler.js";
import type { Grid } from "../sampler/grids/grid.js";
import { karras } from "../sampler/grids/karras.js";
import { lackOf } from "../sampler/lacks.js";
import { fittedOf } from "./notes.js";
import type { RunSpec } from "./spec.js";
import type { Sampler } from "../sampler/sampler.js";

/**
 * Checks a field and the options of a run, and gives what they stand for; and `rest`, where there is more to check by what has to
 * load first: log densities, or which samplers a refusal names.
 */
export function checkedRun(
  field: ScoreField | StepEstimator | ScoreEnsemble,
  options: SampleOptions,
  words: readonly string[],
): {
  run: { -readonly [K in keyof RunSpec]: RunSpec[K] };
  each: number;
  rest: (() => Promise<void>) | undefined;
} {
  const kind: unknown = (field as { kind?: unknown } | null | undefined)?.kind;
  if (kind !== "field" && kind !== "step" && kind !== "ensemble") {
    throw badArgument("E_TYPE", "field", "a score such as exactScore(data, process)", field);
  }
  checkOptions(options, words);
  checkLongCall(options);
  if (field.kind === "step") checkRandomness(field);
  const { data, process } = field;
  data.check();
  const { signal, onProgress } = options;
  const sampler = options.sampler ?? euler();
  checkSampler(sampler, field);
  const times = gridTimes(options.grid ?? defaultGrid(field, sampler), process);
  const steps = times.length - 1;
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const { initial, count } = checkInitial(options, data);
  const size = checkSize("count", count, data.dim);
  const recorded = checkRecord(options.record ?? "last", steps);
  checkSize("record", Math.max(1, recorded.length), size);
  if (signal?.aborted) throw aborted(signal);

  const effective = "effective" in field;
  const each = checkEach(options.particlesPerRealization, field.kind, effective);
  const noise = checkNoise(options.noise ?? "independent", sampler, field, steps, size);
  const logLikelihood = options.logLikelihood ?? false;
  if (typeof logLikelihood !== "boolean")
    throw badArgument("E_TYPE", "logLikelihood", "true or false", logLikelihood);
  const tolerance = checkTolerance(options.tolerance ?? 0, field, options.logLikelihood);
  const refused = lackOf(sampler, field) !== undefined;
  const rest = async (): Promise<void> => {
    if (refused) (await import("../sampler/capabilities.js")).checkPair(sampler, field);
    if (logLikelihood) (await import("./likelihood.js")).checkLikelihood(field, sampler, times);
  };
  return {
    run: {
      sampler,
      times,
      initial,
      count,
      seed,
      recorded,
      noise,
      logLikelihood,
      tolerance,
      signal,
      onProgress,
    },
    each,
    rest: refused || logLikelihood ? rest : undefined,
  };
}

/**
 * karras from sigma 80, or from what the process reaches, down to sigma 0.002: 40 steps, or 2 for a sampler that chooses its own;
 * of a learned field no further than it was fitted, either way.
 */
function defaultGrid(field: AnyField, sampler: Sampler): Grid {
  const { process } = field;
  const fitted = fittedOf(field);
  const top =
    process.end === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : process.sigma(process.end);
  const steps = sampler.adaptive ? 2 : 40;
  if (fitted !== undefined) {
    const sigmaMax = Math.min(80, top, process.sigma(fitted.tMax));
    const sigmaMin = Math.max(0.002, process.sigma(fitted.tMin));
    if (sigmaMin < sigmaMax) return karras({ steps, sigmaMin, sigmaMax });
  }
  return karras({ steps, sigmaMax: Math.min(80, top) });
}
