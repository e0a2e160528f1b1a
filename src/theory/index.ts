export {
  type BridgeLaw,
  type BridgeOptions,
  bridgeLaw,
  type WassersteinCurveOptions,
  wassersteinCurve,
  wassersteinToPoint,
} from "./bridgeLaw.js";
export { type CellLaw, type CellLawOptions, cellLaw } from "./cellLaw.js";
export { type Cumulants, cumulants } from "./cumulants.js";
export { type EffectiveEnsemble, type EffectiveSdeOptions, effectiveSde } from "./effectiveSde.js";
export { type FlowMapOptions, flowMap } from "./flowMap.js";
export * from "./laws/index.js";
export {
  type FokkerPlanckInitial,
  type FokkerPlanckOptions,
  type FokkerPlanckResult,
  type FokkerPlanckRun,
  fokkerPlanck,
} from "./fokkerPlanck/fokkerPlanck.js";
export type { FokkerPlanckDirection } from "./fokkerPlanck/problem.js";
export type { UnstableRun } from "./fokkerPlanck/unstable.js";
export { type Estimate, type ObjectiveOptions, type Objectives, objectives } from "./objectives.js";
export { type PathDensity, type Paths, pathLogDensity } from "./pathIntegral.js";
export {
  type ReverseCoefficients,
  type ReverseForm,
  reverseCoefficients,
  reverseDrift,
} from "./reverseSde.js";
export {
  type QuadratureTuplesOptions,
  quadratureTuples,
  type ScoreLosses,
  type ScoreLossOptions,
  scoreLosses,
} from "./scoreLosses.js";
export {
  piecewiseError,
  type SmoothingLossOptions,
  smoothingLoss,
  smoothingLossLimit,
} from "./smoothingLoss.js";
export { type TerminalLaw, type TerminalLawOptions, terminalLaw } from "./terminalLaw.js";
export { fisherInformation, varianceFraction } from "./proxyCovariance.js";
export { stepCovariance } from "./stepCovariance.js";
export { type VKernel, type VKernelMap, type VKernelMapOptions, vKernel } from "./vKernel.js";
