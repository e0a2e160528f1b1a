import {
  type AnisotropicOptions,
  type AnisotropicProcess,
  anisotropicProcess,
  type TimeAnisotropicOptions,
} from "../process/anisotropic.js";
import type { Process } from "../process/process.js";
import { anisotropic as evaluated } from "./evaluate/anisotropic.js";
import { directedScores } from "./evaluate/late.js";

/**
 * A process whose noise has a covariance A in place of the identity; alpha, beta and all scalars are those of `base`.
 *
 * A constant A: S_t = variance(t) A and D_t = diffusion(t) A.
 *
 * A function of time: S_t = variance(t) A_t and D_t = diffusion(t) A_t + variance(t) A_t' / 2, so that
 * S' = -2 beta S + 2 D. A_t is checked at each time that is asked for. D_t is positive semidefinite, and the SDE exists,
 * only while A_t shrinks no faster than A' >= -2 (diffusion / variance) A; what takes D_t as a matrix alone (the
 * velocity, its divergence) needs no more than A_t. Such a process can be evaluated; `transition` is then
 * `transitionMatrix`.
 *
 * @throws {VkernelError} E_SHAPE if A is not square, E_RANGE if it is not symmetric and positive definite
 * @example
 * anisotropic(edm(), { covariance: [[1, 0.3], [0.3, 0.5]] });
 * anisotropic(edm(), { dim: 2, covariance: (t) => [[1 + t, 0], [0, 1]], derivative: () => [[1, 0], [0, 0]] });
 */
export function anisotropic(
  base: Process,
  options: AnisotropicOptions | TimeAnisotropicOptions,
): AnisotropicProcess {
  // Scores under such a process take more than others do: it comes with the process, and with it alone.
  directedScores.bring({ anisotropic: evaluated });
  return anisotropicProcess(base, options);
}
