import type { Sampler } from "vkernel";
import { registry } from "vkernel/internal";
import { type Chosen, choice, numeric } from "./option.js";
import { make } from "./taken.js";

// The options that samplers take. A sampler is here by being in the library's registry.

export const samplerNames = Object.keys(registry);

export const samplerOptions = {
  sampler: choice("<name>", samplerNames, "", {
    default: "heun",
    otherwise: "heun; euler where the score is random",
  }),
  variable: choice("<name>", ["time", "squareRoot"], "time, or squareRoot: steps in sqrt(t)", {
    of: { sampler: ["euler"] },
    otherwise: "time",
  }),
  churn: numeric("<n>", "S_churn, noise added before each step", {
    of: { sampler: ["heun"] },
    otherwise: "0",
  }),
  churnMin: numeric("<level>", "lowest level with churn", {
    of: { sampler: ["heun"] },
    needs: "churn",
    otherwise: "0",
  }),
  churnMax: numeric("<level>", "highest level with churn", {
    of: { sampler: ["heun"] },
    needs: "churn",
    otherwise: "none",
  }),
  noiseScale: numeric("<n>", "S_noise of the churn", {
    of: { sampler: ["heun"] },
    needs: "churn",
    otherwise: "1",
  }),
  rtol: numeric("<n>", "relative tolerance", { of: { sampler: ["dopri5"] }, otherwise: "1e-4" }),
  atol: numeric("<n>", "absolute tolerance", { of: { sampler: ["dopri5"] }, otherwise: "1e-5" }),
  eta: numeric("<n>", "1 is DDPM, 0 is DDIM", { of: { sampler: ["ancestral"] }, otherwise: "1" }),
  snr: numeric("<n>", "signal-to-noise ratio of a correction", {
    of: { sampler: ["predictorCorrector"] },
    otherwise: "0.16",
  }),
  correctors: numeric("<n>", "corrections at each level", {
    of: { sampler: ["predictorCorrector"] },
    otherwise: "1",
  }),
};

export type SamplerChoices = Chosen<typeof samplerOptions>;

/** The sampler of the choices. */
export function makeSampler(chosen: SamplerChoices, otherwise: string): Sampler {
  const word = chosen.sampler ?? otherwise;
  return make({ options: samplerOptions, by: "sampler", word, chosen }, registry[word]);
}
