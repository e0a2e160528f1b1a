export {
  type DataSet,
  line as lineSet,
  lShape,
  polygon,
  randomOutlier,
} from "./data/builtin.js";
export { digits } from "./data/digits.js";
export type { Mixture, MixtureOptions, Numbers, PointsInput, Precision } from "./data/mixture.js";
export { type DataSetName, dataSetNames, loadDataSet } from "./data/sets.js";
export { nearestPoints, voronoiMass } from "./diagnose/nearest.js";
export { createEngine, type Engine, type EngineInfo, type EngineOptions } from "./engine.js";
export { VkernelError, type VkernelErrorCode } from "./errors.js";
export * from "./process/index.js";
export * from "./sampler/index.js";
export { type ExactScore, exactScore } from "./score/exact.js";
export type { EvaluateOptions, Evaluation, Quantity, ScoreField, StepEstimator } from "./score/field.js";
export { quantities } from "./score/field.js";
export { type NaiveOptions, naiveScore } from "./score/naive.js";
