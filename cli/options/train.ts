import { choice, numeric, text, toggle } from "../option.js";
import { numberList } from "../values.js";

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
