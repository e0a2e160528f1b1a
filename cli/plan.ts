import type { Mixture } from "../src/data/mixture.js";
import type { Process } from "../src/process/index.js";
import type { Grid, SampleOptions, Sampler } from "../src/sampler/index.js";
import { exactScore } from "../src/score/exact.js";
import type { Randomness, ScoreField, StepEstimator } from "../src/score/field.js";
import { naiveScore } from "../src/score/naive.js";
import { effectiveSde } from "../src/theory/index.js";
import { conflict, number } from "./options.js";
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
  estimator?: "exact" | "naive";
  draws?: number;
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
}

/** A run that is ready to start. */
export interface Plan {
  readonly field: ScoreField | StepEstimator;
  readonly options: SampleOptions & { sampler: Sampler; grid: Grid; seed: number };
  readonly times: Float64Array;
  readonly count: number;
  readonly estimator: { kind: "exact" } | ({ kind: "naive" } & Randomness);
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
  const top = process.end === Number.POSITIVE_INFINITY ? 80 : Math.min(80, process.sigma(process.end));
  return makeEntry("--grid", grids, name, record(choices), {
    ...(takesSteps(name) ? { steps: defaults.steps } : {}),
    ...(ends && !byTime ? { sigmaMin: 0.002, sigmaMax: top } : {}),
    ...(ends && defaults.last !== undefined ? { last: defaults.last } : {}),
    ...(list === undefined ? {} : { list }),
  });
}

/** The sampler of the choices. */
export function makeSampler(choices: SamplerChoices, otherwise: SamplerName): Sampler {
  return makeEntry("--sampler", samplers, choices.sampler ?? otherwise, record(choices));
}

/** Builds what `sample` takes from the choices. `inputs` is what was read from files. */
export function planSample(data: Mixture, choices: SampleChoices, inputs: PlanInputs = {}): Plan {
  const { draws, kappa, effective } = choices;
  const process = makeProcess(choices);
  const random =
    draws !== undefined
      ? "--draws"
      : kappa !== undefined
        ? "--kappa"
        : effective !== undefined
          ? "--effective"
          : undefined;
  if (random !== undefined && choices.estimator === "exact") {
    throw conflict(random, "goes with --estimator naive, not exact");
  }
  const naive = choices.estimator === "naive" || random !== undefined;
  const field = naive ? makeEstimator(data, process, choices) : exactScore(data, process);
  const sampler = makeSampler(choices, naive ? "euler" : "heun");
  const grid = makeGrid(choices, process, { steps: sampler.adaptive ? 2 : 40 }, inputs.times);
  const times = grid.times(process);
  if (inputs.likelihood) checkLikelihood(field, sampler, times);
  const { states } = inputs;
  const count = choices.count ?? (states === undefined ? 1000 : states.length / data.dim);
  const options = {
    sampler,
    grid,
    seed: choices.seed ?? 0,
    count,
    initial: states ?? ((choices.initial ?? "noise") as "noise" | "normal" | "marginal"),
    noise: inputs.noise ?? ((choices.noise ?? "independent") as "independent" | "shared"),
    record: readRecord(choices.record),
    logLikelihood: inputs.likelihood ?? false,
  };
  const estimator =
    field.kind === "step" ? { kind: "naive" as const, ...field.randomness } : { kind: "exact" as const };
  const sentence = describePlan(choices, {
    process,
    sampler,
    grid,
    times,
    count,
    seed: options.seed,
    estimator,
  });
  return { field, options, times, count, estimator, sentence };
}

function makeEstimator(
  data: Mixture,
  process: Process,
  { draws, kappa, effective }: Pick<SampleChoices, "draws" | "kappa" | "effective">,
): StepEstimator {
  const estimator = naiveScore(data, process, {
    ...(draws === undefined ? {} : { draws }),
    ...(kappa === undefined ? {} : { kappa }),
  });
  if (effective === undefined) return estimator;
  if (effective === "literal" && kappa !== undefined) {
    throw conflict("--effective", "literal goes with --draws, not --kappa, whose noise has a limit already");
  }
  return effectiveSde(estimator, { form: effective });
}

/** The library says the same, in its own words: here the option is named. */
function checkLikelihood(field: ScoreField | StepEstimator, sampler: Sampler, times: Float64Array): void {
  if (field.kind === "step")
    throw conflict("--likelihood", "goes with the exact score, not the naive estimator");
  if (!sampler.flow) {
    throw conflict("--likelihood", "goes with --sampler euler, heun without --churn, rk4 or dopri5 only");
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

function describeScore(estimator: Plan["estimator"]): string {
  if (estimator.kind === "exact") return "the exact score";
  const size = "kappa" in estimator ? `kappa = ${short(estimator.kappa)}` : `R = ${estimator.draws}`;
  return estimator.gaussian === undefined
    ? `the naive estimator (${size})`
    : `the effective SDE of the naive estimator (${size}, ${estimator.gaussian} covariance)`;
}

function describePlan(
  choices: SampleChoices,
  run: {
    process: Process;
    sampler: Sampler;
    grid: Grid;
    times: Float64Array;
    count: number;
    seed: number;
    estimator: Plan["estimator"];
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
  const ends = `from t = ${short(times[0] as number)} to ${short(times[steps] as number)}`;
  const named = grid.name === "times" ? "given" : grid.name;
  const way = sampler.adaptive
    ? `steps of its own through ${grouped(steps + 1)} ${named} times ${ends}`
    : `${grouped(steps)} ${named} ${steps === 1 ? "step" : "steps"} ${ends}`;
  const noises: Record<string, string> = {
    independent: "",
    shared: ", noise of one Brownian path a sample",
  };
  const noise = noises[choices.noise ?? "independent"] ?? `, the noise of ${choices.noise}`;
  return (
    `${grouped(run.count)} ${run.count === 1 ? "sample" : "samples"} by ${withParameters(sampler)} with ${describeScore(run.estimator)}, ` +
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
