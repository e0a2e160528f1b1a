export { type ExactScore, exactScore } from "./exact.js";
export type {
  EvaluateOptions,
  Evaluation,
  Quantity,
  ScalarQuantity,
  ScoreField,
  StepEstimator,
} from "./field.js";
export { quantities } from "./field.js";
export { type NaiveOptions, naiveScore } from "./naive.js";
