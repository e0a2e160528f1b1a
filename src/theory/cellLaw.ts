import { checkLongCall, checkNumber, checkOptions, checkWord } from "../core/check.js";
import type { Mixture } from "../data/mixture.js";
import { distinctPositions, type Positions } from "../data/neighbours.js";
import { inSlices, unitOfWork } from "../core/scheduler.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { checkMixture, checkProcess } from "../score/exact.js";
import { checkIsotropic, unsupported } from "../score/line.js";
import { survival } from "./images.js";
import { bounded, polygonRule } from "./polygonRule.js";
import { normalMass, SIDE, type Side, voronoiCellsInPieces } from "./voronoi.js";

export interface CellLawOptions {
  /** The times to look at, in any order; 0 is the end. */
  times: ArrayLike<number>;
  /** The law that the reverse process starts from: p_T itself (default), N(0, S_T) or N(0, I). */
  initial?: "marginal" | "noise" | "normal";
  /** The time T at which that law holds; needed unless `initial` is "marginal". */
  horizon?: number;
  signal?: AbortSignal;
}

/** The joint law of the Voronoi cell at a time and the point at the end, of the reverse SDE with the exact score. */
export interface CellLaw {
  readonly times: Float64Array<ArrayBuffer>;
  readonly size: number;
  /**
   * `[times, size, size]`: the probability to be in the cell of point k (row) and to end on m (column). Points at one position
   * share a cell, which counts for the heaviest of them.
   */
  readonly joint: Float64Array<ArrayBuffer>;
  /** `[times, size]`: the probability to be in each cell, whatever the end. */
  readonly cells: Float64Array<ArrayBuffer>;
  /** `[size]`: the probability to end on each point. */
  readonly ends: Float64Array<ArrayBuffer>;
  /** The probability to be in the cell of the point of the end, one per time. */
  readonly inFinalCell: Float64Array<ArrayBuffer>;
  /**
   * The probability to be there and never to leave it again, one per time, from p_T: where every cell is a half plane or a wedge
   * of angle pi / n (regular polygons of an even number of points); NaN elsewhere.
   */
  readonly settled: Float64Array<ArrayBuffer>;
  /** What any entry of `joint` may be off, by a coarser rule. One per time. */
  readonly error: Float64Array<ArrayBuffer>;
}

/** Rounding of masses that Owen's T gives. */
const ROUNDING = 1e-14;
/** A rule is fine enough when the next coarser one agrees to this. */
const AGREEMENT = 1e-10;
/** The grid of starts: steps in standard deviations, halved until they agree, and how far it reaches. */
const COARSEST = 0.5;
const FINEST = 1 / 16;
const REACH = 8.7;
/** Units of work of a start and a point: a logarithm, an exponential. */
const START = 40;
/** Starts and ends that weigh less than this do not count. */
const NEGLIGIBLE = 1e-17;

/**
 * Where the reverse SDE with the exact score is at a time and where it ends, exactly: given the state z at time t the end point
 * has the law of the posterior weights (Cao et al. 2025, Theorem 1), so that the probability to be in cell k and to end on m is the
 * integral of q(z, t) p(m | z, t) over the cell (Eq. 4.42). From p_T that is w_m times the mass of N(mu_m, S_t / alpha_t^2 I) in
 * the cell of mu_k, a sum over the cell's sides; from another law it is integrated over the start, along the bridge from it to
 * each point (Theorem 2, Eq. 3.19).
 *
 * Divided by alpha, the path that ends on m is Brownian motion from mu_m in the variance S / alpha^2, seen backwards: it never
 * leaves the cell again after t with the probability that the motion has not left it by S_t / alpha_t^2.
 *
 * @param data points of the plane or of a line, of width 0
 * @example const { inFinalCell, settled } = await cellLaw(data, ou(), { times: [1, 0.13, 0.016] });
 * @throws {VkernelError} E_UNSUPPORTED (more than two dimensions, sigma0 > 0, anisotropic noise), E_LIMIT (a time so near to the
 * horizon that no grid of starts resolves the bridges), E_USAGE, E_RANGE, E_TYPE, E_NONFINITE, E_SHAPE, E_ABORT, E_DISPOSED
 */
export async function cellLaw(data: Mixture, process: Process, options: CellLawOptions): Promise<CellLaw> {
  checkMixture(data);
  data.check();
  checkProcess(process, data);
  checkOptions(options, ["times", "initial", "horizon", "signal"]);
  checkLongCall(options ?? {});
  checkIsotropic(process);
  if (data.dim > 2) throw unsupported("data", "points of one or two dimensions", `${data.dim}`);
  if (data.sigma0 > 0) throw unsupported("data", "points of width 0", `sigma0 = ${data.sigma0}`);
  const initial = checkWord(
    options.initial ?? "marginal",
    ["marginal", "noise", "normal"] as const,
    "initial",
  );
  const top = checkHorizon(options, initial, process);
  const given: unknown = options.times;
  if (typeof given !== "object" || given === null || !("length" in given)) {
    throw badArgument("E_TYPE", "times", "a list of times", given);
  }
  const times = Float64Array.from(options.times, (t, i) =>
    checkNumber(t, `times[${i}]`, { min: 0, max: top }),
  );
  return inSlices(laws(data, process, times, initial, top), options.signal);
}

