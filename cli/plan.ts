import {
  type FieldKind,
  type Grid,
  type Mixture,
  type Process,
  refusalOf,
  type SampleOptions,
  type Sampler,
  type ScoreEnsemble,
  type ScoreField,
  type StepEstimator,
} from "vkernel";
import { flowsFor, likelihoodRefusal, listed } from "vkernel/internal";
import { type Estimated, estimatorOf, type NamedFile } from "./estimators.js";
import { type GridChoices, makeGrid, STEPS } from "./grids.js";
import { type Chosen, flagOf } from "./option.js";
import {
  type dataOptions,
  estimatorOptions,
  type initialNames,
  type noiseNames,
  runOptions,
  type sampleOutputs,
} from "./options.js";
import { makeProcess, type ProcessChoices } from "./processes.js";
import { makeSampler, type SamplerChoices, samplerOptions } from "./samplers.js";
import { grouped, short } from "./text.js";
import { conflict, number } from "./values.js";

/** How to sample, in the words of the command line; what is left out has its default. */
export type SampleChoices = ProcessChoices &
  GridChoices &
  SamplerChoices &
  Chosen<typeof runOptions> &
  Chosen<typeof estimatorOptions> &
  Pick<Chosen<typeof dataOptions>, "sigma0" | "precision"> &
  Pick<Chosen<typeof sampleOutputs>, "record">;

/** What the choices name as files, read. */
export interface PlanInputs {
  /** The rows of a file given as `initial`. */
  states?: Float32Array | Float64Array | undefined;
  times?: Float64Array | undefined;
  /** The normals of a file given as `noise`, `[steps, count, dim]`. */
  noise?: Float32Array | Float64Array | undefined;
  likelihood?: boolean;
  /** Trained networks, as they were saved. */
  networks?: readonly NamedFile[] | undefined;
  signal?: AbortSignal;
}

/** A run that is ready to start. */
export interface Plan {
  readonly field: ScoreField | StepEstimator | ScoreEnsemble;
  readonly options: SampleOptions & { sampler: Sampler; grid: Grid; seed: number };
  readonly times: Float64Array;
  readonly count: number;
  readonly estimator: Estimated["told"];
  /** What the estimator takes beside the steps. */
  readonly cost: string | undefined;
  /** What runs, in a sentence without its subject: "by Heun's method with ...". */
  readonly sentence: string;
}

/** Builds what `sample` takes from the choices. `inputs` is what was read from files. */
export async function planSample(
  data: Mixture,
  choices: SampleChoices,
  inputs: PlanInputs = {},
): Promise<Plan> {
  const process = makeProcess(choices);
  const { draws, noiseTime, effective } = choices;
  const naive = [draws, noiseTime, effective].some((given) => given !== undefined);
  const name = choices.estimator ?? (naive ? "naive" : estimatorOptions.estimator.default);
  if (choices.kappa !== undefined && (choices.estimator === undefined || name === "naive")) {
    throw conflict(
      "--kappa",
      "of the naive estimator is --noise-time now; --kappa needs --estimator smoothed or piecewise",
    );
  }
  const estimate = estimatorOf(name, choices);
  const { realization = estimatorOptions.realization.default } = choices;
  const random = name !== "exact" && realization === "each";
  const sampler = makeSampler(choices, random ? "euler" : samplerOptions.sampler.default);
  const grid = makeGrid(choices, process, { steps: sampler.adaptive ? 2 : STEPS }, inputs.times);
  const times = grid.times(process);
  const { signal, networks } = inputs;
  const check = (field: FieldKind, sentence: string): void => {
    const refusal = refusalOf(sampler, field);
    if (refusal !== undefined) {
      const others = listed(refusal.samplers);
      throw conflict(
        "--sampler",
        `${sampler.name} does not take ${sentence}: ${refusal.reason}; ${others} do`,
      );
    }
    if (inputs.likelihood) checkLikelihood(field, sentence, sampler, times);
    const noise = inputs.noise === undefined ? (choices.noise ?? runOptions.noise.default) : "given";
    if (noise !== "independent" && (sampler.noise === "own" || field.kind === "step")) {
      const what = sampler.noise === "own" ? sampler.name : sentence;
      throw conflict(
        "--noise",
        `expected "independent" for what takes more than one standard normal per coordinate and step, got ${what}`,
      );
    }
  };
  const made = await estimate({
    data,
    process,
    times,
    foresee: check,
    ...(signal && { signal }),
    ...(networks && { networks }),
  });
  const { field, told: estimator } = made;
  check(field, made.sentence);
  const { states } = inputs;
  const count = choices.count ?? (states === undefined ? runOptions.count.default : states.length / data.dim);
  const each = made.particlesPerRealization;
  const options = {
    sampler,
    grid,
    seed: choices.seed ?? runOptions.seed.default,
    count,
    initial: states ?? ((choices.initial ?? runOptions.initial.default) as (typeof initialNames)[number]),
    noise: inputs.noise ?? ((choices.noise ?? runOptions.noise.default) as (typeof noiseNames)[number]),
    record: readRecord(choices.record),
    logLikelihood: inputs.likelihood ?? false,
    tolerance: choices.tolerance ?? runOptions.tolerance.default,
    ...(each !== undefined && { particlesPerRealization: each }),
  };
  const sentence = describePlan(choices, {
    process,
    sampler,
    grid,
    times,
    count,
    seed: options.seed,
    score: made.sentence,
  });
  return { field, options, times, count, estimator, cost: made.cost?.(count), sentence };
}

