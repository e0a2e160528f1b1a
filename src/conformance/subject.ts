import { isFloat64 } from "../core/brand.js";
import { badArgument, messageOf } from "../core/errors.js";
import { times } from "../sampler/grids/times.js";
import { sample } from "../run/sample.js";
import type { Sampler } from "../sampler/sampler.js";
import { aborted, scheduler, TimeSlices } from "../core/scheduler.js";
import { streams } from "../numeric/random.js";
import { programMoments } from "./moments.js";
import { normals, type Problem } from "./problems.js";

/** E[x_0 | x] at one noise level: `[rows, dim]` row-major in and out, at any number of rows. */
export type Denoise = (x: Float64Array, sigma: number) => Float64Array;

/** Seeded standard normals. */
export interface RandomSource {
  normal(length: number): Float64Array;
}

/** What a step knows. */
export interface StepState {
  /** `[count, dim]` row-major, yours to change. */
  readonly x: Float64Array;
  readonly count: number;
  readonly dim: number;
  /** The noise level of `x`, and the one to step to (0 in the last step of some grids). */
  readonly t: number;
  readonly s: number;
  /** The number of the step, and all levels, descending. */
  readonly index: number;
  readonly sigmas: Float64Array;
  readonly denoise: Denoise;
  /** `[count, dim]` standard normals, fresh at every call. */
  normal(): Float64Array;
  /** Empty at the start of a run: whatever one step keeps for the next. */
  readonly memory: Record<string, unknown>;
}

/** A sampler as one step from level t to level s: returns the states at s. */
export interface StepSampler {
  readonly name?: string;
  step(state: StepState): Float64Array | Promise<Float64Array>;
}

/** A sampler as a whole run, as in k-diffusion: from states at `sigmas[0]` to states at the last level. */
export interface WholeSampler {
  readonly name?: string;
  sample: SampleFunction;
}

export type SampleFunction = (
  denoise: Denoise,
  x: Float64Array,
  sigmas: Float64Array,
  random: RandomSource,
) => Float64Array | Promise<Float64Array>;

/** What `conformance` takes: one step, a whole run (bare or in an object), or a sampler of vkernel. */
export type AnySampler = StepSampler | WholeSampler | SampleFunction | Sampler;

/** What was wrong with a run. */
export type FaultCode = "throws" | "shape" | "not-finite" | "time-limit";

