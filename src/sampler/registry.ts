import { ancestral } from "./ancestral.js";
import { dopri5 } from "./dopri5.js";
import { dpmpp2m } from "./dpmpp2m.js";
import { euler } from "./euler.js";
import { eulerMaruyama } from "./eulerMaruyama.js";
import { heun } from "./heun.js";
import { posterior } from "./posterior.js";
import { predictorCorrector } from "./predictorCorrector.js";
import { rk4 } from "./rk4.js";
import type { Sampler } from "./sampler.js";

/** Every sampler by name, made of its options or as it is without: what messages, the command line and tests are made from. */
export const registry: Readonly<Record<string, (options?: object) => Sampler>> = Object.freeze({
  euler,
  heun,
  rk4,
  dpmpp2m,
  dopri5,
  ancestral,
  eulerMaruyama,
  posterior,
  predictorCorrector,
});
