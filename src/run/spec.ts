import type { Numbers, Precision } from "../data/mixture.js";
import type { Sampler } from "../sampler/sampler.js";

/** The options of one run, validated, defaults filled in. */
export interface RunSpec {
  readonly sampler: Sampler;
  /** Descending, or ascending for a flow that runs upward. */
  readonly times: Float64Array;
  readonly initial: "noise" | "normal" | "marginal" | Float32Array | Float64Array;
  readonly count: number;
  /** The number of the first particle; 0 by default. */
  readonly particle?: number;
  readonly seed: number;
  readonly recorded: Int32Array;
  /** Supplied normals: steps x count x dim. */
  readonly noise: "independent" | "shared" | Float32Array | Float64Array;
  readonly logLikelihood: boolean;
  /** Of the exact score: 0 where all points count. */
  readonly tolerance: number;
  /** Particles of a block; by default as many as suit the caches. */
  readonly block?: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: { done: number; total: number }) => void) | undefined;
  /** Whether `paths` are asked for. */
  readonly paths?: boolean;
}

export interface RunResult<P extends Precision> {
  samples: Numbers<P>;
  /** The samples with all their digits: in float64 where the data has a centre. */
  states: Numbers<P> | Float64Array<ArrayBuffer>;
  trajectories: Numbers<P> | undefined;
  /** The trajectories with all their digits, where the run asks for them. */
  paths?: Numbers<P> | Float64Array<ArrayBuffer> | undefined;
  /** Mean evaluations of the score per particle. */
  evaluations: number;
  /** How much the log likelihood of each particle grew on the way. */
  logLikelihood: Float64Array | undefined;
}

/** What a run of a program gives, before it is looked at. */
export interface RunOutput<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
  /** SCALAR_OUTPUTS x count. */
  outputs: Float64Array;
}
