import { quantities } from "vkernel";
import { LINEAR_RIDGE, listed, NTK_RIDGE, pixelRanges, registry, scalarQuantities } from "vkernel/internal";
import { benchGroups } from "./benchmark.js";
import { usage } from "./errors.js";
import { gridOptions } from "./grids.js";
import { colorSchemes } from "./mapColors.js";
import { choice, flagOf, numeric, type Options, text, texts, toggle } from "./option.js";
import { processOptions } from "./processes.js";
import { samplerNames, samplerOptions } from "./samplers.js";
import { classList, number, numberList, threads, word, words } from "./values.js";

// Every option of the command line, by command or by what takes it; those of processes, samplers and grids are in files of
// their own. Its reading, its help, its type, its default, what it goes with and what the library calls it all come from here. An
// option is one entry; its key is its flag in camel case.

export const engineOptions = {
  threads: {
    value: "<n>",
    about: "worker threads, 1 to 64, or auto; results do not depend on it",
    read: () => threads,
    otherwise: "auto",
  },
  kernels: choice("<name>", ["auto", "simd", "relaxed", "reference"], "", { otherwise: "auto" }),
};

export const outputOptions = {
  json: toggle("print one JSON result on stdout; errors are one JSON line on stderr"),
  quiet: toggle("no progress bar and no summary on stderr"),
};

export const progressOptions = {
  progress: toggle("a progress bar also where stderr is no terminal"),
};

/** Which part of labelled data, and how images are scaled. */
const partOptions = {
  classes: { value: "<list>", about: "only points with these labels: 3,8", read: classList },
  pixels: choice("<range>", pixelRanges, "images: unit [0, 1] or symmetric [-1, 1]"),
};

export const dataOptions = {
  labels: text("<file>", "labels of the points of a file, one per point"),
  weights: text("<file>", "weights of the points of a file, one per point"),
  ...partOptions,
  limit: numeric("<bytes>", "the most that the numbers of a file may take in memory", {
    otherwise: "2 GiB, or a quarter of what is free",
  }),
  sigma0: numeric("<width>", "standard deviation of the Gaussian at each training point", { default: 0 }),
  precision: choice("<p>", ["f32", "f64"], "", { default: "f32" }),
};

export const initialNames = ["noise", "normal", "marginal"] as const;
export const noiseNames = ["independent", "shared"] as const;

export const runOptions = {
  count: numeric("<n>", "number of samples", {
    default: 1000,
    otherwise: "1000, or the rows of an initial file",
  }),
  seed: numeric("<n>", "0 to 2^53 - 1; the same seed gives the same bits", { default: 0 }),
  initial: text("<law|file>", `${listed(initialNames)}, or a file of states (.npy, .csv)`, {
    default: "noise",
  }),
  noise: text(
    "<kind|file>",
    "independent; shared: one Brownian path per sample, whatever the grid; or a file of standard normals, steps x count x dim (.npy)",
    { default: "independent" },
  ),
};

export const estimatorNames = [
  "exact",
  "naive",
  "smoothed",
  "piecewise",
  "linear",
  "network",
  "ntk",
] as const;
export type EstimatorName = (typeof estimatorNames)[number];
/** Estimators that are fitted to samples. */
const fits = ["linear", "ntk"] as const;
const averaged = ["smoothed", "piecewise"] as const;

/** Where averaged places have a sensible number. */
const PLACES = { least: 8, most: 65_536 } as const;
const placesOf =
  (flag: string) =>
  (given: string): number => {
    const count = number(flag)(given);
    if (Number.isInteger(count) && count >= PLACES.least && count <= PLACES.most) return count;
    throw usage(flag, `a whole number from ${PLACES.least} to ${PLACES.most}`, given);
  };

const timeOf = (flag: string) => (given: string) =>
  given === "inf" ? Number.POSITIVE_INFINITY : number(flag)(given);

export const featureNames = ["rbf", "fourier", "gaussFourier", "polynomial", "hermite"] as const;
/** Features whose frequencies or centres are drawn, and those of a degree. */
const drawnFeatures = ["rbf", "fourier", "gaussFourier"] as const;
const degreeFeatures = ["polynomial", "hermite"] as const;
export const timeLawNames = ["logUniform", "uniform", "logNormal", "grid"] as const;

