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
  piecewiseScore,
  polynomialFeatures,
  type Process,
  rbfFeatures,
  type ScoreEnsemble,
  type ScoreField,
  smoothedScore,
  type StepEstimator,
  type TimeLaw,
  uniformTimes,
  VkernelError,
} from "vkernel";
import { LINEAR_RIDGE, NTK_RIDGE, shrinkingWidth, type Smoother } from "vkernel/internal";
import { exitCodes, Failure } from "./errors.js";
import type { Chosen } from "./option.js";
import { type EstimatorName, estimatorOptions, type featureNames, type timeLawNames } from "./options.js";
import { make } from "./taken.js";
import { grouped, short } from "./text.js";
import { conflict } from "./values.js";

// What the words of --estimator make. A new one is the function that makes it, its name and its options in the table.

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

type EstimatorChoices = Chosen<typeof estimatorOptions>;
type Maker = (purpose: Purpose, options: EstimatorChoices) => Promise<Estimated>;

/** Features by name; those that are drawn take a seed. */
const features: Readonly<Record<(typeof featureNames)[number], (options: never) => FeatureMap>> = {
  rbf: rbfFeatures,
  fourier: fourierFeatures,
  gaussFourier: gaussFourierFeatures,
  polynomial: ({ seed, ...options }: Drawn<typeof polynomialFeatures>) => polynomialFeatures(options),
  hermite: ({ seed, ...options }: Drawn<typeof hermiteFeatures>) => hermiteFeatures(options),
};

type Drawn<F extends (options: never) => FeatureMap> = Parameters<F>[0] & { readonly seed: number };

const timeLaws: Readonly<Record<(typeof timeLawNames)[number], (options: TimeArguments) => TimeLaw>> = {
  logUniform: ({ list, ...ends }) => logUniformTimes(ends),
  uniform: ({ list, ...ends }) => uniformTimes(ends),
  logNormal: () => logNormalTimes(),
  grid: ({ list }) => gridTimes(list),
};

interface TimeArguments {
  readonly list: Float64Array;
  readonly tMin: number;
  readonly tMax: number;
}

const makers: Readonly<Record<EstimatorName, Maker>> = {
  exact,
  naive,
  smoothed,
  piecewise,
  linear,
  network: trained,
  ntk,
};

/**
 * What an estimator's name and options make of data.
 * @throws {Failure} E_USAGE for options of another estimator
 */
export function estimatorOf(
  word: EstimatorName,
  chosen: EstimatorChoices,
): (purpose: Purpose) => Promise<Estimated> {
  const taking = { options: estimatorOptions, by: "estimator", word, chosen };
  return make(taking, (options: EstimatorChoices) => (purpose) => makers[word](purpose, options));
}

async function exact({ data, process }: Purpose): Promise<Estimated> {
  return { field: exactScore(data, process), told: { kind: "exact" }, sentence: "the exact score" };
}

