import {
  encodeOps,
  needsOf,
  type Op,
  OpCode,
  type RowFunction,
  SCALAR_OUTPUTS,
  type SampleJob,
} from "../../bindings/job.js";
import type { Mixture, Numbers, Precision } from "../data/mixture.js";
import { VkernelError } from "../errors.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import { Frames } from "./frames.js";
import { Program } from "./program.js";
import { runReference } from "./referenceRun.js";
import type { Sampler } from "./sampler.js";
import { whiten } from "./whiten.js";

/** A checked run. */
export interface Run {
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
  readonly density: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: { done: number; total: number }) => void) | undefined;
}

export interface RunResult<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
  /** Mean evaluations of the score a particle. */
  evaluations: number;
  /** How much the log density of each particle grew on the way. */
  density: Float64Array | undefined;
}

/** Writes the program of a run and runs it, on the kernels or by the reference. */
export async function integrate<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
): Promise<RunResult<P>> {
  const { process, data } = field;
  if (process.covariance === undefined && process.matrices === undefined) return integratePlain(field, run);
  const called = field.kind === "field" && field.scoreRows !== undefined;
  if (process.covariance !== undefined && data.sigma0 === 0 && !called) return integrateWhitened(field, run);
  if (field.kind === "step" || !run.sampler.slopesOnly || run.density) {
    throw new VkernelError("E_UNSUPPORTED", {
      argument: field.kind === "step" ? "field" : run.density ? "logLikelihood" : "sampler",
      expected: called
        ? "euler, heun, rk4 or eulerMaruyama, without likelihood, for a score that is not the exact one under a covariance"
        : "the exact score by euler, heun, rk4 or eulerMaruyama, without likelihood, where the covariance varies or sigma0 is above 0",
      got: field.kind === "step" ? "an estimator" : run.sampler.name,
    });
  }
  return integratePlain(field, run, new Frames(data, process));
}

async function integratePlain<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
  frames?: Frames,
): Promise<RunResult<P>> {
  const { data, process } = field;
  const calls = field.kind === "field" && field.scoreRows ? [field.scoreRows] : [];
  const { times, initial, count, recorded, sampler, density, noise } = run;
  const steps = times.length - 1;
  const least = times.reduce((low, t) => (t > 0 ? Math.min(low, t) : low), Number.POSITIVE_INFINITY);
  const program = new Program({
    process,
    dim: data.dim,
    sigma0: data.sigma0,
    precision: data.precision,
    steps,
    randomness: field.kind === "step" ? field.randomness : undefined,
    noise: typeof noise === "string" ? noise : "given",
    exponent: exponentOf(least),
    density,
    called: calls.length > 0,
    frames,
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
    Object.assign(program, { step: i, t, s, previous: i > 0 ? times[i - 1] : undefined });
    if (s > 0) sampler.step(program, t, s);
    else if (sampler.finish) sampler.finish(program, t);
    else program.posteriorMean(t);
    record(i + 1);
  }
  const result =
    data.engine.runtime === undefined
      ? await runReference(data, program, frames, run, calls)
      : await data.hold(() => runKernels(data, program, frames, run, calls));
  if (calls.length > 0) checkFinite(result.samples, data.dim);
  const { outputs } = result;
  let own = 0;
  for (let i = count; i < 2 * count; i++) {
    const spent = outputs[i] as number;
    if (spent < 0) {
      throw new VkernelError("E_LIMIT", {
        argument: "rtol",
        expected:
          "tolerances that a particle can meet in 100,000 steps from one time of the grid to the next",
        got: `particle ${i - count}, which cannot`,
      });
    }
    own += spent;
  }
  return {
    samples: result.samples,
    trajectories: recorded.length > 0 ? result.trajectories : undefined,
    evaluations: program.evaluations + (count === 0 ? 0 : own / count),
    density: density ? outputs.slice(0, count) : undefined,
  };
}

/** A score of any kind can drive particles beyond all numbers; the exact one cannot. */
function checkFinite(samples: ArrayLike<number>, dim: number): void {
  for (let i = 0; i < samples.length; i++) {
    if (Number.isFinite(samples[i])) continue;
    throw new VkernelError("E_NONFINITE", {
      argument: "field",
      expected: "a score that keeps every particle finite on this grid (more steps, or less extrapolation)",
      got: `particle ${Math.floor(i / dim)}, which ended at ${samples[i]}`,
    });
  }
}

/** The largest e with 2^e <= t. */
function exponentOf(t: number): number {
  if (!Number.isFinite(t)) return 0;
  let e = Math.floor(Math.log2(t));
  while (2 ** e > t) e--;
  while (2 ** (e + 1) <= t) e++;
  return e;
}

/** The same under an anisotropic process, in coordinates where it is isotropic. */
async function integrateWhitened<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: Run,
): Promise<RunResult<P>> {
  const white = whiten(field);
  try {
    let { initial } = run;
    if (initial === "normal") {
      // N(0, I) in x: drawn as such, then carried inward.
      const still = {
        ...run,
        times: run.times.slice(0, 1),
        recorded: new Int32Array(0),
        onProgress: undefined,
      };
      initial = (await integratePlain(white.field, still)).samples;
    }
    if (typeof initial !== "string") initial = white.inward(initial);
    const done = await integratePlain(white.field, { ...run, initial });
    white.outward(done.samples);
    if (done.trajectories) white.outward(done.trajectories);
    return done;
  } finally {
    white.dispose();
  }
}