/** A fault of the sampler, not of the caller: it becomes a finding. */
export class Fault extends Error {
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export interface Request {
  readonly problem: Problem;
  /** `[count, dim]` at the first level. */
  readonly start: Float64Array;
  readonly sigmas: Float64Array;
  readonly seed: number;
  /** The normals of each call, in place of random ones: `[count, dim]`. */
  readonly noise?: (call: number, length: number) => Float64Array;
  /** Sees the states at each level where they are known. */
  readonly watch?: (x: Float64Array, sigma: number) => void;
}

export interface Outcome {
  readonly ends: Float64Array;
  /** How many rows were denoised per particle. */
  readonly evaluations: number;
  /** Calls for normals of all particles, or -1 where that is not known. */
  readonly draws: number;
}

/** A sampler of any kind, to be run alike. */
export interface Subject {
  readonly name: string;
  /** The order that it claims, where it does. */
  readonly order: number | undefined;
  /** Whether it chooses its own steps. */
  readonly adaptive: boolean;
  /** Whether it takes normals; undefined where a run has to tell. */
  readonly random: boolean | undefined;
  /** Whether normals can be put in place of its own. */
  readonly takesNoise: boolean;
  run(request: Request): Promise<Outcome>;
  /** Exact mean and variance of the end points for one training point, where they are known without a run. */
  moments?(
    problem: Problem,
    sigmas: Float64Array,
    start: { mean: number; variance: number },
  ): { mean: number; variance: number };
}

/** When to stop. */
export interface Limits {
  readonly signal: AbortSignal | undefined;
  /** By `performance.now()`. */
  readonly deadline: number;
}

const isOurs = (sampler: unknown): sampler is Sampler => {
  const { takesRandom, step } = sampler as Partial<Sampler>;
  return typeof takesRandom === "boolean" && typeof step === "function";
};

/** @throws {VkernelError} E_TYPE: nothing that can be run */
export function subjectOf(sampler: AnySampler, limits: Limits): Subject {
  const kind: unknown = sampler;
  if (typeof kind === "function") {
    return foreign(kind.name || "sampler", { sample: sampler as SampleFunction }, limits);
  }
  if (kind !== null && typeof kind === "object") {
    if (isOurs(kind)) return ours(kind, limits);
    const { name, sample: whole, step } = kind as Partial<WholeSampler & StepSampler>;
    const own = typeof name === "string" && name !== "" ? name : "sampler";
    if (typeof whole === "function" && typeof step === "function") {
      throw badArgument(
        "E_TYPE",
        "sampler",
        "either step or sample, so that it is clear which to run",
        sampler,
      );
    }
    if (typeof whole === "function" || typeof step === "function") {
      return foreign(own, kind as WholeSampler | StepSampler, limits);
    }
  }
  const expected =
    "{ step }, { sample }, a function (denoise, x, sigmas, random) or a sampler such as heun()";
  throw badArgument("E_TYPE", "sampler", expected, sampler);
}

/** @throws {Fault} time-limit; E_ABORT */
export function checkLimits({ signal, deadline }: Limits): void {
  if (signal?.aborted) throw aborted(signal);
  if (performance.now() > deadline) throw new Fault("time-limit", "the time limit was reached");
}

function foreign(name: string, sampler: WholeSampler | StepSampler, limits: Limits): Subject {
  return {
    name,
    order: undefined,
    adaptive: false,
    random: undefined,
    takesNoise: true,
    async run({ problem, start, sigmas, seed, noise, watch }) {
      const { dim } = problem;
      const count = start.length / dim;
      let rows = 0;
      let calls = 0;
      let whole = true;
      const denoise: Denoise = (x, sigma) => {
        checkLimits(limits);
        checkArray(x, "what was given to denoise", undefined, dim);
        if (!(typeof sigma === "number" && sigma > 0 && sigma < 1e100)) {
          throw new Fault("not-finite", `denoise was asked for at sigma = ${String(sigma)}, not above 0`);
        }
        checkValues(x, `at sigma = ${sigma.toPrecision(3)}`);
        rows += x.length / dim;
        if (x.length === start.length) watch?.(x, sigma);
        return problem.field.evaluateSync(x, sigma, ["posteriorMean"]).posteriorMean;
      };
      const normal = (length: number): Float64Array => {
        checkLimits(limits);
        if (!(Number.isInteger(length) && length >= 0 && length <= 1e8)) {
          throw new Fault("shape", `random.normal was asked for ${String(length)} numbers`);
        }
        const call = calls++;
        if (length !== start.length) whole = false;
        if (noise !== undefined && length === start.length) return noise(call, length);
        const width = length % count === 0 ? length / count : length;
        return normals(width, width === 0 ? 0 : length / width, seed, call, streams.noise);
      };
      const work = async (): Promise<Float64Array> => {
        if ("sample" in sampler) {
          return sampler.sample(denoise, start.slice(), sigmas.slice(), { normal });
        }
        const memory: Record<string, unknown> = {};
        let x: Float64Array = start.slice();
        const slices = new TimeSlices(undefined, () => checkLimits(limits));
        for (let i = 0; i + 1 < sigmas.length; i++) {
          const [t, s] = [sigmas[i], sigmas[i + 1]];
          const before = rows;
          const state = { x, count, dim, t, s, index: i, sigmas: sigmas.slice(), denoise, memory };
          x = await sampler.step({ ...state, normal: () => normal(start.length) });
          checkArray(x, `what step ${i} returned`, start.length, dim);
          // What it asked of the field, and something of its own.
          const wait = slices.spend((rows - before) * problem.field.data.size * (dim + 8) + 4 * start.length);
          if (wait) await wait;
        }
        return x;
      };
      checkLimits(limits);
      const ends = await within(work, limits);
      checkArray(ends, "what it returned", start.length, dim);
      checkValues(ends, "at the end");
      return { ends: ends.slice(), evaluations: rows / count, draws: whole ? calls : -1 };
    },
  };
}

/** Waits for work until a limit; what is thrown by the sampler's own code becomes a fault. */
async function within<T>(work: () => Promise<T>, { signal, deadline }: Limits): Promise<T> {
  let stop = (): void => undefined;
  const limit = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new Fault("time-limit", "the time limit was reached while waiting for the sampler")),
      Math.min(2 ** 31 - 1, Math.max(0, deadline - performance.now())),
    );
    const forget = scheduler.onAbort(signal, () => reject(aborted(signal as AbortSignal)));
    stop = () => {
      clearTimeout(timer);
      forget();
    };
  });
  try {
    return await Promise.race([work(), limit]);
  } catch (error) {
    if (error instanceof Fault || (error as { code?: unknown } | null)?.code === "E_ABORT") throw error;
    throw new Fault("throws", `it threw: ${messageOf(error)}`, error);
  } finally {
    stop();
  }
}

