import type { Mixture } from "../src/data/mixture.js";
import { edm, ou, type Process, songVp, ve, vp } from "../src/process/index.js";
import {
  euler,
  eulerMaruyama,
  type Grid,
  heun,
  karras,
  linear,
  logarithmic,
  logSnr,
  posterior,
  type SampleOptions,
  type Sampler,
  squareRoot,
} from "../src/sampler/index.js";
import { exactScore } from "../src/score/exact.js";
import type { ScoreField, StepEstimator } from "../src/score/field.js";
import { naiveScore } from "../src/score/naive.js";
import { conflict } from "./options.js";
import { grouped, short } from "./text.js";

export const processNames = ["edm", "ve", "vp", "songVp", "ou"] as const;
export const samplerNames = ["euler", "heun", "posterior", "eulerMaruyama"] as const;
export const gridNames = ["karras", "logarithmic", "linear", "squareRoot", "logSnr"] as const;
export const initialNames = ["noise", "normal", "marginal"] as const;

const processes: Record<(typeof processNames)[number], () => Process> = { edm, ve, vp, songVp, ou };
const samplers: Record<(typeof samplerNames)[number], () => Sampler> = {
  euler,
  heun,
  posterior,
  eulerMaruyama,
};
const grids = { karras, logarithmic, linear, squareRoot, logSnr };

/** How to sample, in the words of the command line; what is left out has its default. */
export interface SampleChoices {
  process?: (typeof processNames)[number];
  sampler?: (typeof samplerNames)[number];
  steps?: number;
  grid?: (typeof gridNames)[number];
  sigmaMin?: number;
  sigmaMax?: number;
  tMin?: number;
  tMax?: number;
  last?: "zero" | "sigmaMin";
  rho?: number;
  count?: number;
  seed?: number;
  /** A word of `initialNames`, or a file. */
  initial?: string;
  estimator?: "exact" | "naive";
  draws?: number;
  kappa?: number;
  sigma0?: number;
  precision?: "f32" | "f64";
}

/** A run that is ready to start. */
export interface Plan {
  readonly field: ScoreField | StepEstimator;
  readonly options: SampleOptions & { sampler: Sampler; grid: Grid };
  readonly times: Float64Array;
  readonly count: number;
  readonly estimator: { kind: "exact" } | { kind: "naive"; draws?: number; kappa?: number };
  /** What runs, in a sentence without its subject: "by Heun's method with ...". */
  readonly sentence: string;
}

export function makeProcess(name: (typeof processNames)[number] = "edm"): Process {
  return processes[name]();
}

/** Builds what `sample` takes from the choices. `states` are the rows of a file given as `initial`. */
export function planSample(
  data: Mixture,
  choices: SampleChoices,
  states?: Float32Array | Float64Array,
): Plan {
  const { draws, kappa, rho } = choices;
  const process = makeProcess(choices.process);
  const random = draws !== undefined ? "--draws" : kappa !== undefined ? "--kappa" : undefined;
  if (random !== undefined && choices.estimator === "exact") {
    throw conflict(random, "goes with --estimator naive, not exact");
  }
  const naive = choices.estimator === "naive" || random !== undefined;
  const randomness = {
    ...(draws === undefined ? {} : { draws }),
    ...(kappa === undefined ? {} : { kappa }),
  };
  const field = naive ? naiveScore(data, process, randomness) : exactScore(data, process);
  const sampler = samplers[choices.sampler ?? (naive ? "euler" : "heun")]();

  const gridName = choices.grid ?? "karras";
  if (rho !== undefined && gridName !== "karras") throw conflict("--rho", "goes with --grid karras only");
  const byTime = choices.tMin !== undefined || choices.tMax !== undefined;
  const grid = grids[gridName]({
    steps: choices.steps ?? 40,
    ...pick(choices, ["last", "rho", "sigmaMin", "sigmaMax", "tMin", "tMax"]),
    ...(byTime || choices.sigmaMin !== undefined ? {} : { sigmaMin: 0.002 }),
    ...(byTime || choices.sigmaMax !== undefined
      ? {}
      : {
          sigmaMax: process.end === Number.POSITIVE_INFINITY ? 80 : Math.min(80, process.sigma(process.end)),
        }),
  });
  const times = grid.times(process);
  const count = choices.count ?? (states === undefined ? 1000 : states.length / data.dim);
  const options = {
    sampler,
    grid,
    seed: choices.seed ?? 0,
    count,
    initial: states ?? ((choices.initial ?? "noise") as "noise" | "normal" | "marginal"),
  };
  const estimator = naive ? ({ kind: "naive", ...field_(field) } as const) : ({ kind: "exact" } as const);
  const sentence = describePlan(choices, {
    process,
    sampler,
    gridName,
    times,
    count,
    seed: options.seed,
    estimator,
  });
  return { field, options, times, count, estimator, sentence };
}

const field_ = (field: ScoreField | StepEstimator): object => (field.kind === "step" ? field.randomness : {});

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Partial<Pick<T, K>> {
  const out: Partial<Pick<T, K>> = {};
  for (const name of names) if (from[name] !== undefined) out[name] = from[name];
  return out;
}

function describePlan(
  choices: SampleChoices,
  run: {
    process: Process;
    sampler: Sampler;
    gridName: string;
    times: Float64Array;
    count: number;
    seed: number;
    estimator: Plan["estimator"];
  },
): string {
  const { estimator, times } = run;
  const score =
    estimator.kind === "exact"
      ? "the exact score"
      : estimator.kappa !== undefined
        ? `the naive estimator (kappa = ${short(estimator.kappa)})`
        : `the naive estimator (R = ${estimator.draws})`;
  const starts: Record<string, string> = {
    noise: "Gaussian noise of the level there",
    normal: "standard normal noise",
    marginal: "the noised data themselves",
  };
  const from = starts[choices.initial ?? "noise"] ?? `the rows of ${choices.initial}`;
  const steps = times.length - 1;
  const end = times[steps] as number;
  return (
    `${grouped(run.count)} ${run.count === 1 ? "sample" : "samples"} by ${run.sampler.name} with ${score}, process ${run.process.name}, ` +
    `${grouped(steps)} ${run.gridName} ${steps === 1 ? "step" : "steps"} from t = ${short(times[0] as number)} to ${short(end)}, ` +
    `started from ${from}, seed ${run.seed}`
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
