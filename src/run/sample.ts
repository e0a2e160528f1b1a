import { checkInteger, checkLongCall, checkOptions } from "../core/check.js";
import { checkSize, type Numbers, type Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import { aborted } from "../core/scheduler.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import { checkRandomness } from "../score/randomness.js";
import type { AnyField } from "../sampler/abilities.js";
import {
  type SampleOptions,
  checkEach,
  checkInitial,
  checkNoise,
  checkRecord,
  checkSampler,
  gridTimes,
} from "./options.js";
import { euler } from "../sampler/euler.js";
import type { Grid } from "../sampler/grids/grid.js";
import { karras } from "../sampler/grids/karras.js";
import { checkLikelihood, type Likelihood, likelihoodOf } from "./likelihood.js";
import { fittedOf, notesOf } from "./notes.js";
import { integrate } from "./integrate.js";
import type { RunSpec } from "./spec.js";
import type { Sampler } from "../sampler/sampler.js";

export interface SampleStats {
  /** Evaluations of the score per particle; their mean where a sampler chooses its own steps. */
  readonly evaluations: number;
  readonly milliseconds: number;
  readonly threads: number;
  readonly kernels: "simd" | "relaxed" | "reference";
}

export interface SampleRun<P extends Precision = Precision> {
  /** The particles at the last time, `[count, dim]` row-major. */
  readonly samples: Numbers<P>;
  readonly count: number;
  readonly dim: number;
  /** The times of the grid that was used, descending, `[steps + 1]`. */
  readonly times: Float64Array;
  /** The indices into `times` that `trajectories` holds. */
  readonly recorded: Int32Array;
  /** The recorded states, `[recorded.length, count, dim]`, where `record` asked for them. */
  readonly trajectories: Numbers<P> | undefined;
  /** Log densities of the samples, where `logLikelihood` asked for them. */
  readonly likelihood: Likelihood | undefined;
  /**
   * Warnings about the run, in sentences: a learned field at times on which it was not fitted, noise for a sampler that
   * takes none. Empty for most.
   */
  readonly notes: readonly string[];
  readonly stats: SampleStats;
}

const known = [
  "sampler",
  "grid",
  "count",
  "seed",
  "initial",
  "record",
  "signal",
  "onProgress",
  "noise",
  "logLikelihood",
  "particlesPerRealization",
];

/**
 * Integrates a field or an estimator from the largest time of a grid down to its smallest.
 *
 * A step to 0 replaces a particle by its posterior mean, for every sampler and process.
 *
 * @example
 * const run = await sample(exactScore(data, edm()), { sampler: heun(), grid: karras({ steps: 18 }), count: 1000, seed: 1 });
 * @throws {VkernelError} E_USAGE, E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_LIMIT, E_MEMORY, E_ABORT, E_WORKER, E_DISPOSED
 */
export async function sample<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P> | ScoreEnsemble<P>,
  options: SampleOptions = {},
): Promise<SampleRun<P>> {
  const { run, each } = checkedRun(field, options, known);
  const { data } = field;
  const { times, initial, count, recorded, logLikelihood } = run;
  const clock = globalThis.performance ?? Date;
  const start = clock.now();
  if (logLikelihood && typeof initial === "string") {
    // The states to start from, as the run would draw them: their density is the base of all.
    const still = { ...run, times: times.slice(0, 1), recorded: new Int32Array(0), onProgress: undefined };
    run.initial = (await integrate(field as ScoreField<P>, still)).states;
  }
  const result =
    field.kind === "ensemble"
      ? await (await import("./ensemble.js")).integrateEnsemble(field, run, each)
      : await integrate(field, run);
  const { info } = data.engine;
  return {
    samples: result.samples,
    count,
    dim: data.dim,
    times,
    recorded,
    trajectories: result.trajectories,
    likelihood: logLikelihood
      ? await likelihoodOf(
          field as ScoreField<P>,
          typeof initial === "string" ? initial : "marginal",
          run.initial as Float64Array,
          times[0],
          result.logLikelihood as Float64Array,
        )
      : undefined,
    notes: notesOf(field, run),
    stats: {
      evaluations: result.evaluations,
      milliseconds: clock.now() - start,
      threads: info.threads,
      kernels: info.kernels,
    },
  };
}

/** @internal The states of a field on its way, `[steps + 1, count, dim]`, with all their digits: far data are in float64. */
export async function pathsOf<P extends Precision>(
  field: ScoreField<P>,
  options: Omit<SampleOptions, "record">,
): Promise<{ paths: Float32Array | Float64Array; notes: readonly string[] }> {
  const { run } = checkedRun(field, { ...options, record: "all" }, known);
  const { paths } = await integrate(field, { ...run, paths: true });
  return { paths: paths as Numbers<P>, notes: notesOf(field, run) };
}

/** Checks a field and the options of a run, and gives what they stand for. */
export function checkedRun(
  field: ScoreField | StepEstimator | ScoreEnsemble,
  options: SampleOptions,
  words: readonly string[],
): { run: { -readonly [K in keyof RunSpec]: RunSpec[K] }; each: number } {
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
  if (logLikelihood) checkLikelihood(field, sampler, times);
  return {
    run: { sampler, times, initial, count, seed, recorded, noise, logLikelihood, signal, onProgress },
    each,
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
