import {
  effectiveSde,
  ensemble,
  ensembleCost,
  exactScore,
  type FeatureMap,
  type FieldKind,
  fourierFeatures,
  gaussFourierFeatures,
  gridTimes,
  hermiteFeatures,
  linearScore,
  loadNetwork,
  logNormalTimes,
  logUniformTimes,
  type Mixture,
  type MlpScore,
  naiveScore,
  ntkScore,
  type PiecewiseOptions,
  piecewiseScore,
  polynomialFeatures,
  type Process,
  rbfFeatures,
  type ScoreEnsemble,
  type ScoreField,
  type SmoothedOptions,
  smoothedScore,
  type StepEstimator,
  type TimeLaw,
  uniformTimes,
  VkernelError,
  type Weighting,
} from "vkernel";
import { LINEAR_RIDGE, NTK_RIDGE, shrinkingWidth, type Smoother } from "vkernel/internal";
import { exitCodes, Failure } from "./errors.js";
import { conflict, number, word } from "./values.js";
import { entry, makeEntry, namesOf, numeric, type Parameter, type Table } from "./parameters.js";
import { grouped, short } from "./text.js";

// What --estimator offers, and what each is made of. A new one is a line of the table and the function that makes it.

/** An estimator that is ready to be sampled. */
export interface Estimated {
  readonly field: ScoreField | StepEstimator | ScoreEnsemble;
  readonly particlesPerRealization?: number;
  /** What it is, for JSON. */
  readonly told: { readonly kind: string } & Readonly<Record<string, unknown>>;
  /** "the exact score" */
  readonly sentence: string;
  /** What it takes beside the steps, told before it runs. */
  readonly cost?: (count: number) => string;
}

/** What an estimator is made for. */
export interface Purpose {
  readonly data: Mixture;
  readonly process: Process;
  /** The times of the run: what fits to samples takes its range from, unless told. */
  readonly times: Float64Array;
  readonly signal?: AbortSignal;
  /** Trained networks, as they were saved. */
  readonly networks?: readonly NamedFile[];
  /** Told what a fit will give before it is made, it throws where nothing will take that. */
  readonly foresee?: (field: FieldKind, sentence: string) => void;
}

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Maker = (purpose: Purpose) => Promise<Estimated>;

const realizations = ["each", "average", "fit"] as const;

interface NaiveOptions {
  draws?: number;
  noiseTime?: number;
  effective?: "matched" | "literal";
}

interface FitOptions {
  fitSamples?: number;
  ridge?: number;
  weighting?: Exclude<Weighting, (t: number) => number>;
  fitTimes?: keyof typeof timeLaws;
  fitTMin?: number;
  fitTMax?: number;
  fitSeed?: number;
  realization?: (typeof realizations)[number];
  perRealization?: number;
  effective?: "matched" | "literal";
}

interface SmoothedChoices extends Omit<SmoothedOptions, "width"> {
  width?: number;
  kappa?: number;
}

interface LinearOptions extends FitOptions {
  features?: keyof typeof featureTable;
  featureCount?: number;
  featureWidth?: number;
  degree?: number;
  frequencies?: number;
}

interface NetworkOptions {
  network?: string;
  effective?: "matched" | "literal";
}

interface NtkOptions extends FitOptions {
  depth?: number;
  activation?: "relu" | "erf";
  trainingTime?: number;
  networkStart?: "zero" | "gaussian";
}

