import type { Precision } from "../data/mixture.js";
import { VkernelError } from "../core/errors.js";
import { isCalled } from "./calledFields.js";
import type { ScoreField, StepEstimator } from "../score/field.js";
import type { Framing } from "./framing.js";
import { ProgramBuilder } from "./programBuilder.js";
import type { RunSpec } from "./spec.js";

/** A program in full, and where its steps begin. */
export interface Compiled {
  readonly program: ProgramBuilder;
  /** The operation that step i begins with, before it what draws the start; the last is the number of operations. */
  readonly cuts: readonly number[];
  /** How often the data's centre has been taken from the state before step i, and at the end. */
  readonly shifts: readonly number[];
}

/** Units of work of a step that is written. */
const STEP = 4000;

/** Writes the program of a run, states to record included; yields the units of each step. */
export function* compileProgram<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  run: RunSpec,
  frames: Framing | undefined,
): Generator<number, Compiled, void> {
  const { data, process } = field;
  const { times, initial, recorded, sampler, logLikelihood, noise } = run;
  const steps = times.length - 1;
  const leastTime = times.reduce((low, t) => (t > 0 ? Math.min(low, t) : low), Number.POSITIVE_INFINITY);
  const program = new ProgramBuilder({
    process,
    dim: data.dim,
    sigma0: data.sigma0,
    precision: data.precision,
    steps,
    randomness: field.kind === "step" ? field.randomness : undefined,
    noise: typeof noise === "string" ? noise : "supplied",
    exponent: exponentOf(leastTime),
    logLikelihood,
    called: isCalled(field),
    frames,
    far: data.centre !== undefined,
  });
  const cuts: number[] = [];
  const shifts: number[] = [];
  if (typeof initial === "string") program.start(initial, times[0]);
  else program.startFrom(times[0]);
  const slots = new Map(Array.from(recorded, (index, slot) => [index, slot]));
  const record = (index: number): void => {
    const slot = slots.get(index);
    if (slot !== undefined) program.record(slot);
    cuts.push(program.ops.length);
    shifts.push(program.shift);
  };
  record(0);
  for (let i = 0; i < steps; i++) {
    const t = times[i];
    const s = times[i + 1];
    Object.assign(program, { step: i, t, s, previous: i > 0 ? times[i - 1] : undefined });
    if (s > 0) sampler.step(program, t, s);
    else if (sampler.finish) sampler.finish(program, t);
    else program.posteriorMean(t);
    record(i + 1);
    yield STEP;
  }
  return { program, cuts, shifts };
}

/** The largest e with 2^e <= t. */
function exponentOf(t: number): number {
  if (!Number.isFinite(t)) return 0;
  let e = Math.floor(Math.log2(t));
  while (2 ** e > t) e--;
  while (2 ** (e + 1) <= t) e++;
  return e;
}

/** A score of any kind can drive particles beyond all numbers; the exact one cannot. */
export function checkEnds(samples: ArrayLike<number>, dim: number): void {
  for (let i = 0; i < samples.length; i++) {
    if (Number.isFinite(samples[i])) continue;
    throw new VkernelError("E_NONFINITE", {
      argument: "field",
      expected: "a score that keeps every particle finite on this grid (more steps, or less extrapolation)",
      got: `particle ${Math.floor(i / dim)}, which ended at ${samples[i]}`,
    });
  }
}

/** The sum of the evaluations that particles chose by themselves; each has met its tolerances. */
export function checkEvaluations(spent: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < spent.length; i++) {
    const own = spent[i];
    if (own < 0) {
      throw new VkernelError("E_LIMIT", {
        argument: "rtol",
        expected:
          "tolerances that a particle can meet in 100,000 steps from one time of the grid to the next",
        got: `particle ${i}, which cannot`,
      });
    }
    sum += own;
  }
  return sum;
}
