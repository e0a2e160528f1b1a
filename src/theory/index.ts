export { type Cumulants, cumulants } from "./cumulants.js";
export { type EffectiveEnsemble, type EffectiveSdeOptions, effectiveSde } from "./effectiveSde.js";
export { type Estimate, type ObjectiveOptions, type Objectives, objectives } from "./objectives.js";
export { type PathDensity, type Paths, pathLogDensity } from "./pathIntegral.js";
export {
  fisherInformation,
  stepCovariance,
  type VKernel,
  type VKernelMap,
  type VKernelMapOptions,
  varianceFraction,
  vKernel,
} from "./vKernel.js";