function checkArray(x: unknown, what: string, length: number | undefined, dim: number): void {
  if (!isFloat64(x)) {
    throw new Fault("shape", `${what} is ${x === undefined ? "undefined" : "no Float64Array"}`);
  }
  if (length === undefined ? x.length % dim !== 0 : x.length !== length) {
    const expected = length === undefined ? `a multiple of dim = ${dim}` : `${length} (count x dim)`;
    throw new Fault("shape", `${what} has ${x.length} numbers, expected ${expected}`);
  }
}

/** Beyond this squares overflow in the score; no state of a sampler that works is near. */
const LARGEST = 1e100;

function checkValues(x: Float64Array, where: string): void {
  for (const value of x) {
    if (!(Math.abs(value) < LARGEST)) {
      throw new Fault("not-finite", `a state is ${Number.isNaN(value) ? "NaN" : "beyond 1e100"} ${where}`);
    }
  }
}

/** A sampler of vkernel, on `edm` in float64. */
function ours(sampler: Sampler, limits: Limits): Subject {
  return {
    name: sampler.name,
    order: sampler.order,
    adaptive: sampler.adaptive !== undefined,
    random: sampler.noise !== "none",
    takesNoise: sampler.noise !== "own",
    ...(sampler.noise === "own" && {
      moments: (problem, sigmas, start) => programMoments(sampler, problem, sigmas, start),
    }),
    async run({ problem, start, sigmas, seed, noise, watch }) {
      checkLimits(limits);
      const { dim } = problem;
      const steps = sigmas.length - 1;
      let supplied: Float64Array | undefined;
      if (noise !== undefined && sampler.noise === "increment") {
        supplied = new Float64Array(steps * start.length);
        for (let k = 0; k < steps; k++) supplied.set(noise(k, start.length), k * start.length);
      }
      const run = await sample(problem.field, {
        sampler,
        grid: times(sigmas),
        initial: start,
        count: start.length / dim,
        seed,
        ...(supplied && { noise: supplied }),
        ...(watch && { record: "all" as const }),
        ...(limits.signal && { signal: limits.signal }),
      });
      checkValues(run.samples, "at the end");
      for (let k = 0; watch && k < steps; k++) {
        watch(
          (run.trajectories as Float64Array).subarray(k * start.length, (k + 1) * start.length),
          sigmas[k],
        );
      }
      const draws = sampler.noise === "none" ? 0 : sampler.noise === "increment" ? steps : -1;
      return { ends: run.samples, evaluations: run.stats.evaluations, draws };
    },
  };
}
