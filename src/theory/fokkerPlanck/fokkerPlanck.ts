import { checkInteger, checkLongCall, checkOptions, checkWord } from "../../core/check.js";
import type { Mixture } from "../../data/mixture.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import { aborted, TimeSlices } from "../../core/scheduler.js";
import type { LongCall } from "../../dense/workspace.js";
import type { Process } from "../../process/process.js";
import { checkMixture, checkProcess } from "../../score/exact.js";
import { checkIsotropic } from "../../score/line.js";
import { DataLaw } from "./law.js";
import { withStepper, workOf } from "./steps.js";
import { checkRunTimes, stepOf, stepTimes } from "./times.js";
import type { FokkerPlanckDirection, Problem } from "./problem.js";
import { type UnstableRun, unstable } from "./unstable.js";
import {
  centresOf,
  checkCells,
  checkDomain,
  checkKept,
  edgesOf,
  functionCells,
  gaussianCells,
  givenCells,
  massOf,
  normalised,
  type PlaneGrid,
} from "../planeGrid.js";

/** What a density starts from: words as in {@link sample}, cell averages in the layout of the result, or a function of x. */
export type FokkerPlanckInitial =
  | "noise"
  | "normal"
  | "marginal"
  | ArrayLike<number>
  | ((x: Float64Array) => number);

export interface FokkerPlanckOptions<D extends FokkerPlanckDirection = FokkerPlanckDirection>
  extends LongCall {
  /**
   * Which equation (Cao et al. 2025; there beta = D = 1):
   * - "forward": d_t rho = div(beta x rho) + D Laplace rho (2.1); with `boundary: "reflecting"` (2.9)
   * - "reverse": d_s q = div((-beta x - 2 D score) q) + D Laplace q, with the exact score of the data (2.7, 2.10)
   * - "deterministic": d_s q = div((-beta x - D score) q) (2.8)
   * - "unstable": d_s q = -div(beta x q) - D Laplace q (2.3), ill-posed; in one dimension
   */
  direction: D;
  /** Times t of the process at which densities are kept, at least two: ascending for "forward", else descending. */
  times: ArrayLike<number>;
  /** Cells along each axis, or along all; 256 by default. A cell may be no wider than the noise at any time. */
  cells?: number | readonly number[];
  /**
   * The ends [low, high] of the grid, one pair per axis. By default what holds the law of the data at all `times`, up to 7
   * standard deviations.
   */
  domain?: readonly [number, number] | readonly (readonly [number, number])[];
  /**
   * Nothing flows through the ends of the domain. "free" (default): the data's law, whose score drives the reverse equations, is that
   * on the whole space. "reflecting": it is that of a motion which is reflected at the ends (processes with beta = 0).
   */
  boundary?: "free" | "reflecting";
  /** "marginal" (default): the law of the data at the first time; "noise" N(0, S); "normal" N(0, I); cell averages; a density. */
  initial?: FokkerPlanckInitial;
  /** Steps in all, shared out evenly in the log of the noise level; 64 for each factor e by default. */
  steps?: number;
  /** "patankar" (default): MPRK22, second order. "euler": backward Euler, first order. Both keep q from below 0. */
  scheme?: "patankar" | "euler";
}

/** Densities on a grid, at each of the times. */
export interface FokkerPlanckRun {
  readonly direction: Exclude<FokkerPlanckDirection, "unstable">;
  readonly dim: 1 | 2;
  /** Centres of the cells along each axis; and their edges, one more. */
  readonly axes: readonly Float64Array[];
  readonly edges: readonly Float64Array[];
  readonly times: Float64Array;
  /** Cell averages at each time: `[cells of axis 0]`, or `[cells of axis 1, cells of axis 0]`, row-major, as pictures are. */
  readonly densities: readonly Float64Array[];
  /** The integral of each: 1 but for rounding. */
  readonly mass: Float64Array;
  /** 1 - the integral of the start over the domain, before it was divided by it. */
  readonly outside: number;
  /** Steps that were taken. */
  readonly steps: number;
}

/** The result of a run, which depends on its direction. */
export type FokkerPlanckResult<D extends FokkerPlanckDirection> = D extends "unstable"
  ? UnstableRun
  : FokkerPlanckRun;

const known = [
  "direction",
  "times",
  "cells",
  "domain",
  "boundary",
  "initial",
  "steps",
  "scheme",
  "signal",
  "onProgress",
];

/** How far the domain reaches by default, in standard deviations: 3e-12 of a Gaussian lies beyond. */
const DEVIATIONS = 7;

