export type { Grid, GridOptions } from "./grid.js";
export { type KarrasOptions, karras } from "./karras.js";
export { linear } from "./linear.js";
export { logarithmic } from "./logarithmic.js";
export { logSnr } from "./logSnr.js";
export { squareRoot } from "./squareRoot.js";
export { times } from "./times.js";
export { type TimestepsOptions, timesteps } from "./timesteps.js";
