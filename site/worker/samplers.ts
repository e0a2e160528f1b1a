import {
  ancestral,
  dopri5,
  dpmpp2m,
  euler,
  eulerMaruyama,
  heun,
  posterior,
  predictorCorrector,
  rk4,
  type Sampler,
} from "../../src/index.js";
import type { SamplerName } from "../state/state.js";

/** Every sampler, by name. */
export const samplerMakers: Readonly<Record<SamplerName, () => Sampler>> = {
  euler,
  heun,
  rk4,
  dpmpp2m,
  dopri5,
  eulerMaruyama,
  eulerMaruyamaPrinted: () => eulerMaruyama({ noise: "asPrinted" }),
  ancestral,
  posterior,
  predictorCorrector,
};