/**
 * Solves the Fokker-Planck equations of a process in one or two dimensions. Cao et al. 2025, Eq. 2.1, 2.3, 2.7-2.10, for every isotropic process.
 *
 * Finite volumes in float64: exponentially fitted fluxes (Scharfetter and Gummel, 1969; Chang and Cooper, 1970), second order in
 * space; implicit steps, second order in time, dimension by dimension in alternating order; the drift of a face is the
 * difference of the exact log density across it. Whatever the steps, no cell becomes negative and the mass stays 1 to 1e-12.
 * The deterministic equation is carried along its characteristics, with as much said of cells and mass. The same bits for any
 * number of threads.
 *
 * From "marginal" the reverse and the deterministic equation give the law of the data at each time; from any other start the
 * reverse one gives Corollary 3.2's.
 *
 * @param data points of dimension 1 or 2
 * @returns densities at each time; for "unstable" what each wave number grew by, against what theory says
 * @throws {VkernelError} E_RANGE for cells wider than the noise, times that are not in order or beyond the process, a start that is no
 *   density or lies outside of the domain; E_UNSUPPORTED for other dimensions, anisotropic noise, reflection with a drift;
 *   E_LIMIT, E_MEMORY for too many cells; E_SHAPE, E_TYPE, E_NONFINITE, E_USAGE, E_ABORT
 * @example
 * const { axes, densities } = await fokkerPlanck(data, ou(), {
 *   direction: "reverse",
 *   times: [3, 1, 0.3, 0.1],
 *   initial: "normal",
 * });
 */
export async function fokkerPlanck<D extends FokkerPlanckDirection>(
  data: Mixture,
  process: Process,
  options: FokkerPlanckOptions<D>,
): Promise<FokkerPlanckResult<D>> {
  const problem = await checkProblem(data, process, options);
  const run = await (problem.direction === "unstable" ? unstable(problem, options) : solve(problem, options));
  return run as FokkerPlanckResult<D>;
}

async function checkProblem(data: Mixture, process: Process, options: FokkerPlanckOptions): Promise<Problem> {
  checkMixture(data);
  checkProcess(process, data);
  checkIsotropic(process);
  data.check();
  if (options === undefined) throw badArgument("E_TYPE", "options", "an object", options);
  checkOptions(options, known);
  checkLongCall(options);
  const direction = checkWord(
    options.direction,
    ["forward", "reverse", "deterministic", "unstable"] as const,
    "direction",
  );
  const { dim } = data;
  if (dim > 2 || (dim > 1 && direction === "unstable")) {
    const most =
      direction === "unstable" ? "points of dimension 1" : "points of dimension 1 or 2; sample() goes beyond";
    throw new VkernelError("E_UNSUPPORTED", { argument: "data", expected: most, got: `dimension ${dim}` });
  }
  const times = checkRunTimes(options.times, process, direction === "forward");
  const cells = checkCells(options.cells ?? 256, dim);
  const boundary = checkWord(options.boundary ?? "free", ["free", "reflecting"] as const, "boundary");
  const scheme = checkWord(options.scheme ?? "patankar", ["patankar", "euler"] as const, "scheme");
  const steps = options.steps === undefined ? undefined : checkInteger(options.steps, "steps", 1, 1e7);
  const initial: unknown = options.initial ?? "marginal";
  if (typeof initial === "string") checkWord(initial, ["noise", "normal", "marginal"] as const, "initial");

  const first = times[0];
  const reflecting = boundary === "reflecting";
  if (reflecting) checkReflecting(process, times, options.domain);
  const free = new DataLaw(data, process);
  let box: [number, number][];
  if (options.domain !== undefined) box = checkDomain(options.domain, dim);
  else {
    if (typeof initial !== "string" && typeof initial !== "function") {
      throw badArgument(
        "E_USAGE",
        "domain",
        '[low, high] of each axis, beside cell averages as "initial"',
        undefined,
      );
    }
    const noise = initial === "noise" ? Math.sqrt(process.variance(first)) : initial === "normal" ? 1 : 0;
    box = free.holding(Array.from(times), DEVIATIONS, noise);
  }
  if (reflecting) checkInside(data, box);
  const law = reflecting ? new DataLaw(data, process, box) : free;
  const grid: PlaneGrid = {
    cells,
    low: box.map(([low]) => low),
    width: box.map(([low, high], d) => (high - low) / cells[d]),
  };
  checkKept(grid, times.length);
  // Where the law of the data is drawn on the grid: a forward run only starts from it.
  const drawn = direction === "forward" ? (initial === "marginal" ? [first] : []) : Array.from(times);
  for (const t of drawn) checkWidths(law, grid, t);
  const { signal } = options;
  if (signal?.aborted) throw aborted(signal);
  const { q, mass } = await startOf(grid, law, process, first, initial, new TimeSlices(signal));
  data.check();
  return {
    ...{ data, process, direction, times, grid, law, steps },
    start: q,
    outside: 1 - mass,
    order: scheme === "euler" ? 1 : 2,
  };
}

function checkReflecting(process: Process, times: Float64Array, domain: unknown): void {
  if (domain === undefined) {
    throw badArgument("E_USAGE", "domain", "the box whose ends reflect, [low, high] of each axis", undefined);
  }
  for (const t of times) {
    if (process.alpha(t) === 1) continue;
    throw new VkernelError("E_UNSUPPORTED", {
      argument: "process",
      expected:
        'one without drift (alpha = 1) for boundary "reflecting", such as edm(), ve() or a customProcess',
      got: `${process.name}, alpha(${t}) = ${process.alpha(t)}`,
    });
  }
}