const draws = numeric("--draws <R>", "naive: training points per step (default 1)");
const noiseTime = numeric(
  "--noise-time <time>",
  "naive: noise that keeps its size as steps shrink: a step dt adds sqrt(time dt) D (s~ - s)",
);
const kappa = numeric(
  "--kappa <n>",
  "smoothed, piecewise: tau = Delta - sqrt(kappa S) between points on a line",
);
const width = numeric("--width <tau>", "smoothed, piecewise: half the width that the score is averaged over");
const kernel: Parameter = {
  flags: "--kernel <name>",
  about: "smoothed: box (default), minimumNorm or gaussian",
  parse: word("--kernel", ["box", "minimumNorm", "gaussian"]),
};
const rule: Parameter = {
  flags: "--rule <name>",
  about: "smoothed: how a box is averaged: panels, quasi or draws (default by the data's dimension)",
  parse: word("--rule", ["panels", "quasi", "draws"]),
};
const places: Parameter = {
  flags: "--places <n>",
  about: "smoothed: places that quasi, draws and gaussian average (default 512)",
  as: "count",
  parse: (given) => {
    const count = number("--places")(given);
    if (Number.isInteger(count) && count >= 8 && count <= 65_536) return count;
    throw conflict("--places", `expected a whole number from 8 to 65536, got ${given}`);
  },
};
const truncate = numeric("--truncate <n>", "smoothed: the most length of a score that is drawn");
const effective: Parameter = {
  flags: "--effective <form>",
  about:
    "the effective SDE instead, Gaussian noise of the estimator's covariance: matched; or, of naive, literal: as the formula is printed",
  parse: word("--effective", ["matched", "literal"]),
};
const fitSamples = numeric("--fit-samples <P>", "linear, ntk: samples to fit to (default 1000; ntk 512)");
const ridge = numeric("--ridge <n>", `linear, ntk: weight decay (default ${LINEAR_RIDGE}; ntk ${NTK_RIDGE})`);
const weighting: Parameter = {
  flags: "--weighting <name>",
  about: "linear, ntk: weights of times: variance (default), one or edm",
  parse: word("--weighting", ["variance", "one", "edm"]),
};
const fitTimes: Parameter = {
  flags: "--fit-times <law>",
  about: "linear, ntk: logUniform (default), uniform, logNormal, or grid: those of the run",
  parse: word("--fit-times", ["logUniform", "uniform", "logNormal", "grid"]),
};
const fitTMin = numeric("--fit-t-min <time>", "linear, ntk: lowest time of a fit (default: the run's)");
const fitTMax = numeric("--fit-t-max <time>", "linear, ntk: highest time of a fit (default: the run's)");
const fitSeed = numeric("--fit-seed <n>", "linear, ntk: of the samples and the features (default 0)");
const realization: Parameter = {
  flags: "--realization <which>",
  about:
    "linear, ntk: each: fits to fresh training points (default); average: their mean; fit: one fit alone",
  parse: word("--realization", realizations),
};
const perRealization = numeric(
  "--per-realization <n>",
  "linear, ntk: particles that share a fit (default 1)",
);
const fits = [
  fitSamples,
  ridge,
  weighting,
  fitTimes,
  fitTMin,
  fitTMax,
  fitSeed,
  realization,
  perRealization,
  effective,
];

const features: Parameter = {
  flags: "--features <name>",
  about: "linear: rbf (default), fourier, gaussFourier, polynomial or hermite",
  parse: word("--features", ["rbf", "fourier", "gaussFourier", "polynomial", "hermite"]),
};
const featureCount = numeric("--feature-count <F>", "rbf, fourier, gaussFourier: how many (default 100)", {
  as: "count",
});
const featureWidth = numeric("--feature-width <length>", "the length over which features vary (default 1)", {
  as: "width",
});
const degree = numeric("--degree <n>", "polynomial, hermite: the largest total degree (default 3)");
const frequencies = numeric("--frequencies <n>", "gaussFourier: frequencies in time (default 1)");

const featureTable = {
  rbf: entry(rbfFeatures, featureCount, featureWidth),
  fourier: entry(fourierFeatures, featureCount, featureWidth),
  gaussFourier: entry(gaussFourierFeatures, featureCount, featureWidth, frequencies),
  polynomial: entry(polynomialFeatures, degree, featureWidth),
  hermite: entry(hermiteFeatures, degree, featureWidth),
};

const range: Parameter[] = [
  { ...fitTMin, as: "tMin" },
  { ...fitTMax, as: "tMax" },
];
export const timeLaws = {
  logUniform: entry(logUniformTimes, ...range),
  uniform: entry(uniformTimes, ...range),
  logNormal: entry(() => logNormalTimes()),
  grid: entry(({ list }: { list: Float64Array }) => gridTimes(list)),
};

