import type { SamplerName } from "../state/state.js";

/** As they are called in sentences. */
export const samplerNames: Readonly<Record<SamplerName, string>> = {
  euler: "Euler",
  heun: "Heun",
  rk4: "RK4",
  dpmpp2m: "DPM-Solver++(2M)",
  dopri5: "Dopri5",
  eulerMaruyama: "Euler-Maruyama",
  eulerMaruyamaPrinted: "Euler-Maruyama with the noise as printed",
  ancestral: "the ancestral sampler",
  posterior: "the posterior sampler",
  predictorCorrector: "the predictor-corrector",
};
