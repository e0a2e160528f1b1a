import { ddpm } from "./ddpm.js";
import { edm } from "./edm.js";
import { ou } from "./ou.js";
import type { Process } from "./process.js";
import { songVe } from "./songVe.js";
import { subVp } from "./subVp.js";
import { ve } from "./ve.js";
import { songVp, vp } from "./vp.js";

export interface ProcessPreset {
  /** Makes the process with the numbers of its source. */
  readonly make: () => Process;
  /** What it is and where it is from, in one line. */
  readonly description: string;
}

const preset = (make: () => Process, description: string): ProcessPreset =>
  Object.freeze({ make, description });

/**
 * Processes by the names and with the numbers of their sources, which differ where their words do not:
 *
 * - "vp" of Vastola 2025 and Song's VP have the same betas of 0.1 to 20, and the drift -b x of the one is twice that of the
 *   other: alpha(1) = 4.3e-5 against 6.6e-3. DDPM's linear schedule is Song's, cut into 1,000 steps (6.4e-3), Stable
 *   Diffusion's stops at 6.8e-2, which leaves part of the data in the last level; the cosine goes to 4.9e-5.
 * - "edm" has t = sigma without end; "ve" of Chen 2025 has t = sigma^2; Song's VE has sigma geometric in t, to 50.
 * - Time is 0 to 1 for Song's and Vastola 2025's, 0 to 1,000 for the discrete ones, and endless for the others.
 *
 * @example
 * processPresets.stableDiffusion.make().alpha(1000);
 */
export const processPresets = Object.freeze({
  vp: preset(() => vp(), "beta = D = 0.1 + 19.9 t, alpha(1) = 4.3e-5. Vastola 2025, Table 1"),
  songVp: preset(
    () => songVp(),
    "VP SDE, beta = D = (0.1 + 19.9 t) / 2, alpha(1) = 6.6e-3. Song et al. (2021), Eq. 32",
  ),
  subVp: preset(
    () => subVp(),
    "sub-VP SDE, alpha of songVp, S the square of its S. Song et al. (2021), Eq. 28",
  ),
  songVe: preset(
    () => songVe(),
    "VE SDE, sigma_t geometric from 0.01 to 50, S_t = sigma_t^2 - 0.01^2. Song et al. (2021), Eq. 30",
  ),
  edm: preset(
    () => edm(),
    "alpha = 1, S = t^2: t is the noise level. Karras et al. (2022); Vastola 2025, Table 1",
  ),
  ve: preset(() => ve(), "Brownian motion, alpha = 1, S = t. Chen 2025"),
  ou: preset(() => ou(), "Ornstein-Uhlenbeck, alpha = e^-t, S = 1 - e^-2t. Cao et al. 2025"),
  ddpm: preset(
    () => ddpm({ schedule: "linear" }),
    "1,000 levels, beta linear from 1e-4 to 0.02. Ho et al. (2020); diffusers DDPMScheduler",
  ),
  stableDiffusion: preset(
    () => ddpm({ schedule: "scaledLinear" }),
    "1,000 levels, sqrt(beta) linear, beta from 0.00085 to 0.012. Rombach et al. (2022); diffusers scaled_linear",
  ),
  improvedDdpm: preset(
    () => ddpm({ schedule: "cosine" }),
    "1,000 levels, cosine, beta at most 0.999. Nichol and Dhariwal (2021); diffusers squaredcos_cap_v2",
  ),
});