const depth = numeric("--depth <L>", "ntk: layers (default 3)");
const activation: Parameter = {
  flags: "--activation <name>",
  about: "ntk: relu (default) or erf",
  parse: word("--activation", ["relu", "erf"]),
};
const trainingTime: Parameter = {
  flags: "--training-time <tau>",
  about: "ntk: how long it trains, or inf (default)",
  parse: (given) => (given === "inf" ? Number.POSITIVE_INFINITY : number("--training-time")(given)),
};

const networkStart: Parameter = {
  flags: "--network-start <law>",
  about: "ntk: output before training, zero (default) or gaussian, another in each realization",
  parse: word("--network-start", ["zero", "gaussian"]),
};

export const networkFile: Parameter = {
  flags: "--network <file|folder>",
  about:
    "network: a file that vkernel train wrote, or a folder of them: an ensemble, one of them for each sample",
  parse: (given) => given,
};

const estimatorTable = {
  exact: entry((): Maker => exact),
  naive: entry(
    (options: NaiveOptions): Maker =>
      (purpose) =>
        naive(purpose, options),
    draws,
    noiseTime,
    effective,
  ),
  smoothed: entry(
    (options: SmoothedChoices): Maker =>
      (purpose) =>
        smoothed(purpose, options),
    width,
    kappa,
    kernel,
    rule,
    places,
    truncate,
  ),
  piecewise: entry(
    (options: PiecewiseOptions): Maker =>
      (purpose) =>
        piecewise(purpose, options),
    width,
    kappa,
  ),
  linear: entry(
    (options: LinearOptions): Maker =>
      (purpose) =>
        linear(purpose, options),
    features,
    { ...featureCount, as: "featureCount" },
    { ...featureWidth, as: "featureWidth" },
    degree,
    frequencies,
    ...fits,
  ),
  network: entry(
    (options: NetworkOptions): Maker =>
      (purpose) =>
        trained(purpose, options),
    networkFile,
    effective,
  ),
  ntk: entry(
    (options: NtkOptions): Maker =>
      (purpose) =>
        ntk(purpose, options),
    depth,
    activation,
    trainingTime,
    networkStart,
    ...fits,
  ),
};

export type EstimatorName = keyof typeof estimatorTable;
export const estimators: Table<Maker> = estimatorTable;
export const estimatorNames = namesOf(estimatorTable);

async function exact({ data, process }: Purpose): Promise<Estimated> {
  return { field: exactScore(data, process), told: { kind: "exact" }, sentence: "the exact score" };
}

async function naive({ data, process }: Purpose, options: NaiveOptions): Promise<Estimated> {
  const { effective: form, ...random } = options;
  const estimator = naiveScore(data, process, random);
  if (form === "literal" && random.noiseTime !== undefined) {
    throw conflict(
      "--effective",
      "literal goes with --draws, not --noise-time, whose noise has a limit already",
    );
  }
  const field = form === undefined ? estimator : effectiveSde(estimator, { form });
  const { randomness } = field;
  const size =
    "noiseTime" in randomness ? `noise time = ${short(randomness.noiseTime)}` : `R = ${randomness.draws}`;
  return {
    field,
    told: { kind: "naive", ...randomness },
    sentence:
      randomness.gaussian === undefined
        ? `the naive estimator (${size})`
        : `the effective SDE of the naive estimator (${size}, ${randomness.gaussian} covariance)`,
  };
}

async function smoothed({ data, process }: Purpose, options: SmoothedChoices): Promise<Estimated> {
  const { kappa: decay, width: fixed, ...more } = options;
  if ((decay === undefined) === (fixed === undefined)) {
    throw conflict("--estimator", "smoothed needs --width or --kappa, one of them");
  }
  const field = smoothedScore(data, process, {
    ...more,
    width:
      fixed ??
      onLine("--kappa", "--width is for this one", () => shrinkingWidth(data, process, decay as number)),
  });
  const size = decay === undefined ? `tau = ${short(fixed as number)}` : `kappa = ${short(decay)}`;
  return {
    field,
    told: { kind: "smoothed", ...options },
    sentence: `the smoothed score (${more.kernel ?? "box"}, ${size})`,
  };
}

/** What takes points on a line alone, with what to do where they are not. */
function onLine<T>(option: string, otherwise: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof VkernelError) || error.argument !== "line" || error.code !== "E_RANGE")
      throw error;
    const { expected, got } = error;
    const message = `${option} is for ${expected}, and these are not: ${got}; ${otherwise}`;
    throw new Failure("E_RANGE", exitCodes.usage, option, message, error);
  }
}

