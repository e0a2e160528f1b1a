export { type GeneratedLawOptions, generatedLaw } from "./generatedLaw.js";
export type { GriddedDensity } from "./grid.js";
export type { GeneratedDensity, GeneratedLaw, LawValues } from "./law.js";
export { type Bridges, type PairLaw, type PairLawOptions, pairLaw } from "./pairLaw.js";
export type { DensityFunction, StartLaw } from "./start.js";