async function naive({ data, process }: Purpose, options: EstimatorChoices): Promise<Estimated> {
  const { effective: form, draws, noiseTime } = options;
  const estimator = naiveScore(data, process, {
    ...(draws !== undefined && { draws }),
    ...(noiseTime !== undefined && { noiseTime }),
  });
  if (form === "literal" && noiseTime !== undefined) {
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

async function smoothed({ data, process }: Purpose, options: EstimatorChoices): Promise<Estimated> {
  const { kappa: decay, width: fixed, kernel = estimatorOptions.kernel.default, rule, truncate } = options;
  const { places: count, ...others } = options;
  const told = { ...others, ...(count !== undefined && { count }) };
  if ((decay === undefined) === (fixed === undefined)) {
    throw conflict("--estimator", "smoothed needs --width or --kappa, one of them");
  }
  const field = smoothedScore(data, process, {
    kernel,
    ...(rule !== undefined && { rule }),
    ...(count !== undefined && { count }),
    ...(truncate !== undefined && { truncate }),
    width:
      fixed ??
      onLine("--kappa", "--width is for this one", () => shrinkingWidth(data, process, decay as number)),
  });
  const size = decay === undefined ? `tau = ${short(fixed as number)}` : `kappa = ${short(decay)}`;
  return {
    field,
    told: { kind: "smoothed", ...told },
    sentence: `the smoothed score (${kernel}, ${size})`,
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

async function piecewise({ data, process }: Purpose, options: EstimatorChoices): Promise<Estimated> {
  const { width, kappa } = options;
  const field = onLine("--estimator piecewise", "--estimator smoothed --width <tau> takes any", () =>
    piecewiseScore(data, {
      ...(width !== undefined && { width }),
      ...(kappa !== undefined && { kappa }),
      process,
    }),
  );
  const size = kappa === undefined ? `tau = ${short(width ?? 0)}` : `kappa = ${short(kappa)}`;
  return { field, told: { kind: "piecewise", ...options }, sentence: `the piecewise linear score (${size})` };
}

async function linear(purpose: Purpose, options: EstimatorChoices): Promise<Estimated> {
  const { data, process, signal } = purpose;
  foresee(purpose, "a linear score", options);
  const word = options.features ?? estimatorOptions.features.default;
  const seed = options.fitSeed ?? estimatorOptions.fitSeed.default;
  const taking = { options: estimatorOptions, by: "features", word, chosen: options };
  const map = make({ ...taking, defaults: true, more: { seed } }, features[word]);
  const count = options.fitSamples ?? 1000;
  const ridge = options.ridge ?? LINEAR_RIDGE;
  const law = lawOf(purpose, options);
  const estimator = await linearScore(data, process, {
    features: map,
    samples: count,
    times: law,
    seed,
    weighting: options.weighting ?? estimatorOptions.weighting.default,
    ridge,
    ...(signal && { signal }),
  });
  const about = { features: { name: map.name, ...map.parameters }, F: estimator.features - 1 };
  const size = `${grouped(estimator.features - 1)} ${map.name} features`;
  return fitted("linear", `a linear score of ${size}`, estimator, about, { ...options, ridge, count, law });
}

async function trained(
  { data, process, networks }: Purpose,
  { network, effective: form }: EstimatorChoices,
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

async function ntk(purpose: Purpose, options: EstimatorChoices): Promise<Estimated> {
  const { data, process, signal } = purpose;
  foresee(purpose, "an infinitely wide network", options);
  const count = options.fitSamples ?? 512;
  const ridge = options.ridge ?? NTK_RIDGE;
  const { depth = estimatorOptions.depth.default, activation = estimatorOptions.activation.default } =
    options;
  const { networkStart: start = estimatorOptions.networkStart.default } = options;
  const law = lawOf(purpose, options);
  const estimator = await ntkScore(data, process, {
    samples: count,
    times: law,
    seed: options.fitSeed ?? estimatorOptions.fitSeed.default,
    weighting: options.weighting ?? estimatorOptions.weighting.default,
    ridge,
    depth,
    activation,
    trainingTime: options.trainingTime ?? estimatorOptions.trainingTime.default,
    initial: start,
    ...(signal && { signal }),
  });
  const tau = estimator.trainingTime;
  const time = tau === Number.POSITIVE_INFINITY ? "without end" : `for tau = ${short(tau)}`;
  const about = {
    depth,
    activation,
    // JSON has no infinity.
    trainingTime: tau === Number.POSITIVE_INFINITY ? "inf" : tau,
    start,
  };
  const title = `an infinitely wide network of depth ${about.depth}, trained ${time}`;
  return fitted("ntk", title, estimator, about, { ...options, ridge, count, law });
}

/** The law of times that a fit is made over: by default the range of the run, above 0. */
function lawOf({ times }: Purpose, options: EstimatorChoices): TimeLaw {
  const word = options.fitTimes ?? estimatorOptions.fitTimes.default;
  const above = times.filter((t) => t > 0);
  const more = { list: above, tMin: above.at(-1), tMax: above[0] };
  return make({ options: estimatorOptions, by: "fitTimes", word, chosen: options, more }, timeLaws[word]);
}

/** Refuses what does not go together before a fit is made. */
function foresee(
  { foresee: check }: Purpose,
  title: string,
  {
    effective: form,
    perRealization: each,
    realization: which = estimatorOptions.realization.default,
  }: EstimatorChoices,
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
  options: EstimatorChoices & { ridge: number; count: number; law: TimeLaw },
): Promise<Estimated> {
  const { count, law, effective: form, perRealization: each } = options;
  const which = options.realization ?? estimatorOptions.realization.default;
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
      weighting: options.weighting ?? estimatorOptions.weighting.default,
      ridge: options.ridge,
      seed: options.fitSeed ?? estimatorOptions.fitSeed.default,
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
