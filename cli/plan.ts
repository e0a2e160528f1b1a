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
import { type Estimated, type EstimatorName, estimators, type NamedFile } from "./estimators.js";
import { conflict, number } from "./values.js";
import { makeEntry } from "./parameters.js";
import {
  type GridName,
  grids,
  type ProcessName,
  processes,
  type SamplerName,
  samplers,
  takesEnds,
  takesSteps,
} from "./tables.js";
import { grouped, short } from "./text.js";

export const initialNames = ["noise", "normal", "marginal"] as const;

/** The options of the processes; `tables.ts`. */
export interface ProcessChoices {
  process?: ProcessName;
  betaMin?: number;
  betaD?: number;
  betaMax?: number;
  schedule?: "linear" | "scaledLinear" | "cosine";
  levels?: number;
}

/** The options of the grids; `tables.ts`. */
export interface GridChoices {
  grid?: GridName;
  steps?: number;
  sigmaMin?: number;
  sigmaMax?: number;
  tMin?: number;
  tMax?: number;
  last?: "zero" | "sigmaMin";
  rho?: number;
  spacing?: "leading" | "linspace" | "trailing";
  /** A list of times, or a file. */
  times?: string;
}

/** The options of the samplers; `tables.ts`. */
export interface SamplerChoices {
  sampler?: SamplerName;
  churn?: number;
  churnMin?: number;
  churnMax?: number;
  noiseScale?: number;
  rtol?: number;
  atol?: number;
  eta?: number;
  snr?: number;
  correctors?: number;
}

/** How to sample, in the words of the command line; what is left out has its default. */
export interface SampleChoices extends ProcessChoices, GridChoices, SamplerChoices {
  count?: number;
  seed?: number;
  /** A word of `initialNames`, or a file. */
  initial?: string;
  /** "independent", "shared", or a file. */
  noise?: string;
  /** "last", "all" or a list of indices. */
  record?: string;
  /** The options of the estimators are those of their table; `estimators.ts`. */
  estimator?: EstimatorName;
  draws?: number;
  noiseTime?: number;
  kappa?: number;
  effective?: "matched" | "literal";
  sigma0?: number;
  precision?: "f32" | "f64";
}

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

/** Choices as the tables read them. */
const record = (choices: object): Readonly<Record<string, unknown>> => choices as Record<string, unknown>;

export function makeProcess(choices: ProcessChoices): Process {
  return makeEntry("--process", processes, choices.process ?? "edm", record(choices));
}

/** The grid of the choices; `list` are the times that `--times` gave. */
export function makeGrid(
  choices: GridChoices,
  process: Process,
  defaults: { steps: number; grid?: GridName; last?: "sigmaMin" },
  list?: Float64Array,
): Grid {
  const name = choices.grid ?? (list === undefined ? (defaults.grid ?? "karras") : "times");
  if (list !== undefined && name !== "times") throw conflict("--times", "goes with --grid times only");
  if (list === undefined && name === "times") throw conflict("--grid", "times needs --times <list|file>");
  const ends = takesEnds(name);
  const byTime = choices.tMin !== undefined || choices.tMax !== undefined;
  const byLevel = choices.sigmaMin !== undefined || choices.sigmaMax !== undefined;
  const [low, top] = [
    0.002,
    process.end === Number.POSITIVE_INFINITY ? 80 : Math.min(80, process.sigma(process.end)),
  ];
  const times = () => ({
    tMin: process.timeOfSigma(low),
    tMax: Math.min(process.timeOfSigma(top), process.end),
  });
  return makeEntry("--grid", grids, name, record(choices), {
    ...(takesSteps(name) ? { steps: defaults.steps } : {}),
    ...(ends && !byTime ? { sigmaMin: low, sigmaMax: top } : {}),
    ...(ends && byTime && !byLevel ? times() : {}),
    ...(ends && defaults.last !== undefined ? { last: defaults.last } : {}),
    ...(list === undefined ? {} : { list }),
  });
}

/** The sampler of the choices. */
export function makeSampler(choices: SamplerChoices, otherwise: SamplerName): Sampler {
  return makeEntry("--sampler", samplers, choices.sampler ?? otherwise, record(choices));
}

/** Builds what `sample` takes from the choices. `inputs` is what was read from files. */
export async function planSample(
  data: Mixture,
  choices: SampleChoices,
  inputs: PlanInputs = {},
): Promise<Plan> {
  const process = makeProcess(choices);
  const given = record(choices);
  const naive = ["draws", "noiseTime", "effective"].some((name) => given[name] !== undefined);
  const name = choices.estimator ?? (naive ? "naive" : "exact");
  if (choices.kappa !== undefined && (choices.estimator === undefined || name === "naive")) {
    throw conflict(
      "--kappa",
      "of the naive estimator is --noise-time now; --kappa needs --estimator smoothed or piecewise",
    );
  }
  const make = makeEntry("--estimator", estimators, name, given);
  const random = name !== "exact" && (given.realization ?? "each") === "each";
  const sampler = makeSampler(choices, random ? "euler" : "heun");
  const grid = makeGrid(choices, process, { steps: sampler.adaptive ? 2 : 40 }, inputs.times);
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
    const noise = inputs.noise === undefined ? (choices.noise ?? "independent") : "given";
    if (noise !== "independent" && (sampler.noise === "own" || field.kind === "step")) {
      const what = sampler.noise === "own" ? sampler.name : sentence;
      throw conflict(
        "--noise",
        `expected "independent" for what takes more than one standard normal per coordinate and step, got ${what}`,
      );
    }
  };
  const made = await make({
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
  const count = choices.count ?? (states === undefined ? 1000 : states.length / data.dim);
  const each = made.particlesPerRealization;
  const options = {
    sampler,
    grid,
    seed: choices.seed ?? 0,
    count,
    initial: states ?? ((choices.initial ?? "noise") as "noise" | "normal" | "marginal"),
    noise: inputs.noise ?? ((choices.noise ?? "independent") as "independent" | "shared"),
    record: readRecord(choices.record),
    logLikelihood: inputs.likelihood ?? false,
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
      value === undefined ? `${name} without --${option}` : `${name} with --${option} ${value}`,
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
  const from = starts[choices.initial ?? "noise"] ?? `the rows of ${choices.initial}`;
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
  const noise = noises[choices.noise ?? "independent"] ?? `, the noise of ${choices.noise}`;
  return (
    `${grouped(run.count)} ${run.count === 1 ? "sample" : "samples"} by ${withParameters(sampler)} with ${run.score}, ` +
    `process ${withParameters(run.process)}, ${way}, started from ${from}${noise}, seed ${run.seed}`
  );
}

/** The words of the command that makes the same samples. */
export function sampleWords(set: string, choices: SampleChoices): string[] {
  const words = ["sample", set];
  for (const [name, value] of Object.entries(choices)) {
    words.push(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(value));
  }
  return words;
}
