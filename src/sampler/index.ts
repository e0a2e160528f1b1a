export type { AnyField, Capability, FieldKind } from "./abilities.js";
export { type Refusal, refusalOf } from "./capabilities.js";
export * from "./grids/index.js";
export type { Sampler } from "./sampler.js";
export * from "./samplers.js";
