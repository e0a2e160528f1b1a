import { encodeOps, type SampleJob } from "../../bindings/job.js";
import { checkInteger, checkLongCall, checkOptions, checkWord } from "../check.js";
import {
  checkFinite,
  checkSize,
  checkTable,
  coordinateLimit,
  type Mixture,
  type Numbers,
  type PointsInput,
  type Precision,
} from "../data/mixture.js";
import { badArgument } from "../errors.js";
import type { Process } from "../process/process.js";
import { aborted } from "../score/exact.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { euler } from "./euler.js";
import type { Grid } from "./grids/grid.js";
import { karras } from "./grids/karras.js";
import { Program } from "./program.js";
import { runReference } from "./referenceRun.js";
import type { Sampler } from "./sampler.js";
import { whiten } from "./whiten.js";

export interface SampleOptions {
  /** How a step is made; `euler()` by default. */
  sampler?: Sampler;
  /** The times of the run; `karras({ steps: 40 })` by default, as far as the process reaches. */
  grid?: Grid;
  /** Particles; 1,000 by default, or as many as `initial` has. */
  count?: number;
  /** 0 to 2^53 - 1; 0 by default. The same seed gives the same bits, whatever the threads. */
  seed?: number;
  /**
   * Where particles start: "noise" N(0, S_T) (default), "normal" N(0, I), "marginal" p_T itself, or the states
   * themselves, `[count, dim]`.
   */
  initial?: "noise" | "normal" | "marginal" | PointsInput;
  /** Which states to keep: "last" (default), "all" of the grid's times, or indices into them. */
  record?: "last" | "all" | readonly number[];
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface SampleStats {
  /** Evaluations of the score a particle. */
  readonly evaluations: number;
  readonly milliseconds: number;
  readonly threads: number;
  readonly kernels: "simd" | "relaxed" | "reference";
}

export interface SampleRun<P extends Precision = Precision> {
  /** `[count, dim]` row-major. */
  readonly samples: Numbers<P>;
  readonly count: number;
  readonly dim: number;
  /** The grid used, descending, `steps + 1`. */
  readonly times: Float64Array;
  /** The indices into `times` that `trajectories` holds. */
  readonly recorded: Int32Array;
  /** `[recorded.length, count, dim]`, where `record` asked for it. */
  readonly trajectories: Numbers<P> | undefined;
  readonly stats: SampleStats;
}

const known = ["sampler", "grid", "count", "seed", "initial", "record", "signal", "onProgress"];

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
  field: ScoreField<P> | StepEstimator<P>,
  options: SampleOptions = {},
): Promise<SampleRun<P>> {
  const kind: unknown = (field as { kind?: unknown } | null | undefined)?.kind;
  if (kind !== "field" && kind !== "step") {
    throw badArgument("E_TYPE", "field", "a score such as exactScore(data, process)", field);
  }
  checkOptions(options, known);
  checkLongCall(options);
  const { data, process } = field;
  data.check();
  const { signal, onProgress } = options;
  const sampler = options.sampler ?? euler();
  if (typeof sampler?.step !== "function")
    throw badArgument("E_TYPE", "sampler", "a sampler such as heun()", sampler);
  if (field.kind === "step" && !sampler.takesRandom) {
    throw badArgument(
      "E_USAGE",
      "sampler",
      "euler or eulerMaruyama, which take an estimator that draws at every step",
      sampler.name,
    );
  }
  const times = gridTimes(options.grid ?? defaultGrid(process), process);
  const steps = times.length - 1;
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const { initial, count } = checkInitial(options, data);
  const size = checkSize("count", count, data.dim);
  const recorded = checkRecord(options.record ?? "last", steps);
  checkSize("record", Math.max(1, recorded.length), size);
  if (signal?.aborted) throw aborted(signal);

  const run = { sampler, times, initial, count, seed, recorded, signal, onProgress };
  const start = performance.now();
  const { result, evaluations } =
    process.covariance === undefined ? await integrate(field, run) : await integrateWhitened(field, run);
  const { info } = data.engine;
  return {
    samples: result.samples,
    count,
    dim: data.dim,
    times,
    recorded,
    trajectories: recorded.length > 0 ? result.trajectories : undefined,
    stats: {
      evaluations,
      milliseconds: performance.now() - start,
      threads: info.threads,
      kernels: info.kernels,
    },
  };
}

/** A checked run. */
interface Run {
  sampler: Sampler;
  times: Float64Array;
  initial: "noise" | "normal" | "marginal" | Float32Array | Float64Array;
  count: number;
  seed: number;
  recorded: Int32Array;
  signal: AbortSignal | undefined;
  onProgress: ((progress: { done: number; total: number }) => void) | undefined;
}

