export { type EffectiveSdeOptions, effectiveSde } from "./effectiveSde.js";