function checkHorizon(options: CellLawOptions, initial: string, process: Process): number {
  const { horizon } = options;
  if (initial === "marginal") {
    if (horizon !== undefined)
      throw badArgument("E_USAGE", "horizon", "nothing: p_T leads to p_t from any T", horizon);
    return process.end;
  }
  if (horizon === undefined) {
    throw badArgument("E_USAGE", "horizon", `the time at which the law is ${initial}`, undefined);
  }
  return checkNumber(horizon, "horizon", { above: 0, max: process.end });
}

/** What the sums over starts and cells are made of. */
interface Scene {
  readonly positions: Positions;
  /** `[size, 2]`, of a line with 0 as the second coordinate. */
  readonly points: Float64Array;
  readonly cells: readonly (readonly Side[])[];
  readonly process: Process;
  readonly horizon: number;
  /** The standard deviation of the start. */
  readonly spread: number;
}

function* laws(
  data: Mixture,
  process: Process,
  times: Float64Array<ArrayBuffer>,
  initial: "marginal" | "noise" | "normal",
  horizon: number,
): Generator<unknown, CellLaw, void> {
  const positions = yield* distinctPositions(data);
  const { size } = data;
  const some = positions.size;
  const points = new Float64Array(2 * some);
  for (let k = 0; k < some; k++) {
    for (let d = 0; d < data.dim; d++) points[2 * k + d] = positions.points[k * data.dim + d];
  }
  const cells = yield* voronoiCellsInPieces(points);
  const spread = initial === "noise" ? Math.sqrt(process.variance(horizon)) : 1;
  const scene: Scene = { positions, points, cells, process, horizon, spread };
  const law = {
    times,
    size,
    joint: new Float64Array(times.length * size * size),
    cells: new Float64Array(times.length * size),
    ends: new Float64Array(size),
    inFinalCell: new Float64Array(times.length),
    settled: new Float64Array(times.length).fill(Number.NaN),
    error: new Float64Array(times.length),
  };
  const place = positions.index;
  const ends =
    initial === "marginal"
      ? positions.weights
      : (yield* resolved((step) => fromStarts(scene, 0, step), 0)).values;
  // At 0 only the diagonal is left: each end in its own cell.
  for (let m = 0; m < some; m++) {
    law.ends[place[m]] = ends[initial === "marginal" ? m : m * some + m];
  }
  for (const [row, t] of times.entries()) {
    const { values, error } = yield* jointAt(scene, t, initial);
    law.error[row] = error;
    for (let k = 0; k < some; k++) {
      for (let m = 0; m < some; m++) {
        const value = values[k * some + m];
        const [cell, end] = [place[k], place[m]];
        law.joint[(row * size + cell) * size + end] = value;
        law.cells[row * size + cell] = law.cells[row * size + cell] + value;
        if (k === m) law.inFinalCell[row] = law.inFinalCell[row] + value;
      }
    }
    if (initial === "marginal") law.settled[row] = yield* settledAt(scene, t);
    yield some * some;
  }
  return law;
}

const sigmaAt = (process: Process, t: number): number =>
  t === 0 ? 0 : Math.sqrt(process.variance(t)) / process.alpha(t);

interface Resolved {
  readonly values: Float64Array;
  readonly error: number;
}

function* jointAt(
  scene: Scene,
  t: number,
  initial: "marginal" | "noise" | "normal",
): Generator<unknown, Resolved, void> {
  if (initial === "marginal") return { values: yield* fromMarginal(scene, t), error: ROUNDING };
  if (t === scene.horizon) return yield* resolved((step) => overCells(scene, step), t);
  return yield* resolved((step) => fromStarts(scene, t, step), t);
}

/** w_m times the mass of the law around mu_m in each cell, `[size, size]`. */
function* fromMarginal(
  { positions, points, cells, process }: Scene,
  t: number,
): Generator<unknown, Float64Array, void> {
  const { size, weights } = positions;
  const values = new Float64Array(size * size);
  const sigma = sigmaAt(process, t);
  for (let k = 0; k < size; k++) {
    for (let m = 0; m < size; m++) {
      const [x, y] = [points[2 * m], points[2 * m + 1]];
      const mass = sigma === 0 ? Number(k === m) : normalMass(cells[k], x, y, sigma);
      values[k * size + m] = weights[m] * mass;
    }
    yield size * massWork(cells[k]);
  }
  return values;
}

/** Units of work of the mass of a normal law in a cell. */
const massWork = (sides: readonly Side[] | undefined): number => SIDE * (1 + (sides?.length ?? 0));

function* settledAt(
  { positions, points, cells, process }: Scene,
  t: number,
): Generator<number, number, void> {
  const sigma = sigmaAt(process, t);
  if (sigma === 0) return 1;
  let sum = 0;
  for (let m = 0; m < positions.size; m++) {
    const own = survival(cells[m], points[2 * m], points[2 * m + 1], sigma);
    sum += positions.weights[m] * own;
    // As many images as the cell's group has elements: a few dozen at most.
    yield 16 * massWork(cells[m]);
  }
  return sum;
}

