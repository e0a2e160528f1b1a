import { checkInteger, checkLongCall, checkOptions, checkWord } from "../core/check.js";
import {
  checkFinite,
  checkTable,
  coordinateLimit,
  type Numbers,
  type PointsInput,
  type Precision,
} from "../data/mixture.js";
import { badArgument, VkernelError } from "../core/errors.js";
import { log } from "../numeric/elementary.js";
import { cholesky, solveLower } from "../numeric/linear.js";
import { aborted } from "../core/scheduler.js";
import { exactScore } from "../score/exact.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";
import { checkPair, flowsFor, likelihoodRefusal, listed } from "../sampler/capabilities.js";
import { checkSampler, gridTimes } from "./options.js";
import { dopri5 } from "../sampler/dopri5.js";
import type { Grid } from "../sampler/grids/grid.js";
import { notesOf } from "./notes.js";
import { integrate } from "./integrate.js";

import type { Sampler } from "../sampler/sampler.js";

/** Log densities along a flow. Each array has one number per particle. */
export interface Likelihood {
  /** log q at the data end: log density of the other end plus the integral of the divergence. */
  readonly logDensity: Float64Array<ArrayBuffer>;
  /** The integral of div v over time from the data end to the noise end. */
  readonly divergence: Float64Array<ArrayBuffer>;
  /** -log2 q / dim, in units of the data as they are. */
  readonly bitsPerDim: Float64Array<ArrayBuffer>;
}

