/**
 * `vkernel/conformance`: measures anyone's sampler against exact scores, laws and flows.
 *
 * @module
 */
export type { Bias, Estimate } from "./bias.js";
export {
  type ConformanceOptions,
  type ConformanceReport,
  conformance,
  type Finding,
} from "./conformance.js";
export { formatConformance } from "./format.js";
export type { Law } from "./law.js";
export type { Convergence } from "./order.js";
export type { Stability } from "./stability.js";
export type {
  AnySampler,
  Denoise,
  RandomSource,
  SampleFunction,
  StepSampler,
  StepState,
  WholeSampler,
} from "./subject.js";
