import { listed } from "vkernel/internal";
import { numeric, text } from "../option.js";

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
  tolerance: numeric(
    "<n>",
    "exact score: leave out points that change no score by more than this, proven; in scales of the data; 1 to 3 dimensions gain",
    { default: 0 },
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