export interface LogLikelihoodOptions {
  /** A sampler that follows the flow: euler, heun, rk4, dpmpp2m, dopri5 or ancestral({ eta: 0 }). Default `dopri5()`. */
  sampler?: Sampler;
  /** The times to step through. The last, above 0, is the time of the points; at the first the base law holds. */
  grid: Grid;
  /** The law at the first time: "noise" N(0, S_T) (default), "normal" N(0, I) or "marginal" p_T itself. */
  base?: "noise" | "normal" | "marginal";
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface LikelihoodRun<P extends Precision> extends Likelihood {
  /** Where the flow takes the points: `[count, dim]` at the first time of the grid. */
  readonly latents: Numbers<P>;
  /** Mean evaluations of the score per point. */
  readonly evaluations: number;
  /** Warnings about the run, in sentences, such as a learned field outside the times that it was fitted on. */
  readonly notes: readonly string[];
}

/**
 * The log density that the probability flow of a field whose divergence is known (`docs/fields.md`) gives to points: they are carried up to the noise, where the base law is
 * known, and the exact divergence is integrated on the way. Song et al. 2021, Eq. 39; Chen et al. 2018, Theorem 1.
 *
 * @param points `[count, dim]` row-major, at the last time of the grid
 * @example
 * const { logDensity, bitsPerDim } = await logLikelihood(field, points, { grid: logarithmic({ steps: 1, tMin: 0.1, tMax: 80 }) });
 * @throws {VkernelError} E_USAGE, E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_LIMIT, E_MEMORY, E_ABORT, E_WORKER, E_DISPOSED
 */
export async function logLikelihood<P extends Precision>(
  field: ScoreField<P>,
  points: PointsInput,
  options: LogLikelihoodOptions,
): Promise<LikelihoodRun<P>> {
  if ((field as { kind?: unknown } | null | undefined)?.kind !== "field") {
    throw badArgument("E_TYPE", "field", "a score such as exactScore(data, process)", field);
  }
  checkOptions(options, ["sampler", "grid", "base", "signal", "onProgress"]);
  checkLongCall(options);
  const { data, process } = field;
  data.check();
  const { signal, onProgress, sampler = dopri5() } = options;
  checkSampler(sampler, field);
  checkPair(sampler, field);
  const base = checkWord(options.base ?? "noise", ["noise", "normal", "marginal"] as const, "base");
  const times = gridTimes(options.grid, process);
  checkLikelihood(field, sampler, times);
  const table = checkTable(points, "points", data.dim);
  checkFinite(table.data, "points", coordinateLimit(data.precision, data.dim), data.precision);
  checkInteger(table.rows, "points", 0, 2 ** 31 - 1);
  if (signal?.aborted) throw aborted(signal);
  const result = await integrate(field, {
    sampler,
    times: times.slice().reverse(),
    initial: table.data.slice(),
    count: table.rows,
    seed: 0,
    recorded: new Int32Array(0),
    noise: "independent",
    logLikelihood: true,
    tolerance: 0,
    signal,
    onProgress,
  });
  // Upward the log density changes by minus the integral of the divergence.
  const divergence = (result.logLikelihood as Float64Array).map((gain) => 0 - gain);
  const top = await logDensityOf(field, base, result.states, times[0]);
  return {
    ...densities(top, divergence, data.dim),
    latents: result.samples,
    evaluations: result.evaluations,
    notes: notesOf(field, { sampler, times, noise: "independent" }),
  };
}

/** Checks that log densities can go with a run. */
export function checkLikelihood(
  field: ScoreField | StepEstimator | ScoreEnsemble,
  sampler: Sampler,
  times: Float64Array,
): void {
  const refusal = likelihoodRefusal(field);
  if (refusal !== undefined) {
    const got =
      field.kind === "field" ? "one without" : field.kind === "step" ? "an estimator" : "an ensemble";
    throw new VkernelError(field.kind === "field" ? "E_UNSUPPORTED" : "E_USAGE", {
      argument: "logLikelihood",
      expected: `a field with a known divergence (${refusal.way})`,
      got: `${got}: ${refusal.reason}`,
    });
  }
  if (!sampler.flow) {
    throw badArgument(
      "E_USAGE",
      "sampler",
      `${listed(flowsFor(field))}: one that integrates the flow and its divergence, without noise of its own`,
      sampler.name,
    );
  }
  if (times[times.length - 1] === 0) {
    throw badArgument("E_RANGE", "grid", "a last time above 0 to carry log densities", 0);
  }
}

/** The likelihood of a run that went downward from `starts` at time t, whose log likelihoods grew by `logLikelihood`. */
export async function likelihoodOf<P extends Precision>(
  field: ScoreField<P>,
  base: "noise" | "normal" | "marginal",
  starts: Float32Array | Float64Array,
  t: number,
  logLikelihood: Float64Array,
): Promise<Likelihood> {
  const top = await logDensityOf(field, base, starts, t);
  return densities(top, logLikelihood as Float64Array<ArrayBuffer>, field.data.dim);
}

function densities(top: Float64Array, divergence: Float64Array<ArrayBuffer>, dim: number): Likelihood {
  const logDensity = divergence.map((value, i) => top[i] + value);
  return { logDensity, divergence, bitsPerDim: logDensity.map((value) => 0 - value / (dim * Math.LN2)) };
}

/** log density of states at time t under a law of the start. */
async function logDensityOf(
  field: ScoreField,
  law: "noise" | "normal" | "marginal",
  states: Float32Array | Float64Array,
  t: number,
): Promise<Float64Array> {
  const { data, process } = field;
  const { dim } = data;
  const count = states.length / dim;
  if (law === "marginal") {
    // The law of the noised data, whatever field drives.
    const law = exactScore(data, process);
    return Float64Array.from((await law.evaluate(states, t, ["logDensity"])).logDensity);
  }
  const variance = law === "noise" ? process.variance(t) : 1;
  const factor =
    law === "noise" && process.covariance !== undefined ? cholesky(process.covariance, dim) : undefined;
  let constant = -0.5 * dim * log(2 * Math.PI * variance);
  for (let d = 0; factor && d < dim; d++) constant -= log(factor[d * (dim + 1)]);
  const out = new Float64Array(count);
  const row = new Float64Array(dim);
  for (let i = 0; i < count; i++) {
    row.set(states.subarray(i * dim, (i + 1) * dim));
    if (factor) solveLower(factor, dim, row);
    let square = 0;
    for (const x of row) square += x * x;
    out[i] = constant - square / (2 * variance);
  }
  return out;
}
