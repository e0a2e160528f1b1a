import { checkInteger, checkLongCall, checkNumber, checkOptions, checkWord } from "../../core/check.js";
import type { Mixture } from "../../data/mixture.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import { aborted } from "../../core/scheduler.js";
import { byDraws, bySamples } from "./byMonteCarlo.js";
import { byQuadrature, variationOnGrid } from "./byQuadrature.js";
import type { GriddedDensity } from "./grid.js";
import { type GeneratedDensity, type GeneratedLaw, type LawCall, type LawParts, lawOf } from "./law.js";
import { pastOf } from "./past.js";
import { checkStart, type Start, type StartLaw } from "./start.js";

export interface GeneratedLawOptions {
  /** T*, the time that the reverse process starts from; the end of the process where it has one. */
  horizon?: number;
  /** q_0, the law that it starts from; "noise" by default. */
  initial?: StartLaw;
  /** "auto": quadrature in one and two dimensions, Monte Carlo beyond. */
  method?: "auto" | "quadrature" | "monteCarlo";
  /** The change of a mass, or of a ratio relative to the largest, at which quadrature ends; 1e-10, in float32 1e-5. */
  tolerance?: number;
  /** Starts that Monte Carlo draws, 100,000 by default, and their seed. */
  samples?: number;
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

const known = ["horizon", "initial", "method", "tolerance", "samples", "seed", "signal", "onProgress"];

/**
 * What the exact reverse process generates from any start: rho_0(y) E[q_0(X_T) / rho(X_T, T) | X_0 = y]. It never leaves the
 * support of the data, and with q_0 = rho_T it is the data. Cao et al. 2025, Corollaries 3.1 and 3.2, Eq. 3.18 and 3.19; on the way
 * q(z, T - t) = rho(z, t) E[q_0(X_T) / rho(X_T, T) | X_t = z], by Theorem 1.
 *
 * In one and two dimensions by Gauss-Legendre panels, halved until nothing changes; beyond, by Monte Carlo over starts of q_0
 * (ratios there: half of them about each place, by the balance heuristic of Veach and Guibas 1995). A mixture in float32
 * rounds as the kernels do; `precision: "f64"` does not.
 *
 * @param data a mixture of any sigma0, or a density on a grid in one or two dimensions
 * @param process any isotropic process
 * @example
 * const law = await generatedLaw(data, ou(), { horizon: 2, initial: "normal" });
 * console.log(law.masses, law.totalVariation.value);
 * const { values } = await law.density([[0.5], [1]], 0.4);
 * @throws {VkernelError} E_RANGE (also a start that is no density), E_NONFINITE, E_SHAPE, E_TYPE, E_USAGE, E_UNSUPPORTED (more
 *   than two dimensions for quadrature), E_LIMIT (a density that no panels resolve), E_ABORT, E_DISPOSED
 */
export async function generatedLaw(
  data: Mixture,
  process: Process,
  options?: GeneratedLawOptions,
): Promise<GeneratedLaw>;
export async function generatedLaw(
  data: GriddedDensity,
  process: Process,
  options?: GeneratedLawOptions,
): Promise<GeneratedDensity>;
export async function generatedLaw(
  data: Mixture | GriddedDensity,
  process: Process,
  options: GeneratedLawOptions = {},
): Promise<GeneratedDensity> {
  checkOptions(options, known);
  checkLongCall(options);
  const past = pastOf(data, process);
  const { dim } = past;
  const horizon = checkHorizon(options.horizon, process);
  const least = past.rounding > Number.EPSILON ? 1e-5 : 1e-10;
  const tolerance = checkNumber(options.tolerance ?? least, "tolerance", { above: 0 });
  const count = checkInteger(options.samples ?? 100_000, "samples", 2, 2 ** 31 - 1);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const start = checkStart(options.initial ?? "noise", process, horizon, dim);
  const method = methodOf(options.method ?? "auto", start, dim);
  const { signal, onProgress } = options;
  if (signal?.aborted) throw aborted(signal);
  const long = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const call: LawCall = { past, horizon, tolerance, ...long };
  let parts: LawParts;
  if (start.kind === "marginal") parts = exactly(call);
  else if (start.kind === "samples") parts = await bySamples(call, start.rows);
  else if (method === "monteCarlo") parts = await byDraws(call, start, { count, seed });
  else parts = await byQuadrature(call, start);
  return lawOf(call, parts, past.grid && (await variationOnGrid(past.grid, parts, signal ? { signal } : {})));
}

function checkHorizon(value: unknown, process: Process): number {
  const { end } = process;
  const bounded = end < Number.POSITIVE_INFINITY;
  const given = value ?? (bounded ? end : undefined);
  const horizon = checkNumber(given, "horizon", { above: 0, ...(bounded && { max: end }) });
  const variance = process.variance(horizon);
  if (process.alpha(horizon) > 0 && variance > 0 && Number.isFinite(variance)) return horizon;
  const expected = `a time at which ${process.name} has finite noise and something of the data is left`;
  throw badArgument("E_RANGE", "horizon", expected, horizon);
}

function methodOf(value: unknown, start: Start, dim: number): "quadrature" | "monteCarlo" {
  const method = checkWord(value, ["auto", "quadrature", "monteCarlo"] as const, "method");
  if (start.kind !== "density") {
    if (method !== "quadrature" || start.kind === "marginal") return "monteCarlo";
    throw badArgument("E_USAGE", "method", '"auto" or "monteCarlo" for a start of samples', method);
  }
  const gaussian = start.variance !== undefined;
  if (dim > 2 && (method === "quadrature" || !gaussian)) {
    const instead = gaussian ? 'method: "monteCarlo"' : `samples of it, [count, ${dim}], as initial`;
    throw new VkernelError("E_UNSUPPORTED", {
      argument: gaussian ? "method" : "initial",
      expected: `one or two dimensions for quadrature; ${instead} serves more`,
      got: `${dim} dimensions`,
    });
  }
  if (method === "monteCarlo" && !gaussian) {
    const expected = '"auto" or "quadrature" for a density, or samples of it as initial';
    throw badArgument("E_USAGE", "method", expected, method);
  }
  if (method !== "auto") return method;
  return dim > 2 ? "monteCarlo" : "quadrature";
}

/** From rho_T: every law is that of the forward process. */
function exactly({ past }: LawCall): LawParts {
  const { dim, field } = past;
  return {
    method: "exact",
    nodes: 0,
    ...(field && {
      masses: {
        values: field.data.weights.slice(),
        errors: new Float64Array(field.data.size),
        totalVariation: { value: 0, standardError: 0 },
      },
    }),
    ratio: async (rows) => {
      const count = rows.length / dim;
      return { values: new Float64Array(count).fill(1), errors: new Float64Array(count) };
    },
  };
}
