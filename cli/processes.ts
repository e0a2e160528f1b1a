import { ddpm, edm, ou, type Process, songVe, songVp, subVp, ve, vp } from "vkernel";
import { type Chosen, choice, namesOf, numeric } from "./option.js";
import { make } from "./taken.js";

// What the words of --process make, and the options that they take.

const processes = {
  edm: () => edm(),
  ve: () => ve(),
  vp,
  songVp,
  subVp,
  ou: () => ou(),
  songVe: () => songVe(),
  ddpm: (options: Parameters<typeof ddpm>[0]) => ddpm(options),
};
export type ProcessName = keyof typeof processes;
const processMakers: Readonly<Record<ProcessName, (options: never) => Process>> = processes;

const processNames = namesOf(processMakers);

export const processOptions = {
  process: choice("<name>", processNames, "", { default: "edm" }),
  betaMin: numeric("<rate>", "beta at time 0", {
    of: { process: ["vp", "songVp", "subVp"] },
    otherwise: "0.1",
  }),
  betaD: numeric("<rate>", "how much beta grows to time 1", { of: { process: ["vp"] }, otherwise: "19.9" }),
  betaMax: numeric("<rate>", "beta at time 1", { of: { process: ["songVp", "subVp"] }, otherwise: "20" }),
  schedule: choice(
    "<name>",
    ["linear", "scaledLinear", "cosine"],
    "linear, scaledLinear (Stable Diffusion's) or cosine",
    { of: { process: ["ddpm"] }, default: "linear" },
  ),
  levels: numeric("<n>", "how many noise levels", {
    of: { process: ["ddpm"] },
    as: "steps",
    otherwise: "1000",
  }),
};

export type ProcessChoices = Chosen<typeof processOptions>;

export function makeProcess(chosen: ProcessChoices): Process {
  const word = chosen.process ?? processOptions.process.default;
  return make({ options: processOptions, by: "process", word, chosen, defaults: true }, processMakers[word]);
}
