import { checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import type { Mixture, Numbers, Precision } from "../data/mixture.js";
import { checkPlane, type PlaneOptions, planeOptionNames } from "../data/plane.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { type Grid, heun, logSnr, type Sampler } from "../sampler/index.js";
import { sample } from "../run/index.js";
import type { ScoreField } from "../score/field.js";
import { nearestPoints } from "./nearest.js";
import { distinctPositions, spacingOf } from "../data/neighbours.js";
import { inSlices } from "../core/scheduler.js";

export interface CellMapOptions extends PlaneOptions {
  signal?: AbortSignal;
}

/** A training point for each place of a grid. */
export interface CellMap {
  readonly width: number;
  readonly height: number;
  /** Values of the two coordinates, ascending. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** `[height, width]`, the first row at the first y: indices into the mixture's points. */
  readonly index: Int32Array<ArrayBuffer>;
}

/**
 * The Voronoi cells of the training points on a grid: the nearest point of each place (Cao et al. 2025, Eq. 4.42). At time t a state x
 * belongs to the cell that x / alpha_t lies in.
 *
 * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_USAGE, E_LIMIT, E_MEMORY, E_ABORT, E_DISPOSED
 * @example
 * const { index } = await cellMap(data, { x: [-2, 2], y: [-2, 2], width: 200 });
 */
export async function cellMap(data: Mixture, options: CellMapOptions): Promise<CellMap> {
  checkOptions(options, [...planeOptionNames, "signal"]);
  checkLongCall(options ?? {});
  const { x, y, places } = checkPlane(options, data.dim, "data");
  const asked = options.signal ? { signal: options.signal } : {};
  const { index } = await nearestPoints(places(0, y.length), data, asked);
  return { width: x.length, height: y.length, x, y, index };
}

export interface BasinMapOptions extends PlaneOptions {
  /** The time that the starts lie at. */
  t: number;
  /** The sampler that carries the starts to their ends. Default `heun()`. */
  sampler?: Sampler;
  /** The grid from t down. Default: `logSnr` of 60 steps to a hundredth of the points' spacing, then to 0. */
  grid?: Grid;
  /** Seed of a sampler with noise, under which each start has one end of many. Default 0. */
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface BasinMap<P extends Precision = Precision> extends CellMap {
  /** How far each end is from that point: 0 where the model copies. `[height, width]` */
  readonly distance: Numbers<P>;
  /** Warnings about the run, in sentences, as in the result of `sample`. */
  readonly notes: readonly string[];
}

const STEPS = 60;

/**
 * On which training point each start (x, t) ends, under a field and a sampler: the basins of attraction of the points. Those of
 * the probability flow are not the Voronoi cells, to which they come as t goes to 0; under the reverse SDE a start ends on each
 * point with the probability `posteriorWeights`, and the map shows one draw.
 *
 * @param field its score is what carries the starts
 * @throws {VkernelError} as {@link sample}; E_RANGE of a grid that does not begin at t
 * @example
 * const { index } = await basinMap(exactScore(data, ou()), { t: 0.5, x: [-2, 2], y: [-2, 2], width: 100 });
 */
export async function basinMap<P extends Precision>(
  field: ScoreField<P>,
  options: BasinMapOptions,
): Promise<BasinMap<P>> {
  const kind: unknown = (field as { kind?: unknown } | null | undefined)?.kind;
  if (kind !== "field") {
    throw badArgument("E_TYPE", "field", "a score field such as exactScore(data, process)", field);
  }
  checkOptions(options, ["t", "sampler", "grid", "seed", ...planeOptionNames, "signal", "onProgress"]);
  checkLongCall(options ?? {});
  const { data, process } = field;
  const { x, y, places } = checkPlane(options, data.dim, "field");
  const t = checkNumber(options.t, "t", { above: 0, max: process.end });
  const { signal, onProgress } = options;
  const grid = options.grid ?? (await defaultGrid(data, process, t, signal));
  if (typeof grid?.times === "function" && grid.times(process)[0] !== t) {
    throw badArgument("E_RANGE", "grid", `one that begins at t = ${t}`, grid.times(process)[0]);
  }
  const run = await sample(field, {
    sampler: options.sampler ?? heun(),
    grid,
    initial: places(0, y.length),
    seed: options.seed ?? 0,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const { index, distance } = await nearestPoints(run.samples, data, signal ? { signal } : {});
  return { width: x.length, height: y.length, x, y, index, distance, notes: run.notes };
}

/** From t to where points are told apart, then to 0. */
async function defaultGrid(
  data: Mixture,
  process: Process,
  t: number,
  signal: AbortSignal | undefined,
): Promise<Grid> {
  const spacing = await inSlices(
    (function* () {
      return yield* spacingOf(yield* distinctPositions(data));
    })(),
    signal,
  );
  const sigma = process.sigma(t);
  const tMin = process.timeOfSigma(Math.min(sigma / 2, 0.01 * spacing));
  return logSnr({ steps: STEPS, tMax: t, tMin, last: "zero" });
}
