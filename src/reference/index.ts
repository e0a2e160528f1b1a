/**
 * `vkernel/reference`: the scores and steps of this library in plain float64 TypeScript, readable as the papers
 * read. It is oracle, fall-back and baseline; it needs no WebAssembly and imports none of it.
 *
 * @module
 */
export {
  diffuseLine,
  type GridPlaces,
  type LineScratch,
  type LineStep,
  lineScratch,
  logDensityGrid,
  type PlaneMixture,
  transportLine,
} from "../theory/fokkerPlanck/plain.js";
export {
  evaluate,
  evaluatePoint,
  levelAt,
  quantityShapes,
  quantitySize,
  type ReferenceLevel,
  type ReferenceMixture,
  type ReferenceQuantity,
  type ReferenceResult,
} from "../score/evaluate/plain.js";
export { categorical, fillNormals, normalPair, philox4x32, streams, uniform } from "../numeric/random.js";
export {
  drawPosterior,
  euler,
  eulerMaruyama,
  heun,
  type IntegrateOptions,
  integrate,
  naive,
  posterior,
  type ReferenceStep,
  type StepContext,
} from "./samplers.js";