async function piecewise({ data, process }: Purpose, options: PiecewiseOptions): Promise<Estimated> {
  const field = onLine("--estimator piecewise", "--estimator smoothed --width <tau> takes any", () =>
    piecewiseScore(data, { ...options, process }),
  );
  const size =
    options.kappa === undefined ? `tau = ${short(options.width ?? 0)}` : `kappa = ${short(options.kappa)}`;
  return { field, told: { kind: "piecewise", ...options }, sentence: `the piecewise linear score (${size})` };
}

async function linear(purpose: Purpose, options: LinearOptions): Promise<Estimated> {
  const { data, process, signal } = purpose;
  foresee(purpose, "a linear score", options);
  const name = options.features ?? "rbf";
  const seed = options.fitSeed ?? 0;
  const drawn = name === "rbf" || name === "fourier" || name === "gaussFourier";
  const chosen: Record<string, unknown> = {};
  for (const key of ["featureCount", "featureWidth", "degree", "frequencies"] as const) {
    if (options[key] !== undefined) chosen[key] = options[key];
  }
  const map = makeEntry<FeatureMap>("--features", featureTable as Table<FeatureMap>, name, chosen, {
    ...(drawn ? { seed, count: 100 } : { degree: 3 }),
  });
  const count = options.fitSamples ?? 1000;
  const ridge = options.ridge ?? LINEAR_RIDGE;
  const law = lawOf(purpose, options);
  const estimator = await linearScore(data, process, {
    features: map,
    samples: count,
    times: law,
    seed,
    weighting: options.weighting ?? "variance",
    ridge,
    ...(signal && { signal }),
  });
  const about = { features: { name: map.name, ...map.parameters }, F: estimator.features - 1 };
  const size = `${grouped(estimator.features - 1)} ${map.name} features`;
  return fitted("linear", `a linear score of ${size}`, estimator, about, { ...options, ridge, count, law });
}

async function trained(
  { data, process, networks }: Purpose,
  { network, effective: form }: NetworkOptions,
): Promise<Estimated> {
  if (networks === undefined) throw conflict("--estimator", "network needs --network <file|folder>");
  const members = networks.map(({ name, bytes }) => {
    try {
      return loadNetwork(bytes, data, process);
    } catch (error) {
      if (!(error instanceof VkernelError)) throw error;
      const code = error.code === "E_USAGE" ? exitCodes.usage : exitCodes.data;
      const message = `${name}: ${error.argument === "bytes" ? "" : `${error.argument} `}expected ${error.expected}, got ${error.got}`;
      throw new Failure(error.code, code, name, message, error);
    }
  });
  const told = { kind: "network", network, members: members.length };
  if (members.length === 1) {
    if (form !== undefined)
      throw conflict("--effective", "goes with an ensemble of networks, a folder of them");
    const one = members[0];
    return { field: one, told, sentence: `a trained network of layers ${one.sizes.join(", ")}` };
  }
  if (form === "literal") throw conflict("--effective", "literal goes with --estimator naive only");
  const [first] = members as [MlpScore];
  members.forEach((one, i) => {
    if (one.sizes.join() === first.sizes.join()) return;
    const other = networks[i].name;
    const message = `${other} expected layers ${first.sizes.join(", ")} as ${networks[0]?.name} has, got ${one.sizes.join(", ")}; networks of one training are an ensemble`;
    throw new Failure("E_SHAPE", exitCodes.data, other, message);
  });
  const all = ensemble(members);
  return {
    field: form === undefined ? all : effectiveSde(all),
    told: { ...told, ...(form && { gaussian: form }) },
    sentence: form
      ? `the effective SDE of ${members.length} trained networks`
      : `${members.length} trained networks, one of them for each sample`,
  };
}