/** The library says the same, in its own words: here the option is named. */
function checkLikelihood(field: FieldKind, sentence: string, sampler: Sampler, times: Float64Array): void {
  const refusal = likelihoodRefusal(field);
  if (refusal !== undefined) {
    throw conflict("--likelihood", `does not go with ${sentence}: ${refusal.reason}`);
  }
  if (!sampler.flow) {
    const names = flowsFor(field, (name, option, value) =>
      value === undefined ? `${name} without ${flagOf(option)}` : `${name} with ${flagOf(option)} ${value}`,
    );
    throw conflict("--likelihood", `goes with --sampler ${listed(names)} only`);
  }
  if (times.at(-1) === 0) {
    throw conflict(
      "--likelihood",
      "needs a last time above 0: --last sigmaMin, or a last of --times above 0",
    );
  }
}

function readRecord(word = "last"): "last" | "all" | number[] {
  if (word === "last" || word === "all") return word;
  return word.split(",").map((part) => number("--record")(part.trim()));
}

/** "dopri5 (rtol 1e-4, atol 1e-5)": a name with what it was made with. */
export function withParameters({ name, parameters }: Pick<Sampler, "name" | "parameters">): string {
  const parts = Object.entries(parameters)
    .filter(([, value]) => value !== Number.POSITIVE_INFINITY)
    .map(
      ([key, value]) =>
        `${spaced(key)} ${typeof value === "number" ? value.toString().replace(/e\+?/, "e") : value}`,
    );
  return parts.length === 0 ? name : `${name} (${parts.join(", ")})`;
}

const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function describePlan(
  choices: SampleChoices,
  run: {
    process: Process;
    sampler: Sampler;
    grid: Grid;
    times: Float64Array;
    count: number;
    seed: number;
    score: string;
  },
): string {
  const { sampler, grid, times } = run;
  const starts: Record<string, string> = {
    noise: "Gaussian noise of the level there",
    normal: "standard normal noise",
    marginal: "the noised data themselves",
  };
  const from = starts[choices.initial ?? runOptions.initial.default] ?? `the rows of ${choices.initial}`;
  const steps = times.length - 1;
  const ends = `from t = ${short(times[0])} to ${short(times[steps])}`;
  const named = grid.name === "times" ? "given" : grid.name;
  const way = sampler.adaptive
    ? `steps of its own through ${grouped(steps + 1)} ${named} times ${ends}`
    : `${grouped(steps)} ${named} ${steps === 1 ? "step" : "steps"} ${ends}`;
  const noises: Record<string, string> = {
    independent: "",
    shared: ", noise of one Brownian path per sample",
  };
  const noise = noises[choices.noise ?? runOptions.noise.default] ?? `, the noise of ${choices.noise}`;
  return (
    `${grouped(run.count)} ${run.count === 1 ? "sample" : "samples"} by ${withParameters(sampler)} with ${run.score}, ` +
    `process ${withParameters(run.process)}, ${way}, started from ${from}${noise}, seed ${run.seed}`
  );
}

/** The words of the command that makes the same samples. */
export function sampleWords(set: string, choices: SampleChoices): string[] {
  const words = ["sample", set];
  for (const [name, value] of Object.entries(choices)) {
    words.push(flagOf(name), String(value));
  }
  return words;
}
