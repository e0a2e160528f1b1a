export * from "./data/index.js";
export * from "./diagnose/index.js";
export { createEngine, type Engine, type EngineInfo, type EngineOptions, type Owned } from "./engine.js";
export { VkernelError, type VkernelErrorCode } from "./errors.js";
export * from "./process/index.js";
export * from "./sampler/index.js";
export * from "./score/index.js";
export * from "./theory/index.js";
