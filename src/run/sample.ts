import type { Numbers, Precision } from "../data/mixture.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import { checkedRun } from "./checked.js";
import type { SampleOptions } from "./options.js";
import type { Likelihood } from "./likelihood.js";
import { notesOf } from "./notes.js";
import { integrate } from "./integrate.js";
import { tolerantOf } from "./within.js";

export interface SampleStats {
  /** Evaluations of the score per particle; their mean where a sampler chooses its own steps. */
  readonly evaluations: number;
  readonly milliseconds: number;
  readonly threads: number;
  readonly kernels: "simd" | "relaxed" | "reference";
  /**
   * With a tolerance: the largest `errorBound` of any evaluation of the score. It bounds scores, not end points: what a run makes of
   * small errors of its scores depends on how its paths part.
   */
  readonly errorBound?: number;
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
  "tolerance",
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
  score: ScoreField<P> | StepEstimator<P> | ScoreEnsemble<P>,
  options: SampleOptions = {},
): Promise<SampleRun<P>> {
  const { run, each, rest } = checkedRun(score, options, known);
  if (rest) await rest();
  const tolerant = await tolerantOf(score, run);
  const field = tolerant?.field ?? score;
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
      ? await (await import("./likelihood.js")).likelihoodOf(
          field as ScoreField<P>,
          typeof initial === "string" ? initial : "marginal",
          run.initial as Float64Array,
          times[0],
          result.logLikelihood as Float64Array,
        )
      : undefined,
    notes: [...notesOf(field, run), ...(tolerant?.notes() ?? [])],
    stats: {
      evaluations: result.evaluations,
      milliseconds: clock.now() - start,
      threads: info.threads,
      kernels: info.kernels,
      ...(tolerant && { errorBound: tolerant.errorBound() }),
    },
  };
}

/** @internal The states of a field on its way, `[steps + 1, count, dim]`, with all their digits: far data are in float64. */
export async function pathsOf<P extends Precision>(
  field: ScoreField<P>,
  options: Omit<SampleOptions, "record">,
): Promise<{ paths: Float32Array | Float64Array; notes: readonly string[] }> {
  const { run, rest } = checkedRun(field, { ...options, record: "all" }, known);
  if (rest) await rest();
  const driving = (await tolerantOf(field, run))?.field ?? field;
  const { paths } = await integrate(driving, { ...run, paths: true });
  return { paths: paths as Numbers<P>, notes: notesOf(field, run) };
}