export const estimatorOptions = {
  estimator: choice(
    "<name>",
    estimatorNames,
    "naive takes fresh training points at every step, linear and ntk are fitted to samples; one of",
    { default: "exact" },
  ),
  draws: numeric("<R>", "training points per step", {
    of: { estimator: ["naive"] },
    otherwise: "1",
    conflicts: ["noiseTime"],
  }),
  noiseTime: numeric(
    "<time>",
    "noise that keeps its size as steps shrink: a step dt adds sqrt(time dt) D (s~ - s)",
    { of: { estimator: ["naive"] } },
  ),
  width: numeric("<tau>", "half the width that the score is averaged over", {
    of: { estimator: averaged },
    conflicts: ["kappa"],
  }),
  kappa: numeric("<n>", "tau = Delta - sqrt(kappa S) between points on a line", {
    of: { estimator: averaged },
  }),
  kernel: choice("<name>", ["box", "minimumNorm", "gaussian"], "", {
    of: { estimator: ["smoothed"] },
    default: "box",
  }),
  rule: choice("<name>", ["panels", "quasi", "draws"], "how a box is averaged", {
    of: { estimator: ["smoothed"] },
    otherwise: "by the data's dimension",
  }),
  places: {
    value: "<n>",
    about: "places that quasi, draws and gaussian average",
    read: placesOf,
    of: { estimator: ["smoothed"] },
    otherwise: "512",
  },
  truncate: numeric("<n>", "the most length of a score that is drawn", { of: { estimator: ["smoothed"] } }),
  network: text(
    "<file|folder>",
    "a file that vkernel train wrote, or a folder of them: an ensemble, one of them for each sample",
    { of: { estimator: ["network"] } },
  ),
  features: choice("<name>", featureNames, "", { of: { estimator: ["linear"] }, default: "rbf" }),
  featureCount: numeric("<F>", "how many", {
    of: { estimator: ["linear"], features: drawnFeatures },
    as: "count",
    default: 100,
  }),
  featureWidth: numeric("<length>", "the length over which features vary", {
    of: { estimator: ["linear"], features: featureNames },
    as: "width",
    otherwise: "1",
  }),
  degree: numeric("<n>", "the largest total degree", {
    of: { estimator: ["linear"], features: degreeFeatures },
    default: 3,
  }),
  frequencies: numeric("<n>", "frequencies in time", {
    of: { estimator: ["linear"], features: ["gaussFourier"] },
    otherwise: "1",
  }),
  depth: numeric("<L>", "layers", { of: { estimator: ["ntk"] }, default: 3 }),
  activation: choice("<name>", ["relu", "erf"], "", { of: { estimator: ["ntk"] }, default: "relu" }),
  trainingTime: {
    value: "<tau>",
    about: "how long it trains, or inf",
    read: timeOf,
    of: { estimator: ["ntk"] },
    default: Number.POSITIVE_INFINITY,
    otherwise: "inf",
  },
  networkStart: choice(
    "<law>",
    ["zero", "gaussian"],
    "output before training: zero, or gaussian, another in each realization",
    { of: { estimator: ["ntk"] }, default: "zero" },
  ),
  fitSamples: numeric("<P>", "samples to fit to", { of: { estimator: fits }, otherwise: "1000; ntk 512" }),
  ridge: numeric("<n>", "weight decay", {
    of: { estimator: fits },
    otherwise: `${LINEAR_RIDGE}; ntk ${NTK_RIDGE}`,
  }),
  weighting: choice("<name>", ["variance", "one", "edm"], "weights of times", {
    of: { estimator: fits },
    default: "variance",
  }),
  fitTimes: choice("<law>", timeLawNames, "logUniform, uniform, logNormal, or grid: those of the run", {
    of: { estimator: fits },
    default: "logUniform",
  }),
  fitTMin: numeric("<time>", "lowest time of a fit", {
    of: { estimator: fits, fitTimes: ["logUniform", "uniform"] },
    as: "tMin",
    otherwise: "the run's",
  }),
  fitTMax: numeric("<time>", "highest time of a fit", {
    of: { estimator: fits, fitTimes: ["logUniform", "uniform"] },
    as: "tMax",
    otherwise: "the run's",
  }),
  fitSeed: numeric("<n>", "of the samples and the features", { of: { estimator: fits }, default: 0 }),
  realization: choice(
    "<which>",
    ["each", "average", "fit"],
    "each: fits to fresh training points; average: their mean; fit: one fit alone",
    { of: { estimator: fits }, default: "each" },
  ),
  perRealization: numeric("<n>", "particles that share a fit", {
    of: { estimator: fits },
    also: ["particlesPerRealization"],
    otherwise: "1",
  }),
  effective: choice(
    "<form>",
    ["matched", "literal"],
    "the effective SDE instead, Gaussian noise of the estimator's covariance: matched; or, of naive, literal: as the formula is printed",
    { of: { estimator: ["naive", "network", ...fits] } },
  ),
};

export const sampleOutputs = {
  out: text("<file>", "write the samples, count x dim (.npy, .csv; .npz also has what was recorded)"),
  report: text("<file>", "write a report with pictures, one HTML file (.html)"),
  likelihood: text(
    "<file>",
    "write log densities along the flow, count x 3: logDensity, divergence, bitsPerDim (.npy, .csv)",
    { also: ["logLikelihood"] },
  ),
  trajectories: text("<file>", "write the recorded states, recorded x count x dim (.npy)"),
  record: text("<which>", "what --trajectories holds: all times (default) or a list of indices: 0,10,40"),
};

