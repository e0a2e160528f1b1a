/** Every maker of a sampler, and nothing else. */
export { type AncestralOptions, ancestral } from "./ancestral.js";
export { type Dopri5Options, dopri5 } from "./dopri5.js";
export { dpmpp2m } from "./dpmpp2m.js";
export { euler } from "./euler.js";
export { type EulerMaruyamaOptions, eulerMaruyama } from "./eulerMaruyama.js";
export { type HeunOptions, heun } from "./heun.js";
export { posterior } from "./posterior.js";
export { type PredictorCorrectorOptions, predictorCorrector } from "./predictorCorrector.js";
export { rk4 } from "./rk4.js";
