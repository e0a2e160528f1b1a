export { anisotropic } from "./anisotropic.js";
export { type CustomScoreOptions, customScore } from "./custom.js";
export { ensemble, type MemberEnsemble } from "./ensemble.js";
export { type ExactScore, exactScore } from "./exact.js";
export * from "./learned/features/index.js";
export type {
  EvaluateOptions,
  Evaluation,
  Lack,
  Places,
  Quantity,
  ScalarQuantity,
  RealizationRequest,
  RealizedRows,
  ScoreEnsemble,
  ScoreField,
  StepEstimator,
  TimeRange,
} from "./field.js";
export { quantities } from "./field.js";
export { type LinearScore, type LinearScoreOptions, linearScore } from "./learned/linear.js";
export { loadNetwork, type MlpScore, type MlpScoreOptions, mlpScore } from "./learned/network/index.js";
export { type NaiveOptions, naiveScore } from "./naive.js";
export { type InputMap, type NtkScore, type NtkScoreOptions, ntkScore } from "./learned/ntk.js";
export { type PiecewiseOptions, piecewiseScore } from "./piecewise.js";
export { type ConversionOptions, convertPrediction, type Prediction, predict } from "./learned/prediction.js";
export { type SmoothedOptions, type SmoothedScore, smoothedScore } from "./smoothing/index.js";
export { stableTargets } from "./learned/stableTarget.js";
export {
  gridTimes,
  logNormalTimes,
  logUniformTimes,
  type TimeLaw,
  type TrainingTuples,
  type TuplesInput,
  uniformTimes,
  type Weighting,
} from "./learned/training.js";