/** What a run of a program gives, before it is looked at. */
export interface RunOutput<P extends Precision> {
  samples: Numbers<P>;
  trajectories: Numbers<P> | undefined;
  /** SCALAR_OUTPUTS x count. */
  outputs: Float64Array;
}

async function runKernels<P extends Precision>(
  data: Mixture<P>,
  program: Program,
  frames: Frames | undefined,
  run: Run,
  calls: readonly RowFunction[],
): Promise<RunOutput<P>> {
  const { count, initial, noise, onProgress } = run;
  const recorded = run.recorded.length;
  const { layout, runtime, dim } = data;
  const { memory } = runtime;
  const bytes = count * layout.width * layout.bytes;
  if (count === 0) {
    return { samples: data.array(0), trajectories: data.array(0), outputs: new Float64Array(0) };
  }
  const blocks: number[] = [];
  const take = (size: number, argument: string): number => {
    const pointer = memory.alloc(size, argument);
    blocks.push(pointer);
    return pointer;
  };
  const rows = (source: Float32Array | Float64Array, argument: string): number => {
    const pointer = take((source.length / dim) * layout.width * layout.bytes, argument);
    if (layout.width > dim) memory.zero(pointer, (source.length / dim) * layout.width * layout.bytes);
    data.writeRows(pointer, source, dim, layout.width);
    return pointer;
  };
  try {
    const state = take(bytes, "count");
    memory.zero(state, bytes);
    if (typeof initial !== "string") data.writeRows(state, initial, dim, layout.width);
    const record = recorded > 0 ? take(recorded * bytes, "record") : 0;
    const given = typeof noise === "string" ? 0 : rows(noise, "noise");
    const outputs = take(8 * SCALAR_OUTPUTS * count, "count");
    const matrices = (frames?.matrices ?? []).map((matrix) => {
      // Column by column, each padded to an even number.
      const stride = dim + (dim % 2);
      const pointer = take(8 * stride * dim, "process");
      const view = memory.f64(pointer, stride * dim);
      view.fill(0);
      for (let i = 0; i < dim * dim; i++) {
        view[(i % dim) * stride + Math.floor(i / dim)] = matrix[i] as number;
      }
      return pointer;
    });
    const points = (frames?.pointSets ?? []).map((set) => {
      // Points are padded to whole groups of rows, as those of the mixture are.
      const padded = new Float64Array(layout.rows * dim);
      padded.set(set);
      return rows(padded, "process");
    });
    const ops = program.ops.map((op): Op => {
      if (op.code === OpCode.Linear) return { ...op, matrix: matrices[op.matrix] as number };
      if ("points" in op && op.points > 0) return { ...op, points: points[op.points - 1] as number };
      return op;
    });
    const job: SampleJob = {
      kind: "sample",
      mixture: layout,
      count,
      block: data.block(layout),
      particle: run.particle ?? 0,
      seedLow: run.seed >>> 0,
      seedHigh: Math.floor(run.seed / 2 ** 32),
      registers: program.registers,
      scalars: program.scalars,
      draws: program.draws,
      needs: needsOf(ops),
      ops: encodeOps(ops),
      state,
      record,
      noise: given,
      outputs,
    };
    await runtime.run(job, {
      calls,
      signal: run.signal,
      onProgress: onProgress && ((done: number, total: number) => onProgress({ done, total })),
    });
    return {
      samples: data.readRows(state, count, dim, layout.width),
      trajectories: recorded > 0 ? data.readRows(record, recorded * count, dim, layout.width) : undefined,
      outputs: memory.f64(outputs, SCALAR_OUTPUTS * count).slice(),
    };
  } finally {
    for (const pointer of blocks) memory.free(pointer);
  }
}
