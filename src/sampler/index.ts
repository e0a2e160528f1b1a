export { type AncestralOptions, ancestral } from "./ancestral.js";
export type { AnyField, Capability, FieldKind } from "./abilities.js";
export { type Refusal, refusalOf } from "./capabilities.js";
export { type Dopri5Options, dopri5 } from "./dopri5.js";
export { dpmpp2m } from "./dpmpp2m.js";
export { type EnsembleCost, ensembleCost } from "./ensembleRun.js";
export { euler } from "./euler.js";
export { type EulerMaruyamaOptions, eulerMaruyama } from "./eulerMaruyama.js";
export * from "./grids/index.js";
export { type HeunOptions, heun } from "./heun.js";
export {
  type Likelihood,
  type LikelihoodRun,
  type LogLikelihoodOptions,
  logLikelihood,
} from "./likelihood.js";
export { type LiveOptions, type LiveRun, liveRun, type RestartOptions, type StepOptions } from "./live.js";
export { posterior } from "./posterior.js";
export { type PredictorCorrectorOptions, predictorCorrector } from "./predictorCorrector.js";
export { rk4 } from "./rk4.js";
export { type SampleOptions, type SampleRun, type SampleStats, sample } from "./sample.js";
export type { Sampler } from "./sampler.js";