function checkInside(data: Mixture, box: readonly (readonly [number, number])[]): void {
  const { dim, size, absolutePoints: points } = data;
  for (let i = 0; i < size * dim; i++) {
    const [low, high] = box[i % dim];
    const x = points[i];
    if (x >= low && x <= high) continue;
    throw badArgument(
      "E_RANGE",
      "domain",
      `a box that holds all points, also ${x} of point ${Math.floor(i / dim)}`,
      `[${low}, ${high}]`,
    );
  }
}

/** A cell no wider than the noise at time t: fluxes then see the log density as smooth. */
function checkWidths(law: DataLaw, grid: PlaneGrid, t: number): void {
  const sigma = Math.sqrt(law.total(t));
  if (sigma === 0) {
    throw badArgument(
      "E_RANGE",
      "times",
      "times above 0, for points without width (sigma0 = 0) have no density at 0",
      t,
    );
  }
  grid.width.forEach((width, d) => {
    if (width <= sigma) return;
    const n = grid.cells[d];
    throw badArgument(
      "E_RANGE",
      "cells",
      `at least ${Math.ceil((n * width) / sigma)} along axis ${d}, or a smaller "domain": cells no wider than the noise at t = ${t}, ${sigma}`,
      n,
    );
  });
}

async function startOf(
  grid: PlaneGrid,
  law: DataLaw,
  process: Process,
  first: number,
  initial: unknown,
  slices: TimeSlices,
): Promise<{ q: Float64Array; mass: number }> {
  if (initial === "marginal") {
    return normalised(grid, await law.cells(grid, first, slices), 'a wider "domain"');
  }
  if (initial === "noise" || initial === "normal") {
    const sigma = initial === "normal" ? 1 : Math.sqrt(process.variance(first));
    if (!(sigma > 0))
      throw badArgument("E_RANGE", "times", 'a first time above 0 for initial "noise"', first);
    const centre = { centres: grid.cells.map(() => [0]), weight: 1 };
    return normalised(grid, await gaussianCells(grid, [centre], sigma, slices), 'a wider "domain"');
  }
  if (typeof initial === "function") {
    const q = await functionCells(grid, initial as (x: Float64Array) => unknown, slices);
    return normalised(grid, q, 'a wider "domain", more "cells", or the function divided by its integral');
  }
  return normalised(grid, givenCells(grid, initial), "cell averages, not masses");
}

async function solve(problem: Problem, options: LongCall): Promise<FokkerPlanckRun> {
  const { data, process, direction, times, grid, law, start, order } = problem;
  const dim = grid.cells.length as 1 | 2;
  // Below half a cell, or the points' own width, noise levels are not told apart.
  const finest = Math.min(...grid.width) / 2;
  const floor = data.sigma0 * data.sigma0 + finest * finest;
  const pieces = stepTimes(process, times, floor, problem.steps);
  const steps = pieces.reduce((sum, piece) => sum + piece.length - 1, 0);
  const scored = direction !== "forward";
  const points = scored ? law.at(times[0]).logWeights.length : 0;
  const densities: Float64Array[] = [start];
  let odd = false;
  await withStepper(
    data.engine,
    grid,
    start,
    options,
    workOf(grid, steps, points, scored),
    async (stepper) => {
      for (const piece of pieces) {
        for (let i = 1; i < piece.length; i++) {
          const { drift, diffusion, middle } = stepOf(process, piece[i - 1], piece[i]);
          if (scored) await stepper.density(law.at(middle));
          for (let k = 0; k < dim; k++) {
            // x then y, next time y then x: two such steps are symmetric in time, so splitting costs no order.
            const axis = odd ? dim - 1 - k : k;
            const h = grid.width[axis];
            const face = grid.low[axis] + h;
            if (direction === "deterministic") {
              const rate = drift / h;
              await stepper.transport(axis, {
                score: diffusion / (h * h),
                drift0: rate * face,
                drift1: rate * h,
              });
              continue;
            }
            // Where nothing diffuses fluxes are upwind: a diffusion too small to be seen stands for none.
            const lambda = Math.max(diffusion / (h * h), 1e-14);
            const rate = (scored ? 1 : -1) * (drift / (lambda * h));
            await stepper.diffuse(
              axis,
              { lambda, score: scored ? 2 : 0, drift0: rate * face, drift1: rate * h },
              order,
            );
          }
          odd = !odd;
        }
        densities.push(stepper.read());
      }
    },
  );
  return {
    direction: direction as FokkerPlanckRun["direction"],
    dim,
    axes: grid.cells.map((_, axis) => centresOf(grid, axis)),
    edges: grid.cells.map((_, axis) => edgesOf(grid, axis)),
    times,
    densities,
    mass: Float64Array.from(densities, (q) => massOf(grid, q)),
    outside: problem.outside,
    steps,
  };
}