async function ntk(purpose: Purpose, options: NtkOptions): Promise<Estimated> {
  const { data, process, signal } = purpose;
  foresee(purpose, "an infinitely wide network", options);
  const count = options.fitSamples ?? 512;
  const ridge = options.ridge ?? NTK_RIDGE;
  const law = lawOf(purpose, options);
  const estimator = await ntkScore(data, process, {
    samples: count,
    times: law,
    seed: options.fitSeed ?? 0,
    weighting: options.weighting ?? "variance",
    ridge,
    depth: options.depth ?? 3,
    activation: options.activation ?? "relu",
    trainingTime: options.trainingTime ?? Number.POSITIVE_INFINITY,
    initial: options.networkStart ?? "zero",
    ...(signal && { signal }),
  });
  const tau = estimator.trainingTime;
  const time = tau === Number.POSITIVE_INFINITY ? "without end" : `for tau = ${short(tau)}`;
  const about = {
    depth: options.depth ?? 3,
    activation: options.activation ?? "relu",
    // JSON has no infinity.
    trainingTime: tau === Number.POSITIVE_INFINITY ? "inf" : tau,
    start: options.networkStart ?? "zero",
  };
  const title = `an infinitely wide network of depth ${about.depth}, trained ${time}`;
  return fitted("ntk", title, estimator, about, { ...options, ridge, count, law });
}

/** The law of times that a fit is made over: by default the range of the run, above 0. */
function lawOf({ times }: Purpose, options: FitOptions): TimeLaw {
  const name = options.fitTimes ?? "logUniform";
  const above = times.filter((t) => t > 0);
  const chosen: Record<string, unknown> = {};
  for (const key of ["fitTMin", "fitTMax"] as const) {
    if (options[key] !== undefined) chosen[key] = options[key];
  }
  return makeEntry<TimeLaw>("--fit-times", timeLaws as Table<TimeLaw>, name, chosen, {
    ...(name === "grid" ? { list: above } : {}),
    ...(name === "logUniform" || name === "uniform" ? { tMin: above.at(-1), tMax: above[0] } : {}),
  });
}

/** Refuses what does not go together before a fit is made. */
function foresee(
  { foresee: check }: Purpose,
  title: string,
  { effective: form, perRealization: each, realization: which = "each" }: FitOptions,
): void {
  if (form === "literal") throw conflict("--effective", "literal goes with --estimator naive only");
  for (const [flag, value] of [
    ["--effective", form],
    ["--per-realization", each],
  ] as const) {
    if (which !== "each" && value !== undefined) throw conflict(flag, "goes with --realization each only");
  }
  check?.(
    which === "each" ? { kind: "ensemble" } : { kind: "field", traceRows: true },
    which === "each" ? `${title} (a fresh fit for each sample)` : title,
  );
}

/** A fit, its mean, or fresh ones for the particles. */
async function fitted(
  kind: string,
  title: string,
  estimator: Smoother,
  about: object,
  options: FitOptions & { ridge: number; count: number; law: TimeLaw },
): Promise<Estimated> {
  const { count, law, effective: form, perRealization: each } = options;
  const which = options.realization ?? "each";
  const field =
    which === "average"
      ? estimator.average
      : which === "fit"
        ? await estimator.fit()
        : form === undefined
          ? estimator
          : effectiveSde(estimator);
  const particles = each === undefined || each === 1 ? "sample" : `${grouped(each)} samples`;
  const how = {
    average: "the average over fits",
    fit: "one fit",
    each: form ? `its effective SDE, one draw for each ${particles}` : `a fresh fit for each ${particles}`,
  }[which];
  return {
    field,
    ...(each !== undefined && { particlesPerRealization: each }),
    told: {
      kind,
      ...about,
      samples: count,
      times: { name: law.name, ...law.parameters },
      weighting: options.weighting ?? "variance",
      ridge: options.ridge,
      seed: options.fitSeed ?? 0,
      realization: which,
      ...(which === "each" && { perRealization: each ?? 1, ...(form && { gaussian: form }) }),
    },
    sentence: `${title} fitted to ${grouped(count)} samples (${how})`,
    ...(field.kind === "ensemble" && {
      cost: (particleCount: number) => {
        const asked = { count: particleCount, ...(each !== undefined && { particlesPerRealization: each }) };
        const { realizations: n, operations } = ensembleCost(field, asked);
        const work = operations === undefined ? "" : `, about ${short(operations)} multiplications`;
        return `${grouped(n)} ${n === 1 ? "realization" : "realizations"} to draw${work}`;
      },
    }),
  };
}
