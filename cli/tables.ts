import {
  ancestral,
  ddpm,
  dopri5,
  dpmpp2m,
  edm,
  euler,
  eulerMaruyama,
  type Grid,
  heun,
  karras,
  linear,
  logarithmic,
  logSnr,
  ou,
  posterior,
  predictorCorrector,
  type Process,
  rk4,
  type Sampler,
  songVe,
  songVp,
  squareRoot,
  subVp,
  times,
  timesteps,
  ve,
  vp,
} from "vkernel";
import { registry } from "vkernel/internal";
import { word } from "./values.js";
import { entry, namesOf, numeric, type Parameter, type Table } from "./parameters.js";

// What the command line offers by name. A new process, sampler or grid is one line here: its option is declared,
// checked, explained and told in reports from this table alone.

const betaMin = numeric("--beta-min <rate>", "vp, songVp, subVp: beta at time 0 (default 0.1)");
const betaD = numeric("--beta-d <rate>", "vp: how much beta grows to time 1 (default 19.9)");
const betaMax = numeric("--beta-max <rate>", "songVp, subVp: beta at time 1 (default 20)");
const schedule: Parameter = {
  flags: "--schedule <name>",
  about: "ddpm: linear (default), scaledLinear (Stable Diffusion's) or cosine",
  parse: word("--schedule", ["linear", "scaledLinear", "cosine"]),
};
const levels = numeric("--levels <n>", "ddpm: how many noise levels (default 1000)", { as: "steps" });

const processTable = {
  edm: entry(() => edm()),
  ve: entry(() => ve()),
  vp: entry(vp, betaMin, betaD),
  songVp: entry(songVp, betaMin, betaMax),
  subVp: entry(subVp, betaMin, betaMax),
  ou: entry(() => ou()),
  songVe: entry(() => songVe()),
  ddpm: entry(
    (options: Partial<Parameters<typeof ddpm>[0]>) => ddpm({ schedule: "linear", ...options }),
    schedule,
    levels,
  ),
};

const churn = numeric("--churn <n>", "heun: S_churn, noise added before each step (default 0)");
const needsChurn = { needs: churn };
const churnMin = numeric("--churn-min <level>", "heun: lowest level with churn (default 0)", needsChurn);
const churnMax = numeric("--churn-max <level>", "heun: highest level with churn (default: none)", needsChurn);
const noiseScale = numeric("--noise-scale <n>", "heun: S_noise of the churn (default 1)", needsChurn);
const rtol = numeric("--rtol <n>", "dopri5: relative tolerance (default 1e-4)");
const atol = numeric("--atol <n>", "dopri5: absolute tolerance (default 1e-5)");
const eta = numeric("--eta <n>", "ancestral: 1 is DDPM (default), 0 is DDIM");
const snr = numeric("--snr <n>", "predictorCorrector: signal-to-noise ratio of a correction (default 0.16)");
const correctors = numeric("--correctors <n>", "predictorCorrector: corrections at each level (default 1)");

const variable: Parameter = {
  flags: "--variable <name>",
  about: "euler: time (default), or squareRoot: steps in sqrt(t)",
  parse: word("--variable", ["time", "squareRoot"]),
};

const samplerTable = {
  euler: entry(euler, variable),
  heun: entry(heun, churn, churnMin, churnMax, noiseScale),
  rk4: entry(() => rk4()),
  dpmpp2m: entry(() => dpmpp2m()),
  dopri5: entry(dopri5, rtol, atol),
  ancestral: entry(ancestral, eta),
  eulerMaruyama: entry(() => eulerMaruyama()),
  posterior: entry(() => posterior()),
  predictorCorrector: entry(predictorCorrector, snr, correctors),
};

/** What the grids between two ends take. */
const steps = numeric(
  "--steps <n>",
  "number of steps (default 40; 2 for dopri5, which makes its own between)",
);
const sigmaMin = numeric("--sigma-min <level>", "lowest noise level above 0 (default 0.002)");
const sigmaMax = numeric("--sigma-max <level>", "noise level to start from (default 80)");
const tMin = numeric("--t-min <time>", "the lower end as a time, instead of a level");
const tMax = numeric("--t-max <time>", "the upper end as a time, instead of a level");
const last: Parameter = {
  flags: "--last <end>",
  about:
    "zero: a last step to 0 (default for karras); sigmaMin: stop at the lower end (default for the others)",
  parse: word("--last", ["zero", "sigmaMin"]),
};
const ends = [steps, sigmaMin, sigmaMax, tMin, tMax, last];
const rho = numeric("--rho <n>", "karras: how levels crowd at the lower end (default 7)");

const spacing: Parameter = {
  flags: "--spacing <name>",
  about: "timesteps: leading, linspace or trailing (default), as diffusers spaces them",
  parse: word("--spacing", ["leading", "linspace", "trailing"]),
};

const gridTable = {
  karras: entry(karras, ...ends, rho),
  logarithmic: entry(logarithmic, ...ends),
  linear: entry(linear, ...ends),
  squareRoot: entry(squareRoot, ...ends),
  logSnr: entry(logSnr, ...ends),
  timesteps: entry(
    (options: Parameters<typeof timesteps>[0]) =>
      timesteps({ ...options, spacing: options.spacing ?? "trailing" }),
    steps,
    last,
    spacing,
  ),
  times: entry(({ list }: { list: Float64Array }) => times(list)),
};

export type ProcessName = keyof typeof processTable;
export type SamplerName = keyof typeof samplerTable;
export type GridName = keyof typeof gridTable;

export const processes: Table<Process> = processTable;
export const samplers: Table<Sampler> = samplerTable;
export const grids: Table<Grid> = gridTable;

export const processNames = namesOf(processTable);
export const samplerNames = namesOf(samplerTable);
export const gridNames = namesOf(gridTable);
/** Samplers that follow the flow, as they are or with an option. */
export const flowNames = samplerNames.filter((name) => {
  const { flow, flowWith } = registry[name]();
  return flow || flowWith !== undefined;
});
/** Grids with a default of steps, and those between two ends. */
export const takesSteps = (name: GridName): boolean => grids[name]?.parameters.includes(steps) === true;
export const takesEnds = (name: GridName): boolean => grids[name]?.parameters.includes(sigmaMin) === true;
/** What a command leaves out that sets the last step itself. */
export const lastParameter = last;