/** Writes the program of a run and runs it, on the kernels or by the reference. */
async function integrate<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
): Promise<{ result: RunOutput<P>; evaluations: number }> {
  const { data, process } = field;
  const { times, initial, onProgress, signal, count, seed, recorded } = run;
  const steps = times.length - 1;
  const program = new Program({
    process,
    sigma0: data.sigma0,
    precision: data.precision,
    randomness: field.kind === "step" ? field.randomness : undefined,
  });
  if (typeof initial === "string") program.start(initial, times[0] as number);
  const slots = new Map(Array.from(recorded, (index, slot) => [index, slot]));
  const record = (index: number): void => {
    const slot = slots.get(index);
    if (slot !== undefined) program.record(slot);
  };
  record(0);
  for (let i = 0; i < steps; i++) {
    const t = times[i] as number;
    const s = times[i + 1] as number;
    program.step = i;
    if (s === 0) program.posteriorMean(t);
    else run.sampler.step(program, t, s);
    record(i + 1);
  }
  const report = onProgress && ((done: number, total: number) => onProgress({ done, total }));
  const states = typeof initial === "string" ? undefined : initial;
  const input: RunInput = { states, count, seed, recorded: recorded.length, signal, report };
  const result =
    data.engine.runtime === undefined
      ? await runReference(data, program, input)
      : await data.hold(() => runKernels(data, program, input));
  return { result, evaluations: program.evaluations };
}

/** The same under an anisotropic process, in coordinates where it is isotropic. */
async function integrateWhitened<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
): Promise<{ result: RunOutput<P>; evaluations: number }> {
  const white = whiten(field);
  try {
    let { initial } = run;
    if (initial === "normal") {
      // N(0, I) in x: drawn as such, then carried inward.
      const still = { ...run, times: run.times.slice(0, 1), recorded: new Int32Array(0) };
      initial = (await integrate(white.field, still)).result.samples;
    }
    if (typeof initial !== "string") initial = white.inward(initial);
    const done = await integrate(white.field, { ...run, initial });
    white.outward(done.result.samples);
    if (done.result.trajectories) white.outward(done.result.trajectories);
    return done;
  } finally {
    white.dispose();
  }
}

/** What a run needs beside its program. */
export interface RunInput {
  states: Float32Array | Float64Array | undefined;
  count: number;
  seed: number;
  recorded: number;
  signal: AbortSignal | undefined;
  report: ((done: number, total: number) => void) | undefined;
}

export interface RunOutput<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
}

async function runKernels<P extends Precision>(
  data: Mixture<P>,
  program: Program,
  input: RunInput,
): Promise<RunOutput<P>> {
  const { count, states, recorded } = input;
  const layout = data.layout;
  const { runtime, dim } = data;
  const { memory } = runtime;
  const bytes = count * layout.width * layout.bytes;
  if (count === 0) return { samples: data.array(0), trajectories: data.array(0) };
  const state = memory.alloc(bytes, "count");
  let record = 0;
  try {
    record = recorded > 0 ? memory.alloc(recorded * bytes, "record") : 0;
    memory.zero(state, bytes);
    if (states) data.writeRows(state, states, dim, layout.width);
    const job: SampleJob = {
      kind: "sample",
      mixture: layout,
      count,
      block: data.block(layout),
      seedLow: input.seed >>> 0,
      seedHigh: Math.floor(input.seed / 2 ** 32),
      registers: program.registers,
      draws: program.draws,
      ops: encodeOps(program.ops),
      state,
      record,
    };
    await runtime.run(job, { signal: input.signal, onProgress: input.report });
    return {
      samples: data.readRows(state, count, dim, layout.width),
      trajectories: recorded > 0 ? data.readRows(record, recorded * count, dim, layout.width) : undefined,
    };
  } finally {
    memory.free(state);
    memory.free(record);
  }
}

/** 40 steps of karras from sigma 80, or from what the process reaches. */
function defaultGrid(process: Process): Grid {
  const top =
    process.end === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : process.sigma(process.end);
  return karras({ steps: 40, sigmaMax: Math.min(80, top) });
}

function gridTimes(grid: Grid, process: Process): Float64Array {
  if (typeof grid?.times !== "function")
    throw badArgument("E_TYPE", "grid", "a grid such as karras({ steps: 18 })", grid);
  const times = grid.times(process);
  const top = times[0] as number;
  // The grids check their own order; every level between must have some noise in the arithmetic at hand.
  for (let i = 0; i < times.length; i++) {
    const t = times[i] as number;
    if (t === 0 && i === times.length - 1) break;
    const variance = t > 0 && t <= process.end ? process.variance(t) : 0;
    if (!(variance > 0 && Number.isFinite(variance))) {
      throw badArgument("E_RANGE", `grid times[${i}]`, `times of ${process.name} in (0, ${process.end}]`, t);
    }
  }
  if (!(top > 0)) throw badArgument("E_RANGE", "grid", "a first time above 0", top);
  return times;
}

function checkInitial(
  options: SampleOptions,
  data: Mixture,
): { initial: "noise" | "normal" | "marginal" | Float32Array | Float64Array; count: number } {
  const { initial = "noise", count } = options;
  const given = count === undefined ? undefined : checkInteger(count, "count", 0, 2 ** 31 - 1);
  if (typeof initial === "string") {
    return {
      initial: checkWord(initial, ["noise", "normal", "marginal"] as const, "initial"),
      count: given ?? 1000,
    };
  }
  const table = checkTable(initial, "initial", data.dim);
  if (given !== undefined && given !== table.rows) {
    throw badArgument("E_SHAPE", "initial", `${given} rows (count)`, table.rows);
  }
  checkFinite(table.data, "initial", coordinateLimit(data.precision, data.dim), data.precision);
  return { initial: table.data.slice(), count: table.rows };
}

function checkRecord(record: unknown, steps: number): Int32Array {
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
