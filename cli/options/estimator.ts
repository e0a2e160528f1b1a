import { LINEAR_RIDGE, NTK_RIDGE } from "vkernel/internal";
import { usage } from "../errors.js";
import { choice, numeric, text } from "../option.js";
import { number } from "../values.js";

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
