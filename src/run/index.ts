export { type EnsembleCost, ensembleCost } from "./ensemble.js";
export {
  type Likelihood,
  type LikelihoodRun,
  type LogLikelihoodOptions,
  logLikelihood,
} from "./likelihood.js";
export { type LiveOptions, type LiveRun, liveRun, type RestartOptions, type StepOptions } from "./live.js";
export { type SampleRun, type SampleStats, sample } from "./sample.js";
export type { SampleOptions } from "./options.js";