/** Halves the step of a rule until two of them agree. */
function* resolved(
  rule: (step: number) => Generator<unknown, Float64Array, void>,
  t: number,
): Generator<unknown, Resolved, void> {
  let before = yield* rule(COARSEST);
  for (let step = COARSEST / 2; step >= FINEST; step /= 2) {
    const values = yield* rule(step);
    let change = 0;
    for (const [i, value] of values.entries()) change = Math.max(change, Math.abs(value - before[i]));
    if (change <= AGREEMENT) return { values, error: Math.max(change, ROUNDING) };
    before = values;
  }
  throw badArgument("E_LIMIT", "times", "times farther from the horizon, or the horizon itself", t);
}

/**
 * The weights of the points given a state at the horizon, relative to their sum.
 * @param weights `[size]`, written
 */
function posterior(
  { positions, points, process, horizon }: Scene,
  x: number,
  y: number,
  weights: Float64Array,
): void {
  const { size } = positions;
  const [alpha, variance] = [process.alpha(horizon), process.variance(horizon)];
  let best = Number.NEGATIVE_INFINITY;
  for (let m = 0; m < size; m++) {
    const [dx, dy] = [x - alpha * points[2 * m], y - alpha * points[2 * m + 1]];
    weights[m] = Math.log(positions.weights[m]) - (dx * dx + dy * dy) / (2 * variance);
    best = Math.max(best, weights[m]);
  }
  let sum = 0;
  for (let m = 0; m < size; m++) {
    weights[m] = Math.exp(weights[m] - best);
    sum += weights[m];
  }
  for (let m = 0; m < size; m++) weights[m] = weights[m] / sum;
}

/**
 * By the trapezoidal rule over starts, which is exact to all powers of its step for a smooth function under a Gaussian:
 * given start and end the state is normal, its mass in each cell known.
 */
function* fromStarts(scene: Scene, t: number, step: number): Generator<unknown, Float64Array, void> {
  const { positions, points, cells, process, horizon, spread } = scene;
  const { size } = positions;
  const values = new Float64Array(size * size);
  const { scale, variance: moved } = process.transition(t, horizon);
  const alpha = t === 0 ? 1 : process.alpha(t);
  const noise = t === 0 ? 0 : process.variance(t);
  const all = process.variance(horizon);
  const [ofStart, ofEnd] = [(scale * noise) / all / alpha, moved / all];
  const sigma = Math.sqrt((noise * moved) / all) / alpha;
  const reach = Math.ceil(REACH / step);
  const weights = new Float64Array(size);
  let spent = 0;
  for (let i = -reach; i <= reach; i++) {
    for (let j = -reach; j <= reach; j++) {
      const share = (step * step * Math.exp(-0.5 * step * step * (i * i + j * j))) / (2 * Math.PI);
      if (share < NEGLIGIBLE) continue;
      const [x, y] = [spread * step * i, spread * step * j];
      posterior(scene, x, y, weights);
      for (let m = 0; m < size; m++) {
        const weight = share * weights[m];
        if (weight < NEGLIGIBLE) continue;
        if (t === 0) {
          values[m * size + m] = values[m * size + m] + weight;
          continue;
        }
        const [cx, cy] = [ofStart * x + ofEnd * points[2 * m], ofStart * y + ofEnd * points[2 * m + 1]];
        for (let k = 0; k < size; k++) {
          const mass = normalMass(cells[k], cx, cy, sigma, REACH);
          if (mass > 0) values[k * size + m] = values[k * size + m] + weight * mass;
          spent += massWork(cells[k]);
        }
      }
      spent += START * size;
      if (spent > unitOfWork) {
        yield spent;
        spent = 0;
      }
    }
  }
  return values;
}

/** At the horizon itself: the law of the start times the posterior, over each cell cut to where the start reaches. */
function* overCells(scene: Scene, step: number): Generator<unknown, Float64Array, void> {
  const { positions, cells, process, horizon, spread } = scene;
  const { size } = positions;
  const alpha = process.alpha(horizon);
  const values = new Float64Array(size * size);
  const weights = new Float64Array(size);
  let spent = 0;
  for (let k = 0; k < size; k++) {
    // In units of the start's spread; alpha mu_k in those of the data.
    const scaled = cells[k].map((side) => ({
      ...side,
      d: (side.d * alpha) / spread,
      from: (side.from * alpha) / spread,
      to: (side.to * alpha) / spread,
    }));
    for (const { x, y, weight } of polygonRule(bounded(scaled, REACH), 4 * step)) {
      const share = (weight * Math.exp(-0.5 * (x * x + y * y))) / (2 * Math.PI);
      if (share < NEGLIGIBLE * NEGLIGIBLE) continue;
      posterior(scene, spread * x, spread * y, weights);
      for (let m = 0; m < size; m++) {
        values[k * size + m] = values[k * size + m] + share * weights[m];
      }
      spent += START * size;
      if (spent > unitOfWork) {
        yield spent;
        spent = 0;
      }
    }
  }
  return values;
}
