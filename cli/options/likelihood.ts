import { registry } from "vkernel/internal";
import { gridOptions } from "../grids.js";
import { choice, text } from "../option.js";
import { samplerNames, samplerOptions } from "../samplers.js";
import { initialNames } from "./sample.js";

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
