import { isFloats } from "../core/brand.js";
import { checkInteger, checkNumber, checkWord } from "../core/check.js";
import {
  checkFinite,
  checkSize,
  checkTable,
  coordinateLimit,
  type Mixture,
  type PointsInput,
} from "../data/mixture.js";
import { badArgument, VkernelError } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { isExact } from "../score/exact.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import type { Grid } from "../sampler/grids/grid.js";
import type { RunSpec } from "./spec.js";
import type { Sampler } from "../sampler/sampler.js";

export interface SampleOptions {
  /** The sampler, which makes each step. Default `euler()`. */
  sampler?: Sampler;
  /**
   * The grid of times that the run steps through. Default `karras({ steps: 40 })`, as far as the process reaches, and within the
   * times that a learned field was fitted on.
   */
  grid?: Grid;
  /** The number of particles. Default 1,000, or as many as `initial` has. */
  count?: number;
  /** Seed of all random numbers, 0 to 2^53 - 1. Default 0. The same seed gives the same bits on any number of threads. */
  seed?: number;
  /**
   * Where particles start: "noise" N(0, S_T) (default), "normal" N(0, I), "marginal" p_T itself, or the states
   * themselves, `[count, dim]`.
   */
  initial?: "noise" | "normal" | "marginal" | PointsInput;
  /** Which states to keep: "last" (default), "all" of the grid's times, or indices into them. */
  record?: "last" | "all" | readonly number[];
  /**
   * The standard normals of each step: "independent" (default); "shared": increments of one Brownian path per particle, which
   * depends on the seed alone, so that any two grids see the same path; or the normals themselves, `[steps, count, dim]`.
   * For samplers that take at most one normal per coordinate and step: all but posterior and predictorCorrector.
   */
  noise?: "independent" | "shared" | Float32Array | Float64Array;
  /**
   * Carries the log density of each particle along the flow (euler, heun, rk4, dpmpp2m, dopri5, ancestral({ eta: 0 }); a field whose
   * divergence is known; a last time above 0), by that divergence, from the law of the start: p_T where `initial` is "marginal" or the states.
   */
  logLikelihood?: boolean;
  /** How many particles share one realization of an ensemble. Default 1. `ensembleCost` tells what that takes. */
  particlesPerRealization?: number;
  /**
   * Of the exact score: every evaluation differs from the sum over all points by less than this times the data's root mean square distance
   * from their mean (in posterior means), proven. 0 (default): every point counts. See `EvaluateOptions`.
   */
  tolerance?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** Below this a float32 state cannot tell a good step from a bad one. */
const MIN_RTOL = 1e-5;

/** Checks that a sampler is one, and that its tolerances can be met; `checkPair` checks that it takes the field. */
export function checkSampler(sampler: Sampler, field: ScoreField | StepEstimator | ScoreEnsemble): void {
  if (typeof sampler?.step !== "function")
    throw badArgument("E_TYPE", "sampler", "a sampler such as heun()", sampler);
  if ("slopesOnly" in sampler && sampler.anyCovariance === undefined) {
    throw badArgument("E_USAGE", "sampler", "anyCovariance, which slopesOnly is called now", "slopesOnly");
  }
  if (field.kind === "step" && !isExact(field.average)) {
    throw badArgument(
      "E_USAGE",
      "field",
      "the exact score as the average of an estimator that draws proxy scores (ensemble takes any fields)",
      "another average",
    );
  }
  if (sampler.adaptive && field.data.precision === "f32" && sampler.adaptive.rtol < MIN_RTOL) {
    throw badArgument(
      "E_RANGE",
      "rtol",
      `at least ${MIN_RTOL} in float32 (precision: "f64" takes less)`,
      sampler.adaptive.rtol,
    );
  }
}

/** Checks `noise` of a run of `size` numbers per step. */
export function checkNoise(
  noise: unknown,
  sampler: Sampler,
  field: ScoreField | StepEstimator | ScoreEnsemble,
  steps: number,
  size: number,
): RunSpec["noise"] {
  if (noise === "independent") return noise;
  const isArray = isFloats(noise);
  const expected = '"independent", "shared" or a typed array of steps x count x dim standard normals';
  if (!isArray && noise !== "shared") {
    throw badArgument(typeof noise === "string" ? "E_USAGE" : "E_TYPE", "noise", expected, noise);
  }
  if (sampler.noise === "own" || field.kind === "step") {
    const what =
      sampler.noise === "own"
        ? `${sampler.name}, which makes draws of its own`
        : "an estimator that draws at every step";
    throw badArgument(
      "E_USAGE",
      "noise",
      '"independent" for what takes more than one standard normal per coordinate and step',
      what,
    );
  }
  if (!isArray) return "shared";
  const length = checkSize("noise", steps, size);
  if (noise.length !== length) {
    throw badArgument("E_SHAPE", "noise", `${length} numbers (steps x count x dim)`, noise.length);
  }
  checkFinite(noise, "noise", coordinateLimit(field.data.precision, field.data.dim), field.data.precision);
  return noise.slice();
}

/** The times of a grid, checked against the process. */
export function gridTimes(grid: Grid, process: Process): Float64Array {
  if (typeof grid?.times !== "function")
    throw badArgument("E_TYPE", "grid", "a grid such as karras({ steps: 18 })", grid);
  const times = grid.times(process);
  const top = times[0];
  // The grids check their own order; every level between must have some noise in the arithmetic at hand.
  for (let i = 0; i < times.length; i++) {
    const t = times[i];
    if (t === 0 && i === times.length - 1) break;
    const variance = t > 0 && t <= process.end ? process.variance(t) : 0;
    if (!(variance > 0 && Number.isFinite(variance))) {
      throw badArgument("E_RANGE", `grid times[${i}]`, `times of ${process.name} in (0, ${process.end}]`, t);
    }
  }
  if (!(top > 0)) throw badArgument("E_RANGE", "grid", "a first time above 0", top);
  return times;
}

/** Checks the tolerance of a run: only the exact score has one. */
export function checkTolerance(
  tolerance: unknown,
  field: ScoreField | StepEstimator | ScoreEnsemble,
  logLikelihood: unknown,
): number {
  const checked = checkNumber(tolerance, "tolerance", { min: 0 });
  if (checked > 0 && !(field.kind === "field" && isExact(field)))
    throw badArgument(
      "E_USAGE",
      "tolerance",
      "0 for fields other than exactScore, of whose sums it is",
      checked,
    );
  if (checked > 0 && logLikelihood === true)
    throw badArgument(
      "E_USAGE",
      "tolerance",
      "0 with logLikelihood, whose divergence is that of all points",
      checked,
    );
  return checked;
}

export function checkInitial(
  options: SampleOptions,
  data: Mixture,
): { initial: "noise" | "normal" | "marginal" | Float32Array | Float64Array; count: number } {
  const { initial = "noise", count } = options;
  const countOption = count === undefined ? undefined : checkInteger(count, "count", 0, 2 ** 31 - 1);
  if (typeof initial === "string") {
    return {
      initial: checkWord(initial, ["noise", "normal", "marginal"] as const, "initial"),
      count: countOption ?? 1000,
    };
  }
  const table = checkTable(initial, "initial", data.dim);
  if (countOption !== undefined && countOption !== table.rows) {
    throw badArgument("E_SHAPE", "initial", `${countOption} rows (count)`, table.rows);
  }
  checkFinite(table.data, "initial", coordinateLimit(data.precision, data.dim), data.precision);
  return { initial: table.data.slice(), count: table.rows };
}

export function checkRecord(record: unknown, steps: number): Int32Array {
  if (record === "last") return new Int32Array(0);
  if (record === "all") return Int32Array.from({ length: steps + 1 }, (_, i) => i);
  const expected = `"last", "all" or ascending step indices from 0 to ${steps}`;
  if (!Array.isArray(record)) {
    throw badArgument(typeof record === "string" ? "E_USAGE" : "E_TYPE", "record", expected, record);
  }
  record.forEach((index: unknown, i) => {
    checkInteger(index, `record[${i}]`, 0, steps);
    if (i > 0 && (index as number) <= (record[i - 1] as number)) {
      throw badArgument("E_RANGE", `record[${i}]`, expected, index);
    }
  });
  return Int32Array.from(record as number[]);
}

/** Checks `particlesPerRealization` against the kind of what is sampled. */
export function checkEach(value: unknown, kind: string, effective: boolean): number {
  if (kind !== "ensemble") {
    if (value === undefined) return 1;
    throw badArgument("E_USAGE", "particlesPerRealization", "an ensemble beside it", kind);
  }
  if (value === undefined) return 1;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1) {
    throw badArgument("E_RANGE", "particlesPerRealization", "a whole number from 1", value);
  }
  if (effective && value !== 1) {
    throw new VkernelError("E_USAGE", {
      argument: "particlesPerRealization",
      expected: "1 for an effective SDE: every trajectory has noise of its own",
      got: `${value}`,
    });
  }
  return value;
}
