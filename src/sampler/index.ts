export { euler } from "./euler.js";
export { eulerMaruyama } from "./eulerMaruyama.js";
export * from "./grids/index.js";
export { heun } from "./heun.js";
export { posterior } from "./posterior.js";
export { type SampleOptions, type SampleRun, type SampleStats, sample } from "./sample.js";
export type { Sampler } from "./sampler.js";