export const scorePlaces = {
  at: text("<file>", "the queries, count x dim: a file (.npy, .csv) or a built-in set", { required: true }),
  time: text(
    "<list|file>",
    "one time for all queries, several (0.05,0.2,0.5: all queries at each), or a file of one time per query",
    { required: true, also: ["t"] },
  ),
};

export const scoreOptions = {
  quantity: {
    value: "<list>",
    about: `one or more of ${quantities.join(", ")}`,
    read: (flag: string) => words(flag, quantities),
    default: ["score"] as (typeof quantities)[number][],
  },
};

export const scoreOutputs = {
  out: text("<file>", "write the values (.npy, .npz, .csv, .json)"),
};

export const likelihoodPlaces = {
  at: text("<points>", "the points, count x dim, at the last time: a file (.npy, .csv) or a built-in set", {
    required: true,
  }),
};

/** Samplers that follow the flow, as they are or with an option; the first is taken where none is chosen. */
const flowNames = samplerNames.filter((name) => {
  const { flow, flowWith } = registry[name]();
  return flow || flowWith !== undefined;
});
const FLOW = "dopri5";

/** What of their options leaves a sampler its flow: those that set a tolerance, and those that decide. */
export const flowOptions = {
  sampler: choice("<name>", [FLOW, ...flowNames.filter((name) => name !== FLOW)], "", {
    default: FLOW,
    otherwise: `${FLOW}; ancestral with --eta 0`,
  }),
  rtol: samplerOptions.rtol,
  atol: samplerOptions.atol,
  eta: samplerOptions.eta,
};

const { last: _, grid: anyGrid, ...endOptions } = gridOptions;
/** A flow ends at the lower end: there the points have a density. */
export const flowGridOptions = {
  grid: { ...anyGrid, about: "it ends at the lower end", default: "logarithmic" as const },
  ...endOptions,
};

export const likelihoodOptions = {
  base: choice(
    "<law>",
    initialNames,
    "the law at the first time: noise, normal, or marginal: the noised data themselves",
    { default: "noise" },
  ),
};

export const likelihoodOutputs = {
  out: text("<file>", "write count x 3: logDensity, divergence, bitsPerDim (.npy, .csv)"),
  latents: text("<file>", "write where the flow takes the points, count x dim (.npy, .csv)"),
};

/** Reads a quantity that is one number at each place. */
const scalarOf =
  (flag: string) =>
  (given: string): (typeof scalarQuantities)[number] => {
    const expected = `one number at each place: one of ${scalarQuantities.join(", ")}`;
    if (given === "score" || given === "velocity") {
      throw usage(flag, expected, `"${given}", which is a vector; --arrows ${given} draws it on top of one`);
    }
    const isOf = (list: readonly string[]): boolean => list.includes(given);
    if (!isOf(scalarQuantities) && isOf(quantities)) {
      const hint = `"${given}", which is several; vkernel score --quantity ${given} writes them`;
      throw usage(flag, expected, hint);
    }
    return word(flag, scalarQuantities)(given);
  };

export const mapPlaces = {
  quantity: {
    value: "<name>",
    about: scalarQuantities.join(", "),
    read: scalarOf,
    required: true as const,
  },
  time: text("<t>", "the time; for data of dimension 1 also a range such as 0.01,10: a map over x and t", {
    required: true,
  }),
  out: text("<file>", "the picture (.png, .svg), or the numbers (.npy, .csv)", { required: true }),
};

/** Values on the longer side of a map, unless `--size` says otherwise. */
export const SIDE = 440;

export const mapOptions = {
  range: text("<list>", "xmin,xmax,ymin,ymax (xmin,xmax for dimension 1)", { otherwise: "around the data" }),
  size: text("<WxH>", "values across and up", { otherwise: `${SIDE} on the longer side` }),
  axes: text("<i,j>", "dimension 3 and more: the two coordinates that are drawn, from 0"),
  at: text(
    "<point>",
    "dimension 3 and more: what the others are: a file of one row, a list, or the number of a training point",
  ),
  colors: choice("<scheme>", colorSchemes, "", { otherwise: "viridis; rdbu for divergence" }),
  limits: text("<low,high>", "the ends of the colours", { otherwise: "those of the values" }),
  log: toggle("logarithmic colours, for values above 0"),
  arrows: choice("<quantity>", ["score", "velocity"], "arrows on top: score or velocity"),
};

export const trainOptions = {
  out: text("<folder>", "where network-001.vkn and so on go; made where it is missing", { required: true }),
  force: toggle("replace the networks that the folder holds, all of them, once the new ones are there"),
  members: numeric("<n>", "networks, of seeds one after another", { default: 1 }),
  steps: numeric("<n>", "steps of Adam", { default: 3000 }),
  law: choice(
    "<name>",
    ["logUniform", "uniform", "logNormal"],
    "times: logUniform, uniform, or logNormal as EDM",
    {
      default: "logUniform",
    },
  ),
  tMin: numeric("<time>", "least time", {
    of: { law: ["logUniform", "uniform"] },
    otherwise: "noise level 0.01",
  }),
  tMax: numeric("<time>", "largest time", {
    of: { law: ["logUniform", "uniform"] },
    otherwise: "noise level 20, or the process's end",
  }),
  seed: numeric("<n>", "of the first network", { default: 0 }),
};

/** What `mlpScore` takes by these names. */
export const networkOptions = {
  widths: {
    value: "<list>",
    about: "units of the hidden layers",
    read: (flag: string) => (given: string) => numberList(flag, given),
    otherwise: "64,64",
  },
  activation: choice("<name>", ["relu", "silu", "tanh"], "", { otherwise: "silu" }),
  conditioning: choice(
    "<name>",
    ["scaled", "edm"],
    "edm: EDM's preconditioning; scaled: output over sqrt(S)",
    {
      otherwise: "edm",
    },
  ),
  timeFeatures: numeric("<n>", "pairs of sines and cosines of the noise level", { otherwise: "0" }),
  batch: numeric("<n>", "samples per step", { otherwise: "256" }),
  learningRate: numeric("<r>", "of Adam", { otherwise: "0.001" }),
  weightDecay: numeric("<w>", "of the weights", { otherwise: "0" }),
  decay: choice("<kind>", ["coupled", "decoupled"], "coupled: L2; decoupled: AdamW", {
    otherwise: "coupled",
  }),
  loss: choice("<name>", ["exact", "denoising"], "denoising: proxy scores; exact: the exact score", {
    otherwise: "denoising",
  }),
  samples: numeric("<P>", "so many samples, drawn once", { otherwise: "fresh ones at every step" }),
  weighting: choice("<name>", ["variance", "one", "edm"], "", { otherwise: "variance" }),
};

export const reportOptions = {
  out: text("<file>", "the page (.html); the numbers go to a .json of the same name beside it", {
    required: true,
  }),
  seed: numeric("<n>", "0 to 2^53 - 1", { default: 1 }),
  quick: toggle("small numbers of everything, for a look: figures without verdicts"),
};

export const varianceOptions = {
  ensemble: text("<folder>", "networks of vkernel train polygon: their V-kernel and their laws too"),
};

/** Of `vkernel data`, which says nothing without the name of a set. */
export const setOptions = {
  count: numeric("<n>", "how many points, for sets that are drawn"),
  noise: numeric("<std>", "standard deviation of noise on the points"),
  seed: numeric("<n>", "of a set that is drawn", { otherwise: "0" }),
  ...partOptions,
  out: text("<file>", "write the points, count x dim (.npy, .csv; .npz with the labels)"),
  labels: text("<file>", "write the labels, one per point (.npy, .csv)"),
};

export const serveOptions = {
  port: numeric("<n>", "0 for any that is free", { default: 4173 }),
  host: text("<address>", "who may reach it", { otherwise: "127.0.0.1: this machine alone" }),
  origin: texts("<origin...>", 'other origins whose pages may use the files (http://localhost:8080, or "*")'),
};

export const benchOptions = {
  seconds: numeric("<n>", "time to spend in all, 1 to 3600", { default: 20 }),
  only: {
    value: "<list>",
    about: benchGroups.join(", "),
    read: (flag: string) => words(flag, benchGroups),
    otherwise: "both",
  },
  threads: { ...engineOptions.threads, about: "threads of the last column, 1 to 64, or auto" },
};

/** The flags of library names, whichever command they are of: an option's own key goes before what another is called. */
export const flagsByName: ReadonlyMap<string, string> = (() => {
  const all: Options[] = [
    engineOptions,
    dataOptions,
    processOptions,
    samplerOptions,
    gridOptions,
    runOptions,
    estimatorOptions,
    sampleOutputs,
    scorePlaces,
    likelihoodOptions,
    trainOptions,
    networkOptions,
    serveOptions,
  ];
  const flags = new Map<string, string>();
  for (const options of all) for (const key of Object.keys(options)) flags.set(key, flagOf(key));
  for (const options of all)
    for (const [key, { as, also = [] }] of Object.entries(options))
      for (const name of [...(as === undefined ? [] : [as]), ...also])
        if (!flags.has(name)) flags.set(name, flagOf(key));
  return flags;
})();
